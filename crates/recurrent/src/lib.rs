//! A trained text classifier as a folder.
//!
//! [`Model::save`] writes a network, its vectorizer and what they are for; [`Model::load`] reads them again, and only
//! as what they were: every part has a checksum, the parts are held against each other, and a write that was
//! interrupted leaves the model before it or the one after it.
//!
//! This crate knows no terminal and keeps no state of its own.
//!
//! # Example
//!
//! ```no_run
//! use std::path::Path;
//!
//! use burn::tensor::Device;
//! use recurrent::{Model, ModelError};
//!
//! fn main() -> Result<(), ModelError> {
//!     let model = Model::load(Path::new("target/reproduce/lstm"), &Device::flex())?;
//!     let [first, second] = [&model.config.classes[0], &model.config.classes[1]];
//!     println!("{} tells {first} from {second}", model.config.network.network);
//!     Ok(())
//! }
//! ```

mod error;
mod model;

pub use error::ModelError;
pub use model::{Model, ModelConfig, Provenance, VECTORIZER_FILE, WEIGHTS_FILE, sha256};
