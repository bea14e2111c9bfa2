//! The members of a gzip file, one after the other, up to its end.
//!
//! Archives written to a tape or a pipe are filled up with zeros; they are no part of what was packed.
//! Anything else behind the last member is an error: part of the archive may be in it.

use std::io::{self, BufRead, Read};

use flate2::bufread::GzDecoder;

/// What every gzip member begins with.
pub(super) const MAGIC: [u8; 2] = [0x1f, 0x8b];

/// Reads what was packed.
pub(super) struct Members<R> {
    /// `None` at the end.
    member: Option<GzDecoder<R>>,
}

impl<R: BufRead> Members<R> {
    pub(super) fn new(reader: R) -> Self {
        Self {
            member: Some(GzDecoder::new(reader)),
        }
    }
}

impl<R: BufRead> Read for Members<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        while let Some(member) = &mut self.member {
            let count = member.read(buffer)?;
            if count > 0 {
                return Ok(count);
            }
            if let Some(member) = self.member.take() {
                let mut rest = member.into_inner();
                if rest.fill_buf()?.first() == Some(&MAGIC[0]) {
                    self.member = Some(GzDecoder::new(rest));
                } else {
                    check_zeros(&mut rest)?;
                }
            }
        }
        Ok(0)
    }
}

/// Reads to the end; an error if there is anything but zeros.
fn check_zeros(rest: &mut impl BufRead) -> io::Result<()> {
    loop {
        let bytes = rest.fill_buf()?;
        if bytes.is_empty() {
            return Ok(());
        }
        if let Some(at) = bytes.iter().position(|byte| *byte != 0) {
            let first = bytes[at..].iter().take(16);
            let shown: Vec<String> = first.map(|byte| format!("{byte:02x}")).collect();
            return Err(io::Error::other(format!(
                "something that is not gzip follows the packed data, beginning with the bytes {}",
                shown.join(" ")
            )));
        }
        let length = bytes.len();
        rest.consume(length);
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn packed(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn unpacked(bytes: &[u8]) -> io::Result<Vec<u8>> {
        let mut all = Vec::new();
        Members::new(bytes).read_to_end(&mut all)?;
        Ok(all)
    }

    #[test]
    fn members_and_padding() {
        let (first, second) = (packed(b"one, "), packed(b"two"));
        let members = [first.as_slice(), &second].concat();
        assert_eq!(unpacked(&members).unwrap(), b"one, two");
        assert_eq!(
            unpacked(&[members.as_slice(), &[0; 10_000]].concat()).unwrap(),
            b"one, two"
        );
    }

    #[test]
    fn anything_else_behind_is_told() {
        for (behind, told) in [
            (b"garbage".to_vec(), "67 61 72 62 61 67 65"),
            (b"\0\0x".to_vec(), "78"),
            ([&[0; 10], packed(b"two").as_slice()].concat(), "1f 8b"),
        ] {
            let error = unpacked(&[packed(b"one"), behind].concat()).unwrap_err();
            assert!(error.to_string().contains(told), "{error}");
        }
        // What begins like a member must be one.
        assert!(unpacked(&[packed(b"one"), vec![0x1f, 1, 2]].concat()).is_err());
        let whole = packed(b"one");
        for length in 0..whole.len() {
            assert!(unpacked(&whole[..length]).is_err(), "{length}");
        }
    }
}
