//! What the command can fail with.

use std::path::PathBuf;

use recurrent::ModelError;
use recurrent_data::DataError;
use recurrent_files::FileError;
use recurrent_models::weights::WeightsError;
use recurrent_report::ReportError;
use recurrent_training::{Setting, TrainingError};
use recurrent_vectorizer::VectorizerError;

/// An error of the command; the libraries' own say what to do.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CliError {
    /// Reading or fetching the reviews.
    #[error(transparent)]
    Data(#[from] DataError),
    /// Making tokens of texts.
    #[error(transparent)]
    Vectorizer(#[from] VectorizerError),
    /// Training.
    #[error(transparent)]
    Training(#[from] TrainingError),
    /// The report.
    #[error(transparent)]
    Report(#[from] ReportError),
    /// A checkpoint of another run.
    #[error(
        "{} is a checkpoint of another run: {option} {there} there, {here} here; repeat the settings of that run, or \
         start anew without --resume", .path.display()
    )]
    OtherRun {
        /// The checkpoint.
        path: PathBuf,
        /// The option that sets it, or what it is where none does.
        option: &'static str,
        /// Its value in the checkpoint.
        there: String,
        /// Its value here.
        here: String,
    },
    /// A network that is asked for twice.
    #[error("--networks names {network} twice; name it once")]
    NetworkTwice {
        /// The network.
        network: String,
    },
    /// A data set that has not two classes.
    #[error(
        "{} has {count} classes: {classes}; these networks tell two apart: keep two class folders in each split",
        .path.display()
    )]
    Classes {
        /// The data set.
        path: PathBuf,
        /// How many it has.
        count: usize,
        /// Their names.
        classes: String,
    },
    /// A label that a model does not know.
    #[error("{label:?} is no class of {model}; its classes are {first} and {second}")]
    Label {
        /// What was asked for.
        label: String,
        /// The model's folder.
        model: PathBuf,
        /// Its first class.
        first: String,
        /// Its second class.
        second: String,
    },
    /// Gradients through time of networks that have no time.
    #[error(
        "none of these networks is recurrent, so that no gradient goes back in time; name one with --model"
    )]
    NoGradient,
    /// The page cannot be served.
    #[error("port {port} of this machine cannot be listened on; try another with --port")]
    Port {
        /// The port asked for.
        port: u16,
        /// The system's reason.
        source: std::io::Error,
    },
    /// Weights.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// A backend that is not there.
    #[error(transparent)]
    Backend(#[from] crate::libtorch::Unusable),
    /// A file or folder that cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// A model that cannot be loaded or saved.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// Standard output is gone.
    #[error("the result cannot be printed; check where standard output goes")]
    Output(#[source] std::io::Error),
    /// Standard input cannot be read.
    #[error("standard input cannot be read; give one text a line")]
    Input(#[source] std::io::Error),
    /// What a file says makes no vectorizer.
    #[error("{} makes no vectorizer", .path.display())]
    NoVectorizer {
        /// The file.
        path: PathBuf,
        /// What the vectorizer says.
        source: VectorizerError,
    },
    /// Nothing to read.
    #[error("no texts to read: name files with --input, or standard input with --input -")]
    NoInput,
    /// A folder where a file should be.
    #[error("{path} is a folder; name a file")]
    IsFolder {
        /// The folder.
        path: PathBuf,
    },
    /// A compressed file of texts.
    #[error(
        "{path} is compressed, which is not read here; decompress it into a pipe: \
         `zcat {path} | recurrent vectorize … --input -`, with --format if it has no plain lines"
    )]
    Compressed {
        /// The file.
        path: PathBuf,
    },
    /// It is not said where in each row the text is.
    #[error("{path} is read as {kind}; say where the text is with {flag} NAME")]
    NameMissing {
        /// The file.
        path: PathBuf,
        /// What it is taken for.
        kind: &'static str,
        /// What would say it.
        flag: &'static str,
    },
    /// A name for files of which there are none.
    #[error("{flag} is of no use here: no input is read as {used}; add --format {used} if one is")]
    UnusedFlag {
        /// The name's flag.
        flag: &'static str,
        /// The format that has such names.
        used: &'static str,
    },
    /// A JSON line without a text.
    #[error(
        "{path}, line {line}, {reason}; each line must be an object whose field {field:?} is a \
         string or null"
    )]
    JsonLine {
        /// The file.
        path: PathBuf,
        /// Line number, from 1.
        line: u64,
        /// What is wrong with it.
        reason: String,
        /// The field looked for.
        field: String,
    },
    /// Parquet can only be read from its end.
    #[error("Parquet cannot be read from standard input; write it to a file and name that")]
    ParquetFromStdin,
    /// Not in this build.
    #[cfg(not(feature = "parquet"))]
    #[error("{path}: this build has no Parquet; build `recurrent` with its feature `parquet`")]
    NoParquet {
        /// The file.
        path: PathBuf,
    },
    /// A Parquet file without that column.
    #[cfg(feature = "parquet")]
    #[error("{path} has no column {column:?}; it has: {columns}")]
    NoColumn {
        /// The file.
        path: PathBuf,
        /// The column looked for.
        column: String,
        /// Those that it has.
        columns: String,
    },
    /// A file that is not Parquet, damaged, or cannot be written.
    #[cfg(feature = "parquet")]
    #[error("{path}: {reason}; check the file and, if it is one of results, the space on its disk")]
    ParquetFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A folder that has no vectorizer.
    #[error(
        "{} has no vectorizer.cbor that can be read; --model names a folder that `recurrent vectorize fit` or `recurrent \
         reproduce` wrote", .path.display()
    )]
    NoModel {
        /// The folder.
        path: PathBuf,
        /// Why not.
        source: FileError,
    },
    /// A file that has no cases.
    #[error("{path} is no file of recorded cases: {reason}")]
    Fixture {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A folder without files of cases.
    #[error("{path} has no .json files of recorded cases")]
    NoFixtures {
        /// The folder.
        path: PathBuf,
    },
    /// The vectorizer makes what this command cannot write.
    #[error("this kind of output cannot be written; update `recurrent`")]
    UnknownOutput,
}

impl CliError {
    /// For `map_err` where training goes on from a checkpoint: a setting that differs is named by its option.
    pub(crate) fn resume(error: TrainingError) -> Self {
        let TrainingError::OtherRun {
            path,
            setting,
            there,
            here,
        } = error
        else {
            return error.into();
        };
        let option = match setting {
            Setting::Network => "--networks",
            Setting::Dataset => "--dataset",
            Setting::MaxTokens => "--max-tokens",
            Setting::Length => "--length",
            Setting::Seed => "--seed",
            Setting::Backend => "--backend",
            _ => {
                return TrainingError::OtherRun {
                    path,
                    setting,
                    there,
                    here,
                }
                .into();
            }
        };
        Self::OtherRun {
            path,
            option,
            there,
            here,
        }
    }

    /// For `map_err` beside the path of what was read.
    pub(crate) fn file(path: &std::path::Path) -> impl FnOnce(VectorizerError) -> Self {
        let path = path.to_owned();
        move |source| Self::NoVectorizer { path, source }
    }

    /// For `map_err` where `path` was read.
    pub(crate) fn read(path: &std::path::Path) -> impl FnOnce(std::io::Error) -> Self {
        let error = FileError::read(path);
        move |source| error(source).into()
    }

    /// For `map_err` where `path` was written.
    pub(crate) fn write(path: &std::path::Path) -> impl FnOnce(std::io::Error) -> Self {
        let error = FileError::write(path);
        move |source| error(source).into()
    }
}
