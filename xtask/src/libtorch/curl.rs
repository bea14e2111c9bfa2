//! Fetching a large file by curl, which goes on where a download broke off, in this run or one before, and
//! spares this crate an HTTPS of its own.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::LibtorchError;

/// Fetches `address` into `file`, which then is whole. What a run left that was ended in between, beside it, is
/// gone on with. `protocols` as curl names them, with commas.
pub(super) fn fetch(address: &str, file: &Path, protocols: &str) -> Result<(), LibtorchError> {
    let partial = partial(file);
    let mut curl = Command::new("curl");
    curl.args(["--fail", "--location", "--retry", "3"]);
    curl.args(["--connect-timeout", "20", "--show-error"]);
    curl.arg("--proto").arg(format!("={protocols}"));
    curl.args(["--continue-at", "-", "--output"]);
    curl.arg(&partial).arg(address);
    // Where somebody watches, curl's own messages stand there already.
    let watched = std::io::stderr().is_terminal();
    if watched {
        curl.arg("--progress-bar").stderr(Stdio::inherit());
    } else {
        curl.arg("--silent").stderr(Stdio::piped());
    }
    let output = curl
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .and_then(std::process::Child::wait_with_output)
        .map_err(|error| LibtorchError::Download(format!("cannot run curl: {error}")))?;
    if output.status.success() {
        return std::fs::rename(&partial, file).map_err(LibtorchError::io(file));
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let reason = said.trim().lines().last().map(str::to_owned);
    let reason = reason.unwrap_or_else(|| format!("curl: {}", output.status));
    Err(LibtorchError::Download(reason))
}

/// Where a file lies until it is whole.
fn partial(file: &Path) -> PathBuf {
    let mut name = file.to_owned().into_os_string();
    name.push(".partial");
    name.into()
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;

    /// A file to fetch, of which `begun` is there already.
    fn fetched(begun: &[u8]) -> Option<Vec<u8>> {
        let folder = tempfile::tempdir().unwrap();
        let [source, file] = ["source", "file"].map(|name| folder.path().join(name));
        std::fs::write(&source, b"one two three").unwrap();
        std::fs::write(partial(&file), begun).unwrap();
        let address = format!("file://{}", source.display());
        match fetch(&address, &file, "file") {
            Ok(()) => {}
            Err(LibtorchError::Download(reason)) if reason.starts_with("cannot run curl") => {
                eprintln!("skipped: {reason}");
                return None;
            }
            Err(error) => panic!("{error}"),
        }
        assert!(!partial(&file).exists());
        Some(std::fs::read(&file).unwrap())
    }

    #[test]
    fn goes_on_where_a_run_was_ended() {
        let Some(whole) = fetched(b"") else { return };
        assert_eq!(whole, b"one two three");
        // What is there is kept, not fetched again: the hash says afterwards whether it was right.
        assert_eq!(fetched(b"ONE ").unwrap(), b"ONE two three");
    }

    #[test]
    fn a_failed_download_gives_the_file_no_name() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        let nowhere = format!("file://{}/nothing", folder.path().display());
        let error = fetch(&nowhere, &file, "file").unwrap_err();
        assert!(!error.is_final() && !file.exists(), "{error}");
        // Nor does one over a protocol that was not allowed.
        assert!(fetch(&nowhere, &file, "https").is_err());
    }
}
