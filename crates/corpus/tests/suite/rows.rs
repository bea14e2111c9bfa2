//! Files row by row, and written again with columns added.

use std::io::{Cursor, Read};
use std::path::Path;

use recurrent_corpus::{Added, CorpusError, Format, Record, Rows, ScoredWriter, TableOptions};

use crate::common::{Folder, with};

/// Opens a file that is made of `content`.
fn rows(name: &str, content: &str, options: &TableOptions) -> Result<Rows, CorpusError> {
    let reader = Cursor::new(content.as_bytes().to_vec());
    Rows::from_reader(reader, Path::new(name), options)
}

/// The file with the length of each text, half of it, and a word added, `batch` rows at once.
fn scored(
    name: &str,
    content: &str,
    options: &TableOptions,
    batch: usize,
) -> Result<String, CorpusError> {
    let mut rows = rows(name, content, options)?;
    let added = ["prediction", "score", "half"];
    let mut writer = ScoredWriter::new(Vec::new(), Path::new("out"), &rows, &added)?;
    loop {
        let batch = rows.next_batch(batch)?;
        if batch.is_empty() {
            break;
        }
        for row in &batch {
            let length = row.text.len();
            let values = [
                Added::Text(if length > 3 {
                    "long, \"very\""
                } else {
                    "short"
                }),
                Added::Single(length as f32 / 10.0),
                Added::Number(length as f64 / 2.0),
            ];
            writer.write(row, &values)?;
        }
    }
    Ok(String::from_utf8(writer.finish()?).unwrap())
}

#[test]
fn tables_come_back_with_columns_added() {
    let usual = TableOptions::default();
    let content = "\u{feff}id,text,label\r\n1,\"a, \"\"b\"\"\",x\r\n2,c,\r\n3,,y\r\n";
    for batch in [0, 1, 2, 100] {
        assert_eq!(
            scored("a.csv", content, &usual, batch).unwrap(),
            "id,text,label,prediction,score,half\n\
             1,\"a, \"\"b\"\"\",x,\"long, \"\"very\"\"\",0.6,3\n\
             2,c,,short,0.1,0.5\n\
             3,,y,short,0,0\n"
        );
    }
    let headless = with(|options| {
        options.header = false;
        options.text = vec!["3".to_owned(), "2".to_owned()];
    });
    assert_eq!(
        scored("a.tsv", "1\ta\tb\n2\tc\t\n", &headless, 10).unwrap(),
        "1\ta\tb\tshort\t0.3\t1.5\n2\tc\t\tshort\t0.1\t0.5\n"
    );
}

#[test]
fn objects_come_back_as_they_were_written_with_members_added() {
    let content =
        " {\"z\": 1.0, \"text\" : \"a\\u00e9bc\" } \r\n\n{\"text\":null,\"a\":[1,{}]}\n{}\n";
    assert_eq!(
        scored("a.jsonl", content, &TableOptions::default(), 2).unwrap(),
        "{\"z\": 1.0, \"text\" : \"a\\u00e9bc\",\"prediction\":\"long, \\\"very\\\"\",\"score\":0.5,\"half\":2.5}\n\
         {\"text\":null,\"a\":[1,{}],\"prediction\":\"short\",\"score\":0.0,\"half\":0.0}\n\
         {\"prediction\":\"short\",\"score\":0.0,\"half\":0.0}\n"
    );
}

#[test]
fn lines_come_back_as_a_table() {
    assert_eq!(
        scored("a.txt", "a, b\r\n\nc", &TableOptions::default(), 10).unwrap(),
        "text,prediction,score,half\n\"a, b\",\"long, \"\"very\"\"\",0.4,2\n,short,0,0\nc,short,0.1,0.5\n"
    );
    assert_eq!(
        scored("a.txt", "", &TableOptions::default(), 10).unwrap(),
        "text,prediction,score,half\n"
    );
}

#[test]
fn what_is_not_finite_is_nothing() {
    let mut file = rows("a.jsonl", "{\"text\":\"a\"}", &TableOptions::default()).unwrap();
    let row = file.next_row().unwrap().unwrap();
    let added = ["a", "b", "c", "d"];
    let mut writer = ScoredWriter::new(Vec::new(), Path::new("out"), &file, &added).unwrap();
    let values = [
        Added::Number(f64::NAN),
        Added::Single(f32::INFINITY),
        Added::Missing,
        Added::Single(1e-7),
    ];
    writer.write(&row, &values).unwrap();
    assert_eq!(
        String::from_utf8(writer.finish().unwrap()).unwrap(),
        "{\"text\":\"a\",\"a\":null,\"b\":null,\"c\":null,\"d\":1e-7}\n"
    );
}

