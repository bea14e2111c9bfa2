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

/// Writes `value` to `path` as indented JSON, through a temporary file beside it.
///
/// # Errors
/// [`TrainingError::File`]; nothing half-written stays.
pub fn write_json(path: &Path, value: &impl Serialize) -> Result<(), TrainingError> {
    let mut file = recurrent_files::replace(path)?;
    let written = serde_json::to_writer_pretty(&mut file, value).map_err(Into::into);
    let written = written.and_then(|()| file.write_all(b"\n"));
    written.map_err(file.failed())?;
    Ok(file.commit()?)
}
