//! `recurrent serve`, asked as a program would ask.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::common::{fail, recurrent, succeed};
use super::models::{NETWORKS, TEXT, model, traced};
use super::server::{Server, answer};

/// A process may open so many files; tests that need most of them come one after the other.
static MANY: Mutex<()> = Mutex::new(());

#[test]
fn answers_are_those_of_trace() {
    let server = Server::start();
    let question = json!({"text": TEXT, "states": true, "gradient": true}).to_string();
    let (status, answer) = server.ask(question.as_bytes());
    assert_eq!(status, 200);
    let expected = traced(&["--states", "--gradient", TEXT]);
    assert_eq!(answer.as_array().unwrap(), &expected);
    let (status, _, models) = server.get("/api/models");
    let models: Vec<Value> = serde_json::from_str(&models).unwrap();
    assert_eq!(status, 200);
    for (model, network) in models.iter().zip(NETWORKS) {
        assert_eq!(model["network"], network);
        assert!(!model["worst"].as_array().unwrap().is_empty());
        // What the page needs to say why padding matters, and what stands behind a prediction.
        assert_eq!(model["masked"], false);
        assert_eq!(model["per_token"], network == "dense");
    }
}

#[test]
fn the_page_is_sealed() {
    let server = Server::start();
    let (_, _, script) = server.get("/app.js");
    let imports = script
        .lines()
        .filter_map(|line| line.split("from \"./").nth(1));
    let scripts: Vec<String> = imports
        .map(|rest| format!("/{}", rest.split('"').next().unwrap()))
        .collect();
    assert!(scripts.len() > 2, "{scripts:?}");
    let others = [
        "/",
        "/app.js",
        "/inside.js",
        "/style.css",
        "/api/models",
        "/nothing",
    ];
    for path in scripts.iter().map(String::as_str).chain(others) {
        let (status, head, body) = server.get(path);
        assert_eq!(status, if path == "/nothing" { 404 } else { 200 }, "{path}");
        assert!(
            head.contains("content-security-policy: default-src 'none'"),
            "{head}"
        );
        assert!(head.contains("x-content-type-options: nosniff") && head.contains("no-store"));
        assert!(!body.is_empty());
        assert!(
            !body.contains("https://"),
            "{path} needs nothing from elsewhere"
        );
    }
}

#[test]
fn strangers_are_refused() {
    let server = Server::start();
    let host = &server.address;
    let (status, _, body) =
        server.raw(b"GET / HTTP/1.1\r\nHost: films.example\r\nConnection: close\r\n\r\n");
    assert_eq!(status, 403, "{body}");
    let body = json!({"text": TEXT}).to_string();
    let from = |origin: &str| {
        let request = server.question(body.as_bytes(), &format!("Origin: {origin}\r\n"));
        server.raw(&request).0
    };
    assert_eq!(from("http://films.example"), 403);
    assert_eq!(from("null"), 403);
    for request in [
        format!("GET / HTTP/1.1\r\nHost: {host}\r\nHost: films.example\r\n"),
        format!("GET http://films.example/ HTTP/1.1\r\nHost: {host}\r\n"),
        format!("GET / HTTP/1.1\r\nHost: {}\r\n", host.replace(':', ":+")),
    ] {
        let request = format!("{request}Connection: close\r\n\r\n");
        assert_eq!(server.raw(request.as_bytes()).0, 403, "{request}");
    }
    let request = server.question(body.as_bytes(), "");
    let other = String::from_utf8(request)
        .unwrap()
        .replace("/json\r", "/jsonx\r");
    assert_eq!(server.raw(other.as_bytes()).0, 403);
    assert_eq!(from(&format!("http://{host}")), 200);
}

#[test]
fn bad_input_gets_an_answer_and_the_server_stays_up() {
    let server = Server::start();
    let refused = |body: &[u8], status: u16, word: &str| {
        let (found, answer) = server.ask(body);
        let error = answer["error"].as_str().unwrap().to_owned();
        assert_eq!(found, status, "{error}");
        assert!(error.contains(word), "{error}");
    };
    refused(b"{\"text\": \"  \"}", 422, "no text");
    refused(b"{\"text\": \"\xff\xfe\"}", 400, "UTF-8");
    refused(b"{\"texts\": \"x\"}", 400, "texts");
    refused(b"", 400, "JSON");
    refused(b" [\"a good film\", false, false]", 400, "object");
    refused(b"{\"text\": \"?! <br /> ...\"}", 422, "nothing to classify");
    refused(
        json!({"text": "word ".repeat(210_000)})
            .to_string()
            .as_bytes(),
        413,
        "too long",
    );
    // A request that never ends does not keep others waiting.
    let mut slow = server.connect();
    slow.write_all(b"POST /api/read HTTP/1.1\r\nHo").unwrap();
    let (status, _) = server.ask(json!({"text": TEXT}).to_string().as_bytes());
    assert_eq!(status, 200);
}

#[test]
fn a_thousand_questions_at_once_are_answered_or_turned_away() {
    let _many = MANY.lock().unwrap_or_else(PoisonError::into_inner);
    let server = Server::start();
    let body = json!({"text": TEXT}).to_string();
    let request = server.question(body.as_bytes(), "");
    let mut streams: Vec<TcpStream> = (0..1000)
        .map(|_| {
            let mut stream = server.connect();
            stream.write_all(&request).unwrap();
            stream
        })
        .collect();
    let statuses: Vec<u16> = streams.iter_mut().map(|stream| answer(stream).0).collect();
    assert!(
        statuses.iter().all(|status| [200, 503].contains(status)),
        "{statuses:?}"
    );
    assert!(statuses.contains(&200));
    assert_eq!(server.ask(body.as_bytes()).0, 200);
}

