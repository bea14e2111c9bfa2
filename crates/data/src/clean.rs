//! The one cleaning step of the data set: line breaks written as markup become spaces.
//!
//! Lower-casing, punctuation and tokens are the vectorizer's business, not this module's.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::{Regex, bytes};

/// The markup that [`clean`] replaces.
pub const BREAK: &str = "<br />";

// The pattern is a literal, so it always compiles; if it ever did not, nothing would be replaced
// and the test below would fail.
static BREAKS: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(BREAK).ok());
static BREAKS_IN_BYTES: LazyLock<Option<bytes::Regex>> =
    LazyLock::new(|| bytes::Regex::new(BREAK).ok());

/// Replaces every `<br />` in `text` by one space.
///
/// A text without the markup is returned as it is, without a copy.
#[must_use]
pub fn clean(text: &str) -> Cow<'_, str> {
    match &*BREAKS {
        Some(breaks) => breaks.replace_all(text, " "),
        None => Cow::Borrowed(text),
    }
}

/// As [`clean`], for bytes that need not be UTF-8.
#[must_use]
pub fn clean_bytes(text: &[u8]) -> Cow<'_, [u8]> {
    match &*BREAKS_IN_BYTES {
        Some(breaks) => breaks.replace_all(text, b" "),
        None => Cow::Borrowed(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_break_becomes_one_space() {
        for (raw, cleaned) in [
            ("", ""),
            ("plain", "plain"),
            ("a<br />b", "a b"),
            ("a<br /><br />b", "a  b"),
            ("<br />", " "),
            ("<BR /><br/><br  />", "<BR /><br/><br  />"),
            ("<br <br />/>", "<br  />"),
        ] {
            assert_eq!(clean(raw), cleaned, "{raw:?}");
            assert_eq!(*clean_bytes(raw.as_bytes()), *cleaned.as_bytes(), "{raw:?}");
        }
        assert_eq!(*clean_bytes(b"\xff<br />caf\xe9"), *b"\xff caf\xe9");
    }

    #[test]
    fn an_untouched_text_is_not_copied() {
        assert!(matches!(clean("nothing to do"), Cow::Borrowed(_)));
    }
}
