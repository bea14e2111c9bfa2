//! A server that tests ask: `recurrent serve`, started and ended.

// No test binary uses all of it.
#![allow(clippy::unwrap_used, dead_code, reason = "see above")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use super::models::with_models;

/// A running server; it ends with the test.
pub(crate) struct Server {
    pub(crate) process: Child,
    pub(crate) address: String,
}

impl Server {
    pub(crate) fn start() -> Self {
        Self::of(with_models("serve"))
    }

    /// `serve` with its models.
    pub(crate) fn of(mut command: Command) -> Self {
        let mut process = command
            .args(["--port", "0"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let address = line
            .split("http://")
            .nth(1)
            .unwrap()
            .split('/')
            .next()
            .unwrap()
            .to_owned();
        Self { process, address }
    }

    pub(crate) fn connect(&self) -> TcpStream {
        TcpStream::connect(&self.address).unwrap()
    }

    /// Sends bytes and gives status, head and body of the answer.
    pub(crate) fn raw(&self, request: &[u8]) -> (u16, String, String) {
        let mut stream = self.connect();
        // A server that refuses a body may close before it has taken all of it.
        let _ = stream.write_all(request);
        answer(&mut stream)
    }

    pub(crate) fn get(&self, path: &str) -> (u16, String, String) {
        let host = &self.address;
        self.raw(
            format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").as_bytes(),
        )
    }

    pub(crate) fn question(&self, body: &[u8], headers: &str) -> Vec<u8> {
        let (host, length) = (&self.address, body.len());
        let mut request = format!(
            "POST /api/read HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\
             Content-Type: application/json\r\nContent-Length: {length}\r\n{headers}\r\n"
        )
        .into_bytes();
        request.extend_from_slice(body);
        request
    }

    pub(crate) fn ask(&self, body: &[u8]) -> (u16, Value) {
        let (status, _, body) = self.raw(&self.question(body, ""));
        (status, serde_json::from_str(&body).unwrap())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

pub(crate) fn answer(stream: &mut TcpStream) -> (u16, String, String) {
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes);
    let text = String::from_utf8_lossy(&bytes);
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|code| code.parse().ok())
        .unwrap_or(0);
    (status, head.to_lowercase(), body.to_owned())
}
