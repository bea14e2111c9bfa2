//! The training reviews of the IMDB archive, for tests and benchmarks. Read-only, no network.

use std::fs::File;
use std::io::{BufReader, Read};

use outside::Outside;

/// The 25,000 training reviews, negative ones first, each half in bytewise order of file names,
/// with one space for every `<br />`; or why they cannot be read.
pub(crate) fn train_reviews(archive: &Outside) -> Result<Vec<Vec<u8>>, String> {
    let path = archive.place()?;
    let explain = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let file = File::open(path).map_err(|error| explain(&error))?;
    let mut archive =
        zip::ZipArchive::new(BufReader::new(file)).map_err(|error| explain(&error))?;
    let is_review = |name: &String| {
        (name.starts_with("train/neg/") || name.starts_with("train/pos/")) && name.ends_with(".txt")
    };
    let mut names: Vec<String> = archive
        .file_names()
        .filter_map(Result::ok)
        .map(std::borrow::Cow::into_owned)
        .filter(is_review)
        .collect();
    names.sort_unstable();
    let mut reviews = Vec::with_capacity(names.len());
    for name in names {
        let mut entry = archive.by_name(&name).map_err(|error| explain(&error))?;
        let mut text = Vec::new();
        entry
            .read_to_end(&mut text)
            .map_err(|error| explain(&error))?;
        reviews.push(break_to_space(&text));
    }
    Ok(reviews)
}

fn break_to_space(text: &[u8]) -> Vec<u8> {
    let mut clean = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&first, after)) = rest.split_first() {
        if let Some(after) = rest.strip_prefix(b"<br />") {
            clean.push(b' ');
            rest = after;
        } else {
            clean.push(first);
            rest = after;
        }
    }
    clean
}
