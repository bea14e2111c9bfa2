//! Lines of a stream.

use std::io::{BufRead as _, BufReader, Read};
use std::path::PathBuf;

use crate::error::CorpusError;
use crate::place::Place;
use crate::source::{Failure, Source};

/// The lines of a file, numbered from 1, without what ends them.
pub(crate) struct Lines {
    pub(crate) path: PathBuf,
    reader: BufReader<Box<dyn Read + Send>>,
    failure: Failure,
    lossy: bool,
    number: u64,
    bytes: Vec<u8>,
}

impl Lines {
    pub(crate) fn new(source: Source, lossy: bool) -> Self {
        Self {
            path: source.path,
            reader: BufReader::with_capacity(1 << 17, source.reader),
            failure: source.failure,
            lossy,
            number: 0,
            bytes: Vec::new(),
        }
    }

    /// The next line and its number; `None` after the last.
    pub(crate) fn next(&mut self) -> Result<Option<(u64, String)>, CorpusError> {
        self.bytes.clear();
        let read = self.reader.read_until(b'\n', &mut self.bytes);
        if read.map_err(|error| self.failure.of(error))? == 0 {
            return Ok(None);
        }
        self.number += 1;
        let line = self.bytes.strip_suffix(b"\n").unwrap_or(&self.bytes);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let place = || Place::row(&self.path, self.number);
        Ok(Some((self.number, utf8(line, self.lossy, place)?)))
    }
}

/// Text of these bytes.
pub(crate) fn utf8(
    bytes: &[u8],
    lossy: bool,
    place: impl FnOnce() -> Place,
) -> Result<String, CorpusError> {
    if lossy {
        return Ok(String::from_utf8_lossy(bytes).into_owned());
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text.to_owned()),
        Err(_) => Err(CorpusError::NotUtf8 { place: place() }),
    }
}
