//! `run.json`: how a run was made.

use serde::{Deserialize, Serialize};

use crate::names::{check_line, check_sha256};
use crate::{Invalid, check_name, check_version, ensure};

/// What `run.json` says of how a run was made. What an older run did not note is empty.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RunInfo {
    /// Version of the file: see [`VERSION`](crate::VERSION). Files of 0.1 name none, which reads as 0.
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
    /// The texts that epochs are evaluated on: `test` or `validation`; empty, which means `test`, in older files.
    pub held_out: String,
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
    /// SHA-256 of everything else that was set, but for the seed, where other settings are possible: of `recurrent train`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub config_sha256: String,
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

/// The most networks of a run.
const MOST_NETWORKS: usize = 1000;

impl RunInfo {
    /// The name of the texts that epochs are evaluated on.
    pub fn held_out(&self) -> &str {
        match self.held_out.as_str() {
            "" => "test",
            name => name,
        }
    }

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

    /// Whether this can be the description of a run that this program can read.
    ///
    /// # Errors
    /// [`Invalid`] for a file of a later version, checksums that are none, names that no network has, and texts longer
    /// than a line.
    pub fn check(&self) -> Result<(), Invalid> {
        check_version(self.version)?;
        for (field, text) in [
            ("recurrent", &self.recurrent),
            ("burn", &self.burn),
            ("backend", &self.backend),
            ("cpu", &self.cpu),
            ("isa", &self.isa),
            ("held_out", &self.held_out),
            ("dataset", &self.dataset),
        ] {
            check_line(field, text)?;
        }
        check_line("commit", self.commit.as_deref().unwrap_or_default())?;
        check_line("note", self.note.as_deref().unwrap_or_default())?;
        check_sha256("dataset_sha256", &self.dataset_sha256)?;
        check_sha256("vectorizer_sha256", &self.vectorizer_sha256)?;
        check_sha256("config_sha256", &self.config_sha256)?;
        ensure(self.networks.len() <= MOST_NETWORKS, || {
            format!(
                "names {} networks, more than {MOST_NETWORKS}",
                self.networks.len()
            )
        })?;
        self.networks.iter().try_for_each(|name| check_name(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_run_has_is_named() {
        RunInfo::default().check().unwrap();
        type Change = fn(&mut RunInfo);
        let changes: [(&str, Change); 6] = [
            ("version 4", |info| info.version = 4),
            ("dataset_sha256", |info| {
                info.dataset_sha256 = "\u{1b}".repeat(64);
            }),
            ("vectorizer_sha256", |info| {
                info.vectorizer_sha256 = "ab".to_owned();
            }),
            ("../elsewhere", |info| {
                info.networks = vec!["../elsewhere".to_owned()];
            }),
            ("in dataset", |info| info.dataset = "a".repeat(100_000)),
            ("1001 networks", |info| {
                info.networks = vec!["lstm".to_owned(); 1001];
            }),
        ];
        for (named, change) in changes {
            let mut info = RunInfo::default();
            change(&mut info);
            let Invalid(reason) = info.check().unwrap_err();
            assert!(reason.contains(named), "{reason}");
            assert!(
                reason.len() < 600 && !reason.contains('\u{1b}'),
                "{reason:?}"
            );
        }
    }
}
