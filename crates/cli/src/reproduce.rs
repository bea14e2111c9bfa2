//! `recurrent reproduce`: the notebook, in its order.

use std::path::{Path, PathBuf};
use std::time::Instant;

use burn::module::Module as _;
use burn::tensor::Device;
use clap::value_parser;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use recurrent::evaluation::{Example, evaluate};
use recurrent::{Model, ModelConfig, Provenance, sha256, without_addresses};
use recurrent_data::{
    Cleanup, Corpus, Dataset, DatasetChoice, Extracted, ReviewCorpus, Split, found_line,
    hash_source_with, index, read,
};
use recurrent_files::{FileError, FolderLock};
use recurrent_models::{Network, NetworkConfig, NetworkKind, Preset, summary};
use recurrent_runs::{EpochRecord, Evaluation, RunInfo};
use recurrent_training::{
    EVALUATION_BATCH, Encoded, FitConfig, Loss, NoopObserver, RunSettings, check_resume, encode,
    fit, probabilities, write_json,
};
use recurrent_vectorizer::{FixedWidth, Vectorize, VectorizerParams};

use crate::backend::Backend;
use crate::dashboard::Dashboard;
use crate::dataset::{ReadArguments, SAMPLE_NOTE, banner, find, note_passed_over};
use crate::error::CliError;
use crate::interrupt::OnStop;
use crate::progress::Display;
use crate::terminal::{printable, some_of};
use crate::{interrupt, print, report, run, say};

/// What a network's training goes on from, in its folder.
const CHECKPOINT: &str = "checkpoint.safetensors";

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// auto (the reviews, else the sample), imdb, sample, or the path of an archive or folder.
    #[arg(long, default_value = "auto")]
    dataset: DatasetChoice,
    /// Directory for downloaded archives.
    #[arg(
        long,
        alias = "datasets",
        default_value = "datasets",
        value_name = "DIR"
    )]
    data_dir: PathBuf,
    /// Compute backend.
    #[arg(long, default_value = "auto")]
    backend: Backend,
    /// Networks to train, in this order: dense, or a cell (`simple_rnn`, lstm, gru) with `stacked_` or `bi` before it or
    /// `_masked` behind.
    #[arg(long, value_delimiter = ',', default_value = "dense,simple_rnn,lstm")]
    networks: Vec<NetworkKind>,
    /// Number of passes over the training data.
    #[arg(long, default_value_t = 10)]
    epochs: usize,
    /// Maximum size of the vocabulary, with padding and `[UNK]`.
    #[arg(long, default_value_t = 1000, value_parser = value_parser!(u32).range(2..=1_000_000))]
    max_tokens: u32,
    /// Number of tokens to read of each review.
    #[arg(long, default_value_t = 100, value_parser = value_parser!(u32).range(1..=10_000))]
    length: u32,
    /// Seed of the initial weights, the order of reviews, and the review that is shown.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Directory for models, history and report.
    #[arg(long, default_value = "target/reproduce", value_name = "DIR")]
    out: PathBuf,
    /// Unpack the archive into a folder imdb beside it and remove that at the end, as the notebook does.
    #[arg(long)]
    extract: bool,
    /// Resume from the checkpoints in OUT.
    #[arg(long)]
    resume: bool,
    /// Show live training curves (ignored if output is not a terminal).
    #[arg(long)]
    dashboard: bool,
    /// Print neither progress nor tables.
    #[arg(long, short, conflicts_with = "dashboard")]
    quiet: bool,
    #[command(flatten)]
    reading: ReadArguments,
}

impl Arguments {
    /// Prints, unless that is not wanted.
    fn show(&self, text: &str) -> Result<(), CliError> {
        match self.quiet {
            true => Ok(()),
            false => print(text),
        }
    }
}

