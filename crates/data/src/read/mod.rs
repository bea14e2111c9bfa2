//! Reading a source into memory: which kind it is, and what all kinds have in common.
//!
//! The kinds themselves are in `zip`, `tar` and `folder`; unpacking to disk is in `extract`.

mod folder;
pub(crate) mod tar;
mod work;
pub(crate) mod zip;

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

use rayon::prelude::*;

pub(crate) use work::{Budget, Ticker, first_error, pool};

use crate::clean::clean;
use crate::corpus::{Review, ReviewCorpus, Split};
use crate::error::DataError;
use crate::hash::read_error;
use crate::layout::{Classes, Place, arrange};
use crate::options::ReadOptions;

/// What lies at a path, judged by its first bytes and not by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Zip,
    TarGz,
    Folder,
}

impl Kind {
    pub(crate) fn of(source: &Path) -> Result<Self, DataError> {
        let metadata = fs::metadata(source).map_err(|error| read_error(source, error))?;
        if metadata.is_dir() {
            return Ok(Self::Folder);
        }
        let mut magic = Vec::with_capacity(4);
        File::open(source)
            .and_then(|file| file.take(4).read_to_end(&mut magic))
            .map_err(|error| read_error(source, error))?;
        match magic.as_slice() {
            [b'P', b'K', 3, 4] | [b'P', b'K', 5, 6] => Ok(Self::Zip),
            [0x1f, 0x8b, ..] => Ok(Self::TarGz),
            _ => Err(DataError::Unrecognized {
                path: source.to_path_buf(),
            }),
        }
    }
}

/// Reads the labelled reviews of a zip file, a gzipped tar file or an unpacked folder.
///
/// The layout is `train/{class}/{id}_{rating}.txt` and the same under `test/`, possibly below one
/// common top folder. Labels are the positions of the sorted class names; reviews are ordered
/// class by class, file names bytewise. Folders named `unsup`, hidden files and whatever does not
/// lie directly inside a class folder are passed over. Nothing is written to disk, and the result
/// does not depend on the number of threads.
///
/// # Errors
/// Every [`DataError`] that concerns reading: the source is missing, of another kind, damaged,
/// too large, badly laid out, or holds something other than UTF-8.
pub fn read(source: &Path, options: &ReadOptions<'_>) -> Result<ReviewCorpus, DataError> {
    let (classes, reviews) = match Kind::of(source)? {
        Kind::Zip => read_zip(source, options)?,
        Kind::TarGz => read_tar(source, options)?,
        Kind::Folder => folder::read(source, options)?,
    };
    let mut train = reviews;
    let test = train.split_off(train.partition_point(|review| review.split == Split::Train));
    Ok(ReviewCorpus::new(
        file_name(source),
        classes.names,
        train,
        test,
    ))
}

/// The last part of a path, for use as a name.
pub(crate) fn file_name(path: &Path) -> String {
    path.file_name()
        .unwrap_or(path.as_os_str())
        .to_string_lossy()
        .into_owned()
}

fn read_zip(source: &Path, options: &ReadOptions<'_>) -> Result<(Classes, Vec<Review>), DataError> {
    let archive = zip::Archive::open(source, &options.limits)?;
    let budget = Budget::new(source, &options.limits);
    let ticker = Ticker::new(archive.reviews.len(), options.progress);
    let reviews = pool(options.threads)?.install(|| {
        let found: Vec<_> = archive
            .reviews
            .par_iter()
            .map_init(zip::Inflater::new, |inflater, packed| {
                let bytes = inflater.inflate(&archive, packed, &budget)?;
                let review = review(source, &archive.classes, &packed.place, bytes, options)?;
                ticker.tick();
                Ok(review)
            })
            .collect();
        first_error(found)
    })?;
    Ok((archive.classes, reviews))
}

fn read_tar(source: &Path, options: &ReadOptions<'_>) -> Result<(Classes, Vec<Review>), DataError> {
    let mut raw = Vec::new();
    let classes = tar::visit(source, options, &mut |place, bytes| {
        raw.push((place, bytes));
        Ok(())
    })?;
    arrange(source, &classes, &mut raw, |(place, _)| place)?;
    let reviews = pool(options.threads)?.install(|| {
        let found: Vec<_> = raw
            .into_par_iter()
            .map(|(place, bytes)| review(source, &classes, &place, &bytes, options))
            .collect();
        first_error(found)
    })?;
    Ok((classes, reviews))
}

/// Makes a review of the bytes of one file.
fn review(
    source: &Path,
    classes: &Classes,
    place: &Place,
    bytes: &[u8],
    options: &ReadOptions<'_>,
) -> Result<Review, DataError> {
    let text = std::str::from_utf8(bytes).map_err(|error| DataError::NotUtf8 {
        archive: source.to_path_buf(),
        entry: place.entry(),
        offset: error.valid_up_to(),
    })?;
    let text = if options.clean {
        clean(text).into_owned()
    } else {
        text.to_owned()
    };
    Ok(Review {
        split: place.split,
        label: classes.label(place.class),
        id: place.id,
        rating: place.rating,
        path: place.path.clone(),
        text,
    })
}
