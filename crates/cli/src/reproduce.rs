//! `recurrent reproduce`: the notebook, in its order.

use std::path::{Path, PathBuf};
use std::time::Instant;

use burn::module::Module as _;
use burn::tensor::Device;
use clap::value_parser;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use recurrent_data::{
    Corpus, Dataset, DatasetChoice, Extracted, ReviewCorpus, Split, found_line, hash_source_with,
    index, read,
};
use recurrent_models::{NetworkConfig, NetworkKind, summary};
use recurrent_training::{EpochRecord, FitConfig, encode, fit, write_json};
use recurrent_vectorizer::{FixedWidth, Vectorize, VectorizerParams};
use serde::Serialize;

use crate::backend::Backend;
use crate::dashboard::Dashboard;
use crate::dataset::{ReadArguments, SAMPLE_NOTE, banner, find, note_passed_over};
use crate::error::CliError;
use crate::model::{self, Model, ModelConfig};
use crate::progress::Display;
use crate::{doctor, evaluation, print, report};

/// The variable that says which commit the command was built from.
const COMMIT: &str = "RECURRENT_COMMIT";

/// The version of burn, for `run.json`. A test holds it against the workspace's manifest.
const BURN: &str = "0.22.1";

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// auto (the reviews, else the sample), imdb, sample, or the path of an archive or folder.
    #[arg(long, default_value = "auto")]
    dataset: DatasetChoice,
    /// Where archives are looked for and downloaded to.
    #[arg(long, default_value = "datasets")]
    datasets: PathBuf,
    /// What to compute on.
    #[arg(long, default_value = "auto")]
    backend: Backend,
    /// Which networks to train, in this order.
    #[arg(long, value_delimiter = ',', default_value = "dense,simple_rnn,lstm")]
    networks: Vec<NetworkKind>,
    /// How often to see every review.
    #[arg(long, default_value_t = 10)]
    epochs: usize,
    /// Size of the vocabulary, padding and `[UNK]` included.
    #[arg(long, default_value_t = 1000, value_parser = value_parser!(u32).range(2..=1_000_000))]
    max_tokens: u32,
    /// Tokens kept of each review: the first ones.
    #[arg(long, default_value_t = 100, value_parser = value_parser!(u32).range(1..=10_000))]
    length: u32,
    /// Determines initial weights, the order of reviews, and the review that is shown.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Where results go.
    #[arg(long, default_value = "target/reproduce")]
    out: PathBuf,
    /// Unpack the archive into DATASETS/imdb and remove it at the end, as the notebook does; what a run has
    /// left there that was killed is replaced.
    #[arg(long)]
    extract: bool,
    /// Go on from the checkpoints in OUT.
    #[arg(long)]
    resume: bool,
    /// Draw live curves while training, on a terminal; elsewhere lines, as without.
    #[arg(long)]
    dashboard: bool,
    #[command(flatten)]
    reading: ReadArguments,
}

/// What `run.json` holds.
#[derive(Serialize)]
struct Run {
    recurrent: &'static str,
    burn: &'static str,
    backend: &'static str,
    threads: usize,
    cpu: String,
    /// The instruction set of the recurrent kernels.
    isa: &'static str,
    seed: u64,
    epochs: usize,
    max_tokens: usize,
    length: usize,
    dataset: String,
    dataset_sha256: String,
    /// True if the data set is the bundled sample and not the real reviews.
    sample: bool,
    /// The commit that the command was built from, where whoever runs it says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    commit: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<&'static str>,
}

/// A record of `history.json`.
#[derive(Serialize)]
struct Noted<'a> {
    #[serde(flatten)]
    record: &'a EpochRecord,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<&'static str>,
}

