//! `recurrent predict`: what texts it takes, and what it says where there is no verdict.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::common::{fail, json, recurrent, run, succeed};
use super::models::{TEXT, model, with_models};

/// `recurrent predict --model LSTM ARGUMENTS…`.
fn predict(arguments: &[&str]) -> Command {
    let mut command = recurrent();
    command.arg("predict").arg("--model").arg(model("lstm"));
    command.args(arguments);
    command
}

/// Exit status, standard output and standard error of a command that reads `input`.
fn fed(mut command: Command, input: &[u8]) -> (Option<i32>, String, String) {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    let writer = std::thread::spawn(move || {
        // It may end before it has read all.
        let _ = stdin.write_all(&input);
    });
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        output.status.code(),
        text(output.stdout),
        text(output.stderr),
    )
}

/// Verdicts on lines, as JSON.
fn verdicts(input: &[u8]) -> Vec<Value> {
    let (status, stdout, stderr) = fed(predict(&["--json"]), input);
    assert_eq!(status, Some(0), "{stderr}");
    stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn verdict(arguments: &[&str]) -> Value {
    serde_json::from_str(&succeed(predict(&["--json"]).args(arguments))).unwrap()
}

#[test]
fn bytes_that_are_no_text_end_nothing() {
    let found = verdicts(b"a good film\na caf\xe9 scene\r\n\xff\xfe\xc3(\na bad<br />film\xf0\n");
    let texts: Vec<&str> = found.iter().map(|v| v["text"].as_str().unwrap()).collect();
    assert_eq!(
        texts,
        [
            "a good film",
            "a caf\u{fffd} scene",
            "\u{fffd}\u{fffd}\u{fffd}(",
            "a bad<br />film\u{fffd}"
        ]
    );
    // As a word that the vocabulary lacks.
    let unknown = verdict(&["a xylophonic scene"]);
    assert_eq!(found[1]["probability"], unknown["probability"]);
    assert_eq!(
        found[3]["probability"],
        verdict(&["a bad xylophonic"])["probability"]
    );
    let plain = fed(predict(&[]), b"caf\xe9\n").1;
    assert!(plain.ends_with("  caf\u{fffd}\n"), "{plain}");
}

#[test]
#[cfg(unix)]
fn an_argument_need_not_be_a_text_either() {
    use std::os::unix::ffi::OsStrExt as _;
    let text = std::ffi::OsStr::from_bytes(b"a caf\xe9 scene");
    for command in ["predict", "trace"] {
        let mut command = with_lstm(command);
        let line = succeed(command.arg("--json").arg(text));
        let found: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(found["text"], "a caf\u{fffd} scene");
    }
}

pub(super) fn with_lstm(command: &str) -> Command {
    let mut process = recurrent();
    process.arg(command).arg("--model").arg(model("lstm"));
    process
}

#[test]
fn a_text_may_begin_with_a_dash() {
    let model = model("lstm");
    let model = model.to_str().unwrap();
    let words: [&[&str]; 7] = [
        &["-10 out of 10", "--model", model, "--json"],
        &["--model", model, "- bad", "--json"],
        &["--json", "--model", model, "--", "--avoid"],
        &["--model", model, "--json", "-bad"],
        &["--model", model, "--json", "-1 star"],
        &["--model", model, "--json", "good", "--", "--json"],
        &["--model", model, "--json", "--\u{a0}a dash of good"],
    ];
    for words in words {
        let expected: Vec<&str> = words
            .iter()
            .copied()
            .filter(|word| ![model, "--model", "--"].contains(word))
            .collect();
        let literal = words.iter().filter(|word| **word == "--json").count() - 1;
        let expected: Vec<&str> = expected
            .iter()
            .filter(|word| **word != "--json")
            .copied()
            .chain(std::iter::repeat_n("--json", literal))
            .collect();
        for command in ["predict", "trace"] {
            let stdout = succeed(recurrent().arg(command).args(words));
            let texts: Vec<Value> = stdout
                .lines()
                .map(|line| serde_json::from_str::<Value>(line).unwrap()["text"].take())
                .collect();
            assert_eq!(texts, expected, "{command} {words:?}");
        }
    }
    for misspelt in ["--jsn", "--models=x"] {
        let stderr = fail(predict(&[]).arg(misspelt).arg("good"), 2);
        assert!(stderr.contains("a similar argument exists"), "{stderr}");
    }
    fail(predict(&[]).args(["-j", "good"]), 2);
    fail(predict(&[]).args(["-json", "good"]), 2);
}

#[test]
fn the_name_of_a_file_gets_no_verdict() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("reviews.txt"), "a good film\n").unwrap();
    for command in ["predict", "trace"] {
        let mut command = with_lstm(command);
        let stderr = fail(command.current_dir(folder.path()).arg("reviews.txt"), 1);
        assert!(
            stderr.contains("\"reviews.txt\" is the name of a file"),
            "{stderr}"
        );
        assert!(stderr.contains("< FILE"), "{stderr}");
    }
}

