//! Files made on the spot, and what reading them says.

use std::fs;
use std::path::PathBuf;

use recurrent_corpus::{CorpusError, Part, ReadReport, TableOptions, TextCorpus, read};
use tempfile::TempDir;

/// A folder of files, gone with the value.
pub(crate) struct Folder(TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a file, and the folders that it lies in.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        path
    }
}

/// What reading one file gives.
pub(crate) fn read_one(
    name: &str,
    content: impl AsRef<[u8]>,
    options: &TableOptions,
) -> Result<(TextCorpus, ReadReport), CorpusError> {
    let folder = Folder::new();
    read(&[folder.write(name, content)], options)
}

/// The message of the error that reading one file gives.
pub(crate) fn refused(name: &str, content: impl AsRef<[u8]>, options: &TableOptions) -> String {
    let error = read_one(name, content, options).unwrap_err();
    assert!(error.to_string().contains(name), "{error}");
    error.to_string()
}

/// The texts of a part, each with the name of its class.
pub(crate) fn labelled(corpus: &TextCorpus, part: Part) -> Vec<(&str, &str)> {
    let texts = corpus.part(part).iter();
    let named = texts.map(|text| (text.text, corpus.classes()[text.label].as_str()));
    named.collect()
}

/// Options that differ from the usual ones.
pub(crate) fn with(change: impl FnOnce(&mut TableOptions)) -> TableOptions {
    let mut options = TableOptions::default();
    change(&mut options);
    options
}
