//! Columns of polars against rows of the crate: eager, lazy and streaming give the same, nulls stay null.
#![cfg(feature = "polars")]
#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may stop at the first surprise"
)]

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use polars::prelude::*;
use recurrent_vectorizer::{
    Output, OutputMode, Split, Standardize, TextVectorizer, TokenCounts, ValidParams,
    VectorizerError, VectorizerParams,
};

const TEXTS: [Option<&str>; 6] = [
    Some("The film was good."),
    None,
    Some(""),
    Some("Film, film: a GOOD film! \u{c9}"),
    None,
    Some("unseen words only"),
];

fn present() -> Vec<&'static str> {
    TEXTS.into_iter().flatten().take(3).collect()
}

fn column() -> Column {
    Column::new("text".into(), TEXTS)
}

/// The same in three chunks, as columns of several files or batches are.
fn chunked() -> Column {
    let mut chunked = column().slice(0, 1);
    chunked.append(&column().slice(1, 3)).unwrap();
    chunked.append(&column().slice(4, 2)).unwrap();
    chunked
}

fn check(params: VectorizerParams) -> ValidParams {
    params.check().unwrap()
}

/// Every kind of output, with the type of its column.
fn vectorizers() -> Vec<(TextVectorizer, DataType)> {
    let new = VectorizerParams::new;
    let list = |inner| DataType::List(Box::new(inner));
    let ids = |width| DataType::Array(Box::new(DataType::Int32), width);
    let sparse = || {
        DataType::Struct(vec![
            Field::new("indices".into(), list(DataType::UInt32)),
            Field::new("values".into(), list(DataType::Float32)),
        ])
    };
    let mut all = vec![
        (new(), list(DataType::Int32)),
        (new().ragged(true).ngrams(2), list(DataType::Int32)),
        (new().output_sequence_length(3), ids(3)),
        (new().output_sequence_length(1), ids(1)),
        (new().output_sequence_length(0), ids(0)),
        (
            new().output_mode(OutputMode::Tokens),
            list(DataType::String),
        ),
    ];
    for mode in [OutputMode::MultiHot, OutputMode::Count, OutputMode::TfIdf] {
        let columns = new().output_mode(mode).max_tokens(9);
        let dense = DataType::Array(Box::new(DataType::Float32), 9);
        all.push((columns.clone().pad_to_max_tokens(true), dense));
        all.push((columns.sparse(true), sparse()));
    }
    let fitted = |(params, dtype)| (check(params).fit(present()).unwrap(), dtype);
    all.into_iter().map(fitted).collect()
}

/// What a row of a column should hold, from what the crate makes of one text.
fn expected(vectorizer: &TextVectorizer, text: &str) -> Vec<Series> {
    let ids = |ids: &[i32]| vec![Series::new("".into(), ids)];
    match vectorizer.transform(&[text]) {
        Output::Ids(matrix) => ids(matrix.row(0).unwrap()),
        Output::RaggedIds(rows) => ids(rows.row(0).unwrap()),
        Output::Dense(matrix) => vec![Series::new("".into(), matrix.row(0).unwrap())],
        Output::Sparse(matrix) => {
            let (indices, values) = matrix.row(0).unwrap();
            vec![
                Series::new("".into(), indices),
                Series::new("".into(), values),
            ]
        }
        Output::Tokens(rows) => {
            let tokens = rows
                .row(0)
                .unwrap()
                .map(|token| str::from_utf8(token).unwrap());
            vec![Series::new("".into(), tokens.collect::<Vec<_>>())]
        }
        other => panic!("{other:?}"),
    }
}

/// What a row of a column holds; `None` for null.
fn cell(column: &Column, row: usize) -> Option<Vec<Series>> {
    let series = |series: &Series| match series.dtype() {
        DataType::List(_) => series.list().unwrap().get_as_series(row),
        _ => series.array().unwrap().get_as_series(row),
    };
    let column = column.as_materialized_series();
    match column.dtype() {
        DataType::Struct(_) if column.is_null().get(row).unwrap() => None,
        DataType::Struct(_) => {
            let fields = column.struct_().unwrap().fields_as_series();
            Some(fields.iter().map(|field| series(field).unwrap()).collect())
        }
        _ => series(column).map(|series| vec![series]),
    }
}

fn assert_is(column: &Column, vectorizer: &TextVectorizer, dtype: &DataType) {
    let params = vectorizer.params();
    assert_eq!(
        (column.dtype(), column.len()),
        (dtype, TEXTS.len()),
        "{params:?}"
    );
    assert_eq!(column.null_count(), 2, "{params:?}");
    for (row, text) in TEXTS.iter().enumerate() {
        let found = cell(column, row);
        let expected = text.map(|text| expected(vectorizer, text));
        let (Some(found), Some(expected)) = (&found, &expected) else {
            assert!(
                found.is_none() && expected.is_none(),
                "{params:?}, row {row}: {found:?}"
            );
            continue;
        };
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(expected) {
            assert_eq!(found.dtype(), expected.dtype());
            assert!(found.equals(expected), "{params:?}, row {row}: {found:?}");
        }
    }
}

