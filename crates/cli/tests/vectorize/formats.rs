//! What a file is taken for, and what is refused: nothing is read as lines of text that is none.

use std::process::Stdio;

use crate::shell::{self, Folder, fail, feed, feed_failing, succeed};

const FIT: [&str; 5] = ["fit", "--config", "config.json", "--output", "model"];

fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("config.json", "{}");
    folder
}

/// Fails with this input, and leaves nothing.
fn refused(folder: &Folder, arguments: &[&str], expected: &[&str]) {
    let stderr = fail(folder.run(&FIT).args(arguments).stdin(Stdio::null()), 1);
    for expected in expected {
        assert!(stderr.contains(expected), "no {expected:?} in: {stderr}");
    }
    assert!(!folder.path().join("model").exists());
}

const CSV: &[u8] =
    b"review,sentiment\n\"One \"\"wow\"\".<br />\nIt, is\",positive\nPlain,negative\n";
const OBJECTS: &[u8] = b"{\"text\": \"a film\", \"n\": 1}\n{\"text\": \"an end\", \"n\": 2}\n";

#[test]
fn other_formats_are_refused_by_name() {
    let folder = folder();
    for name in [
        "IMDB Dataset.csv",
        "t.TSV",
        "t.npy",
        "t.npz",
        "t.arrow",
        "t.feather",
        "t.pkl",
        "t.tgz",
        "t.tar",
        "t.zip",
        "t.7z",
        "t.lz4",
        "t.br",
        "t.xz",
        "t.bz2",
        "t.zst",
        "t.gz",
        "t.xlsx",
        "t.pdf",
        "t.db",
        "t.html",
        "t.h5",
    ] {
        folder.write(name, "the film\n");
        refused(&folder, &["--input", name], &[name, "not read here"]);
        // Whoever says that it is text anyway is believed.
        let said = succeed(folder.run(&FIT).args(["--format", "text", "--input", name]));
        assert!(said.starts_with("1 texts"), "{said}");
        std::fs::remove_dir_all(folder.path().join("model")).unwrap();
    }
}

#[test]
fn other_formats_are_refused_by_content() {
    let folder = folder();
    let utf16: Vec<u8> = "\u{feff}the film\r\nwas good\r\n"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    for (content, expected) in [
        (&b"\x1f\x8b\x08\0\0\0\0\0"[..], "compressed (gzip)"),
        (b"PK\x03\x04\x14\0", "zip archive"),
        (b"\x28\xb5\x2f\xfd\x04", "Zstandard"),
        (b"BZh91AY&SY\x01", "bzip2"),
        (b"\x93NUMPY\x01\0v\0", "NumPy"),
        (b"ARROW1\0\0\xff\xff", "Arrow"),
        (b"%PDF-1.7\n%", "PDF"),
        (b"SQLite format 3\0\x10", "SQLite"),
        (b"PAR1\x15\x04", "--format parquet"),
        (&utf16, "UTF-16"),
        (&utf16[2..], "UTF-16"),
        (&[0; 4096], "binary"),
    ] {
        folder.write("t.txt", content);
        for format in [
            &[][..],
            &["--format", "text"],
            &["--format", "jsonl", "--field", "t"],
        ] {
            let arguments = [&["--input", "t.txt"], format].concat();
            refused(&folder, &arguments, &["t.txt", expected]);
            let arguments = [&["--input", "-"], format].concat();
            let stderr = feed_failing(folder.run(&FIT).args(arguments), content);
            assert!(
                stderr.contains("standard input") && stderr.contains(expected),
                "{stderr}"
            );
        }
    }
    for (content, expected) in [
        (CSV, "a CSV table"),
        (b"id\ttext\n1\ta film\n", "a TSV table"),
        (OBJECTS, "--format jsonl"),
        (b"[{\"text\": \"a film\"}]", "jq -c '.[]'"),
    ] {
        folder.write("data", content);
        refused(&folder, &["--input", "data"], &["data", expected]);
        let stderr = feed_failing(folder.run(&FIT).args(["--input", "-"]), content);
        assert!(stderr.contains(expected), "{stderr}");
        // What is called text is text.
        folder.write("t.txt", content);
        succeed(folder.run(&FIT).args(["--input", "t.txt"]));
        std::fs::remove_dir_all(folder.path().join("model")).unwrap();
        feed(
            folder.run(&FIT).args(["--input", "-", "--format", "text"]),
            content,
        );
        std::fs::remove_dir_all(folder.path().join("model")).unwrap();
    }
}

