//! Texts on the command line that begin with a dash, beside options.
//!
//! clap knows either options among the texts or texts that look like options, but not both. So the words of
//! `predict` and `trace` are sorted before clap sees them: options first, then `--`, then the texts in their order.

use std::ffi::{OsStr, OsString};

use clap::Command;

/// The subcommands that take texts.
const WITH_TEXTS: [&str; 2] = ["predict", "trace"];

/// The words of a command line, those of a subcommand that takes texts with the texts last, behind `--`. Other
/// command lines stay as they are.
///
/// What looks like an option stays one, known or not, so that a misspelt one is an error and no text.
pub(crate) fn texts_last(command: &Command, words: Vec<OsString>) -> Vec<OsString> {
    let named = words.get(1).and_then(|word| word.to_str());
    let subcommand = named
        .filter(|name| WITH_TEXTS.contains(name))
        .and_then(|name| command.find_subcommand(name));
    let Some(subcommand) = subcommand else {
        return words;
    };
    let (mut options, mut texts) = (Vec::new(), Vec::new());
    let mut words = words.into_iter();
    options.extend(words.by_ref().take(2));
    while let Some(word) = words.next() {
        if word == "--" {
            texts.extend(words);
            break;
        }
        if !is_option(subcommand, &word) {
            texts.push(word);
            continue;
        }
        let value = takes_value(subcommand, &word);
        options.push(word);
        if value {
            options.extend(words.next());
        }
    }
    if !texts.is_empty() {
        options.push("--".into());
        options.append(&mut texts);
    }
    options
}

/// Whether a word is an option, or was meant as one: `--name`, `--name=value`, `-x`, and `-name` where there is an
/// option `--name`. `-10 out of 10`, `- bad` and `-bad` are none.
fn is_option(command: &Command, word: &OsStr) -> bool {
    let Some(name) = word.to_str().and_then(|word| word.strip_prefix('-')) else {
        // Names of options are UTF-8.
        return false;
    };
    match name.strip_prefix('-') {
        Some(long) => {
            let name = long.split_once('=').map_or(long, |(name, _)| name);
            name.starts_with(|first: char| first.is_ascii_alphabetic())
                && name
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
        }
        None => {
            let single = name.len() == 1 && name.starts_with(|c: char| c.is_ascii_alphabetic());
            let (name, _) = name.split_once('=').unwrap_or((name, ""));
            single || named(command, name).is_some()
        }
    }
}

/// Whether the word after this one belongs to it.
fn takes_value(command: &Command, word: &OsStr) -> bool {
    word.to_str()
        .and_then(|word| word.strip_prefix("--"))
        .and_then(|name| named(command, name))
        .is_some_and(|option| option.get_action().takes_values())
}

fn named<'a>(command: &'a Command, long: &str) -> Option<&'a clap::Arg> {
    command.get_arguments().find(|argument| {
        let aliases = argument.get_all_aliases().unwrap_or_default();
        argument.get_long() == Some(long) || aliases.contains(&long)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(words: &[&str], expected: &[&str]) {
        use clap::CommandFactory as _;
        let command = crate::Cli::command();
        let words = ["recurrent"].iter().chain(words).map(OsString::from);
        let sorted = texts_last(&command, words.collect());
        assert_eq!(
            sorted[1..],
            expected.iter().map(OsString::from).collect::<Vec<_>>()
        );
    }

    #[test]
    fn texts_go_last_in_their_order_and_options_stay() {
        let model = ["predict", "--model", "m", "--"];
        for text in [
            "-10 out of 10",
            "- bad",
            "-",
            "-bad",
            "-- bad",
            "---",
            "-1",
            "--\u{e9}",
            "good",
        ] {
            let last = [&model[..], &[text]].concat();
            check(&["predict", "--model", "m", text], &last);
            check(&["predict", text, "--model", "m"], &last);
        }
        check(
            &[
                "trace",
                "a",
                "-1 b",
                "--json",
                "c",
                "--model=m",
                "--",
                "--json",
                "--",
            ],
            &[
                "trace",
                "--json",
                "--model=m",
                "--",
                "a",
                "-1 b",
                "c",
                "--json",
                "--",
            ],
        );
        check(
            &["trace", "--label", "-1", "x"],
            &["trace", "--label", "-1", "--", "x"],
        );
        check(&["predict", "--model", "m"], &["predict", "--model", "m"]);
    }

    #[test]
    fn what_was_meant_as_an_option_is_left_to_clap() {
        for option in [
            "--jsn", "--jsn=1", "-j", "-json", "-model=m", "--help", "-h",
        ] {
            check(&["predict", option], &["predict", option]);
        }
    }

    #[test]
    fn other_commands_are_left_alone() {
        let words = ["vectorize", "check", "-a b", "--", "-c"];
        check(&words, &words);
        check(&["--help"], &["--help"]);
    }
}
