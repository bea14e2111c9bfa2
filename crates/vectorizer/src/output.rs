//! What texts become: rectangles of ids or numbers, rows of different lengths, sparse rows. They hold
//! numbers only; shapes are fixed when made.

mod csr;
mod matrix;
mod ragged;

pub use csr::CsrMatrix;
pub use matrix::{DenseMatrix, IdMatrix};
pub use ragged::{RaggedIds, RaggedTokens};

/// What [`TextVectorizer::transform`](crate::TextVectorizer::transform) gives, by the parameters; one
/// row for each text.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Output {
    /// [`OutputMode::Int`](crate::OutputMode::Int): shape `[texts, width]`.
    Ids(IdMatrix),
    /// The same with `ragged`.
    RaggedIds(RaggedIds),
    /// [`MultiHot`](crate::OutputMode::MultiHot), [`Count`](crate::OutputMode::Count) and
    /// [`TfIdf`](crate::OutputMode::TfIdf): shape `[texts, columns]`.
    Dense(DenseMatrix),
    /// The same with `sparse`.
    Sparse(CsrMatrix),
    /// [`OutputMode::Tokens`](crate::OutputMode::Tokens).
    Tokens(RaggedTokens),
}

impl Output {
    /// The number of texts.
    #[must_use]
    pub fn rows(&self) -> usize {
        match self {
            Self::Ids(matrix) => matrix.rows(),
            Self::RaggedIds(rows) => rows.rows(),
            Self::Dense(matrix) => matrix.rows(),
            Self::Sparse(matrix) => matrix.rows(),
            Self::Tokens(rows) => rows.rows(),
        }
    }
}
