//! Bytes per second of learning a vocabulary and of applying it, on one thread unless said.
//!
//! Runs on the IMDB training reviews where the archive is found, else on generated text whose word
//! frequencies fall off likewise. Every answer is checked before its time is taken. No network.
#![allow(
    missing_docs,
    reason = "criterion's macros define undocumented functions"
)]
#![allow(
    clippy::unwrap_used,
    reason = "a benchmark may stop at the first surprise"
)]

use std::collections::{HashMap, HashSet};
use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use recurrent_vectorizer::{TextVectorizer, VectorizerParams};

#[path = "../tests/parity/imdb.rs"]
mod imdb;

fn vectorizer(
    texts: &[Vec<u8>],
    max_tokens: Option<usize>,
    length: Option<usize>,
) -> TextVectorizer {
    let params = VectorizerParams::new()
        .max_tokens(max_tokens)
        .output_sequence_length(length);
    params.check().unwrap().fit(texts).unwrap()
}

fn benchmark(criterion: &mut Criterion) {
    let (name, texts) = match imdb::train_reviews() {
        Ok(reviews) => ("imdb", reviews),
        Err(why) => {
            eprintln!("generated text instead of reviews: {why}");
            ("zipf", zipf(5_000))
        }
    };
    let bytes: usize = texts.iter().map(Vec::len).sum();
    let cut = vectorizer(&texts, Some(1000), Some(100));
    let whole = vectorizer(&texts, Some(20_000), None);
    check(&texts, &cut);
    check(&texts, &whole);

    let mut group = criterion.benchmark_group(name);
    group
        .sample_size(10)
        .throughput(Throughput::Bytes(bytes as u64));
    group.bench_function("fit, max_tokens 1000", |bencher| {
        bencher.iter(|| vectorizer(black_box(&texts), Some(1000), Some(100)));
    });
    group.bench_function("fit, all tokens", |bencher| {
        bencher.iter(|| vectorizer(black_box(&texts), None, None));
    });
    group.bench_function("transform, 1000 tokens, width 100", |bencher| {
        bencher.iter(|| cut.transform(black_box(&texts)));
    });
    group.bench_function("transform, 20000 tokens, whole texts", |bencher| {
        bencher.iter(|| {
            // Rows keep their own length: a padded matrix would mostly measure zeros.
            texts
                .iter()
                .map(|text| whole.vectorize(black_box(text)).len())
                .sum::<usize>()
        });
    });
    group.bench_function("transform, 1000 tokens, width 100, 2 threads", |bencher| {
        bencher.iter(|| cut.transform_threads(black_box(&texts), 2));
    });
    group.finish();
}

/// Compares vocabulary and ids with a slow count.
fn check(texts: &[Vec<u8>], vectorizer: &TextVectorizer) {
    let tokens = |text: &[u8]| -> Vec<Vec<u8>> {
        let kept = text.iter().filter(|byte| !byte.is_ascii_punctuation());
        let clean: Vec<u8> = kept.map(u8::to_ascii_lowercase).collect();
        let words = clean.split(|&byte| byte.is_ascii_whitespace() || byte == 0x0B);
        words
            .filter(|word| !word.is_empty())
            .map(<[u8]>::to_vec)
            .collect()
    };
    let mut counts = HashMap::<Vec<u8>, u64>::new();
    for token in texts.iter().flat_map(|text| tokens(text)) {
        *counts.entry(token).or_default() += 1;
    }
    let mut ranked: Vec<(u64, Vec<u8>)> = counts
        .into_iter()
        .map(|(token, count)| (count, token))
        .collect();
    ranked.sort_unstable_by(|a, b| b.cmp(a));
    ranked.truncate(vectorizer.params().max_tokens().unwrap() - 2);
    let learned = vectorizer.vocabulary().tokens().skip(2);
    assert!(
        learned.eq(ranked.iter().map(|(_, token)| token)),
        "vocabulary"
    );

    let known: HashMap<Vec<u8>, i32> = ranked
        .into_iter()
        .map(|(_, token)| token)
        .zip(2..)
        .collect();
    let mut seen = HashSet::new();
    for text in texts {
        let mut expected: Vec<i32> = tokens(text)
            .iter()
            .map(|token| known.get(token).copied().unwrap_or(1))
            .collect();
        if let Some(length) = vectorizer.params().output_sequence_length() {
            expected.resize(length, 0);
        }
        seen.extend(expected.iter().copied());
        assert_eq!(vectorizer.vectorize(text), expected);
    }
    assert!(seen.len() > 100, "a trivial corpus");
}

/// Texts of 230 words; the n-th word is drawn about 1/n as often as the first.
fn zipf(texts: usize) -> Vec<Vec<u8>> {
    let mut state = 1_u64;
    let mut uniform = move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1_u64 << 53) as f64
    };
    let mut text = || {
        let mut text = Vec::new();
        for _ in 0..230 {
            let mut word = 60_000_f64.powf(uniform()) as u64;
            while word > 0 {
                text.push(b"etaoinshrdlu"[usize::try_from(word % 12).unwrap()]);
                word /= 5;
            }
            text.extend_from_slice(if uniform() < 0.15 { b", " } else { b" " });
        }
        text
    };
    (0..texts).map(|_| text()).collect()
}

criterion_group!(benches, benchmark);
criterion_main!(benches);
