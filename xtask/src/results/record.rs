//! docs/results.json: the one source of every result that the documentation quotes, and how its figures are named.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::quality::Quality;

/// Where it lies.
pub(super) const FILE: &str = "docs/results.json";

/// All results.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Record {
    /// Runs of the notebook by network, in the order of seeds.
    pub(super) recurrent: BTreeMap<String, Vec<Run>>,
    /// The notebook's own Keras, likewise.
    pub(super) keras: BTreeMap<String, Vec<Run>>,
    /// Other runs that the lesson tells of, by name and network.
    pub(super) lesson: BTreeMap<String, BTreeMap<String, Run>>,
    /// The norm of the loss' gradient by the state, so many steps before the end, by network: seed 0.
    pub(super) gradient: BTreeMap<String, BTreeMap<usize, f64>>,
    /// What was counted by commands that the pages show; written by hand.
    pub(super) measured: BTreeMap<String, f64>,
    /// docs/quality.json, which `cargo xtask quality` writes.
    #[serde(skip)]
    pub(super) quality: Quality,
}

/// A run of a network.
#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Run {
    pub(super) seed: u32,
    /// SHA-256 of the file of weights.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) weights: Option<String>,
    /// SHA-256 of the other files of the model's folder, by name; of a checkpoint its tensors alone, for its header has
    /// seconds, and of an evaluation all but the line with the checksum of `config.json`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) parts: BTreeMap<String, String>,
    pub(super) epochs: Vec<Epoch>,
}

/// Losses and accuracies after an epoch: training, then test.
#[derive(Debug, Default, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) struct Epoch {
    pub(super) train_loss: f64,
    pub(super) train_accuracy: f64,
    pub(super) test_loss: f64,
    pub(super) test_accuracy: f64,
}

/// What an epoch has four of.
pub(super) const QUANTITIES: [&str; 4] =
    ["train_loss", "train_accuracy", "test_loss", "test_accuracy"];

impl Epoch {
    /// One of [`QUANTITIES`].
    pub(super) fn get(&self, quantity: &str) -> Option<f64> {
        Some(match quantity {
            "train_loss" => self.train_loss,
            "train_accuracy" => self.train_accuracy,
            "test_loss" => self.test_loss,
            "test_accuracy" => self.test_accuracy,
            _ => return None,
        })
    }
}

impl Run {
    /// After the last epoch.
    pub(super) fn last(&self) -> Epoch {
        self.epochs.last().copied().unwrap_or_default()
    }

    /// The best test accuracy of its epochs.
    pub(super) fn best(&self) -> f64 {
        let accuracies = self.epochs.iter().map(|epoch| epoch.test_accuracy);
        accuracies.fold(0.0, f64::max)
    }

    /// A figure: `test_accuracy` (after the last epoch), `epoch3.test_loss`, `best`.
    fn figure(&self, name: &str) -> Option<f64> {
        if name == "best" {
            return Some(self.best());
        }
        match name.split_once('.') {
            None => self.last().get(name),
            Some((epoch, quantity)) => {
                let number: usize = epoch.strip_prefix("epoch")?.parse().ok()?;
                self.epochs.get(number.checked_sub(1)?)?.get(quantity)
            }
        }
    }
}

/// The mean and the standard deviation (n − 1).
pub(crate) fn moments(values: &[f64]) -> (f64, f64) {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let squares: f64 = values.iter().map(|x| (x - mean) * (x - mean)).sum();
    (mean, (squares / (count - 1.0).max(1.0)).sqrt())
}

impl Record {
    /// Reads the file of a repository.
    pub(super) fn read(root: &Path) -> Result<Self, Error> {
        let path = root.join(FILE);
        let bytes = std::fs::read(&path).map_err(Error::io(&path))?;
        let mut record: Self = serde_json::from_slice(&bytes).map_err(|source| Error::Json {
            command: FILE.to_owned(),
            source,
        })?;
        record.quality = Quality::read(root)?;
        Ok(record)
    }

    /// Whether the run of a network with seed 0 (of any network, where none is named) has a figure that is printed so, with
    /// four decimals.
    pub(super) fn is_of_seed_0(&self, network: Option<&str>, printed: &str) -> bool {
        let runs = self
            .recurrent
            .iter()
            .filter(|(name, _)| network.is_none_or(|network| network == name.as_str()))
            .flat_map(|(_, runs)| runs)
            .filter(|run| run.seed == 0);
        let mut epochs = runs.flat_map(|run| &run.epochs);
        epochs.any(|epoch| {
            let figures = QUANTITIES.iter().filter_map(|quantity| epoch.get(quantity));
            figures
                .into_iter()
                .any(|figure| format!("{figure:.4}") == printed)
        })
    }

