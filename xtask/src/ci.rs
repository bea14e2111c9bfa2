//! `cargo xtask ci`: what a change must pass, in order, stopping at the first failure.

use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use crate::browser::Browser;
use crate::cargo;
use crate::error::Error;
use crate::inputs::Inputs;
use crate::{builds, docs, emulate, libtorch, reproduce, results, sanitize, test, tidy, torture};

/// The steps that are one cargo command each, in release mode, so that macros and build scripts are built once; tidy, the
/// licences, the book, the builds, the tests, other processors, the sanitizers, a fuzzer, a whole run,
/// the damage campaign, the tests of libtorch and the comparison with the recorded results follow.
const LINTS: [(&str, &[&str]); 4] = [
    ("fmt", &["fmt", "--all", "--check"]),
    (
        "clippy",
        &[
            "clippy",
            "--release",
            "--workspace",
            "--all-targets",
            "--all-features",
            "--",
            "-D",
            "warnings",
        ],
    ),
    (
        "doc",
        &[
            "doc",
            "--release",
            "--workspace",
            "--no-deps",
            "--all-features",
        ],
    ),
    // As users of the library have it: with none of the features that the workspace unifies.
    ("alone", &["check", "--release", "--package", "recurrent"]),
];

/// Where the whole run leaves its files.
const RUN: &str = "target/ci";

/// How a step went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Passed,
    Failed,
    /// It did not run, for want of a tool that not every machine has.
    Ignored,
}

impl From<bool> for Outcome {
    fn from(passed: bool) -> Self {
        if passed { Self::Passed } else { Self::Failed }
    }
}

/// The steps done so far, with their times.
#[derive(Default)]
struct Report {
    done: Vec<(&'static str, Outcome, Duration)>,
}

impl Report {
    /// Runs one step and notes how it went; says whether to go on.
    fn step<O: Into<Outcome>>(
        &mut self,
        name: &'static str,
        run: impl FnOnce() -> Result<O, Error>,
    ) -> Result<bool, Error> {
        println!("== {name}");
        let start = Instant::now();
        let outcome = run()?.into();
        let took = start.elapsed();
        println!(
            "== {name}: {} in {:.1} s",
            word(outcome),
            took.as_secs_f64()
        );
        self.done.push((name, outcome, took));
        Ok(outcome != Outcome::Failed)
    }

    /// The table for the end, its last row the sum; below it the step that failed, if one did.
    fn table(&self) -> String {
        let mut out = String::from("step     result   seconds\n");
        for (name, outcome, took) in &self.done {
            out += &format!(
                "{name:<8} {:<8} {:>7.1}\n",
                word(*outcome),
                took.as_secs_f64()
            );
        }
        let total: Duration = self.done.iter().map(|(_, _, took)| *took).sum();
        out += &format!(
            "{:<8} {:<8} {:>7.1}\n",
            "total",
            word(self.passed().into()),
            total.as_secs_f64()
        );
        if let Some((name, ..)) = self
            .done
            .iter()
            .find(|(_, outcome, _)| *outcome == Outcome::Failed)
        {
            out += &format!("The step `{name}` failed; the run stopped there.\n");
        }
        out
    }

    fn passed(&self) -> bool {
        self.done
            .iter()
            .all(|(_, outcome, _)| *outcome != Outcome::Failed)
    }
}

fn word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Passed => "passed",
        Outcome::Failed => "FAILED",
        Outcome::Ignored => "ignored",
    }
}

