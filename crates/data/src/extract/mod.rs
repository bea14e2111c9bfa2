//! Unpacking an archive into a folder, and taking the folder away again.
//!
//! Files are written into a temporary folder beside the target and moved into place at the end, so
//! that the target is either complete or not there. Names are checked by the modules `names` and
//! `layout` before anything is written; reading the texts is the business of the module `read`. What a
//! killed process leaves is the business of the module `leftover`.

mod cleanup;
mod leftover;

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use recurrent_corpus::Split;

pub use cleanup::Cleanup;

use crate::corpus::ReviewCorpus;
use crate::error::DataError;
use crate::layout::{Classes, Location, sort_reviews};
use crate::options::ReadOptions;
use crate::passed_over::PassedOver;
use crate::read::{Budget, Kind, Ticker, first_error, pool, read, tar, zip};
use leftover::{INSIDE, MARKER, TEMPORARY};

/// Reads an unpacked folder: [`read`](crate::read) by the name the notebook's steps give it.
///
/// # Errors
/// As [`read`](crate::read).
pub fn index(folder: &Path, options: &ReadOptions<'_>) -> Result<ReviewCorpus, DataError> {
    read(folder, options)
}

/// The review files of an archive, unpacked into a folder.
///
/// The value knows what it created. [`remove`](Self::remove) deletes just that and reports
/// failures; dropping the value does the same and keeps silent about them, so that an error on the
/// way leaves nothing behind. [`keep`](Self::keep) leaves the folder where it is.
///
/// A process that is killed cannot remove anything. For one that is told to end there is a
/// [`Cleanup`]; after any other, the next unpacking to the same place takes over what was left: the
/// folder carries the hidden file `.recurrent-extracted`, which lists what was unpacked, and which the
/// process holds a lock on for as long as it lives.
#[derive(Debug)]
#[must_use = "dropping the value removes what was unpacked"]
pub struct Extracted {
    target: PathBuf,
    passed_over: PassedOver,
    cleanup: Cleanup,
}

impl Extracted {
    /// Unpacks the labelled reviews of a zip or tar file into `target`.
    ///
    /// The files lie in `target/train/…` and `target/test/…`, byte for byte as in the archive. A
    /// top folder of the archive is left out, and so is everything that is not a labelled review.
    /// Missing parents of the target are created. What an unpacking to the same place has left that
    /// was killed is removed.
    ///
    /// # Errors
    /// [`DataError::TargetInUse`] if the target exists, is not an empty folder, and is not such a
    /// leftover; [`DataError::TargetBusy`] if the process that unpacked it is still there;
    /// [`DataError::Write`] if it cannot be written; and what [`read`](crate::read) finds wrong
    /// with an archive. In every case nothing is left behind.
    pub fn unpack(
        archive: &Path,
        target: &Path,
        options: &ReadOptions<'_>,
    ) -> Result<Self, DataError> {
        Self::unpack_tracked(archive, target, options, &Cleanup::new())
    }

    /// As [`unpack`](Self::unpack); `cleanup` can take away what was created at any moment, from any
    /// thread.
    ///
    /// # Errors
    /// As [`unpack`](Self::unpack), and [`DataError::Stopped`] after [`Cleanup::remove_now`].
    pub fn unpack_tracked(
        archive: &Path,
        target: &Path,
        options: &ReadOptions<'_>,
        cleanup: &Cleanup,
    ) -> Result<Self, DataError> {
        let create = |path: &Path| File::create_new(path);
        Self::unpack_by(archive, target, options, cleanup.clone(), create)
    }

    /// As [`unpack`](Self::unpack), with files opened by `create`: a seam for wrapping the writer.
    ///
    /// `create` is called from several threads with paths below a temporary folder.
    ///
    /// # Errors
    /// As [`unpack`](Self::unpack).
    pub fn unpack_with<W: Write>(
        archive: &Path,
        target: &Path,
        options: &ReadOptions<'_>,
        create: impl Fn(&Path) -> io::Result<W> + Sync,
    ) -> Result<Self, DataError> {
        Self::unpack_by(archive, target, options, Cleanup::new(), create)
    }

