//! A file row by row, with everything that is in it, whatever its length.

use std::io::Read;
use std::path::Path;

use csv::StringRecord;
use serde_json::{Map, Value};

use crate::columns::{Sought, Table, joined};
use crate::delimited::Delimited;
use crate::error::CorpusError;
use crate::json::{self, Fields};
use crate::lines::Lines;
use crate::options::{Format, TableOptions};
use crate::place::Place;
use crate::read::format_of;
use crate::source::Source;

/// A row: where it is, its text, and all that it was made of.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Where it is.
    pub place: Place,
    /// The text: of several columns, those that are not blank, with one space between them; empty where there is none.
    pub text: String,
    /// The row as it was found.
    pub record: Record,
}

/// A row as it was found.
#[derive(Clone, Debug, PartialEq)]
pub enum Record {
    /// The fields of a CSV or TSV file.
    Fields(StringRecord),
    /// A line of JSON lines.
    Json {
        /// The object as it is written, without white space around it.
        line: String,
        /// Its members.
        members: Map<String, Value>,
    },
    /// A line of plain text, which is the row's text.
    Line,
}

/// The rows of a CSV, TSV, JSON lines or plain text file, compressed or not, read one batch at a time.
///
/// No row is left out, except for empty lines of CSV, TSV and JSON lines.
pub struct Rows {
    path: std::path::PathBuf,
    format: Format,
    kind: Kind,
}

enum Kind {
    Delimited {
        table: Box<Delimited>,
        text: Vec<usize>,
    },
    Json {
        lines: Lines,
        /// Known from the first object on.
        fields: Option<Fields>,
        options: Box<TableOptions>,
    },
    Lines(Lines),
}

impl Rows {
    /// Opens a file. Of the options, `classes` are not used, and `label` and `split` need not be there.
    ///
    /// # Errors
    /// [`CorpusError`] if the file cannot be opened, is not text, or its columns do not say which one is the text.
    pub fn open(path: &Path, options: &TableOptions) -> Result<Self, CorpusError> {
        let format = format_of(path, options)?;
        Self::new(Source::open(path)?, format, options)
    }

    /// As [`open`](Self::open), from any stream, which messages call `name`; the options must name its format.
    ///
    /// # Errors
    /// Those of [`open`](Self::open).
    pub fn from_reader(
        reader: impl Read + Send + 'static,
        name: &Path,
        options: &TableOptions,
    ) -> Result<Self, CorpusError> {
        let format = format_of(name, options)?;
        Self::new(Source::new(name, reader)?, format, options)
    }

    fn new(source: Source, format: Format, options: &TableOptions) -> Result<Self, CorpusError> {
        let path = source.path.clone();
        let kind = match format {
            Format::Csv | Format::Tsv => {
                let table = Delimited::new(source, format, options)?;
                let columns = Table {
                    path: &path,
                    columns: &table.columns,
                    header: table.has_header,
                };
                let text = columns.find(options, Sought::Text)?.text;
                Kind::Delimited {
                    table: Box::new(table),
                    text,
                }
            }
            Format::JsonLines => Kind::Json {
                lines: Lines::new(source, options.lossy),
                fields: None,
                options: Box::new(options.clone()),
            },
            Format::Text => Kind::Lines(Lines::new(source, options.lossy)),
            Format::Parquet => {
                return Err(CorpusError::NotRead {
                    path,
                    format,
                    remedy: "save the table as CSV or JSON lines to go through it row by row",
                });
            }
        };
        Ok(Self { path, format, kind })
    }

    /// What the file is called in messages.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The format of the file.
    #[must_use]
    pub fn format(&self) -> Format {
        self.format
    }

    /// The names of the columns of a CSV or TSV file with a header; `None` for every other.
    #[must_use]
    pub fn header(&self) -> Option<&[String]> {
        match &self.kind {
            Kind::Delimited { table, .. } if table.has_header => Some(&table.columns),
            _ => None,
        }
    }

    /// The byte between the fields of a CSV or TSV file.
    pub(crate) fn delimiter(&self) -> Option<u8> {
        match &self.kind {
            Kind::Delimited { table, .. } => Some(table.delimiter),
            _ => None,
        }
    }

    /// The next row; `None` after the last.
    ///
    /// # Errors
    /// [`CorpusError`], which names the row; after that, the file is not to be read on. A member that was named and that
    /// no object of JSON lines has is told at the end only, since others may have what the first lacks.
    pub fn next_row(&mut self) -> Result<Option<Row>, CorpusError> {
        match &mut self.kind {
            Kind::Delimited { table, text } => {
                let Some((place, record)) = table.next()? else {
                    return Ok(None);
                };
                let field = |column: &usize| record.get(*column).unwrap_or_default();
                let text = joined_or_only(text.iter().map(field));
                let record = Record::Fields(record);
                Ok(Some(Row {
                    place,
                    text,
                    record,
                }))
            }
            Kind::Json {
                lines,
                fields,
                options,
            } => {
                let Some(object) = json::next(lines)? else {
                    return match fields {
                        Some(fields) => fields.check(lines).map(|()| None),
                        None => Ok(None),
                    };
                };
                let fields = match fields {
                    Some(fields) => fields,
                    none => none.insert(Fields::find(&object, options, Sought::Text)?),
                };
                fields.see(&object);
                Ok(Some(Row {
                    text: fields.joined(&object)?,
                    place: object.place,
                    record: Record::Json {
                        line: object.line,
                        members: object.members,
                    },
                }))
            }
            Kind::Lines(lines) => Ok(lines.next()?.map(|(number, text)| Row {
                place: Place::row(&lines.path, number),
                text,
                record: Record::Line,
            })),
        }
    }

    /// The next rows, at most `rows` of them and at least one; none after the last. What is in memory is one batch.
    ///
    /// # Errors
    /// Those of [`next_row`](Self::next_row); rows before the one that fails are then lost.
    pub fn next_batch(&mut self, rows: usize) -> Result<Vec<Row>, CorpusError> {
        let mut batch = Vec::new();
        while batch.len() < rows.max(1) {
            match self.next_row()? {
                Some(row) => batch.push(row),
                None => break,
            }
        }
        Ok(batch)
    }
}

/// One text as it is, or several joined.
fn joined_or_only<'p>(mut parts: impl ExactSizeIterator<Item = &'p str>) -> String {
    if parts.len() == 1 {
        return parts.next().unwrap_or_default().to_owned();
    }
    joined(parts)
}
