//! A file that takes its name when it is whole.
//!
//! On Linux it has no name before (`O_TMPFILE`); elsewhere, and for the moment in which it takes the place of another,
//! it is called `.NAME.xxxxxx`. A process that is killed in that moment leaves it, and the next that writes the same
//! file takes it away: whoever writes holds a lock on what it writes, so that one that is locked is left alone.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use atomic_write_file::AtomicWriteFile;

use crate::FileError;

/// Letters and digits behind the last point of a temporary name.
const SUFFIX: usize = 6;

/// A file that takes the place of another when it is [committed](Self::commit). Dropped before, it leaves nothing.
#[derive(Debug)]
pub struct Replacement {
    file: AtomicWriteFile,
    /// Where it goes, links followed.
    target: PathBuf,
}

/// Begins a file that takes the place of `path` when it is committed; until then, what is there stays.
///
/// Where a link stands, it stays, and what it names is replaced. A file that was there hands on its permissions; a
/// new one gets those that files usually get. What a process that was killed left of the same file is removed.
///
/// # Errors
/// [`FileError::Io`], such as where there is no such folder, or a folder of that name.
pub fn replace(path: &Path) -> Result<Replacement, FileError> {
    let there = fs::canonicalize(path).ok();
    if there.as_deref().is_some_and(Path::is_dir) {
        let reason = io::Error::from(io::ErrorKind::IsADirectory);
        return Err(FileError::write(path)(reason));
    }
    let mut options = AtomicWriteFile::options();
    #[cfg(unix)]
    {
        use atomic_write_file::unix::OpenOptionsExt as _;
        // A link that leads nowhere is replaced itself, and its permissions are everybody's.
        options.preserve_mode(there.is_some());
        // Whoever writes a file owns it, as elsewhere.
        options.preserve_owner(false);
    }
    let target = there.unwrap_or_else(|| path.to_owned());
    sweep(&target);
    let file = options.open(&target).map_err(FileError::write(path))?;
    // Says to others that this is not left over; where there are no locks, nobody sweeps.
    let _ = file.as_file().try_lock();
    Ok(Replacement { file, target })
}

impl Replacement {
    /// Brings the file to the disk and gives it its name.
    ///
    /// # Errors
    /// [`FileError::Io`]; what was there before is then unchanged, and nothing else stays.
    pub fn commit(self) -> Result<(), FileError> {
        let Self { file, target } = self;
        // The same file once more, to know it by where taking its name fails.
        let same = file.as_file().try_clone();
        let result = file.commit();
        if let (Err(_), Ok(same)) = (&result, same) {
            remove_names(&target, &same);
        }
        result.map_err(FileError::write(&target))
    }

    /// For `map_err` where this file is written to.
    pub fn failed(&self) -> impl FnOnce(io::Error) -> FileError {
        FileError::write(&self.target)
    }
}

impl Write for Replacement {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Writes a whole file in one go: `content`, under the name `path` when it is all on the disk.
///
/// # Errors
/// Those of [`replace`] and of writing; what was there before is then unchanged.
pub fn write(path: &Path, content: &[u8]) -> Result<(), FileError> {
    let mut file = replace(path)?;
    file.write_all(content).map_err(file.failed())?;
    file.commit()
}

/// Removes what processes that were killed left of `path`: files `.NAME.xxxxxx` beside it that nobody has locked.
pub fn sweep(path: &Path) {
    for candidate in temporaries(path) {
        let Ok(file) = File::open(&candidate) else {
            continue;
        };
        if file.try_lock().is_ok() {
            // Another may have been quicker; gone is gone.
            let _ = fs::remove_file(&candidate);
        }
    }
}

/// Removes the temporary names of `path` that are names of `file`.
fn remove_names(path: &Path, file: &File) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        let Ok(wanted) = file.metadata() else { return };
        for candidate in temporaries(path) {
            let same = fs::symlink_metadata(&candidate)
                .is_ok_and(|found| (found.dev(), found.ino()) == (wanted.dev(), wanted.ino()));
            if same {
                let _ = fs::remove_file(&candidate);
            }
        }
    }
    #[cfg(not(unix))]
    let _ = (path, file);
}

