//! `recurrent vectorize` as its users run it: the same from every kind of file, and nothing half-written.

// What clippy.toml allows in tests does not reach the functions that tests share.
#![allow(clippy::panic, clippy::unwrap_used)]

mod check;
mod faults;
mod formats;
mod models;
#[cfg(feature = "parquet")]
mod parquet;
mod shell;

use std::fs;
use std::process::Stdio;

use serde_json::{Value, json};

use shell::{Folder, fail, feed, succeed};

const TEXTS: [&str; 6] = [
    "The film was good. The end",
    "A bad film, a BAD end!",
    "",
    "caf\u{e9} \u{85} film\u{2028}film",
    "good \"good\" \\ tab\there",
    "one more film",
];

fn lines(texts: &[&str]) -> String {
    texts.iter().map(|text| format!("{text}\n")).collect()
}

fn json_lines(texts: &[&str]) -> String {
    let line = |text| json!({ "id": [1, {"body": "no"}], "body": text }).to_string() + "\n";
    texts.iter().map(line).collect()
}

/// What the library itself makes of the texts: a row as JSON.
fn expected(config: &Value, texts: &[&str]) -> Vec<Value> {
    use recurrent_vectorizer::{Functions, Output, keras::Layer};
    // Through text, where a number has as many digits as a float needs.
    fn json(row: impl serde::Serialize) -> Value {
        serde_json::from_str(&serde_json::to_string(&row).unwrap()).unwrap()
    }
    let mut layer = Layer::from_config(&config.to_string(), None, &Functions::new()).unwrap();
    layer.adapt(texts).unwrap();
    let vectorizer = layer.vectorizer().unwrap();
    let row = |text: &&str| match vectorizer.transform(&[text]) {
        Output::Ids(matrix) => json(matrix.row(0)),
        Output::RaggedIds(rows) => json(rows.row(0)),
        Output::Dense(matrix) => json(matrix.row(0)),
        Output::Sparse(matrix) => {
            let (indices, values) = matrix.row(0).unwrap();
            json!({ "indices": json(indices), "values": json(values) })
        }
        Output::Tokens(rows) => {
            let tokens = rows.row(0).unwrap().map(String::from_utf8_lossy);
            json(tokens.collect::<Vec<_>>())
        }
        other => panic!("{other:?}"),
    };
    texts.iter().map(row).collect()
}

fn rows(text: &str) -> Vec<Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn configs() -> Vec<Value> {
    vec![
        json!({}),
        json!({"output_sequence_length": 3, "max_tokens": 6}),
        json!({"ragged": true, "ngrams": 2}),
        json!({"output_mode": null, "standardize": "lower"}),
        json!({"output_mode": "multi_hot"}),
        json!({"output_mode": "count", "max_tokens": 40, "pad_to_max_tokens": true}),
        json!({"output_mode": "tf_idf"}),
        json!({"output_mode": "tf_idf", "sparse": true, "ngrams": [1, 3]}),
    ]
}

#[test]
fn every_output_from_every_input_on_any_number_of_threads() {
    let folder = Folder::new();
    folder.write("t.txt", lines(&TEXTS).trim_end_matches('\n'));
    folder.write("dos.TXT", lines(&TEXTS).replace('\n', "\r\n"));
    folder.write("t.jsonl", json_lines(&TEXTS).replacen('\n', "\n \n", 1));
    for (number, config) in configs().iter().enumerate() {
        folder.write("config.json", config.to_string());
        let expected = expected(config, &TEXTS);
        let mut models = Vec::new();
        for (input, threads) in [
            (&["t.txt"][..], "1"),
            (&["dos.TXT"], "3"),
            (&["t.jsonl", "--field", "body"], "2"),
        ] {
            let model = format!("model-{number}-{threads}");
            let mut fit = folder.run(&["fit", "--config", "config.json", "--output", &model]);
            let said = succeed(fit.args(["--threads", threads, "--input"]).args(input));
            assert!(said.starts_with("6 texts, "), "{said}");
            models.push(folder.read(&format!("{model}/vectorizer.cbor")));
            let mut apply = folder.run(&["apply", "--model", &model, "--output", "-"]);
            let out = succeed(apply.args(["--threads", threads, "--input"]).args(input));
            assert_eq!(rows(&out), expected, "{config} {input:?}");
            let mut apply = folder.run(&["apply", "--model", &model, "--output", "out.jsonl"]);
            let said = succeed(apply.arg("--input").args(input));
            assert_eq!(said, "6 texts\n");
            assert_eq!(folder.text("out.jsonl"), out);
        }
        assert!(models.iter().all(|model| *model == models[0]), "{config}");
        // The exported configuration makes the same vectorizer again, without texts.
        let exported = format!("model-{number}-1/config.json");
        let again = ["fit", "--config", &exported, "--output", "again"];
        let said = succeed(&mut folder.run(&again));
        assert!(said.starts_with("a vocabulary of "), "{said}");
        assert!(
            folder.read("again/vectorizer.cbor") == models[0],
            "{config}"
        );
    }
}

