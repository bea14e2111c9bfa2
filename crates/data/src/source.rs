//! Which data set to use: the chain from a file at hand to a download to the bundled sample.
//!
//! Where the sample stands in for the real data set, the result says so and why; showing that is
//! the caller's duty.

use std::convert::Infallible;
use std::ffi::OsStr;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use crate::advice::{OFFICIAL, REPACKED};
use crate::corpus::ReviewCorpus;
use crate::download::Download;
use crate::error::DataError;
use crate::options::ReadOptions;
use crate::read::{file_name, read};

/// Name of the environment variable that may name the archive.
pub const ENVIRONMENT: &str = "IMDB_ARCHIVE";

/// A few thousand short texts that come with the repository.
const SAMPLE: &str = "sample.zip";

/// What the user asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum DatasetChoice {
    /// IMDB if it can be had, else the sample.
    #[default]
    Auto,
    /// IMDB or an error.
    Imdb,
    /// The bundled sample.
    Sample,
    /// This archive or folder.
    Path(PathBuf),
}

impl FromStr for DatasetChoice {
    type Err = Infallible;

    /// `auto`, `imdb` and `sample` are words; everything else is a path.
    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(match text {
            "auto" => Self::Auto,
            "imdb" => Self::Imdb,
            "sample" => Self::Sample,
            path => Self::Path(path.into()),
        })
    }
}

impl fmt::Display for DatasetChoice {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => formatter.write_str("auto"),
            Self::Imdb => formatter.write_str("imdb"),
            Self::Sample => formatter.write_str("sample"),
            Self::Path(path) => path.display().fmt(formatter),
        }
    }
}

/// How a data set was come by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin {
    /// It lay in the folder for data sets.
    Folder,
    /// The environment named it.
    Environment,
    /// It was fetched just now.
    Downloaded,
    /// It is the sample that comes with the repository.
    Bundled,
    /// The user named it.
    Given,
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Folder => "found in the data set folder",
            Self::Environment => "named by the environment",
            Self::Downloaded => "downloaded",
            Self::Bundled => "bundled sample",
            Self::Given => "given",
        })
    }
}

/// A data set that was found; not read yet.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Dataset {
    /// `imdb`, `sample`, or the file name of a given path.
    pub name: String,
    /// The archive or folder.
    pub path: PathBuf,
    /// How it was come by.
    pub origin: Origin,
    /// Whether it is the bundled sample. Its results say nothing about the real data set.
    pub sample: bool,
    /// Why the sample stands in for the data set that was wanted; a user must be told.
    pub fallback: Option<String>,
}

impl Dataset {
    /// Reads the data set; see [`read`](crate::read). The corpus carries the data set's name.
    ///
    /// # Errors
    /// As [`read`](crate::read).
    pub fn read(&self, options: &ReadOptions<'_>) -> Result<ReviewCorpus, DataError> {
        Ok(read(&self.path, options)?.described(&self.name, self.sample))
    }

    fn imdb(path: PathBuf, origin: Origin) -> Self {
        Self {
            name: "imdb".to_owned(),
            path,
            origin,
            sample: false,
            fallback: None,
        }
    }
}

/// Finds the data set that was asked for.
///
/// For IMDB the first of these is taken: `imdb.zip` in `datasets`; the archive named by the
/// environment, passed in as `environment` (see [`ENVIRONMENT`]; an empty value counts as unset);
/// `aclImdb_v1.tar.gz` in `datasets`; a download to that very file by `downloader`.
/// Where nothing can be downloaded, since it is switched off or the server cannot be reached,
/// [`DatasetChoice::Auto`] goes on to `sample.zip` in `datasets` and notes in
/// [`Dataset::fallback`] why. Where something else is wrong (another process is fetching the archive,
/// the disk is full, the wrong file came), that is an error for it as well: the sample would only hide
/// it.
///
/// # Errors
/// [`DataError::EnvironmentMissing`] if the environment names a file that does not exist,
/// [`DataError::Download`] if IMDB cannot be had and the sample does not stand in for it,
/// [`DataError::NoSample`] if the sample is missing, and [`DataError::NotFound`] if a given path does not exist.
pub fn locate(
    choice: &DatasetChoice,
    datasets: &Path,
    environment: Option<&OsStr>,
    downloader: &dyn Download,
) -> Result<Dataset, DataError> {
    match choice {
        DatasetChoice::Imdb => imdb(datasets, environment, downloader),
        DatasetChoice::Auto => match imdb(datasets, environment, downloader) {
            Err(DataError::Download { source, .. }) if source.is_offline() => {
                sample(datasets, Some(source.to_string()))
            }
            found => found,
        },
        DatasetChoice::Sample => sample(datasets, None),
        DatasetChoice::Path(path) if path.exists() => Ok(Dataset {
            name: file_name(path),
            path: path.clone(),
            origin: Origin::Given,
            sample: false,
            fallback: None,
        }),
        DatasetChoice::Path(path) => Err(DataError::NotFound { path: path.clone() }),
    }
}

fn imdb(
    datasets: &Path,
    environment: Option<&OsStr>,
    downloader: &dyn Download,
) -> Result<Dataset, DataError> {
    let repacked = datasets.join(REPACKED);
    if repacked.exists() {
        return Ok(Dataset::imdb(repacked, Origin::Folder));
    }
    if let Some(value) = environment.filter(|value| !value.is_empty()) {
        let path = PathBuf::from(value);
        return if path.exists() {
            Ok(Dataset::imdb(path, Origin::Environment))
        } else {
            Err(DataError::EnvironmentMissing {
                variable: ENVIRONMENT,
                path,
            })
        };
    }
    let official = datasets.join(OFFICIAL);
    if official.exists() {
        return Ok(Dataset::imdb(official, Origin::Folder));
    }
    match downloader.fetch(&official) {
        Ok(()) => Ok(Dataset::imdb(official, Origin::Downloaded)),
        Err(source) => Err(DataError::Download {
            folder: datasets.to_path_buf(),
            source,
        }),
    }
}

fn sample(datasets: &Path, fallback: Option<String>) -> Result<Dataset, DataError> {
    let path = datasets.join(SAMPLE);
    if path.exists() {
        Ok(Dataset {
            name: "sample".to_owned(),
            path,
            origin: Origin::Bundled,
            sample: true,
            fallback,
        })
    } else {
        Err(DataError::NoSample {
            path,
            download: fallback,
        })
    }
}
