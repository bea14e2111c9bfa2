//! Records of CSV and TSV files, all with as many fields, and none that swallows the rest of the file.

use std::io::{self, Read};

use csv::{ByteRecord, ReaderBuilder, StringRecord};

use crate::error::CorpusError;
use crate::lines::utf8;
use crate::options::{Format, TableOptions};
use crate::place::Place;
use crate::source::{Failure, Source};

/// What is read behind the end of the file. Where it comes back as part of another record, a quoted field was open.
const BEHIND: &[u8] = b"\nend";

/// A stream, and [`BEHIND`] after it.
struct Closed {
    reader: Box<dyn Read + Send>,
    /// Bytes that were read.
    read: u64,
    /// The last of them, as they were asked for.
    chunk: Vec<u8>,
    /// How much of what comes behind was read; `None` before the end.
    behind: Option<usize>,
}

impl Closed {
    /// Whether the record that ends at byte `position` of the stream is the last.
    fn is_last(&self, position: u64) -> bool {
        self.behind == Some(BEHIND.len()) && position >= self.read
    }

    /// Whether the byte before `position` is a line feed. No more is read before a record is taken, so that it is
    /// among the last.
    fn ends_line(&self, position: u64) -> bool {
        let behind = usize::try_from(self.read.saturating_sub(position)).ok();
        let place = behind.and_then(|behind| self.chunk.len().checked_sub(behind + 1));
        place.is_some_and(|place| self.chunk[place] == b'\n')
    }
}

impl Read for Closed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut count = match self.behind {
            None => self.reader.read(buffer)?,
            Some(_) => 0,
        };
        if count == 0 && !buffer.is_empty() {
            let start = self.behind.unwrap_or(0);
            count = buffer.len().min(BEHIND.len() - start);
            buffer[..count].copy_from_slice(&BEHIND[start..start + count]);
            self.behind = Some(start + count);
        }
        if count > 0 {
            self.read += count as u64;
            self.chunk.clear();
            self.chunk.extend_from_slice(&buffer[..count]);
        }
        Ok(count)
    }
}

/// A CSV or TSV file that is being read.
pub(crate) struct Delimited {
    path: std::path::PathBuf,
    reader: csv::Reader<Closed>,
    failure: Failure,
    /// The names of the columns.
    pub(crate) columns: Vec<String>,
    pub(crate) has_header: bool,
    pub(crate) delimiter: u8,
    lossy: bool,
    /// The first row of a file without header.
    first: Option<(ByteRecord, u64)>,
    rows: u64,
    done: bool,
}

impl Delimited {
    /// Opens a file and reads its header, or its first row to see how many columns there are.
    pub(crate) fn new(
        source: Source,
        format: Format,
        options: &TableOptions,
    ) -> Result<Self, CorpusError> {
        let usual = if format == Format::Tsv { b'\t' } else { b',' };
        let delimiter = options.delimiter.unwrap_or(usual);
        let closed = Closed {
            reader: source.reader,
            read: 0,
            chunk: Vec::new(),
            behind: None,
        };
        let reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(delimiter)
            .quoting(options.quotes)
            .buffer_capacity(1 << 17)
            .from_reader(closed);
        let mut table = Self {
            path: source.path,
            reader,
            failure: source.failure,
            columns: Vec::new(),
            has_header: options.header,
            delimiter,
            lossy: options.lossy,
            first: None,
            rows: 0,
            done: false,
        };
        let mut record = ByteRecord::new();
        let Some(line) = table.read(&mut record)? else {
            return Err(CorpusError::Empty { path: table.path });
        };
        if options.header {
            let header = table.text(&record, || Place {
                line: Some(line),
                ..Place::file(&table.path)
            })?;
            table.columns = header.iter().map(|name| name.trim().to_owned()).collect();
        } else {
            table.columns = (1..=record.len())
                .map(|number| number.to_string())
                .collect();
            table.first = Some((record, line));
        }
        Ok(table)
    }

    /// The next row and where it is; `None` after the last.
    pub(crate) fn next(&mut self) -> Result<Option<(Place, StringRecord)>, CorpusError> {
        let (record, line) = match self.first.take() {
            Some(first) => first,
            None => {
                let mut record = ByteRecord::new();
                match self.read(&mut record)? {
                    Some(line) => (record, line),
                    None => return Ok(None),
                }
            }
        };
        self.rows += 1;
        let place = Place {
            line: Some(line),
            ..Place::row(&self.path, self.rows)
        };
        if record.len() != self.columns.len() {
            return Err(CorpusError::Ragged {
                place,
                found: record.len(),
                expected: self.columns.len(),
            });
        }
        let record = self.text(&record, || place.clone())?;
        Ok(Some((place, record)))
    }

    /// Reads a record; the line on which it begins, or `None` after the last.
    fn read(&mut self, record: &mut ByteRecord) -> Result<Option<u64>, CorpusError> {
        if self.done {
            return Ok(None);
        }
        let read = self.reader.read_byte_record(record);
        let more = read.map_err(|error| self.failure.of(error.into()))?;
        let end = self.reader.position();
        // The parser says where it stood before the lines that it passed over. Lines are counted by their feeds: those
        // before the end of the record, without those within it.
        let within = record.as_slice().iter().filter(|byte| **byte == b'\n');
        let feeds = within.count() as u64 + u64::from(self.reader.get_ref().ends_line(end.byte()));
        let line = end.line().saturating_sub(feeds);
        let last = self.reader.get_ref().is_last(end.byte());
        if more && !last {
            return Ok(Some(line));
        }
        self.done = true;
        if more && (record.len() != 1 || record.get(0) != Some(&BEHIND[1..])) {
            let row = self.rows + 1;
            return Err(CorpusError::OpenQuote {
                place: Place {
                    line: Some(line),
                    ..Place::row(&self.path, row)
                },
            });
        }
        Ok(None)
    }

    fn text(
        &self,
        record: &ByteRecord,
        place: impl Fn() -> Place,
    ) -> Result<StringRecord, CorpusError> {
        if let Ok(text) = StringRecord::from_byte_record(record.clone()) {
            return Ok(text);
        }
        let mut text = StringRecord::new();
        for field in record {
            text.push_field(&utf8(field, self.lossy, &place)?);
        }
        Ok(text)
    }
}
