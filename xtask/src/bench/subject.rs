//! A process that measures on request: a line of JSON to it, a line of JSON back.

use std::io::{BufRead, BufReader, Lines, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde::{Deserialize, Serialize};

use crate::cargo;
use crate::error::Error;

/// What to run, how often at most, and for how long.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Request {
    pub(crate) subject: &'static str,
    pub(crate) network: &'static str,
    pub(crate) mode: &'static str,
    pub(crate) batch: usize,
    pub(crate) time: usize,
    pub(crate) hidden: usize,
    pub(crate) repeats: usize,
    pub(crate) seconds: f64,
}

/// What a run took.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Answer {
    /// Milliseconds of each run.
    pub(crate) ms: Vec<f64>,
    /// Floating-point operations of a run, where the process counts them.
    pub(crate) flop: Option<f64>,
}

/// A running process; it ends when this is dropped.
pub(crate) struct Process {
    name: String,
    child: Child,
    input: Option<ChildStdin>,
    output: Lines<BufReader<ChildStdout>>,
}

impl Process {
    /// Starts `command`.
    pub(crate) fn start(command: &mut Command) -> Result<Self, Error> {
        let name = cargo::shown(command);
        let failed = |source| Error::Spawn {
            program: name.clone(),
            source,
        };
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(failed)?;
        let silent = || Error::Silent {
            command: name.clone(),
        };
        let input = child.stdin.take();
        let output = child.stdout.take().ok_or_else(silent)?;
        Ok(Self {
            output: BufReader::new(output).lines(),
            name,
            child,
            input,
        })
    }

    /// The next line, as JSON.
    pub(crate) fn read<T: for<'a> Deserialize<'a>>(&mut self) -> Result<T, Error> {
        let silent = || Error::Silent {
            command: self.name.clone(),
        };
        let line = self
            .output
            .next()
            .ok_or_else(silent)?
            .map_err(|_| silent())?;
        serde_json::from_str(&line).map_err(|source| Error::Json {
            command: self.name.clone(),
            source,
        })
    }

    /// Asks for a measurement.
    pub(crate) fn ask(&mut self, request: &Request) -> Result<Answer, Error> {
        let silent = || Error::Silent {
            command: self.name.clone(),
        };
        let input = self.input.as_mut().ok_or_else(silent)?;
        let line = serde_json::to_string(request).map_err(|source| Error::Json {
            command: self.name.clone(),
            source,
        })?;
        writeln!(input, "{line}")
            .and_then(|()| input.flush())
            .map_err(|_| silent())?;
        self.read()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // The end of its input is the end of its work.
        drop(self.input.take());
        let _ = self.child.wait();
    }
}
