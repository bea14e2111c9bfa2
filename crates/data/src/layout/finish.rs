//! Which folder the data set is in, and whether it can be learned from.

use recurrent_corpus::Split;

use super::Layout;
use super::location::Classes;
use super::root::{Class, Root};
use crate::error::DataError;
use crate::passed_over::PassedOver;

impl Layout<'_> {
    /// Checks that one folder holds both splits with the same classes, at least two, none empty.
    ///
    /// `in_folder` says whether what was read is a folder, where links could be followed.
    pub(crate) fn finish(mut self, in_folder: bool) -> Result<Classes, DataError> {
        let number = self.data_root(in_folder)?;
        let mut root = self.roots.swap_remove(number);
        let archive = || self.archive.to_path_buf();
        if let Some(entry) = root.link.take() {
            return Err(DataError::Link {
                archive: archive(),
                entry,
                in_folder,
            });
        }
        let classes_of = |split: Split| -> Vec<String> {
            let mut names: Vec<_> = root
                .classes
                .iter()
                .filter(|class| !class.is_empty() && class.reviews[split as usize].is_some())
                .map(|class| class.name.clone())
                .collect();
            names.sort_unstable();
            names
        };
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
        let taken = |class: &&Class| !class.is_empty();
        for split in Split::ALL {
            let mut classes = root.classes.iter().filter(taken);
            if let Some(class) = classes.find(|class| class.reviews[split as usize] == Some(0)) {
                return Err(DataError::EmptyClass {
                    archive: archive(),
                    split,
                    class: class.name.clone(),
                });
            }
        }
        let labels = root
            .classes
            .iter()
            .map(|class| train.partition_point(|name| *name < class.name))
            .collect();
        let passed_over = self.all_passed_over(&root);
        Ok(Classes {
            names: train,
            passed_over,
            root: number,
            labels,
        })
    }

    /// The number of the one folder that holds both splits.
    fn data_root(&self, in_folder: bool) -> Result<usize, DataError> {
        let holds = |root: &Root, least: usize| {
            Split::ALL.iter().all(|&split| {
                root.reviews(split) >= least
                    && root
                        .classes
                        .iter()
                        .any(|class| class.reviews[split as usize].is_some())
            })
        };
        // Folders without reviews are no data set, but where there is nothing else, they are meant.
        for least in [1, 0] {
            let mut found: Vec<(String, usize)> = (0..self.roots.len())
                .filter(|&number| holds(&self.roots[number], least))
                .map(|number| (self.roots[number].name(), number))
                .collect();
            found.sort_unstable();
            match found.as_slice() {
                [] => {}
                [(_, number)] => return Ok(*number),
                [(first, _), (second, _), ..] => {
                    return Err(DataError::SeveralRoots {
                        archive: self.archive.to_path_buf(),
                        first: first.clone(),
                        second: second.clone(),
                    });
                }
            }
        }
        let archive = self.archive.to_path_buf();
        if let Some(entry) = self.roots.iter().find_map(|root| root.link.clone()) {
            return Err(DataError::Link {
                archive,
                entry,
                in_folder,
            });
        }
        let trains = self.roots.iter().any(|root| root.reviews(Split::Train) > 0);
        Err(DataError::MissingSplit {
            archive,
            split: if trains { Split::Test } else { Split::Train },
            found: self.all_text_folders(),
        })
    }

    /// Every folder that holds texts, in its order.
    fn all_text_folders(&self) -> Vec<String> {
        let mut found: Vec<String> = self.text_folders.iter().cloned().collect();
        for root in &self.roots {
            for class in &root.classes {
                for split in Split::ALL {
                    if class.reviews[split as usize].unwrap_or(0) > 0 {
                        let mut parts = root.parts.clone();
                        let spelling = root.spelling[split as usize].as_deref();
                        parts.push(spelling.unwrap_or(split.name()).to_owned());
                        parts.push(class.name.clone());
                        found.push(parts.join("/"));
                    }
                }
            }
        }
        for name in &mut found {
            if name.is_empty() {
                ".".clone_into(name);
            }
        }
        found.sort_unstable();
        found
    }

    /// What was passed over, seen from the data set in `root`.
    fn all_passed_over(&self, root: &Root) -> PassedOver {
        let mut all = root.passed_over.clone();
        for class in root.classes.iter().filter(|class| class.is_empty()) {
            for split in Split::ALL {
                if class.reviews[split as usize].is_some() {
                    all.add(1, &format!("{split}/{}/", class.name));
                }
            }
        }
        all.append(&self.passed_over);
        for other in &self.roots {
            let name = format!("{}/", other.name());
            all.append(&other.passed_over);
            let reviews = Split::ALL.map(|split| other.reviews(split)).iter().sum();
            if reviews > 0 {
                all.add(reviews, &name);
            }
        }
        for (folder, (first, count)) in &self.outside {
            // What describes the data set lies beside it, or above.
            let beside = folder.is_empty()
                || root.parts.join("/") == *folder
                || root.name().starts_with(&format!("{folder}/"));
            if !beside {
                if *count == 1 {
                    all.add(1, first);
                } else {
                    all.add(*count, &format!("{folder}/"));
                }
            }
        }
        all
    }
}
