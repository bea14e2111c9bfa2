//! `cargo xtask figures`: the pictures of the book, drawn from runs of this code.
//!
//! Trains the notebook's networks from several seeds (a run that is there already is only checked, with
//! `--resume`), lets the binary draw, and puts the SVGs into docs/figures.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use crate::cargo;
use crate::error::Error;
use crate::inputs::Inputs;
use crate::reproduce;

/// Where runs and drawings are kept.
pub(crate) const WORK: &str = "target/figures";

/// The review that the book follows word by word: short, and turned around by its second half.
const REVIEW: &str = "I expected a bad film, boring and far too long, but it is not bad at all: it is \
                      one of the best I have seen, and I loved every minute";

/// What is drawn where, and what it is called in the book.
const PICTURES: [(&str, &str); 5] = [
    ("report/curves.svg", "curves.svg"),
    ("report/confusion.svg", "confusion.svg"),
    ("report/calibration.svg", "calibration.svg"),
    ("trace/gradient.svg", "gradient.svg"),
    ("trace/words.svg", "words.svg"),
];

pub(crate) fn run(root: &Path, inputs: &Inputs, seeds: u32) -> Result<ExitCode, Error> {
    inputs.check()?;
    let binary = cargo::build_release(reproduce::PACKAGE, reproduce::PROGRAM)?;
    draw(root, inputs, &binary, seeds)
}

/// As [`run`], with a program that is built already.
pub(crate) fn draw(
    root: &Path,
    inputs: &Inputs,
    binary: &Path,
    seeds: u32,
) -> Result<ExitCode, Error> {
    let work = root.join(WORK);
    let folder = |seed: u32| work.join(format!("seed-{seed}"));
    for seed in 0..seeds {
        let args: Vec<OsString> = vec![
            "--dataset".into(),
            "imdb".into(),
            "--seed".into(),
            seed.to_string().into(),
            "--resume".into(),
            "--out".into(),
            folder(seed).into(),
        ];
        let code = reproduce::start(root, inputs, &args, Command::new(binary))?;
        if code != ExitCode::SUCCESS {
            return Ok(code);
        }
    }
    let runs: Vec<PathBuf> = (0..seeds).map(folder).collect();
    let mut report = Command::new(binary);
    report.arg("report").args(&runs);
    report.arg("--out").arg(work.join("report"));
    let model = |name: &str| runs[0].join(name);
    let mut gradient = Command::new(binary);
    gradient.args(["trace", "--gradient", "--test-split", "--dataset", "imdb"]);
    let mut words = Command::new(binary);
    words.arg("trace");
    for name in ["dense", "simple_rnn", "lstm"] {
        words.arg("--model").arg(model(name));
        if name != "dense" {
            gradient.arg("--model").arg(model(name));
        }
    }
    for command in [&mut gradient, &mut words] {
        command.arg("--out").arg(work.join("trace"));
    }
    words.arg(REVIEW);
    for command in [&mut report, &mut gradient, &mut words] {
        println!("$ {}", cargo::shown(command));
        inputs.set(command);
        let status = cargo::status(command)?;
        if !status.success() {
            return Ok(cargo::exit_code(status));
        }
    }
    let book = root.join("docs/figures");
    std::fs::create_dir_all(&book).map_err(Error::io(&book))?;
    for (drawn, name) in PICTURES {
        let (from, to) = (work.join(drawn), book.join(name));
        std::fs::copy(&from, &to).map_err(Error::io(&from))?;
        println!("docs/figures/{name}");
    }
    Ok(ExitCode::SUCCESS)
}
