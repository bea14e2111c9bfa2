//! The structs of an evaluation as files of every version have them.

use serde::Deserialize;

use super::GradientCurve;
use crate::numbers::{number, numbers, optional_numbers, optional_singles, tables};

/// An evaluation with `scores`, or, up to version 2, with the `probabilities` of the second of two classes.
#[derive(Deserialize)]
pub(super) struct Evaluation {
    #[serde(default)]
    version: u32,
    #[serde(default)]
    run: String,
    #[serde(default)]
    model: String,
    network: String,
    parameters: usize,
    #[serde(default)]
    split: String,
    classes: Vec<String>,
    labels: Vec<u32>,
    #[serde(default, deserialize_with = "tables")]
    scores: Option<Vec<Vec<f32>>>,
    #[serde(default, deserialize_with = "optional_singles")]
    probabilities: Option<Vec<f32>>,
    worst: Vec<super::JudgedReview>,
    traces: Vec<super::TracedReview>,
    gradient: Option<GradientCurve>,
}

impl TryFrom<Evaluation> for super::Evaluation {
    type Error = String;

    fn try_from(of: Evaluation) -> Result<Self, String> {
        let scores = match (of.scores, of.probabilities) {
            (Some(scores), None) => scores,
            (None, Some(second)) => {
                let first = second
                    .iter()
                    .map(|p| (1.0 - f64::from(*p)) as f32)
                    .collect();
                vec![first, second]
            }
            _ => return Err("it needs the field scores".to_owned()),
        };
        Ok(Self {
            version: of.version,
            run: of.run,
            model: of.model,
            network: of.network,
            parameters: of.parameters,
            split: of.split,
            classes: of.classes,
            labels: of.labels,
            scores,
            worst: of.worst,
            traces: of.traces,
            gradient: of.gradient,
        })
    }
}

#[derive(Deserialize)]
pub(super) struct JudgedReview {
    path: String,
    text: String,
    label: u32,
    #[serde(default, deserialize_with = "optional_numbers")]
    scores: Option<Vec<f64>>,
    #[serde(default = "missing", deserialize_with = "number")]
    probability: f64,
}

impl From<JudgedReview> for super::JudgedReview {
    fn from(of: JudgedReview) -> Self {
        Self {
            path: of.path,
            text: of.text,
            label: of.label,
            scores: of.scores.unwrap_or_else(|| both(of.probability)),
        }
    }
}

#[derive(Deserialize)]
pub(super) struct TracedReview {
    path: String,
    label: Option<u32>,
    words: Vec<String>,
    unknown: Vec<bool>,
    #[serde(default)]
    padding: usize,
    #[serde(default = "second")]
    beliefs_of: u32,
    #[serde(deserialize_with = "numbers")]
    beliefs: Vec<f64>,
    #[serde(default, deserialize_with = "optional_numbers")]
    scores: Option<Vec<f64>>,
    #[serde(default = "missing", deserialize_with = "number")]
    probability: f64,
}

impl From<TracedReview> for super::TracedReview {
    fn from(of: TracedReview) -> Self {
        Self {
            path: of.path,
            label: of.label,
            words: of.words,
            unknown: of.unknown,
            padding: of.padding,
            beliefs_of: of.beliefs_of,
            beliefs: of.beliefs,
            scores: of.scores.unwrap_or_else(|| both(of.probability)),
        }
    }
}

/// The probabilities of both classes, from that of the second.
fn both(second: f64) -> Vec<f64> {
    vec![1.0 - second, second]
}

fn missing() -> f64 {
    f64::NAN
}

fn second() -> u32 {
    1
}
