//! Texts out of files, batch by batch. Which file holds what is decided elsewhere; what is done with texts is the
//! callers' business.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, IsTerminal, Read};
use std::sync::Arc;

use super::error::{InputName, VectorizeError};
use super::format::{BYTE_ORDER_MARK, PREFIX};
use super::input::{Input, Limits, Source};
use super::json;
use super::lines::{Failed, LONGEST, Lines};
use super::meter::Meter;
use super::skipped::{Place, Skipped};
use crate::error::CliError;

/// What is done to all texts, and what was found on the way.
#[derive(Debug)]
pub(super) struct Reading {
    /// Whether `<br />` becomes a space.
    pub(super) clean: bool,
    pub(super) skipped: Skipped,
}

/// Some texts of one file, one behind the other.
pub(super) struct Batch {
    rows: Rows,
    reading: Arc<Reading>,
}

enum Rows {
    /// Lines, each a text or, where there is a field, an object with the text in it.
    Lines {
        lines: Lines,
        field: Option<Arc<str>>,
        /// Where the first is.
        place: Place,
    },
    /// A part of a column.
    #[cfg(feature = "parquet")]
    Column(arrow_array::ArrayRef),
}

/// A text, or null where a row has none.
pub(super) type Text<'b> = Option<Cow<'b, [u8]>>;

impl Batch {
    /// The texts; null for a line that is passed over. Lines of JSON that are blank have none.
    pub(super) fn texts(&self) -> Result<Vec<Text<'_>>, CliError> {
        let texts = match &self.rows {
            Rows::Lines {
                lines,
                field: None,
                place,
            } => self.lines(lines, place)?,
            Rows::Lines {
                lines,
                field: Some(field),
                place,
            } => self.json_lines(lines, field, place)?,
            #[cfg(feature = "parquet")]
            Rows::Column(texts) => {
                let texts = recurrent_vectorizer::array_texts(texts)?;
                texts.into_iter().map(|text| text.map(Cow::from)).collect()
            }
        };
        if !self.reading.clean {
            return Ok(texts);
        }
        Ok(texts.into_iter().map(|text| text.map(clean)).collect())
    }

    fn lines<'b>(&self, lines: &'b Lines, place: &Place) -> Result<Vec<Text<'b>>, CliError> {
        if !lines.have_nul() {
            return Ok(lines.iter().map(|line| Some(line.into())).collect());
        }
        let numbered = (place.line..).zip(lines.iter());
        let text = |(number, line): (u64, &'b [u8])| {
            if !line.contains(&0) {
                return Ok(Some(line.into()));
            }
            let input = place.input.clone();
            let wrong = VectorizeError::NulInText {
                input,
                line: number,
            };
            self.pass_over(place, number, wrong)
        };
        numbered.map(text).collect()
    }

    fn json_lines<'b>(
        &self,
        lines: &'b Lines,
        field: &str,
        place: &Place,
    ) -> Result<Vec<Text<'b>>, CliError> {
        let numbered = (place.line..).zip(lines.iter());
        let full = numbered.filter(|(_, line)| !line.trim_ascii().is_empty());
        let text = |(number, line): (u64, &'b [u8])| match json::text(line, field) {
            Ok(text) => Ok(text.map(|text| match text {
                Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
                Cow::Owned(text) => Cow::Owned(text.into_bytes()),
            })),
            Err(reason) => {
                let wrong = VectorizeError::JsonLine {
                    input: place.input.clone(),
                    line: number,
                    reason,
                    field: field.to_owned(),
                };
                self.pass_over(place, number, wrong)
            }
        };
        full.map(text).collect()
    }

    /// A row without text for a line that is passed over, or what is wrong with it.
    fn pass_over<'b>(
        &self,
        first: &Place,
        line: u64,
        wrong: VectorizeError,
    ) -> Result<Text<'b>, CliError> {
        let place = Place {
            line,
            ..first.clone()
        };
        let skipped = &self.reading.skipped;
        skipped.pass_over(place, wrong.into()).map(|()| None)
    }
}

