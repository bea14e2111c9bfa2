//! `recurrent report`, and the report that `reproduce` ends with.

use std::fs;

use super::common::{fail, recurrent, succeed};
use super::{NETWORKS, json, trained};

#[test]
fn a_run_ends_with_its_report() {
    let page = fs::read_to_string(trained().join("report.html")).unwrap();
    for network in NETWORKS {
        assert!(
            page.contains(&format!("<th scope=\"row\">{network}</th>")),
            "{network}"
        );
    }
    for name in [
        "loss",
        "accuracy",
        "curves",
        "confusion",
        "calibration",
        "gradient",
        "words-1",
        "words-3",
    ] {
        for extension in ["svg", "png"] {
            let path = trained().join(format!("{name}.{extension}"));
            assert!(
                fs::metadata(&path).unwrap().len() > 500,
                "{}",
                path.display()
            );
        }
    }
    // All figures of the history's end are on the page.
    for record in json(&trained().join("history.json")).as_array().unwrap() {
        for figure in ["train_loss", "train_accuracy", "test_loss", "test_accuracy"] {
            let number = format!("{:.4}", record[figure].as_f64().unwrap());
            assert!(page.contains(&number), "{figure} {number}");
        }
    }
}

#[test]
fn the_evaluation_is_the_historys() {
    let history = json(&trained().join("history.json"));
    let last = history
        .as_array()
        .unwrap()
        .iter()
        .rfind(|record| record["network"] == "lstm")
        .unwrap();
    let evaluation = json(&trained().join("lstm/evaluation.json"));
    let labels = super::numbers(&evaluation["labels"]);
    let probabilities = super::numbers(&evaluation["probabilities"]);
    assert_eq!((labels.len(), probabilities.len()), (120, 120));
    let right = labels
        .iter()
        .zip(&probabilities)
        .filter(|(label, p)| (**p > 0.5) == (**label > 0.5));
    let accuracy = right.count() as f64 / 120.0;
    assert!((accuracy - last["test_accuracy"].as_f64().unwrap()).abs() < 1e-9);
    for review in evaluation["worst"].as_array().unwrap() {
        let p = review["probability"].as_f64().unwrap();
        assert!((p > 0.5) != (review["label"] == 1), "the worst are wrong");
    }
}

#[test]
fn a_report_is_made_again_of_several_runs() {
    let out = tempfile::tempdir().unwrap();
    let mut command = recurrent();
    command
        .arg("report")
        .args([trained(), trained()])
        .arg("--out")
        .arg(out.path());
    let stdout = succeed(&mut command);
    assert!(stdout.contains("report.html"), "{stdout}");
    let page = fs::read_to_string(out.path().join("report.html")).unwrap();
    assert!(page.contains("Report of 2 runs"));
    // Twice the same run: means with no spread.
    assert!(page.contains("± 0.0000"), "mean and spread");
    let again = fs::read(out.path().join("report.html")).unwrap();
    succeed(&mut command);
    assert_eq!(again, fs::read(out.path().join("report.html")).unwrap());
}

#[test]
fn reviews_cannot_break_out_of_the_page() {
    let out = tempfile::tempdir().unwrap();
    for name in ["run.json", "history.json"] {
        fs::copy(trained().join(name), out.path().join(name)).unwrap();
    }
    let mut evaluation = json(&trained().join("lstm/evaluation.json"));
    evaluation["worst"] = serde_json::json!([
        {"path": "<b>", "text": "</blockquote><script>alert(1)</script>", "label": 0, "probability": 1.0}
    ]);
    evaluation["traces"][0]["words"][0] = "<img src=x>".into();
    fs::create_dir(out.path().join("lstm")).unwrap();
    fs::write(
        out.path().join("lstm/evaluation.json"),
        evaluation.to_string(),
    )
    .unwrap();
    succeed(recurrent().arg("report").arg(out.path()));
    let page = fs::read_to_string(out.path().join("report.html")).unwrap();
    assert!(
        !page.contains("<script") && !page.contains("<img"),
        "escaped"
    );
}

#[test]
fn what_is_no_run_is_named() {
    let out = tempfile::tempdir().unwrap();
    let stderr = fail(recurrent().arg("report").arg(out.path()), 1);
    assert!(
        stderr.contains("run.json") && stderr.contains("reproduce"),
        "{stderr}"
    );
    fs::copy(trained().join("run.json"), out.path().join("run.json")).unwrap();
    fs::write(out.path().join("history.json"), "[]").unwrap();
    let stderr = fail(recurrent().arg("report").arg(out.path()), 1);
    assert!(stderr.contains("no epoch"), "{stderr}");
    fs::write(out.path().join("history.json"), "[{\"network\": 3}]").unwrap();
    let stderr = fail(recurrent().arg("report").arg(out.path()), 1);
    assert!(stderr.contains("history.json"), "{stderr}");
    assert!(!out.path().join("report.html").exists());
}
