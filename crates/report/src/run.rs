//! The files of a run, and what they hold.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::ReportError;

/// What `run.json` says of how a run was made. What an older run did not note is empty.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct RunInfo {
    /// Version of the command.
    pub recurrent: String,
    /// What computed.
    pub backend: String,
    /// Threads that were available.
    pub threads: usize,
    /// The processor's name.
    pub cpu: String,
    /// Instruction set of the kernels.
    pub isa: String,
    /// The seed.
    pub seed: u64,
    /// Epochs asked for.
    pub epochs: usize,
    /// Size of the vocabulary.
    pub max_tokens: usize,
    /// Tokens of each review.
    pub length: usize,
    /// The data set's name.
    pub dataset: String,
    /// Its hash.
    pub dataset_sha256: String,
    /// Whether that was the bundled sample.
    pub sample: bool,
    /// The commit the command was built from, where known.
    pub commit: Option<String>,
    /// What to keep in mind about the data.
    pub note: Option<String>,
}

/// One record of `history.json`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Epoch {
    /// Which network.
    pub network: String,
    /// From 1.
    pub epoch: usize,
    /// Nats.
    pub train_loss: f64,
    /// 0 to 1.
    pub train_accuracy: f64,
    /// Nats.
    pub test_loss: f64,
    /// 0 to 1.
    pub test_accuracy: f64,
    /// Wall time, evaluation included.
    pub seconds: f64,
}

/// What a trained network says of the test split: `NETWORK/evaluation.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
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

impl Evaluation {
    /// Reads an `evaluation.json`.
    ///
    /// # Errors
    /// [`ReportError::Io`] and [`ReportError::Content`] name the file.
    pub fn load(path: &Path) -> Result<Self, ReportError> {
        let evaluation = read(path, "an evaluation")?;
        check(path, &evaluation)?;
        Ok(evaluation)
    }
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

/// A run's folder, read.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// The folder.
    pub folder: PathBuf,
    /// How it was made.
    pub info: RunInfo,
    /// All epochs of all networks, in the order of training.
    pub history: Vec<Epoch>,
    /// What the trained networks say of the test split, by name; a network trained before
    /// evaluations were kept has none.
    pub evaluations: BTreeMap<String, Evaluation>,
}

impl Run {
    /// Reads the files of a run.
    ///
    /// # Errors
    /// [`ReportError::Io`] and [`ReportError::Content`] name the file; [`ReportError::Empty`] if no
    /// epoch was finished.
    pub fn load(folder: &Path) -> Result<Self, ReportError> {
        let info = read(&folder.join("run.json"), "a run's description")?;
        let history: Vec<Epoch> = read(&folder.join("history.json"), "a history of epochs")?;
        if history.is_empty() {
            return Err(ReportError::Empty {
                path: folder.to_owned(),
            });
        }
        let mut evaluations = BTreeMap::new();
        for record in &history {
            let path = folder.join(&record.network).join("evaluation.json");
            if !evaluations.contains_key(&record.network) && path.exists() {
                evaluations.insert(record.network.clone(), Evaluation::load(&path)?);
            }
        }
        Ok(Self {
            folder: folder.to_owned(),
            info,
            history,
            evaluations,
        })
    }

    /// The networks, in the order of training.
    pub fn networks(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for record in &self.history {
            if !names.contains(&record.network.as_str()) {
                names.push(&record.network);
            }
        }
        names
    }

    /// The epochs of one network.
    pub fn epochs<'a>(&'a self, network: &'a str) -> impl Iterator<Item = &'a Epoch> {
        self.history
            .iter()
            .filter(move |record| record.network == network)
    }
}

fn read<T: DeserializeOwned>(path: &Path, what: &'static str) -> Result<T, ReportError> {
    let text = std::fs::read_to_string(path).map_err(ReportError::io(path))?;
    serde_json::from_str(&text).map_err(|error| ReportError::Content {
        path: path.to_owned(),
        what,
        reason: error.to_string(),
    })
}

/// What the charts rely on.
fn check(path: &Path, evaluation: &Evaluation) -> Result<(), ReportError> {
    let reason = if evaluation.classes.len() != 2 {
        "it does not name two classes"
    } else if evaluation.labels.len() != evaluation.probabilities.len() {
        "labels and probabilities differ in number"
    } else if evaluation.labels.iter().any(|label| *label > 1) {
        "a label is neither 0 nor 1"
    } else if evaluation.traces.iter().any(|trace| {
        trace.words.len() != trace.beliefs.len() || trace.words.len() != trace.unknown.len()
    }) {
        "a trace has not one belief a word"
    } else {
        return Ok(());
    };
    Err(ReportError::Content {
        path: path.to_owned(),
        what: "an evaluation",
        reason: reason.to_owned(),
    })
}
