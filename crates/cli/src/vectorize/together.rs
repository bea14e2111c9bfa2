//! Several files that become new together: all of them, or none.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use recurrent_files::{FileError, FolderLock, Replacement};
use tempfile::NamedTempFile;

use super::error::VectorizeError;
use super::files::parent;
use crate::error::CliError;

/// What is to become of one name.
pub(super) enum Step {
    /// The file takes the name.
    Write(Replacement, PathBuf),
    /// What an earlier run left under it goes.
    Remove(PathBuf),
}

/// Takes all the steps; where one fails, those before it are taken back.
///
/// What was there before is kept under a second name, `.NAME.xxxxxx`, until all is done. A process that is killed
/// meanwhile leaves that name, and the next that writes the same file removes it.
pub(super) fn commit(steps: impl IntoIterator<Item = Step>) -> Result<(), FileError> {
    let mut done: Vec<Before> = Vec::new();
    for step in steps {
        let path = match &step {
            Step::Write(_, path) | Step::Remove(path) => path,
        };
        let taken = Before::keep(path).and_then(|before| {
            match step {
                Step::Write(file, _) => file.commit()?,
                Step::Remove(_) => before.remove()?,
            }
            Ok(before)
        });
        match taken {
            Ok(before) => done.push(before),
            Err(error) => {
                // The last one first; what cannot be put back is told by the error that led here.
                while let Some(before) = done.pop() {
                    let _ = before.put_back();
                }
                return Err(error);
            }
        }
    }
    Ok(())
}

/// What a name stood for before. Its second name goes when this is dropped.
struct Before {
    path: PathBuf,
    /// `None` where there was nothing.
    kept: Option<NamedTempFile<()>>,
}

impl Before {
    fn keep(path: &Path) -> Result<Self, FileError> {
        // A link stays, and what it leads to is replaced.
        let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        // What is no file cannot be replaced; that is the step's error.
        let kept = if path.is_file() {
            Some(second_name(&path).map_err(FileError::write(&path))?)
        } else {
            None
        };
        Ok(Self { path, kept })
    }

    fn remove(&self) -> Result<(), FileError> {
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(FileError::remove(&self.path)(error))
            }
            _ => Ok(()),
        }
    }

    fn put_back(self) -> io::Result<()> {
        match self.kept {
            Some(kept) => Ok(kept.into_temp_path().persist(&self.path)?),
            None => fs::remove_file(&self.path),
        }
    }
}

/// A file under one more name beside its own, or a copy of it where there are no hard links.
fn second_name(path: &Path) -> io::Result<NamedTempFile<()>> {
    let name = path.file_name().unwrap_or_default();
    let mut prefix = std::ffi::OsString::from(".");
    prefix.push(name);
    prefix.push(".");
    let mut builder = tempfile::Builder::new();
    builder
        .prefix(&prefix)
        .make_in(parent(path), |second| match fs::hard_link(path, second) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                fs::copy(path, second).map(|_| ())
            }
            result => result,
        })
}

/// A folder that gets several files, all at once. Dropped before [`finish`](Self::finish), it goes again
/// if it was made here.
pub(super) struct Folder {
    path: PathBuf,
    /// What was not there before, the innermost first.
    made: Vec<PathBuf>,
    steps: Vec<Step>,
    /// Until all is written, or this is dropped.
    _lock: FolderLock,
}

