//! A recipe, trained with a seed, and what it says of the texts that it is judged by.

use std::path::{Path, PathBuf};

use recurrent_metrics::Predictions;
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::record::Seed;
use super::{KEPT, RECIPES, command};
use crate::cargo;
use crate::error::Error;
use crate::inputs::Inputs;

/// The share of the training texts that choices are made on. The recipes themselves hold out less: there is nothing left to be
/// chosen.
const CHOOSING: &str = "0.2";

/// The last file that a training writes.
const LAST: &str = "report.html";

/// A trained recipe.
pub(super) struct Trained {
    /// SHA-256 of its weights.
    weights: String,
    /// Of training.
    seconds: f64,
    /// The class of each text that it is judged by.
    labels: Vec<u32>,
    /// The probability of the second class.
    scores: Vec<f64>,
}

/// What is read of `evaluation.json`.
#[derive(Deserialize)]
struct Evaluation {
    labels: Vec<u32>,
    scores: Vec<Vec<f64>>,
}

/// The file of a recipe.
fn recipe(root: &Path, name: &str) -> PathBuf {
    root.join(RECIPES).join(name).with_extension("json")
}

/// SHA-256 of a recipe's file, in hexadecimal digits.
pub(super) fn sha256_of(root: &Path, name: &str) -> Result<String, Error> {
    sha256_of_file(&recipe(root, name))
}

/// Whether a recipe is of a linear model, whose steps end when it is trained and not when they are used up.
fn is_linear(root: &Path, name: &str) -> Result<bool, Error> {
    let recipe: Value = read(&recipe(root, name))?;
    Ok(recipe.get("linear").is_some())
}

fn sha256_of_file(path: &Path) -> Result<String, Error> {
    let bytes = std::fs::read(path).map_err(Error::io(path))?;
    let digest = Sha256::digest(&bytes);
    Ok(digest.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Trains a recipe, unless that was done with this very recipe before.
pub(super) fn train(
    root: &Path,
    inputs: &Inputs,
    program: &Path,
    name: &str,
    seed: u32,
    validation: bool,
) -> Result<Trained, Error> {
    let sha256 = sha256_of(root, name)?;
    let part = if validation { "validation" } else { "test" };
    // What another program, or another recipe, has left is of no use.
    let of_program = sha256_of_file(program)?;
    let folder = root
        .join(KEPT)
        .join(part)
        .join(format!("{name}-{}-{}", &sha256[..8], &of_program[..8]))
        .join(format!("seed-{seed}"));
    // Linear models are trained in seconds, and nothing says of one that is kept whether it was stopped.
    if is_linear(root, name)? || !folder.join(LAST).exists() {
        let mut command = command(inputs, program);
        command.args(["train", "imdb", "--quiet", "--seed", &seed.to_string()]);
        command.arg("--config").arg(recipe(root, name));
        command.arg("--out").arg(&folder);
        if validation {
            command.args([
                "--no-test",
                "--validation-share",
                CHOOSING,
                "--split-seed",
                "0",
            ]);
        }
        cargo::must(&mut command)?;
    }
    let config: Value = read(&folder.join("config.json"))?;
    let training: Value = read(&folder.join("training.json"))?;
    let evaluation: Evaluation = read(&folder.join("evaluation.json"))?;
    let weights = config.pointer("/parts/weights.safetensors");
    let history = training.pointer("/history").and_then(Value::as_array);
    let asked = training.pointer("/config/epochs").and_then(Value::as_u64);
    let done = history.map_or(0, Vec::len) as u64;
    if !is_linear(root, name)? && asked != Some(done) {
        return Err(Error::Stopped(folder));
    }
    let seconds = |epoch: &Value| epoch.get("seconds").and_then(Value::as_f64);
    Ok(Trained {
        weights: weights.and_then(Value::as_str).unwrap_or("-").to_owned(),
        seconds: history.into_iter().flatten().filter_map(seconds).sum(),
        labels: evaluation.labels,
        scores: evaluation.scores.into_iter().nth(1).unwrap_or_default(),
    })
}

fn read<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T, Error> {
    let bytes = std::fs::read(path).map_err(Error::io(path))?;
    serde_json::from_slice(&bytes).map_err(|source| Error::Json {
        command: path.display().to_string(),
        source,
    })
}

/// How the mean of the members' log-odds does on the texts that all of them were judged by.
pub(super) fn judged(
    seed: u32,
    members: &[Trained],
    weights: &[(&str, f64)],
) -> Result<Seed, Error> {
    let Some(first) = members.first() else {
        return Err(Error::NoSuchRung("without recipes".to_owned()));
    };
    if members.iter().any(|member| member.labels != first.labels) {
        return Err(Error::OtherTexts);
    }
    let all: f64 = weights.iter().map(|(_, weight)| weight).sum();
    let scores: Vec<f64> = (0..first.labels.len())
        .map(|text| {
            let odds = members.iter().zip(weights).map(|(member, (_, weight))| {
                let p = member.scores[text].clamp(1e-12, 1.0 - 1e-12);
                weight / all * (p / (1.0 - p)).ln()
            });
            let odds: f64 = odds.sum();
            1.0 / (1.0 + (-odds).exp())
        })
        .collect();
    let labels: Vec<usize> = first.labels.iter().map(|label| *label as usize).collect();
    let both = scores.iter().flat_map(|p| [(1.0 - p) as f32, *p as f32]);
    let both: Vec<f32> = both.collect();
    let report = Predictions::new(2, &labels, &both)
        .map_err(Error::Metrics)?
        .report();
    Ok(Seed {
        seed,
        weights: members
            .iter()
            .map(|member| member.weights.clone())
            .collect(),
        accuracy: report.accuracy,
        log_loss: report.log_loss,
        calibration: report.calibration.expected_error,
        seconds: members.iter().map(|member| member.seconds).sum(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(scores: &[f64], labels: &[u32]) -> Trained {
        Trained {
            weights: "ab".repeat(32),
            seconds: 2.0,
            labels: labels.to_vec(),
            scores: scores.to_vec(),
        }
    }

    #[test]
    fn members_are_averaged_by_their_log_odds() {
        let labels = [1, 0, 1];
        let one = member(&[0.9, 0.4, 0.4], &labels);
        let same = judged(0, &[one], &[("one", 1.0)]).unwrap();
        assert!((same.accuracy - 2.0 / 3.0).abs() < 1e-12);
        let expected = -(0.9f64.ln() + 0.6f64.ln() + 0.4f64.ln()) / 3.0;
        assert!((same.log_loss - expected).abs() < 1e-6);
        // 0.4 and 0.8: log-odds −0.405 and 1.386.
        let pair = [
            member(&[0.9, 0.4, 0.4], &labels),
            member(&[0.9, 0.4, 0.8], &labels),
        ];
        let both = judged(0, &pair, &[("one", 1.0), ("two", 1.0)]).unwrap();
        assert_eq!((both.accuracy, both.seconds), (1.0, 4.0));
        let mostly_one = judged(0, &pair, &[("one", 0.9), ("two", 0.1)]).unwrap();
        assert!((mostly_one.accuracy - 2.0 / 3.0).abs() < 1e-12);
        let others = [member(&[0.9], &[1]), member(&[0.9], &[0])];
        assert!(judged(0, &others, &[("one", 1.0), ("two", 1.0)]).is_err());
    }
}
