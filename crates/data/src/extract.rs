//! Unpacking an archive into a folder, and taking the folder away again.
//!
//! Files are written into a temporary folder beside the target and moved into place at the end, so
//! that the target is either complete or not there. Names are checked by the module `layout`
//! before anything is written; reading the texts is the business of the module `read`.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use crate::corpus::{ReviewCorpus, Split};
use crate::error::DataError;
use crate::layout::Place;
use crate::options::ReadOptions;
use crate::read::{Budget, Kind, Ticker, first_error, pool, read, tar, zip};

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
#[derive(Debug)]
#[must_use = "dropping the value removes what was unpacked"]
pub struct Extracted {
    target: PathBuf,
    /// Files created, relative to the target.
    files: Vec<PathBuf>,
    /// Folders created, each before the folder it lies in.
    folders: Vec<PathBuf>,
}

impl Extracted {
    /// Unpacks the labelled reviews of a zip or gzipped tar file into `target`.
    ///
    /// The files lie in `target/train/…` and `target/test/…`, byte for byte as in the archive. A
    /// top folder of the archive is left out, and so is everything that is not a labelled review.
    /// Missing parents of the target are created.
    ///
    /// # Errors
    /// [`DataError::TargetInUse`] if the target exists and is not an empty folder;
    /// [`DataError::Write`] if it cannot be written; and what [`read`](crate::read) finds wrong
    /// with an archive. In every case nothing is left behind.
    pub fn unpack(
        archive: &Path,
        target: &Path,
        options: &ReadOptions<'_>,
    ) -> Result<Self, DataError> {
        Self::unpack_with(archive, target, options, |path: &Path| {
            File::create_new(path)
        })
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
        let target = std::path::absolute(target).map_err(|source| write_error(target, source))?;
        let kind = Kind::of(archive)?;
        if kind == Kind::Folder {
            return Err(DataError::NotAnArchive {
                path: archive.to_path_buf(),
            });
        }
        let target_exists = check_target(&target)?;
        let parent = target.parent().ok_or_else(|| DataError::TargetInUse {
            target: target.clone(),
        })?;

        // From here on, dropping `extracted` takes away whatever was created so far.
        let mut extracted = Self {
            target: target.clone(),
            files: Vec::new(),
            folders: Vec::new(),
        };
        extracted.create_parents(parent)?;
        let temporary = tempfile::Builder::new()
            .prefix(".unpacking-")
            .tempdir_in(parent)
            .map_err(|source| write_error(parent, source))?;
        // The temporary folder is private to the user; the one inside has the usual permissions.
        let inside = temporary.path().join("reviews");
        fs::create_dir(&inside).map_err(|source| write_error(&inside, source))?;

        let store = |place: &Place, bytes: &[u8]| -> Result<(), DataError> {
            let path = inside.join(place.split.name()).join(&place.path);
            create(&path)
                .and_then(|mut writer| {
                    writer.write_all(bytes)?;
                    writer.flush()
                })
                .map_err(|source| {
                    write_error(&target.join(place.split.name()).join(&place.path), source)
                })
        };
        let places = match kind {
            Kind::Zip => store_zip(archive, options, &inside, store)?,
            _ => store_tar(archive, options, &inside, store)?,
        };

        // Without this, some systems would not let the new folder take the place of the old one.
        if target_exists {
            fs::remove_dir(&target).map_err(|source| write_error(&target, source))?;
        }
        if let Err(source) = fs::rename(&inside, &target) {
            if target_exists {
                // Best effort: the empty folder was there before. The rename's error is the news.
                let _ = fs::create_dir(&target);
            }
            return Err(write_error(&target, source));
        }
        extracted.record(&places, target_exists);
        Ok(extracted)
    }

