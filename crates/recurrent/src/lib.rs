//! From labelled texts to a classifier that is trained, saved, loaded and asked.
//!
//! ```no_run
//! use std::path::PathBuf;
//!
//! use recurrent::{NoopObserver, TableOptions, TextClassifier, TrainConfig, read};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let (corpus, report) = read(&[PathBuf::from("tickets.csv")], &TableOptions::default())?;
//! println!("{report}");
//! let model = TextClassifier::train(&corpus, &TrainConfig::default(), &mut NoopObserver)?;
//! model.save("model")?;
//!
//! let model = TextClassifier::load("model")?;
//! for prediction in model.predict(["My card was charged twice."])? {
//!     println!("{} {:.3}", prediction.class, prediction.probability);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! A model is a folder ([`Model`]): every part has a checksum, the parts are held against each other, and a write that was
//! interrupted leaves the model before it or the one after it.
//!
//! This crate knows no terminal and keeps no state of its own.

mod classifier;
mod config;
mod error;
pub mod evaluation;
mod evidence;
mod linear;
mod model;
pub mod reading;
mod recipes;
mod scores;
mod texts;

pub use classifier::{Checkpoint, TextClassifier};
pub use config::{ClassWeight, NB_LINEAR, TrainConfig, Trained};
pub use error::{ClassifierError, ModelError};
pub use model::{
    Architecture, Body, LinearShape, Model, ModelConfig, Provenance, VECTORIZER_FILE, WEIGHTS_FILE,
    Weights, sha256,
};
pub use recipes::Recipe;
pub use recurrent_corpus::{
    Added, Corpus, CorpusError, Format, LabelledText, Part, ReadReport, Rows, ScoredWriter, Split,
    TableOptions, TextCorpus, Texts, read, read_parts,
};
pub use recurrent_files::FolderLock;
pub use recurrent_linear::{Linear, LinearConfig};
pub use recurrent_metrics as metrics;
pub use recurrent_models::recurrence::Cell;
pub use recurrent_models::{
    Activation, EmbeddingConfig, LayerConfig, NetworkConfig, NetworkKind, Pooling, Preset, Reads,
    Returns,
};
pub use recurrent_runs as runs;
pub use recurrent_runs::Cut;
pub use recurrent_training::{
    EpochRecord, Keep, Loss, NoopObserver, Observer, Progress, Schedule, Score, adam::AdamConfig,
};
pub use scores::{Prediction, Scores, TextScores};
pub use texts::without_addresses;
