//! From an archive of movie reviews to labelled texts in memory.
//!
//! This crate knows archives, folders, reviews, splits and cleaning. It does not know about
//! tokens, tensors or terminals: what it hands on is a [`Corpus`], that is, named splits of
//! labelled texts in a fixed order.
//!
//! * [`read`] takes a zip file, a tar file, gzipped or not, or an unpacked folder and returns a
//!   [`ReviewCorpus`]: all reviews or an error, never some of them. Nothing is written to disk.
//! * [`Extracted`] unpacks the same archives into a folder and takes the folder away again, in time
//!   even where the program is told to end ([`Cleanup`]).
//! * [`locate`] decides which data set to use: a file at hand, a download, or the small sample.
//! * [`clean`] replaces every `<br />` by one space.
//! * Feature `frames` adds `frames`: the corpus as a polars data frame, and Parquet files.
//! * Feature `download` adds `HttpDownload`, which fetches the official archive.
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

mod advice;
mod clean;
mod corpus;
mod digest;
mod download;
mod error;
mod extract;
#[cfg(feature = "frames")]
pub mod frames;
mod hash;
mod layout;
mod lists;
mod names;
mod options;
mod passed_over;
mod read;
mod source;

pub use clean::{BREAK, clean, clean_bytes};
pub use corpus::{Review, ReviewCorpus, found_line};
#[cfg(feature = "download")]
pub use download::HttpDownload;
pub use download::{ACL_IMDB, Download, DownloadError, NoDownload, RemoteArchive};
pub use error::DataError;
pub use extract::{Cleanup, Extracted, index};
pub use hash::{hash_source, hash_source_with};
pub use lists::InvalidText;
pub use options::{InvalidUtf8, Limits, Progress, ReadOptions};
pub use passed_over::PassedOver;
pub use read::{class_names, read};
pub use recurrent_corpus::{Corpus, LabelledText, Split};
pub use source::{Dataset, DatasetChoice, ENVIRONMENT, Origin, locate};
