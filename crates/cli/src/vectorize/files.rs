//! What is written appears whole or not at all: a temporary file beside its place, renamed at the end.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use recurrent_files::{FileError, Replacement};

use crate::error::CliError;

/// Where one result goes. Dropped before [`finish`](Self::finish), it leaves nothing behind.
pub(super) enum Target {
    /// A file that takes its name at the end.
    File(BufWriter<Replacement>, PathBuf),
    /// What is there and is no file, such as a pipe or `/dev/null`.
    Device(BufWriter<File>, PathBuf),
    /// Standard output.
    Stdout(BufWriter<io::Stdout>),
}

impl Target {
    /// A file, or standard output for `-`.
    pub(super) fn open(path: &Path) -> Result<Self, CliError> {
        if path == Path::new("-") {
            return Ok(Self::Stdout(BufWriter::new(io::stdout())));
        }
        match fs::metadata(path) {
            Ok(there) if there.is_dir() => Err(CliError::IsFolder {
                path: path.to_owned(),
            }),
            Ok(there) if !there.is_file() => {
                let device = File::options().write(true).open(path);
                let device = device.map_err(CliError::write(path))?;
                Ok(Self::Device(BufWriter::new(device), path.to_owned()))
            }
            _ => {
                let file = recurrent_files::replace(path)?;
                Ok(Self::File(BufWriter::new(file), path.to_owned()))
            }
        }
    }

    /// What a failure to write means here.
    pub(super) fn error(&self, source: io::Error) -> CliError {
        match self {
            Self::File(_, path) | Self::Device(_, path) => CliError::write(path)(source),
            Self::Stdout(_) => CliError::Output(source),
        }
    }

    /// Gives the file its name.
    pub(super) fn finish(mut self) -> Result<(), CliError> {
        self.flush().map_err(|source| self.error(source))?;
        if let Self::File(file, path) = self {
            let file = file.into_inner();
            let file = file.map_err(|error| CliError::write(&path)(error.into_error()))?;
            file.commit()?;
        }
        Ok(())
    }
}

impl Write for Target {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::File(file, _) => file.write(bytes),
            Self::Device(file, _) => file.write(bytes),
            Self::Stdout(out) => out.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::File(file, _) => file.flush(),
            Self::Device(file, _) => file.flush(),
            Self::Stdout(out) => out.flush(),
        }
    }
}

/// A folder that gets several files, all at once. Dropped before [`finish`](Self::finish), it goes again
/// if it was made here.
pub(super) struct Folder {
    path: PathBuf,
    /// What was not there before, the innermost first.
    made: Vec<PathBuf>,
    files: Vec<Replacement>,
    /// What must not stay from an earlier time.
    stale: Vec<PathBuf>,
}

impl Folder {
    /// The folder, made if it is not there; it is an error if no file can be made in it.
    pub(super) fn open(path: &Path) -> Result<Self, CliError> {
        let missing = path.ancestors().take_while(|folder| !folder.exists());
        // Of a relative path the last ancestor is the empty one: here.
        let made = missing
            .filter(|folder| !folder.as_os_str().is_empty())
            .map(Path::to_owned)
            .collect();
        let folder = Self {
            path: path.to_owned(),
            made,
            files: Vec::new(),
            stale: Vec::new(),
        };
        fs::create_dir_all(path).map_err(CliError::write(path))?;
        tempfile::tempfile_in(path).map_err(CliError::write(path))?;
        Ok(folder)
    }

    /// Writes a file that takes this name at the end.
    pub(super) fn write(&mut self, name: &str, bytes: &[u8]) -> Result<(), CliError> {
        let path = self.path.join(name);
        let mut file = recurrent_files::replace(&path)?;
        file.write_all(bytes).map_err(file.failed())?;
        self.files.push(file);
        Ok(())
    }

    /// Removes at the end what an earlier run wrote under this name and this one does not.
    pub(super) fn remove(&mut self, name: &str) {
        self.stale.push(self.path.join(name));
    }

    /// Gives all files their names.
    pub(super) fn finish(mut self) -> Result<(), CliError> {
        for path in &self.stale {
            match fs::remove_file(path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(FileError::remove(path)(error).into());
                }
                _ => {}
            }
        }
        for file in self.files.drain(..) {
            file.commit()?;
        }
        self.made.clear();
        Ok(())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        self.files.clear();
        for folder in &self.made {
            // Whatever others put there meanwhile keeps it.
            if fs::remove_dir(folder).is_err() {
                break;
            }
        }
    }
}

/// The folder of a file.
pub(super) fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}
