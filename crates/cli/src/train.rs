//! `recurrent train`: a classifier of one's own texts.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::value_parser;
use recurrent::{
    Checkpoint, ClassWeight, ClassifierError, EpochRecord, NetworkKind, Observer, Part, Progress,
    TextClassifier, TextCorpus, TrainConfig,
};
use recurrent_files::FileError;
use recurrent_models::summary;
use recurrent_training::write_json;

use crate::error::CliError;
use crate::progress::Display;
use crate::tables::{self, TableArguments};
use crate::terminal::printable;
use crate::{evaluate, interrupt, print, say};

/// The largest share that one class may have before its weight is spoken of.
const UNBALANCED: f64 = 3.0;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// CSV, TSV, JSON lines or Parquet, compressed or not, or a folder with a folder of texts for each class. Several
    /// are read one behind another.
    #[arg(required = true)]
    input: Vec<PathBuf>,
    /// Where the model goes.
    #[arg(long, alias = "output")]
    out: PathBuf,
    #[command(flatten)]
    table: TableArguments,
    /// The column that says of each row whether it is for train, validation or test.
    #[arg(long)]
    split: Option<String>,
    /// Files to test on, in the same form. Without, and without test texts in the input, a share of the input is kept.
    #[arg(long)]
    test: Vec<PathBuf>,
    /// Files to choose the best epoch by. Without, a share of the training texts is kept.
    #[arg(long)]
    validation: Vec<PathBuf>,
    /// The share of the input that is kept for testing where there are no test texts; 0 tests nothing.
    #[arg(long, default_value_t = 0.1)]
    test_share: f64,
    /// The share of the training texts that is kept for validation where there are no validation texts.
    #[arg(long)]
    validation_share: Option<f64>,
    /// A configuration: JSON as `recurrent inspect --config` prints it. Options beside it take precedence.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// A network by its name, such as `bilstm_masked`, instead of the default's layers.
    #[arg(long, conflicts_with = "config")]
    network: Option<NetworkKind>,
    /// The most epochs.
    #[arg(long, value_parser = value_parser!(u32).range(1..))]
    epochs: Option<u32>,
    /// Texts a step.
    #[arg(long, value_parser = value_parser!(u32).range(1..))]
    batch_size: Option<u32>,
    /// Adam's step size.
    #[arg(long)]
    learning_rate: Option<f32>,
    /// The most tokens of the vocabulary.
    #[arg(long, value_parser = value_parser!(u32).range(3..=1_000_000))]
    max_tokens: Option<u32>,
    /// Tokens read of each text.
    #[arg(long, value_parser = value_parser!(u32).range(1..=10_000))]
    length: Option<u32>,
    /// Determines the splits, initial weights, the order of texts and dropout.
    #[arg(long)]
    seed: Option<u64>,
    /// `balanced` lets every class count as much as any other, however few its texts are.
    #[arg(long, value_parser = class_weight)]
    class_weight: Option<ClassWeight>,
    /// Epochs without a better one after which the training ends.
    #[arg(long, value_parser = value_parser!(u32).range(1..))]
    patience: Option<u32>,
    /// Go on from the checkpoint that an interrupted training left in the folder.
    #[arg(long)]
    resume: bool,
}

fn class_weight(name: &str) -> Result<ClassWeight, String> {
    match name {
        "balanced" => Ok(ClassWeight::Balanced),
        "none" => Ok(ClassWeight::None),
        _ => Err("the weights are balanced or none".to_owned()),
    }
}

impl Arguments {
    fn config(&self) -> Result<TrainConfig, CliError> {
        let mut config = match (&self.config, self.network) {
            (Some(path), _) => read_config(path)?,
            (None, Some(network)) => TrainConfig::of_network(network),
            (None, None) => TrainConfig::default(),
        };
        let size = |given: Option<u32>, own: &mut usize| {
            if let Some(given) = given {
                *own = given as usize;
            }
        };
        size(self.epochs, &mut config.epochs);
        size(self.batch_size, &mut config.batch_size);
        size(self.max_tokens, &mut config.max_tokens);
        size(self.length, &mut config.length);
        if let Some(share) = self.validation_share {
            config.validation = share;
        }
        if let Some(rate) = self.learning_rate {
            config.adam.learning_rate = rate;
        }
        if let Some(seed) = self.seed {
            config.seed = seed;
        }
        if let Some(weight) = &self.class_weight {
            config.class_weight = weight.clone();
        }
        if let Some(patience) = self.patience {
            config.patience = Some(patience as usize);
        }
        Ok(config)
    }

