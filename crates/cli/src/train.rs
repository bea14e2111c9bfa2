//! `recurrent train`: a classifier of your own texts.

mod shown;

use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::value_parser;
use recurrent::evaluation::Example;
use recurrent::metrics::Predictions;
use recurrent::runs::RunInfo;
use recurrent::{
    Checkpoint, ClassWeight, ClassifierError, NB_LINEAR, NetworkKind, Observer as _, Part,
    Provenance, Recipe, TextClassifier, TextCorpus, TrainConfig,
};
use recurrent_data::{Dataset, DatasetChoice};
use recurrent_files::{FileError, FolderLock};
use recurrent_training::write_json;

use crate::dataset::{ReadArguments, SAMPLE_NOTE, find, note_passed_over};
use crate::error::CliError;
use crate::progress::Display;
use crate::tables::{self, TableArguments};
use crate::terminal::{printable, shortened};
use crate::{evaluate, print, report, run as this_run, say, texts};
use shown::Shown;

/// What a training left that was here before, and says nothing of the new one.
const OUTDATED: [&str; 5] = [
    "test.json",
    "evaluation.json",
    "history.json",
    "run.json",
    recurrent_report::PAGE,
];

/// The largest share that one class may have before its weight is spoken of.
const UNBALANCED: f64 = 3.0;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// CSV, TSV, JSON lines or Parquet, compressed or not, or a folder with one folder of texts per class. Several are
    /// read in order. `imdb` is the reviews of the notebook, `sample` the bundled sample; an archive in the form of
    /// theirs (zip, tar.gz) is read, too.
    #[arg(required = true)]
    input: Vec<PathBuf>,
    /// Directory for the model and its report.
    #[arg(long, alias = "output", value_name = "DIR")]
    out: PathBuf,
    /// Directory for downloaded archives.
    #[arg(
        long,
        alias = "datasets",
        default_value = "datasets",
        value_name = "DIR"
    )]
    data_dir: PathBuf,
    #[command(flatten)]
    table: TableArguments,
    /// The column that says whether a row is for train, validation or test.
    #[arg(long)]
    split: Option<String>,
    /// Files to test on, in the same form [default: the test texts of the input, or a share of it].
    #[arg(long)]
    test: Vec<PathBuf>,
    /// Files to choose the best epoch by [default: a share of the training texts].
    #[arg(long)]
    validation: Vec<PathBuf>,
    /// Share of the input that is held out for testing where it has no test texts; 0 for no test.
    #[arg(long, default_value_t = 0.1)]
    test_share: f64,
    /// Leave the test texts alone, those that are held out included: to choose between configurations by the validation
    /// texts.
    #[arg(long)]
    no_test: bool,
    /// Share of the training texts that is held out for validation where there are no validation texts.
    #[arg(long)]
    validation_share: Option<f64>,
    /// A configuration by its name. standard: a bidirectional network over 400 words of a text; fast: one that reads
    /// forwards, over 200; best: the best single network that is known to us, for some minutes; nb_linear: no network, but
    /// logistic regression over n-grams, in seconds. (notebook, thousand and plain are rungs of docs/quality.md.)
    #[arg(long, default_value = "standard", value_parser = recipe, conflicts_with_all = ["config", "network"])]
    recipe: Recipe,
    /// A configuration: JSON as `recurrent inspect --config` prints it. Other options override it.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// A network by its name, such as `bilstm_masked`, instead of the default's layers; or `nb_linear`: logistic regression
    /// over words, pairs and triples, in seconds, which most networks are worse than where texts are long and few.
    #[arg(long, conflicts_with = "config")]
    network: Option<Kind>,
    /// Maximum number of passes over the training data.
    #[arg(long, value_parser = value_parser!(u32).range(1..))]
    epochs: Option<u32>,
    /// Texts per step.
    #[arg(long, value_parser = value_parser!(u32).range(1..))]
    batch_size: Option<u32>,
    /// Adam's learning rate.
    #[arg(long)]
    learning_rate: Option<f32>,
    /// Maximum size of the vocabulary.
    #[arg(long, value_parser = value_parser!(u32).range(3..=1_000_000))]
    max_tokens: Option<u32>,
    /// Tokens read of each text.
    #[arg(long, value_parser = value_parser!(u32).range(1..=10_000))]
    length: Option<u32>,
    /// Determines the splits, initial weights, the order of texts and dropout.
    #[arg(long)]
    seed: Option<u64>,
    /// Determines the splits in place of --seed, so that several seeds are judged by the same texts (some recipes have 0).
    #[arg(long)]
    split_seed: Option<u64>,
    /// none, or balanced: every class counts the same, however few its texts.
    #[arg(long, value_parser = class_weight)]
    class_weight: Option<ClassWeight>,
    /// Stop after this many epochs without improvement.
    #[arg(long, value_parser = value_parser!(u32).range(1..))]
    patience: Option<u32>,
    /// Resume from the checkpoint in OUT.
    #[arg(long)]
    resume: bool,
    /// Print neither progress nor tables.
    #[arg(long, short)]
    quiet: bool,
    #[command(flatten)]
    reading: ReadArguments,
}

