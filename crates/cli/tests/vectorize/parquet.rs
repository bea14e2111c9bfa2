//! Parquet in and out: the same texts and the same results as lines have.

use std::fs::File;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, Int32Type};
use arrow_array::{
    Array, ArrayRef, BinaryArray, Int64Array, LargeStringArray, NullArray, RecordBatch,
    StringArray, StringViewArray,
};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use serde_json::{Value, json};

use crate::shell::{Folder, fail, succeed};
use crate::{TEXTS, configs, expected, json_lines};

fn write(folder: &Folder, name: &str, texts: ArrayRef, compression: Compression) {
    let numbers: ArrayRef = Arc::new(Int64Array::from_iter_values(0..texts.len() as i64));
    let columns = [("id", numbers, false), ("body", texts, true)];
    let batch = RecordBatch::try_from_iter_with_nullable(columns).unwrap();
    write_batch(folder, name, &batch, compression);
}

fn write_batch(folder: &Folder, name: &str, batch: &RecordBatch, compression: Compression) {
    let properties = WriterProperties::builder()
        .set_compression(compression)
        .set_max_row_group_row_count(Some(4))
        .build();
    let file = File::create(folder.path().join(name)).unwrap();
    let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties)).unwrap();
    writer.write(batch).unwrap();
    writer.close().unwrap();
}

/// What a file of results holds, as JSON lines have it.
fn rows(folder: &Folder, name: &str) -> (Vec<String>, Vec<Value>) {
    let file = File::open(folder.path().join(name)).unwrap();
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
    let fields = reader.schema().fields().iter();
    let names: Vec<String> = fields.map(|field| field.name().clone()).collect();
    let mut rows = Vec::new();
    for batch in reader.build().unwrap() {
        let batch = batch.unwrap();
        for row in 0..batch.num_rows() {
            let cells = batch.columns().iter().map(|column| cell(column, row));
            let cells: Vec<Value> = cells.collect();
            rows.push(match cells.as_slice() {
                [Value::Null, ..] => Value::Null,
                [cell] => cell.clone(),
                [indices, values] => json!({ "indices": indices, "values": values }),
                other => panic!("{other:?}"),
            });
        }
    }
    (names, rows)
}

fn cell(column: &ArrayRef, row: usize) -> Value {
    if column.is_null(row) {
        return Value::Null;
    }
    let list = column.as_list::<i32>().value(row);
    if let Some(ids) = list.as_primitive_opt::<Int32Type>() {
        json!(ids.values().as_ref())
    } else if let Some(tokens) = list.as_binary_opt::<i32>() {
        let tokens = tokens
            .iter()
            .map(|token| String::from_utf8_lossy(token.unwrap()));
        json!(tokens.collect::<Vec<_>>())
    } else {
        let values = list.as_primitive::<Float32Type>().values();
        let text = serde_json::to_string(values.as_ref() as &[f32]).unwrap();
        serde_json::from_str(&text).unwrap()
    }
}

#[test]
fn parquet_gives_what_lines_give() {
    let folder = Folder::new();
    folder.write("t.jsonl", json_lines(&TEXTS));
    let zstd = Compression::ZSTD(ZstdLevel::default());
    let texts = || TEXTS.to_vec();
    write(
        &folder,
        "a.parquet",
        Arc::new(StringArray::from(texts())),
        Compression::SNAPPY,
    );
    write(
        &folder,
        "b.parquet",
        Arc::new(LargeStringArray::from(texts())),
        zstd,
    );
    write(
        &folder,
        "c.parquet",
        Arc::new(StringViewArray::from(texts())),
        Compression::LZ4_RAW,
    );
    let bytes: Vec<&[u8]> = TEXTS.iter().map(|text| text.as_bytes()).collect();
    let gzip = Compression::GZIP(Default::default());
    write(
        &folder,
        "d.PARQUET",
        Arc::new(BinaryArray::from(bytes)),
        gzip,
    );
    for config in configs() {
        folder.write("config.json", config.to_string());
        let expected = expected(&config, &TEXTS);
        let mut fit = folder.run(&["fit", "--config", "config.json", "--output", "model"]);
        succeed(fit.args(["--input", "t.jsonl", "--field", "body"]));
        let model = folder.read("model/vectorizer.cbor");
        for file in ["a.parquet", "b.parquet", "c.parquet", "d.PARQUET"] {
            let input = ["--input", file, "--column", "body"];
            let mut fit = folder.run(&["fit", "--config", "config.json", "--output", "model"]);
            succeed(fit.args(input));
            assert!(
                folder.read("model/vectorizer.cbor") == model,
                "{config} {file}"
            );
            let mut apply = folder.run(&["apply", "--model", "model", "--output", "out.parquet"]);
            assert_eq!(succeed(apply.args(input)), "6 texts\n");
            assert_eq!(rows(&folder, "out.parquet").1, expected, "{config} {file}");
        }
        let mut apply = folder.run(&["apply", "--model", "model", "--output", "out.parquet"]);
        succeed(apply.args(["--input", "t.jsonl", "--field", "body", "--threads", "3"]));
        let (names, found) = rows(&folder, "out.parquet");
        assert_eq!(found, expected, "{config}");
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let mode = config.get("output_mode");
        let expected_names: &[&str] = match mode.map(|mode| mode.as_str()) {
            None => &["ids"],
            Some(None) => &["tokens"],
            Some(Some(_)) if config["sparse"] == true => &["indices", "values"],
            Some(Some(_)) => &["values"],
        };
        assert_eq!(names, expected_names, "{config}");
    }
}