#[test]
fn standard_input_is_a_file_like_others() {
    let folder = Folder::new();
    folder.write("config.json", "{}");
    folder.write("more.txt", "more\n");
    let fit = ["fit", "--config", "config.json", "--output", "model"];
    let mut command = folder.run(&fit);
    let out = feed(
        command.args(["--input", "-", "more.txt"]),
        lines(&TEXTS).as_bytes(),
    );
    assert!(out.starts_with("7 texts, "), "{out}");
    let apply = ["apply", "--model", "model", "--output", "-", "--input", "-"];
    let out = feed(&mut folder.run(&apply), b"film\nno such\xFFword");
    assert_eq!(out, "[3]\n[1,1]\n");
    let jsonl = ["--format", "jsonl", "--field", "t"];
    let out = feed(folder.run(&apply).args(jsonl), br#"{"t": "film film"}"#);
    assert_eq!(out, "[3,3]\n");
    let parquet = ["--format", "parquet", "--column", "t"];
    let stderr = fail(folder.run(&apply).args(parquet).stdin(Stdio::null()), 1);
    assert!(stderr.contains("standard input"), "{stderr}");
    // Nothing at all is no text.
    let mut command = folder.run(&apply);
    assert_eq!(feed(&mut command, b""), "");
}

#[test]
fn null_is_no_text_and_stays_null() {
    let folder = Folder::new();
    folder.write("config.json", "{}");
    folder.write(
        "t.ndjson",
        "{\"t\": \"a b\"}\n{\"t\": null}\n{\"t\": \"\"}\n",
    );
    let input = ["--input", "t.ndjson", "--field", "t"];
    let mut fit = folder.run(&["fit", "--config", "config.json", "--output", "model"]);
    assert!(succeed(fit.args(input)).starts_with("2 texts, 2 distinct"));
    let mut apply = folder.run(&["apply", "--model", "model", "--output", "-"]);
    assert_eq!(succeed(apply.args(input)), "[3,2]\nnull\n[]\n");
}

#[test]
fn bytes_that_are_no_text_are_kept_and_keras_does_without() {
    let folder = Folder::new();
    folder.write("config.json", "{}");
    folder.write("t.txt", b"a a \xFF\xFE\n");
    let mut fit = folder.run(&["fit", "--config", "config.json", "--output", "model"]);
    let (output, _, stderr) = shell::run(fit.args(["--input", "t.txt"]));
    assert!(output.status.success());
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    assert!(stderr.contains("no config.json for Keras"), "{stderr}");
    assert_eq!(folder.files("model"), ["vectorizer.cbor", "vocabulary.txt"]);
    assert_eq!(folder.read("model/vocabulary.txt"), b"a\n\xFF\xFE\n");
    let apply = [
        "apply", "--model", "model", "--output", "-", "--input", "t.txt",
    ];
    assert_eq!(succeed(&mut folder.run(&apply)), "[2,2,3]\n");
    // A configuration of an earlier run must not stay beside another vectorizer.
    folder.write("model/mine", "stays");
    folder.write("model/config.json", "goes");
    let mut fit = folder.run(&["fit", "--config", "config.json", "--output", "model"]);
    succeed(fit.args(["--input", "t.txt"]));
    assert_eq!(
        folder.files("model"),
        ["mine", "vectorizer.cbor", "vocabulary.txt"]
    );
    // Tokens are shown with replacement characters.
    folder.write("config.json", r#"{"output_mode": null}"#);
    let mut fit = folder.run(&["fit", "--config", "config.json", "--output", "model"]);
    succeed(fit.args(["--input", "t.txt"]));
    assert_eq!(
        succeed(&mut folder.run(&apply)),
        "[\"a\",\"a\",\"\u{FFFD}\u{FFFD}\"]\n"
    );
}

#[test]
fn a_given_vocabulary_needs_no_texts() {
    let folder = Folder::new();
    fs::create_dir(folder.path().join("sub")).unwrap();
    folder.write("sub/words", "film\nbad\n");
    folder.write(
        "sub/config.json",
        r#"{"vocabulary": "words", "max_tokens": 2}"#,
    );
    folder.write("t.txt", "bad film");
    let fit = [
        "fit",
        "--config",
        "sub/config.json",
        "--output",
        "a/b/model",
    ];
    assert_eq!(succeed(&mut folder.run(&fit)), "a vocabulary of 4 tokens\n");
    let apply = [
        "apply",
        "--model",
        "a/b/model",
        "--output",
        "-",
        "--input",
        "t.txt",
    ];
    assert_eq!(succeed(&mut folder.run(&apply)), "[3,2]\n");
    let stderr = fail(folder.run(&fit).args(["--input", "t.txt"]), 1);
    assert!(stderr.contains("made with a vocabulary"), "{stderr}");
    let stderr = fail(folder.run(&fit).args(["--counts", "c"]), 1);
    assert!(stderr.contains("sub/config.json"), "{stderr}");
    fs::remove_file(folder.path().join("sub/words")).unwrap();
    let stderr = fail(&mut folder.run(&fit), 1);
    assert!(stderr.contains("sub/words"), "{stderr}");
}

#[test]
fn merged_counts_are_those_of_the_whole() {
    let folder = Folder::new();
    for config in [json!({"max_tokens": 9}), json!({"output_mode": "tf_idf"})] {
        folder.write("config.json", config.to_string());
        folder.write("whole.txt", lines(&TEXTS));
        let config = ["--config", "config.json"];
        let mut fit = folder.run(&["fit", "--output", "whole", "--counts", "all"]);
        succeed(fit.args(config).args(["--input", "whole.txt"]));
        for (part, texts) in ["one", "two", "three"].iter().zip(TEXTS.chunks(2)) {
            folder.write("part.txt", lines(texts));
            let mut fit = folder.run(&["fit", "--counts", part, "--input", "part.txt"]);
            succeed(fit.args(config));
        }
        for order in [["one", "two", "three"], ["three", "one", "two"]] {
            let mut merge = folder.run(&["merge", "--output", "merged", "--counts", "sum"]);
            let said = succeed(merge.args(config).args(order));
            assert!(said.starts_with("6 texts, "), "{said}");
            assert!(folder.read("sum") == folder.read("all"));
            for file in ["vectorizer.cbor", "config.json", "vocabulary.txt"] {
                let [merged, whole] = ["merged", "whole"].map(|of| format!("{of}/{file}"));
                assert!(folder.read(&merged) == folder.read(&whole), "{file}");
            }
        }
    }
    // Counts of something else.
    folder.write("other.json", r#"{"standardize": null}"#);
    let merge = ["merge", "one", "--config", "other.json", "--output", "no"];
    let stderr = fail(&mut folder.run(&merge), 1);
    assert!(stderr.contains("count them again"), "{stderr}");
    let merge = [
        "merge",
        "one",
        "whole.txt",
        "--config",
        "config.json",
        "--output",
        "no",
    ];
    let stderr = fail(&mut folder.run(&merge), 1);
    assert!(stderr.contains("whole.txt cannot be merged"), "{stderr}");
    assert!(stderr.contains("because: this is not a saved"), "{stderr}");
    assert!(!folder.path().join("no").exists());
}

#[test]
fn a_limit_warns_and_does_not_depend_on_threads() {
    let folder = Folder::new();
    folder.write("config.json", "{}");
    // Several batches of words of which most come once.
    let texts: String = (0..400_000)
        .map(|word| format!("w{word} common{} x\n", word % 50))
        .collect();
    folder.write("t.txt", texts);
    let mut models = Vec::new();
    for threads in ["1", "2", "5"] {
        let mut fit = folder.run(&["fit", "--config", "config.json", "--output", "model"]);
        fit.args(["--limit", "1000", "--threads", threads, "--input", "t.txt"]);
        let (output, stdout, stderr) = shell::run(&mut fit);
        assert!(output.status.success(), "{stderr}");
        assert!(stdout.starts_with("400000 texts, "), "{stdout}");
        assert!(stderr.contains("warning: "), "{stderr}");
        models.push((folder.read("model/vectorizer.cbor"), stderr));
    }
    assert!(models.iter().all(|model| *model == models[0]));
    let terms = folder.text("model/vocabulary.txt");
    assert!(
        terms.starts_with("x\ncommon9\ncommon8\n"),
        "{}",
        &terms[..40]
    );
}

#[test]
fn many_batches_keep_their_order() {
    let folder = Folder::new();
    folder.write(
        "config.json",
        r#"{"vocabulary": ["a", "b", "c"], "output_mode": "count"}"#,
    );
    succeed(&mut folder.run(&["fit", "--config", "config.json", "--output", "model"]));
    let text = |row: usize| ["a", "b b", "c", "d"][row % 4].to_owned() + &" x".repeat(row % 3);
    let texts: String = (0..300_000).map(|row| text(row) + "\n").collect();
    folder.write("t.txt", texts);
    let outputs = ["1", "3"].map(|threads| {
        let mut apply = folder.run(&["apply", "--model", "model", "--output", "out"]);
        let said = succeed(apply.args(["--input", "t.txt", "--threads", threads]));
        assert_eq!(said, "300000 texts\n");
        folder.text("out")
    });
    assert_eq!(outputs[0], outputs[1]);
    for (row, line) in outputs[0].lines().enumerate() {
        let unknown = row % 3 + usize::from(row % 4 == 3);
        let mut columns = [unknown, 0, 0, 0];
        match row % 4 {
            0 => columns[1] = 1,
            1 => columns[2] = 2,
            2 => columns[3] = 1,
            _ => {}
        }
        let expected: Vec<_> = columns.iter().map(|&count| count as f32).collect();
        assert_eq!(line, serde_json::to_string(&expected).unwrap(), "row {row}");
    }
}

#[test]
fn errors_name_what_is_wrong_and_leave_nothing() {
    let folder = Folder::new();
    folder.write("config.json", "{}");
    folder.write("t.txt", lines(&TEXTS));
    let fit = ["fit", "--config", "config.json", "--output", "new/model"];
    let check = |arguments: &[&str], expected: &[&str]| {
        let before = folder.files(".");
        let stderr = fail(folder.run(&fit).args(arguments).stdin(Stdio::null()), 1);
        for expected in expected {
            assert!(stderr.contains(expected), "no {expected:?} in: {stderr}");
        }
        assert_eq!(folder.files("."), before);
    };
    check(&[], &["--input"]);
    check(&["--input", "no.txt"], &["no.txt"]);
    check(&["--input", "t.txt", "."], &["is a folder"]);
    check(
        &["--input", "t.txt", "--field", "x"],
        &["--field is of no use"],
    );
    check(
        &["--input", "t.txt", "--column", "x"],
        &["--column is of no use"],
    );
    folder.write("t.txt.gz", "");
    check(&["--input", "t.txt.gz"], &["compressed", "zcat t.txt.gz"]);
    folder.write("bad.jsonl", "{\"t\": \"x\"}\n\n{\"t\": 5}\n");
    check(&["--input", "bad.jsonl"], &["bad.jsonl", "--text NAME"]);
    let bad = ["bad.jsonl, line 3, column 7", "field \"t\" is a string"];
    folder.write("good.jsonl", json_lines(&TEXTS).replace("body", "t"));
    check(
        &["--input", "good.jsonl", "bad.jsonl", "--field", "t"],
        &bad,
    );
    check(
        &["--input", "bad.jsonl", "--field", "u"],
        &["line 1", "no field \"u\""],
    );
    folder.write("blank.txt", "\n !?\n");
    check(
        &["--input", "blank.txt"],
        &["2 texts received, none of which has a token"],
    );
    folder.write("empty.txt", "");
    check(&["--input", "empty.txt"], &["received no texts"]);
    for (config, expected) in [
        (r#"{"max_token": 5}"#, "unknown field `max_token`"),
        (r#"{"max_tokens": 1}"#, "greater than 1"),
        (r#"{"split": "words"}"#, "\"whitespace\""),
        (r#"{"standardize": "callable:mine"}"#, "mine"),
        ("{", "not a configuration"),
        ("\u{e9}", "not a configuration"),
    ] {
        folder.write("config.json", config);
        check(&["--input", "t.txt"], &["config.json", expected]);
    }
    folder.write("config.json", b"{\"split\": \"\xff\"}");
    check(&["--input", "t.txt"], &["config.json is not UTF-8"]);
    let stderr = fail(
        &mut folder.run(&["fit", "--config", "no.json", "--counts", "c"]),
        1,
    );
    assert!(stderr.contains("no.json"), "{stderr}");
    let stderr = fail(&mut folder.run(&["fit", "--config", "config.json"]), 2);
    assert!(stderr.contains("--out <DIR>"), "{stderr}");

    // A folder that was there keeps what it had, and gets nothing.
    folder.write("config.json", "{}");
    fs::create_dir_all(folder.path().join("new/model")).unwrap();
    folder.write("new/model/vectorizer.cbor", "of old");
    check(&["--input", "bad.jsonl", "--field", "t"], &["line 3"]);
    assert_eq!(folder.files("new/model"), ["vectorizer.cbor"]);
    assert_eq!(folder.text("new/model/vectorizer.cbor"), "of old");
    // As does a file of results.
    let apply = ["apply", "--output", "new/out", "--model"];
    let stderr = fail(
        folder.run(&apply).args(["new/model", "--input", "t.txt"]),
        1,
    );
    assert!(
        stderr.contains("vectorizer.cbor makes no vectorizer"),
        "{stderr}"
    );
    assert!(stderr.contains("because: this is not a saved"), "{stderr}");
    let stderr = fail(folder.run(&apply).args(["new", "--input", "t.txt"]), 1);
    assert!(stderr.contains("--model names a folder"), "{stderr}");
    succeed(folder.run(&fit).args(["--input", "t.txt"]));
    folder.write("new/out", "of old");
    let input = [
        "new/model",
        "--input",
        "good.jsonl",
        "bad.jsonl",
        "--field",
        "t",
    ];
    fail(folder.run(&apply).args(input), 1);
    assert_eq!(folder.files("new"), ["model", "out"]);
    assert_eq!(folder.text("new/out"), "of old");
    let apply = [
        "apply",
        "--model",
        "new/model",
        "--input",
        "t.txt",
        "--output",
        "new",
    ];
    let stderr = fail(&mut folder.run(&apply), 1);
    assert!(stderr.contains("new is a folder"), "{stderr}");
    let mut apply = apply;
    apply[6] = "nowhere/out";
    let stderr = fail(&mut folder.run(&apply), 1);
    assert!(stderr.contains("nowhere/out"), "{stderr}");
}

#[cfg(unix)]
#[test]
fn pipes_and_devices() {
    let folder = Folder::new();
    folder.write(
        "config.json",
        r#"{"vocabulary": ["a"], "output_sequence_length": 500}"#,
    );
    succeed(&mut folder.run(&["fit", "--config", "config.json", "--output", "model"]));
    folder.write("t.txt", "a b c\n".repeat(50_000));
    // What is there and is no file is written to, not replaced.
    let apply = ["apply", "--model", "model", "--input", "t.txt", "--output"];
    succeed(folder.run(&apply).arg("/dev/null"));
    assert!(!fs::metadata("/dev/null").unwrap().is_file());
    // A reader that goes away is no error.
    let mut child = folder
        .run(&apply)
        .arg("-")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    assert!(child.wait().unwrap().success());
    // Results can be read by others, as far as the user's mask allows.
    use std::os::unix::fs::PermissionsExt;
    let mode = |file: &str| {
        fs::metadata(folder.path().join(file))
            .unwrap()
            .permissions()
            .mode()
    };
    assert_eq!(mode("model/vectorizer.cbor"), mode("t.txt"));
}