#[test]
fn a_taken_port_is_named() {
    let server = Server::start();
    let port = server.address.rsplit(':').next().unwrap().to_owned();
    let mut command = recurrent();
    command
        .args(["serve", "--port", &port, "--model"])
        .arg(model("dense"));
    let stderr = fail(&mut command, 1);
    assert!(
        stderr.contains(&port) && stderr.contains("--port"),
        "{stderr}"
    );
}

#[test]
fn idle_connections_keep_nobody_waiting() {
    let _many = MANY.lock().unwrap_or_else(PoisonError::into_inner);
    let server = Server::start();
    let body = json!({"text": TEXT}).to_string();
    // More than there are places; some have begun to ask.
    let mut idle: Vec<TcpStream> = Vec::new();
    for place in 0..900 {
        let mut stream = server.connect();
        if place % 3 == 0 {
            // The server may have closed it already.
            let _ = stream.write_all(b"GET / HTTP/1.1\r\nHo");
        }
        idle.push(stream);
        if place % 300 == 299 {
            let start = Instant::now();
            assert_eq!(server.ask(body.as_bytes()).0, 200);
            assert!(start.elapsed() < Duration::from_secs(10));
        }
    }
    assert_eq!(server.ask(body.as_bytes()).0, 200);
}

#[test]
fn a_header_that_never_ends_is_cut_off() {
    let server = Server::start();
    let mut slow = server.connect();
    slow.write_all(b"GET / HTTP/1.1\r\nX: ").unwrap();
    let start = Instant::now();
    // A byte a second, as one would to stay.
    while slow.write_all(b"x").is_ok() {
        assert!(start.elapsed() < Duration::from_secs(40), "still open");
        std::thread::sleep(Duration::from_secs(1));
    }
    // And one that was answered and asks no more.
    let mut kept = server.connect();
    let host = &server.address;
    kept.write_all(format!("GET /style.css HTTP/1.1\r\nHost: {host}\r\n\r\n").as_bytes())
        .unwrap();
    kept.set_read_timeout(Some(Duration::from_secs(40)))
        .unwrap();
    let mut answer = Vec::new();
    kept.read_to_end(&mut answer).unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 200"));
}

#[test]
#[cfg(unix)]
fn it_ends_when_told_and_answers_what_was_asked() {
    for signal in ["-INT", "-TERM"] {
        let mut server = Server::start();
        let _idle = server.connect();
        let mut kept = server.connect();
        let host = server.address.clone();
        let request = format!("GET /style.css HTTP/1.1\r\nHost: {host}\r\n\r\n");
        kept.write_all(request.as_bytes()).unwrap();
        let mut first = [0; 12];
        kept.read_exact(&mut first).unwrap();
        let mut asked = server.connect();
        let question = json!({"text": TEXT, "gradient": true}).to_string();
        asked
            .write_all(&server.question(question.as_bytes(), ""))
            .unwrap();
        std::thread::sleep(Duration::from_millis(50));
        let pid = server.process.id().to_string();
        assert!(
            Command::new("kill")
                .args([signal, &pid])
                .status()
                .unwrap()
                .success()
        );
        let start = Instant::now();
        assert_eq!(answer(&mut asked).0, 200);
        let status = server.process.wait().unwrap();
        assert_eq!(status.code(), Some(0), "{signal}");
        assert!(
            start.elapsed() < Duration::from_secs(4),
            "{:?}",
            start.elapsed()
        );
    }
}

#[test]
fn what_is_no_number_is_no_answer() {
    let (_folder, path) = super::predict::legacy("lstm", |weight| 3e38_f32.copysign(weight));
    let mut command = recurrent();
    command.arg("serve").arg("--model").arg(path);
    let server = Server::of(command);
    let (status, answer) = server.ask(json!({"text": TEXT}).to_string().as_bytes());
    assert_eq!(status, 500);
    assert!(
        answer["error"].as_str().unwrap().contains("not finite"),
        "{answer}"
    );
}

/// Programs ask without a page, several texts at once, and are told what is wrong.
#[test]
fn programs_are_answered_in_batches() {
    let mut command = recurrent();
    command.args(["serve", "--api"]).arg(model("lstm"));
    let server = Server::of(command);
    let (status, _, body) = server.get("/health");
    let health: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((status, &health["status"]), (200, &json!("ok")));
    assert_eq!(health["models"][0]["classes"], json!(["neg", "pos"]));
    let ask = |body: &str| {
        let request = format!(
            "POST /predict HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            server.address,
            body.len()
        );
        let (status, _, body) = server.raw(request.as_bytes());
        (status, serde_json::from_str::<Value>(&body).unwrap())
    };
    let (status, answer) = ask(&json!({"texts": [TEXT, "..."]}).to_string());
    assert_eq!(status, 200, "{answer}");
    let [first, second] = [0, 1].map(|place| answer["predictions"][place].clone());
    let said = succeed(
        recurrent()
            .arg("predict")
            .arg("--json")
            .arg(model("lstm"))
            .arg(TEXT),
    );
    let said: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(first["label"], said["label"]);
    assert_eq!(first["probability"], said["probability"]);
    assert_eq!(first["scores"].as_object().unwrap().len(), 2);
    assert!(second["label"].is_null() && second["reason"].is_string());
    for (body, status) in [
        ("{}", 400),
        ("[]", 400),
        (r#"{"texts": ["a"], "model": "other"}"#, 404),
        (r#"{"texts": ["a"], "more": 1}"#, 400),
    ] {
        let (found, answer) = ask(body);
        assert_eq!(found, status, "{body}: {answer}");
        assert!(answer["error"].is_string());
    }
    assert_eq!(server.get("/").0, 404);
}
