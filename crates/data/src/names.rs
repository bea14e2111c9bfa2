//! Names that come from archives, file systems and users: taken apart, judged, and made fit to be
//! shown.
//!
//! Whatever is shown goes through [`Quoted`]: no control character reaches a terminal, and a name of
//! a mebibyte does not fill one.

use std::fmt;

/// Most characters of a name that a message shows.
const SHOWN: usize = 80;
/// Of a longer name, the last ones that are shown: that is where files differ.
const SHOWN_END: usize = 28;
/// Most names that a message lists.
pub(crate) const LISTED: usize = 12;

/// The parts of an entry's name, without empty ones and `.`; or why the name is refused.
///
/// `backslash` says that backslashes stand between the parts as well.
pub(crate) fn parts_of(entry: &str, backslash: bool) -> Result<Vec<&str>, &'static str> {
    let separates = |letter| letter == '/' || (backslash && letter == '\\');
    let bytes = entry.as_bytes();
    if entry.contains('\0') {
        Err("contains a zero byte")
    } else if !backslash && entry.contains('\\') {
        Err("contains a backslash, which some systems take for a folder separator")
    } else if entry.starts_with(separates) {
        Err("is absolute")
    } else if bytes.len() >= 2 && bytes[0].is_ascii_alphabetic() && bytes[1] == b':' {
        Err("begins with a drive letter")
    } else {
        let mut parts = Vec::with_capacity(6);
        for part in entry.split(separates) {
            match part {
                ".." => return Err("leads out of the archive by \"..\""),
                "" | "." => {}
                part => parts.push(part),
            }
        }
        Ok(parts)
    }
}

/// Whether a name holds characters that steer a terminal, turn the direction of writing, break lines,
/// or stand for no character at all.
pub(crate) fn has_control_characters(name: &str) -> bool {
    !name.bytes().all(|byte| (0x20..0x7f).contains(&byte))
        && name.chars().any(|letter| {
            letter.is_control()
                || matches!(
                    letter,
                    '\u{61c}'
                        | '\u{200e}'
                        | '\u{200f}'
                        | '\u{2028}'..='\u{202e}'
                        | '\u{2066}'..='\u{2069}'
                        | '\u{feff}'
                        | '\u{fdd0}'..='\u{fdef}'
                )
                || u32::from(letter) & 0xfffe == 0xfffe
        })
}

/// A name as a message shows it: quoted, escaped, and cut in the middle when it is long.
pub(crate) struct Quoted<'a>(pub(crate) &'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // No character has more than four bytes, and no long name is counted to its end.
        if self.0.len() <= SHOWN || self.0.chars().nth(SHOWN).is_none() {
            return write!(formatter, "{:?}", self.0);
        }
        let head: String = self.0.chars().take(SHOWN - SHOWN_END).collect();
        let mut tail: Vec<char> = self.0.chars().rev().take(SHOWN_END).collect();
        tail.reverse();
        let tail: String = tail.into_iter().collect();
        let (head, tail) = (format!("{head:?}"), format!("{tail:?}"));
        write!(
            formatter,
            "{}…{}",
            &head[..head.len() - 1],
            tail.trim_start_matches('"')
        )
    }
}

/// Some names: the first ones quoted, then how many more there are.
pub(crate) struct Listed<'a>(pub(crate) &'a [String]);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, name) in self.0.iter().take(LISTED).enumerate() {
            if position > 0 {
                formatter.write_str(", ")?;
            }
            Quoted(name).fmt(formatter)?;
        }
        match self.0.len().saturating_sub(LISTED) {
            0 => Ok(()),
            more => write!(formatter, " and {more} more"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_taken_apart() {
        assert_eq!(
            parts_of("./a//b/c.txt", false).unwrap(),
            ["a", "b", "c.txt"]
        );
        assert_eq!(parts_of("a\\b/c", true).unwrap(), ["a", "b", "c"]);
        assert!(parts_of("", false).unwrap().is_empty());
        for (name, backslash) in [
            ("a\\b", false),
            ("/a", false),
            ("\\a", true),
            ("\\\\server\\share\\a", true),
            ("C:\\a", true),
            ("c:a", false),
            ("a/../b", false),
            ("a\\..\\b", true),
            ("a\0", false),
        ] {
            assert!(parts_of(name, backslash).is_err(), "{name:?}");
        }
    }

    #[test]
    fn what_steers_a_terminal_is_no_name() {
        for name in [
            "a\u{1b}[31m",
            "a\nb",
            "\u{7}",
            "\u{7f}",
            "\u{9b}",
            "a\u{202e}txt",
            "\u{2066}",
            "\u{ffff}",
            "\u{2028}",
            "\u{1fffe}",
        ] {
            assert!(has_control_characters(name), "{name:?}");
        }
        for name in ["pos", "très bon", "0_2 (1).txt", "好", "😀"] {
            assert!(!has_control_characters(name), "{name:?}");
        }
    }

    #[test]
    fn names_are_quoted_and_cut() {
        assert_eq!(
            Quoted("a\u{1b}\u{202e}").to_string(),
            r#""a\u{1b}\u{202e}""#
        );
        let long = format!("train/{}/0_2.txt", "x".repeat(1000));
        let shown = Quoted(&long).to_string();
        assert!(
            shown.starts_with("\"train/xx") && shown.ends_with("x/0_2.txt\""),
            "{shown}"
        );
        assert_eq!(shown.chars().count(), SHOWN + 3);
        // A quotation mark where the name is cut is still one.
        let quotes = Quoted(&"\"".repeat(1000)).to_string();
        assert!(
            quotes.starts_with("\"\\\"") && quotes.ends_with("\\\"\""),
            "{quotes}"
        );
        let names: Vec<String> = (0..15).map(|number| number.to_string()).collect();
        assert!(Listed(&names).to_string().ends_with("\"11\" and 3 more"));
    }
}
