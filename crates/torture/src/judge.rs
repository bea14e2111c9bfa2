//! What counts as a failure. Whatever a campaign does, these rules say whether the command stood it.

use std::fmt;

use serde::Serialize;

use crate::program::{Ending, Seen};

/// The longest that an error may be, in bytes; paths of the campaign included.
const LONGEST: usize = 4096;

/// A cause shorter than this may well be part of another sentence.
const TELLING: usize = 16;

/// Kinds of failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// It panicked.
    Panic,
    /// It ended by a signal that nobody sent: an abort, a segmentation fault.
    Crash,
    /// It did not end.
    Hang,
    /// It asked for more memory than it may have.
    Memory,
    /// It ended with a status that it does not promise.
    Status,
    /// Its error is no clear one: none at all, too long, with control characters, with a cause said twice.
    Message,
    /// It was satisfied, and the result is not the right one.
    Wrong,
    /// What was there is gone, or new and old are mixed.
    Lost,
    /// Files stayed, or appeared where none should.
    Left,
}

impl Kind {
    pub(crate) const ALL: [Self; 9] = [
        Self::Panic,
        Self::Crash,
        Self::Hang,
        Self::Memory,
        Self::Status,
        Self::Message,
        Self::Wrong,
        Self::Lost,
        Self::Left,
    ];
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Panic => "panic",
            Self::Crash => "crash",
            Self::Hang => "hang",
            Self::Memory => "memory",
            Self::Status => "status",
            Self::Message => "message",
            Self::Wrong => "wrong",
            Self::Lost => "lost",
            Self::Left => "left",
        })
    }
}

/// A failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) kind: Kind,
    /// What was seen.
    pub(crate) what: String,
}

impl Fault {
    pub(crate) fn new(kind: Kind, what: impl Into<String>) -> Self {
        Self {
            kind,
            what: what.into(),
        }
    }
}

/// How a case went that is no failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stood {
    /// A clear error.
    Refused,
    /// Accepted, and the result is the right one.
    Right,
    /// Accepted, and there is nothing to hold the result against: what was changed is protected by nothing.
    Accepted,
}

/// The rule for every process, whatever it was given: it ends by itself, with a status that it promises, and what
/// it prints is fit for a terminal. Returns whether it succeeded.
pub(crate) fn ended(seen: &Seen) -> Result<bool, Fault> {
    let errors = seen.errors();
    let first = excerpt(&errors);
    if errors.contains("panicked at") || seen.ending == Ending::Exit(101) {
        return Err(Fault::new(Kind::Panic, first));
    }
    if errors.contains("memory allocation of") || errors.contains("capacity overflow") {
        return Err(Fault::new(Kind::Memory, first));
    }
    match seen.ending {
        Ending::Hang => Err(Fault::new(Kind::Hang, "it did not end by itself")),
        Ending::Signal(signal) => {
            let what = format!("it ended by signal {signal}: {first}");
            Err(Fault::new(Kind::Crash, what))
        }
        Ending::Exit(0) => screen(&seen.stdout).map(|()| true),
        Ending::Exit(1 | 2) => {
            screen(&seen.stdout)?;
            message(&seen.stderr).map(|()| false)
        }
        Ending::Exit(status) => {
            let what = format!("it ended with status {status}: {first}");
            Err(Fault::new(Kind::Status, what))
        }
    }
}

/// Nothing is printed that a terminal would obey.
fn screen(stdout: &[u8]) -> Result<(), Fault> {
    let text = String::from_utf8_lossy(stdout);
    match text.chars().find(|&character| is_control(character)) {
        Some(character) => {
            let what = format!("it prints {character:?} to its output");
            Err(Fault::new(Kind::Message, what))
        }
        None => Ok(()),
    }
}

/// The rule for the error of a command that refuses.
fn message(stderr: &[u8]) -> Result<(), Fault> {
    let bad = |what: String| Err(Fault::new(Kind::Message, what));
    let Ok(text) = std::str::from_utf8(stderr) else {
        return bad(format!("it is not UTF-8: {:?}", excerpt(&lossy(stderr))));
    };
    if let Some(character) = text.chars().find(|&character| is_control(character)) {
        return bad(format!("it has {character:?} in it: {:?}", excerpt(text)));
    }
    let bytes = text.len();
    if bytes > LONGEST {
        return bad(format!("it has {bytes} bytes: {}", excerpt(text)));
    }
    // The parser of arguments begins its own so, too.
    let Some(start) = text.find("error: ").filter(|_| !text.trim().is_empty()) else {
        return bad(format!("there is none: {:?}", excerpt(text)));
    };
    let lines: Vec<&str> = text[start..].lines().map(str::trim).collect();
    for (place, line) in lines.iter().enumerate() {
        let Some(cause) = line.strip_prefix("because: ") else {
            continue;
        };
        let before = lines[..place].join("\n");
        if cause.len() >= TELLING && before.contains(cause) {
            return bad(format!("it says its cause twice: {}", excerpt(text)));
        }
    }
    if text.contains("Some(") || text.contains("Err(") {
        return bad(format!("it prints a type of its own: {}", excerpt(text)));
    }
    Ok(())
}

