//! Reading small files whole, and no more of a file than such a file can have.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use crate::FileError;

/// Reads a file of at most `limit` bytes. A file without an end, such as a device, is given up there.
///
/// # Errors
/// [`FileError::Io`], and [`FileError::TooLarge`] beyond the limit.
pub fn read_at_most(path: &Path, limit: u64) -> Result<Vec<u8>, FileError> {
    let file = File::open(path).map_err(FileError::read(path))?;
    let mut bytes = Vec::new();
    file.take(limit.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(FileError::read(path))?;
    if bytes.len() as u64 > limit {
        return Err(FileError::TooLarge {
            path: path.to_owned(),
            limit,
        });
    }
    Ok(bytes)
}

/// As [`read_at_most`], for UTF-8 text; a byte order mark before it is left out.
///
/// # Errors
/// Those of [`read_at_most`], and [`FileError::NotUtf8`].
pub fn read_text_at_most(path: &Path, limit: u64) -> Result<String, FileError> {
    let mut bytes = read_at_most(path, limit)?;
    if bytes.starts_with(b"\xef\xbb\xbf") {
        bytes.drain(..3);
    }
    String::from_utf8(bytes).map_err(|error| FileError::NotUtf8 {
        path: path.to_owned(),
        offset: error.utf8_error().valid_up_to(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_large_or_no_text_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, b"\xef\xbb\xbfgood").unwrap();
        assert_eq!(read_text_at_most(&path, 7).unwrap(), "good");
        let error = read_at_most(&path, 6).unwrap_err();
        assert!(
            matches!(error, FileError::TooLarge { limit: 6, .. }),
            "{error}"
        );
        std::fs::write(&path, b"caf\xe9").unwrap();
        let error = read_text_at_most(&path, 7).unwrap_err();
        assert!(
            matches!(error, FileError::NotUtf8 { offset: 3, .. }),
            "{error}"
        );
        let error = read_at_most(&folder.path().join("nowhere"), 6).unwrap_err();
        assert!(error.is_not_found(), "{error}");
    }

    #[test]
    #[cfg(unix)]
    fn a_file_without_an_end_is_given_up() {
        let error = read_at_most(Path::new("/dev/zero"), 1 << 20).unwrap_err();
        assert!(matches!(error, FileError::TooLarge { .. }), "{error}");
    }
}
