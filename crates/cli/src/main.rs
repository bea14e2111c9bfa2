//! The command: reads the command line and hands on to one module per subcommand.

mod backend;
mod dashboard;
mod dataset;
mod doctor;
mod error;
mod evaluation;
mod interrupt;
mod libtorch;
mod libtorch_version;
mod predict;
mod progress;
mod reading;
mod report;
mod reproduce;
mod serve;
mod trace;
mod vectorize;
mod verify;

use std::io::Write;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use recurrent_models::{NetworkConfig, NetworkKind, summary};

use error::CliError;

/// From raw text to a trained recurrent network.
#[derive(Parser)]
#[command(name = "recurrent", version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the notebook: read the reviews, train the networks, show how they do.
    Reproduce(reproduce::Arguments),
    /// Replay training runs of the real Keras and compare, quantity by quantity.
    Verify(verify::Arguments),
    /// Print a network's layers, output shapes and parameters.
    Summary {
        /// dense, or a cell (`simple_rnn`, lstm, gru) with `stacked_` or `bi` before it or `_masked` behind.
        network: NetworkKind,
    },
    /// Judge raw texts with a trained network.
    Predict(predict::Arguments),
    /// Show what networks believe after each word of a text, and what reaches back in time.
    Trace(trace::Arguments),
    /// Show it on a page of this machine: paste a review and watch the networks read it.
    Serve(serve::Arguments),
    /// Make the report of one run or several again, from the files they left.
    Report(report::Arguments),
    /// Learn vocabularies and turn texts into ids, as Keras' `TextVectorization` does.
    #[command(subcommand)]
    Vectorize(vectorize::Command),
    /// Say what backends this build and machine have.
    Doctor,
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Reproduce(arguments) => reproduce::run(&arguments).map(|()| ExitCode::SUCCESS),
        Command::Verify(arguments) => return verify::run(&arguments),
        Command::Summary { network } => {
            print(&summary(&NetworkConfig::notebook(network))).map(|()| ExitCode::SUCCESS)
        }
        Command::Predict(arguments) => predict::run(&arguments).map(|()| ExitCode::SUCCESS),
        Command::Trace(arguments) => trace::run(&arguments).map(|()| ExitCode::SUCCESS),
        Command::Serve(arguments) => serve::run(&arguments).map(|()| ExitCode::SUCCESS),
        Command::Report(arguments) => report::run(&arguments).map(|()| ExitCode::SUCCESS),
        Command::Vectorize(command) => vectorize::run(&command),
        Command::Doctor => print(&doctor::report()).map(|()| ExitCode::SUCCESS),
    };
    result.unwrap_or_else(|error| {
        say(&format!("error: {error}"));
        let mut source = std::error::Error::source(&error);
        while let Some(cause) = source {
            say(&format!("  because: {cause}"));
            source = cause.source();
        }
        ExitCode::FAILURE
    })
}

/// Says something on standard error; that nobody can read it is no reason to end.
fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// Prints a line; a reader that has gone away (`| head`) is no error.
fn print(text: &str) -> Result<(), CliError> {
    match writeln!(std::io::stdout(), "{text}") {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(CliError::Output(error))
        }
        _ => Ok(()),
    }
}
