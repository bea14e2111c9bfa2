//! What is in a folder, and how it differs from what was.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::error::Error;
use sha2::{Digest, Sha256};

/// Every file and folder below a folder, with a hash of what is in each file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Listing {
    entries: BTreeMap<PathBuf, Option<[u8; 32]>>,
}

impl Listing {
    pub(crate) fn of(folder: &Path) -> Result<Self, Error> {
        let mut listing = Self::default();
        listing.add(folder, Path::new(""))?;
        Ok(listing)
    }

    fn add(&mut self, folder: &Path, below: &Path) -> Result<(), Error> {
        for entry in fs::read_dir(folder).map_err(Error::io(folder))? {
            let entry = entry.map_err(Error::io(folder))?;
            let (path, name) = (entry.path(), below.join(entry.file_name()));
            let kind = entry.file_type().map_err(Error::io(&path))?;
            if kind.is_dir() {
                self.entries.insert(name.clone(), None);
                self.add(&path, &name)?;
            } else {
                // What cannot be read, such as a link to nowhere, is known by its name.
                let hash = fs::read(&path).map(|bytes| Sha256::digest(bytes).into());
                self.entries.insert(name, hash.ok());
            }
        }
        Ok(())
    }

    /// The names, for comparing what is there and not what is in it.
    pub(crate) fn names(&self) -> Vec<&Path> {
        self.entries.keys().map(PathBuf::as_path).collect()
    }

    /// What is here and was not in `before`, or is otherwise, but for what lies in a folder of `allowed`.
    pub(crate) fn beyond(&self, before: &Self, allowed: &[&str]) -> Vec<String> {
        let is_allowed = |path: &Path| allowed.iter().any(|top| path.starts_with(top));
        let new = self
            .entries
            .iter()
            .filter_map(|(path, hash)| match before.entries.get(path) {
                _ if is_allowed(path) => None,
                None => Some(format!("new: {}", path.display())),
                Some(old) if old != hash => Some(format!("changed: {}", path.display())),
                Some(_) => None,
            });
        let gone = before.entries.keys().filter_map(|path| {
            let lost = !self.entries.contains_key(path) && !is_allowed(path);
            lost.then(|| format!("gone: {}", path.display()))
        });
        new.chain(gone).collect()
    }

    /// Names that only a write that was interrupted has: a point before and six letters behind, `.new`, or what is
    /// being unpacked.
    pub(crate) fn temporaries(&self) -> Vec<String> {
        let temporary = |path: &&PathBuf| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.starts_with('.') || name.ends_with(".new")
        };
        self.entries
            .keys()
            .filter(temporary)
            .map(|path| path.display().to_string())
            .collect()
    }
}

/// Copies a folder with all that is in it.
pub(crate) fn copy(from: &Path, to: &Path) -> Result<(), Error> {
    fs::create_dir_all(to).map_err(Error::io(to))?;
    for entry in fs::read_dir(from).map_err(Error::io(from))? {
        let entry = entry.map_err(Error::io(from))?;
        let (path, target) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            copy(&path, &target)?;
        } else {
            fs::copy(&path, &target).map_err(Error::io(&path))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_new_changed_or_gone_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::create_dir(path("out")).unwrap();
        for name in ["stays", "changes", "goes"] {
            fs::write(path(name), name).unwrap();
        }
        let before = Listing::of(folder.path()).unwrap();
        assert!(before.beyond(&before, &[]).is_empty());
        fs::write(path("changes"), "other").unwrap();
        fs::remove_file(path("goes")).unwrap();
        fs::write(path("out/.weights.aIN1Cq"), "").unwrap();
        fs::write(path("escaped"), "").unwrap();
        let after = Listing::of(folder.path()).unwrap();
        assert_eq!(
            after.beyond(&before, &["out"]),
            ["changed: changes", "new: escaped", "gone: goes"]
        );
        assert_eq!(after.temporaries(), ["out/.weights.aIN1Cq"]);
    }
}
