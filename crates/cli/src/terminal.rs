//! Text from outside on its way to a terminal.

use std::borrow::Cow;
use std::fmt::Write as _;

/// `text` with what a terminal would obey, or reorder the line by, written out as `\u{1b}` and the like: control
/// characters (line breaks and tabs among them), separators of lines and marks of direction.
pub(crate) fn printable(text: &str) -> Cow<'_, str> {
    if !text.contains(is_unprintable) {
        return Cow::Borrowed(text);
    }
    let mut printable = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if is_unprintable(character) {
            // Writing into a string cannot fail.
            let _ = write!(printable, "{}", character.escape_default());
        } else {
            printable.push(character);
        }
    }
    Cow::Owned(printable)
}

/// Whether a terminal takes `character` for an order, or shows what follows it in another order.
pub(crate) fn is_unprintable(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_written_out() {
        for (text, shown) in [
            ("good", "good"),
            ("caf\u{e9} \u{1f600}", "caf\u{e9} \u{1f600}"),
            ("\u{1b}]0;owned\u{7}", r"\u{1b}]0;owned\u{7}"),
            ("a\nb\tc\r", r"a\nb\tc\r"),
            ("\u{9b}31m\u{7f}", r"\u{9b}31m\u{7f}"),
            (
                "\u{202e}doog\u{2066}\u{2028}",
                r"\u{202e}doog\u{2066}\u{2028}",
            ),
        ] {
            assert_eq!(printable(text), shown);
        }
        assert!(matches!(printable("good"), Cow::Borrowed(_)));
    }
}
