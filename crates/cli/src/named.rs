//! Models by the folders that were named, and what to call each.
//!
//! Two may be of one kind, of two seeds say; so a model is told by its folder, never by its network alone.

use std::path::{Component, Path, PathBuf};

use burn::tensor::Device;
use recurrent::{Model, ModelError};

use crate::error::CliError;
use crate::say;
use crate::terminal::printable;

/// Characters of a folder's name that a label shows.
const SHOWN: usize = 60;

/// A model with its label.
#[derive(Debug)]
pub(crate) struct Named {
    /// The network's name, and where several of one kind were named also what tells their folders apart:
    /// `lstm (seed-0)`. No two are alike.
    pub(crate) label: String,
    /// As it was named.
    pub(crate) folder: PathBuf,
    /// The model.
    pub(crate) model: Model,
}

impl Named {
    /// The error of a text to which the network answers with no number.
    pub(crate) fn not_finite(&self, text: &str) -> CliError {
        CliError::NotFinite {
            folder: self.folder.clone(),
            text: text.to_owned(),
        }
    }
}

/// Loads the models of `folders`, in that order, and says on standard error what to keep in mind of each.
///
/// # Errors
/// Those of [`Model::load`], and [`CliError::SameModel`] where two are one folder.
pub(crate) fn load(folders: &[PathBuf], device: &Device) -> Result<Vec<Named>, CliError> {
    let folders = &models_of(folders)[..];
    let mut models = Vec::with_capacity(folders.len());
    let mut paths: Vec<PathBuf> = Vec::with_capacity(folders.len());
    for folder in folders {
        // A folder that is not there is the business of `load`.
        let path = folder.canonicalize().unwrap_or_else(|_| folder.clone());
        if paths.contains(&path) {
            return Err(CliError::SameModel {
                path: folder.clone(),
            });
        }
        models.push(Model::load(folder, device)?);
        paths.push(path);
    }
    let kinds: Vec<String> = models
        .iter()
        .map(|model| model.config.network.name().to_owned())
        .collect();
    let labels = labels(&kinds, &paths);
    let models = models.into_iter().zip(folders).zip(labels);
    let named: Vec<Named> = models
        .map(|((model, folder), label)| Named {
            label,
            folder: folder.clone(),
            model,
        })
        .collect();
    warn(&named);
    Ok(named)
}

/// The folders of models, a run's folder replaced by those in it.
fn models_of(folders: &[PathBuf]) -> Vec<PathBuf> {
    let mut models = Vec::with_capacity(folders.len());
    for folder in folders {
        let is_model = folder.join("config.json").exists();
        let vectorizer = (!is_model).then(|| Model::load_vectorizer(folder));
        match vectorizer {
            Some(Err(ModelError::RunFolder { models: found, .. })) => {
                models.extend(found.into_iter().map(PathBuf::from));
            }
            // What else is wrong is found again, and told.
            _ => models.push(folder.clone()),
        }
    }
    models
}

fn warn(models: &[Named]) {
    if models
        .iter()
        .any(|named| named.model.config.provenance.sample)
    {
        say("note: trained on the bundled sample, not on real reviews");
    }
    for named in models {
        if named.model.checksum.is_empty() {
            say(&format!(
                "note: {} has no checksums, so that damage to it cannot be seen; train it anew to have them",
                printable(&named.folder.display().to_string())
            ));
        }
    }
}

/// A label for each model, from its kind and the whole path of its folder.
fn labels(kinds: &[String], paths: &[PathBuf]) -> Vec<String> {
    let mut labels = kinds.to_vec();
    for (place, kind) in kinds.iter().enumerate() {
        let alike: Vec<usize> = (0..kinds.len())
            .filter(|other| kinds[*other] == *kind)
            .collect();
        if alike.len() > 1 {
            let folders: Vec<&Path> = alike.iter().map(|place| paths[*place].as_path()).collect();
            let at = alike.iter().position(|other| *other == place).unwrap_or(0);
            labels[place] = format!("{kind} ({})", distinguishing(&folders, at));
        }
    }
    // What was cut or is no UTF-8 may have become alike.
    let first = labels.clone();
    for place in 0..labels.len() {
        if first[..place].contains(&first[place]) {
            labels[place] = format!("{} #{}", first[place], place + 1);
        }
    }
    labels
}

/// The part of the path at `place` that tells it from the others, which are all different: as few folders from its
/// end as do, without those at the end in which all agree.
fn distinguishing(paths: &[&Path], place: usize) -> String {
    // From the end.
    let parts: Vec<Vec<Component>> = paths
        .iter()
        .map(|path| path.components().rev().collect())
        .collect();
    let longest = parts.iter().map(Vec::len).max().unwrap_or(0);
    let tail = |of: usize, length: usize| &parts[of][..length.min(parts[of].len())];
    let unique = |length: &usize| {
        (0..parts.len()).all(|one| (0..one).all(|other| tail(one, *length) != tail(other, *length)))
    };
    let length = (1..=longest).find(unique).unwrap_or(longest);
    let agree = (0..length)
        .take_while(|at| {
            parts
                .iter()
                .all(|other| other.get(*at) == parts[place].get(*at))
        })
        .count();
    let tail = tail(place, length);
    let shown: PathBuf = tail[agree.min(tail.len())..].iter().rev().collect();
    let shown = shown.to_string_lossy().into_owned();
    match shown.char_indices().nth(SHOWN) {
        None => shown,
        Some((end, _)) => format!("{}…", &shown[..end]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(models: &[(&str, &str)], expected: &[&str]) {
        let kinds: Vec<String> = models.iter().map(|(kind, _)| (*kind).to_owned()).collect();
        let paths: Vec<PathBuf> = models.iter().map(|(_, path)| path.into()).collect();
        assert_eq!(labels(&kinds, &paths), expected);
    }

    #[test]
    fn kinds_are_labels_until_two_are_alike() {
        check(
            &[("dense", "/t/dense"), ("lstm", "/t/lstm")],
            &["dense", "lstm"],
        );
        check(
            &[
                ("lstm", "/t/seed-0/lstm"),
                ("dense", "/t/dense"),
                ("lstm", "/t/seed-1/lstm"),
            ],
            &["lstm (seed-0)", "dense", "lstm (seed-1)"],
        );
    }

    #[test]
    fn a_label_has_as_much_of_the_path_as_it_takes() {
        check(
            &[("lstm", "/t/a"), ("lstm", "/t/b")],
            &["lstm (a)", "lstm (b)"],
        );
        check(
            &[
                ("lstm", "/x/a/lstm"),
                ("lstm", "/x/b/lstm"),
                ("lstm", "/y/a/lstm"),
            ],
            &["lstm (x/a)", "lstm (x/b)", "lstm (y/a)"],
        );
        check(
            &[("lstm", "/m/lstm"), ("lstm", "/m/lstm/lstm")],
            &["lstm (m)", "lstm (lstm)"],
        );
        check(
            &[("lstm", "/lstm"), ("lstm", "/m/lstm")],
            &["lstm (/)", "lstm (m)"],
        );
    }

    #[test]
    fn labels_that_were_cut_are_told_apart() {
        let long = "a".repeat(100);
        let [one, two] = ["b", "c"].map(|end| format!("/t/{long}{end}"));
        let paths = [("lstm", one.as_str()), ("lstm", two.as_str())];
        let shown = "a".repeat(SHOWN);
        let [first, second] = ["", " #2"].map(|end| format!("lstm ({shown}…){end}"));
        check(&paths, &[&first, &second]);
    }
}
