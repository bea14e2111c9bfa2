//! `recurrent reproduce`: the notebook, in its order.

use std::path::PathBuf;
use std::time::Instant;

use burn::tensor::Device;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use recurrent_data::{
    Corpus, Dataset, DatasetChoice, ENVIRONMENT, ReadOptions, ReviewCorpus, Split, found_line,
    hash_source, locate, read,
};
use recurrent_models::{NetworkConfig, NetworkKind, summary};
use recurrent_training::{EpochRecord, FitConfig, encode, fit, write_json};
use recurrent_vectorizer::{FixedWidth, Vectorize, VectorizerParams};
use serde::Serialize;

use crate::backend::Backend;
use crate::error::CliError;
use crate::model::{self, ModelConfig};
use crate::progress::Display;
use crate::{doctor, print};

/// Tokens of the notebook's vocabulary, padding and `[UNK]` included.
const MAX_TOKENS: usize = 1000;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// imdb, or the path of an archive or folder.
    #[arg(long, default_value = "imdb")]
    dataset: DatasetChoice,
    /// Where archives are looked for.
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
    /// Determines initial weights, the order of reviews, and the review that is shown.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Where results go.
    #[arg(long, default_value = "target/reproduce")]
    out: PathBuf,
    /// Go on from the checkpoints in OUT.
    #[arg(long)]
    resume: bool,
}

/// What `run.json` holds.
#[derive(Serialize)]
struct Run {
    recurrent: &'static str,
    burn: &'static str,
    backend: &'static str,
    threads: usize,
    cpu: String,
    seed: u64,
    epochs: usize,
    dataset: String,
    dataset_sha256: String,
}

/// A line of the final table.
struct Row {
    network: NetworkKind,
    parameters: usize,
    last: EpochRecord,
    seconds: f64,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), CliError> {
    let (backend, device) = arguments.backend.open();
    let environment = std::env::var_os(ENVIRONMENT).map(Into::into);
    let dataset = locate(&arguments.dataset, &arguments.datasets, environment)?;
    std::fs::create_dir_all(&arguments.out).map_err(CliError::io(&arguments.out))?;
    let corpus = read(&dataset.path, &ReadOptions::default())?;
    for split in Split::ALL {
        print(&found_line(corpus.texts(split).len(), corpus.classes()))?;
    }
    show_one(&corpus, arguments.seed)?;
    write_json(
        &arguments.out.join("run.json"),
        &Run {
            recurrent: env!("CARGO_PKG_VERSION"),
            burn: "0.22.1",
            backend,
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            cpu: doctor::cpu(),
            seed: arguments.seed,
            epochs: arguments.epochs,
            dataset: dataset.name.clone(),
            dataset_sha256: hash_source(&dataset.path)?,
        },
    )?;

    let vectorizer = fit_vectorizer(&corpus)?;
    let rows = train_all(arguments, &dataset, &corpus, &vectorizer, &device)?;
    print(&table(&rows))
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

fn fit_vectorizer(corpus: &ReviewCorpus) -> Result<FixedWidth, CliError> {
    let start = Instant::now();
    let time = NetworkConfig::notebook(NetworkKind::Lstm).time;
    let params = VectorizerParams::new()
        .max_tokens(MAX_TOKENS)
        .output_sequence_length(time)
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
    for &kind in &arguments.networks {
        let start = Instant::now();
        let config = NetworkConfig::notebook(kind);
        print(&format!("\n{}", summary(&config)))?;
        let folder = arguments.out.join(kind.name());
        std::fs::create_dir_all(&folder).map_err(CliError::io(&folder))?;
        let network = config.init(arguments.seed, &device.clone().autodiff());
        let fit_config = FitConfig {
            epochs: arguments.epochs,
            checkpoint: Some(folder.join("checkpoint.safetensors")),
            resume: arguments.resume,
            ..FitConfig::notebook(kind.name(), arguments.seed)
        };
        let (network, records) = fit(network, &train, &test, &fit_config, &mut Display::new())?;
        let model = ModelConfig {
            network: config,
            max_tokens: MAX_TOKENS,
            classes: corpus.classes().to_vec(),
            dataset: dataset.name.clone(),
        };
        model::save(&folder, &model, &network, vectorizer.vectorizer())?;
        if let Some(last) = records.last() {
            rows.push(Row {
                network: kind,
                parameters: burn::module::Module::num_params(&network),
                last: last.clone(),
                seconds: start.elapsed().as_secs_f64(),
            });
        }
        history.extend(records);
        write_json(&arguments.out.join("history.json"), &history)?;
    }
    Ok(rows)
}

fn table(rows: &[Row]) -> String {
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
    lines.join("\n")
}
