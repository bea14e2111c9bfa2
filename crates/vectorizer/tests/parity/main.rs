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
mod layer;
mod merging;
mod oracle;
mod properties;
mod saving;

use std::path::{Path, PathBuf};

use recurrent_vectorizer::{ValidParams, VectorizerParams};

/// What was recorded from Keras, beside these tests.
fn cases() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/parity/cases")
}

/// The files of the cases in which Keras gives something, in the order of their names.
fn results() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(cases().join("results")).unwrap();
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

/// One JSON file.
fn json(path: &Path) -> serde_json::Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// Keras' defaults.
fn defaults() -> ValidParams {
    VectorizerParams::new().check().unwrap()
}
