//! Fetching the official archive: what is fetched, and the seam behind which it happens.
//!
//! The HTTP client itself is in `http`, behind the feature `download`.

#[cfg(feature = "download")]
mod http;

use std::borrow::Cow;
use std::io;
use std::path::{Path, PathBuf};

use crate::advice;

#[cfg(feature = "download")]
pub use http::HttpDownload;

/// A file on a server, and how to tell that it arrived unharmed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteArchive {
    /// Where the file is.
    pub url: Cow<'static, str>,
    /// Its size in bytes.
    pub bytes: u64,
    /// Its SHA-256 in lower-case hexadecimal.
    pub sha256: Cow<'static, str>,
}

/// The Large Movie Review Dataset as its authors publish it (Maas et al., 2011).
pub const ACL_IMDB: RemoteArchive = RemoteArchive {
    url: Cow::Borrowed("https://ai.stanford.edu/~amaas/data/sentiment/aclImdb_v1.tar.gz"),
    bytes: 84_125_825,
    sha256: Cow::Borrowed("c40f74a18d3b61f90feba1e17730e0d38e8b97c05fde7008942e91923d1658fe"),
};

/// Something that can fetch the archive.
pub trait Download {
    /// Puts the archive at `target`, complete and verified, or leaves `target` alone.
    ///
    /// # Errors
    /// A [`DownloadError`] that says why the archive could not be had.
    fn fetch(&self, target: &Path) -> Result<(), DownloadError>;
}

/// A downloader that never fetches anything: for offline use, and for builds without the feature
/// `download`.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoDownload;

impl Download for NoDownload {
    fn fetch(&self, _target: &Path) -> Result<(), DownloadError> {
        Err(DownloadError::Disabled)
    }
}

/// Why a download failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DownloadError {
    /// Downloading was switched off, or left out of this build.
    #[error("downloading is switched off")]
    Disabled,
    /// The server could not be reached, or did not answer.
    #[error("{url}: no answer: {reason}; check the network and try again")]
    Unreachable {
        /// The address.
        url: String,
        /// What the network said.
        reason: String,
    },
    /// The server answered with something other than the file.
    #[error("{url}: the server answered with status {status}; try again later")]
    Status {
        /// The address.
        url: String,
        /// The HTTP status code.
        status: u16,
    },
    /// The connection broke off. What arrived is kept.
    #[error(
        "{url}: broke off after {done} of {total} bytes: {reason}; \
         run again to go on from {part}", part = .part.display()
    )]
    Interrupted {
        /// The address.
        url: String,
        /// Bytes that are there.
        done: u64,
        /// Bytes in all.
        total: u64,
        /// The file that holds them.
        part: PathBuf,
        /// What the network said.
        reason: String,
    },
    /// The server sends more than it should. What arrived is deleted.
    #[error("{url}: sends more than the {expected} bytes of the archive; it is not the same file")]
    WrongSize {
        /// The address.
        url: String,
        /// The size that was expected, in bytes.
        expected: u64,
    },
    /// The file arrived, but is another one. It is deleted.
    #[error("{url}: the file has SHA-256 {found}, expected {expected}; it was deleted, try again")]
    WrongHash {
        /// The address.
        url: String,
        /// The hash that was expected.
        expected: String,
        /// The hash of what arrived.
        found: String,
    },
    /// Another process is fetching the same file.
    #[error(
        "{part}: another process is fetching this file; wait until it is done and run again",
        part = .part.display()
    )]
    Busy {
        /// The file being written.
        part: PathBuf,
    },
    /// The file system refused.
    #[error(
        "{path}: cannot be written; {advice}", path = .path.display(),
        advice = advice::writing(.source.kind())
    )]
    Disk {
        /// The file or folder.
        path: PathBuf,
        /// The reason given by the operating system.
        source: io::Error,
    },
}

impl DownloadError {
    /// Whether nothing can be fetched here at all, rather than something having gone wrong.
    #[must_use]
    pub fn is_offline(&self) -> bool {
        matches!(self, Self::Disabled | Self::Unreachable { .. })
    }
}
