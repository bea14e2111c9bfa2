//! What the tests of the command share: starting it, its output, a small data set.

// What clippy.toml allows in tests does not reach the functions that tests share, and no test binary
// uses all of them.
#![allow(clippy::unwrap_used, dead_code, reason = "see above")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use recurrent_data::{ReadOptions, Split, read};
use serde_json::Value;
use tempfile::TempDir;

pub(crate) fn recurrent() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_recurrent"));
    command.env_remove("IMDB_ARCHIVE");
    // Nobody listens there, so that no test reaches the real network.
    for variable in ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"] {
        command.env(variable, "http://127.0.0.1:9");
    }
    command
}

/// The folder of the repository that holds the sample.
pub(crate) fn datasets() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../datasets")
}

pub(crate) fn run(command: &mut Command) -> (Output, String, String) {
    let output = command.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
    (output, stdout, stderr)
}

pub(crate) fn succeed(command: &mut Command) -> String {
    let (output, stdout, stderr) = run(command);
    assert!(output.status.success(), "{stdout}\n{stderr}");
    stdout
}

pub(crate) fn fail(command: &mut Command, status: i32) -> String {
    let (output, stdout, stderr) = run(command);
    assert_eq!(output.status.code(), Some(status), "{stdout}\n{stderr}");
    stderr
}

/// A data set of sixty reviews in each class of each split, as a folder.
pub(crate) fn small() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let options = ReadOptions {
        clean: false,
        ..ReadOptions::default()
    };
    let corpus = read(&datasets().join("sample.zip"), &options).unwrap();
    for split in Split::ALL {
        for label in 0..2 {
            let reviews = corpus.reviews(split).iter();
            for review in reviews.filter(|review| review.label == label).take(60) {
                let path = folder.path().join(split.name()).join(&review.path);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, &review.text).unwrap();
            }
        }
    }
    folder
}

pub(crate) fn reproduce(dataset: &Path, out: &Path, arguments: &[&str]) -> Command {
    let mut command = recurrent();
    command.arg("reproduce").arg("--dataset").arg(dataset);
    command.arg("--out").arg(out).args(arguments);
    command
}

pub(crate) fn json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}
