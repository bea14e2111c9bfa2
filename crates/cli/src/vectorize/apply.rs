//! `recurrent vectorize apply`: texts to ids, columns or tokens, as JSON lines or Parquet.

use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use recurrent_vectorizer::{OutputMode, TextVectorizer};
use serde::Serialize;

use super::batches::{Batch, Batches};
use super::error::VectorizeError;
use super::files::Target;
use super::format::{Format, Named};
use super::input::{self, Limits};
use super::{model, pipeline, same, together};
use crate::error::CliError;
use crate::print;

/// How many ids or numbers of rows of one width are made at once.
const ELEMENTS: usize = 1 << 22;
/// The most ids or numbers of one row.
const WIDEST: usize = 1 << 26;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// A directory that `fit` or `merge` wrote, or a model's, whose ids these are then.
    #[arg(long, value_name = "DIR")]
    model: PathBuf,
    #[command(flatten)]
    input: input::InputArguments,
    /// A file, or `-` for standard output: JSON lines, or Parquet if its name ends in .parquet.
    #[arg(
        long = "out",
        alias = "output",
        default_value = "-",
        value_name = "FILE"
    )]
    output: PathBuf,
}

/// What results are written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum OutputFormat {
    JsonLines,
    #[cfg(feature = "parquet")]
    Parquet,
}

impl OutputFormat {
    /// The format that the name of a file asks for.
    fn of(path: &Path) -> Result<Self, CliError> {
        match Named::of(path) {
            Named::Foreign(foreign) => Err(VectorizeError::OtherFormat {
                path: path.to_owned(),
                promised: foreign.what,
                written: "JSON lines",
                remedy: "name it .jsonl, or .parquet for Parquet",
            }
            .into()),
            #[cfg(not(feature = "parquet"))]
            Named::Format(Format::Parquet) => {
                let path = path.to_owned();
                Err(VectorizeError::NoParquet { path }.into())
            }
            #[cfg(feature = "parquet")]
            Named::Format(Format::Parquet) => Ok(Self::Parquet),
            Named::Format(Format::Text | Format::Jsonl) | Named::Json | Named::Nothing => {
                Ok(Self::JsonLines)
            }
        }
    }
}

pub(super) fn run(arguments: &Arguments) -> Result<(), CliError> {
    let output = &arguments.output;
    let of_model: Vec<PathBuf> = model::files(&arguments.model).collect();
    let inputs = arguments.input.input.iter().chain(&of_model);
    same::check(inputs.map(PathBuf::as_path), [output.as_path()])?;
    let format = OutputFormat::of(output)?;
    let model::Loaded { vectorizer, clean } = model::load(&arguments.model)?;
    let params = vectorizer.params();
    let width = match params.output_mode() {
        OutputMode::Int => params.output_sequence_length().unwrap_or(0),
        OutputMode::Tokens => 0,
        _ if params.sparse() => 0,
        _ => vectorizer.columns(),
    };
    if width > WIDEST {
        let limit = WIDEST;
        return Err(VectorizeError::RowTooWide { width, limit }.into());
    }
    let limits = Limits {
        texts: (ELEMENTS / width.max(1)).clamp(1, Limits::USUAL.texts),
        ..Limits::USUAL
    };
    let batches = arguments.input.batches(limits, clean)?;
    let reading = batches.reading();
    let threads = arguments.input.threads();
    let rows = match format {
        OutputFormat::JsonLines => json_lines(&vectorizer, batches, threads, output)?,
        #[cfg(feature = "parquet")]
        OutputFormat::Parquet => parquet(&vectorizer, batches, threads, output)?,
    };
    reading.skipped.warn();
    if output == Path::new("-") {
        return Ok(());
    }
    print(&format!("{rows} texts"))
}

