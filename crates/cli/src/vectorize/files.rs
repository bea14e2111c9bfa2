//! Where one result goes: a file that appears whole or not at all, a device, or standard output.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use recurrent_files::Replacement;

use super::error::VectorizeError;
use super::together::Step;
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
            Ok(there) if there.is_dir() => Err(VectorizeError::IsFolder {
                path: path.to_owned(),
            }
            .into()),
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

    /// Writes what is left, and returns the file, which has yet to take its name.
    pub(super) fn finish(mut self) -> Result<Option<Step>, CliError> {
        self.flush().map_err(|source| self.error(source))?;
        let Self::File(file, path) = self else {
            return Ok(None);
        };
        let file = file.into_inner();
        let file = file.map_err(|error| CliError::write(&path)(error.into_error()))?;
        Ok(Some(Step::Write(file, path)))
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

/// The folder of a file.
pub(super) fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}
