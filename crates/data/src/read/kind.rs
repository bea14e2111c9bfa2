//! What lies at a path, judged by its bytes and not by its name.

use std::fs::{self, File};
use std::io::{Read, Seek};
use std::path::Path;

use super::gzip;
use super::tar::{BLOCK, is_header};
use super::zip::ends_like_zip;
use crate::error::DataError;

/// What can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Zip,
    Tar { gzipped: bool },
    Folder,
}

impl Kind {
    pub(crate) fn of(source: &Path) -> Result<Self, DataError> {
        let failed = |error| DataError::read(source, error);
        let metadata = fs::metadata(source).map_err(failed)?;
        if metadata.is_dir() {
            return Ok(Self::Folder);
        }
        if !metadata.is_file() {
            return Err(unrecognized(source, " (it is a device or a pipe)"));
        }
        let mut file = File::open(source).map_err(failed)?;
        let mut start = Vec::with_capacity(BLOCK);
        file.by_ref()
            .take(BLOCK as u64)
            .read_to_end(&mut start)
            .map_err(failed)?;
        if start.starts_with(b"PK\x03\x04") || start.starts_with(b"PK\x05\x06") {
            return Ok(Self::Zip);
        }
        if start.starts_with(&gzip::MAGIC) {
            return Ok(Self::Tar { gzipped: true });
        }
        let is_tar = <&[u8; BLOCK]>::try_from(start.as_slice())
            .is_ok_and(|block| is_header(block) || block[257..].starts_with(b"ustar"));
        if is_tar {
            return Ok(Self::Tar { gzipped: false });
        }
        file.rewind().map_err(failed)?;
        if ends_like_zip(&mut file).map_err(failed)? {
            return Ok(Self::Zip);
        }
        Err(unrecognized(source, looks_like(&start)))
    }
}

/// What people give instead, by its first bytes.
fn looks_like(start: &[u8]) -> &'static str {
    const KNOWN: [(&[u8], &str); 10] = [
        (b"BZh", " (it looks like bzip2)"),
        (b"\xfd7zXZ\0", " (it looks like xz)"),
        (b"7z\xbc\xaf\x27\x1c", " (it looks like 7-Zip)"),
        (b"\x28\xb5\x2f\xfd", " (it looks like Zstandard)"),
        (b"Rar!\x1a\x07", " (it looks like RAR)"),
        (b"\x04\x22\x4d\x18", " (it looks like LZ4)"),
        (b"PAR1", " (it looks like Parquet)"),
        (
            b"version https://git-lfs",
            " (it is a pointer of Git LFS, not the file)",
        ),
        (b"<", " (it looks like a web page)"),
        (b"PK\x07\x08", " (it looks like one part of a zip file)"),
    ];
    if start.is_empty() {
        return " (it is empty)";
    }
    let known = KNOWN.iter().find(|(magic, _)| start.starts_with(magic));
    known.map_or("", |(_, found)| found)
}

fn unrecognized(path: &Path, found: &'static str) -> DataError {
    DataError::Unrecognized {
        path: path.to_path_buf(),
        found,
        advice: match found {
            "" => "give one of these",
            _ => "unpack it or get the real file, and give one of these",
        },
    }
}