#[test]
fn fitting_on_a_column_is_fitting_on_its_texts() {
    for (vectorizer, _) in vectorizers() {
        let params = vectorizer.params();
        let all: Vec<&str> = TEXTS.into_iter().flatten().collect();
        let expected = params.fit(all).unwrap();
        for column in [column(), chunked(), binary()] {
            assert_eq!(params.fit_column(&column).unwrap(), expected);
        }
    }
}

fn binary() -> Column {
    column().cast(&DataType::Binary).unwrap()
}

#[test]
fn columns_hold_what_rows_hold() {
    for (vectorizer, dtype) in vectorizers() {
        assert_eq!(vectorizer.column_type(&DataType::String).unwrap(), dtype);
        for column in [column(), chunked()] {
            let made = vectorizer.transform_column(&column).unwrap();
            assert_eq!(made.name(), "text");
            assert_is(&made, &vectorizer, &dtype);
        }
        // Without nulls nothing is spread.
        let made = vectorizer.transform_column(&column().drop_nulls()).unwrap();
        assert_eq!((made.len(), made.null_count()), (4, 0));
        let with_nulls = vectorizer.transform_column(&column()).unwrap();
        assert!(
            made.equals(&with_nulls.drop_nulls()),
            "{:?}",
            vectorizer.params()
        );
    }
}

#[test]
fn bytes_need_not_be_utf_8() {
    let texts: [&[u8]; 2] = [b"A\xFFb \xC3", b"\xC3"];
    let column = Column::new("bytes".into(), texts);
    let params = check(VectorizerParams::new().output_mode(OutputMode::Tokens));
    let vectorizer = params.fit_column(&column).unwrap();
    let tokens = vectorizer.transform_column(&column).unwrap();
    assert_eq!(tokens.dtype(), &DataType::List(Box::new(DataType::Binary)));
    let first = tokens.list().unwrap().get_as_series(0).unwrap();
    let first: Vec<_> = first.binary().unwrap().iter().flatten().collect();
    assert_eq!(first, [&b"a\xFFb"[..], b"\xC3"]);
}

#[test]
fn empty_columns_and_columns_of_nulls_keep_their_type() {
    for (vectorizer, dtype) in vectorizers() {
        for (column, rows) in [
            (column().clear(), 0),
            (column().slice(1, 1), 1),
            (Column::full_null("text".into(), 3, &DataType::String), 3),
            (Column::full_null("text".into(), 3, &DataType::Null), 3),
        ] {
            let made = vectorizer.transform_column(&column).unwrap();
            assert_eq!(
                (made.dtype(), made.len(), made.null_count()),
                (&dtype, rows, rows)
            );
        }
    }
}

#[test]
fn columns_without_texts_are_refused() {
    let numbers = Column::new("text".into(), [1, 2]);
    let error = VectorizerError::NotText {
        received: "i32".to_owned(),
    };
    let (vectorizer, _) = vectorizers().remove(0);
    assert_eq!(vectorizer.transform_column(&numbers).unwrap_err(), error);
    assert_eq!(vectorizer.params().fit_column(&numbers).unwrap_err(), error);
    let query = || {
        DataFrame::new_infer_height(vec![numbers.clone()])
            .unwrap()
            .lazy()
    };
    // The type is noticed before the query runs.
    let mut typed = query().with_column(vectorizer.expr(col("text")));
    let refused = typed.collect_schema().unwrap_err().to_string();
    assert!(refused.contains("received `i32`"), "{refused}");
    assert_eq!(
        vectorizer.params().fit_query(query(), "text").unwrap_err(),
        error
    );
    let nulls = Column::full_null("text".into(), 3, &DataType::String);
    let error = vectorizer.params().fit_column(&nulls).unwrap_err();
    assert_eq!(error, VectorizerError::NoTexts);
}

#[test]
fn a_function_that_breaks_utf_8_is_an_error() {
    let halve = Standardize::custom("halve", |text, out| {
        out.extend_from_slice(&text[..text.len().min(1)]);
    });
    let params = VectorizerParams::new()
        .standardize(halve)
        .split(Split::None);
    let params = check(params.output_mode(OutputMode::Tokens));
    let column = Column::new("text".into(), ["\u{e9}t\u{e9}"]);
    let vectorizer = params.fit_column(&column).unwrap();
    let error = vectorizer.transform_column(&column).unwrap_err();
    assert!(matches!(error, VectorizerError::Polars { .. }), "{error}");
}

/// A frame of so many rows with row numbers, every seventh text null.
fn frame(rows: usize) -> DataFrame {
    let text =
        |row: usize| (row % 7 != 3).then(|| format!("Word{} the word{}", row % 11, row % 31));
    let texts: Vec<Option<String>> = (0..rows).map(text).collect();
    let numbers: Vec<u32> = (0..rows as u32).collect();
    df!("row" => numbers, "text" => texts).unwrap()
}

fn write(frame: &DataFrame, path: &Path, group: usize) {
    let file = File::create(path).unwrap();
    let writer = ParquetWriter::new(file).with_row_group_size(Some(group));
    writer.finish(&mut frame.clone()).unwrap();
}

