//! Where reviews lie inside an archive or folder, and which names are refused.
//!
//! The layout is `train/{class}/{id}_{rating}.txt` and the same under `test/`, possibly below one
//! common top folder. This module looks at names only; it never opens anything.

use std::path::Path;

use crate::corpus::Split;
use crate::error::DataError;

/// Class folders that are passed over: they hold reviews without a label.
const UNLABELLED: &str = "unsup";

/// Where one review belongs.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) split: Split,
    /// Number of the class in the order in which the classes were seen; see [`Classes::label`].
    pub(crate) class: usize,
    pub(crate) id: u32,
    pub(crate) rating: u8,
    /// `neg/0_3.txt`
    pub(crate) path: String,
}

impl Place {
    /// The path with its split, for messages: `train/neg/0_3.txt`.
    pub(crate) fn entry(&self) -> String {
        format!("{}/{}", self.split, self.path)
    }
}

/// The class names, sorted, and how the classes as they were seen map to labels.
#[derive(Debug)]
pub(crate) struct Classes {
    pub(crate) names: Vec<String>,
    labels: Vec<usize>,
}

impl Classes {
    /// The label of a class number as found in [`Place::class`].
    pub(crate) fn label(&self, class: usize) -> usize {
        self.labels[class]
    }
}

#[derive(Debug)]
struct Seen {
    name: String,
    /// Reviews per split; `None` where the split has no such folder.
    reviews: [Option<usize>; 2],
}

/// Takes in the names of an archive one by one and says which are reviews.
#[derive(Debug)]
pub(crate) struct Layout<'a> {
    archive: &'a Path,
    root: Option<String>,
    seen: Vec<Seen>,
}

impl<'a> Layout<'a> {
    pub(crate) fn new(archive: &'a Path) -> Self {
        Self {
            archive,
            root: None,
            seen: Vec::new(),
        }
    }

    /// The place of the review named `entry`, or `None` if it is something else.
    ///
    /// Fails for names that lead out of the archive, for misnamed reviews, and when reviews lie
    /// under more than one top folder.
    pub(crate) fn see(&mut self, entry: &str, is_folder: bool) -> Result<Option<Place>, DataError> {
        let parts = parts_of(self.archive, entry)?;
        if parts
            .iter()
            .any(|part| part.starts_with('.') || *part == "__MACOSX")
        {
            return Ok(None);
        }
        let (root, split, rest) = match parts.as_slice() {
            [split, rest @ ..] if Split::from_name(split).is_some() => ("", *split, rest),
            [root, split, rest @ ..] => (*root, *split, rest),
            _ => return Ok(None),
        };
        let Some(split) = Split::from_name(split) else {
            return Ok(None);
        };
        let (class, file) = match rest {
            [class] if is_folder => (*class, None),
            [class, file] if !is_folder => (*class, Some(*file)),
            _ => return Ok(None),
        };
        if class == UNLABELLED {
            return Ok(None);
        }
        self.settle_root(root)?;
        let class = self.class_number(class);
        let count = self.seen[class].reviews[split as usize].get_or_insert(0);
        let Some(file) = file else {
            return Ok(None);
        };
        *count += 1;
        let (id, rating) = id_and_rating(file).ok_or_else(|| DataError::MisnamedFile {
            archive: self.archive.to_path_buf(),
            entry: entry.to_owned(),
        })?;
        Ok(Some(Place {
            split,
            class,
            id,
            rating,
            path: format!("{}/{file}", self.seen[class].name),
        }))
    }

    /// Checks that both splits are there with the same classes, at least two, none empty.
    pub(crate) fn finish(mut self) -> Result<Classes, DataError> {
        let archive = || self.archive.to_path_buf();
        let classes_of = |split: Split| -> Vec<String> {
            let mut names: Vec<_> = self
                .seen
                .iter()
                .filter(|seen| seen.reviews[split as usize].is_some())
                .map(|seen| seen.name.clone())
                .collect();
            names.sort_unstable();
            names
        };
        for split in Split::ALL {
            if classes_of(split).is_empty() {
                return Err(DataError::MissingSplit {
                    archive: archive(),
                    split,
                });
            }
        }
        let [train, test] = Split::ALL.map(classes_of);
        if train != test {
            return Err(DataError::ClassesDiffer {
                archive: archive(),
                train,
                test,
            });
        }
        if let [class] = train.as_slice() {
            return Err(DataError::OneClass {
                archive: archive(),
                split: Split::Train,
                class: class.clone(),
            });
        }
        for split in Split::ALL {
            for class in &train {
                if self
                    .seen
                    .iter()
                    .any(|seen| seen.name == *class && seen.reviews[split as usize] == Some(0))
                {
                    return Err(DataError::EmptyClass {
                        archive: archive(),
                        split,
                        class: class.clone(),
                    });
                }
            }
        }
        let labels = self
            .seen
            .drain(..)
            .map(|seen| train.partition_point(|name| *name < seen.name))
            .collect();
        Ok(Classes {
            names: train,
            labels,
        })
    }