/// What `--network` names.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Network(NetworkKind),
    NbLinear,
}

impl FromStr for Kind {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        if name == NB_LINEAR {
            return Ok(Self::NbLinear);
        }
        let network = name.parse::<NetworkKind>();
        network
            .map(Self::Network)
            .map_err(|error| format!("{error}; or {NB_LINEAR}, which is none"))
    }
}

fn recipe(name: &str) -> Result<Recipe, String> {
    Recipe::named(name).ok_or_else(|| {
        let each = Recipe::ALL.map(|recipe| format!("{} ({})", recipe.name, recipe.about));
        format!("the recipes are {}", each.join(", "))
    })
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
            (None, Some(Kind::Network(network))) => TrainConfig::of_network(network),
            (None, Some(Kind::NbLinear)) => TrainConfig::nb_linear(),
            (None, None) => self.recipe.config()?,
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
        if let Some(seed) = self.split_seed {
            config.split_seed = Some(seed);
        }
        if let Some(weight) = &self.class_weight {
            config.class_weight = weight.clone();
        }
        if let Some(patience) = self.patience {
            config.patience = Some(patience as usize);
        }
        Ok(config)
    }

    /// All texts, with test and validation texts of their own; the data set that they are, if it is a known one; and the
    /// hash of the texts before the seed split them.
    fn corpus(
        &self,
        config: &TrainConfig,
    ) -> Result<(TextCorpus, Option<Dataset>, String), CliError> {
        let (mut corpus, dataset) = match self.archive() {
            Some(choice) => {
                self.check_archive_options()?;
                let dataset = find(&choice, &self.data_dir, self.quiet)?;
                let reviews = dataset.read(&self.reading.options())?;
                note_passed_over(reviews.passed_over());
                (TextCorpus::try_from(reviews)?, Some(dataset))
            }
            None => (self.tables()?, None),
        };
        let whole = corpus.sha256().to_owned();
        let seed = config.split_seed.unwrap_or(config.seed);
        if corpus.test().is_empty() && self.test_share != 0.0 {
            corpus.split_test(self.test_share, seed)?;
        }
        if self.no_test {
            corpus = corpus.without(Part::Test);
        }
        if corpus.validation().is_empty() {
            corpus.split_validation(config.validation, seed)?;
        }
        Ok((corpus, dataset, whole))
    }

    /// What only a network has is not passed over in silence where there is none.
    fn check_linear(&self, config: &TrainConfig) -> Result<(), CliError> {
        let given = [
            ("--length", self.length.is_some()),
            ("--batch-size", self.batch_size.is_some()),
            ("--learning-rate", self.learning_rate.is_some()),
            ("--resume", self.resume),
        ];
        match given.into_iter().find(|(_, given)| *given) {
            Some((option, _)) if config.linear.is_some() => Err(CliError::LinearOption { option }),
            _ => Ok(()),
        }
    }

    /// An archive has its own splits and labels: what is said of those of tables would be ignored.
    fn check_archive_options(&self) -> Result<(), CliError> {
        let given = [
            ("--test", !self.test.is_empty()),
            ("--validation", !self.validation.is_empty()),
            ("--split", self.split.is_some()),
            ("--text", self.table.names_text()),
            ("--label", self.table.names_label()),
        ];
        match given.into_iter().find(|(_, given)| *given) {
            Some((option, _)) => Err(CliError::ArchiveOption { option }),
            None => Ok(()),
        }
    }

    /// The data set that the input names, unless it is files in the form of tables or folders.
    fn archive(&self) -> Option<DatasetChoice> {
        let [input] = self.input.as_slice() else {
            return None;
        };
        let name = input.to_str()?;
        let is_word = ["imdb", "sample", "auto"].contains(&name) && !input.exists();
        let is_archive = [".zip", ".tar.gz", ".tgz", ".tar"]
            .iter()
            .any(|end| name.to_ascii_lowercase().ends_with(end));
        (is_word || is_archive).then(|| match name.parse() {
            Ok(choice) => choice,
            Err(never) => match never {},
        })
    }

    fn tables(&self) -> Result<TextCorpus, CliError> {
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
        let (corpus, _) = tables::read(&given, &options)?;
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
    arguments.check_linear(&config)?;
    let (corpus, dataset, whole) = arguments.corpus(&config)?;
    let show = |text: &str| match arguments.quiet {
        true => Ok(()),
        false => print(text),
    };
    show(&described(&corpus, &config))?;
    let out = &arguments.out;
    if out.join("run.json").exists() && !out.join("config.json").exists() {
        return Err(CliError::FolderTaken {
            path: out.clone(),
            what: "a run of `recurrent reproduce`",
        });
    }
    std::fs::create_dir_all(out).map_err(FileError::write(out))?;
    let alone = FolderLock::acquire(out)?;
    let checkpoint = Checkpoint {
        path: out.join("checkpoint.safetensors"),
        resume: arguments.resume,
    };
    let mut display = Shown::new(arguments.quiet, config.linear.is_some());
    let trained = TextClassifier::train_from(&corpus, &config, Some(&checkpoint), &mut display);
    let stopped = display.stops();
    let failure = display.display.and_then(Display::failure);
    let mut model = trained.map_err(|error| match error {
        ClassifierError::Training(error) => CliError::resume(error),
        error => CliError::Classifier(error),
    })?;
    model = model.with_provenance(Provenance {
        dataset: corpus.name().to_owned(),
        dataset_sha256: whole,
        sample: dataset.as_ref().is_some_and(|dataset| dataset.sample),
        note: dataset
            .filter(|dataset| dataset.sample)
            .map(|_| SAMPLE_NOTE.to_owned()),
    });
    model.save_locked(&alone, out)?;
    for name in OUTDATED {
        match std::fs::remove_file(out.join(name)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(FileError::remove(&out.join(name))(error).into());
            }
            _ => {}
        }
    }
    if let Some(trained) = &model.config().trained {
        let best = trained.epoch;
        let epochs = trained.history.len();
        let which = match &config.linear {
            Some(_) => format!(
                "Trained in {epochs} steps of L-BFGS; the weights are those of step {best}."
            ),
            None => format!("The weights are those of epoch {best} of {epochs}."),
        };
        show(&format!(
            "\n{}\n\n{which}",
            model.config().network.summary()
        ))?;
    }
    // As everybody else will have it.
    let model = TextClassifier::load(out)?;
    let measured = measure(&model, &corpus, &config, out)?;
    show(&measured)?;
    if arguments.quiet {
        recurrent_report::write_page(&[recurrent_report::Run::load(out)?], out)?;
    } else {
        report::write_page_and_say(out)?;
    }
    let folder = printable(&out.display().to_string()).into_owned();
    if stopped && config.linear.is_none() {
        say("stopped; run the same command with --resume to train on");
    }
    show(&format!(
        "\nThe model is in {folder}. Next:\n  recurrent predict {folder} \"some text\"\n  recurrent serve {folder}"
    ))?;
    failure.map_or(Ok(()), Err)
}

