//! Texts out of files, batch by batch: which format a file has, and lines. Parquet is read next door;
//! what is done with texts is the callers' business.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, BufRead, BufReader, IsTerminal};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::ValueEnum;
use indicatif::{ProgressBar, ProgressStyle};

use super::json;
use crate::error::CliError;

/// Where texts come from.
#[derive(clap::Args)]
pub(super) struct InputArguments {
    /// Files of texts: lines, JSON lines (.jsonl, .ndjson) or Parquet (.parquet); `-` is standard input.
    #[arg(long, num_args = 1.., value_name = "FILE")]
    pub(super) input: Vec<PathBuf>,
    /// What the files hold, whatever their names say.
    #[arg(long, value_name = "FORMAT")]
    format: Option<Format>,
    /// The field of each JSON line that has the text.
    #[arg(long, value_name = "NAME")]
    field: Option<String>,
    /// The column of a Parquet file that has the texts.
    #[arg(long, value_name = "NAME")]
    column: Option<String>,
    /// How many threads work; by default as many as there are processors. The result is the same.
    #[arg(long, value_name = "N")]
    threads: Option<NonZeroUsize>,
}

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// One text a line.
    Text,
    /// One JSON object a line.
    Jsonl,
    /// Columns.
    Parquet,
}

impl Format {
    fn of(path: &Path) -> Result<Self, CliError> {
        let extension = path.extension().unwrap_or_default().to_ascii_lowercase();
        Ok(match extension.to_str().unwrap_or_default() {
            "jsonl" | "ndjson" => Self::Jsonl,
            "parquet" => Self::Parquet,
            "gz" | "zst" | "bz2" | "xz" | "zip" => {
                return Err(CliError::Compressed {
                    path: path.to_owned(),
                });
            }
            _ => Self::Text,
        })
    }
}

/// One file, and how to find the texts in it.
struct Input {
    path: Arc<Path>,
    source: Source,
}

enum Source {
    Text,
    Jsonl(Arc<str>),
    Parquet(String),
}

/// How large a batch may become.
#[derive(Clone, Copy)]
pub(super) struct Limits {
    pub(super) bytes: usize,
    pub(super) texts: usize,
}

impl Limits {
    /// A mebibyte of lines, or this many texts of a column.
    pub(super) const USUAL: Self = Self {
        bytes: 1 << 20,
        texts: 1 << 16,
    };
}

impl InputArguments {
    /// How many threads work.
    pub(super) fn threads(&self) -> usize {
        let all = || std::thread::available_parallelism().map_or(1, usize::from);
        self.threads.map_or_else(all, usize::from)
    }

    /// Batches of the texts of all files in order. That every file is there, and of what it should be
    /// with the text where it should be, is checked before the first is read.
    pub(super) fn batches(&self, limits: Limits) -> Result<Batches, CliError> {
        if self.input.is_empty() {
            return Err(CliError::NoInput);
        }
        let inputs: Vec<Input> = self
            .input
            .iter()
            .map(|path| self.input(path))
            .collect::<Result<_, _>>()?;
        for (flag, given, used) in [
            ("--field", self.field.is_some(), "jsonl"),
            ("--column", self.column.is_some(), "parquet"),
        ] {
            let uses = |input: &Input| match input.source {
                Source::Text => false,
                Source::Jsonl(_) => used == "jsonl",
                Source::Parquet(_) => used == "parquet",
            };
            if given && !inputs.iter().any(uses) {
                return Err(CliError::UnusedFlag { flag, used });
            }
        }
        let mut total = Some(0);
        for Input { path, .. } in inputs.iter().filter(|input| !is_stdin(&input.path)) {
            let there = std::fs::metadata(path).map_err(CliError::read(path))?;
            if there.is_dir() {
                return Err(CliError::IsFolder {
                    path: path.to_path_buf(),
                });
            }
            // What a pipe will give is not known before.
            total = total
                .filter(|_| there.is_file())
                .map(|sum| sum + there.len());
        }
        let total = total.filter(|_| !inputs.iter().any(|input| is_stdin(&input.path)));
        Ok(Batches {
            inputs: inputs.into_iter(),
            open: None,
            limits,
            meter: Meter::new(total),
        })
    }

