//! `cargo xtask emulate`, a step of `cargo xtask ci`: the golden hashes on processors that this machine does not have.
//!
//! QEMU's user-mode emulation runs the tests: on x86-64 a processor with AVX2 and other caches, and one without fused
//! multiply-adds; and, where Rust's standard library for it is installed, AArch64 with NEON. What a tool is missing for
//! is ignored, with the reason.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use crate::ci::Outcome;
use crate::error::Error;
use crate::{apt, cargo, test};

/// Without what QEMU does not emulate, of which it would say so at every start.
const HASWELL: &str = "Haswell,hle=off,rtm=off,pcid=off,x2apic=off,tsc-deadline=off,invpcid=off";

/// Processors of x86-64 as QEMU names them, and what they stand for.
const PROCESSORS: [(&str, &str); 2] = [
    (HASWELL, "AVX2 and FMA"),
    ("Nehalem", "no AVX, and multiply-adds in software"),
];

const ARM: &str = "aarch64-unknown-linux-gnu";
/// Debian's cross compiler, which links, and where its C library lies.
const ARM_LINKER: &str = "aarch64-linux-gnu-gcc";
const ARM_LIBRARY: &str = "/usr/aarch64-linux-gnu";

/// Both; what cannot run here says so, and is no failure.
pub(crate) fn run(root: &Path) -> Result<ExitCode, Error> {
    Ok(if check(root)? == Outcome::Failed {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

/// As [`check`], after Debian's package of the emulator has been installed where it is missing.
pub(crate) fn provided(root: &Path) -> Result<Outcome, Error> {
    if std::env::consts::ARCH == "x86_64" && !runs("qemu-x86_64") {
        apt::install(&["qemu-user"])?;
    }
    check(root)
}

fn check(root: &Path) -> Result<Outcome, Error> {
    let outcomes = [x86()?, arm(root)?];
    Ok(if outcomes.contains(&Outcome::Failed) {
        Outcome::Failed
    } else if outcomes.contains(&Outcome::Passed) {
        Outcome::Passed
    } else {
        Outcome::Ignored
    })
}

/// The golden hashes of the kernels and of every kind of network, by the test programs that are built already.
fn x86() -> Result<Outcome, Error> {
    if std::env::consts::ARCH != "x86_64" || std::env::consts::OS != "linux" {
        return Ok(ignored(
            "x86-64",
            "the tests here are not programs for Linux on x86-64",
        ));
    }
    if !runs("qemu-x86_64") {
        return Ok(ignored(
            "x86-64",
            "there is no qemu-x86_64 (Debian: qemu-user)",
        ));
    }
    for (processor, what) in PROCESSORS {
        println!("emulating {processor}: {what}");
        let mut command = test::golden();
        command.env(
            "CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUNNER",
            format!("qemu-x86_64 -cpu {processor}"),
        );
        // That of another processor is not to be asked for.
        command.env_remove("RECURRENT_ISA");
        if start(&mut command)? == Outcome::Failed {
            return Ok(Outcome::Failed);
        }
    }
    Ok(Outcome::Passed)
}

/// All tests of the kernels on AArch64.
fn arm(root: &Path) -> Result<Outcome, Error> {
    if !library_of(ARM)?.is_dir() {
        let missing = format!(
            "Rust's standard library for it is missing (`rustup target add {ARM}` gets it)"
        );
        return Ok(ignored("AArch64", &missing));
    }
    if !runs("qemu-aarch64") || !runs(ARM_LINKER) {
        let missing = format!(
            "qemu-aarch64 or {ARM_LINKER} is missing (Debian: qemu-user, gcc-aarch64-linux-gnu)"
        );
        return Ok(ignored("AArch64", &missing));
    }
    let mut command = cargo::cargo(["test", "--release", "--package", "recurrent-kernels"]);
    command.args([
        "--lib",
        "--tests",
        "--target",
        ARM,
        "--target-dir",
        "target/emulate",
    ]);
    command.current_dir(root).envs([
        (
            "CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER",
            ARM_LINKER.to_owned(),
        ),
        (
            "CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER",
            format!("qemu-aarch64 -L {ARM_LIBRARY}"),
        ),
    ]);
    start(&mut command)
}

/// Where the toolchain has the standard library of a target.
fn library_of(target: &str) -> Result<PathBuf, Error> {
    let mut sysroot = PathBuf::new();
    cargo::lines(Command::new("rustc").args(["--print", "sysroot"]), |line| {
        sysroot = line.trim().into();
    })?;
    Ok(sysroot.join("lib/rustlib").join(target).join("lib"))
}

fn start(command: &mut Command) -> Result<Outcome, Error> {
    println!("$ {}", cargo::shown(command));
    Ok(cargo::status(command)?.success().into())
}

fn ignored(what: &str, why: &str) -> Outcome {
    println!("{what} ignored: {why}");
    Outcome::Ignored
}

fn runs(program: &str) -> bool {
    Command::new(program)
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}
