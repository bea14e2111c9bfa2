//! Random parameters on random bytes, against the oracle; save and load; parts and partitions; threads.

use proptest::prelude::*;
use recurrent_vectorizer::{
    Ngrams, Output, OutputMode, Split, Standardize, TextVectorizer, TokenCounts, ValidParams,
    VectorizerParams,
};

use crate::oracle::{Oracle, terms};

/// Bytes from a few letters, every separator, punctuation, NUL and invalid UTF-8, or from all 256 values;
/// with runs long enough to leave the inline keys and the blocks.
pub(crate) fn text() -> impl Strategy<Value = Vec<u8>> {
    let few =
        proptest::sample::select(&b"aAbB09 \t\n\x0B\x0C\r.-'[]_\0\x1C\x85\xA0\xC3\xA9\xFF  "[..]);
    let byte = prop_oneof![9 => few, 1 => any::<u8>()];
    let run = prop_oneof![12 => Just(1), 1 => 10..22_usize, 1 => 60..70_usize];
    prop::collection::vec((byte, run), 0..60).prop_map(|runs| {
        let mut text = Vec::new();
        for (byte, length) in runs {
            text.resize(text.len() + length, byte);
        }
        text
    })
}

fn texts() -> impl Strategy<Value = Vec<Vec<u8>>> {
    prop::collection::vec(text(), 1..12)
}

/// Parameters that pass the check.
pub(crate) fn params() -> impl Strategy<Value = ValidParams> {
    let standardize = prop_oneof![
        Just(Standardize::None),
        Just(Standardize::Lower),
        Just(Standardize::StripPunctuation),
        Just(Standardize::LowerAndStripPunctuation),
    ];
    let split = prop_oneof![
        4 => Just(Split::Whitespace),
        1 => Just(Split::Character),
        1 => Just(Split::None),
    ];
    let ngrams = prop_oneof![
        3 => Just(Ngrams::Off),
        1 => (0..4_usize).prop_map(Ngrams::UpTo),
        1 => prop::collection::vec(1..4_usize, 0..3).prop_map(Ngrams::Widths),
    ];
    let mode = prop_oneof![
        Just(OutputMode::Tokens),
        Just(OutputMode::Int),
        Just(OutputMode::MultiHot),
        Just(OutputMode::Count),
        Just(OutputMode::TfIdf),
    ];
    let shape = (prop::option::of(0..20_usize), any::<[bool; 3]>());
    let max_tokens = prop::option::of(2..60_usize);
    (standardize, split, ngrams, mode, shape, max_tokens).prop_map(
        |(standardize, split, ngrams, mode, (length, [pad, sparse, ragged]), max_tokens)| {
            let int = mode == OutputMode::Int;
            let length = length.filter(|_| int);
            VectorizerParams::new()
                .standardize(standardize)
                .split(split)
                .ngrams(ngrams)
                .output_mode(mode)
                .output_sequence_length(length)
                .max_tokens(max_tokens)
                .pad_to_max_tokens(pad && max_tokens.is_some())
                .sparse(sparse && mode.has_columns())
                .ragged(ragged && int && length.is_none())
                .check()
                .unwrap()
        },
    )
}

