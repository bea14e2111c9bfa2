//! `cargo xtask test`: every test of the workspace, and plain words on what they had to work with.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::path::Path;
use std::process::{Command, ExitCode, ExitStatus};

use crate::browser::Browser;
use crate::cargo;
use crate::error::Error;
use crate::inputs::Inputs;
use crate::libtorch::{self, Kind, Version};

/// The folders of the packages whose tests need features that the command does without: polars, and AVX-512's tiles
/// on AVX2.
const WITH_FEATURES: [&str; 3] = ["data", "kernels", "vectorizer"];
const FEATURES: &str = "recurrent-data/download,recurrent-data/frames,recurrent-kernels/pairs,recurrent-vectorizer/polars,recurrent-vectorizer/rayon,recurrent-vectorizer/serde";

/// The tests are two commands, so that what the command is made of is not built a second time for features that
/// only the tests ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// All packages but those below, with the features that the command has.
    Command,
    /// Those of [`WITH_FEATURES`], with all features that they have.
    Features,
}

impl Part {
    pub(crate) const ALL: [Self; 2] = [Self::Command, Self::Features];

    /// The arguments for cargo. In release mode, because training in debug mode takes minutes.
    pub(crate) fn arguments(self) -> Vec<String> {
        let packages = WITH_FEATURES.map(|folder| format!("recurrent-{folder}"));
        let mut arguments = ["test", "--release", "--no-fail-fast"]
            .map(str::to_owned)
            .to_vec();
        match self {
            Self::Command => {
                arguments.push("--workspace".to_owned());
                let excluded = packages.map(|name| ["--exclude".to_owned(), name]);
                arguments.extend(excluded.into_iter().flatten());
            }
            Self::Features => {
                let chosen = packages.map(|name| ["--package".to_owned(), name]);
                arguments.extend(chosen.into_iter().flatten());
                arguments.extend(["--features", FEATURES].map(str::to_owned));
            }
        }
        arguments
    }

    /// Whether one of its packages, whose folders are in `crates`, has a target of this name in its folder `kind`.
    fn has(self, crates: &Path, kind: &str, name: &str) -> bool {
        let Ok(folders) = std::fs::read_dir(crates) else {
            return false;
        };
        folders.flatten().any(|folder| {
            let ours = match folder.file_name().to_str() {
                Some(folder) => WITH_FEATURES.contains(&folder) == (self == Self::Features),
                None => false,
            };
            let targets = folder.path().join(kind);
            ours && (targets.join(name).join("main.rs").is_file()
                || targets.join(name).with_extension("rs").is_file())
        })
    }
}

/// Options of cargo that name a target, and the folder in which such targets are.
const TARGETS: [(&str, &str); 3] = [
    ("--test", "tests"),
    ("--example", "examples"),
    ("--bench", "benches"),
];

/// The parts that have what cargo's arguments `args` ask for, each with its arguments: cargo refuses a target that none
/// of its packages has.
///
/// # Errors
/// [`Error::PackageOfTests`] for a package: it may be in either part.
fn parts(crates: &Path, args: &[OsString]) -> Result<Vec<(Part, Vec<OsString>)>, Error> {
    let (mut named, mut rest) = (Vec::new(), Vec::new());
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        let text = arg.to_str().unwrap_or_default();
        if ["-p", "--package"].contains(&text) || text.starts_with("--package=") {
            return Err(Error::PackageOfTests);
        }
        let (option, value) = match text.split_once('=') {
            Some((option, value)) => (option, Some(value.to_owned())),
            None => (text, None),
        };
        match TARGETS.iter().find(|(known, _)| *known == option) {
            Some((option, kind)) => {
                let next = || args.next().map(|arg| arg.to_string_lossy().into_owned());
                named.push((*option, *kind, value.or_else(next).unwrap_or_default()));
            }
            None => rest.push(arg.clone()),
        }
    }
    let of_part = |part: Part| -> Vec<OsString> {
        let own = named.iter();
        let own = own.filter(|(_, kind, name)| part.has(crates, kind, name));
        own.flat_map(|(option, _, name)| [OsString::from(option), OsString::from(name)])
            .chain(rest.iter().cloned())
            .collect()
    };
    let mut parts = Vec::new();
    for part in Part::ALL {
        let args = of_part(part);
        if named.is_empty() || args.len() > rest.len() {
            parts.push((part, args));
        }
    }
    if parts.is_empty() {
        // Cargo reports a name that neither has.
        let all = named.iter();
        let all = all.flat_map(|(option, _, name)| [OsString::from(option), OsString::from(name)]);
        parts.push((Part::Command, all.chain(rest.iter().cloned()).collect()));
    }
    Ok(parts)
}

