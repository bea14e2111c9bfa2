//! The sweeps against burn's own autodiff of the same equations, written step by step.

use burn::tensor::activation::sigmoid;
use burn::tensor::{Device, Tensor, TensorData};

use super::{lstm, simple_rnn};

/// Numbers without structure, the same each time.
fn numbers<const D: usize>(shape: [usize; D], salt: u64, device: &Device) -> Tensor<D> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(salt + 1);
    let values: Vec<f32> = (0..shape.iter().product())
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 40) as f32 / (1u64 << 24) as f32 - 0.5
        })
        .collect();
    Tensor::from_data(TensorData::new(values, shape), device).require_grad()
}

fn naive_simple_rnn(x: Tensor<3>, kernel: Tensor<2>) -> Tensor<2> {
    let [time, batch, units] = x.dims();
    let mut h = Tensor::zeros([batch, units], &x.device());
    for t in 0..time {
        let x: Tensor<2> = x.clone().slice(t..t + 1).squeeze_dim(0);
        h = (x + h.matmul(kernel.clone())).tanh();
    }
    h
}

fn naive_lstm(x: Tensor<3>, kernel: Tensor<2>) -> Tensor<2> {
    let [time, batch, width] = x.dims();
    let mut h = Tensor::zeros([batch, width / 4], &x.device());
    let mut c = h.clone();
    for t in 0..time {
        let x: Tensor<2> = x.clone().slice(t..t + 1).squeeze_dim(0);
        let gates = (x + h.matmul(kernel.clone())).chunk(4, 1);
        let [i, f, g, o] = [0, 1, 2, 3].map(|gate| gates[gate].clone());
        c = sigmoid(f) * c + sigmoid(i) * g.tanh();
        h = sigmoid(o) * c.clone().tanh();
    }
    h
}

fn check(
    gates: usize,
    sweep: fn(Tensor<3>, Tensor<2>) -> Tensor<2>,
    naive: fn(Tensor<3>, Tensor<2>) -> Tensor<2>,
) {
    let device = Device::flex().autodiff();
    for [time, batch, units] in [[1, 1, 1], [1, 3, 2], [2, 1, 5], [7, 4, 3], [30, 2, 8]] {
        let x = numbers([time, batch, gates * units], 1, &device);
        let kernel = numbers([units, gates * units], 2, &device);
        let weight = numbers([batch, units], 3, &device).detach();
        let run = |f: fn(Tensor<3>, Tensor<2>) -> Tensor<2>| {
            let (x, kernel) = (
                x.clone().detach().require_grad(),
                kernel.clone().detach().require_grad(),
            );
            let last = f(x.clone(), kernel.clone());
            let gradients = (last.clone() * weight.clone()).sum().backward();
            [
                last.into_data().try_to_vec::<f32>().unwrap(),
                x.grad(&gradients)
                    .unwrap()
                    .into_data()
                    .try_to_vec()
                    .unwrap(),
                kernel
                    .grad(&gradients)
                    .unwrap()
                    .into_data()
                    .try_to_vec()
                    .unwrap(),
            ]
        };
        for (ours, expected) in run(sweep).iter().zip(run(naive)) {
            assert_eq!(ours.len(), expected.len());
            for (a, b) in ours.iter().zip(&expected) {
                // Sums of at most some 60 terms of order one, in another order.
                assert!(
                    (a - b).abs() <= 2e-6 + 1e-5 * b.abs(),
                    "{time} {batch} {units}: {a} {b}"
                );
            }
        }
    }
}

#[test]
fn simple_rnn_equals_its_equations_and_their_gradients() {
    check(1, simple_rnn, naive_simple_rnn);
}

#[test]
fn lstm_equals_its_equations_and_their_gradients() {
    check(4, lstm, naive_lstm);
}
