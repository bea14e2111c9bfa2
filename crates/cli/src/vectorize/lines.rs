//! Lines of a file, as many as make a batch.

use std::io::{self, BufRead, Read};

use super::input::Limits;

/// The most bytes that a line may have.
pub(super) const LONGEST: usize = 1 << 24;

/// Lines without their ends.
#[derive(Default)]
pub(super) struct Lines {
    bytes: Vec<u8>,
    /// Where each begins and ends.
    places: Vec<(usize, usize)>,
}

/// Why there are no more lines.
#[derive(Debug)]
pub(super) enum Failed {
    /// The file cannot be read.
    Io(io::Error),
    /// The line that follows so many others in this batch is too long.
    TooLong(usize),
}

impl Lines {
    pub(super) fn iter(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        let places = self.places.iter();
        places.map(|&(start, end)| &self.bytes[start..end])
    }

    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    /// How many bytes of the file they are.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes.len() as u64
    }

    /// Whether any of them has a NUL byte.
    pub(super) fn have_nul(&self) -> bool {
        self.bytes.contains(&0)
    }

    /// As many lines as one batch may have; none at the end of the file. A line ends with 0x0A, or 0x0D
    /// and 0x0A; the last one may lack it.
    pub(super) fn read(from: &mut dyn BufRead, limits: Limits) -> Result<Self, Failed> {
        let mut lines = Self::default();
        while lines.bytes.len() < limits.bytes && lines.places.len() < limits.texts {
            let start = lines.bytes.len();
            // One more than a line and its end, by which one that is too long is known.
            let mut bounded = (&mut *from).take(LONGEST as u64 + 3);
            if bounded
                .read_until(b'\n', &mut lines.bytes)
                .map_err(Failed::Io)?
                == 0
            {
                break;
            }
            let line = &lines.bytes[start..];
            let line = match line.strip_suffix(b"\n") {
                Some(line) => line.strip_suffix(b"\r").unwrap_or(line),
                None => line,
            };
            if line.len() > LONGEST {
                return Err(Failed::TooLong(lines.places.len()));
            }
            lines.places.push((start, start + line.len()));
        }
        Ok(lines)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_with_lf_or_crlf_and_have_a_bound() {
        let read = |mut from: &[u8]| Lines::read(&mut from, Limits::USUAL);
        let lines = read(b"a\r\nb\rc\n\n d").unwrap();
        let found: Vec<&[u8]> = lines.iter().collect();
        assert_eq!(found, [&b"a"[..], b"b\rc", b"", b" d"]);
        assert!(read(&vec![b'a'; LONGEST]).is_ok());
        let mut text = b"short\n".to_vec();
        text.resize(text.len() + LONGEST, b'a');
        text.extend(b"\r\n");
        assert_eq!(read(&text).unwrap().len(), 2);
        text.splice(6..6, *b"a");
        assert!(matches!(read(&text), Err(Failed::TooLong(1))));
    }
}
