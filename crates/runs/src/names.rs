//! Names and other short texts of a run's files.

use crate::{Invalid, ensure};

/// The most characters of a network's name: it is the name of a folder.
const LONGEST_NAME: usize = 100;

/// The most bytes of a text that is one line: a data set's name, a processor's, a note.
const LONGEST_LINE: usize = 10_000;

/// Whether `name` can be that of a network, and so of the folder it is in.
///
/// # Errors
/// [`Invalid`] for one that is empty, longer than 100 characters, begins with a point, or has anything but letters,
/// digits and `_-.+ ()`: no path, no control character.
pub fn check_name(name: &str) -> Result<(), Invalid> {
    let allowed = |c: char| c.is_alphanumeric() || "_-.+ ()".contains(c);
    let right = !name.is_empty()
        && !name.starts_with('.')
        && name.trim() == name
        && name.chars().all(allowed)
        && name.chars().count() <= LONGEST_NAME;
    ensure(right, || {
        format!(
            "names a network {}; such a name has letters, digits and _-.+ () and at most {LONGEST_NAME} characters",
            quoted(name)
        )
    })
}

/// Whether `name` can be that of a class.
///
/// # Errors
/// [`Invalid`] for one of more than 10,000 bytes.
pub fn check_class(name: &str) -> Result<(), Invalid> {
    check_line("the name of a class", name)
}

/// Whether a text that should be a line is not longer than one.
pub(crate) fn check_line(field: &str, text: &str) -> Result<(), Invalid> {
    ensure(text.len() <= LONGEST_LINE, || {
        format!(
            "has {} bytes in {field}, where at most {LONGEST_LINE} can be",
            text.len()
        )
    })
}

/// Whether a text is a SHA-256 in hexadecimal digits, or empty.
pub(crate) fn check_sha256(field: &str, text: &str) -> Result<(), Invalid> {
    let digits = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    ensure(text.is_empty() || digits, || {
        format!(
            "has {} for {field}, which should be 64 hexadecimal digits",
            quoted(text)
        )
    })
}

/// In quotation marks, control characters escaped, and not longer than can be read.
pub(crate) fn quoted(text: &str) -> String {
    match text.char_indices().nth(60) {
        None => format!("{text:?}"),
        Some((end, _)) => format!("{:?}…", &text[..end]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_networks_are_names_of_folders() {
        for name in ["lstm", "stacked_bilstm_masked", "my net (2)", "réseau-1.5"] {
            check_name(name).unwrap();
        }
        let long = "a".repeat(100_000);
        for name in [
            "",
            ".",
            "..",
            "../lstm",
            "a/b",
            "a\\b",
            "C:lstm",
            ".hidden",
            " lstm",
            "\0\u{1b}",
            "l\u{202e}stm",
            "l\nstm",
            &long,
        ] {
            let Invalid(reason) = check_name(name).unwrap_err();
            assert!(reason.len() < 300, "{reason}");
            assert!(!reason.chars().any(char::is_control), "{reason:?}");
        }
    }
}
