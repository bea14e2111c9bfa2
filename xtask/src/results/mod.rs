//! `cargo xtask results`: every run whose figures the documentation quotes, their record, and the pages that quote it.
//!
//! Runs that are there already are only checked, with `--resume`. What the runs give goes into docs/results.json; from
//! there the marked figures and the generated tables of the pages are written. `cargo xtask docs` checks that the pages
//! say what the record says, and the last step of `cargo xtask ci` that a run of today leaves the very same bytes.

mod marks;
mod record;
mod tables;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::cargo;
use crate::ci::Outcome;
use crate::error::Error;
use crate::inputs::Inputs;
use crate::{figures, reproduce};
pub(crate) use record::moments;
use record::{Epoch, FILE, QUANTITIES, Record, Run};

/// Seeds of the notebook's runs.
const SEEDS: u32 = 5;

/// Where the lesson's own runs are kept.
const LESSON: &str = "target/lesson";

/// The lesson's own runs: four epochs with other options than the notebook's.
const RUNS: [(&str, &[&str]); 11] = [
    ("lstm-4", &["--networks", "lstm"]),
    (
        "words-5000-0",
        &["--networks", "lstm", "--max-tokens", "5000"],
    ),
    (
        "words-5000-1",
        &["--networks", "lstm", "--max-tokens", "5000", "--seed", "1"],
    ),
    (
        "words-20000-0",
        &["--networks", "lstm", "--max-tokens", "20000"],
    ),
    (
        "words-20000-1",
        &["--networks", "lstm", "--max-tokens", "20000", "--seed", "1"],
    ),
    ("masked-100-0", &["--networks", "lstm_masked"]),
    (
        "length-200-0",
        &["--networks", "lstm,lstm_masked", "--length", "200"],
    ),
    (
        "length-400-0",
        &["--networks", "lstm,lstm_masked", "--length", "400"],
    ),
    (
        "length-400-1",
        &[
            "--networks",
            "lstm_masked",
            "--length",
            "400",
            "--seed",
            "1",
        ],
    ),
    (
        "both-0",
        &[
            "--networks",
            "lstm_masked",
            "--max-tokens",
            "20000",
            "--length",
            "400",
        ],
    ),
    (
        "both-1",
        &[
            "--networks",
            "lstm_masked",
            "--max-tokens",
            "20000",
            "--length",
            "400",
            "--seed",
            "1",
        ],
    ),
];

/// The files of a model's folder that a seed decides to the last byte, beside its weights. `config.json` has their hashes and
/// is decided by them.
const PARTS: [&str; 4] = [CHECKPOINT, EVALUATION, "vectorizer.cbor", "vocabulary"];

const CHECKPOINT: &str = "checkpoint.safetensors";

const EVALUATION: &str = "evaluation.json";

/// Steps before the end at which the lesson gives the gradient.
const STEPS: [usize; 8] = [0, 1, 2, 5, 10, 20, 50, 99];

/// What `cargo xtask results` takes.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// A program that is built already, instead of a build
    #[arg(long, value_name = "PATH")]
    program: Option<PathBuf>,
}

/// Runs what has not been run, draws, records, and writes the pages.
pub(crate) fn run(root: &Path, inputs: &Inputs, arguments: &Arguments) -> Result<ExitCode, Error> {
    inputs.check()?;
    let program = match &arguments.program {
        Some(program) => program.clone(),
        None => cargo::build_release(reproduce::PACKAGE, reproduce::PROGRAM)?,
    };
    let code = figures::draw(root, inputs, &program, SEEDS)?;
    if code != ExitCode::SUCCESS {
        return Ok(code);
    }
    for (name, options) in RUNS {
        let mut args: Vec<OsString> = ["--dataset", "imdb", "--epochs", "4", "--resume", "--out"]
            .map(OsString::from)
            .to_vec();
        args.push(root.join(LESSON).join(name).into());
        args.extend(options.iter().map(OsString::from));
        let code = reproduce::start(root, inputs, &args, Command::new(&program))?;
        if code != ExitCode::SUCCESS {
            return Ok(code);
        }
    }
    let record = collect(root, inputs)?;
    let path = root.join(FILE);
    let text = serde_json::to_string_pretty(&record).map_err(|source| Error::Json {
        command: FILE.to_owned(),
        source,
    })?;
    std::fs::write(&path, text + "\n").map_err(Error::io(&path))?;
    println!("{FILE}");
    write(root)?;
    println!("Read what the pages conclude from their figures: nothing has rewritten that.");
    Ok(ExitCode::SUCCESS)
}

