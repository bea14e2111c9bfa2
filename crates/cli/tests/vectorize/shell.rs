//! What the tests of `recurrent vectorize` share: a folder of their own, and running the command in it.

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

pub(crate) fn recurrent() -> Command {
    Command::new(env!("CARGO_BIN_EXE_recurrent"))
}

pub(crate) fn run(command: &mut Command) -> (Output, String, String) {
    told(command.output().unwrap())
}

fn told(output: Output) -> (Output, String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
    (output, stdout, stderr)
}

pub(crate) fn succeed(command: &mut Command) -> String {
    let (output, stdout, stderr) = run(command);
    assert!(output.status.success(), "{command:?}\n{stdout}\n{stderr}");
    stdout
}

pub(crate) fn fail(command: &mut Command, status: i32) -> String {
    let (output, stdout, stderr) = run(command);
    let said = format!("{command:?}\n{stdout}\n{stderr}");
    assert_eq!(output.status.code(), Some(status), "{said}");
    stderr
}

/// Runs the command with these bytes as standard input.
pub(crate) fn feed(command: &mut Command, input: &[u8]) -> String {
    let (output, stdout, stderr) = fed(command, input);
    assert!(output.status.success(), "{stdout}\n{stderr}");
    stdout
}

/// The same where it is refused.
pub(crate) fn feed_failing(command: &mut Command, input: &[u8]) -> String {
    let (output, stdout, stderr) = fed(command, input);
    assert_eq!(output.status.code(), Some(1), "{stdout}\n{stderr}");
    stderr
}

fn fed(command: &mut Command, input: &[u8]) -> (Output, String, String) {
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
    // What is refused at once need not be read.
    let _ = child.stdin.take().unwrap().write_all(input);
    told(child.wait_with_output().unwrap())
}

/// A folder in which the command runs.
pub(crate) struct Folder(TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.0.path().to_owned()
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Command {
        let mut command = recurrent();
        command
            .current_dir(self.path())
            .arg("vectorize")
            .args(arguments);
        command
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.path().join(name), content).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path().join(name)).unwrap()
    }

    pub(crate) fn text(&self, name: &str) -> String {
        String::from_utf8(self.read(name)).unwrap()
    }

    /// The names in a folder, sorted.
    pub(crate) fn files(&self, folder: &str) -> Vec<String> {
        let entries = fs::read_dir(self.path().join(folder)).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = names.collect();
        names.sort();
        names
    }
}
