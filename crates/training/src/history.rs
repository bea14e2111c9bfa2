//! What a run leaves behind as data: one record per network and epoch.

use std::io::Write;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::TrainingError;

/// Mean loss and accuracy over a split.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// Mean binary cross-entropy, nats.
    pub loss: f64,
    /// Share of right verdicts, 0 to 1.
    pub accuracy: f64,
}

/// One epoch of one network; `history.json` is an array of these.
///
/// Train figures are running means over the epoch, each taken before its update, as in Keras; test
/// figures are those of the weights after the epoch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EpochRecord {
    /// Which network.
    pub network: String,
    /// Epoch, from 1.
    pub epoch: usize,
    /// Mean loss over the training split.
    pub train_loss: f64,
    /// Accuracy over the training split, 0 to 1.
    pub train_accuracy: f64,
    /// Mean loss over the test split.
    pub test_loss: f64,
    /// Accuracy over the test split, 0 to 1.
    pub test_accuracy: f64,
    /// Wall time of the epoch with its evaluation.
    pub seconds: f64,
}

/// Writes `value` to `path` as indented JSON, through a temporary file beside it.
///
/// # Errors
/// [`TrainingError::Io`]; nothing half-written stays.
pub fn write_json(path: &Path, value: &impl Serialize) -> Result<(), TrainingError> {
    let io = |source| TrainingError::Io {
        path: path.to_owned(),
        source,
    };
    let mut file = recurrent_files::replace(path).map_err(io)?;
    serde_json::to_writer_pretty(&mut file, value).map_err(|error| io(error.into()))?;
    file.write_all(b"\n").map_err(io)?;
    file.commit().map_err(io)
}
