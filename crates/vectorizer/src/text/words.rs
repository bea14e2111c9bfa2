//! One pass over the bytes of a text: standardize and split at white space together.
//! Deleted bytes join their neighbours, so a token need not be contiguous in the text.

pub(super) use super::block::Ascii;
use super::block::{BLOCK, Classes, classify};
use super::tokens::{Tokens, WINDOW};
use crate::table::READ;

/// Adds the words of `text` to `tokens`. The last word stays unfinished, so that a text can come in
/// pieces, cut anywhere.
pub(crate) fn append(ascii: Ascii, text: &[u8], tokens: &mut Tokens) {
    match (ascii.lower, ascii.strip) {
        (false, false) => words::<false, false>(text, tokens),
        (false, true) => words::<false, true>(text, tokens),
        (true, false) => words::<true, false>(text, tokens),
        (true, true) => words::<true, true>(text, tokens),
    }
}

/// A block's bytes and as many behind them, so that a whole piece can be copied from anywhere in it.
type Padded = [u8; 2 * BLOCK];

#[inline(always)]
fn words<const LOWER: bool, const STRIP: bool>(text: &[u8], tokens: &mut Tokens) {
    tokens.reserve(text.len());
    let (blocks, rest) = text.as_chunks::<BLOCK>();
    let mut bytes: Padded = [0; 2 * BLOCK];
    for block in blocks {
        if let Some(out) = bytes.first_chunk_mut() {
            let classes = classify::<LOWER, STRIP>(block, out);
            take(&bytes, BLOCK, classes, tokens);
        }
    }
    if !rest.is_empty() {
        let mut block = [0; BLOCK];
        block[..rest.len()].copy_from_slice(rest);
        if let Some(out) = bytes.first_chunk_mut() {
            // The zeros behind the end are neither spaces nor deleted.
            let classes = classify::<LOWER, STRIP>(&block, out);
            take(&bytes, rest.len(), classes, tokens);
        }
    }
}

/// Takes over the first `length` bytes of a block.
///
/// All writes go to windows of fixed size, in which no index can be out of bounds: there is one check
/// for a block, none for a byte.
#[inline(always)]
fn take(bytes: &Padded, length: usize, classes: Classes, tokens: &mut Tokens) {
    let (Some(out), Some(bounds)) = (
        tokens.bytes[tokens.filled..].first_chunk_mut::<WINDOW>(),
        tokens.bounds[tokens.count + 1..].first_chunk_mut::<BLOCK>(),
    ) else {
        return;
    };
    let base = tokens.filled;
    // Relative to the window. The unfinished token may begin before it: then it has a byte there.
    let mut filled = 0;
    let mut start = if tokens.start < base { usize::MAX } else { 0 };
    let mut count = 0;
    let mut from = 0;
    let mut events = classes.spaces | classes.deleted;
    while events != 0 {
        let at = events.trailing_zeros() as usize;
        copy(bytes, from, at, out, filled);
        filled += at - from;
        // A space after a token ends it; one after another space, and a deleted byte, change nothing.
        bounds[count % BLOCK] = base + filled;
        out[filled % (2 * BLOCK)] = b' ';
        let ends = (classes.spaces >> at) as usize & usize::from(filled != start) & 1;
        count += ends;
        filled += ends;
        start = if ends == 1 { filled } else { start };
        events &= events - 1;
        from = at + 1;
    }
    if from < length {
        copy(bytes, from, length, out, filled);
        filled += length - from;
    }
    tokens.filled = base + filled;
    tokens.count += count;
    if start != usize::MAX {
        tokens.start = base + start;
    }
}

/// Copies `bytes[from..to]` to `out`, and what follows up to 16 or 64 bytes, to be overwritten.
#[inline(always)]
fn copy(bytes: &Padded, from: usize, to: usize, out: &mut [u8; WINDOW], filled: usize) {
    let (from, filled) = (from % BLOCK, filled % (2 * BLOCK));
    out[filled..filled + READ].copy_from_slice(&bytes[from..from + READ]);
    if to - from > READ {
        out[filled..filled + BLOCK].copy_from_slice(&bytes[from..from + BLOCK]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEFAULT: Ascii = Ascii {
        lower: true,
        strip: true,
    };

    fn tokens(ascii: Ascii, text: &[u8]) -> Vec<Vec<u8>> {
        let mut tokens = Tokens::default();
        append(ascii, text, &mut tokens);
        tokens.finish_word();
        let whole: Vec<Vec<u8>> = tokens.runs(1).slices().map(<[u8]>::to_vec).collect();
        for cut in 0..=text.len() {
            tokens.clear();
            append(ascii, &text[..cut], &mut tokens);
            let mut pieces: Vec<Vec<u8>> = tokens.runs(1).slices().map(<[u8]>::to_vec).collect();
            tokens.clear_finished();
            append(ascii, &text[cut..], &mut tokens);
            tokens.finish_word();
            pieces.extend(tokens.runs(1).slices().map(<[u8]>::to_vec));
            assert_eq!(pieces, whole, "{} cut at {cut}", text.escape_ascii());
        }
        whole
    }

    fn check(text: &[u8], expected: &[&[u8]]) {
        assert_eq!(tokens(DEFAULT, text), expected, "{}", text.escape_ascii());
    }

    #[test]
    fn deletes_and_joins() {
        check(b"Don't", &[b"dont"]);
        check(b"a...b", &[b"ab"]);
        check(b"good<br /><br />film", &[b"goodbr", b"br", b"film"]);
        check(b"[UNK] ... x", &[b"unk", b"x"]);
    }

    #[test]
    fn changes_only_what_was_asked_for() {
        let text = b"Don't GO, now";
        let check = |lower, strip, expected: &[&[u8]]| {
            assert_eq!(tokens(Ascii { lower, strip }, text), expected);
        };
        check(false, false, &[b"Don't", b"GO,", b"now"]);
        check(true, false, &[b"don't", b"go,", b"now"]);
        check(false, true, &[b"Dont", b"GO", b"now"]);
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
    fn lengths_around_the_widths_of_keys_and_blocks() {
        for length in (1..40).chain([63, 64, 65, 127, 128, 129, 200]) {
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
}
