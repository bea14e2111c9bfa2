//! One pass over the bytes of a text: standardize and split at white space together.
//! Deleted bytes join their neighbours, so a token need not be contiguous in the text.

pub(super) use super::block::Ascii;
use super::block::{BLOCK, Classes, Classify, Portable};
use super::tokens::Tokens;
use crate::table::READ;

/// Adds the words of `text` to `tokens`. The last word stays unfinished, so that a text can come in
/// pieces, cut anywhere.
pub(crate) fn append(ascii: Ascii, text: &[u8], tokens: &mut Tokens) {
    append_with(Portable, ascii, text, tokens);
}

fn append_with(classify: impl Classify, ascii: Ascii, text: &[u8], tokens: &mut Tokens) {
    match (ascii.lower, ascii.strip) {
        (false, false) => words::<_, false, false>(classify, text, tokens),
        (false, true) => words::<_, false, true>(classify, text, tokens),
        (true, false) => words::<_, true, false>(classify, text, tokens),
        (true, true) => words::<_, true, true>(classify, text, tokens),
    }
}

#[inline(always)]
fn words<C: Classify, const LOWER: bool, const STRIP: bool>(
    classify: C,
    text: &[u8],
    tokens: &mut Tokens,
) {
    tokens.reserve(text.len());
    let (blocks, rest) = text.as_chunks::<BLOCK>();
    // A whole piece of 16 bytes is copied at a time, wherever it begins.
    let mut bytes = [0; BLOCK + READ];
    let mut place = Place {
        filled: tokens.filled,
        start: tokens.start,
        count: tokens.count,
    };
    for block in blocks {
        if let Some(out) = bytes.first_chunk_mut() {
            let classes = classify.classify::<LOWER, STRIP>(block, out);
            take(&bytes, BLOCK, classes, tokens, &mut place);
        }
    }
    if !rest.is_empty() {
        let mut block = [0; BLOCK];
        block[..rest.len()].copy_from_slice(rest);
        if let Some(out) = bytes.first_chunk_mut() {
            let classes = classify.classify::<LOWER, STRIP>(&block, out);
            take(&bytes, rest.len(), classes, tokens, &mut place);
        }
    }
    (tokens.filled, tokens.start, tokens.count) = (place.filled, place.start, place.count);
}

/// How far a [`Tokens`] is filled.
struct Place {
    filled: usize,
    start: usize,
    count: usize,
}

/// Takes over the first `length` bytes of a block.
#[inline(always)]
fn take(
    bytes: &[u8; BLOCK + READ],
    length: usize,
    classes: Classes,
    tokens: &mut Tokens,
    place: &mut Place,
) {
    let mut from = 0;
    let mut events = classes.spaces | classes.deleted;
    while events != 0 {
        let at = events.trailing_zeros() as usize;
        copy(bytes, from, at, tokens, place.filled);
        place.filled += at - from;
        // A space after a token ends it; one after another space, and a deleted byte, change nothing.
        tokens.bounds[place.count + 1] = place.filled;
        tokens.bytes[place.filled] = b' ';
        let ends = classes.spaces >> at & u64::from(place.filled > place.start) & 1;
        place.count += ends as usize;
        place.filled += ends as usize;
        place.start = if ends == 1 { place.filled } else { place.start };
        events &= events - 1;
        from = at + 1;
    }
    if from < length {
        copy(bytes, from, length, tokens, place.filled);
        place.filled += length - from;
    }
}

/// Copies `bytes[from..to]` to `out`, and what follows up to a multiple of 16 bytes, to be
/// overwritten.
#[inline(always)]
fn copy(bytes: &[u8; BLOCK + READ], from: usize, to: usize, tokens: &mut Tokens, out: usize) {
    tokens.bytes[out..out + READ].copy_from_slice(&bytes[from..from + READ]);
    if to - from > READ {
        tokens.bytes[out..out + (to - from)].copy_from_slice(&bytes[from..to]);
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
        let whole: Vec<Vec<u8>> = tokens.slices(1).map(<[u8]>::to_vec).collect();
        for cut in 0..=text.len() {
            tokens.clear();
            append(ascii, &text[..cut], &mut tokens);
            let mut pieces: Vec<Vec<u8>> = tokens.slices(1).map(<[u8]>::to_vec).collect();
            tokens.clear_finished();
            append(ascii, &text[cut..], &mut tokens);
            tokens.finish_word();
            pieces.extend(tokens.slices(1).map(<[u8]>::to_vec));
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
