//! Measures on request: a line of JSON in, a line of JSON out.

use std::io::{BufRead, Write};
use std::path::Path;
use std::time::Instant;

use serde_json::{Value, json};

use crate::corpus;
use crate::work::Work;

/// Answers requests until there are no more. The texts are those of the file at `path`.
pub(crate) fn serve(path: &Path) {
    let texts = corpus::read(path);
    say(&json!({ "version": env!("CARGO_PKG_VERSION") }));
    for line in std::io::stdin().lock().lines() {
        let request: Value = serde_json::from_str(&line.unwrap()).unwrap();
        say(&measure(&texts, &request));
    }
}

/// The times of some runs, at most `repeats`, none begun after `seconds`; and the answer in short where
/// that is asked for.
fn measure(texts: &[Vec<u8>], request: &Value) -> Value {
    let number = |name: &str| usize::try_from(request[name].as_u64().unwrap()).unwrap();
    let texts = corpus::every(texts, number("every"));
    let bytes: usize = texts.iter().map(|text| text.len()).sum();
    let name = request["work"].as_str().unwrap();
    if name == "load" {
        return json!({ "ms": [], "bytes": bytes });
    }
    let work = Work::named(name).unwrap();
    let (threads, repeats) = (number("threads"), number("repeats"));
    let seconds = request["seconds"].as_f64().unwrap();

    let ready = work.prepare(&texts);
    let start = Instant::now();
    let mut ms = Vec::new();
    while ms.is_empty() || ms.len() < repeats && start.elapsed().as_secs_f64() < seconds {
        let begin = Instant::now();
        ready.run(threads);
        ms.push(begin.elapsed().as_secs_f64() * 1e3);
    }
    let mut answer = json!({
        "ms": ms,
        "bytes": bytes,
    });
    if request["summary"].as_bool().unwrap() {
        let summary = ready.summary();
        answer["words"] = summary.words.into();
        answer["count"] = summary.count.into();
    }
    answer
}

/// Writes a line.
pub(crate) fn say(value: &Value) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{value}").unwrap();
    out.flush().unwrap();
}
