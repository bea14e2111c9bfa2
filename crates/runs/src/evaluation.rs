//! `evaluation.json`: what a trained network says of the test split.

use serde::{Deserialize, Serialize};

use crate::names::{check_line, check_sha256};
use crate::numbers::{number, numbers, singles};
use crate::{Invalid, check_name, check_version, ensure, is_share};

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
    /// mean over the tokens. Of a network whose numbers were not finite, files of 0.1 have `null`, read as NaN.
    #[serde(deserialize_with = "singles")]
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
    #[serde(deserialize_with = "number")]
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
    #[serde(deserialize_with = "numbers")]
    pub beliefs: Vec<f64>,
    /// The verdict on the whole text.
    #[serde(deserialize_with = "number")]
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
    #[serde(deserialize_with = "number")]
    pub mean: f64,
    /// 10 % lie below.
    #[serde(deserialize_with = "number")]
    pub low: f64,
    /// Half lie below.
    #[serde(deserialize_with = "number")]
    pub median: f64,
    /// 90 % lie below.
    #[serde(deserialize_with = "number")]
    pub high: f64,
}

/// The most texts that an evaluation shows, of those it got wrong and of those word by word each.
const MOST_SHOWN: usize = 1000;

/// The most words of a text that is shown word by word, and the most steps of a gradient.
const MOST_STEPS: usize = 100_000;

impl Evaluation {
    /// Whether every number in it is one. Files of 0.1 have `null` for those of a network whose training came to
    /// weights that are not finite; [`check`](Self::check) refuses them.
    pub fn is_finite(&self) -> bool {
        let worst = self.worst.iter().map(|review| review.probability);
        let traces = self.traces.iter();
        let traces = traces.flat_map(|trace| trace.beliefs.iter().chain([&trace.probability]));
        let curve = self.gradient.iter().flat_map(|curve| &curve.by_distance);
        let norms = curve.flat_map(Quantiles::all);
        self.probabilities.iter().all(|p| p.is_finite())
            && worst
                .chain(traces.copied())
                .chain(norms)
                .all(f64::is_finite)
    }

    /// Whether the parts fit each other, and every probability is one.
    ///
    /// # Errors
    /// [`Invalid`] says what cannot be.
    pub fn check(&self) -> Result<(), Invalid> {
        check_version(self.version)?;
        check_name(&self.network)?;
        check_sha256("model", &self.model)?;
        check_line("run", &self.run)?;
        ensure(self.classes.len() == 2, || {
            format!("names {} classes instead of two", self.classes.len())
        })?;
        for class in &self.classes {
            check_line("the name of a class", class)?;
            ensure(!class.is_empty(), || {
                "has a class without a name".to_owned()
            })?;
        }
        ensure(self.classes[0] != self.classes[1], || {
            "names two classes alike".to_owned()
        })?;
        ensure(self.labels.len() == self.probabilities.len(), || {
            format!(
                "has {} labels and {} probabilities",
                self.labels.len(),
                self.probabilities.len()
            )
        })?;
        for (field, texts) in [("worst", self.worst.len()), ("traces", self.traces.len())] {
            ensure(texts <= MOST_SHOWN, || {
                format!("has {texts} texts in {field}, where at most {MOST_SHOWN} can be")
            })?;
        }
        ensure(self.is_finite(), || {
            "has a number that is null or not finite".to_owned()
        })?;
        self.check_numbers()
    }

