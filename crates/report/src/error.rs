//! What can go wrong between a run's files and its report.

use std::path::PathBuf;

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReportError {
    /// A file that cannot be read or written.
    #[error(transparent)]
    File(#[from] recurrent_files::FileError),
    /// A file that is there but is not what it should be.
    #[error(
        "{} cannot be read as {what}: {reason}; run `recurrent reproduce` into this folder again", .path.display()
    )]
    Content {
        /// The file.
        path: PathBuf,
        /// What it should hold.
        what: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// Runs without a single epoch.
    #[error("{} holds no epoch of any network; let `recurrent reproduce` finish at least one", .path.display())]
    Empty {
        /// The first run's folder.
        path: PathBuf,
    },
    /// A chart that cannot be drawn.
    #[error("the chart {chart:?} cannot be drawn: {reason}")]
    Chart {
        /// Its title.
        chart: String,
        /// The drawing library's reason.
        reason: String,
    },
    /// The page's template fails.
    #[error("the page cannot be written: {0}")]
    Page(#[from] askama::Error),
}

impl ReportError {
    /// For `map_err` beside the path of what was checked.
    pub(crate) fn invalid(
        path: &std::path::Path,
        what: &'static str,
    ) -> impl FnOnce(recurrent_runs::Invalid) -> Self {
        let path = path.to_owned();
        move |recurrent_runs::Invalid(reason)| Self::Content {
            path,
            what,
            reason: format!("it {reason}"),
        }
    }
}