    /// All texts, with test and validation texts of their own.
    fn corpus(&self, config: &TrainConfig) -> Result<TextCorpus, CliError> {
        let parts = [
            (Part::Train, self.input.as_slice()),
            (Part::Validation, &self.validation),
            (Part::Test, &self.test),
        ];
        let given: Vec<(Part, &[PathBuf])> = parts
            .into_iter()
            .filter(|(_, files)| !files.is_empty())
            .collect();
        let options = self.table.options(None, self.split.clone());
        let (mut corpus, _) = tables::read(&given, &options)?;
        if corpus.test().is_empty() && self.test_share != 0.0 {
            corpus.split_test(self.test_share, config.seed)?;
        }
        if corpus.validation().is_empty() {
            corpus.split_validation(config.validation, config.seed)?;
        }
        let name = self.input.first().and_then(|path| path.file_name());
        let name = name.map_or("texts".into(), |name| name.to_string_lossy());
        Ok(corpus.named(name))
    }
}

fn read_config(path: &Path) -> Result<TrainConfig, CliError> {
    let bytes = recurrent_files::read_at_most(path, 1 << 20)?;
    serde_json::from_slice(&bytes).map_err(|error| CliError::TrainConfig {
        path: path.to_owned(),
        reason: recurrent_files::reason(error),
    })
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), CliError> {
    let config = arguments.config()?;
    config.check()?;
    let corpus = arguments.corpus(&config)?;
    describe(&corpus, &config)?;
    let out = &arguments.out;
    std::fs::create_dir_all(out).map_err(FileError::write(out))?;
    let checkpoint = Checkpoint {
        path: out.join("checkpoint.safetensors"),
        resume: arguments.resume,
    };
    let mut display = Shown::new();
    let trained = TextClassifier::train_from(&corpus, &config, Some(&checkpoint), &mut display);
    let stopped = display.stops();
    let failure = display.display.failure();
    let model = trained.map_err(|error| match error {
        ClassifierError::Training(error) => CliError::resume(error),
        error => CliError::Classifier(error),
    })?;
    // What an older model said of its test texts is not said of this one.
    match std::fs::remove_file(out.join("test.json")) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(FileError::remove(&out.join("test.json"))(error).into());
        }
        _ => {}
    }
    model.save(out)?;
    if let Some(trained) = &model.config().trained {
        let best = trained.epoch;
        print(&format!(
            "\n{}\n\nThe weights are those of epoch {best} of {}.",
            summary(&model.config().network),
            trained.history.len()
        ))?;
    }
    let tested = match corpus.test().is_empty() {
        true => None,
        false => {
            let report = model.evaluate(corpus.test().iter())?;
            write_json(&out.join("test.json"), &report)?;
            Some(report)
        }
    };
    let (title, report) = match (&tested, &model.config().trained) {
        (Some(report), _) => ("test", Some(report)),
        (None, trained) => (
            "validation",
            trained.as_ref().map(|trained| &trained.validation),
        ),
    };
    if let Some(report) = report {
        print(&format!(
            "\n{}",
            evaluate::table(title, model.classes(), report)
        ))?;
    }
    let folder = printable(&out.display().to_string()).into_owned();
    if stopped {
        say("stopped; go on with the same command and --resume");
    }
    print(&format!(
        "\nThe model is in {folder}. Try it:\n  recurrent predict {folder} \"some text\"\n  recurrent serve {folder}"
    ))?;
    failure.map_or(Ok(()), Err)
}

/// What there is to learn from, and what to keep in mind about it.
fn describe(corpus: &TextCorpus, config: &TrainConfig) -> Result<(), CliError> {
    let counts = |part: Part| corpus.counts(part);
    let all = Part::ALL.map(counts);
    print(&format!(
        "{:<24}{:>10}{:>12}{:>10}",
        "class", "train", "validation", "test"
    ))?;
    for (label, class) in corpus.classes().iter().enumerate() {
        let [train, validation, test] = [0, 1, 2].map(|part: usize| all[part][label]);
        print(&format!(
            "{:<24}{train:>10}{validation:>12}{test:>10}",
            printable(class)
        ))?;
    }
    let train = &all[0];
    let most = train.iter().copied().max().unwrap_or(0);
    let least = train.iter().copied().min().unwrap_or(0);
    let lopsided = most as f64 > UNBALANCED * least as f64;
    if lopsided && config.class_weight == ClassWeight::None {
        say(&format!(
            "note: the largest class has {most} texts, the smallest {least}; --class-weight balanced lets each count as much \
             as any other"
        ));
    }
    Ok(())
}

/// The display, which ends the training after its epoch once Ctrl-C was pressed.
struct Shown {
    display: Display,
    stop: Arc<AtomicBool>,
}

impl Shown {
    fn new() -> Self {
        let stop = interrupt::asked(
            "ending after this epoch; once more ends at once, and --resume goes on from the epoch before",
        );
        Self {
            display: Display::of_validation(),
            stop,
        }
    }
}

impl Observer for Shown {
    fn step(&mut self, progress: Progress) {
        self.display.step(progress);
    }

    fn epoch(&mut self, epochs: usize, steps: usize, record: &EpochRecord) {
        self.display.epoch(epochs, steps, record);
    }

    fn stops(&mut self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}
