//! `recurrent vectorize`: the vectorizer from the shell. Each of its commands is a module; what they do
//! with texts is the library's business.

mod apply;
mod check;
mod files;
mod fit;
mod input;
mod json;
#[cfg(feature = "parquet")]
mod parquet;
mod pipeline;

use std::process::ExitCode;

use clap::Subcommand;

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
