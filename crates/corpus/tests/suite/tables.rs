//! CSV, TSV and JSON lines as they are found, and what is said of those that are broken.

use std::io::{Cursor, Write as _};
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;
use recurrent_corpus::{CorpusError, Format, Missing, Part, Rows, TableOptions, read, read_parts};

use crate::common::{Folder, labelled, read_one, refused, with};

const KAGGLE: &str = "review,sentiment\r\n\
    \"One of the other reviewers has mentioned that after watching just 1 Oz episode you'll be hooked.<br /><br />The \"\"first\"\" thing, that struck me.\",positive\r\n\
    A wonderful little production. <br /><br />The filming technique is very unassuming.,positive\r\n\
    \"Basically there's a family\nwhere a little boy (Jake) thinks, there's a zombie.\",negative\r\n";

#[test]
fn the_table_of_film_reviews_works_as_it_comes() {
    let (corpus, report) = read_one("IMDB Dataset.csv", KAGGLE, &TableOptions::default()).unwrap();
    assert_eq!(corpus.name(), "IMDB Dataset.csv");
    assert_eq!(corpus.classes(), ["negative", "positive"]);
    let texts = labelled(&corpus, Part::Train);
    assert_eq!(
        texts[0],
        (
            "One of the other reviewers has mentioned that after watching just 1 Oz episode you'll be hooked.<br /><br />The \"first\" thing, that struck me.",
            "positive"
        )
    );
    assert_eq!(
        texts[2],
        (
            "Basically there's a family\nwhere a little boy (Jake) thinks, there's a zombie.",
            "negative"
        )
    );
    assert_eq!((report.rows, report.kept), (3, 3));
    assert_eq!(report.to_string(), "3 of 3 rows");
    let marked = [b"\xef\xbb\xbf", KAGGLE.as_bytes()].concat();
    let (same, _) = read_one("a.csv", marked, &TableOptions::default()).unwrap();
    assert_eq!(same.sha256(), corpus.sha256());
}

const NEWS: &str = "\"3\",\"Wall St. Bears Claw Back Into the Black (Reuters)\",\"Reuters - Short-sellers, Wall Street's dwindling\\band of ultra-cynics, are seeing green again.\"\n\
    \"4\",\"Madden, ESPN Football Score in Different Ways (Reuters)\",\"Reuters - Was \"\"absenteeism\"\" a little high\"\n\
    \"10\",\"\",\"Alone\"\n\
    \"1\",\"\",\" \"\n";

