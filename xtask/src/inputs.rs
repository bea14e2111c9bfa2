//! What may be lying around: the IMDB archive and the Keras reference. Finds and describes; reads neither.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::error::Error;

/// Names the IMDB archive, to xtask, to the tests and to the binary.
pub(crate) const ARCHIVE_VARIABLE: &str = "IMDB_ARCHIVE";
/// Names the folder of numbers recorded from Keras.
pub(crate) const REFERENCE_VARIABLE: &str = "RECURRENT_REFERENCE";

const ARCHIVE: &str = "datasets/imdb.zip";
const TARBALL: &str = "datasets/aclImdb_v1.tar.gz";
const REFERENCE: &str = "../shared/reference";

/// The data that tests and runs can use, by absolute path.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Inputs {
    /// From `IMDB_ARCHIVE`, else `datasets/imdb.zip` where it exists.
    archive: Option<PathBuf>,
    /// From `RECURRENT_REFERENCE`, else the folder beside the checkout where it exists.
    reference: Option<PathBuf>,
    /// Stanford's own archive, which the binary reads too.
    tarball: Option<PathBuf>,
}

impl Inputs {
    /// Whether the real reviews are there.
    pub(crate) fn have_reviews(&self) -> bool {
        self.archive.is_some() || self.tarball.is_some()
    }

    /// Looks at the environment and at the known places. A relative path in a variable counts from `started_in`,
    /// where the user typed the command: cargo runs each test in its crate's folder, where it would be lost.
    pub(crate) fn find(root: &Path, started_in: &Path) -> Self {
        Self::from_variables(root, started_in, |name| {
            std::env::var_os(name).map(PathBuf::from)
        })
    }

    fn from_variables(
        root: &Path,
        started_in: &Path,
        variable: impl Fn(&str) -> Option<PathBuf>,
    ) -> Self {
        let named = |name| {
            variable(name)
                .filter(|path| !path.as_os_str().is_empty())
                .map(|path| started_in.join(path))
        };
        let lying = |path: &str| Some(root.join(path)).filter(|path| path.exists());
        Self {
            archive: named(ARCHIVE_VARIABLE).or_else(|| lying(ARCHIVE)),
            reference: named(REFERENCE_VARIABLE).or_else(|| lying(REFERENCE)),
            tarball: lying(TARBALL),
        }
    }

    /// The whole runs that were recorded from Keras, if they are there.
    pub(crate) fn keras_runs(&self) -> Option<PathBuf> {
        let runs = self.reference.as_ref()?.join("keras_runs.json");
        runs.exists().then_some(runs)
    }

    /// An error where a variable names something that is not there: a typing mistake must not look like
    /// "no real data".
    pub(crate) fn check(&self) -> Result<(), Error> {
        let named = [
            (ARCHIVE_VARIABLE, &self.archive),
            (REFERENCE_VARIABLE, &self.reference),
        ];
        for (variable, path) in named {
            if let Some(path) = path.as_ref().filter(|path| !path.exists()) {
                return Err(Error::Dangling {
                    variable,
                    path: path.clone(),
                });
            }
        }
        Ok(())
    }

    /// Passes both on to a child.
    pub(crate) fn set(&self, command: &mut Command) {
        for (variable, path) in [
            (ARCHIVE_VARIABLE, &self.archive),
            (REFERENCE_VARIABLE, &self.reference),
        ] {
            if let Some(path) = path {
                command.env(variable, path);
            }
        }
    }

    /// Two lines: what the tests will have.
    pub(crate) fn before_tests(&self) -> String {
        let say = |path: &Option<PathBuf>| match path {
            Some(path) => path.display().to_string(),
            None => "not found".to_owned(),
        };
        format!(
            "real data: {}\nKeras reference: {}",
            say(&self.archive),
            say(&self.reference)
        )
    }

    /// What the tests did not have, one line each; empty when they had all.
    pub(crate) fn after_tests(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if self.archive.is_none() {
            lines.push(format!(
                "Without the IMDB archive the tests that read it are ignored. Put it at {ARCHIVE} or name it in {ARCHIVE_VARIABLE}."
            ));
        }
        if self.reference.is_none() {
            lines.push(format!(
                "Without the large recordings of Keras the tests that compare with them are ignored. Name their folder in {REFERENCE_VARIABLE}."
            ));
        }
        lines
    }

    /// Half a line for `reproduce`: the data in the order in which the binary looks for it.
    pub(crate) fn for_reproduce(&self) -> String {
        match (&self.archive, &self.tarball) {
            (Some(path), _) => format!("the IMDB archive is in place ({})", path.display()),
            (None, Some(path)) => format!("Stanford's archive is in place ({})", path.display()),
            (None, None) => {
                "no IMDB archive is in place, so a download will be tried, and failing that the bundled sample is used"
                    .to_owned()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(root: &Path, variables: &[(&str, &str)]) -> Inputs {
        Inputs::from_variables(root, Path::new("/started"), |name| {
            variables
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| PathBuf::from(value))
        })
    }

    #[test]
    fn a_relative_variable_counts_from_where_the_user_stood() {
        let empty = tempfile::tempdir().unwrap();
        let inputs = find(empty.path(), &[(ARCHIVE_VARIABLE, "data/imdb.zip")]);
        assert_eq!(
            inputs.archive,
            Some(PathBuf::from("/started/data/imdb.zip"))
        );
        let inputs = find(empty.path(), &[(ARCHIVE_VARIABLE, "/data/imdb.zip")]);
        assert_eq!(inputs.archive, Some(PathBuf::from("/data/imdb.zip")));
    }

    #[test]
    fn the_variable_wins_over_the_folder_and_empty_means_unset() {
        let root = tempfile::tempdir().unwrap();
        assert_eq!(find(root.path(), &[]), Inputs::default());
        let lying = root.path().join(ARCHIVE);
        std::fs::create_dir_all(lying.parent().unwrap()).unwrap();
        std::fs::write(&lying, b"zip").unwrap();
        assert_eq!(
            find(root.path(), &[(ARCHIVE_VARIABLE, "")]).archive,
            Some(lying)
        );
        let named = find(root.path(), &[(ARCHIVE_VARIABLE, "/other.zip")]).archive;
        assert_eq!(named, Some(PathBuf::from("/other.zip")));
    }

    #[test]
    fn a_variable_that_names_nothing_is_an_error() {
        let root = tempfile::tempdir().unwrap();
        assert!(find(root.path(), &[]).check().is_ok());
        let error = find(root.path(), &[(REFERENCE_VARIABLE, "nowhere")])
            .check()
            .unwrap_err();
        assert!(error.to_string().contains("RECURRENT_REFERENCE"), "{error}");
    }

    #[test]
    fn a_child_sees_the_absolute_path_and_the_report_names_only_what_is_missing() {
        let inputs = Inputs {
            archive: Some("/a.zip".into()),
            ..Inputs::default()
        };
        let mut command = Command::new("true");
        inputs.set(&mut command);
        let variables: Vec<_> = command.get_envs().collect();
        assert_eq!(
            variables,
            [(ARCHIVE_VARIABLE.as_ref(), Some("/a.zip".as_ref()))]
        );
        let missing = inputs.after_tests();
        assert_eq!(missing.len(), 1);
        assert!(missing[0].contains(REFERENCE_VARIABLE));
    }
}