/// Lines apart, nothing that moves a cursor, rings a bell or hides text belongs on a terminal.
fn is_control(character: char) -> bool {
    character.is_control() && !matches!(character, '\n' | '\t' | '\r')
}

/// Holds what was left against what may be; `what` lists what may not.
pub(crate) fn nothing_left(what: &[String]) -> Result<(), Fault> {
    if what.is_empty() {
        return Ok(());
    }
    let shown: Vec<_> = what.iter().take(5).map(|name| excerpt(name)).collect();
    Err(Fault::new(Kind::Left, shown.join(", ")))
}

/// Holds a result against the right one.
pub(crate) fn equal<T: PartialEq>(found: &T, right: &T, what: &str) -> Result<(), Fault> {
    if found == right {
        Ok(())
    } else {
        Err(Fault::new(
            Kind::Wrong,
            format!("{what} is not the right one"),
        ))
    }
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The beginning of a text, fit for one line of a terminal.
pub(crate) fn excerpt(text: &str) -> String {
    let one_line = text.trim().replace('\n', " | ");
    let cut: String = one_line.chars().take(300).collect();
    cut.escape_debug()
        .to_string()
        .replace("\\\"", "\"")
        .replace("\\'", "'")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(ending: Ending, stdout: &str, stderr: &str) -> Seen {
        Seen {
            ending,
            stdout: stdout.into(),
            stderr: stderr.into(),
        }
    }

    #[track_caller]
    fn check(ending: Ending, stderr: &str, expect: Result<bool, Kind>) {
        let found = ended(&seen(ending, "", stderr)).map_err(|fault| fault.kind);
        assert_eq!(found, expect);
    }

    #[test]
    fn good_endings_are_good() {
        check(Ending::Exit(0), "", Ok(true));
        check(Ending::Exit(0), "note: the sample\n", Ok(true));
        check(Ending::Exit(1), "error: it is damaged\n", Ok(false));
        check(
            Ending::Exit(1),
            "note: a word\nerror: a.zip cannot be read\n  because: no such file or directory\n",
            Ok(false),
        );
        check(
            Ending::Exit(2),
            "error: unexpected argument\n\nUsage: …\n",
            Ok(false),
        );
    }

    #[test]
    fn each_kind_of_failure_is_recognised() {
        let panic = "thread 'main' panicked at src/x.rs:1:1:\nindex out of bounds\n";
        check(Ending::Exit(101), panic, Err(Kind::Panic));
        check(Ending::Exit(101), "", Err(Kind::Panic));
        // A thread of its own panics, and the command goes on.
        check(Ending::Exit(0), panic, Err(Kind::Panic));
        let memory = "memory allocation of 99 bytes failed\n";
        check(Ending::Signal(6), memory, Err(Kind::Memory));
        check(Ending::Signal(6), "", Err(Kind::Crash));
        check(Ending::Signal(11), "", Err(Kind::Crash));
        check(Ending::Signal(13), "", Err(Kind::Crash));
        check(Ending::Hang, "", Err(Kind::Hang));
        check(Ending::Exit(3), "error: x\n", Err(Kind::Status));
    }

    #[test]
    fn unclear_errors_are_recognised() {
        let check = |stderr: &str| check(Ending::Exit(1), stderr, Err(Kind::Message));
        check("");
        check("it did not work\n");
        check("error: the entry \u{1b}]0;owned\u{7} is damaged\n");
        check("error: the entry \u{9b}31m is damaged\n");
        check(&format!("error: {}\n", "x".repeat(5000)));
        check("error: a: No such file or directory\n  because: No such file or directory\n");
        check("error: a\n  because: it ends too early here\n  because: it ends too early here\n");
        check("error: max_tokens = Some(2)\n");
        let bytes = Seen {
            stderr: b"error: \xff\n".to_vec(),
            ..seen(Ending::Exit(1), "", "")
        };
        assert_eq!(ended(&bytes).unwrap_err().kind, Kind::Message);
    }

    #[test]
    fn what_a_terminal_would_obey_is_recognised() {
        let check = |stdout: &str, expect: bool| {
            assert_eq!(ended(&seen(Ending::Exit(0), stdout, "")).is_ok(), expect);
        };
        check("Found 8 files\n\tpos 0.9\r\n", true);
        check("pos 0.9 \u{1b}[31m\n", false);
        check("pos 0.9 \u{8}\u{8}\n", false);
    }

    #[test]
    fn leftovers_and_wrong_results_are_recognised() {
        assert!(nothing_left(&[]).is_ok());
        let left = nothing_left(&["new: .weights.aIN1Cq".to_owned()]);
        assert_eq!(left.unwrap_err().kind, Kind::Left);
        assert!(equal(&[1, 2], &[1, 2], "the weights").is_ok());
        let wrong = equal(&[1, 2], &[1, 3], "the weights").unwrap_err();
        assert_eq!(
            wrong,
            Fault::new(Kind::Wrong, "the weights is not the right one")
        );
    }

    #[test]
    fn an_excerpt_is_one_short_line() {
        assert_eq!(excerpt("a\nb\u{1b}c\n"), "a | b\\u{1b}c");
        assert_eq!(excerpt(&"x".repeat(1000)).len(), 300);
    }
}
