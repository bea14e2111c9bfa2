//! Text to token ids, byte for byte as Keras' `TextVectorization` layer.
//!
//! No files, no devices, no other crate of the workspace: bytes come in, ids go out.
#![doc = include_str!("../README.md")]

mod counts;
mod error;
mod key;
mod matrix;
mod params;
mod split;
mod standardize;
mod vectorize;
mod vectorizer;
mod vocabulary;

pub use error::VectorizerError;
pub use matrix::IdMatrix;
pub use params::{ValidParams, VectorizerParams};
pub use vectorize::{FixedWidth, Vectorize};
pub use vectorizer::TextVectorizer;
pub use vocabulary::{PADDING_ID, PADDING_TOKEN, UNKNOWN_ID, UNKNOWN_TOKEN, Vocabulary};

/// The README of the repository: its Rust is compiled and run with the documentation tests.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct RepositoryReadme;
