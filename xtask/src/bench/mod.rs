//! `cargo xtask bench`: this project beside what else there is, on one machine, in one run.
//!
//! Each subject is a process that measures on request; they are asked in turn, round after round, so
//! that what disturbs the machine disturbs all of them. Nothing here computes what is measured.

mod libtorch;
mod lstm;
mod machine;
mod memory;
mod subject;
mod table;
mod vectorizer;
mod venv;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

pub(crate) use machine::Machine;
use serde::Serialize;

use crate::cargo;
use crate::error::Error;
use crate::inputs::Inputs;
use crate::libtorch::Kind;

/// What to measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum What {
    /// Training and inference of recurrent networks, beside PyTorch, Keras and stock burn
    Lstm,
    /// What a training step starts on libtorch, beside PyTorch: operations, by name
    Operations,
    /// Fitting and applying a vocabulary, beside Keras, scikit-learn, HF tokenizers and polars
    Vectorizer,
}

/// A libtorch to measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Backend {
    /// On the CPU
    LibtorchCpu,
    /// On an NVIDIA GPU
    LibtorchCuda,
}

/// Options of all benchmarks.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// What to measure
    what: What,
    /// A Python that has torch, tensorflow-cpu, tf_keras, scikit-learn, tokenizers and polars; without
    /// it a virtual environment is made in the user's cache folder
    #[arg(long, value_name = "PATH")]
    python: Option<PathBuf>,
    /// One shape, or less text for slow peers; ends within a minute once everything is built
    #[arg(long)]
    quick: bool,
    /// Of `lstm`: train on libtorch instead, beside PyTorch; of `operations`: on which
    #[arg(long)]
    backend: Option<Backend>,
    /// Write the results there, too
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Of `lstm`: draw the results for the notebook's shape there, too, as bars
    #[arg(long, value_name = "FILE.svg", requires = "json")]
    chart: Option<PathBuf>,
    #[command(flatten)]
    selection: lstm::Selection,
}

/// Measures and prints a table.
pub(crate) fn run(
    root: &Path,
    started_in: &Path,
    arguments: &Arguments,
) -> Result<ExitCode, Error> {
    let quick = arguments.quick;
    // What is asked for in vain is said before anything is installed.
    let cases = match (arguments.what, arguments.backend) {
        (What::Lstm, Some(_)) => arguments.selection.of(libtorch::cases(quick))?,
        (What::Lstm, None) => arguments.selection.of(lstm::cases(quick))?,
        (What::Operations, _) => arguments.selection.of(libtorch::counted(quick))?,
        (What::Vectorizer, _) if arguments.selection.is_empty() => Vec::new(),
        (What::Vectorizer, _) => return Err(Error::NoSuchShape),
    };
    if arguments.chart.is_some() {
        let drawn = (arguments.what, arguments.backend) == (What::Lstm, None);
        if !drawn
            || !cases
                .iter()
                .any(|(_, _, b, t, h)| (*b, *t, *h) == (32, 100, 64))
        {
            return Err(Error::NoChart);
        }
    }
    let python = match &arguments.python {
        Some(python) => started_in.join(python),
        None => venv::ensure()?,
    };
    let json = arguments.json.as_ref().map(|path| started_in.join(path));
    let kind = |backend| match backend {
        Backend::LibtorchCpu => Kind::Cpu,
        Backend::LibtorchCuda => Kind::Cuda,
    };
    match (arguments.what, arguments.backend) {
        (What::Lstm, Some(backend)) => {
            libtorch::run(root, &python, kind(backend), &cases, quick, json.as_deref())
        }
        (What::Operations, backend) => {
            let backend = backend.unwrap_or(Backend::LibtorchCpu);
            libtorch::operations(root, &python, kind(backend), &cases, json.as_deref())
        }
        (What::Lstm, None) => {
            let code = lstm::run(root, &python, &cases, quick, json.as_deref())?;
            if let (Some(json), Some(chart)) = (&json, &arguments.chart) {
                draw(json, &started_in.join(chart))?;
            }
            Ok(code)
        }
        (What::Vectorizer, _) => {
            let inputs = Inputs::find(root, started_in);
            inputs.check()?;
            vectorizer::run(root, &inputs, &python, quick, json.as_deref())
        }
    }
}

/// Builds a benchmark, given as its package and name, and says where its executable lies.
fn build(bench: (&str, &str)) -> Result<PathBuf, Error> {
    cargo::build(&arguments(bench), bench.1)
}

/// The arguments for cargo; beside the command, so that both stand on the same builds of our packages.
fn arguments<'a>((package, name): (&'a str, &'a str)) -> [&'a str; 8] {
    let command = crate::reproduce::PACKAGE;
    [
        "bench",
        "--package",
        package,
        "--package",
        command,
        "--bench",
        name,
        "--no-run",
    ]
}

/// Draws the results of `lstm` in a file: that is the report's work.
fn draw(results: &Path, chart: &Path) -> Result<(), Error> {
    const EXAMPLE: &str = "speed";
    let package = ["build", "--release", "--package", "recurrent-report"];
    let command = ["--package", crate::reproduce::PACKAGE];
    let args = [&package[..], &command, &["--example", EXAMPLE]].concat();
    let mut program = std::process::Command::new(cargo::build(&args, EXAMPLE)?);
    cargo::must(program.arg(results).arg(chart))
}

/// What cargo is asked for to build the benchmarks.
pub(crate) fn builds() -> [[&'static str; 8]; 2] {
    [lstm::BUILD, vectorizer::BUILD].map(arguments)
}

/// The peers' scripts; the first is a module of the others.
const SCRIPTS: [(&str, &str); 3] = [
    ("measuring.py", include_str!("peers/measuring.py")),
    ("lstm.py", include_str!("peers/lstm.py")),
    ("vectorizer.py", include_str!("peers/vectorizer.py")),
];

/// Lays the scripts out below `target`, and says where that of this name lies.
fn peer_script(root: &Path, name: &str) -> Result<PathBuf, Error> {
    let folder = root.join("target").join("peers");
    std::fs::create_dir_all(&folder).map_err(Error::io(&folder))?;
    for (name, text) in SCRIPTS {
        let path = folder.join(name);
        std::fs::write(&path, text).map_err(Error::io(&path))?;
    }
    Ok(folder.join(name))
}

/// Writes results, all or nothing.
fn write_json(path: &Path, results: &impl Serialize) -> Result<(), Error> {
    let text = serde_json::to_string_pretty(results).map_err(|source| Error::Json {
        command: path.display().to_string(),
        source,
    })?;
    let partial = path.with_extension("partial");
    std::fs::write(&partial, text + "\n").map_err(Error::io(&partial))?;
    std::fs::rename(&partial, path).map_err(Error::io(path))
}
