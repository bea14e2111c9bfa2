//! A dense layer as one backend operation, `x · kernel + bias`, with its gradient by hand.
//!
//! On Flex its products are the kernels': every sum is one chain in an order that the shapes alone decide, so that the
//! result has the same bits on every processor, which a tensor library's blocking does not promise.
//!
//! Shape letters: N rows, D inputs, U units.

#![cfg_attr(
    feature = "libtorch",
    allow(deprecated, reason = "burn-tch is, and the macro names it")
)]

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::flex::FlexTensor;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, Flex, TensorMetadata, backend_extension};
use burn::tensor::{DType, Element, Shape, Tensor, TensorData};
use recurrent_kernels::{Isa, Real, Transposed, column_sums, matmul};

use crate::host::{matrix, refuse, tensor, values};

/// `input · kernel + bias`: `[N, D]`, `[D, U]` and `[U]` to `[N, U]`. Differentiable in all three.
pub(crate) fn dense(input: Tensor<2>, kernel: Tensor<2>, bias: Tensor<1>) -> Tensor<2> {
    Tensor::from_dispatch(Dispatch::dense_layer(
        input.into_dispatch(),
        kernel.into_dispatch(),
        bias.into_dispatch(),
    ))
}

/// A dense layer on a backend.
#[backend_extension(Flex, LibTorch: cfg(feature = "libtorch"), Autodiff)]
trait DenseBackend: Backend {
    /// `[N, U]`, of `[N, D]`, `[D, U]` and `[U]`.
    fn dense_layer(
        input: FloatTensor<Self>,
        kernel: FloatTensor<Self>,
        bias: FloatTensor<Self>,
    ) -> FloatTensor<Self>;
}

/// The layer and its gradients; the default is made of the backend's tensor operations.
trait DenseGradients: Backend {
    /// The layer's output.
    fn forward(
        input: FloatTensor<Self>,
        kernel: FloatTensor<Self>,
        bias: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        let sums = Self::float_matmul(input, kernel);
        let row = Shape::new([1, sums.shape()[1]]);
        Self::float_add(sums, Self::float_reshape(bias, row))
    }

    /// The gradients of input, kernel and bias, given that of the output.
    fn backward(
        input: FloatTensor<Self>,
        kernel: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
    ) -> [FloatTensor<Self>; 3] {
        let width = Shape::new([gradient.shape()[1]]);
        let bias = Self::float_reshape(Self::float_sum_dim(gradient.clone(), 0), width);
        [
            Self::float_matmul(gradient.clone(), Self::float_transpose(kernel)),
            Self::float_matmul(Self::float_transpose(input), gradient),
            bias,
        ]
    }
}

impl DenseGradients for Flex {
    fn forward(input: FlexTensor, kernel: FlexTensor, bias: FlexTensor) -> FlexTensor {
        match input.dtype() {
            DType::F64 => forward::<f64>(&input, &kernel, &bias),
            _ => forward::<f32>(&input, &kernel, &bias),
        }
    }

    fn backward(input: FlexTensor, kernel: FlexTensor, gradient: FlexTensor) -> [FlexTensor; 3] {
        match input.dtype() {
            DType::F64 => backward::<f64>(&input, &kernel, &gradient),
            _ => backward::<f32>(&input, &kernel, &gradient),
        }
    }
}

fn forward<E: Real + Element + bytemuck::Pod>(
    input: &FlexTensor,
    kernel: &FlexTensor,
    bias: &FlexTensor,
) -> FlexTensor {
    let [rows, inputs] = input.shape().dims();
    let [depth, units] = kernel.shape().dims();
    let [input, kernel, bias] = [input, kernel, bias].map(FlexTensor::to_contiguous);
    let output = recurrent_kernels::dense(
        Isa::best(),
        matrix(values::<E>(&input), rows, inputs),
        matrix(values::<E>(&kernel), depth, units),
        values::<E>(&bias),
    )
    .unwrap_or_else(|error| refuse(&error));
    tensor(TensorData::new(output.to_vec(), [rows, units]))
}

