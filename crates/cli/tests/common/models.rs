//! Models for tests that watch them: the notebook's three networks, and two of one kind, trained once.

// No test binary uses all of it.
#![allow(clippy::unwrap_used, dead_code, reason = "see above")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use serde_json::Value;
use tempfile::TempDir;

use super::common::{recurrent, reproduce, small, succeed};

/// The networks that are watched.
pub(crate) const NETWORKS: [&str; 3] = ["dense", "simple_rnn", "lstm"];

/// A text whose words the small vocabulary has and has not, with punctuation alone in between.
pub(crate) const TEXT: &str =
    "The film is not bad -- it is one of the xylophonic best, and I loved it!";

/// A run of the notebook's networks on a small data set, made once.
pub(crate) fn trained() -> &'static Path {
    static RUN: OnceLock<(TempDir, TempDir)> = OnceLock::new();
    let (_, out) = RUN.get_or_init(|| {
        let (data, out) = (small(), tempfile::tempdir().unwrap());
        let arguments = ["--epochs", "2", "--dashboard"];
        let stdout = succeed(&mut reproduce(data.path(), out.path(), &arguments));
        // A pipe is no terminal: lines instead of a dashboard.
        assert!(stdout.contains("Epoch 2/2") && !stdout.contains('\u{1b}'));
        (data, out)
    });
    out.path()
}

pub(crate) fn model(network: &str) -> PathBuf {
    trained().join(network)
}

/// The folders of two models of one kind, of seeds 0 and 1; made once.
pub(crate) fn alike() -> [PathBuf; 2] {
    static RUNS: OnceLock<TempDir> = OnceLock::new();
    let runs = RUNS.get_or_init(|| {
        let (data, out) = (small(), tempfile::tempdir().unwrap());
        for seed in ["0", "1"] {
            let folder = out.path().join(format!("seed-{seed}"));
            let arguments = ["--epochs", "1", "--networks", "lstm", "--seed", seed];
            succeed(&mut reproduce(data.path(), &folder, &arguments));
        }
        out
    });
    ["seed-0", "seed-1"].map(|seed| runs.path().join(seed).join("lstm"))
}

/// `recurrent COMMAND --model DENSE --model SIMPLE_RNN --model LSTM`.
pub(crate) fn with_models(command: &str) -> Command {
    let mut process = recurrent();
    process.arg(command);
    for network in NETWORKS {
        process.arg("--model").arg(model(network));
    }
    process
}

/// What `trace --json` says, one value a network.
pub(crate) fn traced(arguments: &[&str]) -> Vec<Value> {
    let stdout = succeed(with_models("trace").arg("--json").args(arguments));
    let lines = stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap());
    lines.collect()
}

pub(crate) fn numbers(value: &Value) -> Vec<f64> {
    let values = value.as_array().unwrap().iter();
    values.map(|number| number.as_f64().unwrap()).collect()
}

/// What the two are called where they stand beside each other.
pub(crate) const LABELS: [&str; 2] = ["lstm (seed-0)", "lstm (seed-1)"];

/// `recurrent COMMAND` with both of them.
pub(crate) fn with_both(command: &str) -> Command {
    let mut process = recurrent();
    process.arg(command);
    for model in alike() {
        process.arg("--model").arg(model);
    }
    process
}

/// What `trace --json` says of a text with each.
pub(crate) fn traced_both(text: &str) -> Vec<Value> {
    succeed(with_both("trace").args(["--json", text]))
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}
