//! `recurrent vectorize fit` and `merge`: a vocabulary from texts or from counts of them, and the folder
//! that holds the vectorizer.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use recurrent::VECTORIZER_FILE;
use recurrent_files::{FileError, read_at_most, read_text_at_most};
use recurrent_vectorizer::keras::{Config, Layer};
use recurrent_vectorizer::{
    Functions, OutputMode, TextVectorizer, TokenCounts, ValidParams, VectorizerError,
};
use serde_json::Value;

use super::batches::{Batch, Batches};
use super::error::VectorizeError;
use super::files::Target;
use super::format::{BYTE_ORDER_MARK, Named};
use super::input::{self, Limits};
use super::together::{self, Folder};
use super::{pipeline, same};
use crate::error::CliError;
use crate::print;

/// The vectorizer as Keras' configuration, in the folder beside the vectorizer itself.
pub(super) const CONFIG: &str = "config.json";
/// Its terms, one a line.
pub(super) const VOCABULARY: &str = "vocabulary.txt";

/// The most bytes of a configuration, whose vocabulary may be in it.
const CONFIG_LIMIT: u64 = 1 << 28;
/// The most bytes of a vocabulary.
const VOCABULARY_LIMIT: u64 = 1 << 30;
/// The most bytes of counts.
const COUNTS_LIMIT: u64 = 1 << 33;
/// The most bytes of what is no file, and could go on for ever.
const STREAM_LIMIT: u64 = 1 << 26;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    options: Options,
    #[command(flatten)]
    input: input::InputArguments,
    #[command(flatten)]
    output: OutputArguments,
}

/// What the vectorizer is: Keras' arguments of `TextVectorization`. Those that are not given are Keras' defaults.
#[derive(clap::Args)]
struct Options {
    /// A JSON file with Keras' arguments of `TextVectorization`; the options below override it.
    #[arg(long, value_name = "CONFIG.json")]
    config: Option<PathBuf>,
    /// Maximum size of the vocabulary (`max_tokens`).
    #[arg(long, value_name = "N")]
    max_tokens: Option<u32>,
    /// Number of ids per text: longer texts are cut, shorter ones padded (`output_sequence_length`).
    #[arg(long, value_name = "N")]
    length: Option<u32>,
    /// What a text becomes (`output_mode`).
    #[arg(long, value_name = "MODE", value_parser = ["int", "multi_hot", "count", "tf_idf"])]
    mode: Option<String>,
    /// Use all sequences of up to N words as tokens (`ngrams`).
    #[arg(long, value_name = "N")]
    ngrams: Option<u32>,
}

impl Options {
    /// What errors call the options: the file, or where there is none, the command line.
    fn name(&self) -> &Path {
        self.config
            .as_deref()
            .unwrap_or_else(|| Path::new("the command line"))
    }

    /// Keras' arguments as JSON: those of the file, with the options in their place.
    fn json(&self) -> Result<String, CliError> {
        let json = match &self.config {
            Some(path) => read_text_at_most(path, bound(path, CONFIG_LIMIT))?,
            None => "{}".to_owned(),
        };
        let number = |given: Option<u32>| given.map(Value::from);
        let given = [
            ("max_tokens", number(self.max_tokens)),
            ("output_sequence_length", number(self.length)),
            ("output_mode", self.mode.clone().map(Value::from)),
            ("ngrams", number(self.ngrams)),
        ];
        if given.iter().all(|(_, value)| value.is_none()) {
            return Ok(json);
        }
        // Of the file as it is: what is wrong in it is not to be lost when it is written anew.
        Config::from_json(&json).map_err(VectorizeError::vectorizer(self.name()))?;
        let Ok(Value::Object(mut arguments)) =
            serde_json::from_str(json.trim_start_matches('\u{feff}'))
        else {
            return Ok(json);
        };
        // A layer that Keras has serialized has its arguments inside.
        let target = match arguments.get_mut("config") {
            Some(Value::Object(inner)) => inner,
            _ => &mut arguments,
        };
        for (name, value) in given {
            if let Some(value) = value {
                target.insert(name.to_owned(), value);
            }
        }
        Ok(Value::Object(arguments).to_string())
    }
}

#[derive(clap::Args)]
pub(crate) struct MergeArguments {
    /// What `fit --counts` or `merge --counts` wrote.
    #[arg(required = true, value_name = "COUNTS")]
    parts: Vec<PathBuf>,
    #[command(flatten)]
    options: Options,
    #[command(flatten)]
    output: OutputArguments,
}

