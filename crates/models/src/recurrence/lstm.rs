//! LSTM through time: `z(t) = x(t) + h(t−1) · R`, gates i, f, g, o in the columns of `z`;
//! `c(t) = σ(f) · c(t−1) + σ(i) · tanh(g)`, `h(t) = σ(o) · tanh(c(t))`, from zero.
//!
//! On the way back everything elementwise that does not depend on the gradient is computed for all
//! steps at once, as factors; a step is then five products, a sum and one matrix product.

use burn::backend::Backend;
use burn::backend::tensor::FloatTensor;
use burn::tensor::Shape;

use super::Sweep;
use super::rows::{columns, flatten, kernel_gradient, rows, sigmoid_slope, tanh_slope, zeros};

#[derive(Clone, Debug)]
pub(super) struct LstmSweep;

/// Gates, memories and states by time, each `[B, U]`, and the kernel.
#[derive(Clone, Debug)]
pub(super) struct Tape<B: Backend> {
    input: Vec<FloatTensor<B>>,
    forget: Vec<FloatTensor<B>>,
    candidate: Vec<FloatTensor<B>>,
    output: Vec<FloatTensor<B>>,
    memory: Vec<FloatTensor<B>>,
    squashed: Vec<FloatTensor<B>>,
    states: Vec<FloatTensor<B>>,
    recurrent_kernel: FloatTensor<B>,
    shape: [usize; 3],
}

impl Sweep for LstmSweep {
    type Tape<B: Backend> = Tape<B>;

    fn forward<B: Backend>(
        projected: FloatTensor<B>,
        recurrent_kernel: FloatTensor<B>,
        keep: bool,
    ) -> (FloatTensor<B>, Option<Tape<B>>) {
        let (x, shape) = flatten::<B>(projected);
        let [time, batch, width] = shape;
        let units = width / 4;
        let mut tape = Tape::<B> {
            input: Vec::new(),
            forget: Vec::new(),
            candidate: Vec::new(),
            output: Vec::new(),
            memory: Vec::new(),
            squashed: Vec::new(),
            states: Vec::new(),
            recurrent_kernel: recurrent_kernel.clone(),
            shape,
        };
        let mut before: Option<(FloatTensor<B>, FloatTensor<B>)> = None;
        for t in 0..time {
            let x = rows::<B>(&x, t * batch, (t + 1) * batch);
            let (z, memory) = match before.take() {
                Some((state, memory)) => {
                    let fed_back = B::float_matmul(state, recurrent_kernel.clone());
                    (B::float_add(x, fed_back), Some(memory))
                }
                None => (x, None),
            };
            let input_forget = B::sigmoid(columns::<B>(&z, 0, 2 * units));
            let input = columns::<B>(&input_forget, 0, units);
            let forget = columns::<B>(&input_forget, units, 2 * units);
            let candidate = B::float_tanh(columns::<B>(&z, 2 * units, 3 * units));
            let output = B::sigmoid(columns::<B>(&z, 3 * units, 4 * units));
            let written = B::float_mul(input.clone(), candidate.clone());
            let memory = match memory {
                Some(memory) => B::float_add(B::float_mul(forget.clone(), memory), written),
                None => written,
            };
            let squashed = B::float_tanh(memory.clone());
            let state = B::float_mul(output.clone(), squashed.clone());
            if keep {
                tape.input.push(input);
                tape.forget.push(forget);
                tape.candidate.push(candidate);
                tape.output.push(output);
                tape.memory.push(memory.clone());
                tape.squashed.push(squashed);
                tape.states.push(state.clone());
            }
            before = Some((state, memory));
        }
        let last = match before {
            Some((state, _)) => state,
            None => zeros::<B>([batch, units], &x),
        };
        (last, keep.then_some(tape))
    }

    fn backward<B: Backend>(
        tape: Tape<B>,
        last: FloatTensor<B>,
    ) -> (FloatTensor<B>, FloatTensor<B>) {
        let [time, batch, width] = tape.shape;
        let mut before = Vec::with_capacity(time);
        before.push(zeros::<B>([batch, width / 4], &last));
        before.extend_from_slice(&tape.memory[..time - 1]);

        let input = B::float_cat(tape.input, 0);
        let forget = B::float_cat(tape.forget, 0);
        let candidate = B::float_cat(tape.candidate, 0);
        let output = B::float_cat(tape.output, 0);
        let squashed = B::float_cat(tape.squashed, 0);
        let before = B::float_cat(before, 0);

        // d(memory)/d(state), and d(z)/d(memory) or d(z)/d(state) for each gate.
        let to_memory = B::float_mul(output.clone(), tanh_slope::<B>(squashed.clone()));
        let to_input = B::float_mul(candidate.clone(), sigmoid_slope::<B>(input.clone()));
        let to_forget = B::float_mul(before, sigmoid_slope::<B>(forget.clone()));
        let to_candidate = B::float_mul(input, tanh_slope::<B>(candidate));
        let to_output = B::float_mul(squashed, sigmoid_slope::<B>(output));

        let transposed = B::float_transpose(tape.recurrent_kernel);
        let mut dh = last;
        let mut carried: Option<FloatTensor<B>> = None;
        let mut dz = Vec::with_capacity(time);
        for t in (0..time).rev() {
            let at = |factor: &FloatTensor<B>| rows::<B>(factor, t * batch, (t + 1) * batch);
            let through_state = B::float_mul(dh.clone(), at(&to_memory));
            let dc = match carried.take() {
                Some(carried) => B::float_add(carried, through_state),
                None => through_state,
            };
            let step = B::float_cat(
                vec![
                    B::float_mul(dc.clone(), at(&to_input)),
                    B::float_mul(dc.clone(), at(&to_forget)),
                    B::float_mul(dc.clone(), at(&to_candidate)),
                    B::float_mul(dh.clone(), at(&to_output)),
                ],
                1,
            );
            if t > 0 {
                carried = Some(B::float_mul(dc, at(&forget)));
                dh = B::float_matmul(step.clone(), transposed.clone());
            }
            dz.push(step);
        }
        dz.reverse();
        let dz = B::float_cat(dz, 0);
        let kernel = kernel_gradient::<B>(&tape.states, &dz, batch);
        (B::float_reshape(dz, Shape::new(tape.shape)), kernel)
    }
}
