//! Linear models, by themselves and inside a network, and choosing without the test texts.

use std::fs;

use serde_json::Value;

use crate::common::{fail, recurrent, succeed};
use crate::{table, trained};

/// A linear model is trained, asked, followed and described by the commands that networks are, and equal ones are of equal
/// bytes.
#[test]
fn a_linear_model_is_a_model_to_every_command() {
    let (folder, model, said) = trained(&["--network", "nb_linear"]);
    assert!(
        said.contains("steps of L-BFGS") && said.contains("n-grams"),
        "{said}"
    );
    assert!(!said.contains("Epoch 1/"), "{said}");
    let text = "my parcel again and again";
    let said = succeed(recurrent().arg("predict").arg(&model).arg(text));
    assert!(said.starts_with("shipping 0."), "{said}");
    let said = succeed(
        recurrent()
            .arg("predict")
            .arg(&model)
            .args(["--json", "my Q"]),
    );
    assert!(said.contains("\"label\""), "{said}");
    let stderr = fail(recurrent().arg("predict").arg(&model).arg(" ... "), 1);
    assert!(stderr.contains("no words"), "{stderr}");
    let said = succeed(recurrent().arg("trace").arg(&model).arg(text));
    assert!(
        said.contains("after 5 words") && said.contains("parcel"),
        "{said}"
    );
    let said = succeed(
        recurrent()
            .arg("inspect")
            .arg(&model)
            .arg(table(folder.path()))
            .args(["--text", "body"]),
    );
    assert!(
        said.contains("for shipping") && said.contains("unknown n-grams "),
        "{said}"
    );
    let mut evaluate = recurrent();
    evaluate
        .arg("evaluate")
        .arg(&model)
        .arg(table(folder.path()));
    let said = succeed(evaluate.args(["--text", "body", "--label", "queue"]));
    assert!(said.contains("accuracy              1.0000"), "{said}");
    let (_other, again, _) = trained(&["--network", "nb_linear"]);
    let [one, two] =
        [&model, &again].map(|model| fs::read(model.join("weights.safetensors")).unwrap());
    assert_eq!(one, two);
    let stderr = fail(
        recurrent().args(["train", "x.csv", "--out", "y", "--network", "nb_square"]),
        2,
    );
    assert!(stderr.contains("nb_linear"), "{stderr}");
}

/// What a linear model has no use for is refused, not passed over.
#[test]
fn options_of_networks_are_refused_with_a_linear_model() {
    for options in [
        ["--length", "9"],
        ["--batch-size", "9"],
        ["--learning-rate", "0.1"],
    ] {
        let mut train = recurrent();
        train.args(["train", "x.csv", "--out", "y", "--network", "nb_linear"]);
        let stderr = fail(train.args(options), 1);
        assert!(stderr.contains(options[0]), "{stderr}");
    }
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("config.json");
    for (text, named) in [
        (r#"{"linear": {}, "label_smoothing": 0.1}"#, "smoothing"),
        (r#"{"linear": {}, "loss": "binary_cross_entropy"}"#, "loss"),
        (
            r#"{"linear": {}, "class_weight": {"given": [1, 2]}}"#,
            "2 weights for 3 classes",
        ),
        (
            r#"{"layers": [{"layer": "evidence", "widths": [1], "buckets": 9, "folds": 99}]}"#,
            "99 folds",
        ),
    ] {
        fs::write(&config, text).unwrap();
        let mut train = recurrent();
        train.arg("train").arg(table(folder.path()));
        train.args(["--text", "body", "--label", "queue", "--quiet"]);
        train.arg("--config").arg(&config);
        let out = folder.path().join("out");
        let stderr = fail(train.arg("--out").arg(&out), 1);
        assert!(stderr.contains(named), "{stderr}");
        assert!(!out.join("config.json").exists());
    }
}

/// Who chooses between configurations does not see the test texts: neither those of the input nor a share of it.
#[test]
fn test_texts_can_be_left_alone() {
    let (_folder, model, said) = trained(&["--network", "nb_linear", "--no-test"]);
    assert!(!model.join("test.json").exists());
    let evaluation = fs::read_to_string(model.join("evaluation.json")).unwrap();
    let evaluation: Value = serde_json::from_str(&evaluation).unwrap();
    assert_eq!(evaluation["split"], "validation");
    assert!(said.contains("validation: "), "{said}");
    let (_folder, tested, _) = trained(&["--network", "nb_linear"]);
    assert!(tested.join("test.json").exists());
    // They learn from the same texts.
    let [one, two] =
        [&model, &tested].map(|model| fs::read(model.join("weights.safetensors")).unwrap());
    assert_eq!(one, two);
}

/// A network that reads what linear models say is a model like any other.
#[test]
fn a_network_with_evidence_is_trained_and_resumed() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("config.json");
    let text = r#"{
        "name": "mine", "length": 9, "epochs": 2, "keep": "last", "patience": null,
        "average": 0.9, "average_warmup": true, "adversarial": 0.1,
        "layers": [
            {"layer": "ngrams", "widths": [2], "buckets": 64, "width": 3, "dropout": 0.2},
            {"layer": "recurrent", "cell": "gru", "units": 8, "reads": "both", "returns": "all"},
            {"layer": "evidence", "widths": [1, 2], "buckets": 256, "folds": 3},
            {"layer": "pool", "over": "max_and_mean"}
        ]
    }"#;
    fs::write(&config, text).unwrap();
    let table = table(folder.path());
    let train = |out: &str, options: &[&str]| {
        let mut command = recurrent();
        command
            .arg("train")
            .arg(&table)
            .args(["--text", "body", "--label", "queue", "--quiet"]);
        command.arg("--config").arg(&config).args(options);
        succeed(command.arg("--out").arg(folder.path().join(out)));
        fs::read(folder.path().join(out).join("weights.safetensors")).unwrap()
    };
    let whole = train("whole", &[]);
    train("half", &["--epochs", "1"]);
    assert_eq!(train("half", &["--resume"]), whole);
    let said = succeed(
        recurrent()
            .arg("predict")
            .arg(folder.path().join("whole"))
            .arg("my parcel again"),
    );
    assert!(said.starts_with("shipping"), "{said}");
    let said = succeed(recurrent().arg("inspect").arg(folder.path().join("whole")));
    assert!(
        said.contains("evidence (LinearEvidence)") && said.contains("ngrams (NgramEmbedding)"),
        "{said}"
    );
}