    /// The folder that holds the splits; can be given to [`index`].
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.target
    }

    /// Leaves the folder in place and returns its path.
    #[must_use]
    pub fn keep(mut self) -> PathBuf {
        self.files.clear();
        self.folders.clear();
        std::mem::take(&mut self.target)
    }

    /// Deletes the files that were unpacked, then the folders that were created and are now empty.
    ///
    /// Files that something else put there stay, and so do the folders around them. What is gone
    /// already is not an error.
    ///
    /// # Errors
    /// [`DataError::Remove`] with the first file or folder that could not be deleted; the others
    /// are deleted all the same.
    pub fn remove(mut self) -> Result<(), DataError> {
        self.delete()
    }

    fn delete(&mut self) -> Result<(), DataError> {
        let mut first = Ok(());
        for file in self.files.drain(..) {
            let path = self.target.join(file);
            if let Err(source) = fs::remove_file(&path)
                && source.kind() != io::ErrorKind::NotFound
                && first.is_ok()
            {
                first = Err(DataError::Remove { path, source });
            }
        }
        for path in self.folders.drain(..) {
            if let Err(source) = fs::remove_dir(&path)
                && !matches!(
                    source.kind(),
                    io::ErrorKind::NotFound | io::ErrorKind::DirectoryNotEmpty
                )
                && first.is_ok()
            {
                first = Err(DataError::Remove { path, source });
            }
        }
        first
    }

    fn create_parents(&mut self, parent: &Path) -> Result<(), DataError> {
        let missing: Vec<_> = parent
            .ancestors()
            .take_while(|folder| !folder.exists())
            .collect();
        for folder in missing.into_iter().rev() {
            fs::create_dir(folder).map_err(|source| write_error(folder, source))?;
            self.folders.insert(0, folder.to_path_buf());
        }
        Ok(())
    }

    fn record(&mut self, places: &[Place], target_exists: bool) {
        let mut folders = Vec::new();
        let mut classes = BTreeSet::new();
        for place in places {
            let file = Path::new(place.split.name()).join(&place.path);
            classes.extend(file.parent().map(Path::to_path_buf));
            self.files.push(file);
        }
        folders.extend(classes.into_iter().map(|class| self.target.join(class)));
        folders.extend(Split::ALL.map(|split| self.target.join(split.name())));
        if !target_exists {
            folders.push(self.target.clone());
        }
        folders.append(&mut self.folders);
        self.folders = folders;
    }
}

impl Drop for Extracted {
    fn drop(&mut self) {
        // Best effort, as the type's documentation says: there is nobody to tell.
        let _ = self.delete();
    }
}

fn store_zip(
    source: &Path,
    options: &ReadOptions<'_>,
    inside: &Path,
    store: impl Fn(&Place, &[u8]) -> Result<(), DataError> + Sync,
) -> Result<Vec<Place>, DataError> {
    let archive = zip::Archive::open(source, &options.limits)?;
    for split in Split::ALL {
        for class in &archive.classes.names {
            let folder = inside.join(split.name()).join(class);
            fs::create_dir_all(&folder).map_err(|source| write_error(&folder, source))?;
        }
    }
    let budget = Budget::new(source, &options.limits);
    let ticker = Ticker::new(archive.reviews.len(), options.progress);
    pool(options.threads)?.install(|| {
        let stored: Vec<_> = archive
            .reviews
            .par_iter()
            .map_init(zip::Inflater::new, |inflater, packed| {
                store(&packed.place, inflater.inflate(&archive, packed, &budget)?)?;
                ticker.tick();
                Ok(packed.place.clone())
            })
            .collect();
        first_error(stored)
    })
}

fn store_tar(
    source: &Path,
    options: &ReadOptions<'_>,
    inside: &Path,
    store: impl Fn(&Place, &[u8]) -> Result<(), DataError>,
) -> Result<Vec<Place>, DataError> {
    let mut places = Vec::new();
    let mut seen = BTreeSet::new();
    tar::visit(source, options, &mut |place, bytes| {
        if !seen.insert((place.split, place.path.clone())) {
            return Err(DataError::DuplicateEntry {
                archive: source.to_path_buf(),
                entry: place.entry(),
            });
        }
        let file = inside.join(place.split.name()).join(&place.path);
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder).map_err(|source| write_error(folder, source))?;
        }
        store(&place, &bytes)?;
        places.push(place);
        Ok(())
    })?;
    Ok(places)
}

/// Whether the target exists as an empty folder; an error if it is anything else that exists.
fn check_target(target: &Path) -> Result<bool, DataError> {
    let in_use = || DataError::TargetInUse {
        target: target.to_path_buf(),
    };
    match fs::symlink_metadata(target) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(source) => Err(write_error(target, source)),
        Ok(metadata) if !metadata.is_dir() => Err(in_use()),
        Ok(_) => {
            let mut items = fs::read_dir(target).map_err(|source| write_error(target, source))?;
            if items.next().is_some() {
                Err(in_use())
            } else {
                Ok(true)
            }
        }
    }
}

fn write_error(path: &Path, source: io::Error) -> DataError {
    DataError::Write {
        path: path.to_path_buf(),
        source,
    }
}
