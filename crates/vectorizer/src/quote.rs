//! How values from outside appear in messages: control characters escaped, and not longer than can be read.

use std::fmt;

/// Characters of a value that a message shows.
const VALUE: usize = 60;
/// Characters of a reason or a list that a message shows.
const REASON: usize = 240;

/// A value in quotation marks.
pub(crate) struct Quoted<'a>(&'a str);

/// `text` in quotation marks: a token, a name, a path.
pub(crate) fn quoted(text: &str) -> Quoted<'_> {
    Quoted(text)
}

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.char_indices().nth(VALUE) {
            None => write!(f, "{:?}", self.0),
            Some((end, _)) => write!(f, "{:?}…", &self.0[..end]),
        }
    }
}

/// Words without quotation marks.
pub(crate) struct Plain<'a>(&'a str);

/// `text` without quotation marks: what another library says, or JSON.
pub(crate) fn plain(text: &str) -> Plain<'_> {
    Plain(text)
}

impl fmt::Display for Plain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, character) in self.0.chars().enumerate() {
            if index == REASON {
                return f.write_str("…");
            }
            if character.is_control() {
                write!(f, "{}", character.escape_debug())?;
            } else {
                fmt::Write::write_char(f, character)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_long_is_cut_and_control_characters_are_escaped() {
        assert_eq!(quoted("a\u{1b}\"").to_string(), r#""a\u{1b}\"""#);
        assert_eq!(plain("é \"a\u{1b}\n\"").to_string(), r#"é "a\u{1b}\n""#);
        let long = "é".repeat(100_000);
        assert_eq!(quoted(&long).to_string().chars().count(), VALUE + 3);
        assert_eq!(plain(&long).to_string().chars().count(), REASON + 1);
        assert_eq!(plain(&"a".repeat(REASON)).to_string().len(), REASON);
    }
}
