//! Tokens as they are found in a text: one behind the other in a buffer.

use super::key::{Key, READ, SHORT};

/// Tokens of one buffer, in order: each begins one byte behind where another ends.
#[derive(Clone, Copy)]
pub(crate) struct Run<'t> {
    bytes: &'t [u8],
    /// Where each token's predecessor ends; `usize::MAX` before the beginning of the buffer.
    befores: &'t [usize],
    /// Where each token ends.
    ends: &'t [usize],
}

impl<'t> Run<'t> {
    /// The tokens of `bytes` between these bounds: as many as the shorter list has.
    #[inline(always)]
    pub(crate) fn new(bytes: &'t [u8], befores: &'t [usize], ends: &'t [usize]) -> Self {
        let count = befores.len().min(ends.len());
        Self {
            bytes,
            befores: &befores[..count],
            ends: &ends[..count],
        }
    }

    /// The number of tokens.
    pub(crate) fn len(self) -> usize {
        self.ends.len()
    }

    /// The first `count` of them, or all if there are fewer.
    pub(crate) fn take(self, count: usize) -> Self {
        let count = count.min(self.len());
        Self::new(self.bytes, &self.befores[..count], &self.ends[..count])
    }

    /// Without the first `count`.
    pub(super) fn skip(self, count: usize) -> Self {
        let count = count.min(self.len());
        Self::new(self.bytes, &self.befores[count..], &self.ends[count..])
    }

    /// Where each token begins and ends.
    #[inline(always)]
    pub(super) fn ranges(self) -> impl ExactSizeIterator<Item = (usize, usize)> {
        let starts = self.befores.iter().map(|end| end.wrapping_add(1));
        starts.zip(self.ends.iter().copied())
    }

    /// The bytes of a token.
    pub(super) fn slice(self, start: usize, end: usize) -> &'t [u8] {
        &self.bytes[start..end]
    }

    /// The key of a token; `None` for an empty one, for a long one, and for one at the very end of the
    /// buffer, which has room behind its tokens.
    #[inline(always)]
    pub(super) fn key(self, start: usize, end: usize) -> Option<Key> {
        let length = end - start;
        let chunk = self.bytes[start..].first_chunk::<READ>()?;
        // One comparison for both: 0 becomes the largest number.
        (length.wrapping_sub(1) < SHORT).then(|| Key::new(*chunk, length))
    }

    /// Each token's bytes.
    pub(crate) fn slices(self) -> impl ExactSizeIterator<Item = &'t [u8]> {
        self.ranges()
            .map(move |(start, end)| self.slice(start, end))
    }
}

#[cfg(test)]
mod tests {
    use super::super::Token;
    use super::*;

    #[test]
    fn a_key_read_in_place_is_that_of_the_token_copied() {
        let text: Vec<u8> = (1..=80).collect();
        let run = Run::new(&text, &[], &[]);
        for start in 0..40 {
            for length in 0..20 {
                let expected = match Token::new(&text[start..start + length]) {
                    Token::Short(key) if length > 0 => Some(key),
                    _ => None,
                };
                assert!(run.key(start, start + length) == expected);
            }
        }
    }
}
