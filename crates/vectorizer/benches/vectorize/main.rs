//! Bytes per second of learning a vocabulary and of applying it, on one thread and on two.
//!
//! Runs on the IMDB training reviews where the archive is found, else on generated text whose word
//! frequencies fall off likewise. Every answer is checked before its time is taken. No network.
//!
//! `--write FILE` checks the answers and writes the texts to a file; `--serve FILE` then measures on
//! them what it is asked for, line by line, so that another program can take it in turn with others
//! (`cargo xtask bench vectorizer`).

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "what it prints is for the person who runs it"
)]
#![allow(
    missing_docs,
    reason = "criterion's macros define undocumented functions"
)]
#![allow(
    clippy::unwrap_used,
    reason = "a benchmark may stop at the first surprise"
)]

mod check;
mod corpus;
mod serve;
mod work;

use std::path::Path;

use corpus::Corpus;
use criterion::{BenchmarkId, Criterion, Throughput};
use serde_json::json;

const THREADS: [usize; 2] = [1, 2];

fn benchmark(criterion: &mut Criterion) {
    let corpus = Corpus::find();
    check::check_all(&work::ALL, &corpus.texts);
    let mut group = criterion.benchmark_group(corpus.name);
    group
        .sample_size(10)
        .throughput(Throughput::Bytes(corpus.bytes() as u64));
    for work in work::ALL {
        let ready = work.prepare(&corpus.texts);
        for threads in THREADS {
            group.bench_function(BenchmarkId::new(work.title, threads), |bencher| {
                bencher.iter(|| ready.run(threads));
            });
        }
    }
    group.finish();
}

/// Checks the answers for a part of the texts, writes all of them, and says what they are.
fn write(path: &Path) {
    let corpus = Corpus::find();
    check::check_all(&work::ALL, &corpus::every(&corpus.texts, 20));
    corpus.write(path);
    serve::say(&json!({
        "corpus": corpus.name,
        "texts": corpus.texts.len(),
        "bytes": corpus.bytes(),
    }));
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[1..] {
        ["--write", path] => return write(Path::new(path)),
        ["--serve", path] => return serve::serve(Path::new(path)),
        _ => {}
    }
    let mut criterion = Criterion::default().configure_from_args();
    benchmark(&mut criterion);
    criterion.final_summary();
}
