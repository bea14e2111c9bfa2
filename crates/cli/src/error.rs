//! What the command can fail with.

use std::path::PathBuf;

use recurrent_data::DataError;
use recurrent_models::weights::WeightsError;
use recurrent_training::TrainingError;
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
    /// Weights.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// A file or folder of ours.
    #[error("{path}: {source}; check that it exists and that you may access it")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// A model directory that makes no sense.
    #[error("{path} is not a model's config.json: {reason}; train the model again")]
    Config {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Standard output is gone.
    #[error("the result cannot be printed: {0}")]
    Output(std::io::Error),
    /// Standard input cannot be read.
    #[error("standard input cannot be read: {0}; give UTF-8 text, one text a line")]
    Input(std::io::Error),
}

impl CliError {
    /// For `map_err` beside a path.
    pub(crate) fn io(path: &std::path::Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { path, source }
    }
}
