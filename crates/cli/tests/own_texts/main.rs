//! From a table to a model that answers, by the command alone.

// What clippy.toml allows in tests does not reach the functions that tests share.
#![allow(clippy::unwrap_used)]

#[path = "../common/mod.rs"]
mod common;
mod linear;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;

use common::{fail, recurrent, succeed};

/// A table of three queues, with quotes, a line break and rows that lack something.
fn table(folder: &Path) -> PathBuf {
    let path = folder.join("tickets.csv");
    let words = [
        ("billing", "invoice"),
        ("login", "password"),
        ("shipping", "parcel"),
    ];
    let mut text = "id,body,queue\r\n".to_owned();
    for row in 0..150 {
        let (queue, word) = words[row % 3];
        write!(
            text,
            "{row},\"my {word}, \"\"again\"\"\nand so on {row}\",{queue}\r\n"
        )
        .unwrap();
    }
    text.push_str("150,,billing\r\n151,no queue,\r\n");
    fs::write(&path, text).unwrap();
    path
}

/// A model of that table.
fn trained(options: &[&str]) -> (TempDir, PathBuf, String) {
    let folder = tempfile::tempdir().unwrap();
    let model = folder.path().join("model");
    let mut command = recurrent();
    command
        .arg("train")
        .arg(table(folder.path()))
        .args(["--text", "body", "--label", "queue"])
        .args(if options.contains(&"nb_linear") {
            &[][..]
        } else {
            &["--length", "12"]
        })
        .args(options)
        .arg("--out")
        .arg(&model);
    let said = succeed(&mut command);
    (folder, model, said)
}

#[test]
fn a_table_becomes_a_model_that_answers() {
    let (folder, model, said) = trained(&["--epochs", "10"]);
    assert!(
        said.contains("accuracy") && said.contains("(always "),
        "{said}"
    );
    let report: Value =
        serde_json::from_slice(&fs::read(model.join("test.json")).unwrap()).unwrap();
    assert!(report["accuracy"].as_f64().unwrap() > 0.9, "{report}");
    let asked = succeed(
        recurrent()
            .arg("predict")
            .arg(&model)
            .arg("where is my parcel"),
    );
    assert!(asked.starts_with("shipping "), "{asked}");
    let table = folder.path().join("tickets.csv");
    let columns = ["--text", "body", "--label", "queue"];
    let mut evaluate = recurrent();
    evaluate
        .arg("evaluate")
        .arg(&model)
        .arg(&table)
        .args(columns)
        .arg("--json");
    let measured: Value = serde_json::from_str(&succeed(&mut evaluate)).unwrap();
    assert_eq!(measured["texts"], 150);
    assert!(measured["accuracy"].as_f64().unwrap() > 0.95);
    assert_eq!(measured["confusion"].as_array().unwrap().len(), 3);
    let mut inspect = recurrent();
    inspect
        .arg("inspect")
        .arg(&model)
        .arg(&table)
        .args(["--text", "body"]);
    let inspected = succeed(&mut inspect);
    assert!(inspected.contains("billing, login, shipping") && inspected.contains("unknown words"));
    // The folder is a run, too, whose report stands beside the model.
    let page = fs::read_to_string(model.join("report.html")).unwrap();
    for text in [
        "test texts correctly",
        "class by class",
        "predicted",
        "shipping",
        "validation loss",
    ] {
        assert!(page.contains(text), "{text}");
    }
    let evaluation: Value =
        serde_json::from_slice(&fs::read(model.join("evaluation.json")).unwrap()).unwrap();
    assert_eq!(evaluation["scores"].as_array().unwrap().len(), 3);
    assert_eq!(evaluation["split"], "test");
    // Padding, which is masked, is not pooled and is felt by nothing; the words before it are.
    let by_distance = evaluation["gradient"]["by_distance"].as_array().unwrap();
    let felt = |place: usize| by_distance[place]["mean"].as_f64().unwrap();
    assert!((0..by_distance.len()).any(|place| felt(place) > 0.0));
    let elsewhere = folder.path().join("report");
    succeed(
        recurrent()
            .arg("report")
            .arg(&model)
            .arg("--out")
            .arg(&elsewhere),
    );
    assert_eq!(
        fs::read_to_string(elsewhere.join("report.html")).unwrap(),
        page
    );
    assert!(elsewhere.join("confusion.png").exists());
    // Its configuration trains the same model again.
    let config = succeed(recurrent().arg("inspect").arg(&model).arg("--config"));
    let path = folder.path().join("config.json");
    fs::write(&path, config).unwrap();
    let again = folder.path().join("again");
    let mut train = recurrent();
    train.arg("train").arg(&table).args(columns);
    let said = succeed(
        train
            .arg("--config")
            .arg(&path)
            .arg("--quiet")
            .arg("--out")
            .arg(&again),
    );
    assert_eq!(said, "");
    let weights = |model: &Path| fs::read(model.join("weights.safetensors")).unwrap();
    assert!(weights(&model) == weights(&again));
}

