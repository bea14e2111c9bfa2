//! The two dense layers on a last state, as one backend operation with its gradient by hand.
//!
//! Their sums (and those of their gradients) are taken in double precision: they are small, and stand behind a
//! layer that may be chaotic, where rounding decides on which side of its kink a relu is. In ordinary operations
//! most of what they cost would be the start of thirty of these, half of them casts.
//!
//! Shape letters: N texts, U states of each, H hidden units, C logits.

#![cfg_attr(
    feature = "libtorch",
    allow(deprecated, reason = "burn-tch is, and the macro names it")
)]

mod flex;
#[cfg(feature = "libtorch")]
mod libtorch;

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, Flex, TensorMetadata, backend_extension};
use burn::tensor::{FloatDType, Shape, Tensor};

use crate::layers::Dense;

/// The logits of each text from its last state `[N, U]`: `output(relu(hidden(states)))`, `[N, C]`.
pub(crate) fn classify(hidden: &Dense, output: &Dense, states: Tensor<2>) -> Tensor<2> {
    Tensor::from_dispatch(Dispatch::head(
        states.into_dispatch(),
        hidden.kernel.val().into_dispatch(),
        hidden.bias.val().into_dispatch(),
        output.kernel.val().into_dispatch(),
        output.bias.val().into_dispatch(),
    ))
}

/// The layers on a backend.
#[backend_extension(Flex, LibTorch: cfg(feature = "libtorch"), Autodiff)]
trait HeadBackend: Backend {
    /// Logits `[N, C]` of states `[N, U]`, through a hidden layer with kernel `[U, H]` and bias `[H]` and one of
    /// kernel `[H, C]` and bias `[C]`.
    fn head(
        states: FloatTensor<Self>,
        kernel: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        output_kernel: FloatTensor<Self>,
        output_bias: FloatTensor<Self>,
    ) -> FloatTensor<Self>;
}

/// What the backward pass needs, in double precision.
#[derive(Clone, Debug)]
struct Kept<B: Backend> {
    states: FloatTensor<B>,
    kernel: FloatTensor<B>,
    /// After the relu.
    hidden: FloatTensor<B>,
    output_kernel: FloatTensor<B>,
    /// The precision of what goes in and out.
    given: FloatDType,
}

/// A backend that has the backward pass; the default is made of its tensor operations.
trait RecordedHead: Backend {
    /// The forward pass: logits, and what [`back`](Self::back) needs: of states, kernel, bias, output kernel and output bias.
    fn there(operands: [FloatTensor<Self>; 5]) -> (FloatTensor<Self>, Kept<Self>) {
        let given = operands[0].dtype().into();
        let [states, kernel, bias, output_kernel, output_bias] =
            operands.map(|operand| Self::float_cast(operand, FloatDType::F64));
        let layer = |input: FloatTensor<Self>, kernel: &FloatTensor<Self>, bias| {
            let sums = Self::float_matmul(input, kernel.clone());
            let row = Shape::new([1, sums.shape()[1]]);
            let sums = Self::float_add(sums, Self::float_reshape(bias, row));
            Self::float_cast(sums, given)
        };
        let hidden = Self::relu(layer(states.clone(), &kernel, bias));
        let hidden = Self::float_cast(hidden, FloatDType::F64);
        let logits = layer(hidden.clone(), &output_kernel, output_bias);
        let kept = Kept {
            states,
            kernel,
            hidden,
            output_kernel,
            given,
        };
        (logits, kept)
    }

    /// The gradients of the operands, given that of the logits.
    fn back(kept: Kept<Self>, gradient: FloatTensor<Self>) -> [FloatTensor<Self>; 5] {
        let Kept {
            states,
            kernel,
            hidden,
            output_kernel,
            given,
        } = kept;
        let gradient = Self::float_cast(gradient, FloatDType::F64);
        // Of input, kernel and bias of a layer.
        let layer = |input: FloatTensor<Self>, kernel, gradient: FloatTensor<Self>| {
            let width = Shape::new([gradient.shape()[1]]);
            let bias = Self::float_reshape(Self::float_sum_dim(gradient.clone(), 0), width);
            [
                Self::float_matmul(gradient.clone(), Self::float_transpose(kernel)),
                Self::float_matmul(Self::float_transpose(input), gradient),
                bias,
            ]
            .map(|gradient| Self::float_cast(gradient, given))
        };
        let [back, of_output_kernel, of_output_bias] =
            layer(hidden.clone(), output_kernel, gradient);
        let back = Self::relu_backward(Self::float_cast(hidden, given), back);
        let back = Self::float_cast(back, FloatDType::F64);
        let [of_states, of_kernel, of_bias] = layer(states, kernel, back);
        [
            of_states,
            of_kernel,
            of_bias,
            of_output_kernel,
            of_output_bias,
        ]
    }
}

impl HeadBackend for Flex {
    fn head(
        states: FloatTensor<Self>,
        kernel: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        output_kernel: FloatTensor<Self>,
        output_bias: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        Self::there([states, kernel, bias, output_kernel, output_bias]).0
    }
}