/// What texts become, and which of them were null.
fn transform(
    vectorizer: &TextVectorizer,
    batch: &Batch,
) -> Result<(recurrent_vectorizer::Output, Vec<bool>), CliError> {
    let texts = batch.texts()?;
    let there = texts.iter().map(Option::is_some).collect();
    let texts: Vec<&[u8]> = texts
        .iter()
        .map(|t| t.as_deref().unwrap_or_default())
        .collect();
    Ok((vectorizer.transform(&texts), there))
}

#[derive(Serialize)]
struct SparseRow<'r> {
    indices: &'r [u32],
    values: &'r [f32],
}

fn json_lines(
    vectorizer: &TextVectorizer,
    batches: Batches,
    threads: usize,
    output: &Path,
) -> Result<usize, CliError> {
    let mut target = Target::open(output)?;
    let mut rows = 0;
    let work = |(): &mut (), batch: Batch| {
        let mut lines = Vec::new();
        let written = write_lines(vectorizer, &batch, &mut lines)?;
        Ok((lines, written))
    };
    let sink = |(lines, written): (Vec<u8>, usize)| {
        rows += written;
        match target.write_all(&lines) {
            Err(error) => gone(target.error(error)),
            Ok(()) => Ok(true),
        }
    };
    pipeline::run(batches, vec![(); threads], work, sink)?;
    match target.finish() {
        Err(error) => gone(error).map(|_| rows),
        Ok(file) => {
            together::commit(file)?;
            Ok(rows)
        }
    }
}

/// A reader of standard output that has gone away (`| head`) is no error, and wants no more.
fn gone(error: CliError) -> Result<pipeline::More, CliError> {
    match error {
        CliError::Output(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
        error => Err(error),
    }
}

/// One line a text; returns how many.
fn write_lines(
    vectorizer: &TextVectorizer,
    batch: &Batch,
    lines: &mut Vec<u8>,
) -> Result<usize, CliError> {
    use recurrent_vectorizer::Output;

    fn line(lines: &mut Vec<u8>, row: Option<impl Serialize>) -> Result<(), CliError> {
        let written = serde_json::to_writer(&mut *lines, &row);
        written.map_err(|error| CliError::Output(io::Error::from(error)))?;
        lines.push(b'\n');
        Ok(())
    }
    let (output, there) = transform(vectorizer, batch)?;
    let rows = there.into_iter().enumerate();
    let count = rows.len();
    for (index, there) in rows {
        match &output {
            _ if !there => line(lines, None::<()>)?,
            Output::Ids(matrix) => line(lines, matrix.row(index))?,
            Output::RaggedIds(rows) => line(lines, rows.row(index))?,
            Output::Dense(matrix) => line(lines, matrix.row(index))?,
            Output::Sparse(matrix) => {
                let row = matrix.row(index);
                line(
                    lines,
                    row.map(|(indices, values)| SparseRow { indices, values }),
                )?;
            }
            Output::Tokens(rows) => {
                let tokens = rows.row(index).into_iter().flatten();
                let tokens: Vec<_> = tokens.map(String::from_utf8_lossy).collect();
                line(lines, Some(tokens))?;
            }
            _ => return Err(VectorizeError::UnknownOutput.into()),
        }
    }
    Ok(count)
}

#[cfg(feature = "parquet")]
fn parquet(
    vectorizer: &TextVectorizer,
    batches: Batches,
    threads: usize,
    output: &Path,
) -> Result<usize, CliError> {
    use arrow_array::Array;

    let mut results = super::parquet::Results::new(output, Target::open(output)?, vectorizer)?;
    let mut rows = 0;
    let work = |(): &mut (), batch: Batch| {
        let (output, there) = transform(vectorizer, &batch)?;
        let nulls = there.contains(&false).then(|| there.into());
        Ok(output.into_array(nulls)?)
    };
    pipeline::run(batches, vec![(); threads], work, |array| {
        rows += array.len();
        results.write(array).map(|()| true)
    })?;
    together::commit(results.finish()?.finish()?)?;
    Ok(rows)
}
