//! Charts and one self-contained page from the files that training runs leave behind.
//!
//! A run's folder holds `run.json`, `history.json` and, for each network, `NETWORK/evaluation.json`
//! ([`recurrent_runs`] defines them); [`Run::load`] reads them, [`write()`] makes `report.html` and its pictures of one
//! run or of several. Charts can be drawn alone, too ([`chart`]): each is an SVG that carries its own
//! title and description and follows the reader's light or dark theme.
//!
//! A mean is over seeds alone: [`groups()`] says which runs are repetitions, and names the others by what differs.
//!
//! This crate knows files and pictures. It trains nothing and depends on no tensor library.

pub mod chart;
mod error;
mod groups;
mod measures;
mod page;
mod run;
#[cfg(test)]
mod testing;
mod text;
mod write;

pub use error::ReportError;
pub use groups::{Group, groups};
pub use measures::measures;
pub use run::{Run, load_evaluation};
pub use write::{PAGE, Written, save_chart, write, write_page};
