//! The crate against Keras' recorded results and against a slow reading of the specification.
#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may stop at the first surprise"
)]

mod api;
mod arrow;
mod errors;
mod fixtures;
mod imdb;
mod layer;
mod merging;
mod oracle;
mod properties;
mod real;
mod saving;

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use recurrent_vectorizer::{ValidParams, VectorizerParams};

/// The folder of recorded results: `RECURRENT_REFERENCE`, or `../shared/reference` beside the
/// workspace. Says so if it is missing.
fn reference() -> Option<PathBuf> {
    let folder = std::env::var_os("RECURRENT_REFERENCE").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/reference"),
        PathBuf::from,
    );
    if !folder.is_dir() {
        skipped(&format!("no reference results at {}", folder.display()));
        return None;
    }
    Some(folder.join("vectorizer"))
}

/// Prints past the test harness, which would hide the output of a test that passes.
fn skipped(why: &str) {
    let _ = writeln!(io::stderr(), "skipped: {why}");
}

/// One JSON file.
fn json(path: &Path) -> serde_json::Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// Keras' defaults.
fn defaults() -> ValidParams {
    VectorizerParams::new().check().unwrap()
}
