//! Counts tokens over a corpus and ranks them in Keras' order.
//! Nothing here knows of ids or special positions.

use std::cmp::Ordering;
use std::ops::ControlFlow;

use crate::key::{Token, TokenMap};
use crate::split::split_whitespace;
use crate::standardize::DEFAULT;
use crate::vocabulary::UNKNOWN_TOKEN;

/// How often each token occurs in the texts seen so far.
pub(crate) struct TokenCounts {
    counts: TokenMap<u64>,
    texts: u64,
    long: Vec<u8>,
}

impl TokenCounts {
    /// Nothing counted yet.
    pub(crate) fn new() -> Self {
        Self {
            counts: TokenMap::new(),
            texts: 0,
            long: Vec::new(),
        }
    }

    /// Counts one text's tokens.
    pub(crate) fn add(&mut self, text: &[u8]) {
        self.texts += 1;
        let counts = &mut self.counts;
        // The visitor never breaks.
        let _ = split_whitespace(&DEFAULT, text, &mut self.long, |token| {
            counts.update(token, |count| *count += 1);
            ControlFlow::Continue(())
        });
    }

    /// How many texts were counted, blank ones included.
    pub(crate) fn texts(&self) -> u64 {
        self.texts
    }

    /// How many different tokens were seen.
    pub(crate) fn distinct(&self) -> usize {
        self.counts.len()
    }

    /// The `limit` first tokens by descending count; equal counts go by descending bytes, a proper
    /// prefix coming later. The literal `[UNK]` is never among them.
    ///
    /// The order is total, so neither the order of the texts nor that of the map shows in it.
    pub(crate) fn most_frequent(&self, limit: usize) -> Vec<Vec<u8>> {
        let unknown = Token::new(UNKNOWN_TOKEN);
        let mut ranked: Vec<_> = self
            .counts
            .iter()
            .filter(|&(token, _)| Some(token) != unknown)
            .collect();
        if limit < ranked.len() {
            ranked.select_nth_unstable_by(limit, by_rank);
            ranked.truncate(limit);
        }
        ranked.sort_unstable_by(by_rank);
        ranked
            .into_iter()
            .map(|(token, _)| token.to_vec())
            .collect()
    }
}

/// Descending count, then descending bytes.
fn by_rank(a: &(Token<'_>, u64), b: &(Token<'_>, u64)) -> Ordering {
    (b.1, b.0).cmp(&(a.1, a.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(texts: &[&[u8]]) -> TokenCounts {
        let mut counts = TokenCounts::new();
        for text in texts {
            counts.add(text);
        }
        counts
    }

    #[test]
    fn ties_descend_and_prefixes_come_last() {
        let counts = counted(&[b"a abc ab", b"0 9 z", b"\0 a\0 \xFF"]);
        let expected: [&[u8]; 9] = [
            b"\xFF", b"z", b"abc", b"ab", b"a\0", b"a", b"9", b"0", b"\0",
        ];
        assert_eq!(counts.most_frequent(usize::MAX), expected);
        for limit in 0..expected.len() {
            assert_eq!(counts.most_frequent(limit), expected[..limit]);
        }
    }

    #[test]
    fn counts_go_first_and_blank_texts_are_texts() {
        let counts = counted(&[b"a b", b"", b"a c c", b"a"]);
        assert_eq!(counts.most_frequent(9), [b"a", b"c", b"b"]);
        assert_eq!((counts.texts(), counts.distinct()), (4, 3));
    }

    #[test]
    fn literal_unknown_token_is_not_learned() {
        let mut counts = counted(&[b"a"]);
        if let Some(token) = Token::new(UNKNOWN_TOKEN) {
            counts.counts.update(token, |count| *count += 7);
        }
        assert_eq!(counts.most_frequent(9), [b"a"]);
    }
}
