//! `cargo xtask torture`: builds the command and the damage campaign, and starts it. What is done and how it is judged
//! is the campaign's own work, in `crates/torture`.

use std::ffi::OsString;
use std::process::{Command, ExitCode};

use crate::cargo;
use crate::error::Error;
use crate::reproduce::{PACKAGE, PROGRAM};

/// The campaign: package and program.
const CAMPAIGN: &str = "torture";

/// Builds the campaign; beside the command, so that both stand on the same builds of our packages.
pub(crate) const BUILD: [&str; 6] = [
    "build",
    "--release",
    "--package",
    CAMPAIGN,
    "--package",
    PACKAGE,
];

/// Builds both in release mode and runs the campaign with `args` as they stand.
pub(crate) fn run(args: &[OsString]) -> Result<ExitCode, Error> {
    let program = cargo::build_release(PACKAGE, PROGRAM)?;
    let campaign = cargo::build(&BUILD, CAMPAIGN)?;
    let mut command = Command::new(campaign);
    command.arg("--program").arg(program).args(args);
    cargo::status(&mut command).map(cargo::exit_code)
}
