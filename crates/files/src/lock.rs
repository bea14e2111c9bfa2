//! One process at a time writes into a folder.

use std::fs::{File, TryLockError};
use std::path::Path;

use crate::FileError;

/// A folder that this process alone writes into, until the value is dropped or the process ends, however it ends.
///
/// On Unix the folder itself is locked, so that nothing stays behind; elsewhere a file `.recurrent-lock` in it. Where
/// the file system knows no locks, there is none, and nothing is refused.
#[derive(Debug)]
#[must_use = "the lock ends when this is dropped"]
pub struct FolderLock {
    _file: Option<File>,
}

impl FolderLock {
    /// Locks `folder`, which must exist.
    ///
    /// # Errors
    /// [`FileError::Locked`] if another process has it (or this one, once more), and [`FileError::Io`].
    pub fn acquire(folder: &Path) -> Result<Self, FileError> {
        let file = open(folder)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: Some(file) }),
            Err(TryLockError::WouldBlock) => Err(FileError::Locked {
                path: folder.to_owned(),
            }),
            Err(TryLockError::Error(_)) => Ok(Self { _file: None }),
        }
    }
}

#[cfg(unix)]
fn open(folder: &Path) -> Result<File, FileError> {
    File::open(folder).map_err(FileError::read(folder))
}

#[cfg(not(unix))]
fn open(folder: &Path) -> Result<File, FileError> {
    let path = folder.join(".recurrent-lock");
    let mut options = File::options();
    options.write(true).create(true).truncate(false);
    options.open(&path).map_err(FileError::write(&path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_locked_until_it_is_let_go() {
        let folder = tempfile::tempdir().unwrap();
        let lock = FolderLock::acquire(folder.path()).unwrap();
        let error = FolderLock::acquire(folder.path()).unwrap_err();
        assert!(matches!(error, FileError::Locked { .. }), "{error}");
        drop(lock);
        drop(FolderLock::acquire(folder.path()).unwrap());
        let error = FolderLock::acquire(&folder.path().join("nowhere")).unwrap_err();
        assert!(error.is_not_found(), "{error}");
    }
}
