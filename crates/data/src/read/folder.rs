//! Unpacked folders: the same layout as in an archive, read file by file.
//!
//! Links below the folder are refused where they stand for a split, a class or a review, since they
//! could lead anywhere, unless the caller asks for them to be followed. The folder itself may be
//! reached through one.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use recurrent_corpus::Split;
use walkdir::{DirEntry, WalkDir};

use super::{Budget, Ticker, first_error, pool, review};
use crate::corpus::Review;
use crate::error::DataError;
use crate::layout::{
    Classes, EntryKind, Layout, Location, is_never_meant, is_unlabelled, sort_reviews,
};
use crate::options::ReadOptions;

/// The reviews of a folder in their final order, not read yet.
pub(super) fn list(
    folder: &Path,
    options: &ReadOptions<'_>,
) -> Result<(Classes, Vec<(Location, PathBuf)>), DataError> {
    let mut listing = Listing {
        folder,
        options,
        left: options.limits.max_entries,
        layout: Layout::new(folder),
        files: Vec::new(),
    };
    listing.fill()?;
    let Listing {
        layout, mut files, ..
    } = listing;
    let classes = layout.finish(true)?;
    sort_reviews(folder, &classes, &mut files, |(location, _)| location)?;
    Ok((classes, files))
}

/// Reads an unpacked folder.
pub(super) fn read(
    folder: &Path,
    options: &ReadOptions<'_>,
) -> Result<(Classes, Vec<Review>), DataError> {
    let (classes, files) = list(folder, options)?;
    let budget = Budget::new(folder, &options.limits, None);
    let ticker = Ticker::new(files.len(), options.progress);
    let reviews = pool(options.threads)?.install(|| {
        let found: Vec<_> = files
            .par_iter()
            .map_init(Vec::new, |buffer, (location, path)| {
                budget.check()?;
                load(folder, location, path, budget.entry_limit(), buffer)?;
                budget.take(buffer.len() as u64)?;
                let review = review(folder, &classes, location, buffer, options)?;
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
    location: &Location,
    path: &Path,
    limit: u64,
    buffer: &mut Vec<u8>,
) -> Result<(), DataError> {
    buffer.clear();
    File::open(path)
        .and_then(|file| file.take(limit.saturating_add(1)).read_to_end(buffer))
        .map_err(|error| DataError::read(path, error))?;
    if buffer.len() as u64 > limit {
        return Err(DataError::EntryTooLarge {
            archive: folder.to_path_buf(),
            entry: location.entry(),
            limit,
        });
    }
    Ok(())
}

/// Lists folders and keeps count of what was listed.
struct Listing<'a> {
    folder: &'a Path,
    options: &'a ReadOptions<'a>,
    left: usize,
    layout: Layout<'a>,
    files: Vec<(Location, PathBuf)>,
}

impl Listing<'_> {
    /// Takes in the splits that lie in the folder itself, or else everything below it.
    fn fill(&mut self) -> Result<(), DataError> {
        let mut splits = Vec::new();
        let mut others = Vec::new();
        for item in
            fs::read_dir(self.folder).map_err(|error| DataError::read(self.folder, error))?
        {
            let item = item.map_err(|error| DataError::read(self.folder, error))?;
            let name = item.file_name().to_string_lossy().into_owned();
            // Through links: one that is not followed is an error, not a reason to look elsewhere.
            if !fs::metadata(item.path()).is_ok_and(|metadata| metadata.is_dir()) {
                continue;
            }
            match Split::from_folder(&name) {
                Some(split) => splits.push((split, name)),
                None if !is_never_meant(&name) => others.push(name),
                None => {}
            }
        }
        splits.sort_unstable();
        others.sort_unstable();
        let holds_both = Split::ALL
            .iter()
            .all(|split| splits.iter().any(|(other, _)| other == split));
        if !holds_both {
            return self.walk("", usize::MAX);
        }
        for (_, name) in splits {
            self.walk(&name, 2)?;
        }
        for name in others {
            self.layout.add_unread_folder(&name);
        }
        Ok(())
    }

    /// Takes in what lies below a folder, `depth` levels deep.
    fn walk(&mut self, below: &str, depth: usize) -> Result<(), DataError> {
        let top = self.folder.join(below);
        if !below.is_empty() && top.is_symlink() && !self.options.follow_links {
            return self.add(below, EntryKind::Link, &top, true);
        }
        let mut walk = WalkDir::new(&top)
            .min_depth(1)
            .max_depth(depth)
            .follow_links(self.options.follow_links)
            .sort_by_file_name()
            .into_iter();
        while let Some(entry) = walk.next() {
            let entry = entry.map_err(|error| DataError::walk(&top, error))?;
            self.left = self
                .left
                .checked_sub(1)
                .ok_or_else(|| DataError::TooManyEntries {
                    archive: self.folder.to_path_buf(),
                    limit: self.options.limits.max_entries,
                })?;
            let path = entry.path();
            let inside = path.strip_prefix(self.folder).unwrap_or(path);
            // With the same separator on every system.
            let parts: Vec<_> = inside.iter().map(|part| part.to_string_lossy()).collect();
            let name = parts.join("/");
            let file_name = parts.last().map_or("", |part| part);
            if entry.file_type().is_dir() && (is_never_meant(file_name) || is_unlabelled(file_name))
            {
                walk.skip_current_dir();
                self.layout.add_unread_folder(&name);
                continue;
            }
            if entry.file_type().is_dir() && entry.depth() == depth {
                self.layout.add_unread_folder(&name);
            }
            self.add(&name, kind(&entry), path, inside.to_str().is_some())?;
        }
        Ok(())
    }

    fn add(
        &mut self,
        name: &str,
        kind: EntryKind,
        path: &Path,
        is_utf8: bool,
    ) -> Result<(), DataError> {
        if let Some(location) = self.layout.add(name, kind, false)? {
            if !is_utf8 {
                return Err(DataError::NameNotUtf8 {
                    archive: self.folder.to_path_buf(),
                    entry: name.to_owned(),
                });
            }
            self.files.push((location, path.to_path_buf()));
        }
        Ok(())
    }
}

fn kind(entry: &DirEntry) -> EntryKind {
    let kind = entry.file_type();
    if kind.is_symlink() {
        EntryKind::Link
    } else if kind.is_dir() {
        EntryKind::Folder
    } else if kind.is_file() {
        EntryKind::File
    } else {
        EntryKind::Other
    }
}