/// A line of the final table.
struct Row {
    network: NetworkKind,
    parameters: usize,
    last: EpochRecord,
    seconds: f64,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), CliError> {
    let (backend, device) = arguments.backend.open()?;
    let dataset = find(&arguments.dataset, &arguments.datasets)?;
    std::fs::create_dir_all(&arguments.out).map_err(CliError::io(&arguments.out))?;
    let (corpus, extracted) = load(arguments, &dataset)?;
    for split in Split::ALL {
        print(&found_line(corpus.texts(split).len(), corpus.classes()))?;
    }
    show_one(&corpus, arguments.seed)?;
    write_json(
        &arguments.out.join("run.json"),
        &Run {
            recurrent: env!("CARGO_PKG_VERSION"),
            burn: BURN,
            backend,
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            cpu: doctor::cpu(),
            isa: doctor::isa(),
            seed: arguments.seed,
            epochs: arguments.epochs,
            max_tokens: arguments.max_tokens as usize,
            length: arguments.length as usize,
            dataset: dataset.name.clone(),
            dataset_sha256: hash_source_with(&dataset.path, &arguments.reading.options())?,
            sample: dataset.sample,
            commit: std::env::var(COMMIT).ok(),
            note: note(&dataset),
        },
    )?;

    let vectorizer = fit_vectorizer(arguments, &corpus)?;
    let rows = train_all(arguments, &dataset, &corpus, &vectorizer, &device)?;
    print(&table(&rows, dataset.sample))?;
    if !rows.is_empty() {
        report::write_and_say(std::slice::from_ref(&arguments.out), &arguments.out)?;
    }
    if let Some(extracted) = extracted {
        extracted.remove()?;
    }
    Ok(())
}

/// The reviews in memory, and what was unpacked for them.
fn load(
    arguments: &Arguments,
    dataset: &Dataset,
) -> Result<(ReviewCorpus, Option<Extracted>), CliError> {
    let options = arguments.reading.options();
    let target = arguments.datasets.join("imdb");
    if !arguments.extract {
        Extracted::sweep(&target);
        let corpus = read(&dataset.path, &options)?;
        note_passed_over(corpus.passed_over());
        return Ok((corpus, None));
    }
    let extracted = Extracted::unpack(&dataset.path, &target, &options)?;
    note_passed_over(extracted.passed_over());
    let corpus = index(extracted.path(), &options)?;
    Ok((corpus, Some(extracted)))
}

/// A random review of the training split with its label.
fn show_one(corpus: &ReviewCorpus, seed: u64) -> Result<(), CliError> {
    let reviews = corpus.reviews(Split::Train);
    if reviews.is_empty() {
        return Ok(());
    }
    let review = &reviews[ChaCha8Rng::seed_from_u64(seed).random_range(0..reviews.len())];
    print(&format!(
        "\nReview {}:\n{}\nLabel: {} ({})\n",
        review.path,
        review.text,
        review.label,
        corpus.classes()[review.label]
    ))
}

fn fit_vectorizer(arguments: &Arguments, corpus: &ReviewCorpus) -> Result<FixedWidth, CliError> {
    let start = Instant::now();
    let params = VectorizerParams::new()
        .max_tokens(arguments.max_tokens as usize)
        .output_sequence_length(arguments.length as usize)
        .check()?;
    let texts = corpus.texts(Split::Train).map(|text| text.text);
    let vectorizer = params.fit(texts)?.into_fixed_width()?;
    print(&format!(
        "Vocabulary of {} tokens in {:.2} s",
        vectorizer.vocabulary_size(),
        start.elapsed().as_secs_f64()
    ))?;
    Ok(vectorizer)
}

