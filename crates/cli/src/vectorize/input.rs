//! Where texts come from: the arguments, and what is checked before anything is read.

use std::fs::{File, Metadata};
use std::io::{IsTerminal as _, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::batches::{Batches, Reading};
use super::error::{InputName, VectorizeError};
use super::format::{Candidate, Format, PREFIX};
use super::meter::Meter;
use super::skipped::Skipped;
use crate::error::CliError;
use crate::threads::MOST;

/// Where texts come from.
#[derive(clap::Args)]
pub(super) struct InputArguments {
    /// Files of texts: lines, JSON lines (.jsonl, .ndjson, .json) or Parquet (.parquet); `-` is standard input
    /// [default: what is piped in].
    #[arg(long, num_args = 1.., value_name = "FILE")]
    pub(super) input: Vec<PathBuf>,
    /// What the files hold, whatever their names say.
    #[arg(long, value_name = "FORMAT")]
    format: Option<Format>,
    /// The field of each JSON line, or the column of a Parquet file, that has the text.
    #[arg(long, value_name = "NAME")]
    text: Option<String>,
    /// The field of each JSON line, where it is called otherwise than the column of a Parquet file.
    #[arg(long, value_name = "NAME", hide = true)]
    field: Option<String>,
    /// The column of a Parquet file.
    #[arg(long, value_name = "NAME", hide = true)]
    column: Option<String>,
    /// Skip lines that are not JSON, have no text in the field, or have a NUL byte; a warning says how many and which.
    #[arg(long)]
    skip_invalid: bool,
    /// Replace `<br />` by a space before anything else, as `recurrent reproduce` does.
    #[arg(long)]
    pub(super) clean: bool,
    /// Number of threads, at most 1024 [default: one per processor]; the result does not depend on it.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=i64::from(MOST)))]
    threads: Option<u16>,
}

/// One file, and how to find the texts in it.
pub(super) struct Input {
    pub(super) name: InputName,
    pub(super) source: Source,
    /// What the user says that it is.
    asked: Option<Format>,
    /// Which of all inputs it is, from 0.
    pub(super) order: usize,
}

/// Where in a file the texts are.
pub(super) enum Source {
    Text,
    /// In this field of JSON lines.
    Jsonl(Arc<str>),
    /// In this column.
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
        let threads = self.threads.map_or_else(all, usize::from);
        threads.min(MOST.into())
    }

    /// Batches of the texts of all files in order, cleaned if that is asked for or `clean` says so. That every file is
    /// there, and of what it should be with the text where it should be, is checked before the first is read; of a pipe
    /// when its turn comes.
    pub(super) fn batches(&self, limits: Limits, clean: bool) -> Result<Batches, CliError> {
        let piped = [PathBuf::from("-")];
        let given = match self.input.as_slice() {
            // Nobody is to wait for a person who does not know that text is expected.
            [] if std::io::stdin().is_terminal() => return Err(VectorizeError::NoInput.into()),
            [] => &piped,
            given => given,
        };
        let names: Vec<InputName> = given.iter().map(|path| InputName::new(path)).collect();
        if names.iter().filter(|name| name.is_stdin()).count() > 1 {
            return Err(VectorizeError::StdinTwice.into());
        }
        let mut formats = Vec::new();
        let mut total = Some(0);
        for name in &names {
            let candidate = self.candidate(name);
            let format = candidate.format()?;
            match regular(name)? {
                Some(there) => {
                    let (prefix, whole) = prefix(name.path())?;
                    candidate.check(format, &prefix, whole)?;
                    total = total.map(|sum: u64| sum.saturating_add(there.len()));
                }
                None if format == Format::Parquet => {
                    let input = name.clone();
                    return Err(VectorizeError::ParquetFromPipe { input }.into());
                }
                // What a pipe will give is not known before.
                None => total = None,
            }
            formats.push(format);
        }
        self.check_flags(&names, &formats)?;
        let mut inputs = Vec::new();
        for (order, (name, format)) in names.into_iter().zip(formats).enumerate() {
            let source = self.source(&name, format)?;
            if let Source::Parquet(column) = &source {
                check_column(name.path(), column)?;
            }
            inputs.push(Input {
                name,
                source,
                asked: self.format,
                order,
            });
        }
        let reading = Reading {
            clean: clean || self.clean,
            skipped: Skipped::new(self.skip_invalid),
        };
        Ok(Batches::new(inputs, limits, reading, Meter::new(total)))
    }

    fn candidate<'i>(&self, input: &'i InputName) -> Candidate<'i> {
        Candidate {
            input,
            asked: self.format,
        }
    }

    /// Refuses a name of a field or column where a file, or every one, has none.
    fn check_flags(&self, names: &[InputName], formats: &[Format]) -> Result<(), VectorizeError> {
        let lines = formats.iter().position(|format| *format == Format::Text);
        if let Some(first) = lines.filter(|_| self.text.is_some()) {
            return Err(VectorizeError::UnusedFlag {
                flag: "--text",
                input: names[first].clone(),
                kind: formats[first].called(),
                wanted: "jsonl",
            });
        }
        for (flag, given, wanted, format) in [
            ("--field", self.field.is_some(), "jsonl", Format::Jsonl),
            (
                "--column",
                self.column.is_some(),
                "parquet",
                Format::Parquet,
            ),
        ] {
            let used = formats.contains(&format);
            let useless = |other: &Format| *other == Format::Text || !used;
            let first = formats.iter().position(useless).filter(|_| given);
            if let Some(first) = first {
                return Err(VectorizeError::UnusedFlag {
                    flag,
                    input: names[first].clone(),
                    kind: formats[first].called(),
                    wanted,
                });
            }
        }
        Ok(())
    }

    fn source(&self, name: &InputName, format: Format) -> Result<Source, VectorizeError> {
        let missing = |flag| VectorizeError::NameMissing {
            input: name.clone(),
            kind: format.called(),
            flag,
        };
        Ok(match format {
            Format::Text => Source::Text,
            Format::Jsonl => {
                let field = self.field.as_deref().or(self.text.as_deref());
                Source::Jsonl(field.ok_or_else(|| missing("--text"))?.into())
            }
            Format::Parquet => {
                let column = self.column.clone().or_else(|| self.text.clone());
                Source::Parquet(column.ok_or_else(|| missing("--text"))?)
            }
        })
    }
}