    fn settle_root(&mut self, root: &str) -> Result<(), DataError> {
        match &self.root {
            Some(settled) if settled == root => Ok(()),
            Some(settled) => Err(DataError::SeveralRoots {
                archive: self.archive.to_path_buf(),
                first: settled.clone(),
                second: root.to_owned(),
            }),
            None => {
                self.root = Some(root.to_owned());
                Ok(())
            }
        }
    }

    fn class_number(&mut self, name: &str) -> usize {
        match self.seen.iter().position(|seen| seen.name == name) {
            Some(number) => number,
            None => {
                self.seen.push(Seen {
                    name: name.to_owned(),
                    reviews: [None, None],
                });
                self.seen.len() - 1
            }
        }
    }
}

/// Brings reviews into their final order and refuses paths that occur twice.
pub(crate) fn arrange<T>(
    archive: &Path,
    classes: &Classes,
    items: &mut [T],
    place_of: impl Fn(&T) -> &Place,
) -> Result<(), DataError> {
    fn key<'a>(classes: &Classes, place: &'a Place) -> (Split, usize, &'a str) {
        (place.split, classes.label(place.class), &place.path)
    }
    items.sort_unstable_by(|left, right| {
        key(classes, place_of(left)).cmp(&key(classes, place_of(right)))
    });
    for pair in items.windows(2) {
        let (left, right) = (place_of(&pair[0]), place_of(&pair[1]));
        if key(classes, left) == key(classes, right) {
            return Err(DataError::DuplicateEntry {
                archive: archive.to_path_buf(),
                entry: left.entry(),
            });
        }
    }
    Ok(())
}

/// The parts of an entry's name, without empty ones and `.`.
fn parts_of<'n>(archive: &Path, entry: &'n str) -> Result<Vec<&'n str>, DataError> {
    let bytes = entry.as_bytes();
    let reason = if entry.contains('\0') {
        Some("contains a zero byte")
    } else if entry.contains('\\') {
        Some("contains a backslash, which some systems take for a folder separator")
    } else if entry.starts_with('/') {
        Some("is absolute")
    } else if bytes.len() >= 2 && bytes[0].is_ascii_alphabetic() && bytes[1] == b':' {
        Some("begins with a drive letter")
    } else if entry.split('/').any(|part| part == "..") {
        Some("leads out of the archive by \"..\"")
    } else {
        None
    };
    match reason {
        Some(reason) => Err(DataError::UnsafePath {
            archive: archive.to_path_buf(),
            entry: entry.to_owned(),
            reason,
        }),
        None => Ok(entry
            .split('/')
            .filter(|part| !part.is_empty() && *part != ".")
            .collect()),
    }
}

/// The two numbers of `id_rating.txt`.
fn id_and_rating(file: &str) -> Option<(u32, u8)> {
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
    fn file_names_are_two_numbers() {
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
            ("4294967296_1.txt", None),
        ] {
            assert_eq!(id_and_rating(file), expected, "{file}");
        }
    }

    #[test]
    fn only_files_directly_inside_a_class_folder_are_reviews() {
        let mut layout = Layout::new(Path::new("a.zip"));
        for (entry, is_review) in [
            ("README", false),
            ("top/train/neg/0_3.txt", true),
            ("./top/train//pos/0_9.txt", true),
            ("top/train/unsup/0_0.txt", false),
            ("top/train/urls_neg.txt", false),
            ("top/train/neg/deeper/0_3.txt", false),
            ("top/train/neg/.DS_Store", false),
            ("__MACOSX/train/neg/._0_3.txt", false),
            ("top/imdb.vocab", false),
        ] {
            let place = layout.see(entry, false).unwrap();
            assert_eq!(place.is_some(), is_review, "{entry}");
        }
    }

    #[test]
    fn classes_sort_by_folder_name_not_by_path() {
        // As paths, "neg-b/" would come before "neg/".
        let archive = Path::new("a.zip");
        let mut layout = Layout::new(archive);
        let mut places = Vec::new();
        for split in Split::ALL {
            for class in ["neg-b", "neg"] {
                for file in ["2_1.txt", "10_1.txt"] {
                    let entry = format!("{split}/{class}/{file}");
                    places.push(layout.see(&entry, false).unwrap().unwrap());
                }
            }
        }
        let classes = layout.finish().unwrap();
        assert_eq!(classes.names, ["neg", "neg-b"]);
        arrange(archive, &classes, &mut places, |place| place).unwrap();
        let order: Vec<_> = places.iter().take(4).map(Place::entry).collect();
        assert_eq!(
            order,
            [
                "train/neg/10_1.txt",
                "train/neg/2_1.txt",
                "train/neg-b/10_1.txt",
                "train/neg-b/2_1.txt"
            ]
        );
    }
}