    fn unpack_by<W: Write>(
        archive: &Path,
        target: &Path,
        options: &ReadOptions<'_>,
        cleanup: Cleanup,
        create: impl Fn(&Path) -> io::Result<W> + Sync,
    ) -> Result<Self, DataError> {
        let target =
            std::path::absolute(target).map_err(|source| DataError::write(target, source))?;
        let contents = Contents::list(archive, options)?;
        let target_exists = check_target(&target)?;
        let parent = target.parent().ok_or_else(|| DataError::TargetInUse {
            target: target.clone(),
        })?;

        // From here on, dropping `extracted` takes away whatever was created so far.
        let extracted = Self {
            target: target.clone(),
            passed_over: contents.classes().passed_over.clone(),
            cleanup,
        };
        extracted.create_parents(parent)?;
        leftover::sweep(parent);
        let inside = extracted.create_temporary(parent, &contents.entries)?;
        for split in Split::ALL {
            for class in &contents.classes().names {
                let folder = inside.join(split.name()).join(class);
                let _created = extracted.cleanup.read()?;
                fs::create_dir_all(&folder).map_err(|source| DataError::write(&folder, source))?;
            }
        }
        let store = |location: &Location, bytes: &[u8]| -> Result<(), DataError> {
            let _created = extracted.cleanup.read()?;
            let entry = location.entry();
            create(&inside.join(&entry))
                .and_then(|mut writer| {
                    writer.write_all(bytes)?;
                    writer.flush()
                })
                .map_err(|source| DataError::write(&target.join(entry), source))
        };
        contents.store(archive, options, store)?;
        extracted.move_into_place(&inside, &contents, target_exists)?;
        Ok(extracted)
    }

    /// Removes what unpackings to `target` have left beside it whose processes are gone: the temporary
    /// folders they were unpacking into. [`unpack`](Self::unpack) does so itself; this is for a program that
    /// does not unpack this time. Best effort: what stays does no harm but to the space on the disk.
    pub fn sweep(target: &Path) {
        if let Some(parent) = target.parent() {
            leftover::sweep(parent);
        }
    }

    /// The folder that holds the splits; can be given to [`index`].
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.target
    }

    /// What lies in the archive and was not unpacked.
    #[must_use]
    pub fn passed_over(&self) -> &PassedOver {
        &self.passed_over
    }

    /// Leaves the folder in place and returns its path. It is the caller's from now on.
    #[must_use]
    pub fn keep(self) -> PathBuf {
        let mut created = self.cleanup.write();
        created.lock = None;
        created.files.clear();
        created.folders.clear();
        // Best effort: reading passes over the marker.
        let _ = fs::remove_file(self.target.join(MARKER));
        self.target.clone()
    }

    /// Deletes the files that were unpacked, then the folders that were created and are now empty.
    ///
    /// Files that something else put there stay, and so do the folders around them. What is gone
    /// already is not an error.
    ///
    /// # Errors
    /// [`DataError::Remove`] with the first file or folder that could not be deleted; the others
    /// are deleted all the same.
    pub fn remove(self) -> Result<(), DataError> {
        self.cleanup.write().delete()
    }

    fn create_parents(&self, parent: &Path) -> Result<(), DataError> {
        let mut created = self.cleanup.go_on()?;
        let missing: Vec<_> = parent
            .ancestors()
            .take_while(|folder| !folder.exists())
            .collect();
        for folder in missing.into_iter().rev() {
            fs::create_dir(folder).map_err(|source| DataError::write(folder, source))?;
            created.folders.insert(0, folder.to_path_buf());
        }
        Ok(())
    }

    /// The folder to unpack into, with its marker.
    fn create_temporary(&self, parent: &Path, entries: &[String]) -> Result<PathBuf, DataError> {
        let mut created = self.cleanup.go_on()?;
        let temporary = tempfile::Builder::new()
            .prefix(TEMPORARY)
            .tempdir_in(parent)
            .map_err(|source| DataError::write(parent, source))?
            .keep();
        created.temporary = Some(temporary.clone());
        // The temporary folder is private to the user; the one inside has the usual permissions.
        let inside = temporary.join(INSIDE);
        fs::create_dir(&inside).map_err(|source| DataError::write(&inside, source))?;
        let lock = leftover::mark(&inside, entries);
        created.lock = Some(lock.map_err(|source| DataError::write(&inside, source))?);
        Ok(inside)
    }

    fn move_into_place(
        &self,
        inside: &Path,
        contents: &Contents,
        target_exists: bool,
    ) -> Result<(), DataError> {
        let target = &self.target;
        let failed = |source| DataError::write(target, source);
        let mut created = self.cleanup.go_on()?;
        // Without this, some systems would not let the new folder take the place of the old one.
        if target_exists {
            fs::remove_dir(target).map_err(failed)?;
        }
        if cfg!(windows) {
            // There, a folder with an open file in it stays where it is.
            created.lock = None;
        }
        if let Err(source) = fs::rename(inside, target) {
            if target_exists {
                // Best effort: the empty folder was there before. The rename's error is the news.
                let _ = fs::create_dir(target);
            }
            return Err(failed(source));
        }
        let marker = target.join(MARKER);
        let files = contents.entries.iter().map(|entry| target.join(entry));
        created.files = files.chain([marker.clone()]).collect();
        let mut folders = Vec::new();
        for split in Split::ALL {
            let names = contents.classes().names.iter();
            folders.extend(names.map(|class| target.join(split.name()).join(class)));
        }
        folders.extend(Split::ALL.map(|split| target.join(split.name())));
        if !target_exists {
            folders.push(target.clone());
        }
        folders.append(&mut created.folders);
        created.folders = folders;
        if let Some(temporary) = created.temporary.take() {
            // Best effort: it is empty now, and the next unpacking would remove it.
            let _ = fs::remove_dir(temporary);
        }
        if created.lock.is_none() {
            let lock = File::options().read(true).write(true).open(&marker);
            let lock = lock.and_then(|file| leftover::lock(&file).map(|()| file));
            created.lock = Some(lock.map_err(failed)?);
        }
        Ok(())
    }
}