proptest! {
    #[test]
    fn vocabulary_and_outputs_are_the_oracles(
        params in params(), corpus in texts(), unseen in texts()
    ) {
        let oracle = Oracle::fit(&params, &corpus);
        let fitted = params.fit(&corpus);
        prop_assert_eq!(fitted.is_ok(), oracle.is_some());
        let (Ok(vectorizer), Some(oracle)) = (fitted, oracle) else { return Ok(()) };
        prop_assert!(vectorizer.vocabulary().tokens().eq(&oracle.vocabulary));
        if let Some(weights) = vectorizer.idf_weights() {
            let size = oracle.vocabulary.len();
            for (&weight, &expected) in weights.iter().zip(&oracle.idf).skip(1) {
                prop_assert_eq!(weight, expected as f32);
            }
            // A sum of positive numbers in single precision: at most one rounding for each.
            let bound = f64::from(f32::EPSILON) * size as f64 * oracle.idf[0];
            prop_assert!((f64::from(weights[0]) - oracle.idf[0]).abs() <= bound);
            prop_assert!(weights[size..].iter().all(|&weight| weight == 0.0));
        }
        for threads in [0, 1, 2, 7] {
            prop_assert_eq!(&params.fit_threads(&corpus, threads).unwrap(), &vectorizer);
            let asked: Vec<_> = corpus.iter().chain(&unseen).collect();
            let output = vectorizer.transform_threads(&asked, threads);
            prop_assert_eq!(output.rows(), asked.len());
            compare(&vectorizer, &oracle, &asked, &output)?;
        }
    }

    #[test]
    fn what_is_saved_is_what_is_loaded(params in params(), corpus in texts()) {
        let mut counts = TokenCounts::new(&params);
        counts.add(&corpus);
        let saved = counts.to_bytes().unwrap();
        let loaded = TokenCounts::from_bytes(&saved).unwrap();
        prop_assert_eq!(loaded.to_bytes().unwrap(), saved);
        prop_assert_eq!(loaded.finish(&params), counts.finish(&params));
        if let Ok(vectorizer) = counts.finish(&params) {
            let saved = vectorizer.to_bytes().unwrap();
            let loaded = TextVectorizer::from_bytes(&saved).unwrap();
            prop_assert_eq!(&loaded, &vectorizer);
            prop_assert_eq!(loaded.transform(&corpus), vectorizer.transform(&corpus));
            prop_assert_eq!(loaded.to_bytes().unwrap(), saved);
        }
    }

    #[test]
    fn any_partition_in_any_order_gives_the_same_bytes(
        params in params(),
        corpus in texts(),
        parts in prop::collection::vec(0..4_usize, 12),
        turn in 0..4_usize,
    ) {
        let mut whole = TokenCounts::new(&params);
        whole.add(&corpus);
        let mut shares: Vec<TokenCounts> = (0..4).map(|_| TokenCounts::new(&params)).collect();
        for (text, part) in corpus.iter().zip(parts) {
            shares[part].add([text]);
        }
        shares.rotate_left(turn);
        let mut sum = TokenCounts::new(&params);
        for share in &shares {
            sum.merge(share).unwrap();
        }
        prop_assert_eq!(sum.to_bytes().unwrap(), whole.to_bytes().unwrap());
        prop_assert_eq!(sum.finish(&params), whole.finish(&params));
    }

    #[test]
    fn arbitrary_bytes_never_load_and_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(TextVectorizer::from_bytes(&bytes).is_err());
        prop_assert!(TokenCounts::from_bytes(&bytes).is_err());
    }
}

fn compare(
    vectorizer: &TextVectorizer,
    oracle: &Oracle,
    asked: &[&Vec<u8>],
    output: &Output,
) -> Result<(), TestCaseError> {
    let params = vectorizer.params();
    let ids: Vec<Vec<i32>> = asked.iter().map(|text| oracle.ids(text)).collect();
    for (text, ids) in asked.iter().zip(&ids) {
        let mut expected = ids.clone();
        if let Some(length) = params.output_sequence_length() {
            expected.resize(length, 0);
        }
        prop_assert_eq!(vectorizer.vectorize(text), expected);
    }
    match output {
        Output::Tokens(rows) => {
            for (row, text) in rows.iter().zip(asked) {
                prop_assert!(row.eq(&terms(params, text)));
            }
        }
        Output::RaggedIds(rows) => prop_assert!(rows.iter().eq(&ids)),
        Output::Ids(matrix) => {
            let longest = ids.iter().map(Vec::len).max().unwrap_or(0);
            let width = params.output_sequence_length().unwrap_or(longest);
            prop_assert_eq!(matrix.width(), width);
            for (index, ids) in ids.iter().enumerate() {
                let mut expected = ids.clone();
                expected.resize(width, 0);
                prop_assert_eq!(matrix.row(index).unwrap(), expected);
            }
        }
        Output::Dense(matrix) => {
            for (index, text) in asked.iter().enumerate() {
                close(matrix.row(index).unwrap(), &oracle.columns(text))?;
            }
        }
        Output::Sparse(matrix) => {
            for (index, text) in asked.iter().enumerate() {
                let (columns, values) = matrix.row(index).unwrap();
                prop_assert!(columns.is_sorted_by(|a, b| a < b));
                let mut filled = vec![0.0; matrix.columns()];
                for (&column, &value) in columns.iter().zip(values) {
                    filled[column as usize] = value;
                }
                close(&filled, &oracle.columns(text))?;
                let ids = oracle.ids(text);
                prop_assert!(columns.iter().all(|&column| ids.contains(&(column as i32))));
            }
        }
        other => prop_assert!(false, "unexpected {other:?}"),
    }
    Ok(())
}

/// Equal but for the roundings of weights: one for the weight, one for the product, and in column 0 one
/// for each term of its mean.
fn close(row: &[f32], expected: &[f64]) -> Result<(), TestCaseError> {
    prop_assert_eq!(row.len(), expected.len());
    let terms = row.len() as f64;
    for (column, (&value, &expected)) in row.iter().zip(expected).enumerate() {
        let roundings = if column == 0 { terms + 2.0 } else { 2.0 };
        let bound = roundings * f64::from(f32::EPSILON) * expected.abs();
        prop_assert!(
            (f64::from(value) - expected).abs() <= bound,
            "{value} {expected}"
        );
    }
    Ok(())
}
