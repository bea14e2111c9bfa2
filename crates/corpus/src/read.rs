//! From files to a corpus: every row is in it or in the report.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use recurrent_files::FileError;

use crate::columns::{Sought, Table, joined};
use crate::delimited::Delimited;
use crate::error::CorpusError;
use crate::folder;
use crate::json::{self, Fields};
use crate::lines::Lines;
use crate::options::{Format, TableOptions};
use crate::part::Part;
use crate::place::Place;
use crate::report::{Missing, ReadReport};
use crate::source::Source;
use crate::text_corpus::{Builder, NoLabel, TextCorpus};

/// Reads files and folders one behind another into the train split of a corpus, except where a split column or a
/// folder's name says otherwise. The corpus is called like the first of them.
///
/// A folder has a folder of `.txt` files for each class, or such folders in `train`, `test` and `validation` (or
/// however [`Part::from_name`] knows them), so that a class cannot be called like one of these. Texts are taken as they are, labels without white space around them.
///
/// # Errors
/// [`CorpusError`], which names the file, the row and what to do. Nothing is read by halves.
pub fn read(
    paths: &[PathBuf],
    options: &TableOptions,
) -> Result<(TextCorpus, ReadReport), CorpusError> {
    read_parts(&[(Part::Train, paths)], options)
}

/// As [`read`], with files for each part of the corpus.
///
/// ```no_run
/// use std::path::PathBuf;
/// use recurrent_corpus::{CorpusError, Part, TableOptions, read_parts};
///
/// # fn main() -> Result<(), CorpusError> {
/// let (train, test) = ([PathBuf::from("train.csv")], [PathBuf::from("test.csv")]);
/// let parts = [(Part::Train, &train[..]), (Part::Test, &test[..])];
/// let (corpus, report) = read_parts(&parts, &TableOptions::default())?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// Those of [`read`].
pub fn read_parts(
    parts: &[(Part, &[PathBuf])],
    options: &TableOptions,
) -> Result<(TextCorpus, ReadReport), CorpusError> {
    let mut reading = Reading {
        options,
        builder: Builder::new(options.classes.as_deref())?,
        report: ReadReport::default(),
    };
    let mut paths = parts.iter().flat_map(|(_, paths)| paths.iter());
    let Some(first) = paths.next() else {
        return Err(CorpusError::NoFiles);
    };
    for (part, paths) in parts {
        for path in *paths {
            reading.path(path, *part)?;
        }
    }
    let name = first.file_name().unwrap_or(first.as_os_str());
    let corpus = reading.builder.finish()?;
    Ok((corpus.named(name.to_string_lossy()), reading.report))
}

/// The format of a file: what the options say, or its name.
pub(crate) fn format_of(path: &Path, options: &TableOptions) -> Result<Format, CorpusError> {
    let format = options.format.or_else(|| Format::of(path));
    format.ok_or_else(|| CorpusError::UnknownFormat {
        path: path.to_owned(),
    })
}

/// A corpus that is being read.
pub(crate) struct Reading<'o> {
    pub(crate) options: &'o TableOptions,
    builder: Builder,
    pub(crate) report: ReadReport,
}

impl Reading<'_> {
    fn path(&mut self, path: &Path, part: Part) -> Result<(), CorpusError> {
        let found = std::fs::metadata(path).map_err(FileError::read(path))?;
        if found.is_dir() {
            return folder::read(path, part, self);
        }
        match format_of(path, self.options)? {
            format @ (Format::Csv | Format::Tsv) => self.delimited(
                Delimited::new(Source::open(path)?, format, self.options)?,
                path,
                part,
            ),
            Format::JsonLines => {
                let lines = Lines::new(Source::open(path)?, self.options.lossy);
                self.json(lines, part)
            }
            #[cfg(feature = "parquet")]
            Format::Parquet => crate::parquet::read(path, part, self),
            #[cfg(not(feature = "parquet"))]
            Format::Parquet => Err(CorpusError::NotRead {
                path: path.to_owned(),
                format: Format::Parquet,
                remedy: "build with the feature `parquet`, or save the table as CSV or JSON lines",
            }),
            Format::Text => Err(CorpusError::NotRead {
                path: path.to_owned(),
                format: Format::Text,
                remedy: "it has no labels: give a table, or a folder with a folder of texts for each class",
            }),
        }
    }

    fn delimited(
        &mut self,
        mut rows: Delimited,
        path: &Path,
        part: Part,
    ) -> Result<(), CorpusError> {
        let table = Table {
            path,
            columns: &rows.columns,
            header: rows.has_header,
        };
        let columns = table.find(self.options, Sought::Labelled)?;
        while let Some((place, record)) = rows.next()? {
            let field = |column: usize| record.get(column).unwrap_or_default();
            let part = part_of(part, columns.split.map(field), &place)?;
            let label = columns.label.map(field).unwrap_or_default();
            let text = match columns.text[..] {
                [column] => Cow::Borrowed(field(column)),
                _ => Cow::Owned(joined(columns.text.iter().map(|column| field(*column)))),
            };
            self.row(part, place, &text, label)?;
        }
        Ok(())
    }

    fn json(&mut self, mut lines: Lines, part: Part) -> Result<(), CorpusError> {
        let mut fields: Option<Fields> = None;
        while let Some(object) = json::next(&mut lines)? {
            let fields = match &mut fields {
                Some(fields) => fields,
                none => none.insert(Fields::find(&object, self.options, Sought::Labelled)?),
            };
            fields.see(&object);
            let text = fields.joined(&object)?;
            let of = |column: &Option<String>| match column {
                Some(column) => json::label(&object, column).map(Some),
                None => Ok(None),
            };
            let part = part_of(part, of(&fields.split)?.as_deref(), &object.place)?;
            let label = of(&fields.label)?.unwrap_or_default();
            self.row(part, object.place, &text, &label)?;
        }
        match fields {
            Some(fields) => fields.check(&lines),
            None => Err(CorpusError::Empty { path: lines.path }),
        }
    }

    /// Takes a row, or counts what it lacks.
    pub(crate) fn row(
        &mut self,
        part: Part,
        place: Place,
        text: &str,
        label: &str,
    ) -> Result<(), CorpusError> {
        self.report.rows += 1;
        if text.trim().is_empty() {
            self.report.lacks(place, Missing::Text);
            return Ok(());
        }
        let label = label.trim();
        if label.is_empty() {
            self.report.lacks(place, Missing::Label);
            return Ok(());
        }
        let number = self.builder.label(label).map_err(|no| match no {
            NoLabel::TooMany => CorpusError::TooManyClasses,
            NoLabel::Unknown => CorpusError::UnknownLabel {
                place,
                label: label.to_owned(),
                classes: self.builder.classes().to_vec(),
            },
        })?;
        self.builder.push(part, text, number);
        self.report.kept += 1;
        Ok(())
    }
}

/// The part that a row's split column names, or the one that its file was given for.
pub(crate) fn part_of(
    given: Part,
    value: Option<&str>,
    place: &Place,
) -> Result<Part, CorpusError> {
    let Some(value) = value else {
        return Ok(given);
    };
    Part::from_name(value.trim()).ok_or_else(|| CorpusError::UnknownPart {
        place: place.clone(),
        value: value.to_owned(),
    })
}