/// Writes down what the model predicts for the test texts, or for those held out for validation where there are none;
/// and the measures of it, for a terminal.
fn measure(
    model: &TextClassifier,
    corpus: &TextCorpus,
    config: &TrainConfig,
    out: &Path,
) -> Result<String, CliError> {
    let part = match corpus.test().is_empty() {
        true => Part::Validation,
        false => Part::Test,
    };
    let texts: Vec<&str> = corpus.part(part).iter().map(|text| text.text).collect();
    let scores = model.scores(&texts)?;
    let labels: Vec<usize> = corpus.part(part).iter().map(|text| text.label).collect();
    let singles: Vec<f32> = scores.as_slice().iter().map(|p| *p as f32).collect();
    let measures = Predictions::new(model.classes().len(), &labels, &singles)
        .map_err(ClassifierError::from)?
        .report();
    if part == Part::Test {
        write_json(&out.join("test.json"), &measures)?;
    }
    let info = info(model, config)?;
    let examples: Vec<Example<'_>> = texts
        .iter()
        .zip(&labels)
        .enumerate()
        .map(|(place, (text, label))| Example {
            path: format!("{part} text {}", place + 1),
            text,
            label: *label,
        })
        .collect();
    let evaluation = model.evaluation(&examples, &scores, part.name(), &info);
    write_json(&out.join("evaluation.json"), &evaluation)?;
    let trained = model.config().trained.as_ref();
    let history = trained.map_or(&[][..], |trained| &trained.history);
    write_json(&out.join("history.json"), &history)?;
    write_json(&out.join("run.json"), &info)?;
    Ok(format!(
        "\n{}",
        evaluate::table(part.name(), model.classes(), &measures)
    ))
}

