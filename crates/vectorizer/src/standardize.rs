//! What becomes of each byte: kept, lower-cased, deleted, or taken as a separator.
//! A table of 256 entries holds the whole of standardization; there are no Unicode rules here.

/// The class and, for kept bytes, the replacement of each of the 256 byte values.
pub(crate) struct ByteTable([u16; 256]);

/// First entry that is not a kept byte: the byte is dropped and its neighbours join.
/// Its low byte is zero, so that writing it leaves a zeroed buffer zero.
const DELETE: u16 = 0x100;
/// The byte separates tokens.
const SPACE: u16 = 0x200;

/// One looked-up byte.
#[derive(Clone, Copy)]
pub(crate) struct Entry(u16);

impl Entry {
    /// Whether the byte ends a token.
    #[inline]
    pub(crate) fn is_space(self) -> bool {
        self.0 == SPACE
    }

    /// Whether the byte belongs to a token.
    #[inline]
    pub(crate) fn is_kept(self) -> bool {
        self.0 < DELETE
    }

    /// What a kept byte becomes; zero for the others.
    #[inline]
    pub(crate) fn byte(self) -> u8 {
        self.0.to_le_bytes()[0]
    }
}

impl ByteTable {
    /// Keras' `lower_and_strip_punctuation` with its `whitespace` split: `A`-`Z` become `a`-`z`,
    /// the 32 ASCII punctuation bytes are deleted, six bytes separate, all others stay. The
    /// separators are those of [`u8::is_ascii_whitespace`] and the vertical tab.
    const fn lower_and_strip_punctuation() -> Self {
        let mut table = [0; 256];
        let mut value = 0;
        while value < 256 {
            let byte = value as u8;
            table[value] = if byte.is_ascii_whitespace() || byte == 0x0B {
                SPACE
            } else if byte.is_ascii_punctuation() {
                DELETE
            } else {
                byte.to_ascii_lowercase() as u16
            };
            value += 1;
        }
        Self(table)
    }

    /// The entry of one byte.
    #[inline]
    pub(crate) fn entry(&self, byte: u8) -> Entry {
        Entry(self.0[usize::from(byte)])
    }
}

/// The default standardization and split.
pub(crate) static DEFAULT: ByteTable = ByteTable::lower_and_strip_punctuation();

#[cfg(test)]
mod tests {
    use super::*;

    /// Python's `string.punctuation`, written out rather than computed.
    const PUNCTUATION: &[u8; 32] = br##"!"#$%&'()*+,-./:;<=>?@[\]^_`{|}~"##;

    #[test]
    fn every_byte_value_has_the_class_of_the_specification() {
        for value in 0..=255_u8 {
            let entry = DEFAULT.entry(value);
            let space = [0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x20].contains(&value);
            let deleted = PUNCTUATION.contains(&value);
            assert_eq!(entry.is_space(), space, "byte {value:#04x}");
            assert_eq!(entry.is_kept(), !space && !deleted, "byte {value:#04x}");
            let expected = match value {
                _ if space || deleted => 0,
                0x41..=0x5A => value + 0x20,
                _ => value,
            };
            assert_eq!(entry.byte(), expected, "byte {value:#04x}");
        }
    }
}