    fn input(&self, path: &Path) -> Result<Input, CliError> {
        let format = match self.format {
            Some(format) => format,
            None if is_stdin(path) => Format::Text,
            None => Format::of(path)?,
        };
        let missing = |kind, flag| CliError::NameMissing {
            path: path.to_owned(),
            kind,
            flag,
        };
        let source = match format {
            Format::Text => Source::Text,
            Format::Jsonl => {
                let field = self.field.as_deref();
                let field = field.ok_or_else(|| missing("JSON lines", "--field"))?;
                Source::Jsonl(field.into())
            }
            Format::Parquet if is_stdin(path) => return Err(CliError::ParquetFromStdin),
            Format::Parquet => {
                let column = self.column.clone();
                Source::Parquet(column.ok_or_else(|| missing("Parquet", "--column"))?)
            }
        };
        Ok(Input {
            path: path.into(),
            source,
        })
    }
}

fn is_stdin(path: &Path) -> bool {
    path == Path::new("-")
}

/// Some texts of one file, one behind the other.
pub(super) enum Batch {
    /// Lines, each a text.
    Lines(Lines),
    /// Lines, each an object with the text in a field.
    Jsonl {
        lines: Lines,
        path: Arc<Path>,
        field: Arc<str>,
        /// The number of the first, from 1.
        first: u64,
    },
    /// A part of a column.
    #[cfg(feature = "parquet")]
    Column(arrow_array::ArrayRef),
}

/// Lines without their ends.
#[derive(Default)]
pub(super) struct Lines {
    bytes: Vec<u8>,
    /// Where each begins and ends.
    places: Vec<(usize, usize)>,
}

impl Lines {
    fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let places = self.places.iter();
        places.map(|&(start, end)| &self.bytes[start..end])
    }

    /// As many lines as one batch may have; none at the end of the file. A line ends with 0x0A, or 0x0D
    /// and 0x0A; the last one may lack it.
    fn read(from: &mut dyn BufRead, limits: Limits) -> io::Result<Self> {
        let mut lines = Self::default();
        while lines.bytes.len() < limits.bytes && lines.places.len() < limits.texts {
            let start = lines.bytes.len();
            if from.read_until(b'\n', &mut lines.bytes)? == 0 {
                break;
            }
            let line = &lines.bytes[start..];
            let line = match line.strip_suffix(b"\n") {
                Some(line) => line.strip_suffix(b"\r").unwrap_or(line),
                None => line,
            };
            lines.places.push((start, start + line.len()));
        }
        Ok(lines)
    }
}

/// A text, or null where a row has none.
pub(super) type Text<'b> = Option<Cow<'b, [u8]>>;

impl Batch {
    /// The texts. Lines of JSON that are blank have none.
    pub(super) fn texts(&self) -> Result<Vec<Text<'_>>, CliError> {
        match self {
            Self::Lines(lines) => Ok(lines.iter().map(|line| Some(line.into())).collect()),
            Self::Jsonl {
                lines,
                path,
                field,
                first,
            } => {
                let numbered = (*first..).zip(lines.iter());
                let full = numbered.filter(|(_, line)| !line.trim_ascii().is_empty());
                full.map(|(number, line)| {
                    let bytes = |text| match text {
                        Cow::Borrowed(text) => Cow::Borrowed(str::as_bytes(text)),
                        Cow::Owned(text) => Cow::Owned(String::into_bytes(text)),
                    };
                    let text = json::text(line, field);
                    let text = text.map_err(|reason| CliError::JsonLine {
                        path: path.to_path_buf(),
                        line: number,
                        reason,
                        field: field.to_string(),
                    });
                    Ok(text?.map(bytes))
                })
                .collect()
            }
            #[cfg(feature = "parquet")]
            Self::Column(texts) => {
                let texts = recurrent_vectorizer::array_texts(texts)?;
                Ok(texts.into_iter().map(|text| text.map(Cow::from)).collect())
            }
        }
    }
}

