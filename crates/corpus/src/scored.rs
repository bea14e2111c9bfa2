//! Rows written again with columns added, in the format that they were read in.

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use recurrent_files::FileError;
use serde_json::Value;

use crate::error::CorpusError;
use crate::place::Place;
use crate::rows::{Record, Row, Rows};

/// The column that lines of plain text are written into.
const TEXT: &str = "text";

/// A value of a column that is added.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Added<'a> {
    /// Text.
    Text(&'a str),
    /// A number. One that is not finite is written like [`Missing`](Self::Missing).
    Number(f64),
    /// A number with as many digits as tell it from other 32-bit numbers.
    Single(f32),
    /// Nothing: an empty field, or `null`.
    Missing,
}

impl Added<'_> {
    fn json(self) -> Value {
        let number = |written: String| written.parse().map_or(Value::Null, Value::Number);
        match self {
            Self::Text(text) => Value::from(text),
            Self::Number(value) => Value::from(value),
            // The digits of the 32-bit number, not those of the nearest 64-bit one.
            Self::Single(value) if value.is_finite() => number(format!("{value:?}")),
            Self::Single(_) | Self::Missing => Value::Null,
        }
    }

    fn field(self) -> String {
        match self {
            Self::Text(text) => text.to_owned(),
            Self::Number(value) if value.is_finite() => value.to_string(),
            Self::Single(value) if value.is_finite() => value.to_string(),
            Self::Number(_) | Self::Single(_) | Self::Missing => String::new(),
        }
    }
}

/// Writes the rows of a file again with columns added: CSV and TSV with more fields, under a header if there was one,
/// JSON lines with more members at the end of each object, which is otherwise left as it was written, and plain text as
/// CSV with the columns `text` and those that are added.
pub struct ScoredWriter<W: Write> {
    path: PathBuf,
    added: Vec<String>,
    kind: Kind<W>,
}

enum Kind<W: Write> {
    Fields(Box<csv::Writer<W>>),
    Json(BufWriter<W>),
    Lines(Box<csv::Writer<W>>),
}

impl<W: Write> ScoredWriter<W> {
    /// Begins to write to `writer`, which messages call `path`, the rows of `rows` with the columns `added`, and writes
    /// the header.
    ///
    /// # Errors
    /// [`CorpusError::Collision`] if there is a column of a name that is added, and [`CorpusError::File`].
    pub fn new(writer: W, path: &Path, rows: &Rows, added: &[&str]) -> Result<Self, CorpusError> {
        let json = matches!(rows.format(), crate::Format::JsonLines);
        let plain = [TEXT.to_owned()];
        let header = match rows.delimiter() {
            Some(_) => rows.header(),
            None if json => None,
            None => Some(&plain[..]),
        };
        for (index, column) in added.iter().enumerate() {
            let there = header.is_some_and(|header| header.iter().any(|name| name == column));
            if there || added[..index].contains(column) {
                return Err(CorpusError::Collision {
                    place: Place::file(rows.path()),
                    column: (*column).to_owned(),
                });
            }
        }
        let table = |writer| {
            let delimiter = rows.delimiter().unwrap_or(b',');
            let writer = csv::WriterBuilder::new()
                .delimiter(delimiter)
                .flexible(true)
                .from_writer(writer);
            Box::new(writer)
        };
        let mut kind = match rows.delimiter() {
            Some(_) => Kind::Fields(table(writer)),
            None if json => Kind::Json(BufWriter::new(writer)),
            None => Kind::Lines(table(writer)),
        };
        if let (Some(header), Kind::Fields(writer) | Kind::Lines(writer)) = (header, &mut kind) {
            let names = header.iter().map(String::as_str);
            let written = writer.write_record(names.chain(added.iter().copied()));
            written.map_err(|error| failed(path, error.into()))?;
        }
        Ok(Self {
            path: path.to_owned(),
            added: added.iter().map(|name| (*name).to_owned()).collect(),
            kind,
        })
    }

    /// Writes a row with the values of the columns that are added, in their order.
    ///
    /// # Errors
    /// [`CorpusError::Collision`] if an object has a member of a name that is added, [`CorpusError::Mismatch`] for
    /// fewer or more values than columns or a row of a file of another format, and [`CorpusError::File`].
    pub fn write(&mut self, row: &Row, values: &[Added<'_>]) -> Result<(), CorpusError> {
        if values.len() != self.added.len() {
            let reason = format!("{} values for {} columns", values.len(), self.added.len());
            return Err(self.mismatch(reason));
        }
        let fields = values.iter().map(|value| value.field());
        let written: io::Result<()> = match (&mut self.kind, &row.record) {
            (Kind::Fields(writer), Record::Fields(record)) => {
                let fields = record.iter().map(str::to_owned).chain(fields);
                let fields: Vec<String> = fields.collect();
                writer.write_record(&fields).map_err(io::Error::from)
            }
            (Kind::Lines(writer), Record::Line) => {
                let fields: Vec<String> = std::iter::once(row.text.clone()).chain(fields).collect();
                writer.write_record(&fields).map_err(io::Error::from)
            }
            (Kind::Json(writer), Record::Json { line, members }) => {
                if let Some(column) = self.added.iter().find(|name| members.contains_key(*name)) {
                    return Err(CorpusError::Collision {
                        place: row.place.clone(),
                        column: column.clone(),
                    });
                }
                let open = line.trim_end().strip_suffix('}').unwrap_or(line);
                let mut longer = open.trim_end().to_owned();
                for (index, (name, value)) in self.added.iter().zip(values).enumerate() {
                    if index > 0 || !members.is_empty() {
                        longer.push(',');
                    }
                    longer += &format!("{}:{}", Value::from(name.as_str()), value.json());
                }
                longer.push_str("}\n");
                writer.write_all(longer.as_bytes())
            }
            _ => {
                let reason = format!("{} is of another format", row.place);
                return Err(self.mismatch(reason));
            }
        };
        written.map_err(|error| failed(&self.path, error))
    }

    /// Writes what is still in memory, and returns the writer.
    ///
    /// # Errors
    /// [`CorpusError::File`].
    pub fn finish(self) -> Result<W, CorpusError> {
        let writer = match self.kind {
            Kind::Fields(writer) | Kind::Lines(writer) => {
                writer.into_inner().map_err(|error| error.into_error())
            }
            Kind::Json(writer) => writer.into_inner().map_err(|error| error.into_error()),
        };
        writer.map_err(|error| failed(&self.path, error))
    }

    fn mismatch(&self, reason: String) -> CorpusError {
        CorpusError::Mismatch {
            path: self.path.clone(),
            reason,
        }
    }
}

fn failed(path: &Path, error: io::Error) -> CorpusError {
    FileError::write(path)(error).into()
}
