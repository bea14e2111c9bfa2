//! Texts to token ids, counts or tf-idf, byte for byte as Keras' `TextVectorization` layer.
//!
//! No files, no devices, no other crate of the workspace: bytes come in, numbers go out.
#![doc = include_str!("../README.md")]

// The one place for `unsafe`; the repository's checks keep it out of every other.
#[allow(unsafe_code)]
mod arch;
#[cfg(feature = "arrow")]
mod arrow;
mod counts;
mod ends;
mod error;
#[cfg(feature = "polars")]
mod frames;
mod idf;
#[cfg(feature = "keras")]
pub mod keras;
mod options;
mod output;
#[cfg(feature = "rayon")]
mod parallel;
mod params;
mod quote;
mod save;
mod saved;
#[cfg(feature = "serde")]
mod serialize;
mod table;
mod text;
mod threads;
mod transform;
mod vectorize;
mod vectorizer;
mod vocabulary;

#[cfg(feature = "arrow")]
pub use arrow::array_texts;
pub use counts::{Loss, TokenCounts};
pub use error::VectorizerError;
pub use options::{
    CustomSplit, CustomStandardize, Functions, Ngrams, OutputMode, Split, Standardize,
};
pub use output::{CsrMatrix, DenseMatrix, IdMatrix, Output, RaggedIds, RaggedTokens};
pub use params::{ValidParams, VectorizerParams};
#[cfg(feature = "unicode")]
pub use text::unicode::{Normalization, UnicodeRules};
pub use vectorize::{FixedWidth, Vectorize};
pub use vectorizer::TextVectorizer;
pub use vocabulary::{PADDING_ID, PADDING_TOKEN, UNKNOWN_ID, UNKNOWN_TOKEN, Vocabulary};

#[cfg(any(doc, doctest))]
#[doc = include_str!("../docs/coming-from.md")]
pub mod coming_from {}

/// The README of the repository: its Rust is compiled and run with the documentation tests.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct RepositoryReadme;
