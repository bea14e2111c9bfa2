//! `cargo xtask reproduce`: from a clone to the three trained networks in one command.
//!
//! Chooses what to build with, builds and starts; finding or downloading the data, training and drawing
//! are the binary's own work.

use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

use crate::cargo;
use crate::error::Error;
use crate::inputs::Inputs;
use crate::libtorch::{self, Kind, Libtorch, LibtorchError, Version};
use crate::sample;

/// The package of the command.
pub(crate) const PACKAGE: &str = "recurrent-cli";

/// The command.
pub(crate) const PROGRAM: &str = "recurrent";

/// What cargo is asked for to build it.
pub(crate) const BUILD: [&str; 4] = ["build", "--release", "--package", PACKAGE];

/// Tells the binary which commit it was built from, for `run.json`.
const COMMIT_VARIABLE: &str = "RECURRENT_COMMIT";

/// Builds the release binary and runs `recurrent reproduce` with `args` as they stand.
pub(crate) fn run(root: &Path, inputs: &Inputs, args: &[OsString]) -> Result<ExitCode, Error> {
    // Before a build of minutes, not after it.
    inputs.check()?;
    let libtorch = needed(args)?;
    // On standard error, so that what the binary prints can be piped.
    eprintln!(
        "xtask: building {PROGRAM} in release mode (the first build takes several minutes), then running it; {}.",
        inputs.for_reproduce()
    );
    sample::ensure(root)?;
    let command = match &libtorch {
        None => Command::new(cargo::build_release(PACKAGE, PROGRAM)?),
        Some(libtorch) => with(libtorch)?,
    };
    start(root, inputs, args, command)
}

/// Runs `recurrent reproduce` of a program that is built already.
pub(crate) fn start(
    root: &Path,
    inputs: &Inputs,
    args: &[OsString],
    mut command: Command,
) -> Result<ExitCode, Error> {
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

/// The command built with libtorch, once it is seen to start.
pub(crate) fn with(libtorch: &Libtorch) -> Result<Command, Error> {
    eprintln!("xtask: with {}", libtorch.describe());
    let args = [BUILD.as_slice(), &["--features", "libtorch"]].concat();
    let binary = cargo::build_with(&args, PROGRAM, |command| libtorch.set(command))?;
    let output = Command::new(&binary)
        .arg("doctor")
        .stdin(Stdio::null())
        .output()
        .map_err(|source| Error::Spawn {
            program: binary.display().to_string(),
            source,
        })?;
    let said = String::from_utf8_lossy(&output.stderr);
    match libtorch::missing_library(&said) {
        Some(library) if !output.status.success() => Err(libtorch.without(library).into()),
        _ => Ok(Command::new(binary)),
    }
}

/// The libtorch that the asked-for backend needs, fetched if need be. `auto` needs one where an NVIDIA
/// driver answers, and does without where none can be had.
fn needed(args: &[OsString]) -> Result<Option<Libtorch>, Error> {
    match backend(args) {
        Asked::Libtorch(kind) => libtorch::ensure(kind, Version::V2_9_0).map(Some),
        Asked::Other => Ok(None),
        Asked::Auto => {
            let Some(gpu) = libtorch::driver() else {
                return Ok(None);
            };
            eprintln!("xtask: an NVIDIA driver answers ({gpu}), so libtorch is used");
            match libtorch::ensure(Kind::Cuda, Version::V2_9_0) {
                Ok(libtorch) => Ok(Some(libtorch)),
                Err(Error::Libtorch(error @ LibtorchError::NoSource { .. })) => {
                    eprintln!("xtask: {error}\nxtask: going on without it, on the CPU");
                    Ok(None)
                }
                Err(error) => Err(error),
            }
        }
    }
}

/// What `--backend` asks for, as far as it decides the build.
#[derive(Debug, PartialEq, Eq)]
enum Asked {
    Auto,
    Libtorch(Kind),
    /// Flex, or something that the binary will complain about.
    Other,
}

fn backend(args: &[OsString]) -> Asked {
    let mut args = args.iter().filter_map(|arg| arg.to_str());
    let mut value = "auto";
    while let Some(arg) = args.next() {
        if ["--help", "-h"].contains(&arg) {
            return Asked::Other;
        }
        if arg == "--backend" {
            value = args.next().unwrap_or_default();
        } else if let Some(given) = arg.strip_prefix("--backend=") {
            value = given;
        }
    }
    match value {
        "auto" => Asked::Auto,
        "libtorch-cpu" | "libtorch-cpu-aten" => Asked::Libtorch(Kind::Cpu),
        "libtorch-cuda" => Asked::Libtorch(Kind::Cuda),
        _ => Asked::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_backend_decides_the_build() {
        let check = |args: &[&str], expect: Asked| {
            let args: Vec<OsString> = args.iter().map(OsString::from).collect();
            assert_eq!(backend(&args), expect, "{args:?}");
        };
        check(&[], Asked::Auto);
        check(&["--epochs", "3"], Asked::Auto);
        check(&["--backend", "flex"], Asked::Other);
        check(&["--backend=libtorch-cpu"], Asked::Libtorch(Kind::Cpu));
        check(
            &["--seed", "1", "--backend", "libtorch-cuda"],
            Asked::Libtorch(Kind::Cuda),
        );
        check(&["--backend"], Asked::Other);
        check(&["--backend", "libtorch-cuda", "--help"], Asked::Other);
    }
}
