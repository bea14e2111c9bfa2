//! `evaluation.json`: what a trained network says of the test split.

use serde::{Deserialize, Serialize};

use crate::{Invalid, VERSION, ensure, is_share};

/// What a trained network says of the test split: `NETWORK/evaluation.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// Version of the file: see [`VERSION`](crate::VERSION). Files of 0.1 name none, which reads as 0.
    #[serde(default)]
    pub version: u32,
    /// The run that the model is of: [`RunInfo::identity`](crate::RunInfo::identity); empty in files of 0.1.
    #[serde(default)]
    pub run: String,
    /// The checksum of the model that was evaluated, as its `config.json` has it; empty in files of 0.1.
    #[serde(default)]
    pub model: String,
    /// Which network.
    pub network: String,
    /// Its number of parameters.
    pub parameters: usize,
    /// Names of the classes; probabilities speak for the second.
    pub classes: Vec<String>,
    /// Label of each text of the test split, 0 or 1.
    pub labels: Vec<u8>,
    /// Probability of the second class for each text, 0 to 1. Of a network that judges every token, the
    /// mean over the tokens.
    pub probabilities: Vec<f32>,
    /// The texts it got most wrong, worst first.
    pub worst: Vec<JudgedReview>,
    /// A few texts, word by word; the same ones for every network of a run.
    pub traces: Vec<TracedReview>,
    /// How strongly the logit feels the steps before it, if the network is recurrent.
    pub gradient: Option<GradientCurve>,
}

/// A text with its label and what a network says of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JudgedReview {
    /// Where it comes from.
    pub path: String,
    /// The text.
    pub text: String,
    /// 0 or 1.
    pub label: u8,
    /// Of the second class.
    pub probability: f64,
}

/// A text as a network reads it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TracedReview {
    /// Where it comes from.
    pub path: String,
    /// 0 or 1, if it has a label.
    pub label: Option<u8>,
    /// The words read, in order.
    pub words: Vec<String>,
    /// For each word, whether the vocabulary lacks it.
    pub unknown: Vec<bool>,
    /// Probability of the second class after each word (of the dense network: of that word alone).
    pub beliefs: Vec<f64>,
    /// The verdict on the whole text.
    pub probability: f64,
}

/// How strongly a network's logit feels the state at each distance from the end: quantiles of
/// ‖d logit / d h‖ over texts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct GradientCurve {
    /// Number of texts.
    pub texts: usize,
    /// At distance 0 (the last step), 1, 2 and so on.
    pub by_distance: Vec<Quantiles>,
}

/// Mean and quantiles.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Quantiles {
    /// Arithmetic mean.
    pub mean: f64,
    /// 10 % lie below.
    pub low: f64,
    /// Half lie below.
    pub median: f64,
    /// 90 % lie below.
    pub high: f64,
}

impl Evaluation {
    /// Whether the parts fit each other, and every probability is one.
    ///
    /// # Errors
    /// [`Invalid`] says what cannot be.
    pub fn check(&self) -> Result<(), Invalid> {
        ensure(self.version <= VERSION, || {
            format!(
                "is of version {}, and this program reads versions up to {VERSION}",
                self.version
            )
        })?;
        ensure(self.classes.len() == 2, || {
            format!("names {} classes instead of two", self.classes.len())
        })?;
        ensure(self.labels.len() == self.probabilities.len(), || {
            format!(
                "has {} labels and {} probabilities",
                self.labels.len(),
                self.probabilities.len()
            )
        })?;
        let probabilities = self.probabilities.iter().map(|p| f64::from(*p));
        let others = self.worst.iter().map(|review| review.probability);
        for probability in probabilities.chain(others) {
            ensure(is_share(probability), || {
                format!("has {probability} for a probability")
            })?;
        }
        let labels = self.labels.iter().copied();
        let others = self.worst.iter().map(|review| review.label);
        let traced = self.traces.iter().filter_map(|trace| trace.label);
        for label in labels.chain(others).chain(traced) {
            ensure(label <= 1, || {
                format!("has the label {label}, and labels are 0 and 1")
            })?;
        }
        for trace in &self.traces {
            let words = trace.words.len();
            ensure(
                words == trace.beliefs.len() && words == trace.unknown.len(),
                || "has a trace without one probability for each word".to_owned(),
            )?;
            for probability in trace.beliefs.iter().chain([&trace.probability]) {
                ensure(is_share(*probability), || {
                    format!("has {probability} for a probability in a trace")
                })?;
            }
        }
        let curve = self.gradient.iter().flat_map(|curve| &curve.by_distance);
        for quantiles in curve {
            let Quantiles {
                mean,
                low,
                median,
                high,
            } = *quantiles;
            ensure(
                [mean, low, median, high]
                    .iter()
                    .all(|norm| norm.is_finite() && *norm >= 0.0),
                || "has a gradient whose norm is negative or not finite".to_owned(),
            )?;
        }
        Ok(())
    }
}
