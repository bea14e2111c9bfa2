//! A trained text classifier as a folder.
//!
//! [`Model::save`] writes a network, its vectorizer and what they are for; [`Model::load`] reads them again, and only
//! as what they were: every part has a checksum, the parts are held against each other, and a write that was
//! interrupted leaves the model before it or the one after it.
//!
//! This crate knows no terminal and keeps no state of its own.

mod error;
mod model;

pub use error::ModelError;
pub use model::{Model, ModelConfig, Provenance, VECTORIZER_FILE, WEIGHTS_FILE, sha256};
