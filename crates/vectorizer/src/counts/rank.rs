//! Keras' order of tokens, and the cut through it. Nothing here knows of texts or ids.

use std::cmp::Ordering;

use super::Loss;
use crate::table::{Token, TokenTable};
use crate::vocabulary::UNKNOWN_TOKEN;

/// A token on its way into the vocabulary.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Term<'t> {
    count: u64,
    /// In how many documents it occurs, where that was counted.
    pub(crate) documents: u64,
    prefix: u128,
    /// The token.
    pub(crate) token: Token<'t>,
}

/// The `limit` first tokens by descending count; equal counts go by descending bytes, a proper prefix
/// coming later. The literal `[UNK]` is never among them.
///
/// The order is total, so neither the order of the texts nor that of the table shows in it.
pub(super) fn most_frequent<'t, V>(
    entries: impl Iterator<Item = (Token<'t>, V)>,
    counts: impl Fn(V) -> (u64, u64),
    limit: usize,
) -> Vec<Term<'t>> {
    let unknown = Token::new(UNKNOWN_TOKEN);
    let mut terms: Vec<Term<'t>> = entries
        .filter(|&(token, _)| token != unknown)
        .map(|(token, value)| {
            let (count, documents) = counts(value);
            Term {
                count,
                documents,
                prefix: token.prefix(),
                token,
            }
        })
        .collect();
    if limit < terms.len() {
        terms.select_nth_unstable_by(limit, by_rank);
        terms.truncate(limit);
    }
    terms.sort_unstable_by(by_rank);
    terms
}

/// Descending count, then descending bytes.
fn by_rank(a: &Term<'_>, b: &Term<'_>) -> Ordering {
    let order = (b.count, b.prefix).cmp(&(a.count, a.prefix));
    order.then_with(|| b.token.cmp(&a.token))
}

/// Keeps the tokens whose count is above that of the token in the middle of the `limit` first.
pub(super) fn prune<V: Copy + Default>(
    table: &mut TokenTable<V>,
    count: impl Fn(V) -> u64,
    limit: usize,
) -> Loss {
    let before = table.len();
    let mut counts: Vec<u64> = table.iter().map(|(_, value)| count(value)).collect();
    let middle = (limit / 2).min(counts.len() - 1);
    let (_, &mut cut, _) = counts.select_nth_unstable_by(middle, |a, b| b.cmp(a));
    let mut kept = TokenTable::new();
    for (token, value) in table.iter().filter(|&(_, value)| count(value) > cut) {
        kept.update(token, |slot| *slot = value);
    }
    *table = kept;
    Loss {
        undercount: cut,
        dropped: (before - table.len()) as u64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranked(tokens: &[(&[u8], u64)], limit: usize) -> Vec<Vec<u8>> {
        let entries = tokens.iter().map(|&(bytes, n)| (Token::new(bytes), n));
        let terms = most_frequent(entries, |count| (count, 0), limit);
        let bytes = |term: &Term<'_>| {
            let mut bytes = Vec::new();
            term.token.write_to(&mut bytes);
            bytes
        };
        terms.iter().map(bytes).collect()
    }

    #[test]
    fn ties_descend_and_prefixes_come_last() {
        let expected: [&[u8]; 12] = [
            b"\xFF",
            b"z",
            b"abc",
            b"aaaaaaaaaaaaaaab",
            b"aaaaaaaaaaaaaaaaaaaab",
            b"aaaaaaaaaaaaaaaaaaaaa",
            b"aaaaaaaaaaaaaaa\0",
            b"aaaaaaaaaaaaaaa",
            b"a\0",
            b"a",
            b"9",
            b"\0",
        ];
        let mut tokens: Vec<(&[u8], u64)> = expected.iter().map(|&token| (token, 1)).collect();
        tokens.rotate_left(5);
        for limit in 0..=expected.len() {
            assert_eq!(ranked(&tokens, limit), expected[..limit]);
        }
    }

    #[test]
    fn counts_go_first_and_the_literal_unknown_token_is_not_learned() {
        let tokens: [(&[u8], u64); 4] = [(b"a", 3), (b"b", 1), (b"[UNK]", 9), (b"c", 2)];
        assert_eq!(ranked(&tokens, 9), [b"a", b"c", b"b"]);
        assert_eq!(ranked(&tokens, 2), [b"a", b"c"]);
    }

    #[test]
    fn pruning_keeps_what_is_above_the_cut() {
        let mut table = TokenTable::<u64>::new();
        let mut token = |bytes: &[u8], n: u64| table.update(Token::new(bytes), |c| *c += n);
        token(b"a", 9);
        token(b"b", 5);
        token(b"c", 2);
        token(b"a longer token than that", 2);
        token(b"d", 1);
        let loss = prune(&mut table, |count| count, 4);
        assert_eq!((loss.undercount, loss.dropped), (2, 3));
        assert_eq!(table.get(Token::new(b"a")), Some(9));
        assert_eq!(table.get(Token::new(b"b")), Some(5));
        assert_eq!(table.len(), 2);
        // All alike: nothing is above the cut.
        let loss = prune(&mut table, |_| 7, 1);
        assert_eq!((loss.undercount, loss.dropped, table.len()), (7, 2, 0));
    }
}