#[test]
fn null_stays_null() {
    let folder = Folder::new();
    let texts = StringArray::from(vec![Some("a b"), None, Some(""), Some("b"), None]);
    write(
        &folder,
        "t.parquet",
        Arc::new(texts),
        Compression::UNCOMPRESSED,
    );
    for (config, expected) in [
        (json!({}), json!([[3, 2], null, [], [2], null])),
        (
            json!({"output_sequence_length": 2}),
            json!([[3, 2], null, [0, 0], [2, 0], null]),
        ),
        (
            json!({"output_mode": null}),
            json!([["a", "b"], null, [], ["b"], null]),
        ),
        (
            json!({"output_mode": "multi_hot"}),
            json!([
                [0.0, 1.0, 1.0],
                null,
                [0.0, 0.0, 0.0],
                [0.0, 1.0, 0.0],
                null
            ]),
        ),
        (
            json!({"output_mode": "count", "sparse": true}),
            json!([{"indices": [1, 2], "values": [1.0, 1.0]}, null, {"indices": [], "values": []},
                   {"indices": [1], "values": [1.0]}, null]),
        ),
    ] {
        folder.write("config.json", config.to_string());
        let input = ["--input", "t.parquet", "--column", "body"];
        let mut fit = folder.run(&["fit", "--config", "config.json", "--output", "model"]);
        assert!(succeed(fit.args(input)).starts_with("3 texts, 2 distinct"));
        let mut apply = folder.run(&["apply", "--model", "model", "--output", "out.parquet"]);
        succeed(apply.args(input));
        assert_eq!(Value::from(rows(&folder, "out.parquet").1), expected);
        let mut apply = folder.run(&["apply", "--model", "model", "--output", "-"]);
        let lines = crate::rows(&succeed(apply.args(input)));
        assert_eq!(Value::from(lines), expected);
    }
}

