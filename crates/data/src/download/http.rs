//! Fetching over HTTP, with resumption.
//!
//! What arrives goes into a `.part` file beside the target, locked for the time of the download.
//! Only a file with the right hash is renamed to the target. An interrupted download leaves the
//! `.part` file, and the next one asks the server for the rest.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use sha2::{Digest, Sha256};
use ureq::http::{Response, StatusCode, header};
use ureq::{Agent, Body};

use super::{Download, DownloadError, RemoteArchive};
use crate::digest::{hex, update_from};

/// How long to wait for a name, a connection, an answer, or the next piece of the file.
const PATIENCE: Duration = Duration::from_secs(10);

/// Fetches a [`RemoteArchive`] over HTTP or HTTPS.
#[derive(Clone, Copy)]
pub struct HttpDownload<'a> {
    archive: &'a RemoteArchive,
    progress: Option<&'a dyn Fn(u64, u64)>,
}

impl<'a> HttpDownload<'a> {
    /// A downloader for this archive.
    #[must_use]
    pub fn new(archive: &'a RemoteArchive) -> Self {
        Self {
            archive,
            progress: None,
        }
    }

    /// Calls `progress` with the bytes that are there and the bytes in all, as they arrive.
    #[must_use]
    pub fn with_progress(mut self, progress: &'a dyn Fn(u64, u64)) -> Self {
        self.progress = Some(progress);
        self
    }

    fn told(&self, done: u64) {
        if let Some(progress) = self.progress {
            progress(done, self.archive.bytes);
        }
    }

    /// Brings the part file to its full length.
    fn complete(&self, part: &mut Part) -> Result<(), DownloadError> {
        let mut have = part.length()?;
        if have > self.archive.bytes {
            have = part.restart()?;
        }
        if have == self.archive.bytes {
            return Ok(());
        }
        let mut response = self.ask(have)?;
        if response.status() == StatusCode::RANGE_NOT_SATISFIABLE && have > 0 {
            have = part.restart()?;
            response = self.ask(0)?;
        }
        match response.status() {
            StatusCode::PARTIAL_CONTENT if starts_at(&response) == Some(have) => {}
            StatusCode::PARTIAL_CONTENT => {
                // A range that was not asked for is of no use: take the whole file.
                have = part.restart()?;
                response = self.ask(0)?;
                if response.status() != StatusCode::OK {
                    return Err(self.status(&response));
                }
            }
            // The server does not know ranges and sends everything.
            StatusCode::OK => have = part.restart()?,
            _ => return Err(self.status(&response)),
        }
        self.receive(response, part, have)
    }

    fn receive(
        &self,
        mut response: Response<Body>,
        part: &mut Part,
        mut have: u64,
    ) -> Result<(), DownloadError> {
        let total = self.archive.bytes;
        let interrupted = |done: u64, reason: String, path: &Path| DownloadError::Interrupted {
            url: self.archive.url.to_string(),
            done,
            total,
            part: path.to_path_buf(),
            reason,
        };
        let mut buffer = vec![0; 1 << 16];
        let mut body = response.body_mut().as_reader();
        self.told(have);
        loop {
            let count = match body.read(&mut buffer) {
                Ok(0) if have < total => {
                    let reason = "the server closed the connection".to_owned();
                    return Err(interrupted(have, reason, &part.path));
                }
                Ok(0) => return Ok(()),
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(interrupted(have, error.to_string(), &part.path)),
            };
            have += count as u64;
            if have > total {
                part.delete()?;
                return Err(DownloadError::WrongSize {
                    url: self.archive.url.to_string(),
                    expected: total,
                });
            }
            part.file
                .write_all(&buffer[..count])
                .map_err(|source| part.disk(source))?;
            self.told(have);
        }
    }

    /// Asks for the file from byte `from` on.
    fn ask(&self, from: u64) -> Result<Response<Body>, DownloadError> {
        let url = &*self.archive.url;
        let mut config = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_resolve(Some(PATIENCE))
            .timeout_connect(Some(PATIENCE))
            .timeout_recv_response(Some(PATIENCE))
            .timeout_per_read(Some(PATIENCE));
        if is_loopback(url) {
            config = config.proxy(None);
        }
        let agent: Agent = config.build().into();
        let mut request = agent.get(url);
        if from > 0 {
            request = request.header(header::RANGE, format!("bytes={from}-"));
        }
        request.call().map_err(|error| DownloadError::Unreachable {
            url: url.to_owned(),
            reason: error.to_string(),
        })
    }

