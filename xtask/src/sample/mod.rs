//! `cargo xtask sample`: datasets/sample.zip, generated reviews to try the programs on without the real data.
//!
//! The texts come from a grammar in which the order of words matters, so that the three networks separate on it
//! as they do on the real reviews. Its figures stand for nothing else.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::ExitCode;

use crate::error::Error;

mod archive;
mod review;
mod sentences;
#[cfg(test)]
mod tests;
mod words;

use review::Review;

/// Where the archive lies, from the root.
const PATH: &str = "datasets/sample.zip";
/// Another seed gives another sample of the same kind; changing it changes the committed file.
const SEED: u64 = 2017;
/// Split, folder, label and number of reviews, in the archive's order.
const CLASSES: [(&str, &str, bool, usize); 4] = [
    ("train", "neg", false, 1000),
    ("train", "pos", true, 1000),
    ("test", "neg", false, 450),
    ("test", "pos", true, 450),
];

/// The reviews of one folder.
struct Class {
    split: &'static str,
    folder: &'static str,
    reviews: Vec<Review>,
}

/// Writes the archive, or with `check` only compares; a difference is exit status 1.
pub(crate) fn run(root: &Path, check: bool) -> Result<ExitCode, Error> {
    let path = root.join(PATH);
    let fresh = archive::pack(&generate());
    if !check {
        std::fs::write(&path, &fresh).map_err(Error::io(&path))?;
        println!("wrote {PATH}, {} bytes", fresh.len());
        return Ok(ExitCode::SUCCESS);
    }
    let there = std::fs::read(&path).map_err(Error::io(&path))?;
    if there == fresh {
        println!("{PATH} equals a fresh generation, byte for byte");
        return Ok(ExitCode::SUCCESS);
    }
    println!("{PATH} differs from a fresh generation; `cargo xtask sample` writes it anew");
    Ok(ExitCode::FAILURE)
}

/// Writes the archive where it is missing; it is committed, so that seldom happens.
pub(crate) fn ensure(root: &Path) -> Result<(), Error> {
    let path = root.join(PATH);
    if path.exists() {
        return Ok(());
    }
    let fresh = archive::pack(&generate());
    let folder = path.parent().unwrap_or(root);
    std::fs::create_dir_all(folder).map_err(Error::io(folder))?;
    std::fs::write(&path, fresh).map_err(Error::io(&path))
}

/// All reviews, each text once.
fn generate() -> Vec<Class> {
    let mut stream = 0;
    let mut seen = BTreeSet::new();
    let mut one = |positive| loop {
        stream += 1;
        let review = review::write(SEED, stream, positive);
        if seen.insert(review.text.clone()) {
            return review;
        }
    };
    CLASSES
        .iter()
        .map(|&(split, folder, positive, count)| Class {
            split,
            folder,
            reviews: (0..count).map(|_| one(positive)).collect(),
        })
        .collect()
}
