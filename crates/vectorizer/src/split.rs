//! One pass over the bytes of a text: standardize and split at white space together.
//! Deleted bytes join their neighbours, so a token need not be contiguous in the text.

use std::ops::ControlFlow;
use std::slice;

use crate::key::{SHORT, ShortKey, Token};
use crate::standardize::ByteTable;

/// Calls `visit` with every token of `text` in order, until it breaks.
///
/// Tokens up to [`SHORT`] bytes are gathered in a register-sized buffer; `long` is working space
/// for the rare longer one. No token is ever empty.
#[inline]
pub(crate) fn split_whitespace(
    table: &ByteTable,
    text: &[u8],
    long: &mut Vec<u8>,
    mut visit: impl for<'a> FnMut(Token<'a>) -> ControlFlow<()>,
) -> ControlFlow<()> {
    let mut bytes = text.iter();
    let mut buffer = [0; SHORT + 1];
    let mut length = 0;
    while let Some(&byte) = bytes.next() {
        let entry = table.entry(byte);
        if entry.is_space() {
            if length > 0 {
                visit(Token::Short(ShortKey::pack(buffer, length)))?;
                buffer = [0; SHORT + 1];
                length = 0;
            }
            continue;
        }
        // A deleted byte writes zero and does not advance: no branch to mispredict.
        buffer[length] = entry.byte();
        length += usize::from(entry.is_kept());
        if length > SHORT {
            long.clear();
            long.extend_from_slice(&buffer);
            finish_long(table, &mut bytes, long);
            visit(Token::Long(long))?;
            buffer = [0; SHORT + 1];
            length = 0;
        }
    }
    if length > 0 {
        visit(Token::Short(ShortKey::pack(buffer, length)))?;
    }
    ControlFlow::Continue(())
}

/// Appends the rest of a long token and passes its separator.
#[cold]
fn finish_long(table: &ByteTable, bytes: &mut slice::Iter<'_, u8>, long: &mut Vec<u8>) {
    for &byte in bytes {
        let entry = table.entry(byte);
        if entry.is_space() {
            return;
        }
        if entry.is_kept() {
            long.push(entry.byte());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::standardize::DEFAULT;

    fn tokens(text: &[u8]) -> Vec<Vec<u8>> {
        let mut found = Vec::new();
        let _ = split_whitespace(&DEFAULT, text, &mut Vec::new(), |token| {
            found.push(token.to_vec());
            ControlFlow::Continue(())
        });
        found
    }

    fn check(text: &[u8], expected: &[&[u8]]) {
        assert_eq!(tokens(text), expected, "{}", text.escape_ascii());
    }

    #[test]
    fn deletes_and_joins() {
        check(b"Don't", &[b"dont"]);
        check(b"a...b", &[b"ab"]);
        check(b"good<br /><br />film", &[b"goodbr", b"br", b"film"]);
        check(b"[UNK] ... x", &[b"unk", b"x"]);
    }

    #[test]
    fn splits_at_six_bytes_only() {
        check(
            b"a\tb\nc\x0Bd\x0Ce\rf g",
            &[b"a", b"b", b"c", b"d", b"e", b"f", b"g"],
        );
        check(b" \x0B a  b \n", &[b"a", b"b"]);
        check(b"a\x1Cb\x1Fc\x85d\xA0e", &[b"a\x1Cb\x1Fc\x85d\xA0e"]);
        check(
            "a\u{A0}b\u{2003}c\u{3000}d".as_bytes(),
            &["a\u{A0}b\u{2003}c\u{3000}d".as_bytes()],
        );
        check(b"", &[]);
        check(b" \x0B", &[]);
        check(b"!? .", &[]);
    }

    #[test]
    fn keeps_nul_invalid_utf8_and_non_ascii_capitals() {
        check(b"A\0 \0 \0a", &[b"a\0", b"\0", b"\0a"]);
        check(
            b"\xFFA \xE2\x82 \xED\xA0\x80",
            &[b"\xFFa", b"\xE2\x82", b"\xED\xA0\x80"],
        );
        check(
            "ÇA École".as_bytes(),
            &["Ça".as_bytes(), "École".as_bytes()],
        );
    }

    #[test]
    fn lengths_around_the_inline_limit() {
        for length in 1..50 {
            let word = vec![b'A'; length];
            let expected = word.to_ascii_lowercase();
            check(&word, &[&expected]);
            let spaced = [b" x ", &word[..], b" ", &word, b"-- y"].concat();
            check(&spaced, &[b"x", &expected, &expected, b"y"]);
            let dashed = word
                .iter()
                .flat_map(|&byte| [b'-', byte, b'_'])
                .collect::<Vec<_>>();
            check(&dashed, &[&expected]);
        }
    }

    #[test]
    fn stops_when_told() {
        let mut seen = 0;
        let flow = split_whitespace(&DEFAULT, b"a b c", &mut Vec::new(), |_| {
            seen += 1;
            if seen == 2 {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        });
        assert_eq!((flow, seen), (ControlFlow::Break(()), 2));
    }
}
