//! Starts the command under test, and sees how it ends and what it says.

use std::ffi::OsString;
use std::fmt;
use std::io::{Read, Write};
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::error::Error;

/// Longer than this, and it hangs: what is run here takes well under a second on a machine with nothing else to do.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// What every process is started through: at most 4 GB of address space, of which one that uses 0.1 GB takes 0.3 GB.
/// Where there is no such limit, too much memory goes unnoticed.
const LIMITED: &str = "(ulimit -v 4194304) 2>/dev/null && ulimit -v 4194304; ";

/// Bytes of each stream that are kept.
const KEPT: u64 = 4 << 20;

/// Signals that are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signal {
    Kill,
    Interrupt,
    Terminate,
    Stop,
    Continue,
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Kill => "KILL",
            Self::Interrupt => "INT",
            Self::Terminate => "TERM",
            Self::Stop => "STOP",
            Self::Continue => "CONT",
        })
    }
}

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// By itself, with this status.
    Exit(i32),
    /// By this signal.
    Signal(i32),
    /// Not within [`PATIENCE`]; it was killed then.
    Hang,
}

/// What was seen of a process.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) ending: Ending,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: Vec<u8>,
}

impl Seen {
    pub(crate) fn succeeded(&self) -> bool {
        self.ending == Ending::Exit(0)
    }

    pub(crate) fn errors(&self) -> String {
        String::from_utf8_lossy(&self.stderr).into_owned()
    }
}

/// The command under test.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    path: PathBuf,
}

impl Program {
    pub(crate) fn new(path: &Path) -> Result<Self, Error> {
        let path = path.canonicalize().map_err(|source| Error::Start {
            program: path.to_owned(),
            source,
        })?;
        Ok(Self { path })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The command in `folder`, with nothing on its standard input, and environment that changes nothing.
    pub(crate) fn command<A: Into<OsString>>(
        &self,
        folder: &Path,
        arguments: impl IntoIterator<Item = A>,
    ) -> Command {
        self.through_shell(r#"exec "$@""#, folder, arguments)
    }

    /// As [`command`](Self::command), started by `script`, a line of `sh` with `exec "$@"` in it.
    pub(crate) fn through_shell<A: Into<OsString>>(
        &self,
        script: &str,
        folder: &Path,
        arguments: impl IntoIterator<Item = A>,
    ) -> Command {
        let mut command = Command::new("sh");
        command.arg("-c").arg(format!("{LIMITED}{script}"));
        command.arg("sh").arg(&self.path);
        command.args(arguments.into_iter().map(Into::into));
        prepare(&mut command, folder);
        command
    }

    /// Runs it to its end.
    pub(crate) fn run<A: Into<OsString>>(
        &self,
        folder: &Path,
        arguments: impl IntoIterator<Item = A>,
    ) -> Result<Seen, Error> {
        self.watch(self.command(folder, arguments), &[])
    }

    /// Runs a command to its end, `input` on its standard input.
    pub(crate) fn watch(&self, mut command: Command, input: &[u8]) -> Result<Seen, Error> {
        if !input.is_empty() {
            command.stdin(Stdio::piped());
        }
        let mut running = Running::start(self, command)?;
        if let Some(mut stdin) = running.child.stdin.take() {
            let input = input.to_owned();
            // It may end without reading; then there is nobody to tell.
            thread::spawn(move || stdin.write_all(&input));
        }
        running.finish(PATIENCE)
    }
}

fn prepare(command: &mut Command, folder: &Path) {
    command.current_dir(folder);
    command.stdin(Stdio::null());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    for variable in ["IMDB_ARCHIVE", "RUST_BACKTRACE", "RECURRENT_COMMIT"] {
        command.env_remove(variable);
    }
    // One thread fewer to start, and results do not depend on it.
    command.env("RAYON_NUM_THREADS", "1");
}

/// A process that was started.
pub(crate) struct Running {
    pub(crate) child: Child,
    readers: [Option<thread::JoinHandle<Vec<u8>>>; 2],
}

impl Running {
    pub(crate) fn start(program: &Program, mut command: Command) -> Result<Self, Error> {
        let child = command.spawn().map_err(|source| Error::Start {
            program: program.path.clone(),
            source,
        })?;
        Ok(Self::adopt(child))
    }

    /// Takes over a child; what nobody has taken of its output is read.
    pub(crate) fn adopt(mut child: Child) -> Self {
        let readers = [
            child.stdout.take().map(collect),
            child.stderr.take().map(collect),
        ];
        Self { child, readers }
    }

    /// Sends a signal, unless the process has ended.
    pub(crate) fn send(&mut self, signal: Signal) {
        if !self.is_running() {
            return;
        }
        if signal == Signal::Kill {
            let _ = self.child.kill();
            return;
        }
        let name = format!("-{signal}");
        let mut kill = Command::new("kill");
        kill.arg(name).arg(self.child.id().to_string());
        let _ = kill.stderr(Stdio::null()).status();
    }

    /// Whether it runs still.
    pub(crate) fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Waits until `done` says so, or it has ended, or patience has.
    pub(crate) fn wait_until(&mut self, mut done: impl FnMut() -> bool) {
        let start = Instant::now();
        while !done() && self.is_running() && start.elapsed() < PATIENCE {
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// Waits for its end, and kills it after `patience`.
    pub(crate) fn finish(&mut self, patience: Duration) -> Result<Seen, Error> {
        let start = Instant::now();
        let mut pause = Duration::from_micros(200);
        let failed = Error::io("the process under test");
        let status = loop {
            match self.child.try_wait() {
                Ok(Some(status)) => break Some(status),
                Ok(None) if start.elapsed() > patience => break None,
                Ok(None) => thread::sleep(pause),
                Err(error) => return Err(failed(error)),
            }
            pause = (pause * 2).min(Duration::from_millis(3));
        };
        if status.is_none() {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
        let [stdout, stderr] = self
            .readers
            .each_mut()
            .map(|reader| reader.take().and_then(|reader| reader.join().ok()));
        Ok(Seen {
            ending: status.map_or(Ending::Hang, ending),
            stdout: stdout.unwrap_or_default(),
            stderr: stderr.unwrap_or_default(),
        })
    }
}

impl Drop for Running {
    /// Nothing that was started here outlives the campaign.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn ending(status: ExitStatus) -> Ending {
    match (status.code(), status.signal()) {
        (Some(code), _) => Ending::Exit(code),
        (None, Some(signal)) => Ending::Signal(signal),
        (None, None) => Ending::Hang,
    }
}

/// Reads a stream to its end on a thread of its own, and keeps its beginning.
fn collect(mut stream: impl Read + Send + 'static) -> thread::JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut kept = Vec::new();
        let _ = stream.by_ref().take(KEPT).read_to_end(&mut kept);
        let _ = std::io::copy(&mut stream, &mut std::io::sink());
        kept
    })
}