#[test]
fn a_column_that_is_there_already_is_refused() {
    let usual = TableOptions::default();
    for (name, content, expected) in [
        (
            "a.csv",
            "text,prediction\na,b\n",
            "a.csv: there is a column \"prediction\" already",
        ),
        (
            "a.jsonl",
            "{\"text\":\"a\"}\n{\"text\":\"a\",\"half\":1}",
            "a.jsonl, row 2: there is a column \"half\"",
        ),
    ] {
        let error = scored(name, content, &usual, 10).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    }
    for (name, added) in [
        ("a.txt", &["text"][..]),
        ("a.csv", &["b", "b"]),
        ("a.jsonl", &["b", "b"]),
    ] {
        let file = rows(name, "text\na\n", &usual).unwrap();
        let error = ScoredWriter::new(Vec::new(), Path::new("out"), &file, added)
            .err()
            .unwrap();
        assert!(matches!(error, CorpusError::Collision { .. }), "{error}");
    }
    let mut lines = rows("a.txt", "a\n", &usual).unwrap();
    let row = lines.next_row().unwrap().unwrap();
    let table = rows("a.csv", "text\na\n", &usual).unwrap();
    let mut writer = ScoredWriter::new(Vec::new(), Path::new("out"), &table, &["b"]).unwrap();
    for (values, expected) in [
        (&[][..], "0 values for 1 columns"),
        (&[Added::Missing], "another format"),
    ] {
        let error = writer.write(&row, values).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    }
}

#[test]
fn rows_are_whole_and_say_where_they_are() {
    let folder = Folder::new();
    let path = folder.write("a.csv", "id,review\n1,\"a\nb\"\n2,c\n");
    let mut file = Rows::open(&path, &TableOptions::default()).unwrap();
    assert_eq!(file.header().unwrap(), ["id", "review"]);
    assert_eq!((file.format(), file.path()), (Format::Csv, &*path));
    let batch = file.next_batch(5).unwrap();
    assert_eq!(
        (batch[1].place.row, batch[1].place.line),
        (Some(2), Some(4))
    );
    assert!(matches!(&batch[0].record, Record::Fields(fields) if fields == vec!["1", "a\nb"]));
    assert!(file.next_batch(5).unwrap().is_empty());
    assert!(file.next_row().unwrap().is_none());
    // One column needs no name, and a label need not be there.
    let options = with(|options| options.label = Some("stars".to_owned()));
    let mut file = rows("a.csv", "words\na\n", &options).unwrap();
    assert_eq!(file.next_row().unwrap().unwrap().text, "a");
    for (name, content, expected) in [
        ("a.csv", "a,b,c\n", "which column is the text"),
        ("a.csv", "", "is empty"),
        ("a.parquet", "x", "row by row"),
        ("-", "a", "name the format"),
    ] {
        let error = rows(name, content, &TableOptions::default()).err().unwrap();
        assert!(error.to_string().contains(expected), "{error}");
    }
    let named = with(|options| options.text = vec!["word".to_owned()]);
    let mut file = rows("a.jsonl", "{\"words\":\"a\"}", &named).unwrap();
    let error = file.next_batch(10).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("no column \"word\"; name one of \"words\""),
        "{error}"
    );
}

/// Lines without an end: reading must not wait for one.
struct Endless {
    line: u64,
    rest: Vec<u8>,
}

impl Read for Endless {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.rest.is_empty() {
            self.line += 1;
            self.rest = format!("{{\"text\": \"{}\"}}\n", self.line).into_bytes();
        }
        let count = self.rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&self.rest[..count]);
        self.rest.drain(..count);
        Ok(count)
    }
}

#[test]
fn a_stream_without_an_end_is_read_one_batch_at_a_time() {
    let options = with(|options| options.format = Some(Format::JsonLines));
    let endless = Endless {
        line: 0,
        rest: Vec::new(),
    };
    let mut file = Rows::from_reader(endless, Path::new("-"), &options).unwrap();
    for start in [0, 1000, 2000] {
        let batch = file.next_batch(1000).unwrap();
        assert_eq!(batch.len(), 1000);
        assert_eq!(batch[999].text, (start + 1000).to_string());
        assert_eq!(batch[0].place.to_string(), format!("-, row {}", start + 1));
    }
}
