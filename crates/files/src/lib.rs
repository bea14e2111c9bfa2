//! Files that appear whole or not at all: written beside their place, brought to the disk, renamed.
//!
//! This crate knows paths, and nothing of what is in the files.

use std::fs;
use std::io;
use std::path::Path;

pub use atomic_write_file::AtomicWriteFile;

/// Begins a file that takes the place of `path` when it is committed; until then, what is there stays, and of a
/// file that is dropped before, nothing does.
///
/// Where a link stands, it stays, and what it names is replaced. A file that was there hands on its permissions; a new
/// one gets those that files usually get.
///
/// # Errors
/// What the system says when no file can be made in that folder, such as where there is none.
pub fn replace(path: &Path) -> io::Result<AtomicWriteFile> {
    let there = fs::canonicalize(path).ok();
    let mut options = AtomicWriteFile::options();
    #[cfg(unix)]
    {
        use atomic_write_file::unix::OpenOptionsExt as _;
        // A link that leads nowhere is replaced itself, and its permissions are everybody's.
        options.preserve_mode(there.is_some());
        // Whoever writes a file owns it, as elsewhere.
        options.preserve_owner(false);
    }
    options.open(there.as_deref().unwrap_or(path))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn write(path: &Path, content: &[u8]) {
        let mut file = replace(path).unwrap();
        file.write_all(content).unwrap();
        file.commit().unwrap();
    }

    #[test]
    fn what_was_there_stays_until_the_new_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        write(&path, b"old");
        let mut file = replace(&path).unwrap();
        file.write_all(b"ne").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"old");
        drop(file);
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(folder.path().read_dir().unwrap().count(), 1);
        write(&path, b"new");
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert!(replace(&folder.path().join("nowhere/file")).is_err());
    }

    #[test]
    #[cfg(unix)]
    fn permissions_are_those_of_other_files_or_of_the_one_before() {
        use std::os::unix::fs::{PermissionsExt as _, symlink};

        let folder = tempfile::tempdir().unwrap();
        let [new, usual, link, astray] =
            ["new", "usual", "link", "astray"].map(|name| folder.path().join(name));
        fs::write(&usual, b"").unwrap();
        let mode = |path: &Path| fs::symlink_metadata(path).unwrap().permissions().mode() & 0o777;
        let expected = mode(&usual);
        write(&new, b"1");
        assert_eq!(mode(&new), expected);
        fs::set_permissions(&new, fs::Permissions::from_mode(0o640)).unwrap();
        symlink(&new, &link).unwrap();
        write(&link, b"2");
        assert_eq!(fs::read(&new).unwrap(), b"2");
        assert_eq!(mode(&new), 0o640);
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        symlink(folder.path().join("nothing"), &astray).unwrap();
        write(&astray, b"3");
        assert_eq!(mode(&astray), expected);
    }
}
