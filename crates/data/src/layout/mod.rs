//! Where reviews lie inside an archive or folder, and what is passed over.
//!
//! The layout is `train/{class}/{file}.txt` and the same under `test/`, at any depth, but in one folder
//! only. This module looks at names only; it never opens anything. Which names are refused wherever
//! they lie is the business of the module `names`.

mod finish;
mod location;
mod root;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

use recurrent_corpus::Split;

pub(crate) use location::{Classes, EntryKind, Location, sort_reviews};

use crate::error::DataError;
use crate::names::{has_control_characters, parts_of};
use crate::passed_over::PassedOver;
use location::{id_and_rating, is_text};
use root::Root;

/// Class folders that are passed over: they hold reviews without a label.
const UNLABELLED: &str = "unsup";
/// Folders that systems make and nobody means.
const SYSTEM_FOLDERS: [&str; 5] = [
    "__MACOSX",
    "@eaDir",
    "lost+found",
    "$RECYCLE.BIN",
    "System Volume Information",
];
/// What a Mac calls the file with a folder's icon.
const MAC_ICON: &str = "Icon\r";
/// Most folders with texts that are remembered for a message.
const TEXT_FOLDERS: usize = 1000;

/// Takes in the names of an archive one by one and says which are reviews.
#[derive(Debug)]
pub(crate) struct Layout<'a> {
    archive: &'a Path,
    roots: Vec<Root>,
    numbers: HashMap<Vec<String>, usize>,
    last_root: usize,
    /// Entries outside of the splits, by the folder they lie in: the first name, and how many.
    outside: BTreeMap<String, (String, usize)>,
    /// Folders outside of the splits that hold texts.
    text_folders: BTreeSet<String>,
    passed_over: PassedOver,
}

impl<'a> Layout<'a> {
    pub(crate) fn new(archive: &'a Path) -> Self {
        Self {
            archive,
            roots: Vec::new(),
            numbers: HashMap::new(),
            last_root: 0,
            outside: BTreeMap::new(),
            text_folders: BTreeSet::new(),
            passed_over: PassedOver::default(),
        }
    }

    /// The location of the review named `entry`, or `None` if it is something else.
    ///
    /// `backslash` says that backslashes stand between folders as well. Fails for names that lead out
    /// of the archive, and for reviews that have control characters in their names or are no files.
    pub(crate) fn add(
        &mut self,
        entry: &str,
        kind: EntryKind,
        backslash: bool,
    ) -> Result<Option<Location>, DataError> {
        let parts = parts_of(entry, backslash).map_err(|reason| DataError::UnsafePath {
            archive: self.archive.to_path_buf(),
            entry: entry.to_owned(),
            reason,
        })?;
        if let Some(at) = parts.iter().position(|part| is_never_meant(part)) {
            let whole = at + 1 == parts.len() && kind != EntryKind::Folder;
            let end = if whole { "" } else { "/" };
            let name = format!("{}{end}", parts[..=at].join("/"));
            self.passed_over.add(1, &name);
            return Ok(None);
        }
        match (parts.as_slice(), kind) {
            ([], EntryKind::Folder) => Ok(None),
            ([], _) => Err(DataError::UnsafePath {
                archive: self.archive.to_path_buf(),
                entry: entry.to_owned(),
                reason: "is empty",
            }),
            ([root @ .., split, class, file], _) if Split::from_folder(split).is_some() => {
                self.add_file(entry, kind, root, split, [class, file])
            }
            ([root @ .., split, class], EntryKind::Folder | EntryKind::Link)
                if Split::from_folder(split).is_some() =>
            {
                if *class == UNLABELLED {
                    return Ok(None);
                }
                let root = self.root_number(root);
                if kind == EntryKind::Link {
                    self.roots[root]
                        .link
                        .get_or_insert_with(|| entry.to_owned());
                } else if let Some(split) = Split::from_folder(split) {
                    let class = self.roots[root].class_number(class);
                    self.roots[root].classes[class].reviews[split as usize].get_or_insert(0);
                }
                Ok(None)
            }
            ([root @ .., split], EntryKind::Link) if Split::from_folder(split).is_some() => {
                let root = self.root_number(root);
                self.roots[root]
                    .link
                    .get_or_insert_with(|| entry.to_owned());
                Ok(None)
            }
            (_, EntryKind::Folder) => Ok(None),
            ([folder @ .., file], _) => {
                let folder = folder.join("/");
                if is_text(file) && self.text_folders.len() < TEXT_FOLDERS {
                    self.text_folders.insert(folder.clone());
                }
                let first = || (entry.to_owned(), 0);
                self.outside.entry(folder).or_insert_with(first).1 += 1;
                Ok(None)
            }
        }
    }

    /// A folder that was not looked into.
    pub(crate) fn add_unread_folder(&mut self, name: &str) {
        self.passed_over.add(1, &format!("{name}/"));
    }