/// The record of the runs in target/, with what stands in the file of that which is not there.
fn collect(root: &Path, inputs: &Inputs) -> Result<Record, Error> {
    let mut record = if root.join(FILE).exists() {
        Record::read(root)?
    } else {
        Record::default()
    };
    record.recurrent.clear();
    for seed in 0..SEEDS {
        for (network, run) in runs_of(&root.join(figures::WORK).join(format!("seed-{seed}")), seed)?
        {
            record.recurrent.entry(network).or_default().push(run);
        }
    }
    record.lesson.clear();
    for (name, options) in RUNS {
        let seed = options.iter().position(|option| *option == "--seed");
        let seed = seed.and_then(|place| options.get(place + 1)?.parse().ok());
        let mut runs = runs_of(&root.join(LESSON).join(name), seed.unwrap_or(0))?;
        // Nothing is compared with them, and the pages tell of their figures alone.
        for run in runs.values_mut() {
            run.parts.clear();
        }
        record.lesson.insert(name.to_owned(), runs);
    }
    let curves: BTreeMap<String, Curve> =
        json(&root.join(figures::WORK).join("trace/gradient.json"))?;
    for (network, curve) in curves {
        let at = |step: usize| Some((step, curve.by_distance.get(step)?.mean));
        record
            .gradient
            .insert(network, STEPS.into_iter().filter_map(at).collect());
    }
    if let Some(path) = inputs.keras_runs() {
        let keras: KerasRuns = json(&path)?;
        record.keras.clear();
        for run in keras.runs {
            let epoch = |place: usize| Epoch {
                train_loss: run.train_loss[place],
                train_accuracy: run.train_accuracy[place],
                test_loss: run.test_loss[place],
                test_accuracy: run.test_accuracy[place],
            };
            record.keras.entry(run.network).or_default().push(Run {
                seed: run.seed,
                weights: None,
                parts: BTreeMap::new(),
                epochs: (0..run.train_loss.len()).map(epoch).collect(),
            });
        }
    }
    Ok(record)
}

/// A mean by distance, as `trace --gradient` writes it.
#[derive(Deserialize)]
struct Curve {
    by_distance: Vec<Mean>,
}

#[derive(Deserialize)]
struct Mean {
    mean: f64,
}

/// What was recorded from Keras.
#[derive(Deserialize)]
struct KerasRuns {
    runs: Vec<KerasRun>,
}

#[derive(Deserialize)]
struct KerasRun {
    network: String,
    seed: u32,
    train_loss: Vec<f64>,
    train_accuracy: Vec<f64>,
    test_loss: Vec<f64>,
    test_accuracy: Vec<f64>,
}

fn json<T: for<'a> Deserialize<'a>>(path: &Path) -> Result<T, Error> {
    let bytes = std::fs::read(path).map_err(Error::io(path))?;
    serde_json::from_slice(&bytes).map_err(|source| Error::Json {
        command: path.display().to_string(),
        source,
    })
}

/// An epoch, as a run's `history.json` has it.
#[derive(Deserialize)]
struct HistoryEpoch {
    network: String,
    #[serde(flatten)]
    epoch: Epoch,
}

/// The runs in a folder that `reproduce` has left, by network.
fn runs_of(folder: &Path, seed: u32) -> Result<BTreeMap<String, Run>, Error> {
    let history: Vec<HistoryEpoch> = json(&folder.join("history.json"))?;
    let mut runs: BTreeMap<String, Run> = BTreeMap::new();
    for HistoryEpoch { network, epoch } in history {
        runs.entry(network).or_default().epochs.push(epoch);
    }
    for (network, run) in &mut runs {
        let read = |name: &str| {
            let path = folder.join(network).join(name);
            std::fs::read(&path).map_err(Error::io(&path))
        };
        run.weights = Some(sha256(&read("weights.safetensors")?));
        for name in PARTS {
            let bytes = read(name)?;
            let hash = match name {
                CHECKPOINT => sha256(tensors(&bytes).unwrap_or(&bytes)),
                EVALUATION => sha256(&without_model(&bytes)),
                _ => sha256(&bytes),
            };
            run.parts.insert(name.to_owned(), hash);
        }
        run.seed = seed;
    }
    Ok(runs)
}