/// A line of the final table.
struct Row {
    network: NetworkKind,
    parameters: usize,
    last: EpochRecord,
    seconds: f64,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), CliError> {
    check_networks(&arguments.networks)?;
    interrupt::install(format!(
        "finished epochs are kept in {}; resume with the same command and --resume",
        arguments.out.display()
    ));
    let (backend, device) = arguments.backend.open()?;
    let dataset = find(&arguments.dataset, &arguments.data_dir, arguments.quiet)?;
    if arguments.out.join("config.json").exists() {
        return Err(CliError::FolderTaken {
            path: arguments.out.clone(),
            what: "a model",
        });
    }
    std::fs::create_dir_all(&arguments.out).map_err(FileError::write(&arguments.out))?;
    let _alone = FolderLock::acquire(&arguments.out)?;
    let (corpus, unpacked) = load(arguments, &dataset)?;
    check_classes(&dataset, corpus.classes())?;
    for split in Split::ALL {
        arguments.show(&found_line(corpus.texts(split).len(), corpus.classes()))?;
    }
    if let Some(review) = one(&corpus, arguments.seed) {
        arguments.show(&review)?;
    }
    let vectorizer = fit_vectorizer(arguments, &corpus)?;
    let info = RunInfo {
        backend: backend.to_owned(),
        seed: arguments.seed,
        epochs: arguments.epochs,
        max_tokens: arguments.max_tokens as usize,
        length: arguments.length as usize,
        dataset: dataset.name.clone(),
        dataset_sha256: hash_source_with(&dataset.path, &arguments.reading.options())?,
        vectorizer_sha256: sha256(&vectorizer.vectorizer().to_bytes()?),
        sample: dataset.sample,
        networks: arguments.networks.iter().map(|kind| kind.name()).collect(),
        note: note(&dataset),
        ..run::here()
    };
    let run = Run {
        arguments,
        train: encode(&corpus, Split::Train, &vectorizer, &device)?,
        test: encode(&corpus, Split::Test, &vectorizer, &device)?,
        info,
        corpus,
        vectorizer,
        device,
    };
    run.begin()?;
    let (rows, unprinted) = run.train_all()?;
    let printed = arguments.show(&table(&rows, dataset.sample));
    if !rows.is_empty() {
        let folders = std::slice::from_ref(&arguments.out);
        arguments.show(&report::write(folders, &arguments.out)?)?;
        next(arguments, &rows)?;
    }
    if let Some(unpacked) = unpacked {
        unpacked.remove()?;
    }
    match unprinted {
        Some(error) => Err(error),
        None => printed,
    }
}

/// What to type next.
fn next(arguments: &Arguments, rows: &[Row]) -> Result<(), CliError> {
    let out = printable(&arguments.out.display().to_string()).into_owned();
    let last = rows.last().map_or(String::new(), |row| row.network.name());
    arguments.show(&format!(
        "\nNext:\n  recurrent serve {out}                  watch the networks read, on a local page\n  \
         recurrent predict {out}/{last} \"some text\"   classify a text\n  \
         recurrent train imdb --recipe fast --out target/fast   a better classifier of the same reviews, in a minute"
    ))
}

/// No network twice: the second would train into the folder of the first.
fn check_networks(networks: &[NetworkKind]) -> Result<(), CliError> {
    for (place, network) in networks.iter().enumerate() {
        if networks[..place].contains(network) {
            return Err(CliError::NetworkTwice {
                network: network.name(),
            });
        }
    }
    Ok(())
}

/// Two classes: before anything is trained, and by their names.
fn check_classes(dataset: &Dataset, classes: &[String]) -> Result<(), CliError> {
    if classes.len() == 2 {
        return Ok(());
    }
    Err(CliError::Classes {
        path: dataset.path.clone(),
        count: classes.len(),
        classes: some_of(classes),
    })
}

/// What was unpacked, and is removed at the end or when the program is interrupted.
struct Unpacked {
    extracted: Extracted,
    on_stop: OnStop,
}

impl Unpacked {
    fn remove(self) -> Result<(), CliError> {
        let Self { extracted, on_stop } = self;
        extracted.remove()?;
        drop(on_stop);
        Ok(())
    }
}

