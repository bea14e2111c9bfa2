//! The few tensor operations the sweeps are written in, on a backend's own tensors.
//!
//! A sequence `[T, B, N]` is handled as `[T · B, N]`: step `t` is then a contiguous block of rows.

use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, TensorMetadata};
use burn::tensor::{Shape, Slice};

/// `[T, B, N]` as `[T · B, N]`, with T, B and N.
pub(super) fn flatten<B: Backend>(tensor: FloatTensor<B>) -> (FloatTensor<B>, [usize; 3]) {
    let [time, batch, width] = tensor.shape().dims();
    let rows = B::float_reshape(tensor, Shape::new([time * batch, width]));
    (rows, [time, batch, width])
}

/// Rows `start..end`.
pub(super) fn rows<B: Backend>(
    tensor: &FloatTensor<B>,
    start: usize,
    end: usize,
) -> FloatTensor<B> {
    let [_, width] = tensor.shape().dims();
    B::float_slice(
        tensor.clone(),
        &[Slice::from(start..end), Slice::from(0..width)],
    )
}

/// Columns `start..end`.
pub(super) fn columns<B: Backend>(
    tensor: &FloatTensor<B>,
    start: usize,
    end: usize,
) -> FloatTensor<B> {
    let [height, _] = tensor.shape().dims();
    B::float_slice(
        tensor.clone(),
        &[Slice::from(0..height), Slice::from(start..end)],
    )
}

/// Zeros of `shape` beside `like`.
pub(super) fn zeros<B: Backend>(shape: [usize; 2], like: &FloatTensor<B>) -> FloatTensor<B> {
    B::float_zeros(Shape::new(shape), &like.device(), like.dtype().into())
}

/// `1 − x`.
pub(super) fn one_minus<B: Backend>(tensor: FloatTensor<B>) -> FloatTensor<B> {
    B::float_add_scalar(B::float_neg(tensor), 1.0f32.into())
}

/// `1 − x²`, the slope of tanh where its value is `x`.
pub(super) fn tanh_slope<B: Backend>(value: FloatTensor<B>) -> FloatTensor<B> {
    one_minus::<B>(B::float_mul(value.clone(), value))
}

/// `x · (1 − x)`, the slope of the sigmoid where its value is `x`.
pub(super) fn sigmoid_slope<B: Backend>(value: FloatTensor<B>) -> FloatTensor<B> {
    B::float_mul(value.clone(), one_minus::<B>(value))
}

/// The gradient of the recurrent kernel: `Σ_t h(t−1)ᵀ · dz(t)`, as one product over all steps. The
/// first step adds nothing, as its state is zero.
pub(super) fn kernel_gradient<B: Backend>(
    states: &[FloatTensor<B>],
    dz: &FloatTensor<B>,
    batch: usize,
) -> FloatTensor<B> {
    let [positions, width] = dz.shape().dims();
    let [_, units] = states[0].shape().dims();
    let earlier = &states[..states.len() - 1];
    if earlier.is_empty() {
        return zeros::<B>([units, width], dz);
    }
    let earlier = B::float_cat(earlier.to_vec(), 0);
    B::float_matmul(B::float_transpose(earlier), rows::<B>(dz, batch, positions))
}
