//! Why no libtorch could be had, and what to do about it.

use std::io;
use std::path::{Path, PathBuf};

/// Errors of `cargo xtask libtorch` and of what calls it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum LibtorchError {
    /// Neither `HOME` nor a variable for caches is set.
    #[error(
        "there is no folder for caches: set HOME or XDG_CACHE_HOME, or LIBTORCH to a libtorch of yours"
    )]
    NoCache,
    /// A file or folder could not be read or written.
    #[error("{path}: {source}; check the space on the disk and that you may write there", path = path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A folder that is no libtorch.
    #[error(
        "{path} is no libtorch: {missing} is missing; {remedy}", path = path.display()
    )]
    Missing {
        /// The folder.
        path: PathBuf,
        /// What is not in it.
        missing: &'static str,
        /// What to do.
        remedy: &'static str,
    },
    /// A libtorch without CUDA where CUDA is wanted.
    #[error(
        "the libtorch at {path} has no {library}, so it cannot use a GPU; unset LIBTORCH to have one \
         fetched, name one built for CUDA, or use --backend libtorch-cpu", path = path.display()
    )]
    NoCuda {
        /// The folder.
        path: PathBuf,
        /// The library that is missing.
        library: &'static str,
    },
    /// A program that does not start.
    #[error(
        "the command was built, but does not start: {library} is neither in {folder} nor where the system \
         looks; {remedy}", folder = folder.display()
    )]
    LibraryMissing {
        /// What the loader looked for.
        library: String,
        /// The libtorch it was built with.
        folder: PathBuf,
        /// What to do.
        remedy: &'static str,
    },
    /// A libtorch that the crates do not build with.
    #[error(
        "LIBTORCH names version {version} ({path}), but burn's tch 0.22 needs 2.9.0 (2.11.0 also builds); \
         unset LIBTORCH to have one fetched, or name one of these", path = path.display()
    )]
    Version {
        /// The folder.
        path: PathBuf,
        /// What it says.
        version: String,
    },
    /// No Python with pip.
    #[error("no Python with pip answers; install one (Debian: apt install python3-pip)")]
    NoPip,
    /// pip could not do its part.
    #[error("pip {doing} failed: {reason}")]
    Pip {
        /// What it was to do.
        doing: &'static str,
        /// The end of what it said.
        reason: String,
    },
    /// What a program said is not what was asked for.
    #[error("what pip or this program wrote makes no sense: {reason}")]
    Report {
        /// What is wrong.
        reason: String,
    },
    /// A file is not the one it should be.
    #[error(
        "{path} has the SHA-256 {found}, but should have {expected}; it has been removed: try again, and if \
         the error stays, do not trust the source", path = path.display()
    )]
    Hash {
        /// The file.
        path: PathBuf,
        /// What was found.
        found: String,
        /// What it should be.
        expected: String,
    },
    /// A damaged archive.
    #[error("{path} cannot be unpacked: {reason}; remove it and try again", path = path.display())]
    Unpack {
        /// The archive.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// curl could not do its part.
    #[error("{0}")]
    Download(String),
    /// No archive is published for that.
    #[error("there is no official archive of libtorch {0} for this system")]
    NoArchive(&'static str),
    /// What was put together is not whole.
    #[error("{path} is not whole; remove it and try again", path = .0.display())]
    Incomplete(PathBuf),
    /// Neither source answers.
    #[error(
        "libtorch {version} cannot be had.\n  wheel: {wheel}\n  archive: {archive}\n\
         What helps: a network connection (behind a proxy set HTTPS_PROXY; for a mirror of the package \
         index set PIP_INDEX_URL); or unpack a libtorch {version} yourself and name its folder in \
         LIBTORCH; or use --backend flex, which needs none of it"
    )]
    NoSource {
        /// The version looked for.
        version: &'static str,
        /// Why not from the wheel.
        wheel: String,
        /// Why not from the archive.
        archive: String,
    },
}

impl LibtorchError {
    /// Attaches the path to an input or output error.
    pub(super) fn io(path: &Path) -> impl Fn(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io {
            path: path.clone(),
            source,
        }
    }

    /// Whether another source is of no use: what is wrong lies here, or must not be passed over.
    pub(super) fn is_final(&self) -> bool {
        matches!(self, Self::Io { .. } | Self::Hash { .. })
    }
}
