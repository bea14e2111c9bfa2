//! `cargo xtask sanitize`, two steps of `cargo xtask ci`: AddressSanitizer over the kernels' tests on every instruction
//! set of this CPU, and Miri over their path in plain Rust.

use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

use crate::cargo;
use crate::ci::Outcome;
use crate::error::Error;

/// The only crate with `unsafe` worth the name.
const PACKAGE: &str = "recurrent-kernels";

/// For which targets rustc ships AddressSanitizer's runtime, among those that people build this on.
const ASAN_TARGETS: [&str; 4] = [
    "x86_64-unknown-linux-gnu",
    "aarch64-unknown-linux-gnu",
    "x86_64-apple-darwin",
    "aarch64-apple-darwin",
];

/// Both; what cannot run here says so, and is no failure.
pub(crate) fn run(root: &Path) -> Result<ExitCode, Error> {
    let both = [address(root)?, miri(root)?];
    Ok(if both.contains(&Outcome::Failed) {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

/// AddressSanitizer over the kernels' tests: all instruction sets, AVX-512's tiles in pairs of registers too.
///
/// The pinned toolchain does it, told to take flags that are not stable yet; what it builds lies apart from everything
/// else, with debug assertions, and so with buffers that are NaN until they are written.
pub(crate) fn address(root: &Path) -> Result<Outcome, Error> {
    let Some(target) = host()?.filter(|host| ASAN_TARGETS.contains(&host.as_str())) else {
        return Ok(ignored("rustc has no AddressSanitizer for this machine"));
    };
    let mut command = cargo::cargo(["test", "--package", PACKAGE, "--features", "pairs"]);
    command.args(["--lib", "--tests", "--target", &target]);
    command.args(["--target-dir", "target/asan"]);
    command.current_dir(root).envs([
        ("RUSTC_BOOTSTRAP", "1"),
        ("RUSTFLAGS", "-Zsanitizer=address"),
    ]);
    start(&mut command)
}

/// Miri over the kernels' tests, as far as it is quick enough: what takes minutes is marked in the tests themselves.
///
/// It interprets plain Rust alone, so that no instruction set but the portable one is seen.
pub(crate) fn miri(root: &Path) -> Result<Outcome, Error> {
    let there = Command::new("cargo")
        .args(["+nightly", "miri", "--version"])
        // Only asks: a toolchain that is missing is not to be fetched.
        .env("RUSTUP_AUTO_INSTALL", "0")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    if !there {
        return Ok(ignored(
            "there is no nightly toolchain with Miri (`rustup +nightly component add miri` gets it)",
        ));
    }
    let mut command = Command::new("cargo");
    command.args(["+nightly", "miri", "test", "--package", PACKAGE]);
    command.args(["--lib", "--tests", "--target-dir", "target/miri"]);
    start(command.current_dir(root))
}

fn start(command: &mut Command) -> Result<Outcome, Error> {
    println!("$ {}", cargo::shown(command));
    Ok(cargo::status(command)?.success().into())
}

fn ignored(why: &str) -> Outcome {
    println!("ignored: {why}");
    Outcome::Ignored
}

/// The target of the toolchain that builds us, as rustc names it.
fn host() -> Result<Option<String>, Error> {
    let mut host = None;
    cargo::lines(Command::new("rustc").arg("-vV"), |line| {
        host = host.take().or_else(|| host_in(line));
    })?;
    Ok(host)
}

fn host_in(line: &str) -> Option<String> {
    line.strip_prefix("host: ")
        .map(|host| host.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rustc_names_its_host() {
        assert_eq!(host_in("host: a-b-c\r").as_deref(), Some("a-b-c"));
        assert_eq!(host_in("release: 1.95.0"), None);
        let host = host().unwrap().unwrap();
        assert!(host.contains('-'), "{host}");
    }
}
