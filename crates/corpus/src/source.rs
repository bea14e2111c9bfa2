//! A file as a stream of UTF-8, or of what should be: decompressed, and without the byte order mark.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::path::{Path, PathBuf};

use flate2::bufread::MultiGzDecoder;
use recurrent_files::FileError;
use ruzstd::decoding::StreamingDecoder;

use crate::error::CorpusError;

/// Bytes that are read from a file at once.
const BUFFER: usize = 1 << 17;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// What a text file does not begin with: its first bytes, what it is then, and what to do.
const FOREIGN: [(&[u8], &str, &str); 7] = [
    (
        b"\xff\xfe\0\0",
        "text in the encoding UTF-32, and only UTF-8 is read here",
        "convert it with `iconv -f UTF-32 -t UTF-8`, or save it as UTF-8",
    ),
    (
        b"\0\0\xfe\xff",
        "text in the encoding UTF-32, and only UTF-8 is read here",
        "convert it with `iconv -f UTF-32 -t UTF-8`, or save it as UTF-8",
    ),
    (
        b"\xff\xfe",
        "text in the encoding UTF-16, and only UTF-8 is read here",
        "convert it with `iconv -f UTF-16 -t UTF-8`, or save it as UTF-8",
    ),
    (
        b"\xfe\xff",
        "text in the encoding UTF-16, and only UTF-8 is read here",
        "convert it with `iconv -f UTF-16 -t UTF-8`, or save it as UTF-8",
    ),
    (
        b"PAR1",
        "a Parquet file, which was to be read as text",
        "name the format Parquet, or call it .parquet",
    ),
    (
        b"PK\x03\x04",
        "a zip archive or a spreadsheet, and no text",
        "unpack it, or save the table as CSV",
    ),
    (
        b"\xd0\xcf\x11\xe0",
        "a spreadsheet, and no text",
        "save the table as CSV",
    ),
];

/// A stream and the file that it comes from.
pub(crate) struct Source {
    pub(crate) path: PathBuf,
    pub(crate) reader: Box<dyn Read + Send>,
    pub(crate) failure: Failure,
}

/// How a failure of the stream is told.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    path: PathBuf,
    compressed: bool,
}

impl Failure {
    pub(crate) fn of(&self, source: io::Error) -> CorpusError {
        let path = self.path.clone();
        // A disk says other things than these.
        let damaged = matches!(
            source.kind(),
            io::ErrorKind::UnexpectedEof
                | io::ErrorKind::InvalidInput
                | io::ErrorKind::InvalidData
                | io::ErrorKind::Other
        );
        if self.compressed && damaged {
            CorpusError::Compressed { path, source }
        } else {
            FileError::read(&path)(source).into()
        }
    }
}

impl Source {
    /// Opens a file.
    pub(crate) fn open(path: &Path) -> Result<Self, CorpusError> {
        let file = File::open(path).map_err(FileError::read(path))?;
        Self::new(path, file)
    }

    /// Looks at the first bytes of `reader`, which messages call `path`.
    pub(crate) fn new(
        path: &Path,
        reader: impl Read + Send + 'static,
    ) -> Result<Self, CorpusError> {
        let mut failure = Failure {
            path: path.to_owned(),
            compressed: false,
        };
        let (start, reader) = peeked(reader).map_err(|error| failure.of(error))?;
        let (start, reader) = if start.starts_with(b"\x1f\x8b") {
            failure.compressed = true;
            let decoder = MultiGzDecoder::new(BufReader::with_capacity(BUFFER, reader));
            peeked(decoder).map_err(|error| failure.of(error))?
        } else if start.starts_with(b"\x28\xb5\x2f\xfd") {
            failure.compressed = true;
            let decoder = Zstandard::new(BufReader::with_capacity(BUFFER, reader));
            peeked(decoder).map_err(|error| failure.of(error))?
        } else {
            (start, reader)
        };
        for (beginning, found, remedy) in FOREIGN {
            if start.starts_with(beginning) {
                return Err(CorpusError::Foreign {
                    path: path.to_owned(),
                    found,
                    remedy,
                });
            }
        }
        if start.contains(&0) {
            return Err(CorpusError::Foreign {
                path: path.to_owned(),
                found: "no text, or text in another encoding than UTF-8",
                remedy: "give text, and save it as UTF-8",
            });
        }
        let reader = if start.starts_with(BYTE_ORDER_MARK) {
            let mut mark = [0; BYTE_ORDER_MARK.len()];
            let mut reader = reader;
            let read = reader.read_exact(&mut mark);
            read.map_err(|error| failure.of(error))?;
            reader
        } else {
            reader
        };
        Ok(Self {
            path: path.to_owned(),
            reader,
            failure,
        })
    }
}

/// The first four bytes of a stream, or fewer if it has no more, and the whole stream.
fn peeked(reader: impl Read + Send + 'static) -> io::Result<(Vec<u8>, Box<dyn Read + Send>)> {
    let mut reader = reader;
    let mut start = Vec::new();
    reader.by_ref().take(4).read_to_end(&mut start)?;
    let whole = Cursor::new(start.clone()).chain(reader);
    Ok((start, Box::new(whole)))
}

/// The frames of a Zstandard file one behind another.
struct Zstandard<R: BufRead> {
    /// `None` only where a decoder could not begin.
    state: Option<Frame<R>>,
}

enum Frame<R: BufRead> {
    Between(R),
    Inside(Box<StreamingDecoder<R, ruzstd::decoding::FrameDecoder>>),
}

impl<R: BufRead> Zstandard<R> {
    fn new(reader: R) -> Self {
        Self {
            state: Some(Frame::Between(reader)),
        }
    }
}

impl<R: BufRead> Read for Zstandard<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            match self.state.take() {
                None => return Err(io::ErrorKind::InvalidData.into()),
                Some(Frame::Between(mut reader)) => {
                    if reader.fill_buf()?.is_empty() {
                        self.state = Some(Frame::Between(reader));
                        return Ok(0);
                    }
                    let decoder = StreamingDecoder::new(reader).map_err(|error| {
                        io::Error::new(io::ErrorKind::InvalidData, error.to_string())
                    })?;
                    self.state = Some(Frame::Inside(Box::new(decoder)));
                }
                Some(Frame::Inside(mut decoder)) => {
                    let count = decoder.read(buffer)?;
                    if count > 0 {
                        self.state = Some(Frame::Inside(decoder));
                        return Ok(count);
                    }
                    let (reader, decoder) = decoder.into_parts();
                    let said = decoder.get_checksum_from_data();
                    if said.is_some() && said != decoder.get_calculated_checksum() {
                        let reason = "the checksum of a frame is wrong";
                        return Err(io::Error::new(io::ErrorKind::InvalidData, reason));
                    }
                    self.state = Some(Frame::Between(reader));
                }
            }
        }
    }
}
