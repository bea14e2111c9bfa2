//! Files as people have them, read into corpora and row by row.

// What clippy.toml allows in tests does not reach the functions that tests share.
#![allow(clippy::unwrap_used)]

mod common;
mod corpora;
mod folders;
#[cfg(feature = "parquet")]
mod parquet;
mod rows;
mod tables;
