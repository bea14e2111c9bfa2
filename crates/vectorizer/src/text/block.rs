//! What becomes of each byte of a text: kept, lower-cased, deleted, or taken as a separator; sixty-four
//! bytes at a time. ASCII only: there are no Unicode rules here.

/// How many bytes are classified at once: one bit each in a `u64`.
pub(super) const BLOCK: usize = 64;

/// Which of Keras' two built-in changes are made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ascii {
    /// `A`-`Z` become `a`-`z`.
    pub(crate) lower: bool,
    /// The 32 ASCII punctuation bytes are deleted: their neighbours join.
    pub(crate) strip: bool,
}

impl Ascii {
    /// What becomes of one byte; `None` for a deleted one.
    pub(super) fn change(self, byte: u8) -> Option<u8> {
        if self.strip && byte.is_ascii_punctuation() {
            None
        } else if self.lower {
            Some(byte.to_ascii_lowercase())
        } else {
            Some(byte)
        }
    }
}

/// The classes of a block's bytes, bit `i` for byte `i`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Classes {
    /// The six bytes that separate words: those of [`u8::is_ascii_whitespace`] and the vertical tab.
    pub(super) spaces: u64,
    /// Deleted bytes.
    pub(super) deleted: u64,
}

/// Finds the classes of a block and writes its bytes, lower-cased if asked for, to `out`. Plain
/// arithmetic on bytes, which compilers turn into whatever vectors the target has.
#[inline(always)]
pub(super) fn classify<const LOWER: bool, const STRIP: bool>(
    block: &[u8; BLOCK],
    out: &mut [u8; BLOCK],
) -> Classes {
    let within = |byte: u8, first: u8, last: u8| byte.wrapping_sub(first) <= last - first;
    let mut spaces = [0; BLOCK];
    let mut deleted = [0; BLOCK];
    for i in 0..BLOCK {
        let byte = block[i];
        out[i] = byte | u8::from(LOWER & within(byte, b'A', b'Z')) << 5;
        spaces[i] = u8::from(within(byte, 0x09, 0x0D) | (byte == b' '));
        if STRIP {
            let punctuation = within(byte, 0x21, 0x2F)
                | within(byte, 0x3A, 0x40)
                | within(byte, 0x5B, 0x60)
                | within(byte, 0x7B, 0x7E);
            deleted[i] = u8::from(punctuation);
        }
    }
    Classes {
        spaces: bits(&spaces),
        deleted: if STRIP { bits(&deleted) } else { 0 },
    }
}

/// One bit for each byte, all of which are 0 or 1: the multiplication moves the eight bits of a word
/// into its highest byte without any two meeting.
#[inline(always)]
fn bits(flags: &[u8; BLOCK]) -> u64 {
    let mut gathered = [0; BLOCK / 8];
    for (byte, word) in gathered.iter_mut().zip(flags.as_chunks().0) {
        *byte = (u64::from_le_bytes(*word).wrapping_mul(0x0102_0408_1020_4080) >> 56) as u8;
    }
    u64::from_le_bytes(gathered)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Python's `string.punctuation`, written out rather than computed.
    const PUNCTUATION: &[u8; 32] = br##"!"#$%&'()*+,-./:;<=>?@[\]^_`{|}~"##;

    /// Every byte value at every place of a block.
    fn check<const LOWER: bool, const STRIP: bool>() {
        for turn in 0..256_usize {
            let block: [u8; BLOCK] = std::array::from_fn(|i| ((i * 37 + turn) % 256) as u8);
            let mut out = [0; BLOCK];
            let classes = classify::<LOWER, STRIP>(&block, &mut out);
            for (i, &byte) in block.iter().enumerate() {
                let space = [0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x20].contains(&byte);
                let deleted = STRIP && PUNCTUATION.contains(&byte);
                let kept = match byte {
                    0x41..=0x5A if LOWER => byte + 0x20,
                    _ => byte,
                };
                assert_eq!(classes.spaces >> i & 1 == 1, space, "{byte:#04x} at {i}");
                assert_eq!(classes.deleted >> i & 1 == 1, deleted, "{byte:#04x} at {i}");
                assert_eq!(out[i], kept, "{byte:#04x} at {i}");
                let ascii = Ascii {
                    lower: LOWER,
                    strip: STRIP,
                };
                assert_eq!(ascii.change(byte), (!deleted).then_some(kept));
            }
        }
    }

    #[test]
    fn every_byte_value_has_the_class_of_the_specification() {
        check::<false, false>();
        check::<false, true>();
        check::<true, false>();
        check::<true, true>();
    }
}
