//! Folders with a folder of texts for each class.

use std::ffi::OsStr;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use recurrent_files::FileError;

use crate::error::CorpusError;
use crate::lines::utf8;
use crate::part::Part;
use crate::place::Place;
use crate::read::Reading;
use crate::source::Source;

/// The folder of texts without labels in the well-known archive of film reviews.
const UNLABELLED: &str = "unsup";

/// Reads `CLASS/FILE.txt`, or `PART/CLASS/FILE.txt` where a folder is called like a part of a corpus.
pub(crate) fn read(path: &Path, part: Part, reading: &mut Reading<'_>) -> Result<(), CorpusError> {
    let before = reading.report.rows;
    let folders = folders(path)?;
    let parts: Vec<(Part, &PathBuf)> = folders
        .iter()
        .filter_map(|folder| Some((Part::from_name(&name(folder))?, folder)))
        .collect();
    if parts.is_empty() {
        classes(&folders, part, reading)?;
    } else {
        reading.report.passed_over += (folders.len() - parts.len()) as u64;
        for (part, folder) in parts {
            classes(&self::folders(folder)?, part, reading)?;
        }
    }
    if reading.report.rows == before {
        return Err(CorpusError::NoClassFolders {
            path: path.to_owned(),
        });
    }
    Ok(())
}

fn classes(folders: &[PathBuf], part: Part, reading: &mut Reading<'_>) -> Result<(), CorpusError> {
    for folder in folders {
        if folder.file_name() == Some(OsStr::new(UNLABELLED)) {
            reading.report.passed_over += 1;
            continue;
        }
        let lossy = reading.options.lossy;
        let bytes = folder.file_name().unwrap_or_default().as_encoded_bytes();
        let class = utf8(bytes, lossy, || Place::file(folder))?;
        for entry in entries(folder)? {
            let is_text = entry
                .extension()
                .is_some_and(|extension| extension.eq_ignore_ascii_case("txt"));
            if !is_text || entry.is_dir() {
                reading.report.passed_over += 1;
                continue;
            }
            let mut source = Source::open(&entry)?;
            let mut bytes = Vec::new();
            let all = source.reader.read_to_end(&mut bytes);
            all.map_err(|error| source.failure.of(error))?;
            let text = utf8(&bytes, lossy, || Place::file(&entry))?;
            reading.row(part, Place::file(&entry), &text, &class)?;
        }
    }
    Ok(())
}

/// The folders in a folder.
fn folders(path: &Path) -> Result<Vec<PathBuf>, CorpusError> {
    let mut folders = entries(path)?;
    folders.retain(|entry| entry.is_dir());
    Ok(folders)
}

/// What is in a folder and not hidden, names sorted bytewise.
fn entries(path: &Path) -> Result<Vec<PathBuf>, CorpusError> {
    let listed = std::fs::read_dir(path).map_err(FileError::read(path))?;
    let mut entries = Vec::new();
    for entry in listed {
        let entry = entry.map_err(FileError::read(path))?;
        if !entry.file_name().as_encoded_bytes().starts_with(b".") {
            entries.push(entry.path());
        }
    }
    entries.sort();
    Ok(entries)
}

fn name(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}