fn sha256(bytes: &[u8]) -> String {
    let hash = Sha256::digest(bytes);
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// An evaluation without the line that has the checksum of the model's description, which changes with that file's form.
fn without_model(evaluation: &[u8]) -> Vec<u8> {
    let lines = evaluation.split_inclusive(|byte| *byte == b'\n');
    let kept = lines.filter(|line| !line.trim_ascii_start().starts_with(b"\"model\":"));
    kept.flatten().copied().collect()
}

/// What follows the header of a Safetensors file, whose length stands in its first eight bytes.
fn tensors(file: &[u8]) -> Option<&[u8]> {
    let (length, rest) = file.split_first_chunk()?;
    rest.get(usize::try_from(u64::from_le_bytes(*length)).ok()?..)
}

/// The pages that may quote results.
fn pages(root: &Path) -> Result<Vec<PathBuf>, Error> {
    let mut pages = ["README.md", "docs/results.md", "docs/quality.md"]
        .map(|page| root.join(page))
        .to_vec();
    let lesson = root.join("docs/lesson");
    for entry in std::fs::read_dir(&lesson).map_err(Error::io(&lesson))? {
        let path = entry.map_err(Error::io(&lesson))?.path();
        if path.extension().is_some_and(|extension| extension == "md") {
            pages.push(path);
        }
    }
    pages.sort();
    Ok(pages)
}

fn settled(root: &Path, page: &Path, record: &Record) -> Result<(String, marks::Settled), Error> {
    let text = std::fs::read_to_string(page).map_err(Error::io(page))?;
    let mut settled = marks::settle(&text, record);
    let name = page.strip_prefix(root).unwrap_or(page).display();
    for what in &mut settled.wrong {
        *what = format!("{name}: {what}");
    }
    Ok((text, settled))
}

/// Writes the marked figures and the generated tables of the record into the pages.
pub(crate) fn write(root: &Path) -> Result<(), Error> {
    let record = Record::read(root)?;
    for page in pages(root)? {
        let (old, settled) = settled(root, &page, &record)?;
        if settled.page != old {
            std::fs::write(&page, &settled.page).map_err(Error::io(&page))?;
            println!("{}", page.display());
        }
    }
    Ok(())
}

/// What is wrong with the figures of the pages.
pub(crate) fn wrong_figures(root: &Path) -> Result<Vec<String>, Error> {
    let record = Record::read(root)?;
    let mut wrong = Vec::new();
    for page in pages(root)? {
        wrong.extend(settled(root, &page, &record)?.1.wrong);
    }
    if !wrong.is_empty() {
        wrong.push(format!(
            "`cargo xtask docs --write` writes marked figures and generated tables from {FILE}"
        ));
    }
    Ok(wrong)
}

/// Holds a run of the notebook with seed 0 against the record: the same files, the same figures, to the last bit.
pub(crate) fn compare(root: &Path, folder: &Path) -> Result<Outcome, Error> {
    let record = Record::read(root)?;
    let runs = runs_of(folder, 0)?;
    let differences = differences(&record, &runs);
    for difference in &differences {
        println!("results: {difference}");
    }
    if differences.is_empty() {
        println!(
            "results: the files and figures of {} networks are those of {FILE}",
            runs.len()
        );
    }
    Ok(differences.is_empty().into())
}

fn differences(record: &Record, runs: &BTreeMap<String, Run>) -> Vec<String> {
    let mut differences = Vec::new();
    for network in tables::NETWORKS {
        let recorded = record.recurrent.get(network).into_iter().flatten();
        let Some(recorded) = recorded.into_iter().find(|run| run.seed == 0) else {
            differences.push(format!("{FILE} has no run of {network} with seed 0"));
            continue;
        };
        let Some(run) = runs.get(network) else {
            differences.push(format!("the run has no {network}"));
            continue;
        };
        if run.epochs.len() != recorded.epochs.len() {
            let (found, expected) = (run.epochs.len(), recorded.epochs.len());
            differences.push(format!("{network}: {found} epochs, not {expected}"));
        }
        for (place, (found, expected)) in run.epochs.iter().zip(&recorded.epochs).enumerate() {
            for quantity in QUANTITIES {
                let (found, expected) = (found.get(quantity), expected.get(quantity));
                if found != expected {
                    let (found, expected) =
                        (found.unwrap_or_default(), expected.unwrap_or_default());
                    let epoch = place + 1;
                    differences.push(format!(
                        "{network}, epoch {epoch}, {quantity}: {found}, not {expected} as recorded"
                    ));
                }
            }
        }
        let mut hashes = vec![("weights.safetensors", &run.weights, &recorded.weights)];
        let parts = PARTS.map(|name| {
            let of = |run: &Run| run.parts.get(name).cloned();
            (name, of(run), of(recorded))
        });
        hashes.extend(
            parts
                .iter()
                .map(|(name, found, expected)| (*name, found, expected)),
        );
        for (name, found, expected) in hashes {
            if found != expected || expected.is_none() {
                let [found, expected] =
                    [found, expected].map(|hash| hash.as_deref().unwrap_or("missing"));
                differences.push(format!(
                    "{network}, {name}: SHA-256 {found}, not {expected} as recorded"
                ));
            }
        }
    }
    differences
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digit_that_differs_is_named() {
        let mut record = record::tests::record();
        let mut run = record.recurrent["lstm"][0].clone();
        run.parts = PARTS.map(|name| (name.to_owned(), "aa".to_owned())).into();
        for network in ["lstm", "dense", "simple_rnn"] {
            record
                .recurrent
                .insert(network.to_owned(), vec![run.clone()]);
        }
        let mut runs: BTreeMap<String, Run> = tables::NETWORKS
            .map(|network| (network.to_owned(), run.clone()))
            .into();
        assert!(differences(&record, &runs).is_empty());
        runs.entry("lstm".to_owned()).and_modify(|run| {
            run.epochs[1].test_loss = 0.5f64.next_up();
            run.weights = Some("ff".to_owned());
            run.parts
                .insert("evaluation.json".to_owned(), "bb".to_owned());
            run.parts.remove("vocabulary");
        });
        runs.remove("dense");
        assert_eq!(
            differences(&record, &runs),
            [
                "the run has no dense",
                "lstm, epoch 2, test_loss: 0.5000000000000001, not 0.5 as recorded",
                "lstm, weights.safetensors: SHA-256 ff, not 00 as recorded",
                "lstm, evaluation.json: SHA-256 bb, not aa as recorded",
                "lstm, vocabulary: SHA-256 missing, not aa as recorded",
            ]
        );
    }

    #[test]
    fn a_record_without_a_hash_is_a_difference() {
        let mut record = record::tests::record();
        let mut run = record.recurrent["lstm"][0].clone();
        run.parts.clear();
        record.recurrent = tables::NETWORKS
            .map(|network| (network.to_owned(), vec![run.clone()]))
            .into();
        let runs = tables::NETWORKS
            .map(|network| (network.to_owned(), run.clone()))
            .into();
        let differences = differences(&record, &runs);
        assert_eq!(differences.len(), 3 * PARTS.len(), "{differences:?}");
    }

    #[test]
    fn a_header_does_not_count() {
        let file = |header: &[u8]| {
            let length = u64::try_from(header.len()).unwrap().to_le_bytes();
            [&length, header, b"tensors"].concat()
        };
        assert_eq!(tensors(&file(b"{}")), Some(&b"tensors"[..]));
        assert_eq!(tensors(&file(b"{ }")), Some(&b"tensors"[..]));
        assert_eq!(tensors(b"short"), None);
        assert_eq!(tensors(&[255; 12]), None);
    }
}
