//! SHA-256 of archives and folders: the identity of a source on disk.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::path::Path;

use sha2::{Digest, Sha256};
use walkdir::{DirEntry, WalkDir};

use crate::digest::{hex, update_from};
use crate::error::DataError;
use crate::options::ReadOptions;

/// SHA-256, in lower-case hexadecimal, of what lies at `path`.
///
/// For a file that is the hash of its bytes. For a folder it is the hash over all files below it,
/// sorted bytewise by their relative paths with `/` between the parts: length of the path, path,
/// length of the content, content, the lengths as 8 bytes, little end first. The content of a link is
/// the path that it leads to; what is neither file nor link nor folder has none.
///
/// # Errors
/// [`DataError::NotFound`] and [`DataError::Read`].
pub fn hash_source(path: &Path) -> Result<String, DataError> {
    hash_source_with(path, &ReadOptions::default())
}

/// As [`hash_source`]; where `options` say that links are followed, they are followed here as well.
///
/// # Errors
/// As [`hash_source`], and [`DataError::LinkLoop`].
pub fn hash_source_with(path: &Path, options: &ReadOptions<'_>) -> Result<String, DataError> {
    let failed = |source| DataError::read(path, source);
    let metadata = fs::metadata(path).map_err(failed)?;
    let mut hasher = Sha256::new();
    if metadata.is_dir() {
        let mut files = Vec::new();
        for entry in WalkDir::new(path).follow_links(options.follow_links) {
            let entry = entry.map_err(|error| DataError::walk(path, error))?;
            if !entry.file_type().is_dir() {
                let inside = entry.path().strip_prefix(path).unwrap_or(entry.path());
                let parts: Vec<_> = inside.iter().map(|part| part.to_string_lossy()).collect();
                files.push((parts.join("/"), entry));
            }
        }
        files.sort_unstable_by(|(left, _), (right, _)| left.cmp(right));
        for (name, entry) in files {
            hasher.update((name.len() as u64).to_le_bytes());
            hasher.update(name.as_bytes());
            hash_content(&mut hasher, &entry)
                .map_err(|source| DataError::read(entry.path(), source))?;
        }
    } else if metadata.is_file() {
        let mut file = File::open(path).map_err(failed)?;
        update_from(&mut hasher, &mut file).map_err(failed)?;
    } else {
        return Err(failed(io::Error::other("it is a device or a pipe")));
    }
    Ok(hex(&hasher.finalize()))
}

/// The length of a content and the content.
fn hash_content(hasher: &mut Sha256, entry: &DirEntry) -> io::Result<()> {
    let kind = entry.file_type();
    if kind.is_file() {
        let mut file = File::open(entry.path())?;
        let length = file.metadata()?.len();
        hasher.update(length.to_le_bytes());
        if update_from(hasher, &mut file)? != length {
            return Err(io::Error::other("the file changed while it was read"));
        }
        return Ok(());
    }
    let target = if kind.is_symlink() {
        fs::read_link(entry.path())?.into_os_string()
    } else {
        OsString::new()
    };
    hasher.update((target.as_encoded_bytes().len() as u64).to_le_bytes());
    hasher.update(target.as_encoded_bytes());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

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
