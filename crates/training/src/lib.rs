//! From labelled texts to a trained network: encode, fit, evaluate, predict, checkpoint.
//!
//! Generic over the three seams: a [`recurrent_corpus::Corpus`] gives the texts, a
//! [`recurrent_vectorizer::Vectorize`] their token ids, a [`recurrent_models::SequenceClassifier`]
//! the logits. Semantics are those of Keras' `fit` (see [`fit`] and [`adam`]).
//!
//! This crate is not for archives, terminals or command lines: progress leaves it through an
//! [`Observer`].

pub mod adam;
mod adversary;
mod average;
mod by_length;
mod checkpoint;
mod encode;
mod error;
mod fit;
mod history;
mod identity;
mod loss;
mod objective;
mod options;
pub mod replay;

pub use encode::{Encoded, encode, encode_texts};
pub use error::TrainingError;
pub use fit::{
    EVALUATION_BATCH, FitConfig, NoopObserver, Observer, Progress, check_resume, evaluate,
    evaluate_by, fit, logits, probabilities,
};
pub use history::{Score, write_json};
pub use identity::{RunSettings, Setting};
pub use loss::{binary_cross_entropy, sigmoid};
pub use objective::{Loss, Objective};
pub use options::{FitOptions, Keep, Schedule};
pub use recurrent_runs::EpochRecord;

/// The pages of the book that have Rust of their own: it is compiled and run with the documentation tests.
#[cfg(doctest)]
mod book {
    #[doc = include_str!("../../../docs/lesson/05-reviews.md")]
    struct Reviews;
    #[doc = include_str!("../../../docs/reference/crates.md")]
    struct Crates;
}