/// The tests of libtorch, in the same build but for one feature.
fn libtorch_command() -> Command {
    let mut command = cargo::cargo(Part::Command.arguments());
    command.args(["--features", "recurrent-cli/libtorch"]);
    command.args(["--lib", "--test", "libtorch", "--", "libtorch"]);
    command
}

/// The tests that hold the golden hashes against this processor, in the same builds; not those of whole programs.
pub(crate) fn golden() -> [Command; 2] {
    Part::ALL.map(|part| {
        let mut command = cargo::cargo(part.arguments());
        command.args(["--test", "same_bytes", "--", "golden"]);
        command
    })
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
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// The sums of the `test result:` lines.
    pub(crate) counts: Counts,
    /// Of the last command that cargo was not satisfied with.
    failure: Option<ExitStatus>,
}

impl std::ops::AddAssign for Outcome {
    fn add_assign(&mut self, next: Self) {
        self.counts += next.counts;
        self.failure = next.failure.or(self.failure);
    }
}

impl Outcome {
    /// Whether cargo was satisfied and no test failed.
    pub(crate) fn success(&self) -> bool {
        self.failure.is_none() && self.counts.failed == 0
    }

    /// The exit code for this process.
    pub(crate) fn code(&self) -> ExitCode {
        match self.failure {
            Some(status) => cargo::exit_code(status),
            None if self.success() => ExitCode::SUCCESS,
            None => ExitCode::FAILURE,
        }
    }
}

/// Runs the tests, `args` added to cargo's own and `harness` handed to the test binaries.
pub(crate) fn run(
    root: &Path,
    inputs: &Inputs,
    browser: &Browser,
    args: &[OsString],
    harness: &[OsString],
) -> Result<Outcome, Error> {
    inputs.check()?;
    println!("{}\n{}", inputs.before_tests(), browser.before_tests());
    let mut outcome = Outcome::default();
    for (part, args) in parts(&root.join("crates"), args)? {
        let mut command = cargo::cargo(part.arguments());
        command.args(args);
        if !harness.is_empty() {
            command.arg("--").args(harness);
        }
        inputs.set(&mut command);
        browser.set(&mut command);
        outcome += counted(&mut command)?;
    }
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
    let failure = (!status.success()).then_some(status);
    Ok(Outcome { counts, failure })
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
    fn a_name_of_tests_chooses_the_parts_that_have_them() {
        let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates");
        let check = |args: &[&str], expect: &[(Part, &[&str])]| {
            let args: Vec<OsString> = args.iter().map(OsString::from).collect();
            let expect: Vec<(Part, Vec<OsString>)> = expect
                .iter()
                .map(|(part, args)| (*part, args.iter().map(OsString::from).collect()))
                .collect();
            assert_eq!(parts(&crates, &args).unwrap(), expect, "{args:?}");
        };
        let both = |args: &'static [&str]| Part::ALL.map(|part| (part, args));
        check(&[], &both(&[]));
        check(&["--doc"], &both(&["--doc"]));
        check(&["--test", "same_bytes"], &both(&["--test", "same_bytes"]));
        check(
            &["--test", "polars"],
            &[(Part::Features, &["--test", "polars"])],
        );
        check(
            &["--test=model", "--no-run"],
            &[(Part::Command, &["--test", "model", "--no-run"])],
        );
        check(
            &["--test", "polars", "--test", "model"],
            &[
                (Part::Command, &["--test", "model"]),
                (Part::Features, &["--test", "polars"]),
            ],
        );
        check(
            &["--example", "polars_lazy"],
            &[(Part::Features, &["--example", "polars_lazy"])],
        );
        check(
            &["--test", "no_such_tests"],
            &[(Part::Command, &["--test", "no_such_tests"])],
        );
        for package in [&["-p", "x"][..], &["--package=x"]] {
            let args: Vec<OsString> = package.iter().map(OsString::from).collect();
            assert!(parts(&crates, &args).is_err());
        }
    }

    #[test]
    fn other_lines_do_not_count() {
        check(
            "test result_is_kept ... ok\n9 passed, 9 failed\ntest result: \n",
            "0 passed, 0 failed",
        );
    }
}
