//! The crate from outside: what it reads, what it refuses, what it leaves behind.

// What clippy.toml allows in tests does not reach the functions that tests share.
#![allow(clippy::panic, clippy::unwrap_used)]

mod archives;
mod bad_input;
mod damage;
#[cfg(feature = "download")]
mod download;
mod encodings;
mod extract;
#[cfg(feature = "frames")]
mod frames;
mod layouts;
mod leftovers;
mod links;
mod locate;
mod raw_zip;
mod reading;
mod tars;
mod zips;