fn train_all(
    arguments: &Arguments,
    dataset: &Dataset,
    corpus: &ReviewCorpus,
    vectorizer: &FixedWidth,
    device: &Device,
) -> Result<Vec<Row>, CliError> {
    let train = encode(corpus, Split::Train, vectorizer, device)?;
    let test = encode(corpus, Split::Test, vectorizer, device)?;
    let mut history: Vec<EpochRecord> = Vec::new();
    let mut rows = Vec::new();
    let mut drawn = arguments.dashboard;
    for &kind in &arguments.networks {
        let start = Instant::now();
        let config = NetworkConfig {
            // One row more than there are ids, as in the notebook.
            embeddings: arguments.max_tokens as usize + 1,
            time: arguments.length as usize,
            ..NetworkConfig::notebook(kind)
        };
        print(&format!("\n{}", summary(&config)))?;
        let folder = arguments.out.join(kind.name());
        std::fs::create_dir_all(&folder).map_err(CliError::io(&folder))?;
        let network = config.init(arguments.seed, &device.clone().autodiff());
        let fit_config = FitConfig {
            epochs: arguments.epochs,
            checkpoint: Some(folder.join("checkpoint.safetensors")),
            resume: arguments.resume,
            ..FitConfig::notebook(&kind.name(), arguments.seed)
        };
        let (network, records) = match dashboard(&mut drawn) {
            Some(mut dashboard) => fit(network, &train, &test, &fit_config, &mut dashboard),
            None => fit(network, &train, &test, &fit_config, &mut Display::new()),
        }?;
        let config = ModelConfig {
            network: config,
            max_tokens: arguments.max_tokens as usize,
            classes: corpus.classes().to_vec(),
            dataset: dataset.name.clone(),
            sample: dataset.sample,
            note: note(dataset).map(str::to_owned),
        };
        model::save(&folder, &config, &network, vectorizer.vectorizer())?;
        let model = Model {
            config,
            network: network.valid(),
            vectorizer: vectorizer.clone(),
        };
        let evaluation = evaluation::evaluate(&model, corpus, &test, arguments.seed, device);
        write_json(&folder.join("evaluation.json"), &evaluation)?;
        if let Some(last) = records.last() {
            rows.push(Row {
                network: kind,
                parameters: evaluation.parameters,
                last: last.clone(),
                seconds: start.elapsed().as_secs_f64(),
            });
        }
        history.extend(records);
        save_history(&arguments.out, &history, note(dataset))?;
    }
    Ok(rows)
}

/// A picture for each network, so that what is printed between them stays in order. Where there can be
/// none, that is said, once.
fn dashboard(wanted: &mut bool) -> Option<Dashboard> {
    let dashboard = wanted.then(Dashboard::open)?;
    if dashboard.is_none() {
        *wanted = false;
        eprintln!("note: a dashboard needs a terminal that can be drawn on; lines instead");
    }
    dashboard
}

/// What result files say about a data set that is not the real one.
fn note(dataset: &Dataset) -> Option<&'static str> {
    dataset.sample.then_some(SAMPLE_NOTE)
}

/// `history.json`: the array of records, each with the note if there is one.
fn save_history(
    out: &Path,
    history: &[EpochRecord],
    note: Option<&'static str>,
) -> Result<(), CliError> {
    let records: Vec<_> = history
        .iter()
        .map(|record| Noted { record, note })
        .collect();
    Ok(write_json(&out.join("history.json"), &records)?)
}

fn table(rows: &[Row], sample: bool) -> String {
    let mut lines = vec![format!(
        "\n{:<12}{:>12}{:>12}{:>12}{:>12}{:>12}{:>10}",
        "network", "parameters", "train loss", "train acc", "test loss", "test acc", "seconds"
    )];
    for row in rows {
        lines.push(format!(
            "{:<12}{:>12}{:>12.4}{:>12.4}{:>12.4}{:>12.4}{:>10.1}",
            row.network,
            row.parameters,
            row.last.train_loss,
            row.last.train_accuracy,
            row.last.test_loss,
            row.last.test_accuracy,
            row.seconds
        ));
    }
    if sample {
        lines.push(banner());
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_of_burn_is_the_manifests() {
        let manifest = include_str!("../../../Cargo.toml");
        assert!(manifest.contains(&format!("burn = {{ version = \"={BURN}\"")));
    }
}