/// A text with a space for every `<br />`. Where it is not UTF-8, its bytes stay.
fn clean(text: Cow<'_, [u8]>) -> Cow<'_, [u8]> {
    if !text.contains(&b'<') {
        return text;
    }
    let mut cleaned = Vec::with_capacity(text.len());
    for chunk in text.utf8_chunks() {
        cleaned.extend_from_slice(recurrent_data::clean(chunk.valid()).as_bytes());
        cleaned.extend_from_slice(chunk.invalid());
    }
    cleaned.into()
}

/// The batches of all files, in order.
pub(super) struct Batches {
    inputs: std::vec::IntoIter<Input>,
    open: Option<Open>,
    limits: Limits,
    reading: Arc<Reading>,
    meter: Meter,
}

/// The file that is being read.
enum Open {
    Lines {
        from: Box<dyn BufRead>,
        input: InputName,
        order: usize,
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
        let from = match &input.source {
            #[cfg(feature = "parquet")]
            Source::Parquet(column) => {
                let path = input.name.path();
                let column = super::parquet::Column::open(path, column, limits.texts)?;
                return Ok(Self::Column(column));
            }
            #[cfg(not(feature = "parquet"))]
            Source::Parquet(_) => {
                let _ = limits;
                let path = input.name.path().to_owned();
                return Err(VectorizeError::NoParquet { path }.into());
            }
            Source::Text | Source::Jsonl(_) => from_start(&input)?,
        };
        let field = match input.source {
            Source::Jsonl(field) => Some(field),
            Source::Text | Source::Parquet(_) => None,
        };
        Ok(Self::Lines {
            from,
            input: input.name,
            order: input.order,
            field,
            next: 1,
        })
    }

    /// The next batch, `None` at the end of the file.
    fn next(&mut self, limits: Limits, meter: &Meter) -> Result<Option<Rows>, CliError> {
        match self {
            Self::Lines {
                from,
                input,
                order,
                field,
                next,
            } => {
                let lines = match Lines::read(from.as_mut(), limits) {
                    Ok(lines) => lines,
                    Err(Failed::Io(error)) => return Err(cannot_read(input)(error)),
                    Err(Failed::TooLong(before)) => {
                        return Err(VectorizeError::LineTooLong {
                            input: input.clone(),
                            line: *next + before as u64,
                            limit: LONGEST,
                        }
                        .into());
                    }
                };
                if lines.len() == 0 {
                    return Ok(None);
                }
                meter.add(lines.bytes());
                let place = Place {
                    input: input.clone(),
                    order: *order,
                    line: *next,
                };
                *next += lines.len() as u64;
                Ok(Some(Rows::Lines {
                    lines,
                    field: field.clone(),
                    place,
                }))
            }
            #[cfg(feature = "parquet")]
            Self::Column(column) => {
                let batch = column.next_batch()?;
                Ok(batch.map(|(texts, bytes)| {
                    meter.add(bytes);
                    Rows::Column(texts)
                }))
            }
        }
    }
}

/// A file of lines from its first byte, or from behind its byte order mark, once it is known to begin as it should.
fn from_start(input: &Input) -> Result<Box<dyn BufRead>, CliError> {
    let path = input.name.path();
    let mut from: Box<dyn BufRead> = if input.name.is_stdin() {
        if io::stdin().is_terminal() {
            crate::say("reading texts from standard input, one a line");
        }
        Box::new(io::stdin().lock())
    } else {
        let file = File::open(path).map_err(CliError::read(path))?;
        Box::new(BufReader::with_capacity(1 << 16, file))
    };
    let mut prefix = Vec::new();
    (&mut from)
        .take(PREFIX as u64)
        .read_to_end(&mut prefix)
        .map_err(cannot_read(&input.name))?;
    let whole = prefix.len() < PREFIX;
    input.check(&prefix, whole)?;
    let mark = prefix.starts_with(BYTE_ORDER_MARK);
    let mut start = Cursor::new(prefix);
    start.set_position(if mark {
        BYTE_ORDER_MARK.len() as u64
    } else {
        0
    });
    if whole {
        // A terminal would be asked for its end once more.
        return Ok(Box::new(start));
    }
    Ok(Box::new(start.chain(from)))
}

/// For `map_err` where an input is read.
fn cannot_read(input: &InputName) -> impl FnOnce(io::Error) -> CliError {
    let input = input.clone();
    move |error| {
        if input.is_stdin() {
            return CliError::Input(error);
        }
        CliError::read(input.path())(error)
    }
}

impl Batches {
    pub(super) fn new(inputs: Vec<Input>, limits: Limits, reading: Reading, meter: Meter) -> Self {
        Self {
            inputs: inputs.into_iter(),
            open: None,
            limits,
            reading: Arc::new(reading),
            meter,
        }
    }

    /// What is found while they are read.
    pub(super) fn reading(&self) -> Arc<Reading> {
        Arc::clone(&self.reading)
    }
}

impl Iterator for Batches {
    type Item = Result<Batch, CliError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(open) = &mut self.open
                && let Some(rows) = open.next(self.limits, &self.meter).transpose()
            {
                let reading = Arc::clone(&self.reading);
                return Some(rows.map(|rows| Batch { rows, reading }));
            }
            self.open = None;
            match Open::new(self.inputs.next()?, self.limits) {
                Ok(open) => self.open = Some(open),
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cleaned_whatever_their_bytes() {
        for (text, expected) in [
            (&b"a<br />b"[..], &b"a b"[..]),
            (b"a < b", b"a < b"),
            (b"<br /><br />\xff<br />\xc3", b"  \xff \xc3"),
            (b"<br <br />/>", b"<br  />"),
        ] {
            assert_eq!(*clean(text.into()), *expected);
        }
    }
}
