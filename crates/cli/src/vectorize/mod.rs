//! `recurrent vectorize`: the vectorizer from the shell. Each of its commands is a module; what they do
//! with texts is the library's business.

mod apply;
mod batches;
mod check;
mod error;
mod files;
mod fit;
mod foreign;
mod format;
#[cfg(feature = "parquet")]
mod guard;
mod input;
mod json;
mod lines;
mod meter;
mod model;
#[cfg(feature = "parquet")]
mod parquet;
mod pipeline;
mod same;
mod skipped;
mod together;

use std::process::ExitCode;

use clap::Subcommand;

pub(crate) use error::VectorizeError;

use crate::error::CliError;

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Learn a vocabulary from texts, or take the one that the configuration gives.
    Fit(fit::Arguments),
    /// Learn a vocabulary from counts that `fit --counts` saved, of any number of parts of a corpus.
    Merge(fit::MergeArguments),
    /// Turn texts into ids, columns or tokens.
    Apply(apply::Arguments),
    /// Run recorded cases of the real Keras and compare to the last bit.
    Check(check::Arguments),
}

pub(crate) fn run(command: &Command) -> Result<ExitCode, CliError> {
    match command {
        Command::Fit(arguments) => fit::run(arguments),
        Command::Merge(arguments) => fit::merge(arguments),
        Command::Apply(arguments) => apply::run(arguments),
        Command::Check(arguments) => return check::run(arguments),
    }
    .map(|()| ExitCode::SUCCESS)
}
