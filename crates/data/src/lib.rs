//! From an archive of movie reviews to labelled texts in memory.
//!
//! This crate knows archives, folders, reviews, splits and cleaning. It does not know about
//! tokens, tensors or terminals: what it hands on is a [`Corpus`], that is, named splits of
//! labelled texts in a fixed order.
//!
//! * [`read`] takes a zip file, a gzipped tar file or an unpacked folder and returns a
//!   [`ReviewCorpus`]. Nothing is written to disk.
//! * [`locate`] finds the data set where users keep it.
//! * [`clean`] replaces every `<br />` by one space.
//!
//! # Example
//!
//! ```no_run
//! use std::path::Path;
//! use recurrent_data::{Corpus, ReadOptions, Split, found_line, read};
//!
//! # fn main() -> Result<(), recurrent_data::DataError> {
//! let corpus = read(Path::new("datasets/imdb.zip"), &ReadOptions::default())?;
//! for split in Split::ALL {
//!     println!("{}", found_line(corpus.texts(split).len(), corpus.classes()));
//! }
//! if let Some(first) = corpus.texts(Split::Train).next() {
//!     println!("{}: {}", corpus.classes()[first.label], first.text);
//! }
//! # Ok(())
//! # }
//! ```

mod clean;
mod corpus;
mod error;
mod hash;
mod layout;
mod options;
mod read;
mod source;

pub use clean::{BREAK, clean};
pub use corpus::{Corpus, LabelledText, Review, ReviewCorpus, Split, found_line};
pub use error::DataError;
pub use hash::hash_source;
pub use options::{Limits, Progress, ReadOptions};
pub use read::read;
pub use source::{Dataset, DatasetChoice, ENVIRONMENT, locate};