#[test]
fn where_no_word_is_left_there_is_no_verdict() {
    for text in ["", "   ", "!!! -- ...", "<br /><br />"] {
        for command in ["predict", "trace"] {
            let (output, stdout, stderr) = run(with_lstm(command).arg(text));
            assert_eq!(output.status.code(), Some(1), "{text:?}");
            assert!(
                stderr.contains("nothing to classify") && stdout.is_empty(),
                "{stderr}"
            );
        }
    }
    let input = b"a good film\n\n  \n?!\na bad film\n";
    let found = verdicts(input);
    assert_eq!(found.len(), 5);
    for (place, verdict) in found.iter().enumerate() {
        let judged = [0, 4].contains(&place);
        assert_eq!(verdict["label"].is_string(), judged, "{verdict}");
        assert_eq!(verdict["probability"].is_number(), judged, "{verdict}");
        assert_eq!(verdict["reason"].is_string(), !judged, "{verdict}");
    }
    // The others are judged as without it.
    assert_eq!(found[4], verdict(&["a bad film"]));
    let (status, stdout, _) = fed(predict(&[]), input);
    assert_eq!(status, Some(0));
    assert_eq!(
        stdout.matches("-  (nothing to classify)\n").count(),
        3,
        "{stdout}"
    );
    let (status, stdout, _) = fed(with_models("trace"), b"?!\n");
    assert_eq!(
        (status, stdout.matches("nothing to classify").count()),
        (Some(0), 3)
    );
    let mut trace = with_models("trace");
    trace.arg("--json");
    let (_, stdout, _) = fed(trace, b"?!\na good film\n");
    let found: Vec<Value> = stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert!(
        found[..3]
            .iter()
            .all(|trace| trace["label"].is_null() && trace["reason"].is_string())
    );
    assert!(found[3..].iter().all(|trace| trace["label"].is_string()));
}

#[test]
fn mostly_padding_is_said_once() {
    let (_, _, stderr) = fed(predict(&[]), b"a good film\na bad film\n");
    assert_eq!(stderr.matches("padding").count() / 2, 1, "{stderr}");
    assert!(
        stderr.contains("194 of the 200") && stderr.contains("_masked"),
        "{stderr}"
    );
    let (_, _, stderr) = run(predict(&[]).arg("good ".repeat(50)));
    assert!(!stderr.contains("padding"), "{stderr}");
}

#[test]
fn who_waits_for_an_answer_gets_one() {
    let mut child = predict(&[])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    for text in ["a good film", "a bad film", "and half a li"] {
        stdin.write_all(format!("{text}\n").as_bytes()).unwrap();
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        assert!(line.ends_with(&format!("  {text}\n")), "{line}");
    }
    drop(stdin);
    assert!(child.wait().unwrap().success());
}