fn scan(path: &Path) -> LazyFrame {
    let path = PlRefPath::try_from_path(path).unwrap();
    LazyFrame::scan_parquet(path, ScanArgsParquet::default()).unwrap()
}

const ENGINES: [Engine; 2] = [Engine::InMemory, Engine::Streaming];

#[test]
fn queries_give_what_columns_give_on_both_engines() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("texts.parquet");
    let frame = frame(1000);
    write(&frame, &path, 90);
    for (vectorizer, dtype) in vectorizers() {
        let eager = vectorizer
            .transform_column(frame.column("text").unwrap())
            .unwrap();
        let mut expected = frame.clone();
        expected
            .with_column(eager.with_name("made".into()))
            .unwrap();
        let query = scan(&path).with_column(vectorizer.expr(col("text")).alias("made"));
        let schema = query.clone().collect_schema().unwrap();
        assert_eq!(schema.get("made"), Some(&dtype));
        for engine in ENGINES {
            let made = query
                .clone()
                .collect_with_engine(engine)
                .unwrap()
                .unwrap_single();
            assert!(
                made.equals_missing(&expected),
                "{engine:?}: {:?}",
                vectorizer.params()
            );
            // Rows that are filtered before or after are those of the whole.
            let some = query.clone().filter(col("row").gt(lit(500)));
            let some = some.select([col("made")]).collect_with_engine(engine);
            let tail = expected.select(["made"]).unwrap().slice(501, 499);
            assert!(
                some.unwrap().unwrap_single().equals_missing(&tail),
                "{engine:?}"
            );
        }
    }
}

#[test]
fn a_streaming_query_goes_from_file_to_file() {
    let folder = tempfile::tempdir().unwrap();
    let (from, to) = (
        folder.path().join("texts.parquet"),
        folder.path().join("ids.parquet"),
    );
    write(&frame(1000), &from, 90);
    let params = check(VectorizerParams::new().output_sequence_length(4));
    let vectorizer = params.fit_query(scan(&from), "text").unwrap();
    let query = scan(&from).select([col("row"), vectorizer.expr(col("text")).alias("ids")]);
    let target = SinkTarget::Path(PlRefPath::try_from_path(&to).unwrap());
    let format = FileWriteFormat::Parquet(Arc::new(ParquetWriteOptions::default()));
    let sink = SinkDestination::File { target };
    let sunk = query
        .clone()
        .sink(sink, format, UnifiedSinkArgs::default())
        .unwrap();
    sunk.collect_with_engine(Engine::Streaming).unwrap();
    let read = scan(&to).collect().unwrap();
    let ids = DataType::Array(Box::new(DataType::Int32), 4);
    assert_eq!(read.column("ids").unwrap().dtype(), &ids);
    assert!(read.equals_missing(&query.collect().unwrap()));
}

#[test]
fn counting_a_query_is_counting_its_column() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("texts.parquet");
    let frame = frame(1000);
    write(&frame, &path, 90);
    let texts = frame.column("text").unwrap();
    for (vectorizer, _) in vectorizers() {
        let params = vectorizer.params();
        let mut expected = TokenCounts::new(params);
        expected.add(["before the query"]);
        expected.add(texts.str().unwrap().iter().flatten());
        let expected = expected.to_bytes().unwrap();
        // On what was counted before, and on nothing.
        let mut counts = TokenCounts::new(params);
        counts.add(["before the query"]);
        counts.add_query(scan(&path), "text").unwrap();
        assert_eq!(counts.to_bytes().unwrap(), expected);
        let mut counts = TokenCounts::new(params);
        counts.add_query(scan(&path), "text").unwrap();
        counts.add(["before the query"]);
        assert_eq!(counts.to_bytes().unwrap(), expected);
        let fitted = params.fit_query(scan(&path), "text").unwrap();
        assert_eq!(fitted, params.fit_column(texts).unwrap());
    }
    let mut limited = TokenCounts::new(&ValidParams::default()).with_limit(20);
    limited.add_query(scan(&path), "text").unwrap();
    assert!(limited.distinct() <= 20 && limited.loss().is_some());
}

#[test]
fn a_failing_query_leaves_the_counts_alone() {
    let mut counts = TokenCounts::new(&ValidParams::default());
    counts.add(["the film"]);
    let before = counts.to_bytes().unwrap();
    let missing = counts.add_query(frame(9).lazy(), "review").unwrap_err();
    assert!(missing.to_string().contains("review"), "{missing}");
    let numbers = counts.add_query(frame(9).lazy(), "row").unwrap_err();
    assert!(
        matches!(numbers, VectorizerError::NotText { .. }),
        "{numbers}"
    );
    let nowhere = counts
        .add_query(scan(Path::new("nowhere.parquet")), "text")
        .unwrap_err();
    assert!(
        matches!(nowhere, VectorizerError::Polars { .. }),
        "{nowhere}"
    );
    assert_eq!(counts.to_bytes().unwrap(), before);
}
