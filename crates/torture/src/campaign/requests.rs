//! Hostile requests to `recurrent serve`: it stays up, answers others meanwhile, and lets nobody hold it for ever.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::process::ChildStdout;
use std::thread;
use std::time::{Duration, Instant};

use rand::RngExt as _;
use rand_chacha::ChaCha8Rng;

use crate::context::{Case, Context, Verdict};
use crate::error::Error;
use crate::fixture::NETWORKS;
use crate::judge::{self, Fault, Kind, Stood};
use crate::mutate::bytes::{self, place};
use crate::program::{Ending, PATIENCE, Running, Signal};
use crate::tally::Tally;

pub(crate) const NAME: &str = "requests";

/// A request that is answered within this is answered; by itself it takes some milliseconds.
const ANSWERED: Duration = Duration::from_secs(60);

/// A connection that sends its request as slowly as it can is cut off within this.
const CUT_OFF: Duration = Duration::from_secs(100);

/// Connections that say nothing, more than the server may have files.
const IDLE: u64 = 300;
const FILES: u64 = 256;

/// What every ordinary user sends.
const QUESTION: &str = r#"{"text":"the film was good"}"#;

/// How the description of a request to a host of another name begins.
const OTHER_HOST: &str = "Host";

/// A server, and what it said before anybody was hostile.
struct Server {
    address: SocketAddr,
    answer: Vec<u8>,
}

pub(crate) fn run(context: &Context) -> Result<Tally, Error> {
    let mut arguments = ["serve", "--port", "0"].map(str::to_owned).to_vec();
    for network in NETWORKS {
        let model = context
            .fixture
            .path("run")
            .join(network)
            .display()
            .to_string();
        arguments.extend(["--model".to_owned(), model]);
    }
    // Fewer files than there will be connections.
    let script = format!(r#"ulimit -n {FILES}; exec "$@""#);
    let mut command = context
        .program
        .through_shell(&script, &context.scratch, arguments);
    let mut child = command.spawn().map_err(Error::io(context.program.path()))?;
    let stdout = child.stdout.take();
    let mut running = Running::adopt(child);
    let baseline = |what: &str| Error::Baseline {
        what: format!("recurrent serve: {what}"),
    };
    let (address, _stdout) = stdout
        .and_then(address)
        .ok_or_else(|| baseline("it does not say where it listens"))?;
    let answer = ask(address).map_err(|error| baseline(&error.to_string()))?;
    let server = Server { address, answer };
    let count = context.number(300, 10_000);
    // Two cases take as long as the server's patience, beside the others.
    let tally = thread::scope(|scope| {
        let slow = scope.spawn(|| slow(&server, context.number(20, 200)));
        let idle = scope.spawn(|| idle(&server, context.number(IDLE, 900)));
        let mut tally = context.cases(NAME, count, 0.05, |case| judge(&server, case));
        for (number, (done, outcome)) in (count..).zip([
            ("headers that never end", slow.join()),
            ("connections that say nothing", idle.join()),
        ]) {
            let outcome = match outcome {
                Ok(Ok(stood)) => crate::tally::Outcome::Stood(stood),
                Ok(Err(fault)) => crate::tally::Outcome::Faulty(done.to_owned(), fault),
                Err(_) => continue,
            };
            let seed = context.seed;
            tally.add(number, outcome, || {
                format!("cargo xtask torture --only {NAME} --seed {seed}")
            });
        }
        tally
    });
    let mut tally = tally;
    let up = running.is_running();
    running.send(Signal::Terminate);
    let seen = running.finish(PATIENCE)?;
    let done = || "at the end".to_owned();
    let last = if !up {
        let what = format!("it is not up any more: {}", judge::excerpt(&seen.errors()));
        crate::tally::Outcome::Faulty(done(), Fault::new(Kind::Crash, what))
    } else if seen.errors().contains("panicked at") {
        crate::tally::Outcome::Faulty(
            done(),
            Fault::new(Kind::Panic, judge::excerpt(&seen.errors())),
        )
    } else if seen.ending == Ending::Hang {
        let what = "it does not end when it is asked to";
        crate::tally::Outcome::Faulty(done(), Fault::new(Kind::Hang, what))
    } else {
        crate::tally::Outcome::Stood(Stood::Right)
    };
    let seed = context.seed;
    tally.add(count + 2, last, || {
        format!("cargo xtask torture --only {NAME} --seed {seed}")
    });
    Ok(tally)
}

/// The address that the server prints. What else it prints is read to its end by whoever holds the rest.
fn address(stdout: ChildStdout) -> Option<(SocketAddr, BufReader<ChildStdout>)> {
    let mut reader = BufReader::new(stdout);
    let mut line = String::new();
    while reader.read_line(&mut line).ok()? > 0 {
        let found = line
            .split("http://")
            .nth(1)
            .and_then(|rest| rest.split('/').next());
        if let Some(address) = found.and_then(|address| address.trim().parse().ok()) {
            return Some((address, reader));
        }
        line.clear();
    }
    None
}

/// Connects, with a bound on every wait.
fn connect(address: SocketAddr) -> std::io::Result<TcpStream> {
    let stream = TcpStream::connect_timeout(&address, ANSWERED)?;
    stream.set_read_timeout(Some(ANSWERED))?;
    stream.set_write_timeout(Some(ANSWERED))?;
    Ok(stream)
}

/// The bytes of an ordinary request.
fn request(address: SocketAddr, body: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "POST /api/read HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\
         Connection: close\r\n\r\n{body}"
    )
    .into_bytes()
}

