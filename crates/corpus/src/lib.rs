//! Your own labelled texts, from files to a corpus in memory, and row by row through files of any length.
//!
//! This crate knows tables, JSON lines, Parquet, folders of texts, labels and splits. It does not know about archives,
//! cleaning, tokens or tensors.
//!
//! * [`Corpus`] is what training asks of a corpus; [`TextCorpus`] is one in memory.
//! * [`read`] and [`read_parts`] make a [`TextCorpus`] of CSV, TSV and JSON lines, compressed or not, of Parquet files
//!   and of folders with a folder for each class, and report what they passed over ([`ReadReport`]).
//! * [`Rows`] goes through a file in batches, whatever its length, and [`ScoredWriter`] writes its rows again with
//!   columns added.
//! * Feature `parquet` reads Parquet files.
//!
//! # Example
//!
//! ```no_run
//! use std::path::PathBuf;
//! use recurrent_corpus::{CorpusError, Split, TableOptions, read};
//!
//! # fn main() -> Result<(), CorpusError> {
//! let (mut corpus, report) = read(&[PathBuf::from("reviews.csv")], &TableOptions::default())?;
//! println!("{report}");
//! corpus.split_test(0.2, 1)?;
//! corpus.split_validation(0.1, 1)?;
//! println!("{:?}: {:?}", corpus.classes(), corpus.counts(Split::Train));
//! # Ok(())
//! # }
//! ```

mod columns;
mod corpus;
mod delimited;
mod draw;
mod error;
mod folder;
mod json;
mod lines;
mod options;
#[cfg(feature = "parquet")]
mod parquet;
mod part;
mod place;
mod read;
mod report;
mod rows;
mod scored;
mod source;
mod split;
mod text_corpus;
mod texts;

pub use corpus::{Corpus, LabelledText};
pub use error::CorpusError;
pub use options::{Format, TableOptions};
pub use part::Part;
pub use place::Place;
pub use read::{read, read_parts};
pub use report::{Missing, ReadReport};
pub use rows::{Record, Row, Rows};
pub use scored::{Added, ScoredWriter};
pub use split::Split;
pub use text_corpus::TextCorpus;
pub use texts::Texts;
