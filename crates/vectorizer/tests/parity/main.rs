//! The crate against Keras' recorded results and against a slow reading of the specification.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod api;
mod errors;
mod fixtures;
mod imdb;
mod oracle;
mod real;

use std::io::{self, Write};
use std::path::{Path, PathBuf};

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

/// A JSON list of strings.
fn strings(value: &serde_json::Value) -> Vec<&str> {
    value
        .as_array()
        .unwrap()
        .iter()
        .map(|text| text.as_str().unwrap())
        .collect()
}

/// The parameters of a Keras configuration, or `None` if it uses an option that this crate lacks
/// or cannot express.
fn params(config: &serde_json::Value) -> Option<recurrent_vectorizer::VectorizerParams> {
    let mut params = recurrent_vectorizer::VectorizerParams::new();
    for (key, value) in config.as_object().unwrap() {
        match (key.as_str(), value) {
            ("max_tokens", value) => {
                params = params.max_tokens(usize::try_from(value.as_u64()?).unwrap());
            }
            ("output_sequence_length", value) => {
                params = params.output_sequence_length(usize::try_from(value.as_u64()?).unwrap());
            }
            ("output_mode", value) if value == "int" => {}
            // These change nothing here: raggedness is how the result is read, padding to
            // `max_tokens` has no effect in int mode, and the encoding only shows in listings.
            ("ragged" | "encoding" | "vocabulary", _) => {}
            ("pad_to_max_tokens", _) if config.get("max_tokens").is_some() => {}
            _ => return None,
        }
    }
    Some(params)
}
