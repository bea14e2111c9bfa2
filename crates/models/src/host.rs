//! Flex tensors as slices for the kernels, and back.

use burn::backend::Flex;
use burn::backend::flex::FlexTensor;
use burn::tensor::{Device, Element, Tensor, TensorData};
use recurrent_kernels::{KernelError, Matrix, Real};

/// The elements of a contiguous tensor of this precision; none of another's.
pub(crate) fn values<E: Element + bytemuck::Pod>(tensor: &FlexTensor) -> &[E] {
    tensor.as_slice().unwrap_or_default()
}

/// A tensor of numbers.
pub(crate) fn tensor(data: TensorData) -> FlexTensor {
    <Flex as burn::backend::ops::FloatTensorOps<Flex>>::float_from_data(data, &Default::default())
}

/// A matrix of operands whose shapes have been seen to fit.
pub(crate) fn matrix<E: Real>(values: &[E], rows: usize, columns: usize) -> Matrix<'_, E> {
    Matrix::new(values, rows, columns).unwrap_or_else(|error| refuse(&error))
}

/// What is positive, and zero for the rest; what is no number stays none.
pub(crate) fn relu<E: Real>(values: &mut [E]) {
    let zero = E::default();
    for value in values {
        // A choice of values and not of what to do: half of all signs would be guessed wrong.
        *value = if *value <= zero { zero } else { *value };
    }
}

/// The gradient before a relu, from that behind it: zero where the output is zero.
pub(crate) fn relu_back<E: Real>(gradient: &mut [E], output: &[E]) {
    let zero = E::default();
    for (gradient, output) in gradient.iter_mut().zip(output) {
        *gradient = if *output <= zero { zero } else { *gradient };
    }
}

/// Shapes that do not fit and ids without a vector are the caller's mistake; burn's operations have
/// no other way to say so.
#[allow(clippy::panic)]
pub(crate) fn refuse(error: &KernelError) -> ! {
    panic!("layer: {error}")
}

/// A tensor of these numbers beside `device`'s: on it, recording nothing, and of its kind.
pub(crate) fn constant<const D: usize>(data: TensorData, device: &Device) -> Tensor<D> {
    let tensor = Tensor::from_data(data, &device.clone().without_autodiff());
    match device.is_autodiff() {
        true => tensor.autodiff(),
        false => tensor,
    }
}
