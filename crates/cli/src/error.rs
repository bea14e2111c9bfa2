//! What the command can fail with.

use std::path::PathBuf;

use recurrent::{ClassifierError, CorpusError, ModelError};
use recurrent_data::DataError;
use recurrent_files::{FileError, quoted};
use recurrent_models::weights::WeightsError;
use recurrent_report::ReportError;
use recurrent_training::{Setting, TrainingError};
use recurrent_vectorizer::VectorizerError;

use crate::lines::LONGEST;
use crate::vectorize::VectorizeError;

/// An error of the command; the libraries' own say what to do.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CliError {
    /// Reading or fetching the reviews.
    #[error(transparent)]
    Data(#[from] DataError),
    /// Training a classifier, or asking it.
    #[error(transparent)]
    Classifier(#[from] ClassifierError),
    /// Reading your own texts.
    #[error(transparent)]
    Corpus(#[from] CorpusError),
    /// A command without a model.
    #[error(
        "no model is named; give the folder of one that `recurrent train` or `recurrent reproduce` wrote, such as \
         target/reproduce/lstm"
    )]
    NoModelNamed,
    /// Texts beside a file of texts.
    #[error("{text:?} stands beside --input {}; give texts, or a file of them", .path.display())]
    TextsAndInput {
        /// The file.
        path: PathBuf,
        /// The first of the texts.
        text: String,
    },
    /// Texts beside the test split.
    #[error(
        "{text:?} stands beside --test-split, which takes the texts of the data set; leave one of them out"
    )]
    TextsAndTestSplit {
        /// The first of the texts.
        text: String,
    },
    /// Several models and one file to write.
    #[error("{} is one file for {}; name the folder of one model", .path.display(), .models.join(", "))]
    OneOutput {
        /// The file.
        path: PathBuf,
        /// The models.
        models: Vec<String>,
    },
    /// A configuration that cannot be read.
    #[error("{} is no configuration of a training: {reason}; `recurrent inspect MODEL --config` prints one", .path.display())]
    TrainConfig {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A folder that holds the results of another command.
    #[error("{} holds {what}; give another --out, or remove it first", .path.display())]
    FolderTaken {
        /// The folder.
        path: PathBuf,
        /// What it holds.
        what: &'static str,
    },
    /// An option of networks, for a linear model.
    #[error(
        "{option} is for networks; a linear model reads whole texts, and is trained in seconds and in one go: leave it out"
    )]
    LinearOption {
        /// The option.
        option: &'static str,
    },
    /// An option of tables, for an archive.
    #[error(
        "{option} is for tables and folders; an archive of reviews has its own texts, labels and splits"
    )]
    ArchiveOption {
        /// The option.
        option: &'static str,
    },
    /// A model without the configuration of its training.
    #[error("{} does not say how it was trained: `recurrent train` did not write it", .path.display())]
    NotTrainedHere {
        /// Its folder.
        path: PathBuf,
    },
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
    #[error(
        "{} is no class of {}; its classes are {classes}",
        quoted(.label), .model.display()
    )]
    Label {
        /// What was asked for.
        label: String,
        /// The model's folder.
        model: PathBuf,
        /// Its classes.
        classes: String,
    },
    /// Gradients through time of networks that have no time.
    #[error(
        "none of these networks is recurrent, so that no gradient goes back in time; name one with --model"
    )]
    NoGradient,
    /// One model twice.
    #[error("{} is named twice; name every model once", .path.display())]
    SameModel {
        /// The folder, as it was named the second time.
        path: PathBuf,
    },
    /// The name of a file where a text should be.
    #[error(
        "{} is the name of a file, and no text; to read its lines: `recurrent {command} … < FILE`", quoted(.text)
    )]
    TextIsFile {
        /// The text.
        text: String,
        /// The command that takes texts.
        command: &'static str,
    },
    /// A text without a token.
    #[error("there is nothing to classify in {}: it has no words; give a text with words", quoted(.text))]
    NothingToJudge {
        /// The text.
        text: String,
    },
    /// A network that answers with no number.
    #[error(
        "the network in {} answers with numbers that are not finite to {}; its weights are damaged, or grew too large: \
         restore the folder, or train it again", .folder.display(), quoted(.text)
    )]
    NotFinite {
        /// The model's folder.
        folder: PathBuf,
        /// The text.
        text: String,
    },
    /// A line beyond any text.
    #[error(
        "line {line} of standard input is longer than {LONGEST} bytes, as no text may be; check that it is text, one a line"
    )]
    LongLine {
        /// Its number, from 1.
        line: u64,
    },
    /// Another encoding.
    #[error("standard input is UTF-16; convert it to UTF-8: `iconv -f UTF-16 -t UTF-8 FILE`")]
    Utf16,
    /// More threads than there can be.
    #[error(
        "{variable} is {}, and at most {} threads are possible; set a smaller number, or unset it for one a core",
        quoted(.value), crate::threads::MOST
    )]
    TooManyThreads {
        /// The variable of the environment.
        variable: &'static str,
        /// Its value.
        value: String,
    },
    /// The system gives no threads.
    #[error(
        "the threads to compute with cannot be started; set RAYON_NUM_THREADS to a smaller number, or raise the limits"
    )]
    Threads(#[source] rayon::ThreadPoolBuildError),
    /// The system refuses what the page's server needs.
    #[error("the page's server cannot be started; check the limits of this machine, and try again")]
    Server(#[source] std::io::Error),
    /// The system tells no signals.
    #[error(
        "this process cannot be told when to stop; check the limits of this machine, and try again"
    )]
    Signals(#[source] ctrlc::Error),
    /// The page cannot be served.
    #[error("port {port} is in use or not allowed; try another with --port")]
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
    /// `recurrent vectorize`.
    #[error(transparent)]
    Vectorize(#[from] VectorizeError),
}

impl CliError {
    /// Whether what was written to does not listen any longer.
    pub(crate) fn is_broken_pipe(&self) -> bool {
        let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(self);
        while let Some(error) = cause {
            let io = error.downcast_ref::<std::io::Error>();
            if io.is_some_and(|io| io.kind() == std::io::ErrorKind::BrokenPipe) {
                return true;
            }
            cause = error.source();
        }
        false
    }

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
