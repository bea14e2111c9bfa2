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

const PACKAGE: &str = "recurrent";

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
    let binary = cargo::build_release(PACKAGE)?;
    let mut command = Command::new(binary);
    command.arg("reproduce").args(args);
    inputs.set(&mut command);
    cargo::status(&mut command).map(cargo::exit_code)
}