/// What an ordinary user gets. One who is told that too many ask at once asks again.
fn ask(address: SocketAddr) -> std::io::Result<Vec<u8>> {
    let start = Instant::now();
    loop {
        let mut stream = connect(address)?;
        stream.write_all(&request(address, QUESTION))?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        if !answer.starts_with(b"HTTP/1.1 503") || start.elapsed() > ANSWERED {
            // Without the header, which has the date in it.
            let end = answer.windows(4).position(|window| window == b"\r\n\r\n");
            let body = end.map(|end| answer[end + 4..].to_vec());
            let good = answer.starts_with(b"HTTP/1.1 200");
            return match body.filter(|_| good) {
                Some(body) => Ok(body),
                None => Err(std::io::Error::other(judge::excerpt(
                    &String::from_utf8_lossy(&answer),
                ))),
            };
        }
        thread::sleep(Duration::from_millis(50));
    }
}

/// The rule of this campaign: whatever was sent, an ordinary user gets the right answer afterwards.
fn serves(server: &Server) -> Result<(), Fault> {
    match ask(server.address) {
        Ok(answer) => judge::equal(&answer, &server.answer, "what an ordinary user gets"),
        Err(error) => {
            let what = format!("an ordinary user gets no answer: {error}");
            Err(Fault::new(Kind::Hang, what))
        }
    }
}

/// Sends something hostile.
fn judge(server: &Server, case: &mut Case) -> Verdict {
    let (content, done) = hostile(&mut case.rng, server.address);
    case.done = done;
    let stays = case.rng.random_bool(0.8);
    let mut answer = Vec::new();
    if let Ok(mut stream) = connect(server.address) {
        // It may hang up in the middle, and so do we.
        let _ = stream.write_all(&content);
        if stays {
            let _ = stream.shutdown(Shutdown::Write);
            let _ = stream.take(4 << 20).read_to_end(&mut answer);
        }
    }
    if case.number.is_multiple_of(4) {
        serves(server)?;
    }
    if answer.is_empty() {
        return Ok(Stood::Refused);
    }
    let text = String::from_utf8_lossy(&answer);
    let status = text
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse::<u16>().ok());
    match status {
        Some(200..300) if case.done.starts_with(OTHER_HOST) => {
            Err(Case::fault(Kind::Wrong, "it answers by another name"))
        }
        Some(200..300) => Ok(Stood::Accepted),
        Some(400..=499 | 501 | 503 | 505) => Ok(Stood::Refused),
        _ => Err(Case::fault(
            Kind::Status,
            format!("it answers {}", judge::excerpt(&text)),
        )),
    }
}