impl Drop for Extracted {
    fn drop(&mut self) {
        // Best effort, as the type's documentation says: there is nobody to tell.
        let _ = self.cleanup.write().delete();
    }
}

/// What will be unpacked.
struct Contents {
    source: Source,
    /// The paths of all files: `train/neg/0_3.txt`.
    entries: Vec<String>,
}

enum Source {
    Zip(zip::Archive),
    Tar { gzipped: bool, classes: Classes },
}

impl Contents {
    /// Looks at the whole archive by its names, before anything is written.
    fn list(archive: &Path, options: &ReadOptions<'_>) -> Result<Self, DataError> {
        match Kind::of(archive)? {
            Kind::Folder => Err(DataError::NotAnArchive {
                path: archive.to_path_buf(),
            }),
            Kind::Zip => {
                let archive = zip::Archive::open(archive, &options.limits)?;
                let reviews = archive.reviews.iter();
                Ok(Self {
                    entries: reviews.map(|packed| packed.location.entry()).collect(),
                    source: Source::Zip(archive),
                })
            }
            Kind::Tar { gzipped } => {
                let quiet = ReadOptions {
                    progress: None,
                    ..*options
                };
                let mut locations = Vec::new();
                let classes = tar::visit(archive, gzipped, &quiet, &mut |location, _| {
                    locations.push(location);
                    Ok(())
                })?;
                sort_reviews(archive, &classes, &mut locations, |location| location)?;
                Ok(Self {
                    entries: locations.iter().map(Location::entry).collect(),
                    source: Source::Tar { gzipped, classes },
                })
            }
        }
    }

    fn classes(&self) -> &Classes {
        match &self.source {
            Source::Zip(archive) => &archive.classes,
            Source::Tar { classes, .. } => classes,
        }
    }

    fn store(
        &self,
        path: &Path,
        options: &ReadOptions<'_>,
        store: impl Fn(&Location, &[u8]) -> Result<(), DataError> + Sync,
    ) -> Result<(), DataError> {
        let archive = match &self.source {
            Source::Zip(archive) => archive,
            Source::Tar { gzipped, classes } => {
                tar::visit(path, *gzipped, options, &mut |location, bytes| {
                    if classes.holds(&location) {
                        store(&location, &bytes)?;
                    }
                    Ok(())
                })?;
                return Ok(());
            }
        };
        let budget = Budget::new(path, &options.limits, Some(archive.packed_bytes()));
        let ticker = Ticker::new(archive.reviews.len(), options.progress);
        pool(options.threads)?.install(|| {
            let stored: Vec<_> = archive
                .reviews
                .par_iter()
                .map_init(zip::Inflater::new, |inflater, packed| {
                    store(
                        &packed.location,
                        inflater.inflate(archive, packed, &budget)?,
                    )?;
                    ticker.tick();
                    Ok(())
                })
                .collect();
            first_error(stored)
        })?;
        Ok(())
    }
}

/// Whether the target exists as an empty folder, leftovers removed; an error if it is anything else
/// that exists.
fn check_target(target: &Path) -> Result<bool, DataError> {
    let in_use = || DataError::TargetInUse {
        target: target.to_path_buf(),
    };
    let failed = |source| DataError::write(target, source);
    match fs::symlink_metadata(target) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(source) => Err(failed(source)),
        Ok(metadata) if !metadata.is_dir() => Err(in_use()),
        Ok(_) => {
            let is_empty = || fs::read_dir(target).map(|mut items| items.next().is_none());
            if is_empty().map_err(failed)? {
                Ok(true)
            } else if leftover::remove_from(target)? {
                // It was created by the unpacking that left it.
                fs::remove_dir(target).map_err(failed)?;
                Ok(false)
            } else {
                Err(in_use())
            }
        }
    }
}