/// The reviews in memory, and what was unpacked for them.
fn load(
    arguments: &Arguments,
    dataset: &Dataset,
) -> Result<(ReviewCorpus, Option<Unpacked>), CliError> {
    let options = arguments.reading.options();
    let target = arguments.data_dir.join("imdb");
    if !arguments.extract {
        Extracted::sweep(&target);
        let corpus = read(&dataset.path, &options)?;
        note_passed_over(corpus.passed_over());
        return Ok((corpus, None));
    }
    let cleanup = Cleanup::new();
    let removed = cleanup.clone();
    let on_stop = interrupt::on_stop(move || {
        if let Err(error) = removed.remove_now() {
            say(&format!("note: {error}"));
        }
    });
    let extracted = Extracted::unpack_tracked(&dataset.path, &target, &options, &cleanup)?;
    note_passed_over(extracted.passed_over());
    let corpus = index(extracted.path(), &options)?;
    Ok((corpus, Some(Unpacked { extracted, on_stop })))
}

/// A random review of the training split with its label, without the e-mail addresses that some reviewers give.
fn one(corpus: &ReviewCorpus, seed: u64) -> Option<String> {
    let reviews = corpus.reviews(Split::Train);
    if reviews.is_empty() {
        return None;
    }
    let review = &reviews[ChaCha8Rng::seed_from_u64(seed).random_range(0..reviews.len())];
    let text = without_addresses(&review.text);
    let lines: Vec<_> = text.lines().map(printable).collect();
    Some(format!(
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
    arguments.show(&format!(
        "Vocabulary of {} tokens in {:.2} s",
        vectorizer.vocabulary_size(),
        start.elapsed().as_secs_f64()
    ))?;
    Ok(vectorizer)
}

/// Everything that training needs.
struct Run<'a> {
    arguments: &'a Arguments,
    info: RunInfo,
    corpus: ReviewCorpus,
    vectorizer: FixedWidth,
    train: Encoded,
    test: Encoded,
    device: Device,
}

impl Run<'_> {
    fn folder(&self, kind: NetworkKind) -> PathBuf {
        self.arguments.out.join(kind.name())
    }

    fn network_config(&self, kind: NetworkKind) -> NetworkConfig {
        let preset = Preset {
            // One row more than there are ids, as in the notebook.
            embeddings: self.info.max_tokens + 1,
            time: self.info.length,
            ..Preset::notebook(kind)
        };
        preset.config()
    }

    fn fit_config(&self, kind: NetworkKind) -> FitConfig {
        FitConfig {
            epochs: self.info.epochs,
            checkpoint: Some(self.folder(kind).join(CHECKPOINT)),
            resume: self.arguments.resume,
            settings: RunSettings {
                dataset: self.info.dataset.clone(),
                dataset_sha256: self.info.dataset_sha256.clone(),
                max_tokens: Some(self.info.max_tokens),
                vectorizer_sha256: self.info.vectorizer_sha256.clone(),
                shapes: Some(self.network_config(kind)),
                backend: self.info.backend.clone(),
            },
            ..FitConfig::notebook(&kind.name(), self.info.seed)
        }
    }

    /// Sees, before anything is changed, whether every network can go on; then puts this run's files in the place of
    /// an older one's, so that no description stands beside another's results. Models stay until they are replaced:
    /// each says itself what it is of.
    fn begin(&self) -> Result<(), CliError> {
        let out = &self.arguments.out;
        let mut done = 0;
        for kind in &self.arguments.networks {
            done += check_resume(&self.train, &self.test, &self.fit_config(*kind))
                .map_err(CliError::resume)?;
        }
        if self.arguments.resume && done == 0 {
            say(&format!(
                "note: there is no checkpoint in {} to resume from; training starts from the beginning",
                out.display()
            ));
        }
        if !self.arguments.resume {
            for kind in &self.arguments.networks {
                remove(&self.folder(*kind).join(CHECKPOINT))?;
            }
        }
        remove(&out.join(recurrent_report::PAGE))?;
        write_json(&out.join("history.json"), &Vec::<EpochRecord>::new())?;
        Ok(write_json(&out.join("run.json"), &self.info)?)
    }

    /// Trains, saves and evaluates all networks; and what of it could not be printed.
    fn train_all(&self) -> Result<(Vec<Row>, Option<CliError>), CliError> {
        let mut history: Vec<EpochRecord> = Vec::new();
        let (mut rows, mut unprinted) = (Vec::new(), None);
        let mut drawn = self.arguments.dashboard;
        for &kind in &self.arguments.networks {
            let start = Instant::now();
            let config = self.network_config(kind);
            let printed = self.arguments.show(&format!("\n{}", summary(&config)));
            unprinted = unprinted.or(printed.err());
            let folder = self.folder(kind);
            std::fs::create_dir_all(&folder).map_err(FileError::write(&folder))?;
            let network = config.init(self.info.seed, &self.device.clone().autodiff());
            let fit_config = self.fit_config(kind);
            let (train, test) = (&self.train, &self.test);
            let trained = match dashboard(&mut drawn, &history) {
                Some(mut dashboard) => fit(network, train, test, &fit_config, &mut dashboard),
                None if self.arguments.quiet => {
                    fit(network, train, test, &fit_config, &mut NoopObserver)
                }
                None => {
                    let mut display = Display::new();
                    let trained = fit(network, train, test, &fit_config, &mut display);
                    unprinted = unprinted.or(display.failure());
                    trained
                }
            };
            let (network, records) = trained.map_err(CliError::resume)?;
            let evaluation = self.save(kind, config, network)?;
            if let Some(last) = records.last() {
                rows.push(Row {
                    network: kind,
                    parameters: evaluation.parameters,
                    last: last.clone(),
                    seconds: start.elapsed().as_secs_f64(),
                });
            }
            history.extend(records.into_iter().map(|record| EpochRecord {
                note: self.info.note.clone(),
                ..record
            }));
            write_json(&self.arguments.out.join("history.json"), &history)?;
        }
        Ok((rows, unprinted))
    }

    /// Writes the model and what it says of the test split.
    fn save(
        &self,
        kind: NetworkKind,
        config: NetworkConfig,
        network: Network,
    ) -> Result<Evaluation, CliError> {
        let config = ModelConfig {
            network: config.into(),
            loss: Loss::BinaryCrossEntropy,
            classes: self.corpus.classes().to_vec(),
            cleaned: self.arguments.reading.options().clean,
            cut: recurrent::Cut::Beginning,
            provenance: Provenance {
                dataset: self.info.dataset.clone(),
                dataset_sha256: self.info.dataset_sha256.clone(),
                sample: self.info.sample,
                note: self.info.note.clone(),
            },
            trained: None,
        };
        let folder = self.folder(kind);
        let checksum = Model::save(&folder, &config, &network, self.vectorizer.vectorizer())?;
        let network = network.valid();
        let scores: Vec<f64> = probabilities(&network, &self.test, EVALUATION_BATCH)
            .into_iter()
            .flat_map(|second| [1.0 - second, second])
            .collect();
        let model = Model {
            config,
            body: recurrent::Body::Network {
                network,
                vectorizer: self.vectorizer.clone(),
            },
            checksum,
        };
        let examples: Vec<Example<'_>> = self
            .corpus
            .reviews(Split::Test)
            .iter()
            .map(|review| Example {
                path: review.path.clone(),
                text: &review.text,
                label: review.label,
            })
            .collect();
        let evaluation = evaluate(&model, &examples, &scores, "test", &self.info, &self.device);
        write_json(&folder.join("evaluation.json"), &evaluation)?;
        Ok(evaluation)
    }
}

/// Removes a file that may be there.
fn remove(path: &Path) -> Result<(), FileError> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(FileError::remove(path)(error))
        }
        _ => Ok(()),
    }
}

/// A picture for each network, so that what is printed between them stays in order. Where there can be
/// none, that is said, once.
fn dashboard(wanted: &mut bool, earlier: &[EpochRecord]) -> Option<Dashboard> {
    let dashboard = wanted.then(|| Dashboard::open(earlier))?;
    if dashboard.is_none() {
        *wanted = false;
        say("note: a dashboard needs a terminal that can be drawn on; lines instead");
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
