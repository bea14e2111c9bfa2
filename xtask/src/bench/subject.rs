//! A process that measures on request: a line of JSON to it, a line of JSON back.

use std::io::{BufRead, BufReader, Lines, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::cargo;
use crate::error::Error;

/// A running process; it ends when this is dropped.
pub(crate) struct Process {
    name: String,
    child: Child,
    input: Option<ChildStdin>,
    output: Lines<BufReader<ChildStdout>>,
}

/// The first line of a process that says which version it measures.
#[derive(Deserialize)]
struct Hello {
    version: String,
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
    fn read<T: DeserializeOwned>(&mut self) -> Result<T, Error> {
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

    /// Waits until it says which version it measures.
    pub(crate) fn version(&mut self) -> Result<String, Error> {
        let Hello { version } = self.read()?;
        Ok(version)
    }

    /// Its number, under which the system tells of its memory.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Asks for a measurement.
    pub(crate) fn ask<A: DeserializeOwned>(
        &mut self,
        request: &impl Serialize,
    ) -> Result<A, Error> {
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
