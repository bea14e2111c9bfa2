//! What a training makes small: from logits and labels to a loss, and to how many verdicts are correct.

mod operation;

use burn::backend::Dispatch;
use burn::tensor::{Device, Tensor, TensorData};
use serde::{Deserialize, Serialize};

use crate::TrainingError;
use crate::loss::{binary_cross_entropy, correct, sigmoid};
use operation::ObjectiveBackend as _;

/// What a training makes small.
///
/// ```
/// use recurrent_training::{Loss, Objective};
///
/// let objective = Objective { label_smoothing: 0.1, ..Objective::for_classes(5) };
/// assert_eq!(objective.loss, Loss::SoftmaxCrossEntropy);
/// assert_eq!(objective.outputs(5), 5);
/// assert_eq!(Objective::for_classes(2).outputs(2), 1);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Objective {
    /// The loss of a text.
    pub loss: Loss,
    /// ε: the right class is asked for with `1 − ε + ε / C`, each other of C classes with `ε / C` (Keras'
    /// `label_smoothing`; of the two classes of a sigmoid, with `ε / 2`). Source: Szegedy et al., "Rethinking the
    /// Inception Architecture for Computer Vision", 2016.
    pub label_smoothing: f64,
    /// What the loss of a text of each class is multiplied with; none is 1 for all. The mean is over texts, not over
    /// weights (Keras' `class_weight`).
    pub class_weights: Option<Vec<f32>>,
}

/// A loss from logits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Loss {
    /// Of two classes, by one logit for the second: Keras' `BinaryCrossentropy(from_logits=True)`.
    #[default]
    BinaryCrossEntropy,
    /// Of any number of classes, by a logit for each: Keras' `SparseCategoricalCrossentropy(from_logits=True)`.
    SoftmaxCrossEntropy,
}

impl Objective {
    /// Binary cross-entropy for two classes, softmax for more; no smoothing, no weights.
    #[must_use]
    pub fn for_classes(classes: usize) -> Self {
        Self {
            loss: match classes {
                0..=2 => Loss::BinaryCrossEntropy,
                _ => Loss::SoftmaxCrossEntropy,
            },
            ..Self::default()
        }
    }

    /// The logits that a network must have for so many classes.
    #[must_use]
    pub fn outputs(&self, classes: usize) -> usize {
        match self.loss {
            Loss::BinaryCrossEntropy => 1,
            Loss::SoftmaxCrossEntropy => classes,
        }
    }

    /// Whether this can be made small.
    ///
    /// # Errors
    /// [`TrainingError::Setting`] for a smoothing outside of 0 to below 1, and weights that are negative, not finite, or
    /// all zero.
    pub fn check(&self) -> Result<(), TrainingError> {
        if !(0.0..1.0).contains(&self.label_smoothing) {
            return Err(TrainingError::Setting {
                name: "the label smoothing",
                value: self.label_smoothing.to_string(),
                must: "0 or more, and below 1",
            });
        }
        let right = |weights: &Vec<f32>| {
            let all = weights.iter().all(|x| x.is_finite() && *x >= 0.0);
            all && weights.iter().any(|x| *x > 0.0)
        };
        match &self.class_weights {
            Some(weights) if !right(weights) => Err(TrainingError::Setting {
                name: "the weights of classes",
                value: format!("{weights:?}"),
                must: "finite, none of them negative, and one of them above 0",
            }),
            _ => Ok(()),
        }
    }

    /// Whether a network with so many logits can be trained on labels up to `largest`.
    pub(crate) fn fits(&self, outputs: usize, largest: usize) -> Result<(), TrainingError> {
        let classes = match self.loss {
            Loss::BinaryCrossEntropy => 2,
            Loss::SoftmaxCrossEntropy => outputs,
        };
        if outputs != self.outputs(classes) {
            return Err(TrainingError::Setting {
                name: "the number of logits",
                value: outputs.to_string(),
                must: "1 for binary cross-entropy",
            });
        }
        if largest >= classes {
            return Err(TrainingError::Setting {
                name: "the largest label",
                value: largest.to_string(),
                must: "below the number of classes: 2 for binary cross-entropy, the number of logits for softmax",
            });
        }
        if let Some(weights) = &self.class_weights
            && weights.len() != classes
        {
            return Err(TrainingError::Setting {
                name: "the number of class weights",
                value: weights.len().to_string(),
                must: "that of the classes",
            });
        }
        Ok(())
    }