fn backward<E: Real + Element + bytemuck::Pod>(
    input: &FlexTensor,
    kernel: &FlexTensor,
    gradient: &FlexTensor,
) -> [FlexTensor; 3] {
    let [rows, inputs] = input.shape().dims();
    let [_, units] = kernel.shape().dims();
    let [input, kernel, gradient] = [input, kernel, gradient].map(FlexTensor::to_contiguous);
    let input = matrix(values::<E>(&input), rows, inputs);
    let kernel = matrix(values::<E>(&kernel), inputs, units);
    let gradient = matrix(values::<E>(&gradient), rows, units);
    let product = |left, right, transposed| {
        matmul(Isa::best(), left, right, transposed).unwrap_or_else(|error| refuse(&error))
    };
    [
        tensor(TensorData::new(
            product(gradient, kernel, Transposed::Right).to_vec(),
            [rows, inputs],
        )),
        tensor(TensorData::new(
            product(input, gradient, Transposed::Left).to_vec(),
            [inputs, units],
        )),
        tensor(TensorData::new(column_sums(gradient), [units])),
    ]
}

#[cfg(feature = "libtorch")]
impl DenseGradients for burn::backend::LibTorch {}

impl DenseBackend for Flex {
    fn dense_layer(input: FlexTensor, kernel: FlexTensor, bias: FlexTensor) -> FlexTensor {
        <Self as DenseGradients>::forward(input, kernel, bias)
    }
}

#[cfg(feature = "libtorch")]
impl DenseBackend for burn::backend::LibTorch {
    fn dense_layer(
        input: FloatTensor<Self>,
        kernel: FloatTensor<Self>,
        bias: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        <Self as DenseGradients>::forward(input, kernel, bias)
    }
}

#[derive(Debug)]
struct DenseBackward;

impl<B: DenseGradients> Backward<B, 3> for DenseBackward {
    /// Input and kernel.
    type State = [FloatTensor<B>; 2];

    fn backward(
        self,
        ops: Ops<Self::State, 3>,
        grads: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let gradient = grads.consume::<B>(&ops.node);
        let [input, kernel] = ops.state;
        let gradients = B::backward(input, kernel, gradient);
        for (node, gradient) in ops.parents.into_iter().zip(gradients) {
            if let Some(node) = node {
                grads.register::<B>(node.id, gradient);
            }
        }
    }
}

impl<B: DenseBackend + DenseGradients, C: CheckpointStrategy> DenseBackend for Autodiff<B, C> {
    fn dense_layer(
        input: FloatTensor<Self>,
        kernel: FloatTensor<Self>,
        bias: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        let step = DenseBackward
            .prepare::<C>([input.node(), kernel.node(), bias.node()])
            .compute_bound()
            .stateful();
        let (input, kernel) = (input.into_primitive(), kernel.into_primitive());
        let output =
            <B as DenseGradients>::forward(input.clone(), kernel.clone(), bias.into_primitive());
        match step {
            OpsKind::Tracked(prepared) => prepared.finish([input, kernel], output),
            OpsKind::UnTracked(prepared) => prepared.finish(output),
        }
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;

    fn numbers<const D: usize>(salt: usize, shape: [usize; D]) -> TensorData {
        let count = shape.iter().product::<usize>();
        let values: Vec<f32> = (0..count)
            .map(|x| ((x * 7 + 5 * salt) % 13) as f32 / 13.0 - 0.4)
            .collect();
        TensorData::new(values, shape.to_vec())
    }

    fn host<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
        tensor.into_data().iter().collect()
    }

    /// Output and gradients against burn's own operations under its own autodiff.
    #[test]
    fn output_and_gradients_are_those_of_a_product() {
        let device = Device::flex().autodiff();
        let run = |layer: fn(Tensor<2>, Tensor<2>, Tensor<1>) -> Tensor<2>| {
            let input = Tensor::<2>::from_data(numbers(1, [33, 5]), &device).require_grad();
            let kernel = Tensor::<2>::from_data(numbers(2, [5, 7]), &device).require_grad();
            let bias = Tensor::<1>::from_data(numbers(3, [7]), &device).require_grad();
            let upstream = Tensor::<2>::from_data(numbers(4, [33, 7]), &device);
            let output = layer(input.clone(), kernel.clone(), bias.clone());
            let gradients = (output.clone() * upstream).sum().backward();
            [
                host(output.inner()),
                host(input.grad(&gradients).unwrap()),
                host(kernel.grad(&gradients).unwrap()),
                host(bias.grad(&gradients).unwrap()),
            ]
        };
        let ours = run(dense);
        let theirs = run(|input, kernel, bias| input.matmul(kernel) + bias.unsqueeze());
        for (ours, theirs) in ours.iter().flatten().zip(theirs.iter().flatten()) {
            // Sums of up to 33 products below 0.4 in another order.
            assert!((ours - theirs).abs() < 2e-6, "{ours} {theirs}");
        }
    }
}
