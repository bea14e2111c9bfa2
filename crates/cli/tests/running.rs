//! Runs that go on, are stopped, meet each other, or are asked for what cannot be: nothing is lost or mixed.

// What clippy.toml allows in tests does not reach the functions that tests share.
#![allow(clippy::panic, clippy::unwrap_used)]

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

mod common;

use common::{fail, json, reproduce, small, succeed};

const SMALL: [&str; 6] = ["--networks", "lstm", "--max-tokens", "40", "--length", "12"];

/// `reproduce` of a small network with further arguments.
fn run(data: &Path, out: &Path, arguments: &[&str]) -> Command {
    let mut command = reproduce(data, out, &SMALL);
    command.args(arguments);
    command
}

fn weights(out: &Path) -> Vec<u8> {
    fs::read(out.join("lstm/weights.safetensors")).unwrap()
}

/// The names of all files below a folder, sorted.
fn names(folder: &Path) -> Vec<String> {
    let mut names = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap();
                names.push(name.to_str().unwrap().to_owned());
            }
        }
    }
    names.sort();
    names
}

/// Waits until a run has kept an epoch.
fn wait_for_checkpoint(child: &mut Child, out: &Path) {
    let checkpoint = out.join("lstm/checkpoint.safetensors");
    while !checkpoint.exists() {
        assert!(child.try_wait().unwrap().is_none(), "ended before");
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn a_run_goes_on_only_from_its_own_checkpoint() {
    let (data, other) = (small(), small());
    let out = tempfile::tempdir().unwrap();
    succeed(&mut run(data.path(), out.path(), &["--epochs", "2"]));
    let trained = weights(out.path());
    let before = names(out.path());

    // As many texts, one of them another.
    let path = fs::read_dir(other.path().join("train/neg"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .min()
        .unwrap();
    fs::write(path, "another review").unwrap();
    let refused = |data: &Path, arguments: &[&str]| {
        let mut command = run(data, out.path(), arguments);
        fail(command.arg("--resume"), 1)
    };
    let stderr = refused(other.path(), &["--epochs", "3"]);
    assert!(stderr.contains("--dataset"), "{stderr}");
    let settings = [
        ("--length", "12"),
        ("--max-tokens", "40"),
        ("--seed", "0"),
        ("--epochs", "3"),
    ];
    for (option, value, expected) in [
        ("--length", "9", "--length 12 there, 9 here"),
        ("--seed", "5", "--seed 0 there, 5 here"),
        ("--max-tokens", "50", "--max-tokens 40 there, 50 here"),
        ("--epochs", "1", "of 2 epochs, and 1 are asked for"),
    ] {
        let mut command = reproduce(data.path(), out.path(), &["--networks", "lstm", "--resume"]);
        for (name, usual) in settings {
            command.args([name, if name == option { value } else { usual }]);
        }
        let stderr = fail(&mut command, 1);
        assert!(stderr.contains(expected), "{stderr}");
    }
    // Nothing of the run was touched.
    assert_eq!(weights(out.path()), trained);
    assert_eq!(names(out.path()), before);
    assert_eq!(json(&out.path().join("run.json"))["epochs"], 2);
    assert_eq!(
        json(&out.path().join("history.json"))
            .as_array()
            .unwrap()
            .len(),
        2
    );
}

#[test]
fn a_damaged_checkpoint_is_refused() {
    let (data, out) = (small(), tempfile::tempdir().unwrap());
    succeed(&mut run(data.path(), out.path(), &["--epochs", "1"]));
    let path = out.path().join("lstm/checkpoint.safetensors");
    let bytes = fs::read(&path).unwrap();
    for place in [9, 200, bytes.len() / 3, bytes.len() / 2, bytes.len() - 1] {
        let mut damaged = bytes.clone();
        damaged[place] ^= 4;
        fs::write(&path, damaged).unwrap();
        let mut command = run(data.path(), out.path(), &["--epochs", "2", "--resume"]);
        let stderr = fail(&mut command, 1);
        assert!(stderr.contains("checkpoint.safetensors"), "{stderr}");
    }
}

#[test]
fn what_cannot_be_trained_is_refused_by_name_before_anything_is_written() {
    let (data, out) = (small(), tempfile::tempdir().unwrap());
    let target = out.path().join("results");
    let mut twice = reproduce(data.path(), &target, &["--networks", "lstm,dense,lstm"]);
    let stderr = fail(&mut twice, 1);
    assert!(stderr.contains("names lstm twice"), "{stderr}");
    for split in ["train", "test"] {
        for class in ["third", "fourth"] {
            let folder = data.path().join(split).join(class);
            fs::create_dir(&folder).unwrap();
            fs::write(folder.join("0_5.txt"), "a text").unwrap();
        }
    }
    let stderr = fail(&mut run(data.path(), &target, &[]), 1);
    for name in ["4 classes", "\"neg\"", "\"pos\"", "\"third\"", "\"fourth\""] {
        assert!(stderr.contains(name), "{stderr}");
    }
    assert!(!target.exists() || names(&target).is_empty());
}

#[test]
fn equal_runs_have_equal_bytes() {
    let (data, folder) = (small(), tempfile::tempdir().unwrap());
    let [one, two] = ["one", "two"].map(|name| folder.path().join(name));
    for out in [&one, &two] {
        succeed(&mut run(data.path(), out, &["--epochs", "1"]));
    }
    assert_eq!(names(&one), names(&two));
    for name in names(&one) {
        // These two have durations, and the page and the charts of them, too.
        let timed = ["history.json", "report.html", "lstm/checkpoint.safetensors"];
        if !timed.contains(&name.as_str()) && !name.ends_with("svg") && !name.ends_with("png") {
            let [one, two] = [&one, &two].map(|out| fs::read(out.join(&name)).unwrap());
            assert!(one == two, "{name}");
        }
    }
}

/// `reproduce | head -1`: the reader takes a line and goes.
#[test]
fn a_reader_that_goes_away_ends_no_run() {
    let (data, folder) = (small(), tempfile::tempdir().unwrap());
    let [whole, piped] = ["whole", "piped"].map(|name| folder.path().join(name));
    succeed(&mut run(data.path(), &whole, &["--epochs", "2"]));
    let mut command = run(data.path(), &piped, &["--epochs", "2"]);
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    assert!(line.starts_with("Found 120 files"), "{line}");
    drop(child.stderr.take());
    assert!(child.wait().unwrap().success());
    assert_eq!(weights(&piped), weights(&whole));
    assert_eq!(names(&piped), names(&whole));
}

/// A log on a full disk: the run is kept, and ends by saying that it could not be printed.
#[test]
#[cfg(target_os = "linux")]
fn a_log_that_cannot_be_written_loses_no_epoch() {
    let (data, folder) = (small(), tempfile::tempdir().unwrap());
    let out = folder.path().join("out");
    // The first lines, before any training, end the run where they cannot be printed.
    let full = || fs::File::options().write(true).open("/dev/full").unwrap();
    let stderr = fail(run(data.path(), &out, &["--epochs", "1"]).stdout(full()), 1);
    assert!(stderr.contains("cannot be printed"), "{stderr}");
    assert!(stderr.contains("No space left"), "{stderr}");
}

#[test]
#[cfg(unix)]
fn an_interrupted_run_says_how_to_go_on_and_goes_on() {
    let (data, folder) = (small(), tempfile::tempdir().unwrap());
    let [whole, stopped] = ["whole", "stopped"].map(|name| folder.path().join(name));
    let many = ["--epochs", "60"];
    succeed(&mut run(data.path(), &whole, &many));
    for signal in ["INT", "TERM"] {
        let mut child = run(data.path(), &stopped, &many)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let _ = fs::remove_file(stopped.join("lstm/checkpoint.safetensors"));
        wait_for_checkpoint(&mut child, &stopped);
        let sent = Command::new("kill")
            .args([format!("-{signal}"), child.id().to_string()])
            .status();
        assert!(sent.unwrap().success());
        let output = child.wait_with_output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(130), "{stderr}");
        assert!(stderr.contains("--resume"), "{stderr}");
        let mut command = run(data.path(), &stopped, &many);
        succeed(command.arg("--resume"));
        assert_eq!(weights(&stopped), weights(&whole));
        assert_eq!(names(&stopped), names(&whole));
    }
}

#[test]
fn two_runs_do_not_share_a_folder() {
    let (data, out) = (small(), tempfile::tempdir().unwrap());
    let mut child = run(data.path(), out.path(), &["--epochs", "200"])
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    wait_for_checkpoint(&mut child, out.path());
    let stderr = fail(&mut run(data.path(), out.path(), &["--seed", "1"]), 1);
    assert!(stderr.contains("another process"), "{stderr}");
    child.kill().unwrap();
    child.wait().unwrap();
    succeed(&mut run(data.path(), out.path(), &["--epochs", "1"]));
}

/// A run of other networks: what describes the old run goes, its models stay.
#[test]
fn an_older_runs_description_does_not_stay_beside_new_results() {
    let (data, out) = (small(), tempfile::tempdir().unwrap());
    succeed(&mut run(data.path(), out.path(), &["--epochs", "2"]));
    let mut other = reproduce(
        data.path(),
        out.path(),
        &["--networks", "dense", "--epochs", "1", "--seed", "4"],
    );
    succeed(&mut other);
    let history = json(&out.path().join("history.json"));
    assert_eq!(history.as_array().unwrap().len(), 1);
    assert_eq!(history[0]["network"], "dense");
    assert_eq!(json(&out.path().join("run.json"))["seed"], 4);
    assert!(out.path().join("lstm/weights.safetensors").exists());
}

#[test]
fn a_quiet_run_prints_nothing_and_leaves_the_same() {
    let data = small();
    let (loud, quiet) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    succeed(&mut run(data.path(), loud.path(), &["--epochs", "1"]));
    let output = run(data.path(), quiet.path(), &["--epochs", "1", "--quiet"])
        .output()
        .unwrap();
    assert!(output.status.success());
    assert_eq!(String::from_utf8_lossy(&output.stdout), "");
    assert_eq!(weights(loud.path()), weights(quiet.path()));
    assert_eq!(names(loud.path()), names(quiet.path()));
}
