//! The command: reads the command line and hands on to one module per subcommand.

mod arguments;
mod backend;
mod dashboard;
mod dataset;
mod doctor;
mod error;
mod evaluate;
mod inspect;
mod interrupt;
mod libtorch;
mod libtorch_version;
mod lines;
mod named;
mod predict;
mod progress;
mod report;
mod reproduce;
mod run;
mod serve;
mod tables;
mod terminal;
mod texts;
mod threads;
mod trace;
mod train;
mod vectorize;
mod verify;

use std::io::Write;
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand};
use recurrent_models::{NetworkKind, Preset, summary};

use error::CliError;
use terminal::printable;

/// Train, inspect and explain small recurrent text classifiers.
#[derive(Parser)]
#[command(name = "recurrent", version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Train the notebook's networks on the IMDB reviews and write a report.
    Reproduce(reproduce::Arguments),
    /// Train a text classifier on your own data.
    Train(Box<train::Arguments>),
    /// Measure models on labelled texts.
    Evaluate(evaluate::Arguments),
    /// Show what a model is, how it was trained, and how many words of a file it knows.
    Inspect(inspect::Arguments),
    /// Replay recorded training runs of Keras and compare every quantity.
    Verify(verify::Arguments),
    /// Print a network's layers, output shapes and parameters.
    Summary {
        /// dense, or a cell (`simple_rnn`, lstm, gru) with `stacked_` or `bi` before it or `_masked` behind.
        network: NetworkKind,
    },
    /// Classify texts: on the command line, from a pipe, or a file of any length.
    Predict(predict::Arguments),
    /// Show the prediction after each word of a text, and how far gradients reach back.
    Trace(trace::Arguments),
    /// Open a local web page where models read a text word by word, or answer programs over HTTP (--api).
    Serve(serve::Arguments),
    /// Build an HTML report from one or more finished runs.
    Report(report::Arguments),
    /// Learn vocabularies and turn texts into ids, as Keras' `TextVectorization` does.
    #[command(subcommand)]
    Vectorize(vectorize::Command),
    /// Check which backends work here.
    Doctor,
    /// Print a script that completes commands and options in a shell.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

fn main() -> ExitCode {
    let words = arguments::texts_last(&Cli::command(), std::env::args_os().collect());
    let command = match Cli::try_parse_from(words) {
        Ok(cli) => cli.command,
        Err(error) => return explain(&error),
    };
    let result = start(&command).and_then(|()| match &command {
        Command::Reproduce(arguments) => reproduce::run(arguments).map(|()| ExitCode::SUCCESS),
        Command::Train(arguments) => train::run(arguments).map(|()| ExitCode::SUCCESS),
        Command::Evaluate(arguments) => evaluate::run(arguments).map(|()| ExitCode::SUCCESS),
        Command::Inspect(arguments) => inspect::run(arguments).map(|()| ExitCode::SUCCESS),
        Command::Verify(arguments) => Ok(verify::run(arguments)),
        Command::Summary { network } => {
            print(&summary(&Preset::notebook(*network).config())).map(|()| ExitCode::SUCCESS)
        }
        Command::Predict(arguments) => predict::run(arguments).map(|()| ExitCode::SUCCESS),
        Command::Trace(arguments) => trace::run(arguments).map(|()| ExitCode::SUCCESS),
        Command::Serve(arguments) => serve::run(arguments).map(|()| ExitCode::SUCCESS),
        Command::Report(arguments) => report::run(arguments).map(|()| ExitCode::SUCCESS),
        Command::Vectorize(command) => vectorize::run(command),
        Command::Doctor => print(&doctor::report()).map(|()| ExitCode::SUCCESS),
        Command::Completions { shell } => completions(*shell).map(|()| ExitCode::SUCCESS),
    });
    result.unwrap_or_else(|error| {
        complain(&error);
        match command {
            // 1 says that something differs.
            Command::Verify(_) => ExitCode::from(2),
            _ => ExitCode::FAILURE,
        }
    })
}

/// Prints the completions of a shell.
fn completions(shell: clap_complete::Shell) -> Result<(), CliError> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "recurrent", &mut script);
    print(String::from_utf8_lossy(&script).trim_end())
}

/// Says what went wrong, and on a line of its own each cause that says more than what it caused.
fn complain(error: &dyn std::error::Error) {
    let mut said = error.to_string();
    say(&format!("error: {}", printable(&said)));
    let mut source = error.source();
    while let Some(cause) = source {
        let says = cause.to_string();
        if says != said {
            say(&format!("  because: {}", printable(&says)));
        }
        said = says;
        source = cause.source();
    }
}

/// Starts the threads of the commands that compute with them.
fn start(command: &Command) -> Result<(), CliError> {
    match command {
        Command::Reproduce(_)
        | Command::Train(_)
        | Command::Evaluate(_)
        | Command::Inspect(_)
        | Command::Verify(_)
        | Command::Predict(_)
        | Command::Trace(_)
        | Command::Serve(_)
        | Command::Vectorize(_) => threads::start(),
        _ => Ok(()),
    }
}

/// Prints what clap says of a command line: help, or what is wrong with it.
fn explain(error: &clap::Error) -> ExitCode {
    let code = u8::try_from(error.exit_code()).map_or(ExitCode::FAILURE, ExitCode::from);
    // It repeats what it was given.
    let plain = error.render().to_string();
    let printed = if error.use_stderr() && plain.lines().any(|line| printable(line) != line) {
        for line in plain.lines() {
            say(&printable(line));
        }
        Ok(())
    } else {
        error.print()
    };
    match printed {
        Err(failed) if failed.kind() != std::io::ErrorKind::BrokenPipe => {
            complain(&CliError::Output(failed));
            ExitCode::FAILURE
        }
        _ => code,
    }
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
