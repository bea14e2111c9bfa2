//! Hashes of files, and the wanted files of a zip archive.

use std::fs::File;
use std::io::{BufReader, Read, copy};
use std::path::{Component, Path, PathBuf};

use sha2::{Digest, Sha256};
use zip::ZipArchive;

use super::LibtorchError;

/// The SHA-256 of a file, in hexadecimal.
pub(super) fn sha256(path: &Path) -> Result<String, LibtorchError> {
    let io = LibtorchError::io(path);
    let mut file = File::open(path).map_err(&io)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        let count = file.read(&mut buffer).map_err(&io)?;
        if count == 0 {
            break;
        }
        hash.update(&buffer[..count]);
    }
    let bytes = hash.finalize();
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// An error, and the file removed, where it has another hash.
pub(super) fn expect_sha256(path: &Path, expected: &str) -> Result<(), LibtorchError> {
    let found = sha256(path)?;
    if found == expected {
        return Ok(());
    }
    std::fs::remove_file(path).map_err(LibtorchError::io(path))?;
    Err(LibtorchError::Hash {
        path: path.to_owned(),
        found,
        expected: expected.to_owned(),
    })
}

/// Writes the files of `archive` for which `place` has a path below `folder`.
pub(super) fn unpack(
    archive: &Path,
    folder: &Path,
    place: impl Fn(&str) -> Option<PathBuf>,
) -> Result<(), LibtorchError> {
    let broken = |reason: String| LibtorchError::Unpack {
        path: archive.to_owned(),
        reason,
    };
    let file = File::open(archive).map_err(LibtorchError::io(archive))?;
    let mut zip =
        ZipArchive::new(BufReader::new(file)).map_err(|error| broken(error.to_string()))?;
    for index in 0..zip.len() {
        let mut entry = zip
            .by_index(index)
            .map_err(|error| broken(error.to_string()))?;
        if entry.is_dir() {
            continue;
        }
        let name = entry
            .name()
            .map_err(|error| broken(error.to_string()))?
            .into_owned();
        let Some(inner) = place(&name) else {
            continue;
        };
        if !inner
            .components()
            .all(|part| matches!(part, Component::Normal(_)))
        {
            return Err(broken(format!("it names {name}")));
        }
        let path = folder.join(inner);
        let io = LibtorchError::io(&path);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).map_err(&io)?;
        }
        let mut out = File::create(&path).map_err(&io)?;
        copy(&mut entry, &mut out).map_err(&io)?;
    }
    Ok(())
}
