//! The files of a run, and what they hold.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use recurrent_files::read_text_at_most;
use recurrent_runs::{EpochRecord, Evaluation, RunInfo, check_history, networks};
use serde::de::DeserializeOwned;

use crate::ReportError;

/// A run's folder, read.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// The folder.
    pub folder: PathBuf,
    /// How it was made.
    pub info: RunInfo,
    /// All epochs of all networks, in the order of training.
    pub history: Vec<EpochRecord>,
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
        let path = folder.join("run.json");
        let info: RunInfo = read(&path, "a run's description")?;
        info.check()
            .map_err(ReportError::invalid(&path, "a run's description"))?;
        let path = folder.join("history.json");
        let history: Vec<EpochRecord> = read(&path, "a history of epochs")?;
        check_history(&history).map_err(ReportError::invalid(&path, "a history of epochs"))?;
        if history.is_empty() {
            return Err(ReportError::Empty {
                path: folder.to_owned(),
            });
        }
        let mut evaluations = BTreeMap::new();
        for record in &history {
            let path = folder.join(&record.network).join("evaluation.json");
            if !evaluations.contains_key(&record.network) && path.exists() {
                evaluations.insert(record.network.clone(), load_evaluation(&path)?);
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
        networks(&self.history)
    }

    /// The epochs of one network.
    pub fn epochs<'a>(&'a self, network: &'a str) -> impl Iterator<Item = &'a EpochRecord> {
        self.history
            .iter()
            .filter(move |record| record.network == network)
    }
}

/// Reads an `evaluation.json`.
///
/// # Errors
/// [`ReportError::File`] and [`ReportError::Content`] name the file.
pub fn load_evaluation(path: &Path) -> Result<Evaluation, ReportError> {
    let evaluation: Evaluation = read(path, "an evaluation")?;
    evaluation
        .check()
        .map_err(ReportError::invalid(path, "an evaluation"))?;
    Ok(evaluation)
}

/// The most bytes of a run's file: an evaluation of a million reviews has some 15 MB.
const LIMIT: u64 = 1 << 30;

fn read<T: DeserializeOwned>(path: &Path, what: &'static str) -> Result<T, ReportError> {
    let text = read_text_at_most(path, LIMIT)?;
    serde_json::from_str(&text).map_err(|error| ReportError::Content {
        path: path.to_owned(),
        what,
        reason: error.to_string(),
    })
}
