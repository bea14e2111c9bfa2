//! Tests that need what lies outside the repository: Keras' large recordings, the reviews, a browser.
//!
//! Rust's own harness knows when it compiles which tests it ignores; a test that finds out only when it
//! runs can do no more than return, and counts as passed. So these tests are trials of
//! [libtest-mimic](libtest_mimic), in test targets with `harness = false`: where what they need is not there, they
//! are ignored, and the line that says so names it, as in `test [needs RECURRENT_REFERENCE] lstm ... ignored`.
//! Nothing here knows what the tests do.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use libtest_mimic::{Arguments, Failed, Trial};

/// Something that a test needs and the repository does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outside {
    name: &'static str,
    place: Option<PathBuf>,
}

impl Outside {
    /// What is called `name`, at `place` if it is there. The name stands behind "needs".
    pub fn new(name: &'static str, place: Option<PathBuf>) -> Self {
        Self { name, place }
    }

    /// The folder of what was recorded from Keras: `RECURRENT_REFERENCE`, else `shared/reference` beside the checkout.
    pub fn reference() -> Self {
        Self::named("RECURRENT_REFERENCE", "../shared/reference")
    }

    /// The archive of the reviews: `IMDB_ARCHIVE`, else `datasets/imdb.zip`.
    pub fn archive() -> Self {
        Self::named("IMDB_ARCHIVE", "datasets/imdb.zip")
    }

    /// What a variable of the environment names, else what lies at `path`, seen from the root of the repository. What the
    /// variable names counts as there: if it is not, the tests that need it fail, and a mistyped path is no reason to
    /// ignore them. An empty variable is none.
    fn named(variable: &'static str, path: &str) -> Self {
        let named = std::env::var_os(variable).filter(|value| !value.is_empty());
        let lying = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../..")
            .join(path);
        let place = named.map(PathBuf::from);
        Self::new(variable, place.or_else(|| lying.exists().then_some(lying)))
    }

    /// Where it is.
    ///
    /// # Errors
    /// What is missing, in a sentence.
    pub fn place(&self) -> Result<&Path, String> {
        let missing = || format!("this test needs {}", self.name);
        self.place.as_deref().ok_or_else(missing)
    }
}

/// A test that runs where all of `needs` is there, and is ignored where it is not. `--include-ignored` runs it all the
/// same, and it then fails in [`Outside::place`].
pub fn trial(
    name: impl Into<String>,
    needs: &[&Outside],
    test: impl FnOnce() + Send + 'static,
) -> Trial {
    let missing: Vec<&str> = needs
        .iter()
        .filter(|need| need.place.is_none())
        .map(|need| need.name)
        .collect();
    let trial = Trial::test(name, move || {
        test();
        Ok::<(), Failed>(())
    });
    if missing.is_empty() {
        return trial;
    }
    trial
        .with_kind(format!("needs {}", missing.join(" and ")))
        .with_ignored_flag(true)
}

/// The `main` of a test target: takes the arguments of Rust's own harness, runs the tests and says how that went.
pub fn run(tests: Vec<Trial>) -> ExitCode {
    libtest_mimic::run(&Arguments::from_args(), tests).exit_code()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_is_ignored_where_something_is_missing_and_its_kind_says_what() {
        let there = Outside::new("A", Some("a".into()));
        let [b, c] = ["B", "C"].map(|name| Outside::new(name, None));
        let ignored = |needs: &[&Outside]| {
            let trial = trial("t", needs, || {});
            (trial.has_ignored_flag(), trial.kind().to_owned())
        };
        assert_eq!(ignored(&[]), (false, String::new()));
        assert_eq!(ignored(&[&there]), (false, String::new()));
        assert_eq!(ignored(&[&there, &b]), (true, "needs B".to_owned()));
        assert_eq!(ignored(&[&b, &c]), (true, "needs B and C".to_owned()));
        assert_eq!(there.place(), Ok(Path::new("a")));
        assert_eq!(c.place(), Err("this test needs C".to_owned()));
    }

    #[test]
    fn what_lies_in_its_place_is_found_without_a_variable() {
        let found = Outside::named("NO_SUCH_VARIABLE", "Cargo.toml");
        assert!(found.place().unwrap().is_file());
        assert_eq!(Outside::named("NO_SUCH_VARIABLE", "nothing").place, None);
        // Whatever a variable names is taken at its word.
        let named = Outside::named("CARGO_PKG_NAME", "Cargo.toml");
        assert_eq!(named.place(), Ok(Path::new("outside")));
    }
}