#[test]
fn the_table_of_news_has_no_header_and_its_text_in_two_columns() {
    let options = with(|options| {
        options.header = false;
        options.label = Some("1".to_owned());
        options.text = vec!["2".to_owned(), "3".to_owned()];
    });
    let folder = Folder::new();
    let paths = [folder.write("train.csv", NEWS)];
    let test = [folder.write("test.csv", NEWS)];
    let parts = [(Part::Train, &paths[..]), (Part::Test, &test[..])];
    let (corpus, report) = read_parts(&parts, &options).unwrap();
    // By number, and not bytewise.
    assert_eq!(corpus.classes(), ["3", "4", "10"]);
    let texts = labelled(&corpus, Part::Train);
    assert_eq!(
        texts[1],
        (
            "Madden, ESPN Football Score in Different Ways (Reuters) Reuters - Was \"absenteeism\" a little high",
            "4"
        )
    );
    assert!(texts[0].0.contains(r"dwindling\band"), "{}", texts[0].0);
    assert_eq!(texts[2], ("Alone", "10"));
    assert_eq!(corpus.test(), corpus.train());
    assert_eq!((report.rows, report.kept, report.empty_texts), (8, 6, 2));
    let said = refused("a.csv", NEWS, &TableOptions::default());
    assert!(said.contains("say that there is no header"), "{said}");
    let said = refused("a.csv", NEWS, &with(|options| options.header = false));
    assert!(said.contains(r#"name one of "1", "2", "3""#), "{said}");
}

#[test]
fn rows_without_text_or_label_are_counted_and_named() {
    let content = "text,label\na,x\n,y\nb,\n \t,x\nc,y\n,\n";
    let (corpus, report) = read_one("a.csv", content, &TableOptions::default()).unwrap();
    assert_eq!(labelled(&corpus, Part::Train), [("a", "x"), ("c", "y")]);
    let lines: Vec<_> = report
        .first
        .iter()
        .map(|(place, what)| (place.row, place.line, *what))
        .collect();
    assert_eq!(
        lines,
        [
            (Some(2), Some(3), Missing::Text),
            (Some(3), Some(4), Missing::Label),
            (Some(4), Some(5), Missing::Text),
            (Some(6), Some(7), Missing::Text),
        ]
    );
    let counts = (
        report.rows,
        report.kept,
        report.empty_texts,
        report.empty_labels,
    );
    assert_eq!(counts, (6, 2, 3, 1));
}

#[test]
fn broken_tables_are_refused_where_they_break() {
    let usual = TableOptions::default();
    let check = |name: &str, content: &[u8], options: &TableOptions, expected: &str| {
        let said = refused(name, content, options);
        assert!(said.contains(expected), "{name}: {said}");
    };
    check(
        "a.csv",
        b"text,label\n\"a\nb\",x\nc,d,e\n",
        &usual,
        "a.csv, row 2 (line 4): 3 fields, and there should be 2",
    );
    check(
        "a.tsv",
        b"text\tlabel\na\n",
        &usual,
        "row 1 (line 2): 1 fields",
    );
    for open in [
        &b"label,text\nx,a\ny,\"b\nx,c\n"[..],
        b"label,text\nx,a\ny,\"b",
        b"label,text\nx,a\ny,\"",
        b"label,text\nx,a\ny,\"b\"\"\nend\nend\n",
    ] {
        check(
            "a.csv",
            open,
            &usual,
            "row 2 (line 3): the row opens a quotation mark",
        );
    }
    check(
        "a.csv",
        b"\"label,text\nx,a\n",
        &usual,
        "row 1 (line 1): the row opens",
    );
    check(
        "a.csv",
        b"text,label\nb,x\ncaf\xe9,x\n",
        &usual,
        "row 2 (line 3): not UTF-8",
    );
    check(
        "a.csv",
        b"caf\xe9,label\nb,x\n",
        &usual,
        "a.csv, line 1: not UTF-8",
    );
    check("a.csv", b"\xff\xfet\0e\0x\0t\0", &usual, "UTF-16");
    check(
        "a.csv",
        b"\xfe\xff\0t\0e",
        &usual,
        "convert it with `iconv -f UTF-16",
    );
    check("a.csv", b"t\0e\0x\0", &usual, "another encoding than UTF-8");
    check("a.csv", b"PK\x03\x04", &usual, "spreadsheet");
    check("a.csv", b"PAR1", &usual, "a Parquet file");
    check("a.csv", b"", &usual, "a.csv is empty");
    check("a.csv", b"\n\r\n", &usual, "a.csv is empty");
    check("a.xlsx", b"", &usual, "name the format");
    check("a.txt", b"a\n", &usual, "it has no labels");
    let named = with(|options| options.label = Some("stars".to_owned()));
    check(
        "a.csv",
        b"text,label\na,x\n",
        &named,
        "no column \"stars\"; name one of \"text\", \"label\"",
    );
    let classes = with(|options| options.classes = Some(vec!["x".to_owned(), "y".to_owned()]));
    check(
        "a.csv",
        b"text,label\na,x\nb,z\n",
        &classes,
        "row 2 (line 3): the label \"z\" is none of the classes \"x\", \"y\"",
    );
    let split = with(|options| options.split = Some("part".to_owned()));
    check(
        "a.csv",
        b"text,label,part\na,x,rest\n",
        &split,
        "row 1 (line 2): \"rest\" names no part",
    );
}

#[test]
fn rows_know_their_lines_however_these_end() {
    for (content, lines) in [
        ("text,label\na,x\nb,y\n", [2, 3]),
        ("text,label\r\na,x\r\nb,y", [2, 3]),
        ("\n\ntext,label\n\n\na,x\n\nb,y", [6, 8]),
        ("\r\ntext,label\r\n\r\na,x\r\n\r\nb,y\r\n\r\n", [4, 6]),
        ("text,label\n\"a\n\nb\",x\nb,y", [2, 5]),
        (
            "\"text\",\"label\"\r\n\"a\r\n\",x\r\n\"b\",\"y\"\r\n",
            [2, 4],
        ),
    ] {
        let file = Cursor::new(content.as_bytes().to_vec());
        let mut rows =
            Rows::from_reader(file, Path::new("a.csv"), &TableOptions::default()).unwrap();
        let batch = rows.next_batch(10).unwrap();
        let found: Vec<_> = batch.iter().map(|row| row.place.line).collect();
        assert_eq!(found, lines.map(Some), "{content:?}");
    }
}

#[test]
fn few_classes_and_no_files_are_refused() {
    let error = read_one("a.csv", "text,label\na,x\nb,x\n", &TableOptions::default()).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("all texts are of one class, \"x\""),
        "{error}"
    );
    let error = read_one("a.csv", "text,label\n", &TableOptions::default()).unwrap_err();
    assert!(error.to_string().contains("no labelled text"), "{error}");
    assert!(matches!(
        read(&[], &TableOptions::default()),
        Err(CorpusError::NoFiles)
    ));
    let error = read(&["nowhere.csv".into()], &TableOptions::default()).unwrap_err();
    assert!(error.to_string().contains("check the path"), "{error}");
}

#[test]
fn what_is_not_utf8_is_replaced_where_that_is_asked_for() {
    let lossy = with(|options| options.lossy = true);
    for (name, content) in [
        ("a.csv", &b"text,label\ncaf\xe9,x\nb,y\n"[..]),
        (
            "a.jsonl",
            b"{\"text\":\"caf\xe9\",\"label\":\"x\"}\n{\"text\":\"b\",\"label\":\"y\"}",
        ),
    ] {
        let (corpus, _) = read_one(name, content, &lossy).unwrap();
        assert_eq!(labelled(&corpus, Part::Train)[0], ("caf\u{fffd}", "x"));
        let said = refused(name, content, &TableOptions::default());
        assert!(
            said.contains("row 1") && said.contains("not UTF-8"),
            "{said}"
        );
    }
}

#[test]
fn other_delimiters_and_plain_quotation_marks_can_be_asked_for() {
    let semicolons = with(|options| options.delimiter = Some(b';'));
    let (corpus, _) = read_one("a.csv", "text;label\na,b;x\n\"c;d\";y\n", &semicolons).unwrap();
    assert_eq!(labelled(&corpus, Part::Train), [("a,b", "x"), ("c;d", "y")]);
    let plain = with(|options| options.quotes = false);
    let (corpus, _) = read_one("a.tab", "text\tlabel\n\"a\tx\n5\" b\ty\n", &plain).unwrap();
    assert_eq!(
        labelled(&corpus, Part::Train),
        [("\"a", "x"), ("5\" b", "y")]
    );
    let named = with(|options| options.format = Some(Format::Tsv));
    let (corpus, _) = read_one("a", "text\tlabel\na\tx\nb\ty", &named).unwrap();
    assert_eq!(labelled(&corpus, Part::Train), [("a", "x"), ("b", "y")]);
}

#[test]
fn a_split_column_takes_precedence() {
    let content = "split,text,label\ntrain,a,x\nVal,b,y\ntest,c,x\n dev ,d,y\n";
    let options = with(|options| options.split = Some("split".to_owned()));
    let (corpus, _) = read_one("a.csv", content, &options).unwrap();
    assert_eq!(labelled(&corpus, Part::Train), [("a", "x")]);
    assert_eq!(
        labelled(&corpus, Part::Validation),
        [("b", "y"), ("d", "y")]
    );
    assert_eq!(labelled(&corpus, Part::Test), [("c", "x")]);
}

#[test]
fn classes_that_are_given_keep_their_order() {
    let options = with(|options| {
        options.classes = Some(["z", "x", "y"].map(str::to_owned).to_vec());
    });
    let (corpus, _) = read_one("a.csv", "text,label\na,x\nb,z\n", &options).unwrap();
    assert_eq!(corpus.classes(), ["z", "x", "y"]);
    assert_eq!(corpus.counts(Part::Train), [1, 1, 0]);
}

#[test]
fn json_lines_have_labels_of_any_plain_kind() {
    let content = "{\"label\": 1.0, \"text\": \"a\"}\r\n\n{\"text\": \"b\", \"label\": 2}\n\
        {\"text\": \"c\", \"label\": \" x \"}\n{\"text\": \"d\", \"label\": true}\n{\"text\": \"e\", \"label\": 0.5}\n\
        {\"text\": null, \"label\": 1}\n{\"label\": 1}\n{\"text\": \"f\"}\n{\"text\": \"g\", \"label\": -0.0}";
    let (corpus, report) = read_one("a.jsonl", content, &TableOptions::default()).unwrap();
    let expected = [
        ("a", "1"),
        ("b", "2"),
        ("c", "x"),
        ("d", "true"),
        ("e", "0.5"),
        ("g", "0"),
    ];
    assert_eq!(labelled(&corpus, Part::Train), expected);
    assert_eq!(
        (report.rows, report.empty_texts, report.empty_labels),
        (9, 2, 1)
    );
    assert_eq!(report.first[0].0.row, Some(7));
    let usual = TableOptions::default();
    for (content, expected) in [
        (
            "[{\"text\": \"a\"}]",
            "row 1: no JSON object: an array begins here",
        ),
        (
            "{\"text\": \"a\", \"label\": 1}\n{\"text\": ",
            "row 2: no JSON object: column 8: EOF",
        ),
        (
            "{\"text\": 5, \"label\": 1}",
            "row 1: \"text\" holds a number, and a string is expected",
        ),
        ("{\"text\": \"a\", \"label\": []}", "holds an array"),
        (
            "{\"text\": \"a\", \"b\": 1, \"c\": 2}",
            "which column is the label",
        ),
        ("\n", "is empty"),
    ] {
        let said = refused("a.ndjson", content, &usual);
        assert!(
            said.contains(expected) && !said.contains("header"),
            "{said}"
        );
    }
    // A field that only some objects have may be named; one that none has may not.
    let content =
        "{\"label\": 1}\n{\"label\": 2, \"words\": \"a\"}\n{\"label\": 1, \"words\": \"b\"}\n";
    let named = |name: &str| with(|options| options.text = vec![name.to_owned()]);
    let (corpus, report) = read_one("a.jsonl", content, &named("words")).unwrap();
    assert_eq!((corpus.train().len(), report.empty_texts), (2, 1));
    let said = refused("a.jsonl", content, &named("word"));
    assert!(
        said.contains("no column \"word\"; name one of \"label\""),
        "{said}"
    );
}

fn gzipped(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

fn zstandard(content: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(content, ruzstd::encoding::CompressionLevel::Fastest)
}

#[test]
fn compressed_files_are_read_and_damaged_ones_refused() {
    let usual = TableOptions::default();
    let (plain, _) = read_one("a.csv", KAGGLE, &usual).unwrap();
    let gzip = gzipped(KAGGLE.as_bytes());
    let frame = zstandard(KAGGLE.as_bytes());
    for (name, content) in [("a.csv.gz", &gzip), ("a.csv", &gzip), ("a.csv.zst", &frame)] {
        let (corpus, _) = read_one(name, content, &usual).unwrap();
        assert_eq!(corpus.sha256(), plain.sha256(), "{name}");
        let said = refused(name, &content[..content.len() - 9], &usual);
        assert!(said.contains("damaged or cut off"), "{name}: {said}");
    }
    // Several streams one behind another, as `cat` makes them.
    let (start, end) = KAGGLE.as_bytes().split_at(100);
    for (name, content) in [
        ("a.csv.gz", [gzipped(start), gzipped(end)].concat()),
        ("a.csv.zst", [zstandard(start), zstandard(end)].concat()),
    ] {
        let (corpus, _) = read_one(name, content, &usual).unwrap();
        assert_eq!(corpus.sha256(), plain.sha256(), "{name}");
    }
    let said = refused("a.csv.gz", gzipped(b"\xff\xfea\0"), &usual);
    assert!(said.contains("UTF-16"), "{said}");
}

#[test]
fn no_damage_makes_reading_panic() {
    for (name, whole) in [
        ("a.csv.gz", gzipped(KAGGLE.as_bytes())),
        ("a.csv.zst", zstandard(KAGGLE.as_bytes())),
    ] {
        for place in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[place] ^= 0x55;
            let _ = read_one(name, damaged, &TableOptions::default());
            let _ = read_one(name, &whole[..place], &TableOptions::default());
        }
    }
}

#[test]
fn files_of_several_formats_make_one_corpus() {
    let folder = Folder::new();
    let paths = [
        folder.write("a.csv", "text,label\na,1\n"),
        folder.write("b.jsonl", "{\"text\": \"b\", \"label\": 2}\n"),
        folder.write("c.tsv", "label\ttext\n1\tc\n"),
    ];
    let (corpus, report) = read(&paths, &TableOptions::default()).unwrap();
    assert_eq!(
        labelled(&corpus, Part::Train),
        [("a", "1"), ("b", "2"), ("c", "1")]
    );
    assert_eq!(report.kept, 3);
    assert_eq!(corpus.name(), "a.csv");
}

proptest! {
    #[test]
    fn fields_come_back_through_quotes(
        rows in prop::collection::vec(("[a-z\"',\r\n\t é]{0,12}", 0_usize..3), 1..20)
    ) {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(["text", "label"]).unwrap();
        // Two classes are there, and no text is blank.
        let mut expected = vec![("x".to_owned(), "0".to_owned()), ("y".to_owned(), "1".to_owned())];
        expected.extend(rows.into_iter().map(|(text, label)| (format!("x{text}"), label.to_string())));
        for (text, label) in &expected {
            writer.write_record([text, label]).unwrap();
        }
        let content = writer.into_inner().unwrap();
        let (corpus, report) = read_one("a.csv", content, &TableOptions::default()).unwrap();
        let found = labelled(&corpus, Part::Train);
        let expected: Vec<(&str, &str)> = expected.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
        prop_assert_eq!(found, expected);
        prop_assert_eq!(report.rows, report.kept);
    }

    #[test]
    fn lines_are_counted_across_buffers(rows in prop::collection::vec((1_usize..40_000, 0_usize..3, 0_usize..3), 1..12), carriage: bool) {
        let end = if carriage { "\r\n" } else { "\n" };
        let (mut content, mut line, mut expected) = (format!("text,label{end}"), 2, Vec::new());
        for (length, breaks, blank) in rows {
            content += &end.repeat(blank);
            line += blank as u64;
            expected.push(Some(line));
            content += &format!("\"{}{}\",x{end}", "a".repeat(length), end.repeat(breaks));
            line += breaks as u64 + 1;
        }
        let file = Cursor::new(content.into_bytes());
        let mut rows = Rows::from_reader(file, Path::new("a.csv"), &TableOptions::default()).unwrap();
        let batch = rows.next_batch(100).unwrap();
        let found: Vec<_> = batch.iter().map(|row| row.place.line).collect();
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn no_bytes_make_reading_panic(content in prop::collection::vec(prop::sample::select(
        b"a,\"\n\r\t{}[]:1\xef\xbb\xbf\xff\0 label".to_vec()), 0..60), name in prop::sample::select(
        vec!["a.csv", "a.tsv", "a.jsonl"]), header: bool)
    {
        let options = with(|options| options.header = header);
        let _ = read_one(name, content, &options);
    }
}
