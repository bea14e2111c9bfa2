//! Fetching from a server on this machine that does what real servers do to people.

use std::cell::RefCell;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::thread;

use recurrent_data::{Download, DownloadError, HttpDownload, RemoteArchive, hash_source};
use tempfile::TempDir;

use crate::archives::listing;

/// The file that is served: a third of a megabyte in no particular pattern.
fn content() -> Vec<u8> {
    let mut state = 1u32;
    (0..300_000)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        })
        .collect()
}

/// Answers requests with what `answer` makes of the first byte asked for; `None` is the whole file.
fn serve(
    answer: impl Fn(Option<usize>) -> Vec<u8> + Send + 'static,
) -> (String, Arc<Mutex<Vec<Option<usize>>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/a.tar.gz", listener.local_addr().unwrap());
    let asked = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&asked);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut from = None;
            for line in BufReader::new(&stream).lines() {
                let line = line.unwrap().to_ascii_lowercase();
                if let Some(range) = line.strip_prefix("range: bytes=") {
                    from = range.trim_end_matches('-').parse().ok();
                }
                if line.is_empty() {
                    break;
                }
            }
            log.lock().unwrap().push(from);
            // A client that has seen enough may hang up.
            let _ = stream.write_all(&answer(from));
        }
    });
    (url, asked)
}

fn answer(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let mut bytes = format!("HTTP/1.1 {status}\r\nConnection: close\r\n{headers}\r\n").into_bytes();
    bytes.extend(body);
    bytes
}

fn length(bytes: usize) -> String {
    format!("Content-Length: {bytes}\r\n")
}

fn whole() -> Vec<u8> {
    answer("200 OK", &length(content().len()), &content())
}

/// What a server does that knows ranges.
fn ranged(from: Option<usize>) -> Vec<u8> {
    let content = content();
    let Some(from) = from else {
        return whole();
    };
    let range = format!(
        "Content-Range: bytes {from}-{}/{}\r\n",
        content.len() - 1,
        content.len()
    );
    let rest = &content[from..];
    answer("206 Partial Content", &(length(rest.len()) + &range), rest)
}

struct Case {
    folder: TempDir,
    archive: RemoteArchive,
    target: PathBuf,
    part: PathBuf,
}

impl Case {
    fn new(url: String) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let original = tempfile::NamedTempFile::new().unwrap();
        fs::write(original.path(), content()).unwrap();
        Self {
            archive: RemoteArchive {
                url: url.into(),
                bytes: content().len() as u64,
                sha256: hash_source(original.path()).unwrap().into(),
            },
            target: folder.path().join("a.tar.gz"),
            part: folder.path().join("a.tar.gz.part"),
            folder,
        }
    }

    fn fetch(&self) -> Result<(), DownloadError> {
        HttpDownload::new(&self.archive).fetch(&self.target)
    }

    /// The target is complete and alone.
    fn check_complete(&self) {
        assert_eq!(fs::read(&self.target).unwrap(), content());
        assert_eq!(listing(self.folder.path()).len(), 1);
    }

    fn check_empty(&self) {
        assert!(listing(self.folder.path()).is_empty());
    }
}

#[test]
fn the_whole_file_with_progress() {
    let (url, asked) = serve(ranged);
    let case = Case::new(url);
    let told = RefCell::new(Vec::new());
    let progress = |done, total| told.borrow_mut().push((done, total));
    HttpDownload::new(&case.archive)
        .with_progress(&progress)
        .fetch(&case.target)
        .unwrap();
    case.check_complete();
    let told = told.into_inner();
    assert_eq!(told.first(), Some(&(0, 300_000)));
    assert_eq!(told.last(), Some(&(300_000, 300_000)));
    assert!(told.is_sorted());
    assert_eq!(*asked.lock().unwrap(), [None]);
    // It is there now: nobody is asked again.
    case.fetch().unwrap();
    assert_eq!(asked.lock().unwrap().len(), 1);
}

#[test]
fn a_broken_off_download_goes_on() {
    let (url, asked) = serve(|from| match from {
        None => answer("200 OK", &length(300_000), &content()[..100_000]),
        from => ranged(from),
    });
    let case = Case::new(url);
    let error = case.fetch().unwrap_err();
    let DownloadError::Interrupted { done, part, .. } = &error else {
        panic!("{error:?}");
    };
    assert_eq!(fs::metadata(part).unwrap().len(), *done);
    let done = usize::try_from(*done).unwrap();
    assert!(done > 0 && done <= 100_000);
    assert!(!case.target.exists());
    case.fetch().unwrap();
    case.check_complete();
    assert_eq!(*asked.lock().unwrap(), [None, Some(done)]);
}

