//! A token as one integer: up to fifteen bytes and their number. Longer tokens stay slices.

use std::cmp::Ordering;

/// The longest token that fits a [`Key`].
pub(crate) const SHORT: usize = 15;

/// How many bytes are read from a token's beginning on to make a key of it.
pub(crate) const READ: usize = SHORT + 1;

/// A token of at most [`SHORT`] bytes: the bytes from the low end, zeros, and the number of bytes in
/// the highest byte. The empty token is zero, and it alone has a zero [`high`](Self::high) half.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) low: u64,
    pub(crate) high: u64,
}

/// For every length, the bits that its bytes occupy in the two halves of a key.
const MASKS: [(u64, u64); READ] = {
    let mut masks = [(0, 0); READ];
    let mut length = 0;
    while length < READ {
        let bits = (1_u128 << (8 * length)) - 1;
        masks[length] = (bits as u64, (bits >> 64) as u64);
        length += 1;
    }
    masks
};

impl Key {
    /// The key of the first `length` (at most [`SHORT`]) of these bytes.
    #[inline(always)]
    pub(super) fn new(bytes: [u8; READ], length: usize) -> Self {
        let bits = u128::from_le_bytes(bytes);
        let (low, high) = MASKS[length & SHORT];
        Self {
            low: bits as u64 & low,
            high: (bits >> 64) as u64 & high | (length as u64) << 56,
        }
    }

    /// The number of bytes.
    fn length(self) -> usize {
        (self.high >> 56) as usize
    }

    /// The token's bytes, and zeros behind them.
    fn bytes(self) -> [u8; READ] {
        let mut bytes = [0; READ];
        bytes[..8].copy_from_slice(&self.low.to_le_bytes());
        bytes[8..].copy_from_slice(&self.high.to_le_bytes());
        bytes[SHORT] = 0;
        bytes
    }

    /// Whether this is the empty token.
    #[inline(always)]
    pub(crate) fn is_empty(self) -> bool {
        self.high == 0
    }

    /// As an integer that orders as tokens do bytewise: where one token is another followed by NULs
    /// the length decides, the prefix being smaller.
    fn rank(self) -> u128 {
        u128::from_be_bytes(self.bytes()) | self.length() as u128
    }
}

/// A token as the tables take it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Token<'a> {
    /// Up to [`SHORT`] bytes.
    Short(Key),
    /// More than [`SHORT`] bytes.
    Long(&'a [u8]),
}

impl<'a> Token<'a> {
    /// The token of these bytes.
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        if bytes.len() > SHORT {
            return Self::Long(bytes);
        }
        let mut padded = [0; READ];
        padded[..bytes.len()].copy_from_slice(bytes);
        Self::Short(Key::new(padded, bytes.len()))
    }

    /// Whether the token has no bytes.
    #[inline(always)]
    pub(crate) fn is_empty(self) -> bool {
        matches!(self, Self::Short(key) if key.is_empty())
    }

    /// Appends the token's bytes.
    pub(crate) fn write_to(self, out: &mut Vec<u8>) {
        match self {
            Self::Short(key) => out.extend_from_slice(&key.bytes()[..key.length()]),
            Self::Long(bytes) => out.extend_from_slice(bytes),
        }
    }

    /// An integer that orders as tokens do bytewise, but for long tokens with the same first
    /// [`SHORT`] bytes, which have the same.
    pub(crate) fn prefix(self) -> u128 {
        match self {
            Self::Short(key) => key.rank(),
            Self::Long(bytes) => {
                let start = bytes.first_chunk().copied().unwrap_or_default();
                Key::new(start, SHORT).rank() | READ as u128
            }
        }
    }

    /// The token's bytes on their own.
    fn to_vec(self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.write_to(&mut bytes);
        bytes
    }
}

impl Ord for Token<'_> {
    /// Bytewise, a proper prefix being smaller.
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Short(a), Self::Short(b)) => a.rank().cmp(&b.rank()),
            (Self::Long(a), Self::Long(b)) => a.cmp(b),
            (Self::Short(a), Self::Long(b)) => a.bytes()[..a.length()].cmp(b),
            (Self::Long(_), Self::Short(_)) => other.cmp(self).reverse(),
        }
    }
}

impl PartialOrd for Token<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl std::fmt::Debug for Token<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", String::from_utf8_lossy(&self.to_vec()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_is_bytewise_with_prefixes_smaller() {
        let tokens: [&[u8]; 12] = [
            b"",
            b"\0",
            b"\0\0",
            b"a",
            b"a\0",
            b"a\0b",
            b"aaaaaaaaaaaaaaa",
            b"aaaaaaaaaaaaaaa\0",
            b"aaaaaaaaaaaaaaab",
            b"b",
            b"ba",
            b"\xFF",
        ];
        for (i, a) in tokens.iter().enumerate() {
            for (j, b) in tokens.iter().enumerate() {
                assert_eq!(Token::new(a).cmp(&Token::new(b)), i.cmp(&j), "{a:?} {b:?}");
                assert_eq!(Token::new(a) == Token::new(b), i == j, "{a:?} {b:?}");
            }
            assert_eq!(Token::new(a).to_vec(), *a);
            assert_eq!(Token::new(a).is_empty(), a.is_empty());
        }
    }
}
