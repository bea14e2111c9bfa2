//! `evaluation.json`: what a trained network predicts for the texts that it was evaluated on.

mod compatible;

use serde::{Deserialize, Serialize};

use crate::names::{check_line, check_sha256};
use crate::numbers::number;
use crate::{Invalid, check_name, check_version, ensure, is_share};

/// What a trained network predicts for the texts that it was evaluated on: `NETWORK/evaluation.json`.
///
/// Every probability comes with those of all other classes, in the order of `classes`. Files up to version 2 knew two
/// classes and the probability of the second; they are read as if they had both.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "compatible::Evaluation")]
pub struct Evaluation {
    /// Version of the file: see [`VERSION`](crate::VERSION). Files of 0.1 name none, which reads as 0.
    pub version: u32,
    /// The run that the model is of: [`RunInfo::identity`](crate::RunInfo::identity); empty in files of 0.1.
    pub run: String,
    /// The checksum of the model that was evaluated, as its `config.json` has it; empty in files of 0.1.
    pub model: String,
    /// Which network.
    pub network: String,
    /// Its number of parameters.
    pub parameters: usize,
    /// The texts that it was evaluated on: `test` or `validation`; empty, which means `test`, up to version 2.
    pub split: String,
    /// Names of the classes, two or more.
    pub classes: Vec<String>,
    /// The class of each text: its place in `classes`.
    pub labels: Vec<u32>,
    /// The probability of each class, 0 to 1, for each text: `scores[class][text]`. Of a network that classifies every
    /// token, the mean over the tokens. Of a network whose numbers were not finite, files of 0.1 have `null`, read as
    /// NaN.
    pub scores: Vec<Vec<f32>>,
    /// The texts that it got most wrong, worst first.
    pub worst: Vec<JudgedReview>,
    /// A few texts, word by word.
    pub traces: Vec<TracedReview>,
    /// How strongly the loss feels the steps before the end, if the network is recurrent.
    pub gradient: Option<GradientCurve>,
}

/// A text with its class and what a network predicts for it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "compatible::JudgedReview")]
pub struct JudgedReview {
    /// Where it comes from.
    pub path: String,
    /// The text, with `[e-mail address]` in the place of e-mail addresses.
    pub text: String,
    /// Its class.
    pub label: u32,
    /// The probability of each class.
    pub scores: Vec<f64>,
}

/// A text as a network reads it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "compatible::TracedReview")]
pub struct TracedReview {
    /// Where it comes from.
    pub path: String,
    /// Its class, if it is known.
    pub label: Option<u32>,
    /// The words read, in order.
    pub words: Vec<String>,
    /// For each word, whether the vocabulary lacks it.
    pub unknown: Vec<bool>,
    /// The steps of padding that the network read after the words; 0 for one with a mask. Not in files up to version 2.
    pub padding: usize,
    /// The class that `beliefs` are of: of two classes the second, of more the predicted one.
    pub beliefs_of: u32,
    /// The probability of that class after each word (of a network that classifies every token: for that word alone).
    pub beliefs: Vec<f64>,
    /// The probability of each class for the whole text.
    pub scores: Vec<f64>,
}

/// How strongly a network's loss feels the state at each distance from the end: quantiles of ‖d loss / d h‖ over texts.
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

/// The most classes.
const MOST_CLASSES: usize = 2000;

/// The most texts that an evaluation shows, of those it got wrong and of those word by word each.
const MOST_SHOWN: usize = 1000;

/// The most words of a text that is shown word by word, and the most steps of a gradient.
const MOST_STEPS: usize = 100_000;

impl Evaluation {
    /// The name of the texts that it was evaluated on.
    pub fn split(&self) -> &str {
        match self.split.as_str() {
            "" => "test",
            name => name,
        }
    }

    /// The predicted class of the text at that place: the one of the largest probability, and of equal ones the first.
    /// `None` where there is no such text.
    pub fn predicted(&self, text: usize) -> Option<usize> {
        let mut best = (0, self.scores.first()?.get(text)?);
        for (class, scores) in self.scores.iter().enumerate().skip(1) {
            let score = scores.get(text)?;
            if score > best.1 {
                best = (class, score);
            }
        }
        Some(best.0)
    }

