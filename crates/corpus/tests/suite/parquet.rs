//! Parquet files of all kinds of columns.

use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;

use arrow_array::types::Int32Type;
use arrow_array::{
    ArrayRef, BinaryArray, BooleanArray, DictionaryArray, Float64Array, Int64Array,
    LargeStringArray, ListArray, RecordBatch, StringArray, StringViewArray, UInt8Array,
};
use parquet::arrow::ArrowWriter;
use recurrent_corpus::{CorpusError, Part, TableOptions, read};

use crate::common::{Folder, labelled, read_one, refused, with};

fn write(folder: &Folder, columns: Vec<(&str, ArrayRef)>) -> PathBuf {
    let path = folder.path("a.parquet");
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let file = File::create(&path).unwrap();
    let mut writer = ArrowWriter::try_new(file, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    path
}

#[test]
fn texts_and_labels_of_all_kinds_are_read() {
    let dictionary: DictionaryArray<Int32Type> = ["a", "b", "a"].into_iter().collect();
    let texts: [ArrayRef; 5] = [
        Arc::new(StringArray::from(vec!["a", "b", "a"])),
        Arc::new(LargeStringArray::from(vec!["a", "b", "a"])),
        Arc::new(StringViewArray::from(vec!["a", "b", "a"])),
        Arc::new(BinaryArray::from(vec![&b"a"[..], b"b", b"a"])),
        Arc::new(dictionary.clone()),
    ];
    let labels: [(ArrayRef, [&str; 2]); 6] = [
        (Arc::new(StringArray::from(vec!["x", "y", "x"])), ["x", "y"]),
        (Arc::new(dictionary), ["a", "b"]),
        (Arc::new(Int64Array::from(vec![10, 9, 10])), ["10", "9"]),
        (Arc::new(UInt8Array::from(vec![1, 0, 1])), ["1", "0"]),
        (
            Arc::new(BooleanArray::from(vec![true, false, true])),
            ["true", "false"],
        ),
        (
            Arc::new(Float64Array::from(vec![1.0, 0.5, 1.0])),
            ["1", "0.5"],
        ),
    ];
    let folder = Folder::new();
    for text in &texts {
        for (label, [first, second]) in &labels {
            let id: ArrayRef = Arc::new(Int64Array::from(vec![7, 8, 9]));
            let columns = vec![("label", label.clone()), ("id", id), ("text", text.clone())];
            let path = write(&folder, columns);
            let (corpus, report) = read(&[path], &TableOptions::default()).unwrap();
            let expected = [("a", *first), ("b", *second), ("a", *first)];
            assert_eq!(labelled(&corpus, Part::Train), expected);
            assert_eq!(report.kept, 3);
        }
    }
}

#[test]
fn columns_are_joined_nulls_counted_and_splits_taken() {
    let folder = Folder::new();
    let strings = |values: Vec<Option<&str>>| -> ArrayRef { Arc::new(StringArray::from(values)) };
    let path = write(
        &folder,
        vec![
            (
                "part",
                strings(vec![
                    Some("test"),
                    Some("train"),
                    Some("dev"),
                    Some("train"),
                ]),
            ),
            ("body", strings(vec![Some("b"), None, None, Some("d")])),
            (
                "queue",
                Arc::new(Int64Array::from(vec![Some(1), Some(2), Some(1), None])),
            ),
            ("title", strings(vec![Some("A"), Some("B"), None, None])),
        ],
    );
    let options = with(|options| {
        options.text = ["title", "body"].map(str::to_owned).to_vec();
        options.split = Some("part".to_owned());
    });
    let (corpus, report) = read(&[path], &options).unwrap();
    assert_eq!(labelled(&corpus, Part::Test), [("A b", "1")]);
    assert_eq!(labelled(&corpus, Part::Train), [("B", "2")]);
    let counts = (
        report.rows,
        report.kept,
        report.empty_texts,
        report.empty_labels,
    );
    assert_eq!(counts, (4, 2, 1, 1));
    assert_eq!(report.first[0].0.row, Some(3));
}

#[test]
fn many_rows_in_several_groups_keep_their_numbers() {
    let folder = Folder::new();
    let texts: Vec<String> = (0..5000).map(|number| format!("text {number}")).collect();
    let labels: Vec<Option<i64>> = (0..5000).map(|n| (n != 4321).then_some(n % 2)).collect();
    let path = write(
        &folder,
        vec![
            ("text", Arc::new(StringArray::from(texts)) as ArrayRef),
            ("label", Arc::new(Int64Array::from(labels))),
        ],
    );
    let (corpus, report) = read(&[path], &TableOptions::default()).unwrap();
    assert_eq!(corpus.counts(Part::Train), [2500, 2499]);
    assert_eq!(report.first[0].0.row, Some(4322));
}

#[test]
fn other_columns_and_files_are_refused() {
    let folder = Folder::new();
    let numbers: ArrayRef = Arc::new(Int64Array::from(vec![1, 2]));
    let lists: ArrayRef = Arc::new(ListArray::from_iter_primitive::<Int32Type, _, _>([
        Some([Some(1)]),
        Some([Some(2)]),
    ]));
    let texts: ArrayRef = Arc::new(StringArray::from(vec!["a", "b"]));
    let path = write(&folder, vec![("text", numbers), ("label", lists.clone())]);
    let error = read(&[path], &TableOptions::default()).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("\"text\" holds Int64, and strings"),
        "{error}"
    );
    let path = write(&folder, vec![("text", texts), ("label", lists)]);
    let error = read(std::slice::from_ref(&path), &TableOptions::default()).unwrap_err();
    assert!(
        matches!(&error, CorpusError::Kind { column, .. } if column == "label"),
        "{error}"
    );
    let named = with(|options| options.label = Some("stars".to_owned()));
    let error = read(std::slice::from_ref(&path), &named).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("name one of \"text\", \"label\""),
        "{error}"
    );
    let said = refused("a.parquet", "text,label\na,x\n", &TableOptions::default());
    assert!(said.contains("cannot be read as Parquet"), "{said}");
    let whole = std::fs::read(&path).unwrap();
    let cut = &whole[..whole.len() - 20];
    let said = refused("a.parquet", cut, &TableOptions::default());
    assert!(said.contains("cannot be read as Parquet"), "{said}");
}

#[test]
fn no_damage_makes_reading_panic() {
    let folder = Folder::new();
    let texts: ArrayRef = Arc::new(StringArray::from(vec!["one text", "another"]));
    let labels: ArrayRef = Arc::new(Int64Array::from(vec![0, 1]));
    let whole = std::fs::read(write(&folder, vec![("text", texts), ("label", labels)])).unwrap();
    for place in 0..whole.len() {
        for bits in [0x01, 0x80, 0xff] {
            let mut damaged = whole.clone();
            damaged[place] ^= bits;
            let _ = read_one("a.parquet", damaged, &TableOptions::default());
        }
    }
}
