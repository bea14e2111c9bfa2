//! Measures on request: a line of JSON in, a line of JSON out.

use std::collections::HashMap;
use std::io::{BufRead, Write};
use std::time::Instant;

use serde::{Deserialize, Serialize};

use crate::subject::{Case, Subject, check_answers};

/// One request: run a case some times.
#[derive(Deserialize)]
struct Request {
    #[serde(flatten)]
    case: Case,
    /// Runs at most.
    repeats: usize,
    /// Seconds after which no further run is begun.
    seconds: f64,
}

/// Its answer.
#[derive(Serialize)]
struct Answer {
    /// Milliseconds of each run.
    ms: Vec<f64>,
    /// Floating-point operations of a run; of the kernels only.
    #[serde(skip_serializing_if = "Option::is_none")]
    flop: Option<f64>,
}

pub(crate) fn serve() {
    check_answers();
    let mut subjects: HashMap<Case, Subject> = HashMap::new();
    for line in std::io::stdin().lock().lines() {
        let request: Request = serde_json::from_str(&line.unwrap()).unwrap();
        // One at a time: the largest hold gigabytes.
        subjects.retain(|case, _| case.same_size(&request.case));
        let subject = subjects
            .entry(request.case.clone())
            .or_insert_with(|| Subject::new(&request.case).unwrap());
        let start = Instant::now();
        let mut ms = Vec::new();
        while ms.is_empty()
            || ms.len() < request.repeats && start.elapsed().as_secs_f64() < request.seconds
        {
            let begin = Instant::now();
            subject.run();
            ms.push(begin.elapsed().as_secs_f64() * 1e3);
        }
        let answer = Answer {
            ms,
            flop: subject.flop(),
        };
        let mut out = std::io::stdout().lock();
        serde_json::to_writer(&mut out, &answer).unwrap();
        writeln!(out).unwrap();
        out.flush().unwrap();
    }
}
