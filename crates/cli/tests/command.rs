//! The command as its users run it: what it prints, what it writes, how it exits.

// What clippy.toml allows in tests does not reach the functions that tests share.
#![allow(clippy::panic, clippy::unwrap_used)]

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

mod common;

use serde_json::Value;

use common::{datasets, fail, json, recurrent, reproduce, run, small, succeed};

/// The bytes of the trained weights.
fn weights(out: &Path, network: &str) -> Vec<u8> {
    fs::read(out.join(network).join("weights.safetensors")).unwrap()
}

#[test]
fn summaries_have_the_notebooks_totals() {
    for (network, total) in [
        ("dense", "140,609"),
        ("simple_rnn", "144,705"),
        ("lstm", "181,761"),
        ("stacked_bigru_masked", "285,441"),
    ] {
        let stdout = succeed(recurrent().args(["summary", network]));
        assert!(stdout.contains(total), "{stdout}");
    }
    let stderr = fail(recurrent().args(["summary", "gpt"]), 2);
    assert!(stderr.contains("dense and [stacked_]"), "{stderr}");
}

#[test]
fn the_notebook_in_its_order_and_its_files() {
    let (data, out) = (small(), tempfile::tempdir().unwrap());
    let stdout = succeed(&mut reproduce(
        data.path(),
        out.path(),
        &["--networks", "dense,lstm", "--epochs", "2", "--seed", "3"],
    ));
    let mut rest = stdout.as_str();
    for expected in [
        "Found 120 files belonging to 2 classes.",
        "Found 120 files belonging to 2 classes.",
        "Review ",
        "Label: ",
        "140,609",
        "Epoch 1/2",
        "loss: ",
        "Epoch 2/2",
        "181,761",
        "Epoch 2/2",
        "test acc",
        "dense ",
        "lstm ",
    ] {
        let at = rest.find(expected);
        assert!(at.is_some(), "no \"{expected}\" in its place:\n{stdout}");
        rest = &rest[at.unwrap() + expected.len()..];
    }
    assert!(!stdout.contains("SAMPLE"));

    let run = json(&out.path().join("run.json"));
    for key in [
        "recurrent",
        "burn",
        "backend",
        "threads",
        "cpu",
        "dataset_sha256",
    ] {
        assert!(!run[key].is_null(), "{key}");
    }
    assert_eq!((&run["seed"], &run["sample"]), (&3.into(), &false.into()));
    assert!(run.get("note").is_none());
    let history = json(&out.path().join("history.json"));
    let records = history.as_array().unwrap();
    assert_eq!(records.len(), 4);
    let mut keys: Vec<_> = records[0].as_object().unwrap().keys().collect();
    keys.sort();
    assert_eq!(
        keys,
        [
            "epoch",
            "network",
            "seconds",
            "test_accuracy",
            "test_loss",
            "train_accuracy",
            "train_loss"
        ]
    );
    assert_eq!(records[3]["network"], "lstm");

    // The directory of a network loads again, from anywhere.
    let moved = out.path().join("elsewhere");
    fs::rename(out.path().join("lstm"), &moved).unwrap();
    let predict = |arguments: &[&str]| {
        let mut command = recurrent();
        command.arg("predict").arg("--model").arg(&moved);
        command.args(arguments);
        command
    };
    let argument = succeed(&mut predict(&["--json", "Not bad at all."]));
    let verdict: Value = serde_json::from_str(&argument).unwrap();
    assert!(["neg", "pos"].contains(&verdict["label"].as_str().unwrap()));
    let probability = verdict["probability"].as_f64().unwrap();
    assert!((0.5..=1.0).contains(&probability));

    let mut child = predict(&["--json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(b"Not bad at all.\nA bore.\n").unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    let lines = String::from_utf8(output.stdout).unwrap();
    assert_eq!(lines.lines().count(), 2);
    assert_eq!(lines.lines().next(), Some(argument.trim_end()));

    // A vocabulary, then a description, that is not the one that was written.
    let mut words = fs::read_to_string(moved.join("vocabulary")).unwrap();
    words.push_str("word\n");
    fs::write(moved.join("vocabulary"), words).unwrap();
    let stderr = fail(&mut predict(&["x"]), 1);
    assert!(stderr.contains("vocabulary is damaged"), "{stderr}");
    let config = fs::read_to_string(moved.join("config.json")).unwrap();
    let changed = config.replace("\"max_tokens\": 1000", "\"max_tokens\": 5000");
    fs::write(moved.join("config.json"), changed).unwrap();
    let stderr = fail(&mut predict(&["x"]), 1);
    assert!(stderr.contains("changed after it was written"), "{stderr}");
    fs::write(moved.join("config.json"), config).unwrap();

    fs::remove_file(moved.join("vocabulary")).unwrap();
    let stderr = fail(&mut predict(&["x"]), 1);
    assert!(stderr.contains("vocabulary"), "{stderr}");
}

#[test]
fn the_sample_says_that_it_is_one_everywhere() {
    let out = tempfile::tempdir().unwrap();
    let mut command = recurrent();
    // No data set, no network: the sample stands in.
    let empty = tempfile::tempdir().unwrap();
    fs::copy(
        datasets().join("sample.zip"),
        empty.path().join("sample.zip"),
    )
    .unwrap();
    command.arg("reproduce").arg("--datasets").arg(empty.path());
    command.arg("--out").arg(out.path());
    command.args(["--networks", "dense", "--epochs", "1"]);
    let (output, stdout, stderr) = run(&mut command);
    assert!(output.status.success(), "{stdout}\n{stderr}");
    assert!(stderr.contains("Could not get the reviews"), "{stderr}");
    assert_eq!(stdout.matches("THIS IS THE BUNDLED SAMPLE").count(), 2);
    for file in ["run.json", "history.json", "dense/config.json"] {
        let text = fs::read_to_string(out.path().join(file)).unwrap();
        assert!(text.contains("This is the bundled sample"), "{file}");
    }
    let weights = String::from_utf8_lossy(&weights(out.path(), "dense")).into_owned();
    assert!(weights.contains("This is the bundled sample"));
    assert_eq!(json(&out.path().join("run.json"))["sample"], true);
}

#[test]
fn a_named_data_set_has_no_substitute() {
    let out = tempfile::tempdir().unwrap();
    let target = out.path().join("results");
    let stderr = fail(&mut reproduce(Path::new("no/such.zip"), &target, &[]), 1);
    assert!(stderr.contains("no/such.zip"), "{stderr}");
    let mut imdb = reproduce(Path::new("imdb"), &target, &[]);
    let stderr = fail(imdb.arg("--datasets").arg(out.path().join("empty")), 1);
    assert!(stderr.contains("imdb.zip"), "{stderr}");
    let mut mistyped = reproduce(Path::new("auto"), &target, &[]);
    let stderr = fail(mistyped.env("IMDB_ARCHIVE", "/no/such.zip"), 1);
    assert!(stderr.contains("IMDB_ARCHIVE"), "{stderr}");
    assert!(!target.exists());
}

#[test]
fn what_was_unpacked_is_removed() {
    let folder = tempfile::tempdir().unwrap();
    let archive = folder.path().join("mine.zip");
    fs::copy(datasets().join("sample.zip"), &archive).unwrap();
    let out = folder.path().join("out");
    let extracting = || {
        let mut command = reproduce(&archive, &out, &["--networks", "dense", "--epochs", "1"]);
        command.arg("--extract");
        command
            .arg("--datasets")
            .arg(folder.path().join("datasets"));
        command
    };
    let with = succeed(&mut extracting());
    assert!(!folder.path().join("datasets").exists());
    let trained = weights(&out, "dense");
    succeed(&mut reproduce(
        &archive,
        &out,
        &["--networks", "dense", "--epochs", "1"],
    ));
    assert_eq!(weights(&out, "dense"), trained);
    assert!(with.contains("Found 2000 files belonging to 2 classes."));

    // What lies there already is left alone.
    let mine = folder.path().join("datasets/imdb/mine.txt");
    fs::create_dir_all(mine.parent().unwrap()).unwrap();
    fs::write(&mine, "mine").unwrap();
    let stderr = fail(&mut extracting(), 1);
    assert!(stderr.contains("not an empty folder"), "{stderr}");
    assert_eq!(fs::read_to_string(mine).unwrap(), "mine");
}

#[test]
fn a_killed_run_resumes_to_the_same_bits() {
    const ARGUMENTS: [&str; 4] = ["--networks", "lstm", "--epochs", "8"];
    let (data, folder) = (small(), tempfile::tempdir().unwrap());
    let [whole, killed] = ["whole", "killed"].map(|name| folder.path().join(name));
    succeed(&mut reproduce(data.path(), &whole, &ARGUMENTS));

    let mut child = reproduce(data.path(), &killed, &ARGUMENTS)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let checkpoint = killed.join("lstm/checkpoint.safetensors");
    while !checkpoint.exists() {
        assert!(
            child.try_wait().unwrap().is_none(),
            "ended before its first epoch"
        );
        std::thread::sleep(Duration::from_millis(2));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(
        !killed.join("lstm/weights.safetensors").exists(),
        "ended before it was killed"
    );

    let mut resume = reproduce(data.path(), &killed, &ARGUMENTS);
    succeed(resume.arg("--resume"));
    assert_eq!(weights(&killed, "lstm"), weights(&whole, "lstm"));
    let records = json(&killed.join("history.json"));
    assert_eq!(records.as_array().unwrap().len(), 8);

    // Another seed is another run.
    let mut other = reproduce(data.path(), &killed, &ARGUMENTS);
    let stderr = fail(other.args(["--resume", "--seed", "1"]), 1);
    assert!(stderr.contains("checkpoint.safetensors"), "{stderr}");
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let (data, folder) = (small(), tempfile::tempdir().unwrap());
    let outs = ["1", "2", "5"].map(|threads| {
        let out = folder.path().join(threads);
        let arguments = ["--epochs", "1", "--networks", "dense,simple_rnn,lstm"];
        succeed(reproduce(data.path(), &out, &arguments).env("RAYON_NUM_THREADS", threads));
        out
    });
    for network in ["dense", "simple_rnn", "lstm"] {
        let [one, two, five] = outs.each_ref().map(|out| weights(out, network));
        assert!(one == two && two == five, "{network}");
    }
}

#[test]
fn verify_exits_0_1_or_2() {
    let folder = tempfile::tempdir().unwrap();
    let bad = folder.path().join("bad.safetensors");
    fs::write(&bad, "not a tensor file").unwrap();
    let stderr = fail(recurrent().arg("verify").arg(&bad), 2);
    assert!(stderr.contains("bad.safetensors"), "{stderr}");

    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../training/tests/fixtures");
    let path = fixtures.join("dense.safetensors");
    let stdout = succeed(recurrent().arg("verify").arg("--json").arg(&path));
    let report: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(report[0]["holds"], true);

    // One number of the reference changed is found.
    let mut bytes = fs::read(&path).unwrap();
    let header_length = usize::try_from(u64::from_le_bytes(bytes[..8].try_into().unwrap()));
    let data = 8 + header_length.unwrap();
    let header: Value = serde_json::from_slice(&bytes[8..data]).unwrap();
    let offset = header["after_step10/hidden/bias"]["data_offsets"][0].as_u64();
    let at = data + usize::try_from(offset.unwrap()).unwrap();
    bytes[at..at + 4].copy_from_slice(&1f32.to_le_bytes());
    fs::write(&bad, bytes).unwrap();
    let (output, stdout, _) = run(recurrent().arg("verify").arg(&bad));
    assert_eq!(output.status.code(), Some(1));
    let found: Vec<_> = stdout
        .lines()
        .filter(|line| line.contains("DIFFERS"))
        .collect();
    assert_eq!(found.len(), 1, "{stdout}");
    assert!(
        found[0].contains("weights after 10, hidden/bias"),
        "{stdout}"
    );
}

#[test]
fn the_doctor_says_what_the_kernels_run_with() {
    let said = succeed(recurrent().arg("doctor").env("RECURRENT_ISA", "portable"));
    assert!(said.contains("kernels run with portable"), "{said}");
    let said = succeed(recurrent().arg("doctor").env("RECURRENT_ISA", "abacus"));
    let ignored = "RECURRENT_ISA names abacus, which this CPU does not have: ignored";
    assert!(said.contains(ignored), "{said}");
}

#[test]
fn the_doctor_names_a_backend() {
    let stdout = succeed(recurrent().arg("doctor"));
    assert!(stdout.contains("flex    available"), "{stdout}");
}
