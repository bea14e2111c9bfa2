//! Text from outside on a terminal: nothing in it may act on the terminal or forge what the command says.

use std::borrow::Cow;

use recurrent_files::quoted;

/// Whether a terminal would obey a character instead of showing it, or would show what follows it in another place:
/// control characters (line ends and tabs, too), ends of lines and paragraphs, and what turns the direction of text.
fn acts(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{61c}'
                | '\u{200e}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2066}'..='\u{2069}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
        )
}

/// `text` on one line of a terminal: what would act is written out, such as `\u{1b}`. Words, paths, and names of
/// classes, networks and data sets go through this before they are printed; messages of errors quote such values.
pub(crate) fn printable(text: &str) -> Cow<'_, str> {
    replaced(text, |c| c.escape_default().to_string())
}

/// As [`printable`], for JSON, where such characters stand within strings alone: they are escaped as JSON escapes,
/// and a reader gets the same strings.
pub(crate) fn printable_json(json: &str) -> Cow<'_, str> {
    // All of them are in the first plane, so that four digits are enough.
    replaced(json, |c| format!("\\u{:04x}", u32::from(c)))
}

/// The most columns that the name of a class has in a table.
pub(crate) const NAME: usize = 30;

/// As [`printable`], with `…` for what would not fit into a table of columns [`NAME`] wide.
pub(crate) fn shortened(text: &str) -> String {
    let line = printable(text);
    match line.char_indices().nth(NAME) {
        None => line.into_owned(),
        Some(_) => line.chars().take(NAME - 1).chain(['…']).collect(),
    }
}

/// Some of many names, quoted, for a message.
pub(crate) fn some_of(names: &[String]) -> String {
    const SHOWN: usize = 8;
    let mut shown: Vec<String> = names
        .iter()
        .take(SHOWN)
        .map(|name| quoted(name).to_string())
        .collect();
    if names.len() > SHOWN {
        shown.push(format!("{} more", names.len() - SHOWN));
    }
    match shown.split_last() {
        Some((last, before)) if !before.is_empty() => format!("{} and {last}", before.join(", ")),
        _ => shown.concat(),
    }
}

fn replaced(text: &str, escaped: impl Fn(char) -> String) -> Cow<'_, str> {
    if !text.contains(acts) {
        return Cow::Borrowed(text);
    }
    let mut line = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if acts(c) {
            line += &escaped(c);
        } else {
            line.push(c);
        }
    }
    Cow::Owned(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_listed_as_in_a_sentence() {
        let check = |count: usize, expect: &str| {
            let names: Vec<String> = (0..count).map(|name| name.to_string()).collect();
            assert_eq!(some_of(&names), expect);
        };
        check(0, "");
        check(1, "\"0\"");
        check(2, "\"0\" and \"1\"");
        check(3, "\"0\", \"1\" and \"2\"");
        let eight: Vec<String> = (0..8).map(|name| format!("\"{name}\"")).collect();
        check(10, &format!("{} and 2 more", eight.join(", ")));
    }

    #[test]
    fn a_long_name_is_cut_to_its_column() {
        assert_eq!(shortened("billing"), "billing");
        let long = shortened(&"é".repeat(31));
        assert_eq!(long.chars().count(), NAME);
        assert!(long.ends_with("é…"));
        assert_eq!(shortened(&"é".repeat(30)), "é".repeat(30));
    }

    #[test]
    fn nothing_acts_on_a_terminal_and_all_else_is_left_alone() {
        assert_eq!(printable("pos\u{1b}[31mRED"), "pos\\u{1b}[31mRED");
        assert_eq!(printable("a\nLabel: 0 (neg)\r"), "a\\nLabel: 0 (neg)\\r");
        assert_eq!(printable("\u{9b}31m\u{7f}"), "\\u{9b}31m\\u{7f}");
        assert_eq!(printable("\u{202e}txt.\u{2066}"), "\\u{202e}txt.\\u{2066}");
        for text in [
            "a film",
            "café \\ \"so\"",
            "日本語 🎬👩\u{200d}🎤",
            "हिन्दी",
            "می\u{200c}خواهم",
        ] {
            assert!(matches!(printable(text), Cow::Borrowed(same) if same == text));
        }
    }

    #[test]
    fn json_says_the_same_and_acts_no_more() {
        let all: String = (0..=0x11_0000).filter_map(char::from_u32).collect();
        let json = serde_json::to_string(&[&all, "b"]).unwrap();
        let safe = printable_json(&json);
        assert!(!safe.contains(acts));
        let read: Vec<String> = serde_json::from_str(&safe).unwrap();
        assert!(read[0] == all && read[1] == "b");
    }
}