impl Folder {
    /// The folder, made if it is not there. It is an error if no file can be made in it, if another process writes into
    /// it, or if it has a trained network, of which the vectorizer is a part.
    pub(super) fn open(path: &Path) -> Result<Self, CliError> {
        if super::model::has_network(path) {
            let path = path.to_owned();
            return Err(VectorizeError::TrainedFolder { path }.into());
        }
        let missing = path.ancestors().take_while(|folder| !folder.exists());
        // Of a relative path the last ancestor is the empty one: here.
        let made: Vec<PathBuf> = missing
            .filter(|folder| !folder.as_os_str().is_empty())
            .map(Path::to_owned)
            .collect();
        let ready = || -> Result<FolderLock, FileError> {
            fs::create_dir_all(path).map_err(FileError::write(path))?;
            let lock = FolderLock::acquire(path)?;
            tempfile::tempfile_in(path).map_err(FileError::write(path))?;
            Ok(lock)
        };
        match ready() {
            Ok(lock) => Ok(Self {
                path: path.to_owned(),
                made,
                steps: Vec::new(),
                _lock: lock,
            }),
            Err(error) => {
                // Not from under the one that has it.
                if !matches!(error, FileError::Locked { .. }) {
                    unmake(&made);
                }
                Err(error.into())
            }
        }
    }

    /// Writes a file that takes this name at the end.
    pub(super) fn write(&mut self, name: &str, bytes: &[u8]) -> Result<(), CliError> {
        let path = self.path.join(name);
        let mut file = recurrent_files::replace(&path)?;
        file.write_all(bytes).map_err(file.failed())?;
        self.steps.push(Step::Write(file, path));
        Ok(())
    }

    /// Removes at the end what an earlier run wrote under this name and this one does not.
    pub(super) fn remove(&mut self, name: &str) {
        self.steps.push(Step::Remove(self.path.join(name)));
    }

    /// Gives all files their names, and `more` with them.
    pub(super) fn finish(mut self, more: Option<Step>) -> Result<(), CliError> {
        let steps = std::mem::take(&mut self.steps);
        commit(more.into_iter().chain(steps))?;
        self.made.clear();
        Ok(())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        self.steps.clear();
        unmake(&self.made);
    }
}

/// Removes folders that were made, the innermost first.
fn unmake(made: &[PathBuf]) {
    for folder in made {
        // Whatever others put there meanwhile keeps it.
        if fs::remove_dir(folder).is_err() {
            break;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = names.collect();
        names.sort();
        names
    }

    #[test]
    fn where_one_name_cannot_be_taken_all_files_are_the_old_ones() {
        let outside = tempfile::tempdir().unwrap();
        let path = outside.path().join("model");
        fs::create_dir(&path).unwrap();
        for name in ["one", "stale", "three"] {
            fs::write(path.join(name), "old").unwrap();
        }
        let begin = || {
            let mut folder = Folder::open(&path).unwrap();
            folder.write("one", b"new").unwrap();
            folder.write("two", b"new").unwrap();
            folder.remove("stale");
            folder.write("three", b"new").unwrap();
            folder
        };
        let read = |name: &str| fs::read_to_string(path.join(name)).unwrap();
        let failing = begin();
        // It came in between.
        fs::remove_file(path.join("three")).unwrap();
        fs::create_dir(path.join("three")).unwrap();
        assert!(failing.finish(None).is_err());
        assert_eq!([read("one"), read("stale")], ["old", "old"]);
        assert_eq!(names(&path), ["one", "stale", "three"]);
        fs::remove_dir(path.join("three")).unwrap();
        fs::write(path.join("three"), "old").unwrap();
        begin().finish(None).unwrap();
        assert_eq!([read("one"), read("two"), read("three")], ["new"; 3]);
        assert_eq!(names(&path), ["one", "three", "two"]);
    }

    #[test]
    fn one_process_writes_and_a_network_keeps_its_vectorizer() {
        let outside = tempfile::tempdir().unwrap();
        let path = outside.path().join("a/b");
        let first = Folder::open(&path).unwrap();
        let second = Folder::open(&path).map(|_| ()).unwrap_err();
        assert!(second.to_string().contains("another process"), "{second}");
        assert!(path.exists());
        drop(first);
        assert_eq!(names(outside.path()), [""; 0]);
        let path = outside.path().join("network");
        fs::create_dir(&path).unwrap();
        fs::write(path.join("config.json"), r#"{"network": {}}"#).unwrap();
        let error = Folder::open(&path).map(|_| ()).unwrap_err();
        assert!(error.to_string().contains("trained network"), "{error}");
    }
}