    /// All probabilities, text by text and class by class: `[texts, classes]`.
    pub fn by_text(&self) -> Vec<f32> {
        let texts = 0..self.labels.len();
        texts
            .flat_map(|text| self.scores.iter().filter_map(move |of| of.get(text)))
            .copied()
            .collect()
    }

    /// Whether every number in it is one. Files of 0.1 have `null` for those of a network whose training came to
    /// weights that are not finite; [`check`](Self::check) refuses them.
    pub fn is_finite(&self) -> bool {
        let worst = self.worst.iter().flat_map(|review| &review.scores);
        let traces = self.traces.iter();
        let traces = traces.flat_map(|trace| trace.beliefs.iter().chain(&trace.scores));
        let curve = self.gradient.iter().flat_map(|curve| &curve.by_distance);
        let norms = curve.flat_map(Quantiles::all);
        let mut scores = self.scores.iter().flatten();
        scores.all(|p| p.is_finite())
            && worst
                .chain(traces)
                .copied()
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
        check_line("split", &self.split)?;
        let classes = self.classes.len();
        ensure((2..=MOST_CLASSES).contains(&classes), || {
            format!("names {classes} classes, where 2 to {MOST_CLASSES} can be")
        })?;
        let mut seen = std::collections::BTreeSet::new();
        for class in &self.classes {
            check_line("the name of a class", class)?;
            ensure(!class.is_empty(), || {
                "has a class without a name".to_owned()
            })?;
            ensure(seen.insert(class), || "names two classes alike".to_owned())?;
        }
        ensure(self.scores.len() == classes, || {
            format!(
                "has probabilities of {} classes, and names {classes}",
                self.scores.len()
            )
        })?;
        for of_class in &self.scores {
            ensure(self.labels.len() == of_class.len(), || {
                format!(
                    "has {} labels and {} probabilities of a class",
                    self.labels.len(),
                    of_class.len()
                )
            })?;
        }
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
        for probability in self.scores.iter().flatten().map(|p| f64::from(*p)) {
            ensure(is_share(probability), || {
                format!("has {probability} for a probability")
            })?;
        }
        for text in 0..self.labels.len() {
            let scores = self.scores.iter().map(|of| f64::from(of[text]));
            check_sum(scores.sum())?;
        }
        let whole = self.worst.iter().map(|review| &review.scores);
        for scores in whole.chain(self.traces.iter().map(|trace| &trace.scores)) {
            ensure(scores.len() == self.classes.len(), || {
                format!(
                    "has {} probabilities of a text, and {} classes",
                    scores.len(),
                    self.classes.len()
                )
            })?;
            for probability in scores {
                ensure(is_share(*probability), || {
                    format!("has {probability} for a probability")
                })?;
            }
            check_sum(scores.iter().sum())?;
        }
        let labels = self.labels.iter().copied();
        let others = self.worst.iter().map(|review| review.label);
        let traced = self.traces.iter().filter_map(|trace| trace.label);
        let followed = self.traces.iter().map(|trace| trace.beliefs_of);
        let classes = self.classes.len();
        for label in labels.chain(others).chain(traced).chain(followed) {
            ensure((label as usize) < classes, || {
                format!("has the label {label}, and {classes} classes, from 0")
            })?;
        }
        for trace in &self.traces {
            let words = trace.words.len();
            ensure(
                words == trace.beliefs.len() && words == trace.unknown.len(),
                || "has a trace without one probability for each word".to_owned(),
            )?;
            ensure(words <= MOST_STEPS && trace.padding <= MOST_STEPS, || {
                format!(
                    "has a trace of {words} words and {} steps of padding, where at most {MOST_STEPS} can be",
                    trace.padding
                )
            })?;
            for probability in &trace.beliefs {
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

/// Whether the probabilities of all classes sum to 1, as far as their rounding allows.
fn check_sum(sum: f64) -> Result<(), Invalid> {
    ensure((sum - 1.0).abs() < 1e-3, || {
        format!("has probabilities of a text that sum to {sum}")
    })
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
            split: "test".to_owned(),
            classes: vec!["neg".to_owned(), "pos".to_owned()],
            labels: vec![0, 1],
            scores: vec![vec![0.75, 0.5], vec![0.25, 0.5]],
            worst: vec![JudgedReview {
                path: "neg/0_2.txt".to_owned(),
                text: "a film".to_owned(),
                label: 0,
                scores: vec![0.25, 0.75],
            }],
            traces: vec![TracedReview {
                path: "pos/0_9.txt".to_owned(),
                label: Some(1),
                words: vec!["good".to_owned()],
                unknown: vec![false],
                padding: 2,
                beliefs_of: 1,
                beliefs: vec![0.5],
                scores: vec![0.5, 0.5],
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
        let changes: [(&str, Change); 18] = [
            ("version 4", |e| e.version = 4),
            ("names a network", |e| e.network = "a/b".to_owned()),
            ("for model", |e| e.model = "short".to_owned()),
            ("names 3", |e| e.classes.push("x".to_owned())),
            ("1 classes", |e| e.classes.truncate(1)),
            ("alike", |e| e.classes[0] = "pos".to_owned()),
            ("without a name", |e| e.classes[0].clear()),
            ("3 labels", |e| e.labels.push(1)),
            ("label 2", |e| e.labels[0] = 2),
            ("-3 for", |e| e.scores[1][0] = -3.0),
            ("sum to", |e| e.scores[1][0] = 0.5),
            ("1.5 for", |e| e.worst[0].scores[1] = 1.5),
            ("sum to", |e| e.traces[0].scores[1] = 0.75),
            ("3 probabilities", |e| e.traces[0].scores.push(0.0)),
            ("label 2", |e| e.traces[0].beliefs_of = 2),
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
            |e| e.scores[1][1] = f32::NAN,
            |e| e.worst[0].scores[1] = f64::INFINITY,
            |e| e.traces[0].beliefs[0] = f64::NAN,
            |e| e.traces[0].scores[0] = f64::NAN,
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

    #[test]
    fn a_file_of_two_classes_is_read_as_version_2_wrote_it() {
        let old = r#"{"version": 2, "network": "lstm", "parameters": 10, "classes": ["neg", "pos"],
            "labels": [0, 1], "probabilities": [0.25, null], "gradient": null,
            "worst": [{"path": "a", "text": "b", "label": 0, "probability": 0.75}],
            "traces": [{"path": "a", "label": null, "words": ["b"], "unknown": [false], "beliefs": [0.5],
                "probability": null}]}"#;
        let read: Evaluation = serde_json::from_str(old).unwrap();
        assert_eq!((read.scores[0][0], read.scores[1][0]), (0.75, 0.25));
        assert!(read.scores[0][1].is_nan() && read.scores[1][1].is_nan());
        assert_eq!(read.worst[0].scores, [0.25, 0.75]);
        assert_eq!((read.traces[0].beliefs_of, read.traces[0].padding), (1, 0));
        assert!(read.traces[0].scores[1].is_nan());
        let neither = old.replace("\"probabilities\"", "\"others\"");
        assert!(serde_json::from_str::<Evaluation>(&neither).is_err());
        // What is written is read again.
        let now = evaluation();
        let text = serde_json::to_string(&now).unwrap();
        assert_eq!(serde_json::from_str::<Evaluation>(&text).unwrap(), now);
    }

    #[test]
    fn the_predicted_class_is_the_first_of_the_largest() {
        let mut three = evaluation();
        three.classes.push("other".to_owned());
        three.labels = vec![0, 1, 2];
        three.scores = vec![
            vec![0.2, 0.4, 0.1],
            vec![0.3, 0.4, 0.2],
            vec![0.5, 0.2, 0.7],
        ];
        three.worst.clear();
        three.traces.clear();
        three.check().unwrap();
        let predicted = [0, 1, 2, 3].map(|text| three.predicted(text));
        assert_eq!(predicted, [Some(2), Some(0), Some(2), None]);
        assert_eq!(three.by_text()[..3], [0.2, 0.3, 0.5]);
    }
}