/// The temporary names of `path` that are there.
fn temporaries(path: &Path) -> Vec<PathBuf> {
    let Some(name) = path.file_name() else {
        return Vec::new();
    };
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    entries
        .flatten()
        .filter(|entry| is_temporary(&entry.file_name(), name))
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()))
        .map(|entry| entry.path())
        .collect()
}

/// Whether `found` is `.NAME.xxxxxx`, x being letters and digits.
fn is_temporary(found: &OsStr, name: &OsStr) -> bool {
    let suffix = found
        .as_encoded_bytes()
        .strip_prefix(b".")
        .and_then(|rest| rest.strip_prefix(name.as_encoded_bytes()))
        .and_then(|rest| rest.strip_prefix(b"."));
    suffix.is_some_and(|suffix| {
        suffix.len() == SUFFIX && suffix.iter().all(u8::is_ascii_alphanumeric)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(path: &Path, content: &[u8]) {
        super::write(path, content).unwrap();
    }

    fn count(folder: &Path) -> usize {
        folder.read_dir().unwrap().count()
    }

    #[test]
    fn what_was_there_stays_until_the_new_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        write(&path, b"old");
        let mut file = replace(&path).unwrap();
        file.write_all(b"ne").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"old");
        drop(file);
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(count(folder.path()), 1);
        write(&path, b"new");
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert!(replace(&folder.path().join("nowhere/file")).is_err());
    }

    #[test]
    fn a_name_that_cannot_be_taken_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let mut file = replace(&path).unwrap();
        file.write_all(b"new").unwrap();
        // It came in between.
        fs::create_dir_all(path.join("full")).unwrap();
        let error = file.commit().unwrap_err();
        assert!(error.to_string().contains("file"), "{error}");
        assert_eq!(count(folder.path()), 1);
        assert!(replace(&path).is_err());
        assert_eq!(count(folder.path()), 1);
    }

    #[test]
    fn leftovers_of_the_killed_are_swept_and_the_work_of_others_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str| folder.path().join(name);
        for name in [
            ".file.aIN1Cq",
            ".file.short",
            ".other.aIN1Cq",
            "file.aIN1Cq",
            ".file.aIN-Cq",
        ] {
            fs::write(file(name), b"left").unwrap();
        }
        fs::write(file(".file.busy12"), b"busy").unwrap();
        let busy = File::open(file(".file.busy12")).unwrap();
        busy.lock().unwrap();
        write(&file("file"), b"new");
        assert!(!file(".file.aIN1Cq").exists());
        assert_eq!(count(folder.path()), 6);
        drop(busy);
        sweep(&file("file"));
        assert_eq!(count(folder.path()), 5);
    }

    #[test]
    #[cfg(unix)]
    fn permissions_are_those_of_other_files_or_of_the_one_before() {
        use std::os::unix::fs::{PermissionsExt as _, symlink};

        let folder = tempfile::tempdir().unwrap();
        let [new, usual, link, astray] =
            ["new", "usual", "link", "astray"].map(|name| folder.path().join(name));
        fs::write(&usual, b"").unwrap();
        let mode = |path: &Path| fs::symlink_metadata(path).unwrap().permissions().mode() & 0o777;
        let expected = mode(&usual);
        write(&new, b"1");
        assert_eq!(mode(&new), expected);
        fs::set_permissions(&new, fs::Permissions::from_mode(0o640)).unwrap();
        symlink(&new, &link).unwrap();
        write(&link, b"2");
        assert_eq!(fs::read(&new).unwrap(), b"2");
        assert_eq!(mode(&new), 0o640);
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        symlink(folder.path().join("nothing"), &astray).unwrap();
        write(&astray, b"3");
        assert_eq!(mode(&astray), expected);
    }
}
