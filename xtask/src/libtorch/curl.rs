//! Fetching a large file by curl, which goes on where a download broke off, in this run or one before, and
//! spares this crate an HTTPS of its own.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use super::LibtorchError;

/// How often a download that breaks off is gone on with.
const TRIES: usize = 5;
/// curl's exit status for a server that knows no ranges.
const NO_RANGES: i32 = 33;
/// What a server answers that has nothing more than is there already, which curl does not take for success.
const NOTHING_MORE: &str = "416";

/// Fetches `address` into `file`, which then is whole. What a run left that was ended in between, beside it, is
/// gone on with. `protocols` as curl names them, with commas.
pub(super) fn fetch(address: &str, file: &Path, protocols: &str) -> Result<(), LibtorchError> {
    let partial = partial(file);
    let mut failure = String::new();
    for _ in 0..TRIES {
        let before = size(&partial);
        let output = run(address, &partial, protocols)
            .map_err(|error| LibtorchError::Download(format!("cannot run curl: {error}")))?;
        if output.status.success() {
            return std::fs::rename(&partial, file).map_err(LibtorchError::io(file));
        }
        let said = String::from_utf8_lossy(&output.stderr);
        let reason = said.trim().lines().last().map(str::to_owned);
        failure = reason.unwrap_or_else(|| format!("curl: {}", output.status));
        let answer = String::from_utf8_lossy(&output.stdout);
        let stuck = output.status.code() == Some(NO_RANGES) || answer.trim() == NOTHING_MORE;
        if before > 0 && stuck {
            // Once more from the beginning.
            std::fs::remove_file(&partial).map_err(LibtorchError::io(&partial))?;
        } else if size(&partial) == before {
            // Nothing came: there is no point in going on.
            break;
        }
    }
    Err(LibtorchError::Download(failure))
}

/// One try; on its standard output stands the server's answer, a number.
fn run(address: &str, partial: &Path, protocols: &str) -> std::io::Result<Output> {
    let mut curl = Command::new("curl");
    curl.args(["--fail", "--location", "--retry", "3", "--show-error"]);
    // Neither a server that does not answer nor one that falls silent is waited for without end.
    curl.args(["--connect-timeout", "20"]);
    curl.args(["--speed-limit", "1000", "--speed-time", "60"]);
    curl.arg("--proto").arg(format!("={protocols}"));
    curl.args(["--write-out", "%{http_code}"]);
    curl.args(["--continue-at", "-", "--output"]);
    curl.arg(partial).arg(address);
    // Where somebody watches, curl's own messages stand there already.
    if std::io::stderr().is_terminal() {
        curl.arg("--progress-bar").stderr(Stdio::inherit());
    } else {
        curl.arg("--silent").stderr(Stdio::piped());
    }
    curl.stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()?
        .wait_with_output()
}

fn size(path: &Path) -> u64 {
    std::fs::metadata(path).map_or(0, |file| file.len())
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
    fn fetched(begun: &[u8]) -> Vec<u8> {
        let folder = tempfile::tempdir().unwrap();
        let [source, file] = ["source", "file"].map(|name| folder.path().join(name));
        std::fs::write(&source, b"one two three").unwrap();
        std::fs::write(partial(&file), begun).unwrap();
        let address = format!("file://{}", source.display());
        fetch(&address, &file, "file").unwrap();
        assert!(!partial(&file).exists());
        std::fs::read(&file).unwrap()
    }

    #[test]
    #[cfg_attr(not(curl), ignore = "needs curl")]
    fn goes_on_where_a_run_was_ended() {
        assert_eq!(fetched(b""), b"one two three");
        // What is there is kept, not fetched again: the hash says afterwards whether it was right.
        assert_eq!(fetched(b"ONE "), b"ONE two three");
    }

    #[test]
    #[cfg_attr(not(curl), ignore = "needs curl")]
    fn a_failed_download_gives_the_file_no_name() {
        let folder = tempfile::tempdir().unwrap();
        let [source, file] = ["source", "file"].map(|name| folder.path().join(name));
        std::fs::write(&source, b"one").unwrap();
        let there = format!("file://{}", source.display());
        // Over a protocol that is not allowed; and what is not there.
        for (address, protocols) in [(there.clone(), "https"), (there + "s", "file")] {
            let error = fetch(&address, &file, protocols).unwrap_err();
            assert!(!error.is_final() && !file.exists(), "{error}");
        }
    }
}
