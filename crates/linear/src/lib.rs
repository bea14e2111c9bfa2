//! A linear model over n-grams: logistic regression on sparse rows, weighted by naive Bayes.
//!
//! Not for texts, vocabularies or files: columns come in, weights go out.
#![doc = include_str!("../README.md")]

mod descent;
mod model;
mod problem;
mod rows;

use serde::{Deserialize, Serialize};

pub use model::Linear;
pub use rows::Rows;

use descent::Descent;
use problem::Problem;

/// How a model is trained.
///
/// ```
/// use recurrent_linear::LinearConfig;
///
/// let config: LinearConfig = serde_json::from_str(r#"{"strength": 4.0}"#)?;
/// assert_eq!((config.strength, config.smoothing), (4.0, 1.0));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LinearConfig {
    /// The longest n-grams, in words.
    pub ngrams: usize,
    /// α of naive Bayes: what is added to the number of a class' texts that have an n-gram.
    pub smoothing: f64,
    /// What the losses of all texts count against half the square of the weights: scikit-learn's `C`, above 0. The larger,
    /// the closer the model follows the texts it learns from.
    pub strength: f64,
    /// The training is over when the gradient is this share of what it was at the beginning.
    pub tolerance: f64,
}

impl Default for LinearConfig {
    fn default() -> Self {
        Self {
            ngrams: 3,
            smoothing: 1.0,
            strength: 1.0,
            tolerance: 1e-4,
        }
    }
}

impl LinearConfig {
    /// Whether a model can be trained like this.
    ///
    /// # Errors
    /// [`LinearError::Setting`] names the number with which it cannot.
    pub fn check(&self) -> Result<(), LinearError> {
        let positive = |value: f64| value.is_finite() && value > 0.0;
        for (name, value, right, must) in [
            (
                "ngrams",
                self.ngrams as f64,
                (1..=8).contains(&self.ngrams),
                "from 1 to 8",
            ),
            (
                "smoothing",
                self.smoothing,
                positive(self.smoothing),
                "above 0",
            ),
            (
                "strength",
                self.strength,
                positive(self.strength),
                "above 0",
            ),
            (
                "tolerance",
                self.tolerance,
                self.tolerance.is_finite() && self.tolerance >= 0.0,
                "0 or more",
            ),
        ] {
            if !right {
                return Err(LinearError::Setting { name, value, must });
            }
        }
        Ok(())
    }
}

/// Why no model could be trained.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum LinearError {
    /// A number of the configuration.
    #[error("{name} of the linear model is {value}, and must be {must}")]
    Setting {
        /// Which.
        name: &'static str,
        /// What was given.
        value: f64,
        /// What is possible.
        must: &'static str,
    },
    /// The texts are of no use.
    #[error("a linear model cannot learn from these texts: {0}")]
    Texts(String),
    /// More weights than memory is taken for.
    #[error(
        "{columns} n-grams and {outputs} outputs are more than {most} weights; take a smaller vocabulary (max_tokens)"
    )]
    TooMany {
        /// N-grams of the vocabulary.
        columns: usize,
        /// Logits.
        outputs: usize,
        /// The most.
        most: usize,
    },
}

/// The most weights: L-BFGS needs some twenty double-precision numbers for each, 160 bytes.
pub const MOST_WEIGHTS: usize = 1 << 26;

/// The most steps of a training that nobody ends.
const MOST_STEPS: usize = 10_000;

/// Where a training stands, after a step.
#[derive(Debug)]
pub struct Progress<'p> {
    /// Steps made.
    pub iteration: usize,
    /// Mean loss of the texts, nats, without that of the weights.
    pub loss: f64,
    /// Share of the texts whose class is right.
    pub accuracy: f64,
    problem: &'p Problem<'p>,
    weights: &'p [f64],
}

impl Progress<'_> {
    /// The model as it is now.
    #[must_use]
    pub fn model(&self) -> Linear {
        self.problem.model(self.weights)
    }
}

/// Trains a model on texts, given by the columns that each of them has, and their `labels`, each below `classes`. Of two
/// classes it has one logit, that of the second, and of more one for each.
///
/// `each` is told about every step, and ends the training there by `false`.
///
/// # Errors
/// [`LinearError`] for a configuration that makes no sense, and for texts from which nothing can be learned.
pub fn train(
    rows: &Rows,
    labels: &[usize],
    classes: usize,
    config: &LinearConfig,
    each: impl FnMut(&Progress<'_>) -> bool,
) -> Result<Linear, LinearError> {
    train_weighted(rows, labels, &vec![1.0; classes], config, each)
}

/// As [`train`], where the loss of a text counts as much as `weights` says of its class.
///
/// # Errors
/// As [`train`].
pub fn train_weighted(
    rows: &Rows,
    labels: &[usize],
    weights: &[f32],
    config: &LinearConfig,
    mut each: impl FnMut(&Progress<'_>) -> bool,
) -> Result<Linear, LinearError> {
    config.check()?;
    let problem = Problem::new(rows, labels, weights, config)?;
    let mut descent = Descent::new(&problem);
    for iteration in 1..=MOST_STEPS {
        let moves = descent.step(&problem);
        let (loss, accuracy) = problem.score(descent.logits());
        let goes_on = each(&Progress {
            iteration,
            loss,
            accuracy,
            problem: &problem,
            weights: descent.weights(),
        });
        if !moves || !goes_on || descent.remaining() <= config.tolerance {
            break;
        }
    }
    Ok(problem.model(descent.weights()))
}

#[cfg(test)]
mod tests;