/// What is wanted of the counts.
#[derive(clap::Args)]
struct OutputArguments {
    /// Directory for the vectorizer; other files in it stay.
    #[arg(
        long = "out",
        alias = "output",
        value_name = "DIR",
        required_unless_present = "counts"
    )]
    output: Option<PathBuf>,
    /// Write the counts to FILE, to be merged with others later.
    #[arg(long, value_name = "FILE")]
    counts: Option<PathBuf>,
    /// Bound memory: drop the rarest tokens where there are more than so many distinct ones.
    #[arg(long, value_name = "DISTINCT")]
    limit: Option<NonZeroUsize>,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), CliError> {
    let options = &arguments.options;
    let config = options.name();
    let read = arguments.input.input.iter().chain(&options.config);
    let Given { layer, .. } = arguments.output.check(options, read.cloned().collect())?;
    let Ok(given) = layer.vectorizer() else {
        let limit = arguments.output.limit.map(usize::from);
        let batches = arguments.input.batches(Limits::USUAL, false)?;
        let reading = batches.reading();
        let open = arguments.output.open()?;
        let threads = arguments.input.threads();
        let counts = count(layer.params(), batches, threads, limit)?;
        reading.skipped.warn();
        if arguments.input.input.is_empty() && counts.texts() == 0 {
            return Err(VectorizeError::NoInput.into());
        }
        return open.finish(config, layer, &counts);
    };
    match &arguments.output.output {
        Some(folder) if arguments.input.input.is_empty() && arguments.output.counts.is_none() => {
            let mut folder = Folder::open(folder)?;
            let said = export(&mut folder, given)?;
            folder.finish(None)?;
            print(&said)
        }
        _ => Err(VectorizeError::vectorizer(config)(
            VectorizerError::VocabularyIsGiven,
        )),
    }
}

pub(super) fn merge(arguments: &MergeArguments) -> Result<(), CliError> {
    let options = &arguments.options;
    let read = arguments.parts.iter().chain(&options.config);
    let checked = arguments.output.check(options, read.cloned().collect())?;
    let open = arguments.output.open()?;
    let mut sum: Option<TokenCounts> = None;
    for path in &arguments.parts {
        let bytes = read_at_most(path, bound(path, COUNTS_LIMIT))?;
        let part = TokenCounts::from_bytes(&bytes).map_err(VectorizeError::counts(path))?;
        // A limit that a part was counted with ended with its counting.
        let limit = arguments.output.limit.map(usize::from);
        let sum = sum.get_or_insert_with(|| limited(part.params(), limit));
        sum.merge(&part).map_err(VectorizeError::counts(path))?;
    }
    match sum {
        Some(counts) => open.finish(options.name(), checked.layer, &counts),
        None => Err(VectorizeError::NoInput.into()),
    }
}

/// How many bytes of a file are read: few of what is none, since that may have no end.
fn bound(path: &Path, limit: u64) -> u64 {
    match std::fs::metadata(path) {
        Ok(there) if there.is_file() => limit,
        _ => limit.min(STREAM_LIMIT),
    }
}

/// What the configuration gives.
struct Given {
    layer: Layer,
    /// The file of its vocabulary, if it names one.
    vocabulary: Option<PathBuf>,
}

/// Keras' layer as the options describe it; a path of a vocabulary starts from the folder of their file.
fn read_config(options: &Options) -> Result<Given, CliError> {
    let (path, json) = (options.name(), options.json()?);
    let makes = || VectorizeError::vectorizer(path);
    let functions = Functions::new();
    let config = Config::from_json(&json).map_err(makes())?;
    let params = config.params(&functions).map_err(makes())?;
    let terms = config.vocabulary.as_ref().and_then(|given| given.as_str());
    // For tf-idf there cannot be a file, and the layer says so.
    let terms = terms.filter(|_| params.output_mode() != OutputMode::TfIdf);
    let vocabulary = terms.map(|terms| super::files::parent(path).join(terms));
    let file = vocabulary.as_deref().map(read_vocabulary).transpose()?;
    let layer = Layer::from_config(&json, file.as_deref(), &functions);
    let of = vocabulary.as_deref().unwrap_or(path);
    let layer = layer.map_err(VectorizeError::vectorizer(of))?;
    Ok(Given { layer, vocabulary })
}

/// A file of terms, one a line. The special tokens with which the `vocabulary` of a trained network begins are left out,
/// since Keras does not want them in a file, and so is a byte order mark.
fn read_vocabulary(path: &Path) -> Result<Vec<u8>, FileError> {
    let mut lines = read_at_most(path, bound(path, VOCABULARY_LIMIT))?;
    for start in [BYTE_ORDER_MARK, b"\n[UNK]\n", b"\r\n[UNK]\r\n"] {
        if lines.starts_with(start) {
            lines.drain(..start.len());
        }
    }
    Ok(lines)
}

fn limited(params: &ValidParams, limit: Option<usize>) -> TokenCounts {
    let counts = TokenCounts::new(params);
    match limit {
        Some(limit) => counts.with_limit(limit),
        None => counts,
    }
}

