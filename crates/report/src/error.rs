//! What can go wrong between a run's files and its report.

use std::path::PathBuf;

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// A file that cannot be read or written.
    #[error("{path}: {source}; a report is made from a folder that `recurrent reproduce` wrote")]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// A file that is there but is not what it should be.
    #[error(
        "{path} cannot be read as {what}: {reason}; run `recurrent reproduce` into this folder again"
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
    #[error("{path} holds no epoch of any network; let `recurrent reproduce` finish at least one")]
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
    /// For `map_err` beside a path.
    pub(crate) fn io(path: &std::path::Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { path, source }
    }
}
