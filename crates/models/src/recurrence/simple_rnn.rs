//! SimpleRNN through time: `h(t) = tanh(x(t) + h(t−1) · R)`, `h(−1) = 0`.

use burn::backend::Backend;
use burn::backend::tensor::FloatTensor;
use burn::tensor::Shape;

use super::Sweep;
use super::rows::{flatten, kernel_gradient, rows, tanh_slope};

#[derive(Clone, Debug)]
pub(super) struct SimpleRnnSweep;

/// All states, by time, and the kernel.
#[derive(Clone, Debug)]
pub(super) struct Tape<B: Backend> {
    states: Vec<FloatTensor<B>>,
    recurrent_kernel: FloatTensor<B>,
    shape: [usize; 3],
}

impl Sweep for SimpleRnnSweep {
    type Tape<B: Backend> = Tape<B>;

    fn forward<B: Backend>(
        projected: FloatTensor<B>,
        recurrent_kernel: FloatTensor<B>,
        keep: bool,
    ) -> (FloatTensor<B>, Option<Tape<B>>) {
        let (x, shape) = flatten::<B>(projected);
        let [time, batch, _] = shape;
        let mut states = Vec::with_capacity(if keep { time } else { 0 });
        let mut state = B::float_tanh(rows::<B>(&x, 0, batch));
        for t in 1..time {
            let fed_back = B::float_matmul(state.clone(), recurrent_kernel.clone());
            let z = B::float_add(rows::<B>(&x, t * batch, (t + 1) * batch), fed_back);
            let next = B::float_tanh(z);
            let previous = std::mem::replace(&mut state, next);
            if keep {
                states.push(previous);
            }
        }
        if keep {
            states.push(state.clone());
        }
        let tape = keep.then_some(Tape {
            states,
            recurrent_kernel,
            shape,
        });
        (state, tape)
    }

    fn backward<B: Backend>(
        tape: Tape<B>,
        last: FloatTensor<B>,
    ) -> (FloatTensor<B>, FloatTensor<B>) {
        let [time, batch, _] = tape.shape;
        let slopes = tanh_slope::<B>(B::float_cat(tape.states.clone(), 0));
        let transposed = B::float_transpose(tape.recurrent_kernel);
        let mut dh = last;
        let mut dz = Vec::with_capacity(time);
        for t in (0..time).rev() {
            let step = B::float_mul(dh, rows::<B>(&slopes, t * batch, (t + 1) * batch));
            dh = if t > 0 {
                B::float_matmul(step.clone(), transposed.clone())
            } else {
                step.clone()
            };
            dz.push(step);
        }
        dz.reverse();
        let dz = B::float_cat(dz, 0);
        let kernel = kernel_gradient::<B>(&tape.states, &dz, batch);
        (B::float_reshape(dz, Shape::new(tape.shape)), kernel)
    }
}
