//! SHA-256 of archives and folders: the identity of a source on disk.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::error::DataError;

/// SHA-256, in lower-case hexadecimal, of what lies at `path`.
///
/// For a file that is the hash of its bytes. For a folder it is the hash over all files below it,
/// sorted bytewise by their relative paths with `/` between the parts: length of the path, path,
/// length of the content, content, the lengths as 8 bytes, little end first.
///
/// # Errors
/// [`DataError::NotFound`] and [`DataError::Read`]; [`DataError::Link`] for a link inside of a
/// folder.
pub fn hash_source(path: &Path) -> Result<String, DataError> {
    let metadata = fs::metadata(path).map_err(|source| read_error(path, source))?;
    let mut hasher = Sha256::new();
    if metadata.is_dir() {
        let mut files = Vec::new();
        list_files(path, path, "", &mut files)?;
        files.sort_unstable();
        for (name, file) in files {
            let mut file_at = File::open(&file).map_err(|source| read_error(&file, source))?;
            let mut content = Vec::new();
            file_at
                .read_to_end(&mut content)
                .map_err(|source| read_error(&file, source))?;
            for field in [name.as_bytes(), &content] {
                hasher.update((field.len() as u64).to_le_bytes());
                hasher.update(field);
            }
        }
    } else {
        let mut file = File::open(path).map_err(|source| read_error(path, source))?;
        update_from(&mut hasher, &mut file).map_err(|source| read_error(path, source))?;
    }
    Ok(hex(&hasher.finalize()))
}

/// Feeds everything `reader` has into `hasher`.
pub(crate) fn update_from(hasher: &mut Sha256, reader: &mut impl Read) -> io::Result<()> {
    let mut buffer = vec![0; 1 << 18];
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(count) => hasher.update(&buffer[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Bytes in lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .map(|digit| char::from(DIGITS[usize::from(digit)]))
        .collect()
}

/// [`DataError::NotFound`] or [`DataError::Read`], whichever fits.
pub(crate) fn read_error(path: &Path, source: io::Error) -> DataError {
    let path = path.to_path_buf();
    if source.kind() == io::ErrorKind::NotFound {
        DataError::NotFound { path }
    } else {
        DataError::Read { path, source }
    }
}

fn list_files(
    root: &Path,
    folder: &Path,
    prefix: &str,
    found: &mut Vec<(String, PathBuf)>,
) -> Result<(), DataError> {
    for item in fs::read_dir(folder).map_err(|source| read_error(folder, source))? {
        let item = item.map_err(|source| read_error(folder, source))?;
        let kind = item
            .file_type()
            .map_err(|source| read_error(&item.path(), source))?;
        let name = format!("{prefix}{}", item.file_name().to_string_lossy());
        if kind.is_symlink() {
            return Err(DataError::Link {
                archive: root.to_path_buf(),
                entry: name,
            });
        } else if kind.is_dir() {
            list_files(root, &item.path(), &format!("{name}/"), found)?;
        } else {
            found.push((name, item.path()));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hexadecimal_is_lower_case_and_two_digits_a_byte() {
        assert_eq!(hex(&[0, 0x0a, 0xff]), "000aff");
    }

    #[test]
    fn the_hash_of_a_file_is_that_of_its_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("abc");
        fs::write(&file, b"abc").unwrap();
        // The example of FIPS 180-2, appendix B.1.
        assert_eq!(
            hash_source(&file).unwrap(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }

    #[test]
    fn the_hash_of_a_folder_sees_names_and_contents() {
        let hash_of = |files: &[(&str, &str)]| {
            let folder = tempfile::tempdir().unwrap();
            for (name, content) in files {
                let path = folder.path().join(name);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, content).unwrap();
            }
            hash_source(folder.path()).unwrap()
        };
        let plain = hash_of(&[("a/x", "1"), ("b", "2")]);
        assert_eq!(plain, hash_of(&[("b", "2"), ("a/x", "1")]));
        assert_ne!(plain, hash_of(&[("a/y", "1"), ("b", "2")]));
        assert_ne!(plain, hash_of(&[("a/x", "12"), ("b", "")]));
    }
}
