//! Why the campaign itself cannot go on; what it finds is no error.

use std::io;
use std::path::PathBuf;

/// What keeps the campaign from judging.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// A file or folder of the campaign's own.
    #[error("{} cannot be used; check that it exists and that the disk has room", .path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The command under test cannot be started.
    #[error("{} cannot be started; build it with `cargo build --release -p recurrent-cli`", .program.display())]
    Start {
        /// The command.
        program: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// What has to work before anything is damaged does not.
    #[error("the undamaged case fails already, so that nothing can be judged: {what}")]
    Baseline {
        /// What was run and what it said.
        what: String,
    },
}

impl Error {
    /// For `map_err` where `path` is used.
    pub(crate) fn io(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { path, source }
    }
}