    fn is_plain_binary(&self) -> bool {
        self.loss == Loss::BinaryCrossEntropy
            && self.label_smoothing == 0.0
            && self.class_weights.is_none()
    }

    /// The mean loss `[1]` over all positions, of logits `[batch, positions, outputs]` and labels `[batch, 1]`: the
    /// number of each text's class, which stands at each of its positions. Differentiable in the logits.
    pub fn loss(&self, logits: Tensor<3>, labels: Tensor<2>) -> Tensor<1> {
        let [batch, positions, outputs] = logits.dims();
        if self.is_plain_binary() {
            return binary_cross_entropy(logits.reshape([batch, positions]), labels);
        }
        // Nothing is recorded of them, on whatever device they come.
        let labels = match labels.device().is_autodiff() {
            true => labels.inner(),
            false => labels,
        };
        let device = labels.device();
        let classes = match self.loss {
            Loss::BinaryCrossEntropy => 2,
            Loss::SoftmaxCrossEntropy => outputs,
        };
        let numbers: Vec<f32> = (0..classes).map(|class| class as f32).collect();
        let numbers = Tensor::<2>::from_data(TensorData::new(numbers, [1, classes]), &device);
        let is_class = labels
            .expand([batch, classes])
            .equal(numbers.expand([batch, classes]))
            .float();
        let weights = match &self.class_weights {
            None => Tensor::ones([batch, 1], &device),
            // One of them is not zero, so that the sum is exact.
            Some(weights) => (is_class.clone() * row(weights, &device)).sum_dim(1),
        };
        let (share, rest) = (
            (1.0 - self.label_smoothing) as f32,
            (self.label_smoothing / classes as f64) as f32,
        );
        let targets = is_class.mul_scalar(share).add_scalar(rest);
        let targets = match self.loss {
            Loss::BinaryCrossEntropy => targets.narrow(1, 1, 1),
            Loss::SoftmaxCrossEntropy => targets,
        };
        Tensor::from_dispatch(Dispatch::soft_cross_entropy(
            logits.into_dispatch(),
            targets.into_dispatch(),
            weights.into_dispatch(),
        ))
    }

    /// How many positions of each text are classified correctly, `[batch, 1]`.
    pub(crate) fn correct(&self, logits: Tensor<3>, labels: Tensor<2>) -> Tensor<2> {
        let [batch, positions, outputs] = logits.dims();
        match self.loss {
            Loss::BinaryCrossEntropy => {
                correct(logits.reshape([batch, positions * outputs]), labels)
            }
            Loss::SoftmaxCrossEntropy => {
                let verdicts = logits.argmax(2).reshape([batch, positions]).float();
                let right = verdicts.equal(labels.expand([batch, positions]));
                right.float().sum_dim(1)
            }
        }
    }

    /// The probabilities of all classes for one text, from its logits, `positions · outputs` of them: `out` gets as many
    /// as it is long. Of a network that judges every token, the mean over the tokens. In double precision, with the
    /// functions of the crate `libm`.
    pub fn probabilities_into(&self, logits: &[f32], outputs: usize, out: &mut [f64]) {
        let positions = logits.len() / outputs.max(1);
        match self.loss {
            Loss::BinaryCrossEntropy => {
                let sum: f64 = logits.iter().copied().map(sigmoid).sum();
                let second = sum / positions as f64;
                if let [first, other, ..] = out {
                    (*first, *other) = (1.0 - second, second);
                }
            }
            Loss::SoftmaxCrossEntropy => {
                out.fill(0.0);
                for position in logits.chunks_exact(outputs.max(1)) {
                    let largest = position.iter().copied().fold(f32::NEG_INFINITY, f32::max);
                    let power = |x: &f32| libm::exp(f64::from(*x) - f64::from(largest));
                    let total: f64 = position.iter().map(power).sum();
                    for (sum, x) in out.iter_mut().zip(position) {
                        *sum += power(x) / total;
                    }
                }
                for sum in out.iter_mut() {
                    *sum /= positions as f64;
                }
            }
        }
    }
}

fn row(values: &[f32], device: &Device) -> Tensor<2> {
    let data = TensorData::new(values.to_vec(), [1, values.len()]);
    Tensor::from_data(data, device)
}

#[cfg(test)]
mod tests;
