//! `cargo xtask test`: every test of the workspace, and plain words on what they had to work with.

use std::collections::BTreeMap;
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
const FEATURES: &str = "recurrent-corpus/parquet,recurrent-data/frames,recurrent-kernels/pairs,recurrent-vectorizer/polars,recurrent-vectorizer/rayon,recurrent-vectorizer/serde";

/// The tests of libtorch, in the same build but for one feature: what that does not reach, polars first of all, is
/// built already.
fn libtorch_command() -> Command {
    let [test, workspace, release, go_on, ..] = COMMAND;
    let features = format!("{FEATURES},recurrent-cli/libtorch");
    let mut command = cargo::cargo([test, workspace, release, go_on, "--features", &features]);
    command.args(["--lib", "--test", "libtorch", "--", "libtorch"]);
    command
}

/// The tests that hold the golden hashes against this processor, in the same build; not those of whole programs.
pub(crate) fn golden() -> Command {
    let mut command = cargo::cargo(COMMAND);
    command.args(["--test", "same_bytes", "--", "golden"]);
    command
}

/// What they run on.
pub(crate) const LIBTORCH: (Kind, Version) = (Kind::Cpu, Version::V2_9_0);

/// Fewer than these, and some were lost: a filter that finds nothing would pass as well.
const LIBTORCH_TESTS: u64 = 20;

/// How many tests passed and failed, summed over all test binaries, and which were ignored.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Counts {
    passed: u64,
    failed: u64,
    ignored: u64,
    /// The names of those that were ignored, by the reason.
    reasons: BTreeMap<String, Vec<String>>,
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)?;
        if self.ignored > 0 {
            write!(f, ", {} ignored", self.ignored)?;
        }
        // A terse harness (`-- --quiet`) names none.
        for (index, (reason, names)) in self.reasons.iter().enumerate() {
            let mark = if index == 0 { ":" } else { ";" };
            write!(f, "{mark} {} ({reason})", names.join(", "))?;
        }
        Ok(())
    }
}

impl std::ops::AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.ignored += other.ignored;
        for (reason, names) in other.reasons {
            self.reasons.entry(reason).or_default().extend(names);
        }
    }
}

impl Counts {
    /// Adds what a line of the form `test result: ok. 3 passed; 0 failed; …` says, and the name in one that says of a
    /// test that it is ignored; other lines say nothing.
    fn read(&mut self, line: &str) {
        let line = line.trim();
        if let Some((name, reason)) = ignored(line) {
            let names = self.reasons.entry(reason.to_owned()).or_default();
            names.push(name.to_owned());
        }
        let Some((_, result)) = line
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
                Some((Ok(number), "ignored")) => self.ignored += number,
                _ => {}
            }
        }
    }
}

/// The name of a test that a line calls ignored, and the reason: that of Rust's own harness stands behind the word, that
/// of the tests that need what lies outside the repository before the name, as `test [needs X] name ... ignored`.
fn ignored(line: &str) -> Option<(&str, &str)> {
    let (name, after) = line.strip_prefix("test ")?.split_once(" ... ignored")?;
    let before = name.strip_prefix('[').and_then(|rest| rest.split_once(']'));
    let (reason, name) = before.unwrap_or(("", name));
    let reason = match after.strip_prefix(", ").unwrap_or(reason) {
        "" => "no reason given",
        reason => reason,
    };
    Some((name.trim(), reason))
}

/// How the run ended.
#[derive(Debug)]
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
            "12 passed, 3 failed, 1 ignored",
        );
    }

    #[test]
    fn names_what_was_ignored_with_the_reason() {
        check(
            "running 5 tests
test a::b                  ... ok
test [needs X] c::d        ... ignored
test [needs X] e           ... ignored
test [needs X and Y] f     ... ignored
test src/lib.rs - g (line 3) ... ignored
test h ... ignored, needs curl
test result: ok. 1 passed; 0 failed; 5 ignored; 0 measured; 0 filtered out; finished in 0.00s",
            "1 passed, 0 failed, 5 ignored: c::d, e (needs X); f (needs X and Y); h (needs curl); \
             src/lib.rs - g (line 3) (no reason given)",
        );
    }

    #[test]
    fn sums_of_two_runs_name_the_tests_of_both() {
        let mut sum = Counts::default();
        for line in [
            "test [needs X] a ... ignored",
            "test [needs X] b ... ignored",
        ] {
            let mut counts = Counts::default();
            counts.read(line);
            counts.read("test result: ok. 2 passed; 0 failed; 1 ignored; 0 measured");
            sum += counts;
        }
        let expected = "4 passed, 0 failed, 2 ignored: a, b (needs X)";
        assert_eq!(sum.to_string(), expected);
    }

    #[test]
    fn other_lines_do_not_count() {
        check(
            "test result_is_kept ... ok\n9 passed, 9 failed\ntest result: \n",
            "0 passed, 0 failed",
        );
    }
}
