//! The training reviews of the notebook, against what Keras makes of them.
//!
//! The reviews and what was recorded of them are too large for the repository: where they are missing, these tests are
//! ignored.

// What clippy.toml allows in tests does not reach the functions that tests share.
#![allow(clippy::panic, clippy::unwrap_used, reason = "see above")]

mod imdb;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use outside::Outside;
use recurrent_vectorizer::{Output, OutputMode, TextVectorizer, ValidParams, VectorizerParams};
use serde_json::Value;
use sha2::{Digest, Sha256};

fn main() -> ExitCode {
    let needs = [&Outside::archive(), &Outside::reference()];
    outside::run(vec![
        outside::trial(
            "thousand_words_and_hundred_ids",
            &needs,
            thousand_words_and_hundred_ids,
        ),
        outside::trial(
            "twenty_thousand_bigrams_by_tf_idf",
            &needs,
            twenty_thousand_bigrams_by_tf_idf,
        ),
        outside::trial(
            "counts_of_five_thousand_words",
            &needs,
            counts_of_five_thousand_words,
        ),
    ])
}

/// The reviews, and a folder of results that belongs to just these.
fn reviews(case: &str) -> (Vec<Vec<u8>>, PathBuf, Value) {
    let reference = Outside::reference();
    let folder = reference
        .place()
        .unwrap()
        .join("vectorizer/real")
        .join(case);
    let meta = json(&folder.join("meta.json"));
    let reviews = imdb::train_reviews(&Outside::archive()).unwrap();
    let mut corpus = Sha256::new();
    for review in &reviews {
        corpus.update(review);
        corpus.update(b"\n");
    }
    assert_eq!(
        hex(corpus),
        meta["corpus"]["corpus_sha256"],
        "reading the archive"
    );
    (reviews, folder, meta)
}

/// Fits on one thread and on two, compares the vocabulary with the recorded one.
fn fit(params: &ValidParams, reviews: &[Vec<u8>], folder: &Path) -> TextVectorizer {
    let vectorizer = params.fit(reviews).unwrap();
    assert!(params.fit_threads(reviews, 2).unwrap() == vectorizer);
    let lines = vectorizer.vocabulary().to_lines().unwrap();
    let expected = std::fs::read(folder.join("vocabulary.txt")).unwrap();
    for (id, (line, expected)) in lines
        .split(|&byte| byte == b'\n')
        .zip(expected.split(|&byte| byte == b'\n'))
        .enumerate()
    {
        assert_eq!(line, expected, "token {id}");
    }
    assert_eq!(lines.len(), expected.len());
    vectorizer
}

fn thousand_words_and_hundred_ids() {
    let (reviews, folder, meta) = reviews("a_int_1000_osl100");
    let params = VectorizerParams::new()
        .max_tokens(1000)
        .output_sequence_length(100);
    let vectorizer = fit(&params.check().unwrap(), &reviews, &folder);
    for threads in [1, 2] {
        let Output::Ids(matrix) = vectorizer.transform_threads(&reviews, threads) else {
            panic!("not ids");
        };
        assert_eq!((matrix.rows(), matrix.width()), (25_000, 100));
        let mut digest = Sha256::new();
        for id in matrix.ids() {
            digest.update(id.to_le_bytes());
        }
        assert_eq!(
            hex(digest),
            meta["matrix_sha256_le_i32_row_major"],
            "{threads} threads"
        );
    }
}

fn twenty_thousand_bigrams_by_tf_idf() {
    let (reviews, folder, _) = reviews("b_tf_idf_20000_bigrams");
    let params = VectorizerParams::new()
        .max_tokens(20_000)
        .ngrams(2)
        .output_mode(OutputMode::TfIdf);
    let vectorizer = fit(&params.check().unwrap(), &reviews, &folder);
    let recorded = std::fs::read_to_string(folder.join("idf_weights.f32le.hex.txt")).unwrap();
    let weights = vectorizer.idf_weights().unwrap();
    let bits: Vec<String> = weights
        .iter()
        .map(|weight| format!("{:08x}", weight.to_bits()))
        .collect();
    assert_eq!(bits, recorded.lines().collect::<Vec<_>>());
    rows(&vectorizer, &reviews, &folder);
}

fn counts_of_five_thousand_words() {
    let (reviews, folder, _) = reviews("c_count_5000");
    let params = VectorizerParams::new()
        .max_tokens(5000)
        .output_mode(OutputMode::Count);
    let vectorizer = fit(&params.check().unwrap(), &reviews, &folder);
    rows(&vectorizer, &reviews, &folder);
}

/// The rows that were recorded: some whole, of others the sums; dense and sparse.
fn rows(dense: &TextVectorizer, reviews: &[Vec<u8>], folder: &Path) {
    let params = VectorizerParams::from(dense.params().clone()).sparse(true);
    let sparse = params.check().unwrap().fit(reviews).unwrap();
    let row = |index: &Value| {
        let text = &reviews[usize::try_from(index.as_u64().unwrap()).unwrap()];
        let Output::Dense(matrix) = dense.transform(std::slice::from_ref(text)) else {
            panic!("not dense");
        };
        let Output::Sparse(csr) = sparse.transform(std::slice::from_ref(text)) else {
            panic!("not sparse");
        };
        let mut filled = vec![0.0_f32; csr.columns()];
        for (&column, &value) in csr.indices().iter().zip(csr.values()) {
            filled[column as usize] = value;
        }
        assert_eq!(matrix.values(), filled);
        matrix.into_values()
    };
    let recorded = json(&folder.join("row_sums_200.json"));
    let recorded = recorded.as_array().unwrap();
    assert_eq!(recorded.len(), 200);
    for expected in recorded {
        let row = row(&expected["row"]);
        let sum: f64 = row.iter().map(|&value| f64::from(value)).sum();
        let recorded = expected["sum"].as_f64().unwrap();
        assert!(
            (sum - recorded).abs() <= 1e-9 * recorded.abs(),
            "{expected}"
        );
        let nonzero = row.iter().filter(|&&value| value != 0.0).count();
        assert_eq!(nonzero as u64, expected["nonzero"].as_u64().unwrap());
        assert_eq!(row[0], expected["oov_value"].as_f64().unwrap() as f32);
    }
    let recorded = json(&folder.join("sparse_rows_20.json"));
    let recorded = recorded.as_array().unwrap();
    assert_eq!(recorded.len(), 20);
    for expected in recorded {
        let row = row(&expected["row"]);
        let mut filled = vec![0.0_f32; row.len()];
        let columns = expected["columns"].as_array().unwrap();
        let values = expected["values"].as_array().unwrap();
        for (column, value) in columns.iter().zip(values) {
            filled[usize::try_from(column.as_u64().unwrap()).unwrap()] =
                value.as_f64().unwrap() as f32;
        }
        assert_eq!(row, filled, "row {}", expected["row"]);
    }
}

/// One JSON file.
fn json(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn hex(digest: Sha256) -> String {
    digest
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
