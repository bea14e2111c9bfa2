//! `cargo xtask emulate`, two steps of `cargo xtask ci`: the golden hashes on processors that this machine does not have.
//!
//! QEMU's user-mode emulation runs the tests: on x86-64 a processor with AVX2 and other caches, and one without fused
//! multiply-adds; and, where Rust's standard library for it is installed, AArch64 with NEON. What a tool is missing for
//! is ignored, with the reason.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use crate::ci::Outcome;
use crate::error::Error;
use crate::{apt, cargo, test};

/// Without what QEMU does not emulate, of which it would say so at every start.
const HASWELL: &str = "Haswell,hle=off,rtm=off,pcid=off,x2apic=off,tsc-deadline=off,invpcid=off";

/// Processors of x86-64 as QEMU names them, their fastest instruction set as the kernels name it, and what they stand for.
const PROCESSORS: [(&str, &str, &str); 2] = [
    (HASWELL, "avx2", "AVX2 and FMA"),
    (
        "Nehalem",
        "portable",
        "no AVX, and multiply-adds in software",
    ),
];

/// The first QEMU that emulates AVX2.
const FIRST_WITH_AVX2: (u32, u32) = (7, 2);

/// Tells the tests which instruction set has to be the fastest, so that they fail where the emulated processor lacks what it
/// is there for, and do not hold the hashes against plain Rust alone.
const FASTEST: &str = "FASTEST";

const ARM: &str = "aarch64-unknown-linux-gnu";
/// Debian's cross compiler, which links, and where its C library lies.
const ARM_LINKER: &str = "aarch64-linux-gnu-gcc";
const ARM_LIBRARY: &str = "/usr/aarch64-linux-gnu";

/// Both; what cannot run here says so, and is no failure.
pub(crate) fn run(root: &Path) -> Result<ExitCode, Error> {
    let both = [x86()?, arm(root)?];
    Ok(if both.contains(&Outcome::Failed) {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

/// As [`x86`], after Debian's package of the emulator has been installed where it is missing and can be.
pub(crate) fn x86_provided() -> Result<Outcome, Error> {
    if std::env::consts::ARCH == "x86_64"
        && version("qemu-x86_64").is_none()
        && let Err(error) = apt::install(&["qemu-user"])
    {
        println!("{error}");
    }
    x86()
}

/// The golden hashes of the kernels and of every kind of network, by the test programs that are built already.
fn x86() -> Result<Outcome, Error> {
    if std::env::consts::ARCH != "x86_64" || std::env::consts::OS != "linux" {
        return Ok(ignored(
            "x86-64",
            "the tests here are not programs for Linux on x86-64",
        ));
    }
    let Some(version) = version("qemu-x86_64") else {
        return Ok(ignored(
            "x86-64",
            "there is no qemu-x86_64 (Debian: qemu-user)",
        ));
    };
    if version < FIRST_WITH_AVX2 {
        return Ok(ignored(
            "x86-64",
            "qemu-x86_64 is older than 7.2, the first with AVX2 (Debian 12 has it)",
        ));
    }
    for (processor, fastest, what) in PROCESSORS {
        println!("emulating {processor}: {what}");
        for mut command in test::golden() {
            command.env(
                "CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUNNER",
                format!("qemu-x86_64 -cpu {processor}"),
            );
            command.env(FASTEST, fastest);
            // That of another processor is not to be asked for.
            command.env_remove("RECURRENT_ISA");
            if start(&mut command)? == Outcome::Failed {
                return Ok(Outcome::Failed);
            }
        }
    }
    Ok(Outcome::Passed)
}

/// All tests of the kernels on AArch64, the golden hashes among them.
pub(crate) fn arm(root: &Path) -> Result<Outcome, Error> {
    if let Some(missing) = missing_for_arm()? {
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
        (FASTEST, "neon".to_owned()),
    ]);
    command.env_remove("RECURRENT_ISA");
    start(&mut command)
}

/// What AArch64 cannot be emulated without and is not here, with what gets it.
fn missing_for_arm() -> Result<Option<String>, Error> {
    if std::env::consts::ARCH == "aarch64" {
        let native = "this machine is one, and its own tests run on NEON";
        return Ok(Some(native.to_owned()));
    }
    if !library_of(ARM)?.is_dir() {
        return Ok(Some(format!(
            "Rust's standard library for it is missing (`rustup target add {ARM}` gets it)"
        )));
    }
    for (program, package) in [
        ("qemu-aarch64", "qemu-user"),
        (ARM_LINKER, "gcc-aarch64-linux-gnu"),
    ] {
        if !cargo::runs(program) {
            return Ok(Some(format!("there is no {program} (Debian: {package})")));
        }
    }
    // Debian's compiler only recommends it.
    let library = Path::new(ARM_LIBRARY).join("lib/libc.so");
    Ok((!library.is_file()).then(|| {
        format!(
            "there is no C library in {ARM_LIBRARY} to link with (Debian: libc6-dev-arm64-cross)"
        )
    }))
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

/// The version of an emulator, if it runs.
fn version(program: &str) -> Option<(u32, u32)> {
    let output = Command::new(program).arg("--version").output().ok()?;
    version_in(&String::from_utf8_lossy(&output.stdout))
}

fn version_in(said: &str) -> Option<(u32, u32)> {
    let (_, number) = said.split_once(" version ")?;
    let mut parts = number.split(|c: char| !c.is_ascii_digit());
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn qemu_says_its_version() {
        let debian = "qemu-x86_64 version 7.2.22 (Debian 1:7.2+dfsg-7)\nCopyright (c) 2003-2022";
        assert_eq!(version_in(debian), Some((7, 2)));
        assert_eq!(version_in("qemu-x86_64 version 11.1\n"), Some((11, 1)));
        assert!(version_in("qemu-x86_64 version 5.2.0").unwrap() < FIRST_WITH_AVX2);
        assert_eq!(version_in("no such thing"), None);
        assert_eq!(version("no such program"), None);
    }
}
