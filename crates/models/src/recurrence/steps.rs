//! A recurrent layer in ordinary tensor operations, step by step: for backends without kernels, and
//! to test the kernels against.
//!
//! A sequence `[B, T, N]` is handled time first, as `[T · B, N]`: a step is then a block of rows.

use burn::backend::ops::FloatTensorOps as _;
use burn::backend::tensor::{BoolTensor, FloatTensor};
use burn::backend::{Autodiff, AutodiffBackend, Backend, TensorMetadata};
use burn::tensor::{FloatDType, Shape, Slice};

use super::{Cell, Direction, Layer, Operands, Precision, Source, States};

/// Runs a layer; the output is `[B, U]` or `[B, T, U]`.
pub(super) fn run<B: Backend>(operands: Operands<B>, layer: Layer) -> FloatTensor<B> {
    run_nudged(operands, layer, &[])
}

/// Runs a layer, its state after step t being moved by `nudges[t]` `[B, U]`, if there are any: a
/// nudge of zero changes nothing, and its gradient is that of the state.
pub(super) fn run_nudged<B: Backend>(
    operands: Operands<B>,
    layer: Layer,
    nudges: &[FloatTensor<B>],
) -> FloatTensor<B> {
    let [batch, time] = operands.ids.shape().dims();
    let [units, width] = operands.recurrent_kernel.shape().dims();
    let by_time = B::int_swap_dims(operands.ids, 0, 1);
    let ids = B::int_reshape(by_time, Shape::new([time * batch]));
    let vectors = match layer.source {
        Source::Tokens => B::float_select(operands.features, 0, ids.clone()),
        Source::Positions => {
            let [_, inputs] = operands.features.shape().dims();
            let rows = B::float_reshape(operands.features, Shape::new([batch, time, inputs]));
            let by_time = B::float_swap_dims(rows, 0, 1);
            B::float_reshape(by_time, Shape::new([time * batch, inputs]))
        }
    };
    let biases = layer.cell.biases();
    let bias = B::float_reshape(operands.bias, Shape::new([biases, width]));
    let input_bias = part::<B>(&bias, 0, 0..1);
    let state_bias = (biases > 1).then(|| part::<B>(&bias, 0, 1..2));
    let projected = B::float_add(B::float_matmul(vectors, operands.kernel), input_bias);

    let given = projected.dtype().into();
    let dtype = match layer.precision {
        Precision::Own => given,
        Precision::Double | Precision::DoubleSweep => FloatDType::F64,
    };
    let projected = B::float_cast(projected, dtype);
    let recurrent_kernel = B::float_cast(operands.recurrent_kernel, dtype);
    let state_bias = state_bias.map(|bias| B::float_cast(bias, dtype));
    let device = projected.device();
    let zeros = B::float_zeros(Shape::new([batch, units]), &device, dtype);
    let (mut h, mut c) = (zeros.clone(), zeros);
    let mut states = vec![h.clone(); time];
    for step in 0..time {
        let t = match layer.direction {
            Direction::Forward => step,
            Direction::Reverse => time - 1 - step,
        };
        let rows = t * batch..(t + 1) * batch;
        let x = part::<B>(&projected, 0, rows.clone());
        let mut fed_back = B::float_matmul(h.clone(), recurrent_kernel.clone());
        if let Some(bias) = &state_bias {
            fed_back = B::float_add(fed_back, bias.clone());
        }
        let (mut next, mut cell_state) = cell::<B>(layer.cell, x, fed_back, h.clone(), c.clone());
        if layer.mask_zero {
            let ids = B::int_slice(ids.clone(), &[Slice::from(rows)]);
            let padding = B::int_equal_elem(ids, 0.into(), burn::tensor::BoolDType::Native);
            let padding = B::bool_reshape(padding, Shape::new([batch, 1]));
            let padding = B::bool_expand(padding, Shape::new([batch, units]));
            next = keep::<B>(next, h, &padding);
            cell_state = keep::<B>(cell_state, c, &padding);
        }
        if let Some(nudge) = nudges.get(t) {
            next = B::float_add(next, B::float_cast(nudge.clone(), dtype));
        }
        (h, c) = (next, cell_state);
        states[t] = h.clone();
    }
    let output = match layer.output {
        States::Last => h,
        States::All => {
            let states =
                B::float_reshape(B::float_cat(states, 0), Shape::new([time, batch, units]));
            B::float_swap_dims(states, 0, 1)
        }
    };
    B::float_cast(output, given)
}

