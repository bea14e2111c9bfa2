//! Text from outside on a page and in pictures: what would break either is replaced, what is long is cut.

use std::borrow::Cow;

/// Characters of a name beside a line, in a table or in a description.
pub(crate) const LABEL: usize = 40;

/// Whether a character may stand in a picture or on a page.
///
/// XML 1.0 allows no control characters but tab and line ends, and neither U+FFFE nor U+FFFF, escaped or not: a
/// reader refuses the whole file. Beyond that, what turns the direction of the text behind it is left out.
fn is_plain(c: char) -> bool {
    match c {
        '\t' | '\n' => true,
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{fdd0}'..='\u{fdef}' => false,
        _ => !c.is_control() && u32::from(c) & 0xfffe != 0xfffe,
    }
}

/// `text` as a picture or a page may have it: U+FFFD for what may not be there, and one way to end a line. Done once
/// with the whole of either, so that no field can be forgotten.
pub(crate) fn plain(text: &str) -> Cow<'_, str> {
    if text.chars().all(is_plain) {
        return Cow::Borrowed(text);
    }
    let replaced = text.chars().map(|c| match c {
        '\r' => '\n',
        c if is_plain(c) => c,
        _ => char::REPLACEMENT_CHARACTER,
    });
    Cow::Owned(replaced.collect())
}

/// At most `most` characters of `text`, the last of them `…` if there are more.
pub(crate) fn cut(text: &str, most: usize) -> Cow<'_, str> {
    if text.char_indices().nth(most).is_none() {
        return Cow::Borrowed(text);
    }
    let kept = text.char_indices().nth(most.saturating_sub(1));
    let end = kept.map_or(text.len(), |(end, _)| end);
    Cow::Owned(format!("{}…", &text[..end]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_xml_forbids_is_replaced_and_all_else_stays() {
        assert_eq!(plain("a\u{8}b\u{10}\u{ffff}"), "a\u{fffd}b\u{fffd}\u{fffd}");
        assert_eq!(
            plain("\u{9b}31m\u{202e}x\u{1fffe}"),
            "\u{fffd}31m\u{fffd}x\u{fffd}"
        );
        assert_eq!(plain("a\r\nb"), "a\n\nb");
        for text in ["a film\n\tcafé 日本語 🎬", "ا\u{200f}ب \u{200d}", ""] {
            assert!(matches!(plain(text), Cow::Borrowed(same) if same == text));
        }
    }

    #[test]
    fn what_is_long_is_cut_between_characters() {
        assert_eq!(cut("film", 4), "film");
        assert_eq!(cut("films", 4), "fil…");
        assert_eq!(cut("ééééé", 3), "éé…");
        assert_eq!(cut("ab", 0), "…");
    }
}
