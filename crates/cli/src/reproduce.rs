//! `recurrent reproduce`: the notebook, in its order.

use std::path::PathBuf;
use std::time::Instant;

use burn::module::Module as _;
use burn::tensor::Device;
use clap::value_parser;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use recurrent::{Model, ModelConfig, Provenance, sha256};
use recurrent_data::{
    Corpus, Dataset, DatasetChoice, Extracted, ReadOptions, ReviewCorpus, Split, found_line,
    hash_source, index, read,
};
use recurrent_files::FileError;
use recurrent_models::{NetworkConfig, NetworkKind, summary};
use recurrent_runs::{EpochRecord, RunInfo};
use recurrent_training::{FitConfig, encode, fit, write_json};
use recurrent_vectorizer::{FixedWidth, Vectorize, VectorizerParams};

use crate::backend::Backend;
use crate::dashboard::Dashboard;
use crate::dataset::{SAMPLE_NOTE, banner, find};
use crate::error::CliError;
use crate::progress::Display;
use crate::terminal::printable;
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
    /// Unpack the archive into DATASETS/imdb and remove it at the end, as the notebook does.
    #[arg(long)]
    extract: bool,
    /// Go on from the checkpoints in OUT.
    #[arg(long)]
    resume: bool,
    /// Draw live curves while training, on a terminal; elsewhere lines, as without.
    #[arg(long)]
    dashboard: bool,
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
    std::fs::create_dir_all(&arguments.out).map_err(FileError::write(&arguments.out))?;
    let (corpus, extracted) = load(arguments, &dataset)?;
    for split in Split::ALL {
        print(&found_line(corpus.texts(split).len(), corpus.classes()))?;
    }
    show_one(&corpus, arguments.seed)?;
    let vectorizer = fit_vectorizer(arguments, &corpus)?;
    let run = RunInfo {
        version: recurrent_runs::VERSION,
        recurrent: env!("CARGO_PKG_VERSION").to_owned(),
        burn: BURN.to_owned(),
        backend: backend.to_owned(),
        threads: std::thread::available_parallelism().map_or(1, usize::from),
        cpu: doctor::cpu(),
        isa: doctor::isa().to_owned(),
        seed: arguments.seed,
        epochs: arguments.epochs,
        max_tokens: arguments.max_tokens as usize,
        length: arguments.length as usize,
        dataset: dataset.name.clone(),
        dataset_sha256: hash_source(&dataset.path)?,
        vectorizer_sha256: sha256(&vectorizer.vectorizer().to_bytes()?),
        sample: dataset.sample,
        networks: arguments.networks.iter().map(|kind| kind.name()).collect(),
        commit: std::env::var(COMMIT).ok(),
        note: note(&dataset),
    };
    write_json(&arguments.out.join("run.json"), &run)?;
    let rows = train_all(arguments, &run, &corpus, &vectorizer, &device)?;
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
    let options = ReadOptions::default();
    if !arguments.extract {
        return Ok((read(&dataset.path, &options)?, None));
    }
    let target = arguments.datasets.join("imdb");
    let extracted = Extracted::unpack(&dataset.path, &target, &options)?;
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
    let lines: Vec<_> = review.text.lines().map(printable).collect();
    print(&format!(
        "\nReview {}:\n{}\nLabel: {} ({})\n",
        printable(&review.path),
        lines.join("\n"),
        review.label,
        printable(&corpus.classes()[review.label])
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
    run: &RunInfo,
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
        std::fs::create_dir_all(&folder).map_err(FileError::write(&folder))?;
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
            classes: corpus.classes().to_vec(),
            cleaned: ReadOptions::default().clean,
            provenance: Provenance {
                dataset: run.dataset.clone(),
                dataset_sha256: run.dataset_sha256.clone(),
                sample: run.sample,
                note: run.note.clone(),
            },
        };
        let checksum = Model::save(&folder, &config, &network, vectorizer.vectorizer())?;
        let model = Model {
            config,
            network: network.valid(),
            vectorizer: vectorizer.clone(),
            checksum,
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
        history.extend(records.into_iter().map(|record| EpochRecord {
            note: run.note.clone(),
            ..record
        }));
        write_json(&arguments.out.join("history.json"), &history)?;
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
fn note(dataset: &Dataset) -> Option<String> {
    dataset.sample.then(|| SAMPLE_NOTE.to_owned())
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
