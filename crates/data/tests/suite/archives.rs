//! Small archives made on the spot, and ways to damage them.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use recurrent_data::{DataError, ReadOptions, ReviewCorpus, Split, read};
use tar::{Builder, Header};
use tempfile::TempDir;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::raw_zip::{Style, raw_zip_of};

/// Names and contents; a name that ends in `/` is a folder.
pub(crate) type Files = Vec<(String, Vec<u8>)>;

/// Two reviews in each class of each split.
pub(crate) fn reviews() -> Files {
    let mut files = Files::new();
    for split in ["train", "test"] {
        for (class, ratings) in [("neg", [3, 1]), ("pos", [7, 10])] {
            for (id, rating) in ratings.into_iter().enumerate() {
                let text = format!("A {class} review<br /><br />no. {id} of {split}, naïve.");
                files.push((format!("{split}/{class}/{id}_{rating}.txt"), text.into()));
            }
        }
    }
    files
}

/// The files without those whose names begin with `prefix`.
pub(crate) fn without(files: Files, prefix: &str) -> Files {
    files
        .into_iter()
        .filter(|(name, _)| !name.starts_with(prefix))
        .collect()
}

/// The files and one more.
pub(crate) fn with(mut files: Files, name: &str, content: impl Into<Vec<u8>>) -> Files {
    files.push((name.to_owned(), content.into()));
    files
}

/// A zip file of deflated entries.
pub(crate) fn zip(files: &Files) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in files {
        if name.ends_with('/') {
            writer
                .add_directory(name, SimpleFileOptions::default())
                .unwrap();
        } else {
            writer
                .start_file(name, SimpleFileOptions::default())
                .unwrap();
            writer.write_all(content).unwrap();
        }
    }
    writer.finish().unwrap().into_inner()
}

/// A zip file of the files and a symbolic link.
pub(crate) fn zip_with_link(files: &Files, name: &str, target: &str) -> Vec<u8> {
    let mut writer = ZipWriter::new_append(Cursor::new(zip(files))).unwrap();
    writer
        .add_symlink(name, target, SimpleFileOptions::default())
        .unwrap();
    writer.finish().unwrap().into_inner()
}

/// A tar file; `change` may spoil each header before its checksum is taken.
pub(crate) fn tar(files: &Files, change: impl Fn(&str, &mut Header)) -> Vec<u8> {
    let mut builder = Builder::new(Vec::new());
    for (name, content) in files {
        let mut header = Header::new_gnu();
        header.set_path(name).unwrap();
        header.set_mode(0o644);
        header.set_size(content.len() as u64);
        if name.ends_with('/') {
            header.set_entry_type(tar::EntryType::Directory);
        }
        change(name, &mut header);
        header.set_cksum();
        builder.append(&header, content.as_slice()).unwrap();
    }
    builder.into_inner().unwrap()
}

/// The same, gzipped.
pub(crate) fn tar_gz(files: &Files, change: impl Fn(&str, &mut Header)) -> Vec<u8> {
    gzip(&tar(files, change))
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A folder that holds one file.
pub(crate) fn holding(name: &str, bytes: &[u8]) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    fs::write(&path, bytes).unwrap();
    (folder, path)
}

/// What comes of reading an archive of these bytes.
pub(crate) fn read_bytes(name: &str, bytes: &[u8]) -> Result<ReviewCorpus, DataError> {
    let (_folder, path) = holding(name, bytes);
    let options = ReadOptions {
        threads: Some(1),
        ..ReadOptions::default()
    };
    read(&path, &options)
}

/// How many reviews there are to train on and to test on.
pub(crate) fn counts(corpus: &ReviewCorpus) -> [usize; 2] {
    Split::ALL.map(|split| corpus.reviews(split).len())
}

/// A folder tree.
pub(crate) fn unpacked(files: &Files, folder: &Path) {
    for (name, content) in files {
        let path = folder.join(name);
        if name.ends_with('/') {
            fs::create_dir_all(path).unwrap();
        } else {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            File::create(path).unwrap().write_all(content).unwrap();
        }
    }
}

/// Overwrites a field of the named zip entry, in its local header and in the directory.
pub(crate) fn patch(archive: &mut [u8], name: &str, [local, directory]: [usize; 2], new: &[u8]) {
    for (magic, name_at, field) in [(b"PK\x03\x04", 30, local), (b"PK\x01\x02", 46, directory)] {
        let start = (0..archive.len())
            .find(|&start| {
                archive[start..].starts_with(magic)
                    && archive[start..]
                        .get(name_at..)
                        .is_some_and(|rest| rest.starts_with(name.as_bytes()))
            })
            .unwrap();
        archive[start + field..start + field + new.len()].copy_from_slice(new);
    }
}

/// Offsets of fields in a local header and in a record of the directory.
pub(crate) const FLAGS: [usize; 2] = [6, 8];
pub(crate) const METHOD: [usize; 2] = [8, 10];
pub(crate) const CRC: [usize; 2] = [14, 16];
pub(crate) const PACKED_SIZE: [usize; 2] = [18, 20];
pub(crate) const SIZE: [usize; 2] = [22, 24];
pub(crate) const NAME: [usize; 2] = [30, 46];

/// Everything below a folder, by relative path.
pub(crate) fn listing(folder: &Path) -> BTreeSet<String> {
    fn visit(root: &Path, folder: &Path, found: &mut BTreeSet<String>) {
        for item in fs::read_dir(folder).unwrap() {
            let path = item.unwrap().path();
            found.insert(path.strip_prefix(root).unwrap().display().to_string());
            if path.is_dir() && !path.is_symlink() {
                visit(root, &path, found);
            }
        }
    }
    let mut found = BTreeSet::new();
    visit(folder, folder, &mut found);
    found
}

/// A zip file whose sizes stand behind the data, as of a writer that cannot go back.
pub(crate) fn streamed_zip(files: &Files) -> Vec<u8> {
    let style = Style {
        streamed: true,
        ..Style::default()
    };
    raw_zip_of(files, style)
}

/// A zip file with the records of zip64, and Unix modes.
pub(crate) fn zip64(files: &Files) -> Vec<u8> {
    let style = Style {
        zip64: true,
        made_by: 3,
        mode: 0o100_644,
        ..Style::default()
    };
    raw_zip_of(files, style)
}