#[test]
fn many_lines_keep_their_order_and_each_its_own_verdict() {
    let word = |place: usize| ["good", "bad", "film", "great", "not", ""][place % 6];
    let line = |place: usize| format!("line {place} is {} {}", word(place), word(place / 6));
    let input: String = (0..1500).map(|place| line(place) + "\n").collect();
    let found = verdicts(input.as_bytes());
    assert_eq!(found.len(), 1500);
    for (place, verdict) in found.iter().enumerate() {
        assert_eq!(verdict["text"], line(place));
    }
    // In a batch or alone, it is the same.
    for place in [0, 255, 256, 1499] {
        assert_eq!(found[place], verdict(&[&line(place)]));
    }
}

#[test]
fn a_line_without_an_end_is_an_error_with_its_number() {
    let long = [
        b"a good film\n".to_vec(),
        vec![b'a'; (16 << 20) + 1],
        b"\nmore\n".to_vec(),
    ]
    .concat();
    for command in ["predict", "trace"] {
        let (status, stdout, stderr) = fed(with_lstm(command), &long);
        assert_eq!(status, Some(1), "{stderr}");
        assert!(stdout.contains("film"), "the line before has its verdict");
        assert!(
            stderr.contains("line 2") && stderr.contains("16777216"),
            "{stderr}"
        );
    }
    #[cfg(unix)]
    for command in ["predict", "trace"] {
        let mut command = with_lstm(command);
        let stderr = fail(command.stdin(fs::File::open("/dev/zero").unwrap()), 1);
        assert!(stderr.contains("line 1"), "{stderr}");
    }
    let (status, stdout, stderr) = fed(predict(&["--json"]), &long[12..12 + (16 << 20)]);
    assert_eq!(status, Some(0), "{stderr}");
    assert_eq!(stdout.lines().count(), 1);
}

#[test]
fn no_control_character_is_printed() {
    let text = "a \u{1b}]0;owned\u{7}\u{9b}31m good\u{202e} film";
    for arguments in [&[][..], &["--json"]] {
        for command in ["predict", "trace"] {
            let mut command = with_lstm(command);
            let stdout = succeed(command.args(arguments).arg(text));
            let raw = |c: char| c != '\n' && c.is_control() || c == '\u{202e}';
            assert!(!stdout.contains(raw), "{stdout:?}");
        }
    }
    assert_eq!(verdict(&[text])["text"], text);
    for arguments in [
        ["--model", "x\u{1b}[31m"],
        ["--model", "x\n  because: forged"],
    ] {
        let stderr = fail(recurrent().arg("predict").args(arguments).arg("good"), 1);
        assert!(
            !stderr.contains('\u{1b}') && stderr.lines().count() == 1,
            "{stderr:?}"
        );
    }
    let stderr = fail(predict(&[]).arg("--x=\u{1b}[31m"), 2);
    assert!(!stderr.contains("\u{1b}[31m"), "{stderr:?}");
    let stderr = fail(
        with_lstm("trace").args(["--gradient", "--label", "\u{1b}[31m", "x"]),
        1,
    );
    assert!(!stderr.contains('\u{1b}'), "{stderr:?}");
}

#[test]
fn a_reader_that_goes_away_ends_it() {
    for command in ["predict", "trace"] {
        let mut child = with_lstm(command)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let writer = std::thread::spawn(move || while stdin.write_all(b"a good film\n").is_ok() {});
        let mut first = [0; 10];
        child.stdout.take().unwrap().read_exact(&mut first).unwrap();
        let start = Instant::now();
        while child.try_wait().unwrap().is_none() {
            assert!(
                start.elapsed() < Duration::from_secs(60),
                "{command} goes on"
            );
            std::thread::sleep(Duration::from_millis(10));
        }
        assert!(child.wait().unwrap().success());
        writer.join().unwrap();
    }
}

