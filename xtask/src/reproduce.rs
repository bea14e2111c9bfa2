//! `cargo xtask reproduce`: from a clone to the three trained networks in one command.
//!
//! Builds and starts; finding or downloading the data, training and drawing are the binary's own work.

use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, ExitCode};

use crate::cargo;
use crate::error::Error;
use crate::inputs::Inputs;
use crate::sample;

pub(crate) const PACKAGE: &str = "recurrent";

/// Tells the binary which commit it was built from, for `run.json`.
const COMMIT_VARIABLE: &str = "RECURRENT_COMMIT";

/// Builds the release binary and runs `recurrent reproduce` with `args` as they stand.
pub(crate) fn run(root: &Path, inputs: &Inputs, args: &[OsString]) -> Result<ExitCode, Error> {
    // Before a build of minutes, not after it.
    inputs.check()?;
    // On standard error, so that what the binary prints can be piped.
    eprintln!(
        "xtask: building {PACKAGE} in release mode (the first build takes several minutes), then running it; {}.",
        inputs.for_reproduce()
    );
    sample::ensure(root)?;
    start(root, inputs, args, &cargo::build_release(PACKAGE)?)
}

/// Runs `recurrent reproduce` of a program that is built already.
pub(crate) fn start(
    root: &Path,
    inputs: &Inputs,
    args: &[OsString],
    binary: &Path,
) -> Result<ExitCode, Error> {
    let mut command = Command::new(binary);
    command.arg("reproduce").args(args);
    inputs.set(&mut command);
    if let Some(commit) = commit(root) {
        command.env(COMMIT_VARIABLE, commit);
    }
    cargo::status(&mut command).map(cargo::exit_code)
}

/// The commit that is checked out, with a mark if files differ from it; none outside of git.
fn commit(root: &Path) -> Option<String> {
    let output = Command::new("git")
        .args([
            "describe",
            "--always",
            "--dirty",
            "--abbrev=12",
            "--exclude=*",
        ])
        .current_dir(root)
        .output()
        .ok()?;
    let name = String::from_utf8(output.stdout).ok()?;
    let name = name.trim();
    (output.status.success() && !name.is_empty()).then(|| name.to_owned())
}
