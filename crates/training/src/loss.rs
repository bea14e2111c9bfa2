//! Binary cross-entropy from logits, and how many verdicts are correct.

mod operation;

use burn::backend::Dispatch;
use burn::tensor::Tensor;

use operation::LossBackend as _;

/// The mean over all positions of `max(x, 0) − x · y + ln(1 + exp(−|x|))`, `[1]`.
///
/// `logits` are `[batch, positions]`, `labels` `[batch, 1]` of 0 and 1; a text's label stands at
/// each of its positions. The form is that of TensorFlow's `sigmoid_cross_entropy_with_logits`,
/// which no logit overflows. Differentiable in the logits.
pub fn binary_cross_entropy(logits: Tensor<2>, labels: Tensor<2>) -> Tensor<1> {
    Tensor::from_dispatch(Dispatch::mean_cross_entropy(
        logits.into_dispatch(),
        labels.into_dispatch(),
    ))
}

/// How many positions of each text are classified correctly, `[batch, 1]`: a positive logit says class 1. Not of
/// all texts: single precision counts to 2²⁴.
pub(crate) fn correct(logits: Tensor<2>, labels: Tensor<2>) -> Tensor<2> {
    let shape = logits.dims();
    let verdicts = logits.greater_elem(0.0);
    let truth = labels.expand(shape).greater_elem(0.5);
    verdicts.equal(truth).float().sum_dim(1)
}

/// The probability that a logit speaks of, in double precision, with the exponential of the crate `libm`.
pub fn sigmoid(logit: f32) -> f64 {
    1.0 / (1.0 + libm::exp(-f64::from(logit)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;
    use burn::tensor::activation::relu;

    #[test]
    fn loss_and_verdicts_of_known_logits() {
        let device = Device::flex();
        let logits = Tensor::<2>::from_data([[0.0, 200.0], [-200.0, 3.0]], &device);
        let labels = Tensor::<2>::from_data([[1.0], [0.0]], &device);
        let loss: f32 = binary_cross_entropy(logits.clone(), labels.clone()).into_scalar();
        // ln 2, 0, 0 and ln(1 + e³), over four.
        let expected = (2.0f64.ln() + 3.0f64.exp().ln_1p()) / 4.0;
        assert!(
            (f64::from(loss) - expected).abs() < 1e-6,
            "{loss} {expected}"
        );
        let correct: Vec<f32> = correct(logits, labels).into_data().iter().collect();
        assert_eq!(correct, [1.0, 1.0]);
    }

    /// The operation against the same in tensor operations, under burn's own autodiff.
    #[test]
    fn loss_and_gradient_equal_those_of_tensor_operations() {
        let device = Device::flex().autodiff();
        // Without zero, where relu and abs have no slope and burn chooses one.
        let logits = [[0.3, -7.0, 0.01], [40.0, -0.2, 1.5]];
        let labels = Tensor::<2>::from_data([[1.0], [0.0]], &device);
        let run = |loss: fn(Tensor<2>, Tensor<2>) -> Tensor<1>| {
            let logits = Tensor::<2>::from_data(logits, &device).require_grad();
            let loss = loss(logits.clone(), labels.clone()) * 3.0;
            let gradient = logits.grad(&loss.backward()).unwrap();
            let mut values: Vec<f32> = gradient.into_data().iter().collect();
            values.push(loss.inner().into_scalar());
            values
        };
        let by_operations = |logits: Tensor<2>, labels: Tensor<2>| {
            let softplus = logits.clone().abs().neg().exp().log1p();
            (relu(logits.clone()) - logits * labels + softplus).mean()
        };
        for (ours, expected) in run(binary_cross_entropy).iter().zip(run(by_operations)) {
            assert!((ours - expected).abs() < 1e-6, "{ours} {expected}");
        }
    }
}
