//! The error of a file that cannot be read, written, removed or locked.

use std::io;
use std::path::{Path, PathBuf};

/// What was to be done with a file or folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// To read it.
    Read,
    /// To write or create it.
    Write,
    /// To remove it.
    Remove,
}

/// A file or folder that could not be read, written, removed or locked.
///
/// The message names the path, and what to do according to the system's reason. The reason itself is the
/// [`source`](std::error::Error::source) and not repeated.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// The system refused.
    #[error("{} cannot be {}; {}", .path.display(), action.participle(), action.advice(source))]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What was to be done with it.
        action: Action,
        /// The system's reason.
        source: io::Error,
    },
    /// The file is larger than anything of its kind.
    #[error(
        "{} has more than {limit} bytes, which is more than such a file can have; check that it is the right one",
        .path.display()
    )]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The most bytes that are read.
        limit: u64,
    },
    /// The file is not text.
    #[error(
        "{} is not UTF-8 text: byte {offset} belongs to no character; write the file again, or save it as UTF-8",
        .path.display()
    )]
    NotUtf8 {
        /// The file.
        path: PathBuf,
        /// Position of the first byte that is not UTF-8, from 0.
        offset: usize,
    },
    /// Another process is writing into the folder.
    #[error(
        "another process is writing into {}; wait until it has ended, or name another folder", .path.display()
    )]
    Locked {
        /// The folder.
        path: PathBuf,
    },
}

impl FileError {
    /// For `map_err` where `path` was read.
    pub fn read(path: &Path) -> impl FnOnce(io::Error) -> Self {
        Self::io(path, Action::Read)
    }

    /// For `map_err` where `path` was written or created.
    pub fn write(path: &Path) -> impl FnOnce(io::Error) -> Self {
        Self::io(path, Action::Write)
    }

    /// For `map_err` where `path` was removed.
    pub fn remove(path: &Path) -> impl FnOnce(io::Error) -> Self {
        Self::io(path, Action::Remove)
    }

    fn io(path: &Path, action: Action) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io {
            path,
            action,
            source,
        }
    }

    /// Whether there is no such file.
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::Io { source, .. } if source.kind() == io::ErrorKind::NotFound)
    }

    /// The file or folder.
    pub fn path(&self) -> &Path {
        match self {
            Self::Io { path, .. }
            | Self::TooLarge { path, .. }
            | Self::NotUtf8 { path, .. }
            | Self::Locked { path } => path,
        }
    }
}

impl Action {
    fn participle(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "written",
            Self::Remove => "removed",
        }
    }

    /// What to do about the system's reason.
    fn advice(self, reason: &io::Error) -> &'static str {
        use io::ErrorKind as Kind;
        match (reason.kind(), self) {
            (Kind::NotFound, Self::Read | Self::Remove) => "check the path",
            (Kind::NotFound, Self::Write) => "make the folder first, or name another",
            (Kind::PermissionDenied, Self::Read) => "check that you may read it",
            (Kind::PermissionDenied, _) => "check that you may write there, or name another place",
            (Kind::ReadOnlyFilesystem, _) => "the disk can only be read; name another place",
            (Kind::StorageFull | Kind::QuotaExceeded, _) => "free some space and try again",
            (Kind::FileTooLarge, _) => "its disk or a limit allows no file as large",
            (Kind::IsADirectory, Self::Read) => "it is a folder; name a file",
            (Kind::IsADirectory, _) => {
                "a folder of that name stands in the way; move it, or name another place"
            }
            (Kind::NotADirectory, _) => {
                "a part of the path is a file and no folder; correct the path"
            }
            (Kind::AlreadyExists, _) => "move what is there, or name another place",
            (Kind::InvalidFilename, _) => "choose a shorter or simpler name",
            (_, Self::Read) => "check the disk, and try again",
            (_, Self::Write | Self::Remove) => "check the disk, or name another place",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;

    use super::*;

    #[test]
    fn the_advice_fits_the_reason_and_the_reason_is_not_repeated() {
        for (kind, action, advice) in [
            (io::ErrorKind::StorageFull, Action::Write, "free some space"),
            (io::ErrorKind::NotFound, Action::Read, "check the path"),
            (io::ErrorKind::NotFound, Action::Write, "make the folder"),
            (io::ErrorKind::PermissionDenied, Action::Read, "may read"),
            (
                io::ErrorKind::IsADirectory,
                Action::Write,
                "stands in the way",
            ),
        ] {
            let reason = io::Error::new(kind, "the reason");
            let error = FileError::io(Path::new("a/file"), action)(reason);
            let text = error.to_string();
            assert!(text.contains(advice) && text.contains("a/file"), "{text}");
            assert!(!text.contains("the reason"), "{text}");
            assert_eq!(error.source().unwrap().to_string(), "the reason");
        }
    }
}
