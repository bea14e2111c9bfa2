//! What can go wrong while training.

use std::path::PathBuf;

use recurrent_models::weights::WeightsError;

use crate::Setting;

/// An error of training, evaluation or a checkpoint.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrainingError {
    /// There is nothing to train on.
    #[error("the {split} split has no texts; give a corpus with at least one text in it")]
    Empty {
        /// Which split.
        split: String,
    },
    /// A label that no class has.
    #[error("label {label} at text {row}: there are {classes} classes, labelled from 0")]
    Label {
        /// The label.
        label: usize,
        /// Position of the text in its split.
        row: usize,
        /// How many classes there are.
        classes: usize,
    },
    /// A setting makes no sense.
    #[error("{name} is {value}, but must be {must}")]
    Setting {
        /// The setting.
        name: &'static str,
        /// What was received.
        value: String,
        /// What it must be.
        must: &'static str,
    },
    /// The loss became infinite or not a number.
    #[error(
        "the loss of {network} is {loss} at epoch {epoch}, step {step}: training diverged; \
         try a smaller learning rate, and look for bad input"
    )]
    NotFinite {
        /// The network.
        network: String,
        /// Epoch, from 1.
        epoch: usize,
        /// Step in the epoch, from 1.
        step: usize,
        /// The loss.
        loss: f32,
    },
    /// The loss on the test split became infinite or not a number.
    #[error(
        "the loss of {network} on the test split is {loss} after epoch {epoch}: training diverged; try a smaller \
         learning rate, and look for bad input"
    )]
    TestNotFinite {
        /// The network.
        network: String,
        /// Epoch, from 1.
        epoch: usize,
        /// The loss.
        loss: f64,
    },
    /// A checkpoint belongs to another run.
    #[error(
        "{} is a checkpoint of another run: {setting} is {there} there, and {here} here; repeat the settings of that run, \
         or start anew without resuming", .path.display()
    )]
    OtherRun {
        /// The checkpoint.
        path: PathBuf,
        /// The first setting that differs.
        setting: Setting,
        /// Its value in the checkpoint.
        there: String,
        /// Its value in this run.
        here: String,
    },
    /// A checkpoint is of more epochs than are asked for.
    #[error(
        "{} is of {done} epochs, and {asked} are asked for; ask for {done} or more, or train anew without resuming",
        .path.display()
    )]
    FewerEpochs {
        /// The checkpoint.
        path: PathBuf,
        /// Epochs that it has.
        done: usize,
        /// Epochs asked for.
        asked: usize,
    },
    /// A checkpoint or reference holds something that makes no sense.
    #[error("{}: {reason}", .path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong, and what to do.
        reason: String,
    },
    /// A file of tensors cannot be read or written.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// A file cannot be read or written.
    #[error(transparent)]
    File(#[from] recurrent_files::FileError),
}