#[test]
fn servers_that_do_not_know_ranges() {
    let (url, _) = serve(|_| whole());
    let case = Case::new(url);
    fs::write(&case.part, &content()[..1000]).unwrap();
    case.fetch().unwrap();
    case.check_complete();

    // One that refuses them.
    let (url, asked) = serve(|from| match from {
        None => whole(),
        Some(_) => answer("416 Range Not Satisfiable", &length(0), b""),
    });
    let case = Case::new(url);
    fs::write(&case.part, &content()[..1000]).unwrap();
    case.fetch().unwrap();
    case.check_complete();
    assert_eq!(*asked.lock().unwrap(), [Some(1000), None]);

    // One that sends another range than the one asked for.
    let (url, _) = serve(|from| ranged(from.map(|from| from + 7)));
    let case = Case::new(url);
    fs::write(&case.part, &content()[..1000]).unwrap();
    case.fetch().unwrap();
    case.check_complete();
}

#[test]
fn a_part_that_is_too_long_or_already_whole() {
    let (url, asked) = serve(ranged);
    let case = Case::new(url.clone());
    fs::write(&case.part, [content(), content()].concat()).unwrap();
    case.fetch().unwrap();
    case.check_complete();
    assert_eq!(*asked.lock().unwrap(), [None]);

    let case = Case::new(url);
    fs::write(&case.part, content()).unwrap();
    case.fetch().unwrap();
    case.check_complete();
    assert_eq!(asked.lock().unwrap().len(), 1);
}

#[test]
fn another_file_is_not_kept() {
    let (url, _) = serve(|_| {
        let mut other = content();
        other[7] ^= 1;
        answer("200 OK", &length(other.len()), &other)
    });
    let case = Case::new(url);
    let error = case.fetch().unwrap_err();
    assert!(matches!(error, DownloadError::WrongHash { .. }), "{error}");
    case.check_empty();

    let (url, _) = serve(|_| {
        let longer = [content(), content()].concat();
        answer("200 OK", &length(longer.len()), &longer)
    });
    let case = Case::new(url);
    let error = case.fetch().unwrap_err();
    assert!(matches!(error, DownloadError::WrongSize { .. }), "{error}");
    case.check_empty();
}

#[test]
fn no_such_file_and_no_such_server() {
    let (url, _) = serve(|_| answer("404 Not Found", &length(0), b""));
    let case = Case::new(url);
    let error = case.fetch().unwrap_err();
    assert!(
        matches!(error, DownloadError::Status { status: 404, .. }),
        "{error}"
    );
    case.check_empty();

    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/a", listener.local_addr().unwrap());
    drop(listener);
    let case = Case::new(url);
    let error = case.fetch().unwrap_err();
    assert!(
        matches!(error, DownloadError::Unreachable { .. }),
        "{error}"
    );
    case.check_empty();
}

#[test]
fn a_server_error_does_not_cost_what_has_arrived() {
    let (url, _) = serve(|_| answer("503 Service Unavailable", &length(0), b""));
    let case = Case::new(url);
    fs::write(&case.part, &content()[..1000]).unwrap();
    let error = case.fetch().unwrap_err();
    assert!(
        matches!(error, DownloadError::Status { status: 503, .. }),
        "{error}"
    );
    assert_eq!(fs::read(&case.part).unwrap(), content()[..1000]);
}

#[test]
fn two_at_once_do_not_write_the_same_file() {
    let (url, asked) = serve(ranged);
    let case = Case::new(url);
    let held = File::create(&case.part).unwrap();
    held.try_lock().unwrap();
    let error = case.fetch().unwrap_err();
    assert!(matches!(error, DownloadError::Busy { .. }), "{error}");
    assert!(asked.lock().unwrap().is_empty());
    drop(held);
    case.fetch().unwrap();
    case.check_complete();
}

#[test]
fn a_target_that_cannot_be_written() {
    let (url, _) = serve(ranged);
    let mut case = Case::new(url);
    let file = case.folder.path().join("file");
    fs::write(&file, "").unwrap();
    case.target = file.join("a.tar.gz");
    let error = case.fetch().unwrap_err();
    assert!(matches!(error, DownloadError::Disk { .. }), "{error}");
}
