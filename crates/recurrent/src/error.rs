//! What can go wrong with a classifier, and with the folder of a model.

use std::path::PathBuf;

use recurrent_corpus::{CorpusError, Part};
use recurrent_files::{FileError, quoted};
use recurrent_linear::LinearError;
use recurrent_metrics::MetricsError;
use recurrent_models::InvalidNetwork;
use recurrent_models::weights::WeightsError;
use recurrent_training::TrainingError;
use recurrent_vectorizer::VectorizerError;

/// Why a classifier cannot be trained or asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClassifierError {
    /// A model that cannot be saved or loaded.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// A training that cannot be begun or carried on.
    #[error(transparent)]
    Training(#[from] TrainingError),
    /// Texts that cannot be read or split.
    #[error(transparent)]
    Corpus(#[from] CorpusError),
    /// A linear model that cannot be trained.
    #[error(transparent)]
    Linear(#[from] LinearError),
    /// Layers that make no network.
    #[error(transparent)]
    Network(#[from] InvalidNetwork),
    /// A vectorizer that cannot be fitted.
    #[error(transparent)]
    Vectorizer(#[from] VectorizerError),
    /// Labels or probabilities that say nothing.
    #[error(transparent)]
    Metrics(#[from] MetricsError),
    /// More classes than a classifier can have.
    #[error(
        "there are {classes} classes, and at most {most} are told apart: is the column of the labels the right one?"
    )]
    TooManyClasses {
        /// How many there are.
        classes: usize,
        /// The most.
        most: usize,
    },
    /// A configuration that makes no sense.
    #[error("the configuration {0}")]
    Config(String),
    /// A part of the corpus without texts.
    #[error("the corpus has no {part} texts; give it some, or a share of the training texts")]
    EmptyPart {
        /// Which part.
        part: Part,
    },
    /// The network gives what is no number.
    #[error(
        "the model's answer to text {text} (from 0) is no number: its weights are too large; train it again, a network with \
         a smaller learning rate"
    )]
    NotFinite {
        /// Which of the texts.
        text: usize,
    },
}

/// Why a model cannot be saved or loaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ModelError {
    /// A file that cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// A file of weights that does not fit, or is damaged.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// There is no such folder, or it is none.
    #[error(
        "{} is no folder of a model; name one that `recurrent reproduce` wrote, such as target/reproduce/lstm",
        .path.display()
    )]
    NoFolder {
        /// What was named.
        path: PathBuf,
    },
    /// A folder without a model.
    #[error(
        "{} has no model in it: there is no config.json; name a folder that `recurrent reproduce` wrote, such as \
         target/reproduce/lstm", .path.display()
    )]
    NoModel {
        /// The folder.
        path: PathBuf,
    },
    /// The folder of a run, which has models in it.
    #[error(
        "{} is the folder of a run; its models are in folders of their own: {}",
        .path.display(), .models.join(", ")
    )]
    RunFolder {
        /// The folder.
        path: PathBuf,
        /// The folders of models in it.
        models: Vec<String>,
    },
    /// The folder of a vectorizer alone.
    #[error(
        "{} has a vectorizer and no network: `recurrent vectorize` wrote it, and applies it; a model is a folder that \
         `recurrent reproduce` wrote", .path.display()
    )]
    VectorizerFolder {
        /// The folder.
        path: PathBuf,
    },
    /// A model of a later version.
    #[error(
        "{} is of version {version}, and this program reads models up to version {known}; update it", .path.display()
    )]
    NewerVersion {
        /// The file that says so.
        path: PathBuf,
        /// Its version.
        version: u64,
        /// The latest that is read.
        known: u64,
    },
    /// The description of a model cannot be read or makes no sense.
    #[error("{} does not describe a model: {reason}; restore the file, or train the model again", .path.display())]
    Config {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A part is not the one that the description was written with.
    #[error(
        "{} is damaged, or belongs to another model: its checksum is not the one in config.json; restore the folder, or \
         train the model again", .path.display()
    )]
    Part {
        /// The part.
        path: PathBuf,
    },
    /// Two parts contradict each other.
    #[error("{}: {reason}; the parts are of different models: restore the folder, or train the model again", .path.display())]
    Disagree {
        /// The part.
        path: PathBuf,
        /// What contradicts what.
        reason: String,
    },
    /// The vectorizer of a model cannot be read.
    #[error("{} has no vectorizer in it that can be read; restore the folder, or train the model again", .path.display())]
    Vectorizer {
        /// The file.
        path: PathBuf,
        /// The vectorizer's reason.
        source: VectorizerError,
    },
    /// A model that cannot be kept.
    #[error("a model with {reason} cannot be saved")]
    CannotSave {
        /// What it has.
        reason: String,
    },
}

impl ModelError {
    /// A class name in a reason.
    pub(crate) fn class(name: &str) -> String {
        quoted(name).to_string()
    }
}
