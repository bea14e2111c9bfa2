//! The command line of the campaign.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::Parser;

use crate::campaign;
use crate::context::{Context, Effort};
use crate::error::Error;
use crate::fixture::Fixture;
use crate::program::Program;
use crate::tally::{Summary, Tally, table};

/// Damage what `recurrent` reads, kill it, fill its disk, and judge what it does.
#[derive(Parser)]
#[command(bin_name = "cargo xtask torture")]
pub(crate) struct Cli {
    /// The command under test
    #[arg(long, value_name = "FILE")]
    program: PathBuf,
    /// The small numbers that every change must stand, in under three minutes
    #[arg(long, conflicts_with = "minutes")]
    quick: bool,
    /// As long as this, each campaign its share; without this and `--quick`, the full numbers
    #[arg(long)]
    minutes: Option<u32>,
    /// Determines every mutation and every moment
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Only these campaigns
    #[arg(long, value_name = "CAMPAIGN", value_delimiter = ',', value_parser = campaign::names())]
    only: Vec<String>,
    /// Only the case of this number
    #[arg(long, value_name = "NUMBER", requires = "only")]
    case: Option<u64>,
    /// Leave what was made for the cases, and say where
    #[arg(long)]
    keep: bool,
    /// Cases at once
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=64))]
    workers: u8,
    /// Where cases have their folders; by default in memory where there is such a place
    #[arg(long, value_name = "DIR")]
    scratch: Option<PathBuf>,
    /// Also write the summary here
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// Runs the campaigns; whether nothing failed.
pub(crate) fn run() -> Result<bool, Error> {
    let cli = Cli::parse();
    let start = Instant::now();
    let effort = match cli.minutes {
        Some(minutes) => Effort::Within(Duration::from_secs(60 * u64::from(minutes))),
        None if cli.quick => Effort::Quick,
        None => Effort::Full,
    };
    let place = cli.scratch.clone().unwrap_or_else(scratch);
    let folder = tempfile::Builder::new()
        .prefix("torture-")
        .disable_cleanup(cli.keep)
        .tempdir_in(&place)
        .map_err(Error::io(&place))?;
    let program = Program::new(&cli.program)?;
    let context = Context {
        fixture: Fixture::make(&program, &folder.path().join("fixture"))?,
        program,
        seed: cli.seed,
        effort,
        workers: usize::from(cli.workers),
        case: cli.case,
        keep: cli.keep,
        scratch: folder.path().to_owned(),
    };
    let tallies = campaign::run(&context, &cli.only)?;
    let took = start.elapsed();
    // What is printed may be piped; that the reader has gone away changes no verdict.
    let _ = std::io::Write::write_all(
        &mut std::io::stdout(),
        format!("\n{}", table(&tallies, took)).as_bytes(),
    );
    let failures = tallies.iter().map(Tally::failures).sum();
    if let Some(path) = &cli.json {
        let summary = Summary {
            seed: cli.seed,
            quick: cli.quick,
            seconds: took.as_secs_f64(),
            failures,
            campaigns: &tallies,
        };
        write_json(path, &summary)?;
    }
    if cli.keep {
        eprintln!("kept: {}", folder.path().display());
    }
    Ok(failures == 0)
}

fn write_json(path: &Path, summary: &Summary<'_>) -> Result<(), Error> {
    let json = serde_json::to_vec_pretty(summary).map_err(|error| Error::io(path)(error.into()))?;
    fs::write(path, json).map_err(Error::io(path))
}

/// A folder in memory where there is one: the campaign writes some hundred thousand files.
fn scratch() -> PathBuf {
    let memory = Path::new("/dev/shm");
    if tempfile::tempfile_in(memory).is_ok() {
        memory.to_owned()
    } else {
        std::env::temp_dir()
    }
}
