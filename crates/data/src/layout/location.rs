//! Where one review belongs, and the order of reviews.

use std::path::Path;

use recurrent_corpus::Split;

use crate::error::DataError;
use crate::passed_over::PassedOver;

/// What an archive or a folder says that an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EntryKind {
    File,
    Folder,
    Link,
    /// A device, a pipe, part of a file, or what the archive format has besides.
    Other,
}

/// Where one review belongs.
#[derive(Clone, Debug)]
pub(crate) struct Location {
    pub(crate) split: Split,
    /// The two numbers of `id_rating.txt`, where the file is named so.
    pub(crate) id_and_rating: Option<(u32, u8)>,
    /// `neg/0_3.txt`
    pub(crate) path: String,
    /// Number of the folder that holds the split; see [`Classes::holds`].
    pub(super) root: usize,
    /// Number of the class in the order in which the classes of that folder were seen.
    pub(super) class: usize,
}

impl Location {
    /// The path with its split, for messages: `train/neg/0_3.txt`.
    pub(crate) fn entry(&self) -> String {
        format!("{}/{}", self.split, self.path)
    }
}

/// The class names, sorted, and how the classes as they were seen map to labels.
#[derive(Debug)]
pub(crate) struct Classes {
    pub(crate) names: Vec<String>,
    pub(crate) passed_over: PassedOver,
    pub(super) root: usize,
    pub(super) labels: Vec<usize>,
}

impl Classes {
    /// The label of the class that a review was found in.
    pub(crate) fn label(&self, location: &Location) -> usize {
        self.labels[location.class]
    }

    /// Whether the review lies in the folder that the data set is in.
    pub(crate) fn holds(&self, location: &Location) -> bool {
        location.root == self.root
    }
}

/// Brings reviews into their final order and refuses paths that occur twice.
pub(crate) fn sort_reviews<T>(
    archive: &Path,
    classes: &Classes,
    reviews: &mut Vec<T>,
    location_of: impl Fn(&T) -> &Location,
) -> Result<(), DataError> {
    fn key<'a>(classes: &Classes, location: &'a Location) -> (Split, usize, &'a str) {
        (location.split, classes.label(location), &location.path)
    }
    reviews.retain(|review| classes.holds(location_of(review)));
    reviews.sort_unstable_by(|left, right| {
        key(classes, location_of(left)).cmp(&key(classes, location_of(right)))
    });
    for pair in reviews.windows(2) {
        let (left, right) = (location_of(&pair[0]), location_of(&pair[1]));
        if key(classes, left) == key(classes, right) {
            return Err(DataError::DuplicateEntry {
                archive: archive.to_path_buf(),
                entry: left.entry(),
            });
        }
    }
    Ok(())
}

/// Whether a file is a text by its name, as Keras judges it.
pub(super) fn is_text(file: &str) -> bool {
    let ending = file.len().checked_sub(4).and_then(|at| file.get(at..));
    ending.is_some_and(|ending| ending.eq_ignore_ascii_case(".txt"))
}

/// The two numbers of `id_rating.txt`.
pub(super) fn id_and_rating(file: &str) -> Option<(u32, u8)> {
    let (id, rating) = file.strip_suffix(".txt")?.split_once('_')?;
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if digits(id) && digits(rating) {
        Some((id.parse().ok()?, rating.parse().ok()?))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_numbers_are_a_rating() {
        for (file, expected) in [
            ("0_3.txt", Some((0, 3))),
            ("12499_10.txt", Some((12_499, 10))),
            ("_3.txt", None),
            ("3_.txt", None),
            ("3.txt", None),
            ("+1_3.txt", None),
            ("1_3.TXT", None),
            ("1_3_4.txt", None),
            ("1_300.txt", None),
            ("cv000_29416.txt", None),
            ("4294967296_1.txt", None),
        ] {
            assert_eq!(id_and_rating(file), expected, "{file}");
        }
    }

    #[test]
    fn texts_end_in_txt() {
        for (file, expected) in [
            ("0_3.txt", true),
            ("0_3.TXT", true),
            ("0_2 (1).txt", true),
            ("é.txt", true),
            (".txt", true),
            ("0_2.txt~", false),
            (".0_2.txt.swp", false),
            ("Thumbs.db", false),
            ("é.t", false),
            ("txt", false),
        ] {
            assert_eq!(is_text(file), expected, "{file}");
        }
    }
}
