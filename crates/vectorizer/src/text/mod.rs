//! From the bytes of a text to its tokens.

mod analyzer;
mod block;
mod tokens;
#[cfg(feature = "unicode")]
pub(crate) mod unicode;
mod words;

pub(crate) use analyzer::{Analyzer, Workspace};
