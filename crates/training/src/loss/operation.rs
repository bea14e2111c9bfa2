//! The loss as one backend operation with its gradient by hand.
//!
//! It is small work over few numbers, of which most would go into starting a dozen operations.

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
use burn::backend::{Autodiff, AutodiffBackend, Backend, Flex, TensorMetadata, backend_extension};
#[cfg(feature = "libtorch")]
use burn::tensor::FloatDType;
use burn::tensor::{DType, Shape, TensorData};

/// Mean binary cross-entropy on a backend: logits `[batch, positions]`, labels `[batch, 1]`.
#[backend_extension(Flex, LibTorch: cfg(feature = "libtorch"), Autodiff)]
pub(super) trait LossBackend: Backend {
    /// The loss, `[1]`.
    fn mean_cross_entropy(
        logits: FloatTensor<Self>,
        labels: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        let positive = Self::relu(logits.clone());
        let magnitude = Self::float_abs(logits.clone());
        let softplus = Self::float_log1p(Self::float_exp(Self::float_neg(magnitude)));
        let agreeing = Self::float_mul(logits, labels);
        let losses = Self::float_add(Self::float_sub(positive, agreeing), softplus);
        // Text by text, then over texts: one long sum of thousands of like terms would lose digits.
        Self::float_mean(Self::float_mean_dim(losses, 1))
    }

    /// The gradient of the logits, given that of the loss: `(σ(x) − y) / count`.
    fn mean_cross_entropy_back(
        logits: FloatTensor<Self>,
        labels: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        let count = logits.shape().num_elements() as f32;
        let gradient = Self::float_reshape(gradient, Shape::new([1, 1]));
        let scale = Self::float_div_scalar(gradient, count.into());
        Self::float_mul(Self::float_sub(Self::sigmoid(logits), labels), scale)
    }
}

/// Positions whose logarithms are taken together: the product of as many numbers up to 2 is far from the largest double.
/// A part of the arithmetic.
const RUN: usize = 100;

/// On the host, with the functions of the crate `libm`, which give the same bits everywhere, and one sum in double
/// precision from the first position to the last.
impl LossBackend for Flex {
    fn mean_cross_entropy(logits: FlexTensor, labels: FlexTensor) -> FlexTensor {
        let [texts, positions] = logits.shape().dims();
        let (logits, labels) = (single(&logits), single(&labels));
        let mut sum = 0.0;
        for (row, label) in logits.chunks_exact(positions).zip(&labels) {
            for run in row.chunks(RUN) {
                // Σ ln(1 + e) = ln Π(1 + e): one logarithm for many positions.
                let mut product = 1.0;
                for x in run {
                    sum += f64::from(x.max(0.0) - x * label);
                    product *= 1.0 + f64::from(libm::expf(-x.abs()));
                }
                sum += libm::log(product);
            }
        }
        let mean = sum / (texts * positions) as f64;
        // `max` would make a number of what is none.
        let mean = if logits.iter().any(|x| x.is_nan()) {
            f64::NAN
        } else {
            mean
        };
        FlexTensor::from_data(TensorData::new(vec![mean as f32], [1]))
    }

    fn mean_cross_entropy_back(
        logits: FlexTensor,
        labels: FlexTensor,
        gradient: FlexTensor,
    ) -> FlexTensor {
        let [texts, positions] = logits.shape().dims();
        let (logits, labels) = (single(&logits), single(&labels));
        let scale =
            single(&gradient).first().copied().unwrap_or_default() / (texts * positions) as f32;
        let mut back = Vec::with_capacity(logits.len());
        for (row, label) in logits.chunks_exact(positions).zip(&labels) {
            back.extend(row.iter().map(|x| {
                // The terms that the gradient of the loss' own form has, added in TensorFlow's order:
                // the per-token network stands on thousands of kinks, and the last digit decides some.
                let negative = libm::expf(-x.abs());
                let bend = scale * (1.0 / (1.0 + negative)) * negative;
                let agreeing = -scale * label;
                if *x >= 0.0 {
                    (agreeing - bend) + scale
                } else {
                    agreeing + bend
                }
            }));
        }
        FlexTensor::from_data(TensorData::new(back, [texts, positions]))
    }
}

#[cfg(feature = "libtorch")]
impl LossBackend for burn::backend::LibTorch {
    /// ATen's own, which is half the operations.
    fn mean_cross_entropy(
        logits: FloatTensor<Self>,
        labels: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        use burn::backend::libtorch::TchTensor;

        let labels = labels.tensor.expand_as(&logits.tensor);
        let loss = logits.tensor.binary_cross_entropy_with_logits(
            &labels,
            None::<&tch::Tensor>,
            None::<&tch::Tensor>,
            tch::Reduction::Mean,
        );
        TchTensor::new(loss.reshape([1]))
    }

