//! Pools of rayon against one thread: the same bytes, whatever their size.
#![cfg(feature = "rayon")]
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use rayon::{ThreadPool, ThreadPoolBuilder};
use recurrent_vectorizer::{
    OutputMode, TokenCounts, ValidParams, VectorizerError, VectorizerParams,
};

/// Pools of 1, 2, 3 and 7 threads.
fn pools() -> impl Iterator<Item = ThreadPool> {
    let sizes = [1, 2, 3, 7].into_iter();
    sizes.map(|size| ThreadPoolBuilder::new().num_threads(size).build().unwrap())
}

/// Texts of very different lengths, blank ones among them, from a small generator.
fn texts(count: usize) -> Vec<String> {
    let mut state = 7_u64;
    let mut next = move |below: u64| {
        state = state
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (state >> 33) % below
    };
    let mut text = || {
        let words = next(40) * next(3);
        let mut word = || {
            let rare = next(200);
            format!("Word{}, ", next(1 + rare))
        };
        (0..words).map(|_| word()).collect::<String>()
    };
    (0..count).map(|_| text()).collect()
}

/// Every kind of output, with and without n-grams.
fn all_params() -> Vec<ValidParams> {
    let base = || VectorizerParams::new().max_tokens(60);
    let columns = [OutputMode::MultiHot, OutputMode::Count, OutputMode::TfIdf];
    let mut params = vec![
        base(),
        base().output_sequence_length(7),
        base().output_sequence_length(0),
        base().ragged(true),
        base().ngrams(2).ragged(true),
        base().output_mode(OutputMode::Tokens),
    ];
    for mode in columns {
        params.push(base().output_mode(mode));
        params.push(
            base()
                .output_mode(mode)
                .sparse(true)
                .pad_to_max_tokens(true),
        );
    }
    params
        .into_iter()
        .map(|params| params.check().unwrap())
        .collect()
}

#[test]
fn fitting_does_not_depend_on_the_pool() {
    let texts = texts(300);
    for params in all_params() {
        let serial = params.fit(&texts).unwrap().to_bytes().unwrap();
        for pool in pools() {
            let fitted = pool.install(|| params.par_fit(&texts)).unwrap();
            assert_eq!(fitted.to_bytes().unwrap(), serial, "{params:?} on {pool:?}");
        }
    }
}

#[test]
fn transforming_does_not_depend_on_the_pool() {
    let texts = texts(300);
    for params in all_params() {
        let vectorizer = params.fit(&texts).unwrap();
        for count in [0, 1, 2, 5, 27, 300] {
            let texts = &texts[..count];
            let serial = vectorizer.transform(texts);
            for pool in pools() {
                let output = pool.install(|| vectorizer.par_transform(texts));
                assert_eq!(output, serial, "{count} texts, {params:?} on {pool:?}");
            }
        }
    }
}

#[test]
fn counting_goes_on_from_what_is_there() {
    let texts = texts(200);
    for params in all_params() {
        let mut serial = TokenCounts::new(&params);
        serial.add(&texts);
        let serial = serial.to_bytes().unwrap();
        for pool in pools() {
            let mut counts = TokenCounts::new(&params);
            for texts in texts.chunks(70) {
                pool.install(|| counts.par_add(texts)).unwrap();
            }
            assert_eq!(counts.to_bytes().unwrap(), serial, "{params:?} on {pool:?}");
        }
    }
}

#[test]
fn beyond_the_limit_counts_keep_their_promise() {
    let texts = texts(300);
    let params = VectorizerParams::new().check().unwrap();
    let mut exact = TokenCounts::new(&params);
    exact.add(&texts);
    for pool in pools() {
        let mut counts = TokenCounts::new(&params).with_limit(40);
        for texts in texts.chunks(50) {
            pool.install(|| counts.par_add(texts)).unwrap();
        }
        assert!(counts.distinct() <= 40);
        let loss = counts.loss().unwrap();
        for number in 0..200 {
            let token = format!("word{number}");
            let (all, kept) = (
                exact.count(token.as_bytes()),
                counts.count(token.as_bytes()),
            );
            assert!(
                kept <= all && all <= kept + loss.undercount,
                "{token}: {kept} of {all}"
            );
        }
    }
}

#[test]
fn the_errors_are_those_of_one_thread() {
    let params = VectorizerParams::new().check().unwrap();
    let none: [&str; 0] = [];
    assert_eq!(params.par_fit(&none).unwrap_err(), VectorizerError::NoTexts);
    assert_eq!(
        params.par_fit(&[" ", "", "..."]).unwrap_err(),
        VectorizerError::NoTokens { texts: 3 }
    );
}
