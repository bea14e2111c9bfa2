//! Unpacked folders: the same layout as in an archive, read file by file.
//!
//! Links below the folder are refused, since they could lead anywhere; the folder itself may be
//! reached through one.

use std::fs::{self, DirEntry, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::{Budget, Ticker, first_error, pool, review};
use crate::corpus::{Review, Split};
use crate::error::DataError;
use crate::hash::read_error;
use crate::layout::{Classes, Layout, Place, arrange};
use crate::options::ReadOptions;

/// Reads an unpacked folder.
pub(super) fn read(
    folder: &Path,
    options: &ReadOptions<'_>,
) -> Result<(Classes, Vec<Review>), DataError> {
    let base = base_of(folder)?;
    let mut listing = Listing {
        folder,
        left: options.limits.max_entries,
        limit: options.limits.max_entries,
    };
    let mut layout = Layout::new(folder);
    let mut files: Vec<(Place, PathBuf)> = Vec::new();
    for split in Split::ALL {
        let split_folder = base.join(split.name());
        if !split_folder.is_dir() {
            continue;
        }
        if split_folder.is_symlink() {
            return Err(link(folder, split.name()));
        }
        for class in listing.of(&split_folder)? {
            let name = format!("{split}/{}", class.name);
            if class.is_link {
                return Err(link(folder, &name));
            }
            if !class.is_folder {
                continue;
            }
            layout.see(&name, true)?;
            if class.name == "unsup" {
                continue;
            }
            for file in listing.of(&class.path)? {
                let name = format!("{name}/{}", file.name);
                if file.is_link {
                    return Err(link(folder, &name));
                }
                if let Some(place) = layout.see(&name, file.is_folder)? {
                    files.push((place, file.path));
                }
            }
        }
    }
    let classes = layout.finish()?;
    arrange(folder, &classes, &mut files, |(place, _)| place)?;

    let budget = Budget::new(folder, &options.limits);
    let ticker = Ticker::new(files.len(), options.progress);
    let reviews = pool(options.threads)?.install(|| {
        let found: Vec<_> = files
            .par_iter()
            .map_init(Vec::new, |buffer, (place, path)| {
                budget.check()?;
                load(folder, place, path, budget.entry_limit(), buffer)?;
                budget.take(buffer.len())?;
                let review = review(folder, &classes, place, buffer, options)?;
                ticker.tick();
                Ok(review)
            })
            .collect();
        first_error(found)
    })?;
    Ok((classes, reviews))
}

fn load(
    folder: &Path,
    place: &Place,
    path: &Path,
    limit: u64,
    buffer: &mut Vec<u8>,
) -> Result<(), DataError> {
    buffer.clear();
    File::open(path)
        .and_then(|file| file.take(limit.saturating_add(1)).read_to_end(buffer))
        .map_err(|error| read_error(path, error))?;
    if buffer.len() as u64 > limit {
        return Err(DataError::EntryTooLarge {
            archive: folder.to_path_buf(),
            entry: place.entry(),
            limit,
        });
    }
    Ok(())
}

/// The folder that holds the splits: the given one, or its only subfolder that does.
fn base_of(folder: &Path) -> Result<PathBuf, DataError> {
    let holds_splits = |path: &Path| {
        Split::ALL
            .iter()
            .any(|split| path.join(split.name()).is_dir())
    };
    if holds_splits(folder) {
        return Ok(folder.to_path_buf());
    }
    let mut candidates = Vec::new();
    for item in fs::read_dir(folder).map_err(|error| read_error(folder, error))? {
        let item = item.map_err(|error| read_error(folder, error))?;
        let kind = item
            .file_type()
            .map_err(|error| read_error(folder, error))?;
        if kind.is_dir() && holds_splits(&item.path()) {
            candidates.push(item.path());
        }
    }
    candidates.sort_unstable();
    match candidates.as_slice() {
        [] => Ok(folder.to_path_buf()),
        [base] => Ok(base.clone()),
        [first, second, ..] => Err(DataError::SeveralRoots {
            archive: folder.to_path_buf(),
            first: super::file_name(first),
            second: super::file_name(second),
        }),
    }
}

struct Item {
    name: String,
    path: PathBuf,
    is_folder: bool,
    is_link: bool,
}

/// Lists folders and keeps count of what was listed.
struct Listing<'a> {
    folder: &'a Path,
    left: usize,
    limit: usize,
}

impl Listing<'_> {
    fn of(&mut self, path: &Path) -> Result<Vec<Item>, DataError> {
        let failed = |error| read_error(path, error);
        let mut items = Vec::new();
        for item in fs::read_dir(path).map_err(failed)? {
            self.left = self
                .left
                .checked_sub(1)
                .ok_or_else(|| DataError::TooManyEntries {
                    archive: self.folder.to_path_buf(),
                    limit: self.limit,
                })?;
            items.push(self.item(&item.map_err(failed)?)?);
        }
        // Folders come in no particular order; sorted, the first error is always the same one.
        items.sort_unstable_by(|left, right| left.name.cmp(&right.name));
        Ok(items)
    }

    fn item(&self, item: &DirEntry) -> Result<Item, DataError> {
        let path = item.path();
        let kind = item.file_type().map_err(|error| read_error(&path, error))?;
        let name = item
            .file_name()
            .into_string()
            .map_err(|name| DataError::MisnamedFile {
                archive: self.folder.to_path_buf(),
                entry: name.to_string_lossy().into_owned(),
            })?;
        Ok(Item {
            name,
            path,
            is_folder: kind.is_dir(),
            is_link: kind.is_symlink(),
        })
    }
}

fn link(folder: &Path, entry: &str) -> DataError {
    DataError::Link {
        archive: folder.to_path_buf(),
        entry: entry.to_owned(),
    }
}
