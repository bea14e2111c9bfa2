//! `cargo xtask torture`: builds the command and the damage campaign, and starts it. What is done and how it is judged
//! is the campaign's own work, in `crates/torture`.

use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, ExitCode};

use crate::cargo;
use crate::error::Error;
use crate::reproduce::{PACKAGE, PROGRAM};

/// The campaign: package and program.
pub(crate) const CAMPAIGN: &str = "torture";

/// Builds both in release mode and runs the campaign with `args` as they stand.
pub(crate) fn run(args: &[OsString]) -> Result<ExitCode, Error> {
    let program = cargo::build_release(PACKAGE, PROGRAM)?;
    start(&program, &cargo::build_release(CAMPAIGN, CAMPAIGN)?, args)
}

/// Runs a `campaign` that is built already on a program that is.
pub(crate) fn start(program: &Path, campaign: &Path, args: &[OsString]) -> Result<ExitCode, Error> {
    let mut command = Command::new(campaign);
    command.arg("--program").arg(program).args(args);
    cargo::status(&mut command).map(cargo::exit_code)
}