#[test]
fn no_texts_are_a_file_without_rows() {
    let folder = Folder::new();
    folder.write("config.json", r#"{"vocabulary": ["a"]}"#);
    folder.write("empty.txt", "");
    succeed(&mut folder.run(&["fit", "--config", "config.json", "--output", "model"]));
    let apply = [
        "apply",
        "--model",
        "model",
        "--input",
        "empty.txt",
        "--output",
        "o.parquet",
    ];
    assert_eq!(succeed(&mut folder.run(&apply)), "0 texts\n");
    assert_eq!(rows(&folder, "o.parquet"), (vec!["ids".to_owned()], vec![]));
}

#[test]
fn what_is_no_column_of_texts_is_named() {
    let folder = Folder::new();
    folder.write("config.json", "{}");
    folder.write("broken.parquet", "PAR1 and no more");
    let texts: ArrayRef = Arc::new(StringArray::from(TEXTS.to_vec()));
    write(
        &folder,
        "t.parquet",
        Arc::clone(&texts),
        Compression::SNAPPY,
    );
    for (name, columns) in [("other", ["id", "\u{1b}"]), ("twice", ["body", "body"])] {
        let batch = RecordBatch::try_from_iter(columns.map(|column| (column, Arc::clone(&texts))));
        write_batch(
            &folder,
            &format!("{name}.parquet"),
            &batch.unwrap(),
            Compression::SNAPPY,
        );
    }
    let fit = [
        "fit",
        "--config",
        "config.json",
        "--output",
        "model",
        "--input",
    ];
    for (arguments, expected) in [
        (
            &["t.parquet"][..],
            "t.parquet is read as Parquet; say where the text is with --text",
        ),
        (
            &["t.parquet", "--column", "text"],
            "no column \"text\"; it has: \"id\", \"body\"",
        ),
        (
            &["t.parquet", "--column", "id"],
            "because: a column of texts has strings or binary; received Int64",
        ),
        (
            &["broken.parquet", "--column", "body"],
            "broken.parquet cannot be read as Parquet: ",
        ),
        // The columns of all are looked at before the first is read.
        (
            &["t.parquet", "other.parquet", "--column", "body"],
            "other.parquet has no column \"body\"; it has: \"id\", \"\\u{1b}\"",
        ),
        (
            &["twice.parquet", "--column", "body"],
            "more than one column \"body\"",
        ),
        (&["no.parquet", "--column", "body"], "no.parquet"),
    ] {
        let stderr = fail(folder.run(&fit).args(arguments), 1);
        assert!(stderr.contains(expected), "{stderr}");
        assert!(!folder.path().join("model").exists());
    }
}

#[test]
fn a_column_of_nothing_but_nulls_has_no_texts() {
    let folder = Folder::new();
    folder.write("config.json", "{}");
    let texts = StringArray::from(vec!["a b", "b"]);
    let plain = Compression::UNCOMPRESSED;
    write(&folder, "a.parquet", Arc::new(texts), plain);
    write(&folder, "null.parquet", Arc::new(NullArray::new(3)), plain);
    let input = ["--column", "body", "--input", "a.parquet", "null.parquet"];
    let mut fit = folder.run(&["fit", "--config", "config.json", "--output", "model"]);
    assert!(succeed(fit.args(input)).starts_with("2 texts, 2 distinct"));
    let mut apply = folder.run(&["apply", "--model", "model", "--output", "-"]);
    assert_eq!(succeed(apply.args(input)), "[3,2]\n[2]\nnull\nnull\nnull\n");
}

#[test]
fn checksums_of_pages_are_verified() {
    let folder = Folder::new();
    folder.write("config.json", "{}");
    // Written by pyarrow 26.0.1 with `write_page_checksum=True`; a column `text`, neither compressed nor encoded.
    let mut bytes = include_bytes!("checksum.parquet").to_vec();
    folder.write("t.parquet", &bytes);
    let fit = ["fit", "--config", "config.json", "--output", "model"];
    let input = ["--column", "text", "--input", "t.parquet"];
    succeed(folder.run(&fit).args(input));
    let good = bytes.windows(4).position(|word| word == b"good").unwrap();
    let good = good
        + bytes[good + 100..]
            .windows(4)
            .position(|word| word == b"good")
            .unwrap()
        + 100;
    bytes[good] = b'f';
    folder.write("t.parquet", bytes);
    let stderr = fail(folder.run(&fit).args(input), 1);
    assert!(stderr.contains("checksum mismatch"), "{stderr}");
}

#[test]
fn what_is_damaged_is_no_text_and_no_panic() {
    let folder = Folder::new();
    folder.write("config.json", "{}");
    let texts = StringArray::from(vec!["good film"; 3]);
    write(
        &folder,
        "t.parquet",
        Arc::new(texts),
        Compression::UNCOMPRESSED,
    );
    let whole = folder.read("t.parquet");
    let fit = [
        "fit",
        "--config",
        "config.json",
        "--output",
        "model",
        "--threads",
        "1",
        "--column",
        "body",
        "--input",
    ];
    let right = succeed(folder.run(&fit).arg("t.parquet"));
    // The lowest bit of every byte of the footer is that of a sign, wherever a number begins: an error, or the same.
    let length = whole[whole.len() - 8..].first_chunk().unwrap();
    let footer = whole.len() - 8 - u32::from_le_bytes(*length) as usize;
    let (mut refused, mut negative) = (0, 0);
    for at in footer..whole.len() {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        folder.write("bad.parquet", bytes);
        let (output, stdout, stderr) = crate::shell::run(folder.run(&fit).arg("bad.parquet"));
        assert!(!stderr.contains("panicked"), "byte {at}: {stderr}");
        match output.status.code() {
            Some(0) => assert_eq!(stdout, right, "byte {at}"),
            Some(1) => refused += 1,
            other => panic!("byte {at}: {other:?} {stderr}"),
        }
        negative += usize::from(stderr.contains("the column begins before the file"));
    }
    assert!(
        refused > 50 && negative > 1,
        "{refused} refused, {negative} of them negative"
    );
}