impl Input {
    /// Refuses a file that does not begin as it should.
    pub(super) fn check(&self, prefix: &[u8], whole: bool) -> Result<(), VectorizeError> {
        let format = match self.source {
            Source::Text => Format::Text,
            Source::Jsonl(_) => Format::Jsonl,
            Source::Parquet(_) => Format::Parquet,
        };
        let candidate = Candidate {
            input: &self.name,
            asked: self.asked,
        };
        candidate.check(format, prefix, whole)
    }
}

/// What is known of a file that can be looked at before it is read; `None` for standard input, pipes and devices.
fn regular(name: &InputName) -> Result<Option<Metadata>, CliError> {
    if name.is_stdin() {
        return Ok(None);
    }
    let path = name.path();
    let there = std::fs::metadata(path).map_err(CliError::read(path))?;
    if there.is_dir() {
        let path = path.to_owned();
        return Err(VectorizeError::IsFolder { path }.into());
    }
    Ok(there.is_file().then_some(there))
}

/// How a file begins, and whether that is all of it.
fn prefix(path: &Path) -> Result<(Vec<u8>, bool), CliError> {
    let file = File::open(path).map_err(CliError::read(path))?;
    let mut prefix = Vec::new();
    file.take(PREFIX as u64)
        .read_to_end(&mut prefix)
        .map_err(CliError::read(path))?;
    let whole = prefix.len() < PREFIX;
    Ok((prefix, whole))
}

#[cfg(feature = "parquet")]
fn check_column(path: &Path, column: &str) -> Result<(), CliError> {
    super::parquet::Column::open(path, column, 1).map(|_| ())
}

#[cfg(not(feature = "parquet"))]
fn check_column(path: &Path, _: &str) -> Result<(), CliError> {
    let path = path.to_owned();
    Err(VectorizeError::NoParquet { path }.into())
}
