//! docs/quality.json: what the test texts said of each rung, and what was tried.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::results::moments;

/// Where it lies.
const FILE: &str = "docs/quality.json";

/// All that is recorded.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Quality {
    /// By the rung's number.
    pub(crate) rungs: BTreeMap<String, RungRecord>,
    /// What was tried on the validation texts, in the order in which it was.
    pub(crate) trials: Vec<Trial>,
    /// The recipes on other sets, as they were.
    pub(crate) sets: Vec<Set>,
}

/// What the test texts said.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RungRecord {
    /// SHA-256 of each recipe's file, by its name and weight.
    pub(crate) recipes: BTreeMap<String, String>,
    pub(crate) date: String,
    pub(crate) machine: String,
    pub(crate) seeds: Vec<Seed>,
}

/// Of one seed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Seed {
    pub(crate) seed: u32,
    /// SHA-256 of the weights of each recipe.
    pub(crate) weights: Vec<String>,
    pub(crate) accuracy: f64,
    pub(crate) log_loss: f64,
    /// The expected calibration error.
    pub(crate) calibration: f64,
    /// Of training, with the judging after each epoch.
    pub(crate) seconds: f64,
}

/// Something that was tried.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Trial {
    /// The rung that it was tried for.
    pub(crate) rung: u32,
    /// What it was.
    pub(crate) what: String,
    /// Accuracy on the validation texts, seed by seed.
    pub(crate) accuracies: Vec<f64>,
    /// Of an epoch, and the epoch that was best.
    pub(crate) epoch: usize,
}

/// A recipe on another set of texts.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Set {
    pub(crate) name: String,
    pub(crate) texts: usize,
    pub(crate) classes: usize,
    pub(crate) recipe: String,
    pub(crate) accuracies: Vec<f64>,
    pub(crate) balanced: Vec<f64>,
    /// The share of the largest class.
    pub(crate) majority: f64,
}

impl Quality {
    /// Reads the file of a repository; nothing where there is none yet.
    pub(crate) fn read(root: &Path) -> Result<Self, Error> {
        let path = root.join(FILE);
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Self::default());
            }
            Err(error) => return Err(Error::io(&path)(error)),
        };
        serde_json::from_slice(&bytes).map_err(json)
    }

    pub(super) fn write(&self, root: &Path) -> Result<(), Error> {
        let path = root.join(FILE);
        let text = serde_json::to_string_pretty(self).map_err(json)?;
        let new = path.with_extension("json.new");
        std::fs::write(&new, text + "\n").map_err(Error::io(&new))?;
        std::fs::rename(&new, &path).map_err(Error::io(&path))
    }

    /// A figure by its name: `rung3.accuracy`, `rung3.deviation`, `rung3.seconds`, `rung3.calibration`, `rung3.log_loss`.
    pub(crate) fn figure(&self, name: &str) -> Option<f64> {
        let (rung, figure) = name.split_once('.')?;
        let record = self.rungs.get(rung.strip_prefix("rung")?)?;
        let of = |get: fn(&Seed) -> f64| moments(&record.each(get));
        Some(match figure {
            "accuracy" => of(|seed| seed.accuracy).0,
            "deviation" => of(|seed| seed.accuracy).1,
            "log_loss" => of(|seed| seed.log_loss).0,
            "calibration" => of(|seed| seed.calibration).0,
            "seconds" => of(|seed| seed.seconds).0,
            _ => return None,
        })
    }
}

fn json(source: serde_json::Error) -> Error {
    Error::Json {
        command: FILE.to_owned(),
        source,
    }
}

impl RungRecord {
    pub(crate) fn each(&self, get: fn(&Seed) -> f64) -> Vec<f64> {
        self.seeds.iter().map(get).collect()
    }

    /// The means, for a terminal.
    pub(super) fn line(&self) -> String {
        let (mean, deviation) = moments(&self.each(|seed| seed.accuracy));
        let (seconds, _) = moments(&self.each(|seed| seed.seconds));
        format!(
            "seeds {}: accuracy {mean:.4} ± {deviation:.4}, {seconds:.0} s of training a seed",
            self.seeds.len()
        )
    }
}

impl Seed {
    /// For a terminal.
    pub(super) fn line(&self) -> String {
        let weights: Vec<&str> = self
            .weights
            .iter()
            .map(|hash| hash.get(..12).unwrap_or(hash))
            .collect();
        format!(
            "seed {}: accuracy {:.4}, log loss {:.4}, calibration error {:.4}, {:.0} s, weights {}",
            self.seed,
            self.accuracy,
            self.log_loss,
            self.calibration,
            self.seconds,
            weights.join(" ")
        )
    }

    /// Whether it says the same, but for the time that it took.
    pub(super) fn is_as(&self, other: &Self) -> bool {
        let same = |one: f64, other: f64| (one - other).abs() < 1e-12;
        (self.seed, &self.weights) == (other.seed, &other.weights)
            && same(self.accuracy, other.accuracy)
            && same(self.log_loss, other.log_loss)
            && same(self.calibration, other.calibration)
    }
}