#[test]
fn json_is_read_as_lines_if_it_is() {
    let folder = folder();
    folder.write("a.jsonl", OBJECTS);
    folder.write("b.json", [b"\xef\xbb\xbf", OBJECTS].concat());
    folder.write("array.json", "[\n {\"text\": \"a film\"}\n]\n");
    folder.write("one.json", "{\n \"text\": \"a film\"\n}\n");
    folder.write("word.json", "\"film\"\n");
    folder.write("t.txt", "a film\n");
    let field = ["--field", "text", "--input"];
    let said = succeed(folder.run(&FIT).args(field).args(["a.jsonl", "b.json"]));
    assert!(said.starts_with("4 texts, 4 distinct"), "{said}");
    let piped = [b"\xef\xbb\xbf", OBJECTS].concat();
    let said = feed(
        folder
            .run(&FIT)
            .args(field)
            .args(["-", "--format", "jsonl"]),
        &piped,
    );
    assert!(said.starts_with("2 texts, 4 distinct"), "{said}");
    std::fs::remove_dir_all(folder.path().join("model")).unwrap();
    let with = |more: &[&'static str]| [&field[..], more].concat();
    refused(
        &folder,
        &with(&["a.jsonl", "array.json"]),
        &["array.json", "jq -c '.[]' array.json"],
    );
    refused(
        &folder,
        &with(&["one.json"]),
        &["one.json, line 1", "`jq -c .`"],
    );
    refused(
        &folder,
        &with(&["word.json"]),
        &["word.json", "no JSON of objects"],
    );
    refused(
        &folder,
        &["--input", "b.json"],
        &["b.json is read as JSON lines", "--text"],
    );
    // One name for the fields of the one and the columns of the other.
    let text = ["--text", "text", "--input"];
    succeed(folder.run(&FIT).args(text).args(["a.jsonl", "b.json"]));
    std::fs::remove_dir_all(folder.path().join("model")).unwrap();
    refused(
        &folder,
        &[&text[..], &["a.jsonl", "t.txt"]].concat(),
        &["--text is of no use for t.txt", "plain text"],
    );
    // A field where there are no fields.
    refused(
        &folder,
        &with(&["a.jsonl", "t.txt"]),
        &["--field is of no use for t.txt", "plain text"],
    );
    refused(
        &folder,
        &with(&["-"]),
        &["--field is of no use for standard input", "--format jsonl"],
    );
    let column = ["--column", "text", "--field", "text", "--input", "a.jsonl"];
    refused(
        &folder,
        &column,
        &["--column is of no use for a.jsonl", "JSON lines"],
    );
    refused(&folder, &["--input", "-", "-"], &["named more than once"]);
}

#[test]
fn byte_order_marks_are_no_text() {
    let folder = folder();
    folder.write("config.json", "\u{feff}{\"vocabulary\": \"words\"}");
    folder.write("words", "\u{feff}film\r\nend\r\n");
    assert_eq!(succeed(&mut folder.run(&FIT)), "a vocabulary of 4 tokens\n");
    folder.write("t.txt", "\u{feff}film\r\nthe end");
    let apply = ["apply", "--model", "model", "--output", "-", "--input"];
    assert_eq!(succeed(folder.run(&apply).arg("t.txt")), "[2]\n[1,3]\n");
    // Bytes that are no UTF-8 are text all the same.
    folder.write("t.txt", b"film\n\xff\xfd caf\xe9 film\n");
    assert_eq!(succeed(folder.run(&apply).arg("t.txt")), "[2]\n[1,1,2]\n");
}

#[test]
fn results_are_not_written_under_the_name_of_another_format() {
    let folder = folder();
    folder.write("t.txt", "a film\n");
    succeed(folder.run(&FIT).args(["--input", "t.txt"]));
    let before = folder.files(".");
    for name in [
        "ids.csv",
        "ids.tsv",
        "ids.npy",
        "ids.jsonl.gz",
        "ids.zst",
        "ids.arrow",
        "ids.PKL",
        "ids.xlsx",
    ] {
        // Before anything is read.
        let apply = [
            "apply",
            "--model",
            "model",
            "--input",
            "no such file",
            "--output",
            name,
        ];
        let stderr = fail(&mut folder.run(&apply), 1);
        assert!(
            stderr.contains(name) && stderr.contains("promises"),
            "{stderr}"
        );
        let fit = [
            "fit",
            "--config",
            "config.json",
            "--input",
            "no such file",
            "--counts",
            name,
        ];
        let stderr = fail(&mut folder.run(&fit), 1);
        assert!(stderr.contains("name it .counts"), "{stderr}");
    }
    assert_eq!(folder.files("."), before);
    for name in ["ids", "ids.txt", "ids.json", "ids.jsonl", "ids.ndjson"] {
        succeed(&mut folder.run(&[
            "apply", "--model", "model", "--input", "t.txt", "--output", name,
        ]));
        assert_eq!(folder.text(name), "[3,2]\n");
    }
}

#[test]
fn what_python_writes_for_no_number_is_no_text() {
    let folder = folder();
    folder.write(
        "t.jsonl",
        "{\"text\": \"a film\", \"n\": NaN}\n{\"n\": -Infinity, \"text\": NaN}\n{\"text\": \"a\\u2028b\"}\n",
    );
    let input = ["--input", "t.jsonl", "--field", "text"];
    assert!(succeed(folder.run(&FIT).args(input)).starts_with("2 texts"));
    let apply = ["apply", "--model", "model", "--output", "-"];
    assert_eq!(
        succeed(folder.run(&apply).args(input)),
        "[4,2]\nnull\n[3]\n"
    );
}

#[test]
fn invalid_lines_stop_it_or_are_passed_over_and_told() {
    let folder = folder();
    folder.write("good.jsonl", "{\"text\": \"a film\"}\n");
    folder.write(
        "bad.jsonl",
        "{\"text\": \"cut \\ud83d\"}\n\n{\"text\": \"a film\"}\nno JSON\n{\"text\": 5}\n{\"other\": \"x\"}\n[]\n{\n",
    );
    let input = ["--field", "text", "--input", "good.jsonl", "bad.jsonl"];
    refused(
        &folder,
        &input,
        &[
            "bad.jsonl, line 1, column",
            "\\ud83d, a lone surrogate",
            "--skip-invalid",
        ],
    );
    for threads in ["1", "4"] {
        let mut fit = folder.run(&FIT);
        fit.args(input)
            .args(["--skip-invalid", "--threads", threads]);
        let (output, stdout, stderr) = shell::run(&mut fit);
        assert!(output.status.success(), "{stderr}");
        assert!(stdout.starts_with("2 texts, 2 distinct"), "{stdout}");
        assert!(
            stderr.contains("6 lines were skipped: bad.jsonl, line 1; bad.jsonl, line 4;"),
            "{stderr}"
        );
    }
    // Rows keep their places.
    let apply = [
        "apply",
        "--model",
        "model",
        "--output",
        "-",
        "--skip-invalid",
    ];
    let rows = succeed(folder.run(&apply).args(input));
    assert_eq!(rows, "[3,2]\nnull\n[3,2]\nnull\nnull\nnull\nnull\nnull\n");
    folder.write("nul.txt", b"a film\na\0b\n");
    let apply = [
        "apply", "--model", "model", "--output", "-", "--input", "nul.txt",
    ];
    let stderr = fail(&mut folder.run(&apply), 1);
    assert!(
        stderr.contains("nul.txt, line 2, has a NUL byte"),
        "{stderr}"
    );
    assert_eq!(
        succeed(folder.run(&apply).arg("--skip-invalid")),
        "[3,2]\nnull\n"
    );
}
