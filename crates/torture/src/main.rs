//! `torture`: the damage campaign, usually started by `cargo xtask torture`.
//!
//! Drives the built command as a user would, on damaged files, full disks, closed pipes and kills, and judges what
//! it does by one rule: a clear error or the right result, and nothing left behind. Everything is drawn from a
//! seed, and each case can be replayed alone. It is not for finding out how fast anything is.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "what it prints is for the person who runs it"
)]

#[cfg(not(unix))]
fn main() -> std::process::ExitCode {
    eprintln!("torture: this campaign sends signals and sets limits, and runs on Unix alone");
    std::process::ExitCode::FAILURE
}

#[cfg(unix)]
mod campaign;
#[cfg(unix)]
mod cli;
#[cfg(unix)]
mod context;
#[cfg(unix)]
mod error;
#[cfg(unix)]
mod fixture;
#[cfg(unix)]
mod judge;
#[cfg(unix)]
mod listing;
#[cfg(unix)]
mod mutate;
#[cfg(unix)]
mod program;
#[cfg(unix)]
mod tally;

#[cfg(unix)]
fn main() -> std::process::ExitCode {
    match cli::run() {
        Ok(true) => std::process::ExitCode::SUCCESS,
        Ok(false) => std::process::ExitCode::FAILURE,
        Err(error) => {
            eprintln!("torture: {error}");
            let mut source = std::error::Error::source(&error);
            while let Some(cause) = source {
                eprintln!("  because: {cause}");
                source = cause.source();
            }
            std::process::ExitCode::from(2)
        }
    }
}