/// A request that nobody should send.
fn hostile(rng: &mut ChaCha8Rng, address: SocketAddr) -> (Vec<u8>, String) {
    let mut content = request(address, QUESTION);
    let done = match rng.random_range(0..10) {
        0..4 => bytes::damage(rng, &mut content),
        4 => {
            let length = rng.random_range(0..4_000);
            content = (0..length).map(|_| rng.random()).collect();
            format!("{length} random bytes")
        }
        5 => {
            let hosts = [
                "evil.example",
                "127.0.0.1:1",
                "127.0.0.1:+80",
                "",
                "localhost.",
                "a\u{1b}b",
                "[::1",
            ];
            let host = hosts[place(rng, hosts.len())];
            let text = String::from_utf8_lossy(&content).replace(&address.to_string(), host);
            content = text.into_bytes();
            format!("{OTHER_HOST} {host:?}")
        }
        6 => {
            let bodies = [
                "[".repeat(100_000),
                format!(r#"{{"text":"{}"}}"#, "a ".repeat(100_000)),
                format!(r#"{{"text":"{}"}}"#, "a".repeat(200_000)),
                format!(r#"{{"text":"{}"}}"#, "x".repeat(2 << 20)),
                r#"{"text":"a","text":"b"}"#.to_owned(),
                r#"["a",false,false]"#.to_owned(),
                r#"{"text":"\ud800"}"#.to_owned(),
                r#"{"text":"a\u0000\u001b[31m","states":true,"gradient":true}"#.to_owned(),
                r#"{"text":5}"#.to_owned(),
                r#"{"text":"a","surprise":1}"#.to_owned(),
                String::new(),
                " ".repeat(1000),
            ];
            let body = &bodies[place(rng, bodies.len())];
            content = request(address, body);
            format!(
                "a body of {} bytes: {}",
                body.len(),
                judge::excerpt(&body[..body.len().min(40)])
            )
        }
        7 => {
            let header = [
                "A: b\r\n".repeat(5_000),
                format!("A: {}\r\n", "b".repeat(100_000)),
            ];
            let header = &header[place(rng, 2)];
            let text =
                String::from_utf8_lossy(&content).replacen("\r\n", &format!("\r\n{header}"), 1);
            content = text.into_bytes();
            format!("{} bytes of header", header.len())
        }
        8 => {
            let lengths = [
                "0",
                "1",
                "99999999999999999999",
                "-1",
                "1e3",
                "0x10",
                "27, 27",
            ];
            let length = lengths[place(rng, lengths.len())];
            let text = String::from_utf8_lossy(&content);
            let text = text.replace(
                &format!("Content-Length: {}", QUESTION.len()),
                &format!("Content-Length: {length}"),
            );
            content = text.into_bytes();
            format!("Content-Length {length}")
        }
        _ => {
            let head = format!(
                "POST /api/read HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\
                 Connection: close\r\n\r\n"
            );
            let chunks = [
                "ffffffffffffffff\r\n{",
                "5\r\n{\"te\r\n0\r\n\r\n",
                "zz\r\n",
                "1;a=b\r\n{\r\n",
                "-1\r\n\r\n",
            ];
            let chunk = chunks[place(rng, chunks.len())];
            content = format!("{head}{chunk}").into_bytes();
            format!("chunks {chunk:?}")
        }
    };
    (content, done)
}

/// Connections that send a header, a byte at a time, are cut off; others are answered meanwhile.
fn slow(server: &Server, count: u64) -> Result<Stood, Fault> {
    let mut open: Vec<TcpStream> = (0..count)
        .filter_map(|_| connect(server.address).ok())
        .collect();
    let start = Instant::now();
    for stream in &mut open {
        let _ = stream.set_read_timeout(Some(Duration::from_millis(1)));
        let _ = stream.write_all(b"GET / HTTP/1.1\r\nX: ");
    }
    while !open.is_empty() {
        if start.elapsed() > CUT_OFF {
            let left = open.len();
            let what = format!("{left} of {count} are open after {} s", CUT_OFF.as_secs());
            return Err(Fault::new(Kind::Hang, what));
        }
        open.retain_mut(|stream| {
            let mut answer = [0; 512];
            let cut = matches!(stream.read(&mut answer), Ok(0)) || stream.write_all(b"x").is_err();
            !cut
        });
        thread::sleep(Duration::from_millis(500));
    }
    serves(server)?;
    Ok(Stood::Refused)
}

/// Many connections that say nothing keep nobody else out.
fn idle(server: &Server, count: u64) -> Result<Stood, Fault> {
    let open: Vec<TcpStream> = (0..count)
        .filter_map(|_| connect(server.address).ok())
        .collect();
    serves(server)?;
    drop(open);
    serves(server)?;
    Ok(Stood::Right)
}