/// The batches of all files, in order.
pub(super) struct Batches {
    inputs: std::vec::IntoIter<Input>,
    open: Option<Open>,
    limits: Limits,
    meter: Meter,
}

/// The file that is being read.
enum Open {
    Lines {
        from: Box<dyn BufRead>,
        path: Arc<Path>,
        /// Of JSON lines.
        field: Option<Arc<str>>,
        /// The number of the next line, from 1.
        next: u64,
    },
    #[cfg(feature = "parquet")]
    Column(super::parquet::Column),
}

impl Open {
    fn new(input: Input, limits: Limits) -> Result<Self, CliError> {
        let Input { path, source } = input;
        let field = match source {
            #[cfg(feature = "parquet")]
            Source::Parquet(column) => {
                let column = super::parquet::Column::open(&path, &column, limits.texts)?;
                return Ok(Self::Column(column));
            }
            #[cfg(not(feature = "parquet"))]
            Source::Parquet(column) => {
                let _ = (limits, column);
                return Err(CliError::NoParquet {
                    path: path.to_path_buf(),
                });
            }
            Source::Text => None,
            Source::Jsonl(field) => Some(field),
        };
        let from: Box<dyn BufRead> = if is_stdin(&path) {
            if io::stdin().is_terminal() {
                eprintln!("reading texts from standard input, one a line");
            }
            Box::new(io::stdin().lock())
        } else {
            let file = File::open(&path).map_err(CliError::read(&path))?;
            Box::new(BufReader::with_capacity(1 << 16, file))
        };
        Ok(Self::Lines {
            from,
            path,
            field,
            next: 1,
        })
    }

    /// The next batch, `None` at the end of the file.
    fn next(&mut self, limits: Limits, meter: &Meter) -> Result<Option<Batch>, CliError> {
        match self {
            Self::Lines {
                from,
                path,
                field,
                next,
            } => {
                let lines = Lines::read(from.as_mut(), limits).map_err(CliError::read(path))?;
                if lines.places.is_empty() {
                    return Ok(None);
                }
                meter.add(lines.bytes.len() as u64);
                let first = *next;
                *next += lines.places.len() as u64;
                Ok(Some(match field {
                    None => Batch::Lines(lines),
                    Some(field) => Batch::Jsonl {
                        lines,
                        path: Arc::clone(path),
                        field: Arc::clone(field),
                        first,
                    },
                }))
            }
            #[cfg(feature = "parquet")]
            Self::Column(column) => {
                let batch = column.next_batch()?;
                Ok(batch.map(|(texts, bytes)| {
                    meter.add(bytes);
                    Batch::Column(texts)
                }))
            }
        }
    }
}

impl Iterator for Batches {
    type Item = Result<Batch, CliError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(open) = &mut self.open
                && let Some(batch) = open.next(self.limits, &self.meter).transpose()
            {
                return Some(batch);
            }
            self.open = None;
            match Open::new(self.inputs.next()?, self.limits) {
                Ok(open) => self.open = Some(open),
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

/// How much of the input is read: a bar on a terminal, nothing otherwise.
struct Meter(Option<ProgressBar>);

impl Meter {
    fn new(total: Option<u64>) -> Self {
        if !io::stderr().is_terminal() {
            return Self(None);
        }
        let bar = total.map_or_else(ProgressBar::no_length, ProgressBar::new);
        let template = if total.is_some() {
            "{bytes}/{total_bytes} [{bar:30}] {binary_bytes_per_sec} {eta} left"
        } else {
            "{bytes} {binary_bytes_per_sec}"
        };
        // A template of ours; were it wrong, the default bar would show.
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("=>."));
        }
        Self(Some(bar))
    }

    fn add(&self, bytes: u64) {
        if let Some(bar) = &self.0 {
            bar.inc(bytes);
        }
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}
