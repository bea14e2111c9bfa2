//! Back-propagation through time by hand, on one unit and three steps, beside the kernels' answer and
//! a difference quotient. Run with `cargo run --release -p recurrent-kernels --example one_unit`.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "an example shows what it does"
)]

use recurrent_kernels::{
    Cell, Direction, Input, KernelError, Options, Shape, Upstream, Weights, forward,
    forward_recorded,
};

/// `h(t) = tanh(x(t) · w + h(t−1) · u + b)` with one input that only the first step sees.
const SHAPE: Shape = Shape {
    cell: Cell::SimpleRnn,
    direction: Direction::Forward,
    rows: 1,
    time: 3,
    inputs: 1,
    units: 1,
};
const X: [f64; 3] = [1.0, 0.0, 0.0];
/// w, u, b.
const WEIGHTS: [f64; 3] = [1.0, 0.5, 0.0];
/// What the last state ought to be.
const TARGET: f64 = 1.0;

/// `L = ½ (h(3) − target)²` for weights w, u, b.
fn loss([w, u, b]: [f64; 3]) -> Result<f64, KernelError> {
    let (kernel, recurrent_kernel, bias) = (&[w], &[u], &[b]);
    let weights = Weights {
        kernel,
        recurrent_kernel,
        bias,
    };
    let output = forward(&SHAPE, &weights, &Input::sequence(&X), &Options::default())?;
    Ok(0.5 * (output.hidden[0] - TARGET).powi(2))
}

/// The gradients of w, u, b three ways: by hand, by the kernels, by differences.
pub(crate) fn gradients() -> Result<[[f64; 3]; 3], KernelError> {
    let [w, u, b] = WEIGHTS;
    // ANCHOR: by_hand
    // Forward: each state from the one before; the first comes after a state of zero.
    let h1 = (X[0] * w + 0.0 * u + b).tanh();
    let h2 = (X[1] * w + h1 * u + b).tanh();
    let h3 = (X[2] * w + h2 * u + b).tanh();
    // Backward: tanh's slope is 1 − h², and u leads from one step to the one before.
    let dh3 = h3 - TARGET;
    let dz3 = dh3 * (1.0 - h3 * h3);
    let dh2 = dz3 * u;
    let dz2 = dh2 * (1.0 - h2 * h2);
    let dh1 = dz2 * u;
    let dz1 = dh1 * (1.0 - h1 * h1);
    for (t, h, dh, dz) in [(1, h1, dh1, dz1), (2, h2, dh2, dz2), (3, h3, dh3, dz3)] {
        println!("t = {t}   h = {h:.6}   dL/dh = {dh:+.6}   dL/dz = {dz:+.6}");
    }
    // Every step used the same three weights: their gradients are sums over the steps.
    let by_hand = [
        X[0] * dz1 + X[1] * dz2 + X[2] * dz3,
        h1 * dz2 + h2 * dz3,
        dz1 + dz2 + dz3,
    ];
    // ANCHOR_END: by_hand

    let weights = Weights {
        kernel: &[w],
        recurrent_kernel: &[u],
        bias: &[b],
    };
    let (_, tape) = forward_recorded(&SHAPE, &weights, &Input::sequence(&X), &Options::default())?;
    let found = tape.backward(&Upstream::last(&[dh3]))?;
    let by_kernels = [found.kernel[0], found.recurrent_kernel[0], found.bias[0]];

    let mut by_differences = [0.0; 3];
    for (weight, gradient) in by_differences.iter_mut().enumerate() {
        let step = 1e-5;
        let moved = |by: f64| {
            let mut weights = WEIGHTS;
            weights[weight] += by;
            loss(weights)
        };
        *gradient = (moved(step)? - moved(-step)?) / (2.0 * step);
    }
    Ok([by_hand, by_kernels, by_differences])
}

/// Prints all of it.
pub(crate) fn main() -> Result<(), KernelError> {
    let [by_hand, by_kernels, by_differences] = gradients()?;
    println!("             by hand     kernels     differences");
    for (weight, name) in ["w", "u", "b"].into_iter().enumerate() {
        let (a, b, c) = (by_hand[weight], by_kernels[weight], by_differences[weight]);
        println!("dL/d{name}     {a:+.6}   {b:+.6}   {c:+.6}");
    }
    Ok(())
}
