//! Reading a source into memory: which kind it is, and what all kinds have in common.
//!
//! The kinds themselves are in `zip`, `tar` and `folder`; unpacking to disk is in `extract`.

mod folder;
mod gzip;
mod kind;
pub(crate) mod tar;
mod work;
pub(crate) mod zip;

use std::path::Path;

use rayon::prelude::*;
use recurrent_corpus::Split;

pub(crate) use kind::Kind;
pub(crate) use work::{Budget, Ticker, first_error, pool};

use crate::clean::clean;
use crate::corpus::{Review, ReviewCorpus};
use crate::error::DataError;
use crate::layout::{Classes, Location, sort_reviews};
use crate::lists::InvalidText;
use crate::options::{InvalidUtf8, ReadOptions};

/// Reads the labelled reviews of a zip file, a tar file, gzipped or not, or an unpacked folder.
///
/// The layout is `train/{class}/{file}.txt` and the same under `test/` (or `Train/`, `TEST/`), in one
/// folder at any depth. Labels are the positions of the sorted class names; reviews are ordered class
/// by class, file names bytewise. Folders named `unsup`, hidden files, files that are not named `.txt`,
/// class folders without any in both splits, and whatever does not lie directly inside a class folder
/// are passed over; [`ReviewCorpus::passed_over`] counts and names them. Nothing is written to disk,
/// and the result does not depend on the number of threads.
///
/// # Errors
/// Every [`DataError`] that concerns reading: the source is missing, of another kind, damaged,
/// too large, badly laid out, or holds something other than UTF-8.
pub fn read(source: &Path, options: &ReadOptions<'_>) -> Result<ReviewCorpus, DataError> {
    let (classes, reviews) = match Kind::of(source)? {
        Kind::Zip => read_zip(source, options)?,
        Kind::Tar { gzipped } => read_tar(source, gzipped, options)?,
        Kind::Folder => folder::read(source, options)?,
    };
    let mut train = reviews;
    let test = train.split_off(train.partition_point(|review| review.split == Split::Train));
    Ok(ReviewCorpus::new(
        file_name(source),
        classes.names,
        train,
        test,
        classes.passed_over,
    ))
}

/// The sorted names of the classes, as [`read`] would give them, without looking at the texts.
///
/// Cheap for a zip file and a folder; a tar file is read from front to back.
///
/// # Errors
/// As [`read`], but for what is wrong with the texts.
pub fn class_names(source: &Path, options: &ReadOptions<'_>) -> Result<Vec<String>, DataError> {
    let classes = match Kind::of(source)? {
        Kind::Zip => zip::Archive::open(source, &options.limits)?.classes,
        Kind::Tar { gzipped } => tar::visit(source, gzipped, options, &mut |_, _| Ok(()))?,
        Kind::Folder => folder::list(source, options)?.0,
    };
    Ok(classes.names)
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
    let budget = Budget::new(source, &options.limits, Some(archive.packed_bytes()));
    let ticker = Ticker::new(archive.reviews.len(), options.progress);
    let reviews = pool(options.threads)?.install(|| {
        let found: Vec<_> = archive
            .reviews
            .par_iter()
            .map_init(zip::Inflater::new, |inflater, packed| {
                let bytes = inflater.inflate(&archive, packed, &budget)?;
                let review = review(source, &archive.classes, &packed.location, bytes, options)?;
                ticker.tick();
                Ok(review)
            })
            .collect();
        first_error(found)
    })?;
    Ok((archive.classes, reviews))
}

fn read_tar(
    source: &Path,
    gzipped: bool,
    options: &ReadOptions<'_>,
) -> Result<(Classes, Vec<Review>), DataError> {
    let mut raw = Vec::new();
    let classes = tar::visit(source, gzipped, options, &mut |location, bytes| {
        raw.push((location, bytes));
        Ok(())
    })?;
    sort_reviews(source, &classes, &mut raw, |(location, _)| location)?;
    let reviews = pool(options.threads)?.install(|| {
        let found: Vec<_> = raw
            .into_par_iter()
            .map(|(location, bytes)| review(source, &classes, &location, &bytes, options))
            .collect();
        first_error(found)
    })?;
    Ok((classes, reviews))
}

/// Makes a review of the bytes of one file.
fn review(
    source: &Path,
    classes: &Classes,
    location: &Location,
    bytes: &[u8],
    options: &ReadOptions<'_>,
) -> Result<Review, DataError> {
    let not_utf8 = |offset, utf16| DataError::NotUtf8 {
        archive: source.to_path_buf(),
        files: vec![InvalidText {
            entry: location.entry(),
            offset,
            utf16,
        }],
    };
    let text = match std::str::from_utf8(bytes) {
        _ if is_utf16(bytes) => return Err(not_utf8(0, true)),
        Ok(text) => text.into(),
        Err(_) if options.invalid_utf8 == InvalidUtf8::Replace => String::from_utf8_lossy(bytes),
        Err(error) => return Err(not_utf8(error.valid_up_to(), false)),
    };
    let text = if options.clean {
        clean(&text).into_owned()
    } else {
        text.into_owned()
    };
    let (id, rating) = location.id_and_rating.unzip();
    Ok(Review {
        split: location.split,
        label: classes.label(location),
        id,
        rating,
        path: location.path.clone(),
        text,
    })
}

/// Whether a text is UTF-16: by its byte order mark, or since every second byte of it is zero, as in
/// English text without one.
fn is_utf16(bytes: &[u8]) -> bool {
    if matches!(bytes, [0xff, 0xfe, ..] | [0xfe, 0xff, ..]) {
        return true;
    }
    let zeros = |bytes: &[u8], first| bytes.iter().skip(first).step_by(2).all(|byte| *byte == 0);
    let start = &bytes[..bytes.len().min(256) & !1];
    start.len() >= 4 && (zeros(start, 0) || zeros(start, 1)) && start.iter().any(|byte| *byte != 0)
}