#[derive(Debug)]
struct HeadBackward;

impl<B: RecordedHead> Backward<B, 5> for HeadBackward {
    type State = Kept<B>;

    fn backward(
        self,
        ops: Ops<Self::State, 5>,
        grads: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let gradient = grads.consume::<B>(&ops.node);
        let gradients = B::back(ops.state, gradient);
        for (node, gradient) in ops.parents.into_iter().zip(gradients) {
            if let Some(node) = node {
                grads.register::<B>(node.id, gradient);
            }
        }
    }
}

impl<B: HeadBackend + RecordedHead, C: CheckpointStrategy> HeadBackend for Autodiff<B, C> {
    fn head(
        states: FloatTensor<Self>,
        kernel: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        output_kernel: FloatTensor<Self>,
        output_bias: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        let operands = [states, kernel, bias, output_kernel, output_bias];
        let step = HeadBackward
            .prepare::<C>(operands.each_ref().map(|operand| operand.node()))
            .compute_bound()
            .stateful();
        let (logits, kept) = B::there(operands.map(|operand| operand.into_primitive()));
        match step {
            OpsKind::Tracked(prepared) => prepared.finish(kept, logits),
            OpsKind::UnTracked(prepared) => prepared.finish(logits),
        }
    }
}

#[cfg(test)]
mod tests {
    #![cfg_attr(feature = "libtorch", allow(deprecated, reason = "burn-tch is"))]

    use burn::tensor::activation::relu;
    use burn::tensor::{Device, TensorData};

    use super::*;

    const SHAPES: [&[usize]; 5] = [&[3, 4], &[4, 5], &[5], &[5, 2], &[2]];

    fn numbers(salt: usize, shape: &[usize]) -> TensorData {
        let count = shape.iter().product::<usize>();
        let values: Vec<f32> = (0..count)
            .map(|x| ((x * 7 + 5 * salt) % 13) as f32 / 13.0 - 0.4)
            .collect();
        TensorData::new(values, shape.to_vec())
    }

    /// Logits and all gradients, as numbers.
    fn by<B: RecordedHead>() -> [Vec<f32>; 6] {
        let operand = |salt| B::float_from_data(numbers(salt, SHAPES[salt]), &Default::default());
        let (logits, kept) = B::there([0, 1, 2, 3, 4].map(operand));
        let upstream = B::float_from_data(numbers(9, &[3, 2]), &Default::default());
        let [a, b, c, d, e] = B::back(kept, upstream);
        let shapes = [&a, &b, &c, &d, &e].map(|gradient| gradient.shape().to_vec());
        assert_eq!(shapes.each_ref().map(Vec::as_slice), SHAPES);
        [logits, a, b, c, d, e].map(|tensor| {
            let data = burn::tensor::read_sync(B::float_into_data(tensor)).unwrap();
            data.iter().collect()
        })
    }

    fn close(ours: &[Vec<f32>; 6], expected: &[Vec<f32>; 6]) {
        for (ours, expected) in ours.iter().flatten().zip(expected.iter().flatten()) {
            assert!((ours - expected).abs() < 2e-7, "{ours} {expected}");
        }
    }

    /// Against ordinary operations under burn's own autodiff.
    #[test]
    fn logits_and_gradients_are_those_of_two_dense_layers() {
        let device = Device::flex().autodiff();
        let matrix = |salt: usize| {
            let tensor = Tensor::<2>::from_data(numbers(salt, SHAPES[salt]), &device);
            tensor.require_grad()
        };
        let row = |salt: usize| {
            let tensor = Tensor::<1>::from_data(numbers(salt, SHAPES[salt]), &device);
            tensor.require_grad()
        };
        let (states, kernel, output_kernel) = (matrix(0), matrix(1), matrix(3));
        let (bias, output_bias) = (row(2), row(4));
        let hidden = states.clone().matmul(kernel.clone()) + bias.clone().unsqueeze();
        // Some of its units are off, and some on.
        let signs: Vec<f32> = hidden.clone().inner().sign().into_data().iter().collect();
        assert!(signs.contains(&1.0) && signs.contains(&-1.0));
        let logits = relu(hidden).matmul(output_kernel.clone()) + output_bias.clone().unsqueeze();
        let upstream = Tensor::<2>::from_data(numbers(9, &[3, 2]), &device);
        let gradients = (logits.clone() * upstream).sum().backward();
        let host = |tensor: Tensor<2>| tensor.into_data().iter().collect();
        let of = |tensor: Tensor<2>| host(tensor.grad(&gradients).unwrap());
        let of_row = |tensor: Tensor<1>| -> Vec<f32> {
            tensor
                .grad(&gradients)
                .unwrap()
                .into_data()
                .iter()
                .collect()
        };
        let expected = [
            host(logits.inner()),
            of(states),
            of(kernel),
            of_row(bias),
            of(output_kernel),
            of_row(output_bias),
        ];
        close(&by::<Flex>(), &expected);
        #[cfg(feature = "libtorch")]
        close(&by::<burn::backend::LibTorch>(), &expected);
    }
}
