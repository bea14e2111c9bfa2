//! `cargo xtask test`: every test of the workspace, and plain words on what they had to work with.

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::process::{Command, ExitCode, ExitStatus};

use crate::browser::Browser;
use crate::cargo;
use crate::error::Error;
use crate::inputs::Inputs;
use crate::libtorch::{self, Kind, Version};

/// The command that the README names. Release mode, because training in debug mode takes minutes; the features,
/// because what is optional would go untested.
const COMMAND: [&str; 6] = [
    "test",
    "--workspace",
    "--release",
    "--no-fail-fast",
    "--features",
    FEATURES,
];
const FEATURES: &str = "recurrent-data/frames,recurrent-kernels/pairs,recurrent-vectorizer/polars,recurrent-vectorizer/rayon,recurrent-vectorizer/serde";

/// The tests of libtorch, in the same build but for one feature: what that does not reach, polars first of all, is
/// built already.
fn libtorch_command() -> Command {
    let [test, workspace, release, go_on, ..] = COMMAND;
    let features = format!("{FEATURES},recurrent-cli/libtorch");
    let mut command = cargo::cargo([test, workspace, release, go_on, "--features", &features]);
    command.args(["--lib", "--test", "libtorch", "--", "libtorch"]);
    command
}

/// What they run on.
pub(crate) const LIBTORCH: (Kind, Version) = (Kind::Cpu, Version::V2_9_0);

/// Fewer than these, and some were lost: a filter that finds nothing would pass as well.
const LIBTORCH_TESTS: u64 = 20;

/// How many tests passed and failed, summed over all test binaries.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Counts {
    passed: u64,
    failed: u64,
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)
    }
}

impl std::ops::Add for Counts {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            passed: self.passed + other.passed,
            failed: self.failed + other.failed,
        }
    }
}

impl Counts {
    /// Adds what a line of the form `test result: ok. 3 passed; 0 failed; …` says; other lines say nothing.
    fn read(&mut self, line: &str) {
        let Some((_, result)) = line
            .trim()
            .strip_prefix("test result: ")
            .and_then(|rest| rest.split_once(". "))
        else {
            return;
        };
        for part in result.split("; ") {
            match part
                .split_once(' ')
                .map(|(number, what)| (number.parse::<u64>(), what))
            {
                Some((Ok(number), "passed")) => self.passed += number,
                Some((Ok(number), "failed")) => self.failed += number,
                _ => {}
            }
        }
    }
}

/// How the run ended.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Outcome {
    /// The sums of the `test result:` lines.
    pub(crate) counts: Counts,
    status: ExitStatus,
}

impl Outcome {
    /// Whether cargo was satisfied and no test failed.
    pub(crate) fn success(&self) -> bool {
        self.status.success() && self.counts.failed == 0
    }

    /// The exit code for this process.
    pub(crate) fn code(&self) -> ExitCode {
        if self.success() {
            ExitCode::SUCCESS
        } else if self.status.success() {
            ExitCode::FAILURE
        } else {
            cargo::exit_code(self.status)
        }
    }
}

/// Runs the tests, `args` added to cargo's own and `harness` handed to the test binaries.
pub(crate) fn run(
    inputs: &Inputs,
    browser: &Browser,
    args: &[OsString],
    harness: &[OsString],
) -> Result<Outcome, Error> {
    inputs.check()?;
    println!("{}\n{}", inputs.before_tests(), browser.before_tests());
    let mut command = cargo::cargo(COMMAND);
    command.args(args);
    if !harness.is_empty() {
        command.arg("--").args(harness);
    }
    inputs.set(&mut command);
    browser.set(&mut command);
    let outcome = counted(&mut command)?;
    println!();
    for line in inputs
        .after_tests()
        .into_iter()
        .chain(browser.after_tests())
    {
        println!("{line}");
    }
    Ok(outcome)
}

/// Runs the tests of libtorch, with a libtorch for CPUs.
pub(crate) fn run_libtorch(inputs: &Inputs) -> Result<Outcome, Error> {
    inputs.check()?;
    let (kind, version) = LIBTORCH;
    let libtorch = libtorch::ensure(kind, version)?;
    println!("{}\n{}", inputs.before_tests(), libtorch.describe());
    let mut command = libtorch_command();
    inputs.set(&mut command);
    libtorch.set(&mut command);
    libtorch.set_search_path(&mut command);
    // Tests run beside each other; threads that spin while they wait would keep the others from working.
    command.env("OMP_WAIT_POLICY", "PASSIVE");
    let outcome = counted(&mut command)?;
    println!();
    for line in inputs.after_tests() {
        println!("{line}");
    }
    let found = outcome.counts.passed + outcome.counts.failed;
    if outcome.success() && found < LIBTORCH_TESTS {
        return Err(Error::Failed {
            command: cargo::shown(&command),
            status: format!("{found} tests found, of {LIBTORCH_TESTS} and more"),
        });
    }
    Ok(outcome)
}

/// Runs a test command, showing and summing what it says.
fn counted(command: &mut Command) -> Result<Outcome, Error> {
    println!("$ {}", cargo::shown(command));
    let mut counts = Counts::default();
    let status = cargo::lines(command, |line| {
        println!("{line}");
        counts.read(line);
    })?;
    Ok(Outcome { counts, status })
}

/// The program as the tests have it. It differs from what `reproduce` builds in optional features alone, and
/// after the tests there is nothing left to build.
pub(crate) fn built_program(name: &str) -> Result<PathBuf, Error> {
    let args: Vec<&str> = COMMAND.iter().copied().chain(["--no-run"]).collect();
    cargo::build(&args, name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(output: &str, expect: &str) {
        let mut counts = Counts::default();
        output.lines().for_each(|line| counts.read(line));
        assert_eq!(counts.to_string(), expect);
    }

    #[test]
    fn sums_the_result_lines_of_all_binaries() {
        check(
            "running 2 tests
test a ... ok
test result: ok. 2 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s

test result: FAILED. 10 passed; 3 failed; 1 ignored; 0 measured; 4 filtered out; finished in 1.25s",
            "12 passed, 3 failed",
        );
    }

    #[test]
    fn other_lines_do_not_count() {
        check(
            "test result_is_kept ... ok\n9 passed, 9 failed\ntest result: \n",
            "0 passed, 0 failed",
        );
    }
}