    /// In double precision, all but its scale: in single precision `σ(x) − y` loses digits where they agree.
    fn mean_cross_entropy_back(
        logits: FloatTensor<Self>,
        labels: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        use burn::backend::libtorch::TchTensor;
        use burn::backend::ops::FloatTensorOps as _;

        let kind = logits.tensor.kind();
        let exact = Self::float_cast(logits, FloatDType::F64).tensor;
        let scale = gradient.tensor.reshape([1, 1]) / exact.numel() as f64;
        TchTensor::new(((exact.sigmoid() - labels.tensor) * scale).to_kind(kind))
    }
}

/// The elements in single precision.
fn single(tensor: &FlexTensor) -> Vec<f32> {
    let tensor = tensor.to_contiguous();
    match tensor.dtype() {
        DType::F32 => tensor.as_slice().unwrap_or_default().to_vec(),
        _ => tensor.into_data().iter().collect(),
    }
}

#[derive(Debug)]
struct CrossEntropyBack;

impl<B: LossBackend> Backward<B, 1> for CrossEntropyBack {
    /// Logits and labels.
    type State = (FloatTensor<B>, FloatTensor<B>);

    fn backward(
        self,
        ops: Ops<Self::State, 1>,
        grads: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let gradient = grads.consume::<B>(&ops.node);
        let (logits, labels) = ops.state;
        if let [Some(node)] = ops.parents {
            let back = B::mean_cross_entropy_back(logits, labels, gradient);
            grads.register::<B>(node.id, back);
        }
    }
}

impl<B: LossBackend, C: CheckpointStrategy> LossBackend for Autodiff<B, C> {
    fn mean_cross_entropy(
        logits: FloatTensor<Self>,
        labels: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        let step = CrossEntropyBack
            .prepare::<C>([logits.node()])
            .compute_bound()
            .stateful();
        let (logits, labels) = (logits.into_primitive(), labels.into_primitive());
        let loss = B::mean_cross_entropy(logits.clone(), labels.clone());
        match step {
            OpsKind::Tracked(prepared) => prepared.finish((logits, labels), loss),
            OpsKind::UnTracked(prepared) => prepared.finish(loss),
        }
    }

    /// Not differentiable once more.
    fn mean_cross_entropy_back(
        logits: FloatTensor<Self>,
        labels: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        <Self as AutodiffBackend>::from_inner(B::mean_cross_entropy_back(
            logits.into_primitive(),
            labels.into_primitive(),
            gradient.into_primitive(),
        ))
    }
}

#[cfg(test)]
mod tests {
    #![cfg_attr(feature = "libtorch", allow(deprecated, reason = "burn-tch is"))]

    use super::*;

    fn floats<B: Backend>(values: &[f32], shape: [usize; 2]) -> FloatTensor<B> {
        B::float_from_data(TensorData::new(values.to_vec(), shape), &Default::default())
    }

    fn host<B: Backend>(tensor: FloatTensor<B>) -> Vec<f32> {
        let data = burn::tensor::read_sync(B::float_into_data(tensor)).unwrap();
        data.iter().collect()
    }

    const LOGITS: [f32; 8] = [0.3, -7.0, 0.01, 40.0, -0.2, 1.5, 0.0, -90.0];

    /// Loss and gradient on some backend.
    fn run<B: LossBackend>() -> (Vec<f32>, Vec<f32>) {
        let logits = || floats::<B>(&LOGITS, [2, 4]);
        let labels = || floats::<B>(&[1.0, 0.0], [2, 1]);
        let gradient = B::float_from_data(TensorData::new(vec![2.0f32], [1]), &Default::default());
        (
            host::<B>(B::mean_cross_entropy(logits(), labels())),
            host::<B>(B::mean_cross_entropy_back(logits(), labels(), gradient)),
        )
    }

    /// `(σ(x) − y) · 2 / 8`.
    fn by_hand() -> Vec<f32> {
        let expected = |(place, x): (usize, &f32)| {
            let label = if place < 4 { 1.0 } else { 0.0 };
            let sigma = 1.0 / (1.0 + (-f64::from(*x)).exp());
            ((sigma - label) / 4.0) as f32
        };
        LOGITS.iter().enumerate().map(expected).collect()
    }

    fn check((loss, gradient): (Vec<f32>, Vec<f32>)) {
        let (expected, _) = run::<Flex>();
        assert_eq!(loss.len(), 1);
        // Eight terms up to 40, in another order.
        assert!(
            (loss[0] - expected[0]).abs() < 4e-6,
            "{loss:?} {expected:?}"
        );
        assert_eq!(gradient.len(), 8);
        for (a, b) in gradient.iter().zip(by_hand()) {
            assert!((a - b).abs() < 4e-8, "{a} {b}");
        }
    }

    #[test]
    fn the_gradient_is_that_of_the_formula() {
        check(run::<Flex>());
    }

    #[test]
    #[cfg(feature = "libtorch")]
    fn libtorch_agrees() {
        check(run::<burn::backend::LibTorch>());
    }
}
