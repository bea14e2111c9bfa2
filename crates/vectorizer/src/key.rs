//! Tokens as hash-map keys: up to fifteen bytes inline in an integer, longer ones as a slice, and
//! a map from either kind. Iteration order of the map is arbitrary: callers must sort.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher, RandomState};

/// The longest token that fits a [`ShortKey`].
pub(crate) const SHORT: usize = 15;

/// A token of 1 to [`SHORT`] bytes: its bytes from the top, zeros, and its length in the last byte.
///
/// As integers, keys order as their tokens do bytewise: the padding compares as the smallest byte,
/// and where one token is another followed by NULs the length decides, the prefix being smaller.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ShortKey(u128);

impl ShortKey {
    /// Packs a buffer that is zero from `length` (at most [`SHORT`]) on.
    #[inline]
    pub(crate) fn pack(padded: [u8; SHORT + 1], length: usize) -> Self {
        Self(u128::from_be_bytes(padded) | length as u128)
    }

    /// The token's bytes.
    fn to_vec(self) -> Vec<u8> {
        let bytes = self.0.to_be_bytes();
        bytes[..usize::from(bytes[SHORT])].to_vec()
    }
}

/// A token as the splitter yields it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Token<'a> {
    /// Up to [`SHORT`] bytes.
    Short(ShortKey),
    /// More than [`SHORT`] bytes.
    Long(&'a [u8]),
}

impl<'a> Token<'a> {
    /// The token of these bytes; `None` for no bytes, which is no token.
    pub(crate) fn new(bytes: &'a [u8]) -> Option<Self> {
        let mut padded = [0; SHORT + 1];
        match bytes.len() {
            0 => None,
            length @ 1..=SHORT => {
                padded[..length].copy_from_slice(bytes);
                Some(Self::Short(ShortKey::pack(padded, length)))
            }
            _ => Some(Self::Long(bytes)),
        }
    }

    /// The token's bytes.
    pub(crate) fn to_vec(self) -> Vec<u8> {
        match self {
            Self::Short(key) => key.to_vec(),
            Self::Long(bytes) => bytes.to_vec(),
        }
    }
}

impl Ord for Token<'_> {
    /// Bytewise, a proper prefix being smaller.
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Short(a), Self::Short(b)) => a.cmp(b),
            (Self::Long(a), Self::Long(b)) => a.cmp(b),
            _ => self.to_vec().cmp(&other.to_vec()),
        }
    }
}

impl PartialOrd for Token<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// A map from tokens to values.
#[derive(Clone)]
pub(crate) struct TokenMap<V> {
    short: HashMap<ShortKey, V, ShortKeyState>,
    long: HashMap<Box<[u8]>, V>,
}

impl<V: Copy + Default> TokenMap<V> {
    /// An empty map.
    pub(crate) fn new() -> Self {
        Self {
            short: HashMap::default(),
            long: HashMap::new(),
        }
    }

    /// The value of a token.
    #[inline]
    pub(crate) fn get(&self, token: Token<'_>) -> Option<V> {
        match token {
            Token::Short(key) => self.short.get(&key).copied(),
            Token::Long(bytes) => self.long.get(bytes).copied(),
        }
    }

    /// Changes the value of a token, which is the default value at first. Only a new long token
    /// allocates.
    #[inline]
    pub(crate) fn update(&mut self, token: Token<'_>, change: impl FnOnce(&mut V)) {
        match token {
            Token::Short(key) => change(self.short.entry(key).or_default()),
            Token::Long(bytes) => {
                if let Some(value) = self.long.get_mut(bytes) {
                    change(value);
                } else {
                    let mut value = V::default();
                    change(&mut value);
                    self.long.insert(bytes.into(), value);
                }
            }
        }
    }

    /// How many tokens there are.
    pub(crate) fn len(&self) -> usize {
        self.short.len() + self.long.len()
    }

    /// All tokens and values, in no particular order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Token<'_>, V)> {
        let short = self
            .short
            .iter()
            .map(|(&key, &value)| (Token::Short(key), value));
        short.chain(
            self.long
                .iter()
                .map(|(bytes, &value)| (Token::Long(bytes), value)),
        )
    }
}

/// Makes hashers for [`ShortKey`]: two random words, drawn once per map, so that a text cannot be
/// written to collide. No result depends on them.
#[derive(Clone)]
struct ShortKeyState {
    low: u64,
    high: u64,
}

impl Default for ShortKeyState {
    fn default() -> Self {
        let random = RandomState::new();
        Self {
            low: random.hash_one(0_u8),
            high: random.hash_one(1_u8),
        }
    }
}

impl BuildHasher for ShortKeyState {
    type Hasher = ShortKeyHasher;

    #[inline]
    fn build_hasher(&self) -> ShortKeyHasher {
        ShortKeyHasher {
            low: self.low,
            high: self.high,
            hash: 0,
        }
    }
}

/// Folds the two halves of a key with one wide multiplication. Good for one `u128`, not for
/// general input.
struct ShortKeyHasher {
    low: u64,
    high: u64,
    hash: u64,
}

impl Hasher for ShortKeyHasher {
    #[inline]
    fn write_u128(&mut self, key: u128) {
        let low = u128::from(key as u64 ^ self.low);
        let high = u128::from((key >> 64) as u64 ^ self.high);
        let product = low * high;
        self.hash = product as u64 ^ (product >> 64) as u64;
    }

    fn write(&mut self, bytes: &[u8]) {
        // Not reached by `ShortKey`, whose derived `Hash` writes one u128.
        for &byte in bytes {
            self.hash = self.hash.rotate_left(8) ^ u64::from(byte);
        }
    }

    #[inline]
    fn finish(&self) -> u64 {
        self.hash
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_is_bytewise_with_prefixes_smaller() {
        let tokens: [&[u8]; 9] = [
            b"\0",
            b"\0\0",
            b"a",
            b"a\0",
            b"a\0b",
            b"aaaaaaaaaaaaaaa",
            b"aaaaaaaaaaaaaaa\0",
            b"aaaaaaaaaaaaaaab",
            b"\xFF",
        ];
        for (i, a) in tokens.iter().enumerate() {
            for (j, b) in tokens.iter().enumerate() {
                assert_eq!(Token::new(a).cmp(&Token::new(b)), i.cmp(&j), "{a:?} {b:?}");
            }
            assert_eq!(Token::new(a).map(Token::to_vec).as_deref(), Some(*a));
        }
        assert!(Token::new(b"").is_none());
    }

    #[test]
    fn map_counts_short_and_long_tokens() {
        let mut map = TokenMap::<u64>::new();
        for bytes in [
            &b"a"[..],
            b"a\0",
            b"sixteen bytes!!!",
            b"a",
            b"sixteen bytes!!!",
        ] {
            if let Some(token) = Token::new(bytes) {
                map.update(token, |count| *count += 1);
            }
        }
        let count = |bytes| Token::new(bytes).and_then(|token| map.get(token));
        assert_eq!(count(b"a"), Some(2));
        assert_eq!(count(b"a\0"), Some(1));
        assert_eq!(count(b"sixteen bytes!!!"), Some(2));
        assert_eq!(count(b"b"), None);
        assert_eq!((map.len(), map.iter().count()), (3, 3));
    }
}
