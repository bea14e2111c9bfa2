//! Finds the data set where users keep it: a folder of archives, or the environment.
//!
//! Reading what was found is the business of `read`.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use crate::DataError;

/// The environment variable that names an archive or folder of the reviews.
pub const ENVIRONMENT: &str = "IMDB_ARCHIVE";

/// Which data set to use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DatasetChoice {
    /// The IMDB reviews, wherever they are.
    Imdb,
    /// This archive or folder and nothing else.
    Path(PathBuf),
}

impl FromStr for DatasetChoice {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text {
            "imdb" => Self::Imdb,
            path => Self::Path(path.into()),
        })
    }
}

/// A data set that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dataset {
    /// `imdb`, or the file name of the path given.
    pub name: String,
    /// The archive or folder.
    pub path: PathBuf,
}

/// The data set for `choice`: `imdb.zip` in `folder`, else what `environment` (the value of
/// [`ENVIRONMENT`]) names, else `aclImdb_v1.tar.gz` in `folder`.
///
/// # Errors
/// [`DataError::EnvironmentMissing`] if the environment names what does not exist, and
/// [`DataError::NotAtHand`] if nothing is there.
pub fn locate(
    choice: &DatasetChoice,
    folder: &Path,
    environment: Option<PathBuf>,
) -> Result<Dataset, DataError> {
    let imdb = |path: PathBuf| Dataset {
        name: "imdb".to_owned(),
        path,
    };
    if let DatasetChoice::Path(path) = choice {
        let name = path
            .file_name()
            .unwrap_or(path.as_os_str())
            .to_string_lossy()
            .into_owned();
        return Ok(Dataset {
            name,
            path: path.clone(),
        });
    }
    let zip = folder.join("imdb.zip");
    if zip.exists() {
        return Ok(imdb(zip));
    }
    if let Some(path) = environment {
        if path.exists() {
            return Ok(imdb(path));
        }
        return Err(DataError::EnvironmentMissing {
            variable: ENVIRONMENT,
            path,
        });
    }
    let official = folder.join("aclImdb_v1.tar.gz");
    if official.exists() {
        return Ok(imdb(official));
    }
    Err(DataError::NotAtHand {
        folder: folder.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_comes_first_then_the_environment() {
        let folder = tempfile::tempdir().unwrap();
        let choice = DatasetChoice::Imdb;
        let find = |environment: Option<&Path>| {
            locate(&choice, folder.path(), environment.map(Into::into))
        };
        assert!(matches!(find(None), Err(DataError::NotAtHand { .. })));
        let elsewhere = folder.path().join("elsewhere");
        let missing = find(Some(&elsewhere));
        assert!(matches!(missing, Err(DataError::EnvironmentMissing { .. })));
        std::fs::write(folder.path().join("aclImdb_v1.tar.gz"), "").unwrap();
        assert!(find(None).unwrap().path.ends_with("aclImdb_v1.tar.gz"));
        std::fs::write(&elsewhere, "").unwrap();
        assert_eq!(find(Some(&elsewhere)).unwrap().path, elsewhere);
        std::fs::write(folder.path().join("imdb.zip"), "").unwrap();
        assert!(find(Some(&elsewhere)).unwrap().path.ends_with("imdb.zip"));
    }
}
