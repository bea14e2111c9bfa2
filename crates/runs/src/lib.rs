//! What the files of a run hold, as structs, with one definition and one version for whoever writes or reads them.
//!
//! A run's folder has `run.json` ([`RunInfo`]), `history.json` (an array of [`EpochRecord`]s) and, for each network,
//! `NETWORK/evaluation.json` ([`Evaluation`]). A model that `recurrent train` left is a run of one network, whose files lie
//! beside each other. Each type says by its `check` what its numbers may be. The `config.json` of a model is a
//! [`ModelFile`].
//!
//! This crate reads and writes no files, and depends on serde alone.

mod evaluation;
mod history;
mod model;
mod names;
mod numbers;
mod run;

pub use evaluation::{Evaluation, GradientCurve, JudgedReview, Quantiles, TracedReview};
pub use history::{EpochRecord, check_history, networks};
pub use model::{Cut, ModelFile};
pub use names::{check_class, check_name};
pub use run::RunInfo;

/// The version of these files. Files that name none are of 0.1, the first release, and are read; those of a later
/// one are refused.
pub const VERSION: u32 = 3;

/// What is wrong with the content of a file, in words that complete "it …": "it names no classes".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalid(pub String);

impl std::fmt::Display for Invalid {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Invalid {}

/// For `check`s: an error with this reason unless `holds`.
fn ensure(holds: bool, reason: impl FnOnce() -> String) -> Result<(), Invalid> {
    if holds {
        Ok(())
    } else {
        Err(Invalid(reason()))
    }
}

/// Whether this program reads files of that version.
fn check_version(version: u32) -> Result<(), Invalid> {
    ensure(version <= VERSION, || {
        format!(
            "is of version {version}, and this program reads versions up to {VERSION}; update `recurrent`"
        )
    })
}

/// Whether a number is a probability or a share.
fn is_share(value: f64) -> bool {
    (0.0..=1.0).contains(&value)
}