/// A model as version 0.1 wrote it, its weights changed by `change`.
pub(super) fn legacy(network: &str, change: impl Fn(f32) -> f32) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join(network);
    fs::create_dir(&target).unwrap();
    let source = model(network);
    let config = json(&source.join("config.json"));
    // By its name and sizes, which are the notebook's.
    let network = json!({
        "network": network, "embeddings": config["network"]["embeddings"], "embedding_width": 128,
        "units": 64, "hidden": 64, "time": config["network"]["time"],
    });
    let legacy = json!({
        "network": network, "max_tokens": config["max_tokens"], "classes": config["classes"],
        "dataset": "mine", "sample": false,
    });
    fs::write(target.join("config.json"), legacy.to_string()).unwrap();
    fs::copy(source.join("vocabulary"), target.join("vocabulary")).unwrap();
    let weights = fs::read(source.join("weights.safetensors")).unwrap();
    let (length, rest) = weights.split_at(8);
    let length = u64::from_le_bytes(length.try_into().unwrap());
    let (header, data) = rest.split_at(usize::try_from(length).unwrap());
    // The checksum stands among the notes.
    let mut header: Value = serde_json::from_slice(header).unwrap();
    header.as_object_mut().unwrap().remove("__metadata__");
    let header = header.to_string();
    let header = format!("{header:width$}", width = header.len().next_multiple_of(8));
    let mut weights = (header.len() as u64).to_le_bytes().to_vec();
    weights.extend_from_slice(header.as_bytes());
    for number in data.chunks_exact(4) {
        let changed = change(f32::from_le_bytes(number.try_into().unwrap()));
        weights.extend_from_slice(&changed.to_le_bytes());
    }
    fs::write(target.join("weights.safetensors"), weights).unwrap();
    (folder, target)
}

#[test]
fn a_model_without_checksums_is_spoken_of_and_judges_as_before() {
    let (_folder, path) = legacy("lstm", |weight| weight);
    let mut command = recurrent();
    command
        .args(["predict", "--json", "--model"])
        .arg(&path)
        .arg(TEXT);
    let (output, stdout, stderr) = run(&mut command);
    assert!(output.status.success(), "{stderr}");
    assert_eq!(stderr.matches("has no checksums").count(), 1, "{stderr}");
    let found: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(found, verdict(&[TEXT]));
    let (_, _, stderr) = run(predict(&[]).arg(TEXT));
    assert!(!stderr.contains("checksums"), "{stderr}");
}

#[test]
fn what_is_no_number_is_no_verdict() {
    for network in ["dense", "lstm"] {
        let (_folder, path) = legacy(network, |weight| 3e38_f32.copysign(weight));
        for arguments in [
            &["predict"][..],
            &["predict", "--json"],
            &["trace"],
            &["trace", "--json"],
        ] {
            let mut command = recurrent();
            command.args(arguments).arg("--model").arg(&path).arg(TEXT);
            let (output, stdout, stderr) = run(&mut command);
            assert_eq!(output.status.code(), Some(1), "{arguments:?} {stdout}");
            assert!(stderr.contains("not finite"), "{stderr}");
            assert!(
                !stdout.contains("NaN") && !stdout.contains("null"),
                "{stdout}"
            );
        }
    }
}

#[test]
fn a_folder_that_is_no_model_is_named_for_what_it_is() {
    let of = |path: &Path| {
        fail(
            recurrent().arg("predict").arg("x").arg("--model").arg(path),
            1,
        )
    };
    let stderr = of(Path::new("no/such"));
    assert!(stderr.contains("no folder of a model"), "{stderr}");
    let empty = tempfile::tempdir().unwrap();
    assert!(of(empty.path()).contains("no config.json"));
    // A cause stands once.
    let (_folder, path) = legacy("lstm", |_| f32::NAN);
    let stderr = of(&path);
    assert!(!stderr.is_empty());
    for line in stderr.lines() {
        assert_eq!(
            stderr
                .matches(line.trim_start_matches("  because: "))
                .count(),
            1,
            "{stderr}"
        );
    }
}

#[test]
fn more_threads_than_there_can_be_are_refused() {
    for threads in ["20000", "100000", "99999999999999999999"] {
        for command in ["predict", "trace", "serve"] {
            let stderr = fail(with_lstm(command).env("RAYON_NUM_THREADS", threads), 1);
            assert!(
                stderr.contains("1024") && stderr.contains(threads),
                "{stderr}"
            );
        }
    }
    for threads in ["0", "many", "", "64"] {
        succeed(predict(&["good"]).env("RAYON_NUM_THREADS", threads));
    }
}