/// Counts all texts. Without a limit each thread has counts of its own; with one, batches are counted
/// apart and merged in their order, so that what is dropped does not depend on the number of threads.
fn count(
    params: &ValidParams,
    batches: Batches,
    threads: usize,
    limit: Option<usize>,
) -> Result<TokenCounts, CliError> {
    let add = |counts: &mut TokenCounts, batch: Batch| {
        counts.add(batch.texts()?.iter().flatten());
        Ok(())
    };
    let mut sum = limited(params, limit);
    if limit.is_some() {
        let work = |(): &mut (), batch| {
            let mut counts = TokenCounts::new(params);
            add(&mut counts, batch).map(|()| counts)
        };
        let merge = |counts: TokenCounts| {
            sum.merge(&counts)?;
            Ok(true)
        };
        pipeline::run(batches, vec![(); threads], work, merge)?;
        return Ok(sum);
    }
    let states = vec![sum; threads];
    let mut states = pipeline::run(batches, states, add, |()| Ok(true))?.into_iter();
    let mut sum = states.next().unwrap_or_else(|| TokenCounts::new(params));
    for counts in states {
        sum.merge(&counts)?;
    }
    Ok(sum)
}

/// Places for the results, which are known to be writable.
struct Open {
    folder: Option<Folder>,
    counts: Option<Target>,
}

impl OutputArguments {
    /// Reads the configuration, once it is known that no result has the name of what is `read`, or of something else.
    fn check(&self, options: &Options, mut read: Vec<PathBuf>) -> Result<Given, CliError> {
        let in_folder = |folder: &PathBuf| {
            let names = [VECTORIZER_FILE, CONFIG, VOCABULARY];
            names.map(|name| folder.join(name))
        };
        let written: Vec<PathBuf> = self
            .output
            .iter()
            .flat_map(in_folder)
            .chain(self.counts.clone())
            .collect();
        let written = || written.iter().map(PathBuf::as_path);
        same::check(read.iter().map(PathBuf::as_path), written())?;
        if let Some(counts) = &self.counts {
            let promised = match Named::of(counts) {
                Named::Format(format) => Some(format.called()),
                Named::Json => Some("JSON"),
                Named::Foreign(foreign) => Some(foreign.what),
                Named::Nothing => None,
            };
            if let Some(promised) = promised {
                return Err(VectorizeError::OtherFormat {
                    path: counts.clone(),
                    promised,
                    written: "counts in a format of their own",
                    remedy: "name it .counts",
                }
                .into());
            }
        }
        let given = read_config(options)?;
        if let Some(vocabulary) = &given.vocabulary {
            read.push(vocabulary.clone());
            same::check(read.iter().map(PathBuf::as_path), written())?;
        }
        Ok(given)
    }

    fn open(&self) -> Result<Open, CliError> {
        Ok(Open {
            folder: self.output.as_deref().map(Folder::open).transpose()?,
            counts: self.counts.as_deref().map(Target::open).transpose()?,
        })
    }
}

impl Open {
    /// Learns the vocabulary and writes all there is to write.
    fn finish(self, config: &Path, mut layer: Layer, counts: &TokenCounts) -> Result<(), CliError> {
        if let Some(loss) = counts.loss() {
            crate::say(&format!(
                "warning: there were more distinct tokens than the limit: {} times one was dropped. \
                 Counts may be too low by up to {}, and a token that occurs no more often than that \
                 may be missing. A higher --limit, or none, counts exactly.",
                loss.dropped, loss.undercount
            ));
        }
        let mut said = format!(
            "{} texts, {} distinct tokens",
            counts.texts(),
            counts.distinct()
        );
        let folder = match self.folder {
            None => None,
            Some(mut folder) => {
                match layer.adapt_counts(counts) {
                    // That is of the texts, not of the configuration.
                    Err(error @ (VectorizerError::NoTexts | VectorizerError::NoTokens { .. })) => {
                        return Err(error.into());
                    }
                    learned => learned.map_err(VectorizeError::vectorizer(config))?,
                }
                said = format!("{said}; {}", export(&mut folder, layer.vectorizer()?)?);
                Some(folder)
            }
        };
        let file = match self.counts {
            None => None,
            Some(mut target) => {
                use std::io::Write;
                let bytes = counts.to_bytes()?;
                target
                    .write_all(&bytes)
                    .map_err(|error| target.error(error))?;
                target.finish()?
            }
        };
        match folder {
            Some(folder) => folder.finish(file)?,
            None => together::commit(file)?,
        }
        print(&said)
    }
}

/// Writes the vectorizer, and what Keras can read of it. Returns what there is to say about it.
fn export(folder: &mut Folder, vectorizer: &TextVectorizer) -> Result<String, CliError> {
    let cannot = |name: &str, error: VectorizerError| {
        crate::say(&format!(
            "note: no {name} for Keras: {error}. The vectorizer itself is complete."
        ));
    };
    match Layer::of(vectorizer.clone()).get_config() {
        Ok(config) => folder.write(CONFIG, format!("{config}\n").as_bytes())?,
        Err(error) => {
            cannot(CONFIG, error);
            folder.remove(CONFIG);
        }
    }
    match vectorizer.vocabulary().to_keras_file() {
        Ok(lines) => folder.write(VOCABULARY, &lines)?,
        Err(error) => {
            cannot(VOCABULARY, error);
            folder.remove(VOCABULARY);
        }
    }
    folder.write(VECTORIZER_FILE, &vectorizer.to_bytes()?)?;
    let size = vectorizer.vocabulary().size();
    Ok(format!("a vocabulary of {size} tokens"))
}
