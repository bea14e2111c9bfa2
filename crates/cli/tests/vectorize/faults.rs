//! Inputs without end, outputs that are inputs, runs that are killed or that meet another: a clear error, and
//! everything as it was.

use std::fs;
use std::process::Stdio;

use crate::shell::{self, Folder, fail, succeed};

const FIT: [&str; 5] = ["fit", "--config", "config.json", "--output", "model"];
const APPLY: [&str; 3] = ["apply", "--model", "model"];

/// A folder with a configuration, texts, and a vectorizer of them.
fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("config.json", "{}");
    folder.write("t.txt", "a film\n");
    succeed(folder.run(&FIT).args(["--input", "t.txt"]));
    folder
}

/// Fails, says this, and leaves every file as it was.
fn refused(folder: &Folder, arguments: &[&str], expected: &str) {
    let contents = || -> Vec<(String, Vec<u8>)> {
        let names = folder.files(".").into_iter();
        let names = names.chain(
            folder
                .files("model")
                .into_iter()
                .map(|name| format!("model/{name}")),
        );
        let files = names.filter(|name| folder.path().join(name).is_file());
        files
            .map(|name| (name.clone(), folder.read(&name)))
            .collect()
    };
    let before = contents();
    let stderr = fail(folder.run(arguments).stdin(Stdio::null()), 1);
    assert!(stderr.contains(expected), "no {expected:?} in: {stderr}");
    assert!(!stderr.contains("panicked"), "{stderr}");
    assert!(contents() == before, "{arguments:?}");
}

