//! What an unpacking leaves that was killed, and how the next one knows it.
//!
//! Into each folder that is unpacked goes a hidden file first, the marker, which lists what will be
//! written. Its process holds a lock on it. A folder with a marker that nobody has locked was left by a
//! process that is gone, and what its marker lists may be removed; nothing else.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use recurrent_corpus::Split;

use crate::error::DataError;
use crate::names::parts_of;

/// The name of the marker.
pub(super) const MARKER: &str = ".recurrent-extracted";
/// Its first line.
const HEADING: &str = "Unpacked by recurrent, which removes it at its end or at its next start:";
/// What temporary folders are called, and the folder inside.
pub(super) const TEMPORARY: &str = ".unpacking-";
pub(super) const INSIDE: &str = "reviews";
/// After so long, an empty temporary folder belongs to nobody.
const EMPTY_FOR: Duration = Duration::from_secs(60);

/// Writes the marker into a new folder and locks it.
pub(super) fn mark(folder: &Path, entries: &[String]) -> io::Result<File> {
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create_new(true)
        .open(folder.join(MARKER))?;
    lock(&file)?;
    writeln!(file, "{HEADING}")?;
    file.write_all(entries.join("\n").as_bytes())?;
    Ok(file)
}

/// Locks the marker; where locks are not to be had, it stays unlocked.
pub(super) fn lock(file: &File) -> io::Result<()> {
    match file.try_lock() {
        Err(TryLockError::Error(error)) if error.kind() != io::ErrorKind::Unsupported => Err(error),
        Err(TryLockError::WouldBlock) => Err(io::ErrorKind::ResourceBusy.into()),
        _ => Ok(()),
    }
}

/// The marker of a folder, if it has one.
enum Marker {
    None,
    Busy,
    Left(File),
}

impl Marker {
    fn of(folder: &Path) -> Self {
        let path = folder.join(MARKER);
        if !fs::symlink_metadata(&path).is_ok_and(|metadata| metadata.is_file()) {
            return Self::None;
        }
        match OpenOptions::new().read(true).write(true).open(path) {
            Err(_) => Self::Busy,
            Ok(file) => match file.try_lock() {
                Ok(()) => Self::Left(file),
                Err(_) => Self::Busy,
            },
        }
    }
}

/// Removes what a process that is gone has unpacked to `target`; says whether there was any.
///
/// # Errors
/// [`DataError::TargetBusy`] if the process is still there, [`DataError::TargetInUse`] if something
/// else lies in the folder as well, and [`DataError::Remove`].
pub(super) fn remove_from(target: &Path) -> Result<bool, DataError> {
    let mut marker = match Marker::of(target) {
        Marker::None => return Ok(false),
        Marker::Busy => {
            return Err(DataError::TargetBusy {
                target: target.to_path_buf(),
            });
        }
        Marker::Left(marker) => marker,
    };
    let mut text = String::new();
    let read = marker.read_to_string(&mut text);
    read.map_err(|source| DataError::read(&target.join(MARKER), source))?;
    let Some(entries) = text.strip_prefix(HEADING) else {
        return Ok(false);
    };
    let remove = |path: &Path, outcome: io::Result<()>| match outcome {
        Err(source) if source.kind() != io::ErrorKind::NotFound => Err(DataError::Remove {
            path: path.to_path_buf(),
            source,
        }),
        _ => Ok(()),
    };
    let mut folders = BTreeSet::new();
    for entry in entries.lines() {
        // Anybody may have written the marker: only what could be a review's name is believed.
        let Ok([split, class, file]) =
            <[&str; 3]>::try_from(parts_of(entry, false).unwrap_or_default())
        else {
            continue;
        };
        let folder = target.join(split).join(class);
        let known = folders.contains(&folder);
        let is_own = |path: &Path| fs::symlink_metadata(path).is_ok_and(|found| found.is_dir());
        if Split::from_name(split).is_some()
            && (known || (is_own(&target.join(split)) && is_own(&folder)))
        {
            let path = folder.join(file);
            remove(&path, fs::remove_file(&path))?;
            folders.insert(folder);
        }
    }
    for folder in &folders {
        // What is not empty holds something else, and is seen below.
        let _ = fs::remove_dir(folder);
    }
    for split in Split::ALL {
        let _ = fs::remove_dir(target.join(split.name()));
    }
    let others = fs::read_dir(target)
        .map_err(|source| DataError::read(target, source))?
        .any(|item| item.is_ok_and(|item| item.file_name() != MARKER));
    if others {
        return Err(DataError::TargetInUse {
            target: target.to_path_buf(),
        });
    }
    let path = target.join(MARKER);
    drop(marker);
    remove(&path, fs::remove_file(&path))?;
    Ok(true)
}

/// Removes temporary folders in `parent` whose processes are gone. Best effort: what stays does no harm
/// but to the space on the disk.
pub(super) fn sweep(parent: &Path) {
    let Ok(items) = fs::read_dir(parent) else {
        return;
    };
    for item in items.flatten() {
        let is_temporary = item.file_name().to_string_lossy().starts_with(TEMPORARY)
            && item.file_type().is_ok_and(|kind| kind.is_dir());
        if !is_temporary {
            continue;
        }
        let path = item.path();
        match Marker::of(&path.join(INSIDE)) {
            Marker::Left(marker) => {
                drop(marker);
                let _ = fs::remove_dir_all(&path);
            }
            Marker::None if is_old(&path) => remove_empty(&path),
            Marker::None | Marker::Busy => {}
        }
    }
}

fn is_old(path: &PathBuf) -> bool {
    let age = fs::metadata(path)
        .and_then(|metadata| metadata.modified())
        .ok()
        .and_then(|modified| modified.elapsed().ok());
    age.is_some_and(|age| age > EMPTY_FOR)
}

/// Removes a temporary folder that its process did not come to fill.
fn remove_empty(path: &Path) {
    let _ = fs::remove_dir(path.join(INSIDE));
    let _ = fs::remove_dir(path);
}
