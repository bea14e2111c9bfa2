//! Frames and Parquet files.

use std::fs;

use polars::prelude::*;
use recurrent_data::frames::{
    COLUMNS, FrameError, class_balance, frame, length_statistics, read_parquet, write_parquet,
};
use recurrent_data::{ReadOptions, read};

use crate::archives::{Files, listing, reviews, unpacked, with, zip};

fn frame_of(files: &Files) -> DataFrame {
    let folder = tempfile::tempdir().unwrap();
    unpacked(files, folder.path());
    frame(&read(folder.path(), &ReadOptions::default()).unwrap()).unwrap()
}

#[test]
fn one_row_per_review() {
    let frame = frame_of(&reviews());
    assert_eq!(frame.shape(), (8, COLUMNS.len()));
    for (name, dtype) in COLUMNS {
        assert_eq!(*frame.column(name).unwrap().dtype(), dtype);
    }
    let expected = df!(
        "split" => ["test"],
        "label" => ["pos"],
        "rating" => [10u8],
        "id" => [1u32],
        "text" => ["A pos review  no. 1 of test, naïve."],
    );
    assert!(frame.slice(7, 1).equals(&expected.unwrap()));
}

#[test]
fn parquet_there_and_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("reviews.parquet");
    let frame = frame_of(&reviews());
    write_parquet(&frame, &path).unwrap();
    assert!(read_parquet(&path).unwrap().equals(&frame));
    assert_eq!(listing(folder.path()).len(), 1);
    // Written again, the new one takes its place.
    write_parquet(&frame.slice(0, 3), &path).unwrap();
    assert_eq!(read_parquet(&path).unwrap().height(), 3);
}

#[test]
fn balance_of_the_classes() {
    let files = with(reviews(), "train/neg/7_2.txt", "one more");
    let balance = class_balance(&frame_of(&files)).unwrap();
    let expected = df!(
        "split" => ["train", "train", "test", "test"],
        "label" => ["neg", "pos", "neg", "pos"],
        "reviews" => [3u32, 2, 2, 2],
        "share" => [0.6, 0.4, 0.5, 0.5],
    );
    assert!(
        balance.equals(
            &expected
                .unwrap()
                .select(balance.get_column_names_owned())
                .unwrap()
        ),
        "{balance:?}"
    );
}

#[test]
fn lengths_in_words_and_characters() {
    let mut files = reviews();
    for (file, text) in [
        ("0_3", "été"),
        ("1_1", "two words"),
        ("2_4", "now  three words"),
    ] {
        let name = format!("train/neg/{file}.txt");
        files.retain(|(other, _)| *other != name);
        files.push((name, text.into()));
    }
    let lengths = length_statistics(&frame_of(&files)).unwrap();
    assert_eq!(lengths.height(), 4);
    let first = |name: &str| -> f64 {
        let column = lengths.column(name).unwrap();
        column.get(0).unwrap().try_extract().unwrap()
    };
    for (name, expected) in [
        ("words_mean", 2.0),
        ("words_std", 1.0),
        ("words_min", 1.0),
        ("words_median", 2.0),
        ("words_p95", 2.9),
        ("words_max", 3.0),
        ("characters_min", 3.0),
        ("characters_median", 9.0),
        ("characters_max", 16.0),
    ] {
        assert!((first(name) - expected).abs() < 1e-12, "{name}");
    }
}

#[test]
fn files_that_are_no_such_frame() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let error = read_parquet(&at("missing.parquet")).unwrap_err();
    assert!(matches!(error, FrameError::File(_)), "{error}");

    for (name, bytes) in [
        ("text.parquet", b"words".to_vec()),
        ("zip.parquet", zip(&reviews())),
    ] {
        fs::write(at(name), bytes).unwrap();
        let error = read_parquet(&at(name)).unwrap_err();
        assert!(matches!(error, FrameError::NotParquet { .. }), "{error}");
        assert!(error.to_string().contains(name), "{error}");
    }

    write_parquet(&frame_of(&reviews()), &at("whole.parquet")).unwrap();
    let whole = fs::read(at("whole.parquet")).unwrap();
    fs::write(at("cut.parquet"), &whole[..whole.len() / 2]).unwrap();
    let error = read_parquet(&at("cut.parquet")).unwrap_err();
    assert!(matches!(error, FrameError::NotParquet { .. }), "{error}");

    let other = df!("split" => ["train"], "label" => ["neg"], "rating" => [3i64]).unwrap();
    write_parquet(&other, &at("other.parquet")).unwrap();
    let error = read_parquet(&at("other.parquet")).unwrap_err();
    assert!(
        matches!(
            error,
            FrameError::Column {
                column: "rating",
                ..
            }
        ),
        "{error}"
    );
    let other = other.drop("label").unwrap();
    write_parquet(&other, &at("other.parquet")).unwrap();
    let error = read_parquet(&at("other.parquet")).unwrap_err();
    assert!(error.to_string().contains("is missing"), "{error}");
}

#[test]
fn a_target_that_cannot_be_written() {
    let folder = tempfile::tempdir().unwrap();
    let error = write_parquet(
        &frame_of(&reviews()),
        &folder.path().join("no/such.parquet"),
    );
    let error = error.unwrap_err();
    assert!(matches!(error, FrameError::File(_)), "{error}");
    assert!(listing(folder.path()).is_empty());
}

#[test]
fn any_frame_of_texts_and_labels_is_a_corpus() {
    use recurrent_corpus::Part;
    use recurrent_data::frames::corpus_of;

    let frame = df!(
        "body" => [Some("one"), Some("two"), None, Some(" "), Some("three"), Some("four")],
        "queue" => [Some(7), Some(10), Some(7), Some(7), None, Some(7)],
        "part" => ["train", "dev", "train", "train", "train", " Test"],
    )
    .unwrap();
    let (corpus, left_out) = corpus_of(&frame, "body", "queue", Some("part")).unwrap();
    assert_eq!(
        (corpus.classes().join(" "), left_out),
        ("7 10".to_owned(), 3)
    );
    let texts = Part::ALL.map(|part| corpus.part(part).iter().map(|t| t.text).collect::<Vec<_>>());
    assert_eq!(texts, [vec!["one"], vec!["two"], vec!["four"]]);
    let (all, _) = corpus_of(&frame, "body", "queue", None).unwrap();
    assert_eq!(all.train().len(), 3);
    let said = |label: &str, split| {
        corpus_of(&frame, "body", label, split)
            .unwrap_err()
            .to_string()
    };
    assert!(said("label", None).contains("the frame has: body, queue, part"));
    assert!(said("queue", Some("body")).contains("no part of a corpus"));
}
