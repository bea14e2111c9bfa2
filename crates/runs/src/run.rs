//! `run.json`: how a run was made.

use serde::{Deserialize, Serialize};

use crate::{Invalid, VERSION, ensure};

/// What `run.json` says of how a run was made. What an older run did not note is empty.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RunInfo {
    /// Version of the file: see [`VERSION`]. Files of 0.1 name none, which reads as 0.
    pub version: u32,
    /// Version of the command.
    pub recurrent: String,
    /// Version of burn.
    pub burn: String,
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
    /// Size of the vocabulary asked for, padding and `[UNK]` included.
    pub max_tokens: usize,
    /// Tokens kept of each review.
    pub length: usize,
    /// The data set's name.
    pub dataset: String,
    /// SHA-256 of the data set, in hexadecimal digits.
    pub dataset_sha256: String,
    /// SHA-256 of the fitted vectorizer, in hexadecimal digits; empty in files of 0.1.
    pub vectorizer_sha256: String,
    /// Whether that was the bundled sample.
    pub sample: bool,
    /// The networks to train, in order; empty in files of 0.1.
    pub networks: Vec<String>,
    /// The commit the command was built from, where known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// What to keep in mind about the data.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl RunInfo {
    /// What the results of the run depend on, in words: equal for a run and one that went on from it.
    pub fn identity(&self) -> String {
        format!(
            "data {}, vectorizer {}, {} tokens, length {}, seed {}, on {}",
            self.dataset_sha256,
            self.vectorizer_sha256,
            self.max_tokens,
            self.length,
            self.seed,
            self.backend
        )
    }

    /// Whether this program can read such a file.
    ///
    /// # Errors
    /// [`Invalid`] for a file of a later version.
    pub fn check(&self) -> Result<(), Invalid> {
        ensure(self.version <= VERSION, || {
            format!(
                "is of version {}, and this program reads versions up to {VERSION}",
                self.version
            )
        })
    }
}