    fn status(&self, response: &Response<Body>) -> DownloadError {
        DownloadError::Status {
            url: self.archive.url.to_string(),
            status: response.status().as_u16(),
        }
    }
}

impl Download for HttpDownload<'_> {
    fn fetch(&self, target: &Path) -> Result<(), DownloadError> {
        if let Some(folder) = target
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty())
        {
            fs::create_dir_all(folder).map_err(|source| DownloadError::Disk {
                path: folder.to_path_buf(),
                source,
            })?;
        }
        let mut part = Part::open(target)?;
        // Another process may have finished between the caller's look and the lock.
        if target.exists() {
            part.delete_if_empty();
            return Ok(());
        }
        if let Err(error) = self.complete(&mut part) {
            part.delete_if_empty();
            return Err(error);
        }
        let found = part.sha256()?;
        if found != *self.archive.sha256 {
            part.delete()?;
            return Err(DownloadError::WrongHash {
                url: self.archive.url.to_string(),
                expected: self.archive.sha256.to_string(),
                found,
            });
        }
        part.file.sync_all().map_err(|source| part.disk(source))?;
        fs::rename(&part.path, target).map_err(|source| part.disk(source))
    }
}

/// The file that holds what has arrived, locked while it is open.
struct Part {
    path: PathBuf,
    file: File,
}

impl Part {
    fn open(target: &Path) -> Result<Self, DownloadError> {
        let mut name = OsString::from(target);
        name.push(".part");
        let path = PathBuf::from(name);
        let disk = |source| DownloadError::Disk {
            path: path.clone(),
            source,
        };
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(disk)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { path, file }),
            Err(TryLockError::WouldBlock) => Err(DownloadError::Busy { part: path }),
            Err(TryLockError::Error(source)) => Err(disk(source)),
        }
    }

    /// Goes to the end and says where that is.
    fn length(&mut self) -> Result<u64, DownloadError> {
        self.file
            .seek(SeekFrom::End(0))
            .map_err(|source| self.disk(source))
    }

    /// Throws away what has arrived.
    fn restart(&mut self) -> Result<u64, DownloadError> {
        self.file
            .set_len(0)
            .and_then(|()| self.file.seek(SeekFrom::Start(0)))
            .map_err(|source| self.disk(source))
    }

    fn sha256(&mut self) -> Result<String, DownloadError> {
        let mut hasher = Sha256::new();
        self.file
            .seek(SeekFrom::Start(0))
            .and_then(|_| update_from(&mut hasher, &mut self.file))
            .map_err(|source| self.disk(source))?;
        Ok(hex(&hasher.finalize()))
    }

    fn delete(&self) -> Result<(), DownloadError> {
        fs::remove_file(&self.path).map_err(|source| self.disk(source))
    }

    /// Best effort: an empty file does no harm.
    fn delete_if_empty(&self) {
        if self
            .file
            .metadata()
            .is_ok_and(|metadata| metadata.len() == 0)
        {
            let _ = fs::remove_file(&self.path);
        }
    }

    fn disk(&self, source: io::Error) -> DownloadError {
        DownloadError::Disk {
            path: self.path.clone(),
            source,
        }
    }
}

/// The first byte of the range in `Content-Range: bytes 5-9/10`.
fn starts_at(response: &Response<Body>) -> Option<u64> {
    let range = response
        .headers()
        .get(header::CONTENT_RANGE)?
        .to_str()
        .ok()?;
    let (first, _) = range.trim().strip_prefix("bytes ")?.split_once('-')?;
    first.trim().parse().ok()
}

/// Whether the address is this machine, which no proxy can reach.
fn is_loopback(url: &str) -> bool {
    ["http://127.0.0.1", "http://localhost", "http://[::1]"]
        .iter()
        .any(|prefix| url.starts_with(prefix))
}
