//! How long reading a whole archive takes.
//!
//! `IMDB_ARCHIVE` names the archive; without it the bundled sample is read, whose times say
//! nothing about the real data set. The count is checked before anything is timed.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "what it prints is for the person who runs it"
)]

use std::hint::black_box;
use std::path::PathBuf;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use recurrent_data::{Corpus, ENVIRONMENT, ReadOptions, Split, read};

fn reading(criterion: &mut Criterion) {
    let archive = std::env::var_os(ENVIRONMENT).map_or_else(
        || {
            println!("{ENVIRONMENT} is not set: reading the bundled sample instead");
            PathBuf::from(concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/../../datasets/sample.zip"
            ))
        },
        PathBuf::from,
    );
    if !archive.exists() {
        println!("skipped: {} does not exist", archive.display());
        return;
    }
    let read_with = |threads| {
        let options = ReadOptions {
            threads,
            ..ReadOptions::default()
        };
        match read(&archive, &options) {
            Ok(corpus) => corpus,
            Err(error) => {
                eprintln!("{error}");
                std::process::exit(1);
            }
        }
    };
    let corpus = read_with(None);
    let bytes: usize = Split::ALL
        .iter()
        .flat_map(|&split| corpus.texts(split))
        .map(|labelled| labelled.text.len())
        .sum();
    let count = |split| corpus.texts(split).len();
    if corpus.name() == "imdb.zip" {
        assert_eq!((count(Split::Train), count(Split::Test)), (25_000, 25_000));
    }
    let mut group = criterion.benchmark_group("read");
    group.sample_size(20);
    group.throughput(Throughput::Bytes(bytes as u64));
    group.bench_function("one thread", |bencher| {
        bencher.iter(|| black_box(read_with(Some(1))));
    });
    group.bench_function("all threads", |bencher| {
        bencher.iter(|| black_box(read_with(None)));
    });
    group.finish();
}

criterion_group!(benches, reading);
criterion_main!(benches);
