//! Debian's packages, for what `ci` needs of the system and may install there.

use std::process::Command;

use crate::cargo;
use crate::error::Error;

/// Installs packages. Needs the rights to.
pub(crate) fn install(packages: &[&str]) -> Result<(), Error> {
    run(&["update"])?;
    let options = ["install", "--yes", "--no-install-recommends"];
    run(&[options.as_slice(), packages].concat())
}

fn run(args: &[&str]) -> Result<(), Error> {
    let mut command = Command::new("apt-get");
    cargo::must(command.args(args).env("DEBIAN_FRONTEND", "noninteractive"))
}