#[test]
fn an_output_is_no_input() {
    let folder = folder();
    folder.write("words", "film\n");
    folder.write("given.json", r#"{"vocabulary": "words"}"#);
    fs::hard_link(folder.path().join("t.txt"), folder.path().join("hard")).unwrap();
    let same = "is the same file";
    let fit = ["fit", "--config", "config.json", "--input", "t.txt"];
    let with = |more: &[&'static str]| [&fit[..], more].concat();
    refused(&folder, &with(&["--counts", "t.txt"]), same);
    refused(&folder, &with(&["--counts", "hard"]), same);
    refused(&folder, &with(&["--counts", "./model/../t.txt"]), same);
    refused(&folder, &with(&["--counts", "config.json"]), same);
    refused(
        &folder,
        &with(&["--counts", "model/vectorizer.cbor", "--output", "model"]),
        "two results",
    );
    refused(
        &folder,
        &[
            "fit",
            "--config",
            "config.json",
            "--input",
            "model/vocabulary.txt",
            "--output",
            "model",
        ],
        same,
    );
    refused(
        &folder,
        &[
            "fit",
            "--config",
            "model/config.json",
            "--input",
            "t.txt",
            "--output",
            "model",
        ],
        same,
    );
    refused(
        &folder,
        &["fit", "--config", "given.json", "--counts", "words"],
        same,
    );
    folder.write("c", "");
    refused(
        &folder,
        &["merge", "c", "--config", "config.json", "--counts", "c"],
        same,
    );
    let apply =
        |output: &'static str| [&APPLY[..], &["--input", "t.txt", "--output", output]].concat();
    for output in [
        "t.txt",
        "hard",
        "model/vectorizer.cbor",
        "model/config.json",
        "model/vocabulary.txt",
    ] {
        refused(&folder, &apply(output), same);
    }
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("t.txt", folder.path().join("link")).unwrap();
        refused(&folder, &apply("link"), same);
        // What the shell opened is a file, too.
        let open = |append| {
            fs::File::options()
                .read(true)
                .append(append)
                .open(folder.path().join("t.txt"))
        };
        let mut command =
            folder.run(&[&APPLY[..], &["--input", "t.txt", "--output", "-"]].concat());
        let output = command.stdout(open(true).unwrap()).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        let mut command =
            folder.run(&[&APPLY[..], &["--input", "-", "--output", "t.txt"]].concat());
        let output = command.stdin(open(false).unwrap()).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert_eq!(folder.text("t.txt"), "a film\n");
    }
}

#[test]
fn lines_have_a_bound() {
    let folder = folder();
    let mut long = b"short\n".to_vec();
    long.resize((1 << 24) + 10, b'a');
    folder.write("long.txt", &long);
    let arguments = [&APPLY[..], &["--output", "out", "--input", "long.txt"]].concat();
    refused(
        &folder,
        &arguments,
        "long.txt, line 2, has more than 16777216 bytes",
    );
    long.truncate((1 << 24) + 6);
    folder.write("long.txt", &long);
    succeed(&mut folder.run(&arguments));
}

#[cfg(unix)]
#[test]
fn what_has_no_end_is_given_up() {
    let folder = folder();
    refused(
        &folder,
        &[&FIT[..], &["--input", "/dev/zero"]].concat(),
        "/dev/zero",
    );
    refused(
        &folder,
        &[
            "fit",
            "--config",
            "/dev/zero",
            "--output",
            "m",
            "--input",
            "t.txt",
        ],
        "/dev/zero has more than",
    );
    refused(
        &folder,
        &[
            "merge",
            "/dev/zero",
            "--config",
            "config.json",
            "--output",
            "m",
        ],
        "/dev/zero has more than",
    );
    folder.write("given.json", r#"{"vocabulary": "/dev/zero"}"#);
    refused(
        &folder,
        &["fit", "--config", "given.json", "--output", "m"],
        "/dev/zero has more than",
    );
    let stderr = fail(&mut folder.run(&["check", "/dev/zero"]), 2);
    assert!(stderr.contains("/dev/zero has more than"), "{stderr}");
}

#[test]
fn rows_and_threads_have_a_bound() {
    let folder = folder();
    for threads in ["0", "1025", "100000"] {
        let arguments = [&FIT[..], &["--input", "t.txt", "--threads", threads]].concat();
        let stderr = fail(&mut folder.run(&arguments), 2);
        assert!(stderr.contains("--threads"), "{stderr}");
    }
    succeed(
        folder
            .run(&FIT)
            .args(["--input", "t.txt", "--threads", "1024"]),
    );
    folder.write(
        "wide.json",
        r#"{"max_tokens": 2000000000, "pad_to_max_tokens": true, "output_mode": "count"}"#,
    );
    let mut fit = folder.run(&[
        "fit",
        "--config",
        "wide.json",
        "--output",
        "model",
        "--input",
        "t.txt",
    ]);
    succeed(&mut fit);
    let arguments = [&APPLY[..], &["--output", "out", "--input", "t.txt"]].concat();
    refused(&folder, &arguments, "a row would have 2000000000 numbers");
}

/// Threads that the system refuses: an error, no panic.
#[cfg(target_os = "linux")]
#[test]
fn threads_that_cannot_be_started_are_an_error() {
    let folder = folder();
    // Address space for some stacks of a gibibyte, not for a thousand; what is left is enough for everything else.
    let program = env!("CARGO_BIN_EXE_recurrent");
    let command = format!(
        "ulimit -v 13107200; exec '{program}' vectorize apply --model model --input t.txt --output out --threads 1024"
    );
    let output = std::process::Command::new("sh")
        .args(["-c", &command])
        .env("RUST_MIN_STACK", (1u32 << 30).to_string())
        .env("RAYON_NUM_THREADS", "2")
        .current_dir(folder.path())
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(
        stderr.contains("1024 threads cannot be started"),
        "{stderr}"
    );
    assert!(!folder.path().join("out").exists());
}

#[cfg(unix)]
#[test]
fn a_pipe_is_no_parquet() {
    let folder = folder();
    let made = std::process::Command::new("mkfifo")
        .arg(folder.path().join("pipe.parquet"))
        .status();
    assert!(made.unwrap().success());
    let parquet = ["--column", "text", "--input", "pipe.parquet"];
    if cfg!(feature = "parquet") {
        refused(
            &folder,
            &[&FIT[..], &parquet].concat(),
            "Parquet is read from its end, which pipe.parquet",
        );
        let stdin = ["--format", "parquet", "--column", "text", "--input", "-"];
        refused(
            &folder,
            &[&FIT[..], &stdin].concat(),
            "which standard input does not have",
        );
    }
}

/// Starts the command with standard input open, and waits until it reads that.
#[cfg(target_os = "linux")]
fn reading(folder: &Folder, arguments: &[&str]) -> std::process::Child {
    use std::io::Write;
    let mut command = folder.run(arguments);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let stdin = child.stdin.as_mut().unwrap();
    // More than a pipe holds: it is written when most of it is read.
    stdin.write_all(&b"a film\n".repeat(40_000)).unwrap();
    child
}

#[cfg(target_os = "linux")]
#[test]
fn a_run_that_is_killed_leaves_nothing() {
    let folder = folder();
    let before = folder.files(".");
    let fit = [
        "fit",
        "--config",
        "config.json",
        "--input",
        "-",
        "--counts",
        "c",
    ];
    let apply = [&APPLY[..], &["--input", "-", "--output", "out"]].concat();
    for arguments in [&fit[..], &apply] {
        let mut child = reading(&folder, arguments);
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(folder.files("."), before);
    }
    // What is left where a file has to have a name goes with the next run.
    folder.write(".c.aIN1Cq", "left");
    folder.write("model/.config.json.aIN1Cq", "left");
    succeed(folder.run(&FIT).args(["--counts", "c", "--input", "t.txt"]));
    assert_eq!(folder.files("."), ["c", "config.json", "model", "t.txt"]);
    assert_eq!(
        folder.files("model"),
        ["config.json", "vectorizer.cbor", "vocabulary.txt"]
    );
}

#[cfg(target_os = "linux")]
#[test]
fn two_runs_do_not_write_into_one_folder() {
    let folder = folder();
    let mut child = reading(&folder, &[&FIT[..], &["--input", "-"]].concat());
    refused(
        &folder,
        &[&FIT[..], &["--input", "t.txt"]].concat(),
        "another process is writing into model",
    );
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
    succeed(folder.run(&FIT).args(["--input", "t.txt"]));
}

#[test]
fn a_folder_in_the_way_leaves_all_files_as_they_were() {
    let folder = folder();
    folder.write("more.txt", "other words\n");
    fs::remove_file(folder.path().join("model/vectorizer.cbor")).unwrap();
    fs::create_dir(folder.path().join("model/vectorizer.cbor")).unwrap();
    refused(
        &folder,
        &[&FIT[..], &["--input", "more.txt"]].concat(),
        "vectorizer.cbor",
    );
    assert_eq!(folder.text("model/vocabulary.txt"), "film\na\n");
}

#[test]
fn parts_of_two_vectorizers_are_noticed() {
    let folder = folder();
    let apply = [&APPLY[..], &["--output", "-", "--input", "t.txt"]].concat();
    let (_, rows, stderr) = shell::run(&mut folder.run(&apply));
    assert_eq!((rows.as_str(), stderr.as_str()), ("[3,2]\n", ""));
    folder.write("more.txt", "other words here\n");
    succeed(&mut folder.run(&[
        "fit",
        "--config",
        "config.json",
        "--output",
        "other",
        "--input",
        "more.txt",
    ]));
    for name in ["config.json", "vocabulary.txt"] {
        let [mine, other] = ["model", "other"].map(|of| format!("{of}/{name}"));
        let right = folder.read(&mine);
        folder.write(&mine, folder.read(&other));
        let (output, rows, stderr) = shell::run(&mut folder.run(&apply));
        assert!(output.status.success(), "{stderr}");
        assert_eq!(rows, "[3,2]\n");
        assert!(
            stderr.contains(&format!("{mine} is of another vectorizer")),
            "{stderr}"
        );
        folder.write(&mine, right);
    }
}

#[test]
fn messages_are_short_and_have_no_control_characters() {
    let folder = folder();
    let long = "x\u{1b}".repeat(100_000);
    let escaped = "x\\u001b".repeat(100_000);
    for config in [
        format!("{{\"{escaped}\": 1}}"),
        format!("{{\"split\": \"{escaped}\"}}"),
        format!("{{\"max_tokens\": \"{escaped}\"}}"),
        format!("{{\"standardize\": \"callable:{escaped}\"}}"),
        format!("{{\"vocabulary\": [\"{escaped}\", \"{escaped}\"]}}"),
        format!("{{\"vocabulary\": [\"{escaped}\", 5, {{\"{escaped}\": []}}]}}"),
        format!("{{\"vocabulary\": \"{escaped}\", \"output_mode\": \"tf_idf\"}}"),
        format!("{{\"ngrams\": [{}]}}", "0,".repeat(100_000) + "1"),
        format!("\"{escaped}\""),
    ] {
        folder.write("bad.json", config);
        short(&fail(
            &mut folder.run(&["fit", "--config", "bad.json", "--output", "m"]),
            1,
        ));
    }
    folder.write("bad.json", r#"{"vocabulary": "words"}"#);
    folder.write("words", format!("{long}\n{long}\n"));
    short(&fail(
        &mut folder.run(&["fit", "--config", "bad.json", "--output", "m"]),
        1,
    ));
    for line in [
        format!("{{\"text\": [\"{escaped}\"]}}"),
        format!("\"{escaped}\""),
        format!("{{\"text\": \"\\ud83d{escaped}\"}}"),
    ] {
        folder.write("bad.jsonl", line);
        short(&fail(
            folder
                .run(&FIT)
                .args(["--input", "bad.jsonl", "--field", "text"]),
            1,
        ));
    }
    let (_, stdout, stderr) = {
        let case =
            format!("{{\"name\": \"{escaped}\", \"config\": {{}}, \"inputs\": [\"{escaped}\"]}}");
        folder.write("case.json", case);
        shell::run(&mut folder.run(&["check", "case.json"]))
    };
    short(&(stdout + &stderr));
    folder.write("config.json", r#"{"max_tokens": 2}"#);
    let stderr = fail(folder.run(&FIT).args(["--input", "t.txt"]), 1);
    assert!(
        stderr.contains("`max_tokens` is 2") && !stderr.contains("Some"),
        "{stderr}"
    );
}

fn short(said: &str) {
    assert!(said.len() < 1500, "{} bytes: {}", said.len(), &said[..1500]);
    let control = |character: char| character.is_control() && character != '\n';
    assert!(!said.contains(control), "{said:?}");
    // Each cause stands there once.
    for line in said.lines().filter(|line| line.len() > 60) {
        assert_eq!(said.matches(line.trim_start()).count(), 1, "{said}");
    }
}
