//! What can go wrong between a run's files and its report.

use std::path::{Path, PathBuf};

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReportError {
    /// A file that cannot be read or written.
    #[error(transparent)]
    File(#[from] recurrent_files::FileError),
    /// A folder that is none of a run.
    #[error("{} has no run.json and is no run's folder; {advice}", .path.display())]
    NoRun {
        /// The folder.
        path: PathBuf,
        /// What to name instead.
        advice: String,
    },
    /// A file that is there but is not what it should be.
    #[error("{} cannot be read as {what}: {reason}", .path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What it should hold.
        what: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// Files of one folder that are of two runs.
    #[error(
        "{} and the run.json beside it are of two runs: {reason}; let `recurrent reproduce` finish in this folder, or \
         name another", .path.display()
    )]
    Mixed {
        /// The file that does not fit.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// Runs without a single epoch.
    #[error("{} holds no epoch of any network; let `recurrent reproduce` finish at least one", .path.display())]
    Empty {
        /// The first run's folder.
        path: PathBuf,
    },
    /// A run that is given twice.
    #[error(
        "{} and {} are one run, not two repetitions: {reason}; name it once, or train one with another --seed",
        .first.display(), .second.display()
    )]
    Twice {
        /// The run.
        first: PathBuf,
        /// The same again.
        second: PathBuf,
        /// How it shows.
        reason: String,
    },
    /// Runs that should be alike and are not.
    #[error(
        "{} and {} have the same settings and the same seed {seed}, but other figures of {}: they are no repetitions \
         to take a mean of, and nothing in their run.json tells them apart; report them one at a time",
        .first.display(), .second.display(), recurrent_files::quoted(.network)
    )]
    Unlike {
        /// A run.
        first: PathBuf,
        /// Another with the same settings.
        second: PathBuf,
        /// The seed of both.
        seed: u64,
        /// The network whose figures differ.
        network: String,
    },
    /// A chart that cannot be drawn.
    #[error("the chart {} cannot be drawn: {reason}", recurrent_files::quoted(.chart))]
    Chart {
        /// Its title.
        chart: String,
        /// The drawing library's reason.
        reason: String,
    },
    /// The page's template fails.
    #[error("the page cannot be put together; please report this")]
    Page(#[from] askama::Error),
}

impl ReportError {
    /// For `map_err` beside the path of what was checked.
    pub(crate) fn invalid(
        path: &Path,
        what: &'static str,
    ) -> impl FnOnce(recurrent_runs::Invalid) -> Self {
        let path = path.to_owned();
        move |recurrent_runs::Invalid(reason)| Self::Content {
            path,
            what,
            reason: format!("it {reason}"),
        }
    }

    /// A file that is no JSON, or lacks what it should have; `reason` is the JSON library's.
    pub(crate) fn content(path: &Path, what: &'static str, reason: &str) -> Self {
        Self::Content {
            path: path.to_owned(),
            what,
            reason: format!(
                "{}; restore the file, or let `recurrent reproduce` write it again",
                recurrent_files::reason(reason)
            ),
        }
    }
}