    /// The figure of this name; none where there is none.
    ///
    /// `lstm.seed0.test_accuracy`, `lstm.seed0.epoch3.test_loss`, `lstm.seed0.best`, `lstm.mean.test_accuracy`,
    /// `lstm.deviation.test_loss`, `lstm.least.test_accuracy`, `lstm.most.best`, all these with `keras.` before them;
    /// `lesson.words-5000-0.lstm.epoch2.test_accuracy`; `gradient.lstm.20`; `measured.dense-reviews`;
    /// `quality.rung3.accuracy`, `quality.rung3.deviation`.
    pub(super) fn figure(&self, name: &str) -> Option<f64> {
        let (first, rest) = name.split_once('.')?;
        match first {
            "keras" => {
                let (network, rest) = rest.split_once('.')?;
                of_runs(self.keras.get(network)?, rest)
            }
            "lesson" => {
                let (run, rest) = rest.split_once('.')?;
                let (network, rest) = rest.split_once('.')?;
                self.lesson.get(run)?.get(network)?.figure(rest)
            }
            "gradient" => {
                let (network, steps) = rest.split_once('.')?;
                let steps: usize = steps.parse().ok()?;
                self.gradient.get(network)?.get(&steps).copied()
            }
            "measured" => self.measured.get(rest).copied(),
            "quality" => self.quality.figure(rest),
            network => of_runs(self.recurrent.get(network)?, rest),
        }
    }
}

fn of_runs(runs: &[Run], name: &str) -> Option<f64> {
    let (which, figure) = name.split_once('.')?;
    if let Some(seed) = which.strip_prefix("seed") {
        let seed: u32 = seed.parse().ok()?;
        return runs.iter().find(|run| run.seed == seed)?.figure(figure);
    }
    let values: Option<Vec<f64>> = runs.iter().map(|run| run.figure(figure)).collect();
    let values = values.filter(|values| !values.is_empty())?;
    match which {
        "mean" => Some(moments(&values).0),
        "deviation" => Some(moments(&values).1),
        "least" => values.into_iter().reduce(f64::min),
        "most" => values.into_iter().reduce(f64::max),
        _ => None,
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Two seeds of one network, two epochs each.
    pub(in crate::results) fn record() -> Record {
        let epoch = |test_accuracy: f64| Epoch {
            train_loss: 0.25,
            train_accuracy: 0.9,
            test_loss: 0.5,
            test_accuracy,
        };
        let run = |seed, accuracies: [f64; 2]| Run {
            seed,
            weights: Some(format!("{seed}{seed}")),
            parts: [("vocabulary".to_owned(), format!("a{seed}"))].into(),
            epochs: accuracies.map(epoch).to_vec(),
        };
        let runs = vec![run(0, [0.8, 0.7]), run(1, [0.6, 0.9])];
        Record {
            recurrent: [("lstm".to_owned(), runs.clone())].into(),
            keras: [("lstm".to_owned(), runs)].into(),
            measured: [("share".to_owned(), 0.725)].into(),
            ..Record::default()
        }
    }

    #[test]
    fn figures_have_names() {
        let record = record();
        for (name, expected) in [
            ("lstm.seed0.test_accuracy", Some(0.7)),
            ("lstm.seed0.best", Some(0.8)),
            ("lstm.seed1.epoch1.test_accuracy", Some(0.6)),
            ("lstm.mean.test_loss", Some(0.5)),
            ("lstm.least.test_accuracy", Some(0.7)),
            ("keras.lstm.most.best", Some(0.9)),
            ("measured.share", Some(0.725)),
            ("lstm.seed2.best", None),
            ("lstm.seed0.epoch3.test_loss", None),
            ("lstm.seed0.epoch0.test_loss", None),
            ("gru.seed0.best", None),
            ("lstm", None),
        ] {
            assert_eq!(record.figure(name), expected, "{name}");
        }
        let deviation = record.figure("lstm.deviation.test_accuracy").unwrap();
        assert!((deviation - 0.02f64.sqrt()).abs() < 1e-12);
    }
}