/// How the model was made, for its report.
fn info(model: &TextClassifier, config: &TrainConfig) -> Result<RunInfo, CliError> {
    let provenance = &model.config().provenance;
    let settings = texts::json(&TrainConfig {
        seed: 0,
        ..config.clone()
    })?;
    Ok(RunInfo {
        backend: "flex".to_owned(),
        seed: config.seed,
        held_out: Part::Validation.name().to_owned(),
        epochs: config.epochs,
        max_tokens: config.max_tokens,
        // A linear model reads all.
        length: if config.linear.is_some() {
            0
        } else {
            config.length
        },
        dataset: provenance.dataset.clone(),
        dataset_sha256: provenance.dataset_sha256.clone(),
        sample: provenance.sample,
        config_sha256: recurrent::sha256(settings.as_bytes()),
        networks: vec![config.name.clone()],
        note: provenance.note.clone(),
        ..this_run::here()
    })
}

/// What there is to learn from, and what to keep in mind about it.
fn described(corpus: &TextCorpus, config: &TrainConfig) -> String {
    let counts = |part: Part| corpus.counts(part);
    let all = Part::ALL.map(counts);
    let names = corpus.classes().iter();
    let width = names.map(|class| shortened(class).chars().count());
    let width = width.max().unwrap_or(0).max(22) + 2;
    let mut lines = vec![format!(
        "{:<width$}{:>10}{:>12}{:>10}",
        "class", "train", "validation", "test"
    )];
    for (label, class) in corpus.classes().iter().enumerate() {
        let [train, validation, test] = [0, 1, 2].map(|part: usize| all[part][label]);
        lines.push(format!(
            "{:<width$}{train:>10}{validation:>12}{test:>10}",
            shortened(class)
        ));
    }
    let train = &all[0];
    let most = train.iter().copied().max().unwrap_or(0);
    let least = train.iter().copied().min().unwrap_or(0);
    let lopsided = most as f64 > UNBALANCED * least as f64;
    if lopsided && config.class_weight == ClassWeight::None {
        say(&format!(
            "note: the largest class has {most} texts, the smallest {least}; with --class-weight balanced every class \
             counts the same"
        ));
    }
    lines.join("\n")
}