/// The command as it is built by default reads Parquet.
#[test]
#[cfg(feature = "parquet")]
fn a_parquet_file_is_trained_on() {
    use std::sync::Arc;

    use arrow_array::{ArrayRef, Int64Array, RecordBatch, StringArray};
    use parquet::arrow::ArrowWriter;

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tickets.parquet");
    let texts = (0..60).map(|row| format!("my {} {row}", ["invoice", "parcel"][row % 2]));
    let columns: [(&str, ArrayRef); 2] = [
        ("body", Arc::new(StringArray::from_iter_values(texts))),
        (
            "label",
            Arc::new(Int64Array::from_iter_values((0..60).map(|row| row % 2))),
        ),
    ];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let file = fs::File::create(&path).unwrap();
    let mut writer = ArrowWriter::try_new(file, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    let model = folder.path().join("model");
    let mut command = recurrent();
    command
        .arg("train")
        .arg(&path)
        .args(["--epochs", "8", "--length", "6", "--out"]);
    succeed(command.arg(&model));
    let asked = succeed(recurrent().arg("predict").arg(&model).arg("a parcel"));
    assert!(asked.starts_with("1 "), "{asked}");
}

#[test]
fn what_cannot_be_trained_on_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let table = table(folder.path());
    let out = folder.path().join("model");
    let train = |options: &[&str]| {
        let mut command = recurrent();
        command
            .arg("train")
            .arg(&table)
            .args(options)
            .arg("--out")
            .arg(&out);
        fail(&mut command, 1)
    };
    let stderr = train(&["--text", "text", "--label", "queue"]);
    assert!(
        stderr.contains("body") && stderr.contains("queue"),
        "{stderr}"
    );
    let config = folder.path().join("config.json");
    fs::write(&config, r#"{"epoch": 3}"#).unwrap();
    let named = [
        "--text",
        "body",
        "--label",
        "queue",
        "--config",
        config.to_str().unwrap(),
    ];
    let stderr = train(&named);
    assert!(
        stderr.contains("epoch") && stderr.contains("config.json"),
        "{stderr}"
    );
    fs::write(
        &config,
        r#"{"layers": [{"layer": "pool", "over": "max"}, {"layer": "pool", "over": "max"}]}"#,
    )
    .unwrap();
    let stderr = train(&named);
    assert!(stderr.contains("pool_1"), "{stderr}");
    assert!(!out.join("config.json").exists());
    // Labels that the model does not know are no reason to guess.
    let (folder, model, _) = trained(&["--epochs", "1"]);
    let other = folder.path().join("other.csv");
    fs::write(&other, "body,queue\nhello,returns\n").unwrap();
    let stderr = fail(recurrent().arg("evaluate").arg(&model).arg(&other), 1);
    assert!(stderr.contains("returns"), "{stderr}");
}

/// The first Ctrl-C ends the training after its epoch, and the model is there.
#[test]
#[cfg(unix)]
fn a_training_that_is_told_to_stop_keeps_what_there_is() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("model");
    let mut command = recurrent();
    command
        .arg("train")
        .arg(table(folder.path()))
        .args(["--text", "body", "--label", "queue", "--length", "12"])
        .args(["--epochs", "100000", "--patience", "100000", "--out"])
        .arg(&out)
        .stdout(std::process::Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut said = std::io::BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    while !line.starts_with("Epoch 2/") {
        line.clear();
        assert!(std::io::BufRead::read_line(&mut said, &mut line).unwrap() > 0);
    }
    let id = child.id().to_string();
    let killed = std::process::Command::new("kill")
        .args(["-INT", &id])
        .status()
        .unwrap();
    assert!(killed.success());
    let mut rest = String::new();
    std::io::Read::read_to_string(&mut said, &mut rest).unwrap();
    assert!(child.wait().unwrap().success());
    assert!(rest.contains("The weights are those of epoch"), "{rest}");
    succeed(recurrent().arg("predict").arg(&out).arg("my parcel"));
}

#[test]
fn the_bundled_sample_is_trained_on_by_its_name_and_says_that_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let mut train = recurrent();
    train
        .args([
            "train",
            "sample",
            "--recipe",
            "fast",
            "--epochs",
            "1",
            "--data-dir",
        ])
        .arg(common::datasets())
        .arg("--out")
        .arg(folder.path());
    let said = succeed(&mut train);
    assert!(said.contains("THE BUNDLED SAMPLE"), "{said}");
    let config = fs::read_to_string(folder.path().join("config.json")).unwrap();
    assert!(
        config.contains("\"gru_masked\"") && config.contains("\"sample\": true"),
        "{config}"
    );
    let page = fs::read_to_string(folder.path().join("report.html")).unwrap();
    assert!(page.contains("bundled sample"));
    let stderr = fail(
        recurrent().args(["train", "sample", "--recipe", "worst", "--out", "x"]),
        2,
    );
    assert!(
        stderr.contains("standard (") && stderr.contains("nb_linear ("),
        "{stderr}"
    );
}