    fn add_file(
        &mut self,
        entry: &str,
        kind: EntryKind,
        root: &[&str],
        split: &str,
        [class, file]: [&str; 2],
    ) -> Result<Option<Location>, DataError> {
        let Some(number) = Split::from_folder(split) else {
            return Ok(None);
        };
        let root = self.root_number(root);
        if class == UNLABELLED {
            let name = format!("{split}/{class}/");
            self.roots[root].passed_over.add(1, &name);
            return Ok(None);
        }
        if kind == EntryKind::Link {
            self.roots[root]
                .link
                .get_or_insert_with(|| entry.to_owned());
            return Ok(None);
        }
        if file != MAC_ICON && has_control_characters(entry) {
            return Err(DataError::ControlCharacters {
                archive: self.archive.to_path_buf(),
                entry: entry.to_owned(),
            });
        }
        if !is_text(file) {
            // What lies in a folder speaks for itself.
            if kind != EntryKind::Folder {
                let name = format!("{split}/{class}/{file}");
                self.roots[root].passed_over.add(1, &name);
            }
            return Ok(None);
        }
        let found = match kind {
            EntryKind::File => None,
            EntryKind::Folder => Some("a folder"),
            EntryKind::Link | EntryKind::Other => Some("no plain file"),
        };
        if let Some(found) = found {
            return Err(DataError::NotAFile {
                archive: self.archive.to_path_buf(),
                entry: entry.to_owned(),
                found,
            });
        }
        let folder = &mut self.roots[root];
        match &folder.spelling[number as usize] {
            None => folder.spelling[number as usize] = Some(split.to_owned()),
            Some(spelling) if spelling == split => {}
            Some(spelling) => {
                return Err(DataError::SplitTwice {
                    archive: self.archive.to_path_buf(),
                    first: spelling.clone(),
                    second: split.to_owned(),
                });
            }
        }
        let class_number = folder.class_number(class);
        *folder.classes[class_number].reviews[number as usize].get_or_insert(0) += 1;
        Ok(Some(Location {
            split: number,
            id_and_rating: id_and_rating(file),
            path: format!("{class}/{file}"),
            root,
            class: class_number,
        }))
    }

    fn root_number(&mut self, parts: &[&str]) -> usize {
        // Entries that follow each other nearly always lie in the same folder.
        if let Some(last) = self.roots.get(self.last_root)
            && last.parts == parts
        {
            return self.last_root;
        }
        let parts: Vec<String> = parts.iter().map(|&part| part.to_owned()).collect();
        let roots = &mut self.roots;
        self.last_root = *self.numbers.entry(parts).or_insert_with_key(|parts| {
            roots.push(Root::new(parts.clone()));
            roots.len() - 1
        });
        self.last_root
    }
}

/// Whether a part of a name is hidden, or a system's own.
pub(crate) fn is_never_meant(part: &str) -> bool {
    part.starts_with('.') || SYSTEM_FOLDERS.contains(&part)
}

/// Whether a folder of a split holds no labelled reviews.
pub(crate) fn is_unlabelled(class: &str) -> bool {
    class == UNLABELLED
}

#[cfg(test)]
mod tests {
    use super::*;

    fn add(layout: &mut Layout<'_>, entry: &str) -> Option<Location> {
        layout.add(entry, EntryKind::File, false).unwrap()
    }

    #[test]
    fn only_texts_directly_inside_a_class_folder_are_reviews() {
        let mut layout = Layout::new(Path::new("a.zip"));
        for (entry, is_review) in [
            ("README", false),
            ("top/train/neg/0_3.txt", true),
            ("./top/train//pos/0_9.txt", true),
            ("top/test/neg/plain name.TXT", true),
            ("top/test/pos/0_9.txt", true),
            ("top/train/neg/Thumbs.db", false),
            ("top/train/neg/0_3.txt~", false),
            ("top/train/unsup/0_0.txt", false),
            ("top/train/urls_neg.txt", false),
            ("top/train/neg/deeper/0_3.txt", false),
            ("top/train/neg/.DS_Store", false),
            ("top/train/@eaDir/0_3.txt", false),
            ("__MACOSX/train/neg/._0_3.txt", false),
            ("top/val/neg/0_3.txt", false),
            ("top/imdb.vocab", false),
        ] {
            assert_eq!(add(&mut layout, entry).is_some(), is_review, "{entry}");
        }
        let classes = layout.finish(false).unwrap();
        assert_eq!(classes.names, ["neg", "pos"]);
        assert_eq!(
            classes.passed_over.names(),
            [
                "train/neg/Thumbs.db",
                "train/neg/0_3.txt~",
                "train/unsup/",
                "top/train/neg/.DS_Store",
                "top/train/@eaDir/",
                "__MACOSX/",
                "top/train/urls_neg.txt",
                "top/train/neg/deeper/0_3.txt",
                "top/val/neg/0_3.txt",
            ]
        );
        assert_eq!(classes.passed_over.count(), 9);
    }

    #[test]
    fn classes_sort_by_folder_name_not_by_path() {
        // As paths, "neg-b/" would come before "neg/".
        let archive = Path::new("a.zip");
        let mut layout = Layout::new(archive);
        let mut locations = Vec::new();
        for split in Split::ALL {
            for class in ["neg-b", "neg"] {
                for file in ["2_1.txt", "10_1.txt"] {
                    let entry = format!("{split}/{class}/{file}");
                    locations.push(add(&mut layout, &entry).unwrap());
                }
            }
        }
        let classes = layout.finish(false).unwrap();
        assert_eq!(classes.names, ["neg", "neg-b"]);
        sort_reviews(archive, &classes, &mut locations, |location| location).unwrap();
        let order: Vec<_> = locations.iter().take(4).map(Location::entry).collect();
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

    #[test]
    fn a_hundred_thousand_classes_take_no_longer_each() {
        let mut layout = Layout::new(Path::new("a.zip"));
        for number in 0..100_000 {
            add(&mut layout, &format!("{number}/train/{number}/0_3.txt"));
            add(&mut layout, &format!("train/{number}/0_3.txt"));
        }
        assert!(layout.finish(false).is_err());
    }
}
