//! What an unpacking has created so far, and taking it away from wherever one is.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::error::DataError;

/// A handle on what an unpacking creates, for a thread that waits for signals.
///
/// Clones are handles on the same unpacking. Give one to
/// [`Extracted::unpack_tracked`](super::Extracted::unpack_tracked), keep the other, and call
/// [`remove_now`](Self::remove_now) when the program is to end: it takes away the temporary folder as
/// well as the folder that was unpacked, whichever there is at that moment. One handle serves one
/// unpacking.
#[derive(Clone, Debug, Default)]
pub struct Cleanup {
    created: Arc<RwLock<Created>>,
}

impl Cleanup {
    /// A handle on an unpacking that has not begun.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Stops the unpacking, if it is still going on, and removes what it created.
    ///
    /// Files that are being written are waited for; after that, the unpacking thread gets
    /// [`DataError::Stopped`] and creates nothing more. Called a second time, or after everything is
    /// gone, it does nothing.
    ///
    /// # Errors
    /// [`DataError::Remove`] with the first file or folder that could not be deleted; the others are
    /// deleted all the same.
    pub fn remove_now(&self) -> Result<(), DataError> {
        let mut created = self.write();
        created.stopped = true;
        created.delete()
    }

    /// To create something: as long as this is held, nothing is taken away.
    pub(super) fn read(&self) -> Result<RwLockReadGuard<'_, Created>, DataError> {
        let created = self.created.read().unwrap_or_else(PoisonError::into_inner);
        if created.stopped {
            return Err(DataError::Stopped);
        }
        Ok(created)
    }

    /// To note down what was created, or to forget it.
    pub(super) fn write(&self) -> RwLockWriteGuard<'_, Created> {
        self.created.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// As [`write`](Self::write), unless [`remove_now`](Self::remove_now) was called.
    pub(super) fn go_on(&self) -> Result<RwLockWriteGuard<'_, Created>, DataError> {
        let created = self.write();
        if created.stopped {
            return Err(DataError::Stopped);
        }
        Ok(created)
    }
}

/// What was created.
#[derive(Debug, Default)]
pub(super) struct Created {
    pub(super) stopped: bool,
    /// The folder that is unpacked into first. All of it is the unpacking's own.
    pub(super) temporary: Option<PathBuf>,
    /// Files created, the marker last.
    pub(super) files: Vec<PathBuf>,
    /// Folders created, each before the folder it lies in.
    pub(super) folders: Vec<PathBuf>,
    /// Holds the lock on the marker.
    pub(super) lock: Option<File>,
}

impl Created {
    /// Deletes the files, then the folders that are empty now.
    pub(super) fn delete(&mut self) -> Result<(), DataError> {
        let mut first = Ok(());
        let mut note = |path: &Path, outcome: io::Result<()>| {
            if let Err(source) = outcome
                && !matches!(
                    source.kind(),
                    io::ErrorKind::NotFound | io::ErrorKind::DirectoryNotEmpty
                )
                && first.is_ok()
            {
                let path = path.to_path_buf();
                first = Err(DataError::Remove { path, source });
            }
        };
        self.lock = None;
        if let Some(path) = self.temporary.take() {
            note(&path, fs::remove_dir_all(&path));
        }
        for path in self.files.drain(..) {
            note(&path, fs::remove_file(&path));
        }
        for path in self.folders.drain(..) {
            note(&path, fs::remove_dir(&path));
        }
        first
    }
}
