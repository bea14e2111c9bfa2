//! The small recorded cases: one JSON file each, all that use only what the crate has.

use recurrent_vectorizer::{TextVectorizer, ValidParams, VectorizerError};
use serde_json::Value;

use crate::{json, params, reference, strings};

/// How many of the recorded cases the crate can express today.
const SUPPORTED: usize = 38;

#[test]
fn agrees_with_every_supported_case() {
    let Some(folder) = reference() else { return };
    let mut files: Vec<_> = std::fs::read_dir(folder.join("visible"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let mut ran = 0;
    for file in files {
        let case = json(&file);
        if case.get("vocabulary_file").is_some() {
            continue;
        }
        if let Some(params) = params(&case["config"]) {
            run(&case, &params.check().unwrap());
            ran += 1;
        }
    }
    assert!(ran >= SUPPORTED, "only {ran} of {SUPPORTED} cases ran");
}

fn run(case: &Value, params: &ValidParams) {
    let name = &case["name"];
    let vectorizer = vectorizer(case, params);
    let tokens: Vec<&[u8]> = vectorizer.vocabulary().tokens().collect();
    let expected: Vec<&[u8]> = strings(&case["vocabulary"])
        .into_iter()
        .map(str::as_bytes)
        .collect();
    assert_eq!(tokens, expected, "{name}: vocabulary");

    let texts = strings(&case["inputs"]);
    let rows: Vec<Vec<i32>> = case["outputs"]
        .as_array()
        .unwrap()
        .iter()
        .map(row)
        .collect();
    let single: Vec<Vec<i32>> = texts
        .iter()
        .map(|text| vectorizer.vectorize(text))
        .collect();
    let shape = case["output_shape"].as_array().unwrap();
    if case["kind"] == "ragged" {
        assert_eq!(single, rows, "{name}: ragged rows");
        return;
    }
    for threads in [1, 3] {
        let matrix = vectorizer.vectorize_batch_threads(&texts, threads);
        assert_eq!(Value::from(matrix.rows()), shape[0], "{name}: rows");
        assert_eq!(Value::from(matrix.width()), shape[1], "{name}: width");
        for (index, (row, alone)) in rows.iter().zip(&single).enumerate() {
            assert_eq!(matrix.row(index).unwrap(), row, "{name}: row {index}");
            let (ids, padding) = row.split_at(alone.len());
            assert_eq!(alone, ids, "{name}: row {index} alone");
            assert!(padding.iter().all(|&id| id == 0), "{name}: row {index}");
        }
        assert_eq!(matrix.row(rows.len()), None, "{name}");
    }
}

fn row(row: &Value) -> Vec<i32> {
    row.as_array()
        .unwrap()
        .iter()
        .map(|id| id.as_i64().unwrap().try_into().unwrap())
        .collect()
}

/// The vectorizer after all the steps of the case. A layer that learns again is here a new
/// vectorizer; one that learns nothing from a blank corpus is here an error, and the old one stays.
fn vectorizer(case: &Value, params: &ValidParams) -> TextVectorizer {
    let mut result = None;
    for list in [&case["config"]["vocabulary"], &case["set_before"]] {
        if list.is_array() {
            result = Some(TextVectorizer::from_vocabulary(params.clone(), strings(list)).unwrap());
        }
    }
    let before = case["adapt_before"].as_array().into_iter().flatten();
    for corpus in before
        .chain([&case["adapt"]])
        .filter(|corpus| corpus.is_array())
    {
        match params.fit(strings(corpus)) {
            Ok(fitted) => result = Some(fitted),
            Err(error) => assert!(matches!(error, VectorizerError::NoTokens { .. }), "{error}"),
        }
    }
    if case["set_vocabulary"].is_array() {
        let list = strings(&case["set_vocabulary"]);
        result = Some(TextVectorizer::from_vocabulary(params.clone(), list).unwrap());
    }
    result.unwrap()
}
