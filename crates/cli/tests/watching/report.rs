//! `recurrent report`, and the report that `reproduce` ends with.

use std::fs;

use super::common::{fail, json, recurrent, succeed};
use super::models::{NETWORKS, numbers, trained};

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
    let labels = numbers(&evaluation["labels"]);
    let probabilities = numbers(&evaluation["scores"][1]);
    assert_eq!((labels.len(), probabilities.len()), (120, 120));
    let right = labels
        .iter()
        .zip(&probabilities)
        .filter(|(label, p)| (**p > 0.5) == (**label > 0.5));
    let accuracy = right.count() as f64 / 120.0;
    assert!((accuracy - last["test_accuracy"].as_f64().unwrap()).abs() < 1e-9);
    for review in evaluation["worst"].as_array().unwrap() {
        let p = review["scores"][1].as_f64().unwrap();
        assert!((p > 0.5) != (review["label"] == 1), "the worst are wrong");
    }
}

/// A copy of the trained run's description and figures, changed.
fn copied(
    change: impl FnOnce(&mut serde_json::Value, &mut serde_json::Value),
) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let [mut info, mut history] =
        ["run.json", "history.json"].map(|name| json(&trained().join(name)));
    change(&mut info, &mut history);
    for (name, value) in [("run.json", info), ("history.json", history)] {
        fs::write(folder.path().join(name), value.to_string()).unwrap();
    }
    folder
}

#[test]
fn a_report_of_several_runs_averages_seeds_alone() {
    let out = tempfile::tempdir().unwrap();
    let seed = copied(|info, history| {
        info["seed"] = 77.into();
        for record in history.as_array_mut().unwrap() {
            record["test_loss"] = 0.25.into();
        }
    });
    let tokens = copied(|info, _| info["max_tokens"] = 7777.into());
    let mut command = recurrent();
    command
        .arg("report")
        .arg(trained())
        .args([seed.path(), tokens.path()])
        .arg("--out")
        .arg(out.path());
    let stdout = succeed(&mut command);
    assert!(stdout.contains("report.html"), "{stdout}");
    let page = fs::read_to_string(out.path().join("report.html")).unwrap();
    assert!(page.contains("version of 3 runs"));
    assert!(page.contains("lstm, 7777 tokens</th>"), "a row of its own");
    // Equal figures but for the test loss.
    assert!(page.contains("± 0.0000"), "mean and spread");
    let again = fs::read(out.path().join("report.html")).unwrap();
    succeed(&mut command);
    assert_eq!(again, fs::read(out.path().join("report.html")).unwrap());
}

#[test]
fn a_run_given_twice_is_no_repetition() {
    let out = tempfile::tempdir().unwrap();
    let copy = copied(|_, _| ());
    for second in [trained(), copy.path()] {
        let mut command = recurrent();
        command.arg("report").arg(trained()).arg(second);
        let stderr = fail(command.arg("--out").arg(out.path()), 1);
        assert!(stderr.contains("are one run"), "{stderr}");
        assert!(stderr.contains(&second.display().to_string()), "{stderr}");
    }
    assert_eq!(fs::read_dir(out.path()).unwrap().count(), 0);
}

#[test]
fn text_from_outside_reaches_no_terminal_raw() {
    let out = tempfile::tempdir().unwrap();
    let folder = copied(|info, history| {
        info["dataset"] = "ok\u{1b}[31m\u{ffff}".into();
        history[0]["network"] = "ls\u{1b}]0;owned\u{7}tm".into();
    });
    let mut command = recurrent();
    command.arg("report").arg(folder.path());
    let stderr = fail(command.arg("--out").arg(out.path()), 1);
    assert!(
        !stderr.contains('\u{1b}') && stderr.contains("u{1b}"),
        "{stderr:?}"
    );
    let mut command = recurrent();
    command
        .arg("trace")
        .arg("--model")
        .arg(trained().join("lstm"));
    command.arg("--out").arg(out.path());
    command.arg("a go\u{8}od\u{1b}[31m \u{ffff}\u{9b}film \u{202e}x");
    let stdout = succeed(&mut command);
    let harmless = |c: char| c == '\n' || !(c.is_control() || c == '\u{202e}');
    assert!(stdout.chars().all(harmless), "{stdout:?}");
    assert!(out.path().join("words.png").exists());
    let svg = fs::read_to_string(out.path().join("words.svg")).unwrap();
    assert!(svg.chars().all(|c| c == '\n' || !c.is_control()));
    command.arg("--json");
    let stdout = succeed(&mut command);
    assert!(stdout.chars().all(harmless), "{stdout:?}");
    let reading: serde_json::Value = serde_json::from_str(stdout.trim()).unwrap();
    assert!(reading["text"].as_str().unwrap().contains('\u{9b}'));
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
    evaluation["traces"][0]["words"][1] = "\u{8}\u{1b}[31m\u{ffff}".into();
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
