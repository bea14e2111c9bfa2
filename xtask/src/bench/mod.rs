//! `cargo xtask bench`: this project beside what else there is, on one machine, in one run.
//!
//! Each subject is a process that measures on request; they are asked in turn, round after round, so
//! that what disturbs the machine disturbs all of them. Nothing here computes what is measured.

mod lstm;
mod machine;
mod subject;
mod venv;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::error::Error;

/// What to measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum What {
    /// Training and inference of recurrent networks, beside PyTorch, Keras and stock burn
    Lstm,
}

/// Options of all benchmarks.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// What to measure
    what: What,
    /// A Python that has torch, tensorflow-cpu and tf_keras; without it a virtual environment is
    /// made in the user's cache folder
    #[arg(long, value_name = "PATH")]
    python: Option<PathBuf>,
    /// One shape only; ends within a minute once everything is built
    #[arg(long)]
    quick: bool,
    /// Write the results there, too
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// Measures and prints a table.
pub(crate) fn run(
    root: &Path,
    started_in: &Path,
    arguments: &Arguments,
) -> Result<ExitCode, Error> {
    let python = match &arguments.python {
        Some(python) => started_in.join(python),
        None => venv::ensure()?,
    };
    let json = arguments.json.as_ref().map(|path| started_in.join(path));
    match arguments.what {
        What::Lstm => lstm::run(root, &python, arguments.quick, json.as_deref()),
    }
}
