//! Texts from standard input, one a line, in batches.
//!
//! A batch ends where the next line would have to be waited for, so that whoever writes a line and waits gets an
//! answer; it is bounded in lines and bytes, and so is a line. Bytes stay what they are: not everything is UTF-8.

use std::io::{BufRead as _, BufReader, Read};

use crate::error::CliError;

/// The most bytes of a line: as many as a review may have.
pub(crate) const LONGEST: usize = 16 << 20;

/// The bytes that are read at a time.
const BUFFER: usize = 64 << 10;

/// A batch with as many bytes takes no further line.
const BATCH_BYTES: usize = 1 << 20;

/// Lines of `R`.
pub(crate) struct Lines<R> {
    reader: BufReader<R>,
    number: u64,
}

impl<R: Read> Lines<R> {
    pub(crate) fn new(input: R) -> Self {
        Self {
            reader: BufReader::with_capacity(BUFFER, input),
            number: 0,
        }
    }

    /// The next lines, at most `most` and at least one; none at the end. Ends of lines, LF or CRLF, are left out, as
    /// is a byte order mark of UTF-8 before the first.
    ///
    /// # Errors
    /// [`CliError::Input`]; [`CliError::LongLine`] for a line of more than [`LONGEST`] bytes, which is not read to its
    /// end; [`CliError::Utf16`].
    pub(crate) fn batch(&mut self, most: usize) -> Result<Vec<Vec<u8>>, CliError> {
        let mut batch = Vec::new();
        let mut bytes = 0;
        while batch.len() < most.max(1) && bytes < BATCH_BYTES {
            // Only the first line is waited for. It alone can fail, then, and no line before it is lost.
            if !batch.is_empty() && !self.reader.buffer().contains(&b'\n') {
                break;
            }
            let Some(line) = self.line()? else {
                break;
            };
            bytes += line.len();
            batch.push(line);
        }
        Ok(batch)
    }

    fn line(&mut self) -> Result<Option<Vec<u8>>, CliError> {
        let mut line = Vec::new();
        // With room for the end of the line.
        let most = LONGEST as u64 + 2;
        let read = self.reader.by_ref().take(most).read_until(b'\n', &mut line);
        if read.map_err(CliError::Input)? == 0 {
            return Ok(None);
        }
        self.number += 1;
        if self.number == 1 {
            if line.starts_with(b"\xff\xfe") || line.starts_with(b"\xfe\xff") {
                return Err(CliError::Utf16);
            }
            if line.starts_with(b"\xef\xbb\xbf") {
                line.drain(..3);
            }
        }
        for end in [b'\n', b'\r'] {
            if line.last() == Some(&end) {
                line.pop();
            }
        }
        if line.len() > LONGEST {
            return Err(CliError::LongLine { line: self.number });
        }
        Ok(Some(line))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives one piece a read, as a pipe does.
    struct Pieces(Vec<&'static [u8]>);

    impl Read for Pieces {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            if self.0.is_empty() {
                return Ok(0);
            }
            let piece = self.0.remove(0);
            buffer[..piece.len()].copy_from_slice(piece);
            Ok(piece.len())
        }
    }

    fn batches(pieces: &[&'static [u8]], most: usize) -> Vec<Vec<Vec<u8>>> {
        let mut lines = Lines::new(Pieces(pieces.to_vec()));
        std::iter::from_fn(|| Some(lines.batch(most).unwrap()).filter(|batch| !batch.is_empty()))
            .collect()
    }

    #[test]
    fn a_batch_ends_where_a_line_would_be_waited_for() {
        let pieces: [&[u8]; 4] = [b"a\nb\nc", b"d\n", b"\n", b"e"];
        let of = |texts: &[&str]| -> Vec<Vec<u8>> {
            texts.iter().map(|text| text.as_bytes().to_vec()).collect()
        };
        assert_eq!(
            batches(&pieces, 9),
            [of(&["a", "b"]), of(&["cd"]), of(&[""]), of(&["e"])]
        );
        assert_eq!(batches(&pieces, 1).len(), 5);
    }

    #[test]
    fn ends_of_lines_and_the_byte_order_mark_are_left_out_and_bytes_stay() {
        let found = batches(&[b"\xef\xbb\xbfcaf\xe9\r\n\xef\xbb\xbf\r\r\n\xff"], 9);
        let found: Vec<Vec<u8>> = found.into_iter().flatten().collect();
        assert_eq!(found, [&b"caf\xe9"[..], b"\xef\xbb\xbf\r", b"\xff"]);
        let error = Lines::new(&b"\xff\xfea\0"[..]).batch(1).unwrap_err();
        assert!(matches!(error, CliError::Utf16), "{error}");
    }

    #[test]
    fn a_line_is_bounded_and_those_before_it_are_given() {
        let long = vec![b'a'; LONGEST];
        let input = [b"x\n", &long[..], b"\r\n", &long, b"a"].concat();
        let mut lines = Lines::new(&input[..]);
        assert_eq!(lines.batch(9).unwrap(), [b"x"]);
        assert_eq!(lines.batch(9).unwrap(), [long]);
        let error = lines.batch(9).unwrap_err();
        assert!(matches!(error, CliError::LongLine { line: 3 }), "{error}");
        // Without an end.
        let error = Lines::new(std::io::repeat(0)).batch(9).unwrap_err();
        assert!(matches!(error, CliError::LongLine { line: 1 }), "{error}");
    }

    #[test]
    fn a_batch_is_bounded_in_bytes() {
        let line = [&vec![b'a'; BATCH_BYTES / 20][..], b"\n"].concat();
        let input = line.repeat(100);
        let mut lines = Lines::new(&input[..]);
        let mut count = 0;
        loop {
            let batch = lines.batch(1000).unwrap();
            if batch.is_empty() {
                break;
            }
            let bytes: usize = batch.iter().map(Vec::len).sum();
            assert!(bytes <= BATCH_BYTES + line.len(), "{bytes}");
            count += batch.len();
        }
        assert_eq!(count, 100);
    }
}