/// `old` where `padding`, else `new`.
fn keep<B: Backend>(
    new: FloatTensor<B>,
    old: FloatTensor<B>,
    padding: &BoolTensor<B>,
) -> FloatTensor<B> {
    B::float_mask_where(new, padding.clone(), old)
}

/// The state and the cell state after a step.
fn cell<B: Backend>(
    cell: Cell,
    x: FloatTensor<B>,
    fed_back: FloatTensor<B>,
    h: FloatTensor<B>,
    c: FloatTensor<B>,
) -> (FloatTensor<B>, FloatTensor<B>) {
    let [_, units] = h.shape().dims();
    let gate = |tensor: &FloatTensor<B>, gate: usize| {
        part::<B>(tensor, 1, gate * units..(gate + 1) * units)
    };
    match cell {
        Cell::SimpleRnn => (B::float_tanh(B::float_add(x, fed_back)), c),
        Cell::Lstm => {
            let z = B::float_add(x, fed_back);
            let [i, f, o] = [0, 1, 3].map(|place| sigmoid::<B>(gate(&z, place)));
            let candidate = B::float_tanh(gate(&z, 2));
            let c = B::float_add(B::float_mul(f, c), B::float_mul(i, candidate));
            (B::float_mul(o, B::float_tanh(c.clone())), c)
        }
        Cell::Gru => {
            let [z, r] = [0, 1]
                .map(|place| sigmoid::<B>(B::float_add(gate(&x, place), gate(&fed_back, place))));
            let reset = B::float_mul(r, gate(&fed_back, 2));
            let candidate = B::float_tanh(B::float_add(gate(&x, 2), reset));
            let distance = B::float_sub(h, candidate.clone());
            (B::float_add(candidate, B::float_mul(z, distance)), c)
        }
    }
}

/// `(1 + tanh(x / 2)) / 2`, in the tensor's own precision; burn's sigmoid goes through single.
fn sigmoid<B: Backend>(x: FloatTensor<B>) -> FloatTensor<B> {
    let half = B::float_mul_scalar(x, 0.5f32.into());
    let shifted = B::float_add_scalar(B::float_tanh(half), 1.0f32.into());
    B::float_mul_scalar(shifted, 0.5f32.into())
}

/// A range of rows (`dim` 0) or columns (`dim` 1) of a matrix.
fn part<B: Backend>(
    tensor: &FloatTensor<B>,
    dim: usize,
    range: std::ops::Range<usize>,
) -> FloatTensor<B> {
    let mut slices = tensor.shape().dims::<2>().map(|size| Slice::from(0..size));
    slices[dim] = Slice::from(range);
    B::float_slice(tensor.clone(), &slices)
}

/// The gradients of features, kernel, recurrent kernel and bias, by running the layer once more,
/// under autodiff.
pub(super) fn back<B: Backend>(
    operands: Operands<B>,
    layer: Layer,
    gradient: FloatTensor<B>,
) -> [FloatTensor<B>; 4] {
    let track = |tensor| {
        let tensor = <Autodiff<B> as AutodiffBackend>::from_inner(tensor);
        Autodiff::<B>::float_set_require_grad(tensor, true)
    };
    let tracked = Operands::<Autodiff<B>> {
        features: track(operands.features),
        ids: operands.ids,
        kernel: track(operands.kernel),
        recurrent_kernel: track(operands.recurrent_kernel),
        bias: track(operands.bias),
    };
    let output = run::<Autodiff<B>>(tracked.clone(), layer);
    let gradient = <Autodiff<B> as AutodiffBackend>::from_inner(gradient);
    let sum = Autodiff::<B>::float_sum(Autodiff::<B>::float_mul(output, gradient));
    let mut gradients = <Autodiff<B> as AutodiffBackend>::backward(sum);
    [
        tracked.features,
        tracked.kernel,
        tracked.recurrent_kernel,
        tracked.bias,
    ]
    .map(|tensor| {
        <Autodiff<B> as AutodiffBackend>::grad_remove(&tensor, &mut gradients).unwrap_or_else(
            || {
                let tensor = <Autodiff<B> as AutodiffBackend>::inner(tensor);
                B::float_zeros(tensor.shape(), &tensor.device(), tensor.dtype().into())
            },
        )
    })
}