/// Seeds are averaged, whatever split they made; other settings stand side by side; and no folder holds two kinds of run.
#[test]
fn trainings_are_compared_for_what_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let table = table(folder.path());
    let train = |out: &str, options: &[&str]| {
        let mut command = recurrent();
        command
            .arg("train")
            .arg(&table)
            .args(["--text", "body", "--label", "queue"]);
        command
            .args(["--length", "8", "--epochs", "1", "--quiet"])
            .args(options);
        succeed(command.arg("--out").arg(folder.path().join(out)));
        folder.path().join(out)
    };
    let runs = [
        train("a", &[]),
        train("b", &["--seed", "1"]),
        train("c", &["--learning-rate", "0.01"]),
    ];
    let out = folder.path().join("report");
    succeed(recurrent().arg("report").args(&runs).arg("--out").arg(&out));
    let page = fs::read_to_string(out.join("report.html")).unwrap();
    assert_eq!(
        page.matches("<th scope=\"row\">classifier, settings")
            .count(),
        2 * 2
    );
    assert!(
        page.contains("<td>2</td><td>1</td>"),
        "two runs are averaged"
    );
    let taken = fail(
        recurrent()
            .args(["reproduce", "--out"])
            .arg(&runs[0])
            .args(["--dataset", "sample"])
            .arg("--data-dir")
            .arg(common::datasets()),
        1,
    );
    assert!(taken.contains("holds a model"), "{taken}");
    let mut ignored = recurrent();
    ignored
        .args(["train", "sample", "--label", "queue", "--out"])
        .arg(folder.path().join("d"));
    assert!(fail(&mut ignored, 1).contains("--label is for tables"));
}