/// Runs all steps; a failure ends the run with the name of the step and exit status 1.
pub(crate) fn run(root: &Path, inputs: &Inputs) -> Result<ExitCode, Error> {
    let mut report = Report::default();
    let mut counts = None;
    all(&mut report, &mut counts, root, inputs)?;
    print!("\n{}", report.table());
    if let Some(counts) = counts {
        println!("\n{counts}");
    }
    Ok(if report.passed() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn all(
    report: &mut Report,
    counts: &mut Option<test::Counts>,
    root: &Path,
    inputs: &Inputs,
) -> Result<(), Error> {
    for (name, args) in LINTS {
        if !report.step(name, || {
            shell(cargo::cargo(args).env("RUSTDOCFLAGS", "-D warnings"))
        })? {
            return Ok(());
        }
    }
    if !report.step("tidy", || tidy::check(root))? {
        return Ok(());
    }
    if !report.step("deny", deny)? {
        return Ok(());
    }
    if !report.step("docs", || docs::check(root))? {
        return Ok(());
    }
    if !report.step("builds", builds::check)? {
        return Ok(());
    }
    if !report.step("test", || {
        let outcome = test::run(root, inputs, &Browser::provide(root)?, &[], &[])?;
        let passed = outcome.success();
        *counts = Some(outcome.counts);
        Ok(passed)
    })? {
        return Ok(());
    }
    if !report.step("emulate", emulate::x86_provided)? {
        return Ok(());
    }
    if !report.step("neon", || emulate::arm(root))? {
        return Ok(());
    }
    if !report.step("asan", || sanitize::address(root))? {
        return Ok(());
    }
    if !report.step("miri", || sanitize::miri(root))? {
        return Ok(());
    }
    if !report.step("fuzz", || fuzz(root))? {
        return Ok(());
    }
    if !report.step("run", || run_whole(root, inputs))? {
        return Ok(());
    }
    if !report.step("torture", || {
        Ok(torture::run(&["--quick".into()])? == ExitCode::SUCCESS)
    })? {
        return Ok(());
    }
    // It builds the program anew, with a libtorch.
    if !report.step("libtorch", || {
        let (kind, version) = test::LIBTORCH;
        libtorch::provide_pip(kind, version)?;
        let outcome = test::run_libtorch(inputs)?;
        let passed = outcome.success();
        *counts.get_or_insert_default() += outcome.counts;
        Ok(passed)
    })? {
        return Ok(());
    }
    // Last: whether the notebook's ten epochs left the very bytes that are recorded.
    report.step("results", || {
        if inputs.have_reviews() {
            results::compare(root, &root.join(RUN))
        } else {
            println!("ignored: the real reviews are not here (set IMDB_ARCHIVE)");
            Ok(Outcome::Ignored)
        }
    })?;
    Ok(())
}

/// Licences, sources and packages that must not come in, by cargo-deny, where it is installed. Known
/// vulnerabilities it looks up in a database that it downloads, which changes from day to day: `cargo deny check` by hand
/// does that.
fn deny() -> Result<Outcome, Error> {
    let mut version = cargo::cargo(["deny", "--version"]);
    let there = version.stdout(Stdio::null()).stderr(Stdio::null()).status();
    if !there.is_ok_and(|status| status.success()) {
        println!("ignored: there is no cargo-deny (cargo install cargo-deny)");
        return Ok(Outcome::Ignored);
    }
    let checks = ["deny", "check", "licenses", "bans", "sources"];
    Ok(shell(&mut cargo::cargo(checks))?.into())
}

/// The vectorizer's fuzz targets, each for a bounded time; where there is no fuzzer, says so: the tests
/// have run the committed corpus in any case.
fn fuzz(root: &Path) -> Result<Outcome, Error> {
    let there = Command::new("cargo")
        .args(["+nightly", "fuzz", "--version"])
        // Only asks: a toolchain that is missing is not to be fetched.
        .env("RUSTUP_AUTO_INSTALL", "0")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    if !there {
        println!("ignored: there is no nightly toolchain with cargo-fuzz");
        return Ok(Outcome::Ignored);
    }
    for target in ["fit", "apply", "load"] {
        let mut command = Command::new("cargo");
        command.args(["+nightly", "fuzz", "run", target]);
        // What is found goes to a folder of its own; the committed corpus is only read.
        let found = root.join("target/fuzz").join(target);
        std::fs::create_dir_all(&found).map_err(Error::io(&found))?;
        command.arg(&found).arg(format!("fuzz/corpus/{target}"));
        command.args(["--", "-max_total_time=20"]);
        if !shell(command.current_dir(root.join("crates/vectorizer")))? {
            return Ok(Outcome::Failed);
        }
    }
    Ok(Outcome::Passed)
}

/// The main job whole, by the program that is built already: on the reviews where they are, else on the sample.
fn run_whole(root: &Path, inputs: &Inputs) -> Result<bool, Error> {
    let dataset = if inputs.have_reviews() {
        "auto"
    } else {
        "sample"
    };
    let args = ["--dataset", dataset, "--out", RUN].map(OsString::from);
    let program = Command::new(cargo::build_release(
        reproduce::PACKAGE,
        reproduce::PROGRAM,
    )?);
    let code = reproduce::start(root, inputs, &args, program)?;
    Ok(code == ExitCode::SUCCESS)
}

fn shell(command: &mut Command) -> Result<bool, Error> {
    println!("$ {}", cargo::shown(command));
    Ok(cargo::status(command)?.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_names_the_step_that_failed() {
        let mut report = Report::default();
        assert!(report.step("fmt", || Ok(true)).unwrap());
        assert!(report.passed());
        // What did not run is no failure, and is not said to have passed.
        assert!(report.step("miri", || Ok(Outcome::Ignored)).unwrap());
        assert!(report.passed());
        assert!(!report.step("clippy", || Ok(false)).unwrap());
        let table = report.table();
        assert!(!report.passed());
        assert!(table.contains("fmt      passed"), "{table}");
        assert!(table.contains("miri     ignored"), "{table}");
        assert!(table.contains("The step `clippy` failed"), "{table}");
    }
}
