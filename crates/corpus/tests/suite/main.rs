//! Files as people have them, read into corpora and row by row.

mod common;
mod corpora;
mod folders;
#[cfg(feature = "parquet")]
mod parquet;
mod rows;
mod tables;
