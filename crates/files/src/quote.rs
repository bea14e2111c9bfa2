//! How names and values from outside appear in messages: quoted, escaped, and not longer than can be read.

use std::fmt;

/// Characters of a value that a message shows.
pub const QUOTED_CHARACTERS: usize = 60;

/// Characters of a reason that a message shows.
pub const REASON_CHARACTERS: usize = 300;

/// What another library says of a file, which may quote the file: control characters escaped, cut when long.
///
/// ```
/// use recurrent_files::reason;
///
/// assert_eq!(reason("no \u{1b}[31m here"), r"no \u{1b}[31m here");
/// assert!(reason("a".repeat(100_000)).len() < 400);
/// ```
pub fn reason(reason: impl fmt::Display) -> String {
    let whole = reason.to_string();
    let mut escaped = String::with_capacity(whole.len().min(REASON_CHARACTERS));
    for c in whole.chars().take(REASON_CHARACTERS) {
        if c.is_control() {
            escaped.extend(c.escape_default());
        } else {
            escaped.push(c);
        }
    }
    if whole.chars().nth(REASON_CHARACTERS).is_some() {
        escaped.push('…');
    }
    escaped
}

/// A value from outside for a message: in quotation marks, control characters escaped, cut when long.
#[derive(Clone, Copy, Debug)]
pub struct Quoted<'a>(&'a str);

/// `text` as a message shows it: see [`Quoted`].
///
/// ```
/// use recurrent_files::quoted;
///
/// assert_eq!(quoted("pos\u{1b}[31m").to_string(), r#""pos\u{1b}[31m""#);
/// assert!(quoted(&"a".repeat(100_000)).to_string().len() < 100);
/// ```
pub fn quoted(text: &str) -> Quoted<'_> {
    Quoted(text)
}

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.char_indices().nth(QUOTED_CHARACTERS) {
            None => write!(f, "{:?}", self.0),
            Some((end, _)) => write!(f, "{:?}…", &self.0[..end]),
        }
    }
}
