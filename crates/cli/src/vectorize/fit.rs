//! `recurrent vectorize fit` and `merge`: a vocabulary from texts or from counts of them, and the folder
//! that holds the vectorizer.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use recurrent_vectorizer::keras::{Config, Layer};
use recurrent_vectorizer::{
    Functions, OutputMode, TextVectorizer, TokenCounts, ValidParams, VectorizerError,
};

use super::files::{Folder, Target};
use super::input::{self, Batch, Limits};
use super::pipeline;
use crate::error::CliError;
use crate::print;

/// The vectorizer itself, in the folder.
pub(super) const MODEL: &str = "vectorizer.cbor";
/// The same as Keras' configuration.
const CONFIG: &str = "config.json";
/// Its terms, one a line.
const VOCABULARY: &str = "vocabulary.txt";

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Keras' arguments of `TextVectorization`, as JSON.
    #[arg(long, value_name = "CONFIG.json")]
    config: PathBuf,
    #[command(flatten)]
    input: input::InputArguments,
    #[command(flatten)]
    output: OutputArguments,
}

#[derive(clap::Args)]
pub(crate) struct MergeArguments {
    /// What `fit --counts` or `merge --counts` wrote.
    #[arg(required = true, value_name = "COUNTS")]
    parts: Vec<PathBuf>,
    /// Keras' arguments of `TextVectorization`, as JSON.
    #[arg(long, value_name = "CONFIG.json")]
    config: PathBuf,
    #[command(flatten)]
    output: OutputArguments,
}

/// What is wanted of the counts.
#[derive(clap::Args)]
struct OutputArguments {
    /// The folder for the vectorizer; other files in it stay.
    #[arg(long, value_name = "DIR", required_unless_present = "counts")]
    output: Option<PathBuf>,
    /// A file for the counts themselves, to be merged with others later.
    #[arg(long, value_name = "FILE")]
    counts: Option<PathBuf>,
    /// Bounds memory: beyond so many distinct tokens the rarest are dropped.
    #[arg(long, value_name = "DISTINCT")]
    limit: Option<NonZeroUsize>,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), CliError> {
    let config = &arguments.config;
    let layer = read_config(config)?;
    let Ok(given) = layer.vectorizer() else {
        let limit = arguments.output.limit.map(usize::from);
        let batches = arguments.input.batches(Limits::USUAL)?;
        let open = arguments.output.open()?;
        let threads = arguments.input.threads();
        let counts = count(layer.params(), batches, threads, limit)?;
        return open.finish(config, layer, &counts);
    };
    match &arguments.output.output {
        Some(folder) if arguments.input.input.is_empty() && arguments.output.counts.is_none() => {
            let mut folder = Folder::open(folder)?;
            let said = export(&mut folder, given)?;
            folder.finish()?;
            print(&said)
        }
        _ => Err(CliError::file(config)(VectorizerError::VocabularyIsGiven)),
    }
}

pub(super) fn merge(arguments: &MergeArguments) -> Result<(), CliError> {
    let layer = read_config(&arguments.config)?;
    let open = arguments.output.open()?;
    let mut sum: Option<TokenCounts> = None;
    for path in &arguments.parts {
        let bytes = std::fs::read(path).map_err(CliError::read(path))?;
        let part = TokenCounts::from_bytes(&bytes).map_err(CliError::file(path))?;
        // A limit that a part was counted with ended with its counting.
        let limit = arguments.output.limit.map(usize::from);
        let sum = sum.get_or_insert_with(|| limited(part.params(), limit));
        sum.merge(&part).map_err(CliError::file(path))?;
    }
    match sum {
        Some(counts) => open.finish(&arguments.config, layer, &counts),
        None => Err(CliError::NoInput),
    }
}

/// Keras' layer as the configuration describes it; a path of a vocabulary starts from its folder.
fn read_config(path: &Path) -> Result<Layer, CliError> {
    let json = std::fs::read(path).map_err(CliError::read(path))?;
    let json = String::from_utf8(json).map_err(|error| {
        let reason = error.to_string();
        CliError::file(path)(VectorizerError::BadConfig { reason })
    })?;
    let functions = Functions::new();
    let config = Config::from_json(&json).map_err(CliError::file(path))?;
    let params = config.params(&functions).map_err(CliError::file(path))?;
    let terms = config.vocabulary.as_ref().and_then(|given| given.as_str());
    // For tf-idf there cannot be a file, and the layer says so.
    let terms = terms.filter(|_| params.output_mode() != OutputMode::TfIdf);
    let terms = terms.map(|terms| super::files::parent(path).join(terms));
    let file = terms
        .as_ref()
        .map(|terms| std::fs::read(terms).map_err(CliError::read(terms)));
    let file = file.transpose()?;
    let layer = Layer::from_config(&json, file.as_deref(), &functions);
    layer.map_err(CliError::file(terms.as_deref().unwrap_or(path)))
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
    batches: input::Batches,
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
            eprintln!(
                "warning: there were more distinct tokens than the limit: {} times one was dropped. \
                 Counts may be too low by up to {}, and a token that occurs no more often than that \
                 may be missing. A higher --limit, or none, counts exactly.",
                loss.dropped, loss.undercount
            );
        }
        let mut said = format!(
            "{} texts, {} distinct tokens",
            counts.texts(),
            counts.distinct()
        );
        let folder = match self.folder {
            None => None,
            Some(mut folder) => {
                layer.adapt_counts(counts).map_err(CliError::file(config))?;
                said = format!("{said}; {}", export(&mut folder, layer.vectorizer()?)?);
                Some(folder)
            }
        };
        if let Some(mut target) = self.counts {
            use std::io::Write;
            let bytes = counts.to_bytes()?;
            target
                .write_all(&bytes)
                .map_err(|error| target.error(error))?;
            target.finish()?;
        }
        if let Some(folder) = folder {
            folder.finish()?;
        }
        print(&said)
    }
}

/// Writes the vectorizer, and what Keras can read of it. Returns what there is to say about it.
fn export(folder: &mut Folder, vectorizer: &TextVectorizer) -> Result<String, CliError> {
    let cannot = |name: &str, error: VectorizerError| {
        eprintln!("note: no {name} for Keras: {error}. The vectorizer itself is complete.");
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
    folder.write(MODEL, &vectorizer.to_bytes()?)?;
    let size = vectorizer.vocabulary().size();
    Ok(format!("a vocabulary of {size} tokens"))
}
