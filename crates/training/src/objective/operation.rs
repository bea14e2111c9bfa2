//! The weighted loss as one backend operation with its gradient by hand.

#![cfg_attr(
    feature = "libtorch",
    allow(deprecated, reason = "burn-tch is, and the macro names it")
)]

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, AutodiffBackend, Backend, Flex, TensorMetadata, backend_extension};
use burn::tensor::{DType, TensorData};

/// Cross-entropy on a backend: logits `[B, P, C]`, what each text should be `[B, C]`, and what its loss counts `[B, 1]`.
/// With one logit it is that of a sigmoid, else of a softmax.
#[backend_extension(Flex, LibTorch: cfg(feature = "libtorch"), Autodiff)]
pub(super) trait ObjectiveBackend: Backend {
    /// The mean over all positions, `[1]`.
    fn soft_cross_entropy(
        logits: FloatTensor<Self>,
        targets: FloatTensor<Self>,
        weights: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        loss_and_gradient::<Self>(logits, targets, weights).0
    }
}

impl ObjectiveBackend for Flex {}

#[cfg(feature = "libtorch")]
impl ObjectiveBackend for burn::backend::LibTorch {}

/// The loss, and its gradient of the logits, of any backend: on the host, with the functions of the crate `libm` and in
/// double precision, for the numbers are few.
fn loss_and_gradient<B: Backend>(
    logits: FloatTensor<B>,
    targets: FloatTensor<B>,
    weights: FloatTensor<B>,
) -> (FloatTensor<B>, FloatTensor<B>) {
    let shape: [usize; 3] = logits.shape().dims();
    let device = logits.device();
    let [logits, targets, weights] = [logits, targets, weights].map(host::<B>);
    let (loss, gradient) = computed(shape, &logits, &targets, &weights);
    (
        B::float_from_data(TensorData::new(vec![loss], [1]), &device),
        B::float_from_data(TensorData::new(gradient, shape), &device),
    )
}

/// The elements in single precision.
///
/// # Panics
/// Where the device does not give them, as burn's own `into_data` does.
#[allow(clippy::panic)]
fn host<B: Backend>(tensor: FloatTensor<B>) -> Vec<f32> {
    let single = match tensor.dtype() {
        DType::F32 => tensor,
        _ => B::float_cast(tensor, burn::tensor::FloatDType::F32),
    };
    match burn::tensor::read_sync(B::float_into_data(single)) {
        Ok(data) => data.iter().collect(),
        Err(error) => panic!("the logits cannot be read from their device: {error:?}"),
    }
}

/// Loss and gradient, from the first position to the last.
fn computed(
    [batch, positions, classes]: [usize; 3],
    logits: &[f32],
    targets: &[f32],
    weights: &[f32],
) -> (f32, Vec<f32>) {
    let count = (batch * positions) as f64;
    let mut sum = 0.0;
    let mut gradient = Vec::with_capacity(logits.len());
    let texts = logits.chunks_exact((positions * classes).max(1));
    for ((text, targets), weight) in texts.zip(targets.chunks_exact(classes)).zip(weights) {
        let weight = f64::from(*weight);
        for position in text.chunks_exact(classes) {
            if let ([x], [target]) = (position, targets) {
                let (x, target) = (f64::from(*x), f64::from(*target));
                let negative = libm::exp(-x.abs());
                sum += weight * (x.max(0.0) - x * target + libm::log1p(negative));
                let sigmoid = if x >= 0.0 {
                    1.0 / (1.0 + negative)
                } else {
                    negative / (1.0 + negative)
                };
                gradient.push((weight * (sigmoid - target) / count) as f32);
                continue;
            }
            let largest = position.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            let shifted = |x: &f32| f64::from(*x) - f64::from(largest);
            let total: f64 = position.iter().map(|x| libm::exp(shifted(x))).sum();
            let log_total = libm::log(total);
            for (x, target) in position.iter().zip(targets) {
                let target = f64::from(*target);
                sum += weight * target * (log_total - shifted(x));
                let probability = libm::exp(shifted(x)) / total;
                gradient.push((weight * (probability - target) / count) as f32);
            }
        }
    }
    // `max` would make a number of what is none.
    let loss = match logits.iter().any(|x| x.is_nan()) {
        true => f64::NAN,
        false => sum / count,
    };
    (loss as f32, gradient)
}

#[derive(Debug)]
struct LossBackward;

impl<B: Backend> Backward<B, 1> for LossBackward {
    /// The gradient of the logits for a gradient of one.
    type State = FloatTensor<B>;

    fn backward(
        self,
        ops: Ops<Self::State, 1>,
        grads: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let upstream = grads.consume::<B>(&ops.node);
        if let [Some(node)] = ops.parents {
            let upstream = B::float_reshape(upstream, burn::tensor::Shape::new([1, 1, 1]));
            grads.register::<B>(node.id, B::float_mul(ops.state, upstream));
        }
    }
}

impl<B: ObjectiveBackend, C: CheckpointStrategy> ObjectiveBackend for Autodiff<B, C> {
    fn soft_cross_entropy(
        logits: FloatTensor<Self>,
        targets: FloatTensor<Self>,
        weights: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        let step = LossBackward
            .prepare::<C>([logits.node()])
            .compute_bound()
            .stateful();
        let inner = |tensor| <Self as AutodiffBackend>::inner(tensor);
        let (loss, gradient) =
            loss_and_gradient::<B>(logits.into_primitive(), inner(targets), inner(weights));
        match step {
            OpsKind::Tracked(prepared) => prepared.finish(gradient, loss),
            OpsKind::UnTracked(prepared) => prepared.finish(loss),
        }
    }
}
