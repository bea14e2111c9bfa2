//! Texts as models take them: bytes, from the command line or from standard input.

use std::ffi::OsString;
use std::io::Write as _;
use std::ops::ControlFlow;
use std::path::Path;

use recurrent_models::NetworkConfig;
use serde::Serialize;

use crate::error::CliError;
use crate::terminal::printable_json;

/// Why a text has no verdict.
pub(crate) const NO_WORDS: &str = "no word is left of the text";

/// What is said of such a text, where a verdict would stand.
pub(crate) const NOTHING: &str = "-  (nothing to classify)";

/// The share of padding from which on a network that reads it had better be trained with masking.
const MOSTLY_PADDING: f64 = 0.8;

/// The texts of a command line, each as its bytes.
///
/// # Errors
/// [`CliError::TextIsFile`] where one is the name of a file, whose contents were most likely meant.
pub(crate) fn of_arguments<'a>(
    command: &'static str,
    arguments: &'a [OsString],
) -> Result<Vec<&'a [u8]>, CliError> {
    for argument in arguments {
        let path = Path::new(argument);
        // A folder may be called like a word; with a separator it is a path.
        let separated = path.components().count() > 1;
        if path.is_file() || (separated && path.is_dir()) {
            return Err(CliError::TextIsFile {
                text: argument.to_string_lossy().into_owned(),
                command,
            });
        }
    }
    Ok(arguments
        .iter()
        .map(|text| text.as_encoded_bytes())
        .collect())
}

/// What to say where nearly all that a network without masking reads is padding: of `positions`, `words` are none.
pub(crate) fn padding_note(
    network: &NetworkConfig,
    words: usize,
    positions: usize,
) -> Option<String> {
    let masked = network.embedding.masked;
    let padding = positions.saturating_sub(words);
    let mostly = words > 0 && padding as f64 >= MOSTLY_PADDING * positions as f64;
    (mostly && !masked).then(|| {
        format!(
            "note: {padding} of the {positions} positions that {} reads are padding, and it was trained without \
             masking, so that its verdicts rest on padding, too; for short texts train one whose name ends in _masked",
            network.name
        )
    })
}

/// As JSON on one line, with what a terminal would obey written as `\u001b` and the like.
pub(crate) fn json(value: &impl Serialize) -> Result<String, CliError> {
    let json = serde_json::to_string(value).map_err(|error| CliError::Output(error.into()))?;
    Ok(printable_json(&json).into_owned())
}

/// Prints lines. A reader that has gone away (`| head`) is no error, but nothing more need be read for it.
///
/// # Errors
/// [`CliError::Output`].
pub(crate) fn print_lines(text: &str) -> Result<ControlFlow<()>, CliError> {
    let mut out = std::io::stdout().lock();
    let written = out
        .write_all(text.as_bytes())
        .and_then(|()| out.write_all(b"\n"))
        .and_then(|()| out.flush());
    match written {
        Ok(()) => Ok(ControlFlow::Continue(())),
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(ControlFlow::Break(())),
        Err(error) => Err(CliError::Output(error)),
    }
}

#[cfg(test)]
mod tests {
    use recurrent_models::{NetworkKind, Preset};

    use super::*;

    fn note(network: NetworkKind, words: usize, positions: usize) -> Option<String> {
        padding_note(&Preset::notebook(network).config(), words, positions)
    }

    #[test]
    fn padding_is_spoken_of_where_it_outweighs_and_is_read() {
        let said = note(NetworkKind::LSTM, 4, 100).unwrap();
        assert!(
            said.contains("96 of the 100") && said.contains("_masked"),
            "{said}"
        );
        assert!(note(NetworkKind::Dense, 20, 100).is_some());
        assert_eq!(note(NetworkKind::LSTM, 21, 100), None);
        assert_eq!(note("lstm_masked".parse().unwrap(), 4, 100), None);
        assert_eq!(note(NetworkKind::LSTM, 0, 0), None);
    }

    #[test]
    fn json_has_nothing_that_a_terminal_obeys() {
        let text = "a\u{1b}[31m\u{9b}\u{7f}\u{202e}\"é";
        let json = json(&text).unwrap();
        assert_eq!(json, "\"a\\u001b[31m\\u009b\\u007f\\u202e\\\"é\"");
        assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
    }

    #[test]
    fn the_name_of_a_file_is_no_text() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("good film.txt");
        std::fs::write(&file, "x").unwrap();
        for path in [file.as_path(), folder.path()] {
            let error = of_arguments("predict", &[path.into()]).unwrap_err();
            assert!(
                error.to_string().contains("recurrent predict … < FILE"),
                "{error}"
            );
        }
        let texts = [
            "good film.txt".into(),
            "src".into(),
            "".into(),
            "a/b".into(),
        ];
        assert_eq!(of_arguments("predict", &texts).unwrap().len(), 4);
    }
}
