//! `cargo xtask`: the commands for working on this repository.
//!
//! Parses, changes to the workspace root and hands over; each command lives in its own file. Nothing of the
//! product lives here, and nothing here may need burn or polars: this binary is built first and from nothing.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "what it prints is for the person who runs it"
)]

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod apt;
mod bench;
mod browser;
mod builds;
mod caches;
mod cargo;
mod ci;
mod docs;
mod emulate;
mod error;
mod figures;
mod inputs;
mod libtorch;
mod quality;
mod reproduce;
mod results;
mod sample;
mod sanitize;
mod test;
mod tidy;
mod torture;

use browser::Browser;
use error::Error;
use inputs::Inputs;

/// Commands for working on this repository; they all run from the workspace root.
#[derive(Parser)]
#[command(bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Build the release binary and run `recurrent reproduce ARGS…` (`--help` shows its own options)
    #[command(disable_help_flag = true)]
    Reproduce {
        /// Passed on as they stand
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<OsString>,
    },
    /// Run every test of the workspace, with the real data and the Keras reference where they are found
    Test {
        /// The tests of the libtorch backend instead, with a libtorch for CPUs that is fetched if need be
        #[arg(long, conflicts_with_all = ["args", "harness"])]
        libtorch: bool,
        /// Further arguments for `cargo test`
        #[arg(allow_hyphen_values = true)]
        args: Vec<OsString>,
        /// Arguments for the test binaries
        #[arg(last = true)]
        harness: Vec<OsString>,
    },
    /// Measure this project beside others, in turn on this machine, and print how they compare
    Bench(bench::Arguments),
    /// Draw the pictures of the book from runs of this code (minutes to train what is not there yet)
    Figures {
        /// Runs to take means over
        #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=20))]
        seeds: u32,
    },
    /// Make every run whose figures the documentation quotes, record them, and write the figures into the pages
    Results(results::Arguments),
    /// Train a rung of the quality ladder, and say how it does (docs/quality.md)
    Quality(quality::Arguments),
    /// Get libtorch: from the cache, the wheel `torch` through pip, or the official archive
    Libtorch(libtorch::Arguments),
    /// Formatting, lints, documentation, tidy, tests, sanitizers: all that a change must pass
    Ci,
    /// Watch the kernels' memory: their tests with AddressSanitizer, and under Miri where it is installed
    Sanitize,
    /// Hold the golden hashes against processors that this machine does not have, under QEMU
    Emulate,
    /// Build the book of docs/ into target/book, and check every link of it and of the READMEs
    Docs(docs::Arguments),
    /// Check the rules of docs/architecture.md: who may depend on whom, and how a source file looks
    Tidy,
    /// Write datasets/sample.zip, the generated reviews in the layout of the real archive
    Sample {
        /// Write nothing: say whether the file equals a fresh generation
        #[arg(long)]
        check: bool,
    },
    /// Damage what the command reads, kill it, fill its disk, and judge what it does (`--help` shows its own options)
    #[command(disable_help_flag = true)]
    Torture {
        /// Passed on as they stand
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<OsString>,
    },
}

fn main() -> ExitCode {
    match run(Cli::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("xtask: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> Result<ExitCode, Error> {
    // Where the user stood matters to relative paths in the environment, so look before leaving.
    let started_in = std::env::current_dir().map_err(Error::CurrentDir)?;
    let root = cargo::workspace_root(&started_in)?;
    std::env::set_current_dir(&root).map_err(Error::io(&root))?;
    let inputs = Inputs::find(&root, &started_in);

    match cli.command {
        Command::Reproduce { args } => reproduce::run(&root, &inputs, &args),
        Command::Test { libtorch: true, .. } => {
            let outcome = test::run_libtorch(&inputs)?;
            println!("{}", outcome.counts);
            Ok(outcome.code())
        }
        Command::Test { args, harness, .. } => {
            let outcome = test::run(&root, &inputs, &Browser::find(&root), &args, &harness)?;
            println!("{}", outcome.counts);
            Ok(outcome.code())
        }
        Command::Bench(arguments) => bench::run(&root, &started_in, &arguments),
        Command::Figures { seeds } => figures::run(&root, &inputs, seeds),
        Command::Results(arguments) => results::run(&root, &inputs, &arguments),
        Command::Quality(arguments) => quality::run(&root, &inputs, &arguments),
        Command::Libtorch(arguments) => libtorch::run(&arguments),
        Command::Ci => ci::run(&root, &inputs),
        Command::Sanitize => sanitize::run(&root),
        Command::Emulate => emulate::run(&root),
        Command::Docs(arguments) => docs::run(&root, &arguments),
        Command::Tidy => tidy::run(&root),
        Command::Sample { check } => sample::run(&root, check),
        Command::Torture { args } => torture::run(&args),
    }
}
