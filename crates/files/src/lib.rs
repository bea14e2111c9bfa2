//! Files that appear whole or not at all, folders that one process at a time writes into, and the error that says
//! which file failed and what to do about it.
//!
//! This crate knows paths, and nothing of what is in the files.

mod error;
mod lock;
mod quote;
mod read;
mod replace;

pub use error::{Action, FileError};
pub use lock::FolderLock;
pub use quote::{QUOTED_CHARACTERS, Quoted, REASON_CHARACTERS, quoted, reason};
pub use read::{read_at_most, read_text_at_most};
pub use replace::{Replacement, replace, sweep, write};