    /// Numbers and labels, and that there is one for each word.
    fn check_numbers(&self) -> Result<(), Invalid> {
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
            ensure(words <= MOST_STEPS, || {
                format!("has a trace of {words} words, where at most {MOST_STEPS} can be")
            })?;
            for probability in trace.beliefs.iter().chain([&trace.probability]) {
                ensure(is_share(*probability), || {
                    format!("has {probability} for a probability in a trace")
                })?;
            }
        }
        let Some(curve) = &self.gradient else {
            return Ok(());
        };
        let steps = curve.by_distance.len();
        ensure(steps <= MOST_STEPS, || {
            format!("has a gradient over {steps} steps, where at most {MOST_STEPS} can be")
        })?;
        for quantiles in &curve.by_distance {
            let Quantiles {
                low, median, high, ..
            } = *quantiles;
            let right = quantiles.all().into_iter().all(|norm| norm >= 0.0);
            ensure(right, || "has a gradient whose norm is negative".to_owned())?;
            ensure(low <= median && median <= high, || {
                "has a gradient whose quantiles are not in order".to_owned()
            })?;
        }
        Ok(())
    }
}

impl Quantiles {
    fn all(&self) -> [f64; 4] {
        [self.mean, self.low, self.median, self.high]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn evaluation() -> Evaluation {
        Evaluation {
            version: crate::VERSION,
            run: String::new(),
            model: String::new(),
            network: "lstm".to_owned(),
            parameters: 10,
            classes: vec!["neg".to_owned(), "pos".to_owned()],
            labels: vec![0, 1],
            probabilities: vec![0.25, 0.5],
            worst: vec![JudgedReview {
                path: "neg/0_2.txt".to_owned(),
                text: "a film".to_owned(),
                label: 0,
                probability: 0.75,
            }],
            traces: vec![TracedReview {
                path: "pos/0_9.txt".to_owned(),
                label: Some(1),
                words: vec!["good".to_owned()],
                unknown: vec![false],
                beliefs: vec![0.5],
                probability: 0.5,
            }],
            gradient: Some(GradientCurve {
                texts: 2,
                by_distance: vec![Quantiles {
                    mean: 1.0,
                    low: 0.5,
                    median: 1.0,
                    high: 2.0,
                }],
            }),
        }
    }

    #[test]
    fn what_no_evaluation_has_is_named() {
        evaluation().check().unwrap();
        type Change = fn(&mut Evaluation);
        let changes: [(&str, Change); 13] = [
            ("version 3", |e| e.version = 3),
            ("names a network", |e| e.network = "a/b".to_owned()),
            ("for model", |e| e.model = "short".to_owned()),
            ("3 classes", |e| e.classes.push("x".to_owned())),
            ("alike", |e| e.classes[0] = "pos".to_owned()),
            ("without a name", |e| e.classes[0].clear()),
            ("3 labels", |e| e.labels.push(1)),
            ("label 2", |e| e.labels[0] = 2),
            ("-3 for", |e| e.probabilities[0] = -3.0),
            ("1.5 for", |e| e.worst[0].probability = 1.5),
            ("each word", |e| e.traces[0].words.clear()),
            ("-1 for a probability in a trace", |e| {
                e.traces[0].beliefs[0] = -1.0;
            }),
            ("not in order", |e| {
                e.gradient.as_mut().unwrap().by_distance[0].low = 9.0;
            }),
        ];
        for (named, change) in changes {
            let mut changed = evaluation();
            change(&mut changed);
            let Invalid(reason) = changed.check().unwrap_err();
            assert!(reason.contains(named), "{reason}");
        }
    }

    #[test]
    fn numbers_that_were_not_finite_are_read_and_refused() {
        type Change = fn(&mut Evaluation);
        let changes: [Change; 5] = [
            |e| e.probabilities[1] = f32::NAN,
            |e| e.worst[0].probability = f64::INFINITY,
            |e| e.traces[0].beliefs[0] = f64::NAN,
            |e| e.traces[0].probability = f64::NAN,
            |e| e.gradient.as_mut().unwrap().by_distance[0].mean = f64::NAN,
        ];
        for change in changes {
            let mut changed = evaluation();
            change(&mut changed);
            let text = serde_json::to_string(&changed).unwrap();
            assert!(text.contains("null"), "{text}");
            let read: Evaluation = serde_json::from_str(&text).unwrap();
            assert!(!read.is_finite());
            let Invalid(reason) = read.check().unwrap_err();
            assert!(reason.contains("not finite"), "{reason}");
        }
    }
}
