//! Two models of one kind, told apart everywhere.

use serde_json::{Value, json};

use super::common::{fail, json, recurrent, small, succeed};
use super::models::{LABELS, TEXT, alike, traced_both, with_both};
use super::server::Server;

/// What `predict` says of `TEXT` with each.
fn verdicts() -> [Value; 2] {
    alike().map(|model| {
        let mut command = recurrent();
        command
            .args(["predict", "--json", "--model"])
            .arg(model)
            .arg(TEXT);
        serde_json::from_str(&succeed(&mut command)).unwrap()
    })
}

fn check(readings: &[Value]) {
    assert_eq!(readings.len(), 2);
    for ((reading, label), verdict) in readings.iter().zip(LABELS).zip(verdicts()) {
        assert_eq!(
            (&reading["model"], &reading["network"]),
            (&json!(label), &json!("lstm"))
        );
        assert_eq!(reading["label"], verdict["label"]);
        let [found, expected] = [reading, &verdict].map(|v| v["probability"].as_f64().unwrap());
        assert!((found - expected).abs() < 1e-6);
    }
    assert_ne!(readings[0]["probability"], readings[1]["probability"]);
}

#[test]
fn trace_names_both() {
    check(&traced_both(TEXT));
    let out = tempfile::tempdir().unwrap();
    let table = succeed(with_both("trace").arg(TEXT).arg("--out").arg(out.path()));
    let picture = std::fs::read_to_string(out.path().join("words.svg")).unwrap();
    for label in LABELS {
        assert!(table.contains(&format!("{label}: ")), "{table}");
        assert!(picture.contains(label), "{label}");
    }
}

#[test]
fn both_curves_are_drawn_and_written() {
    let (data, out) = (small(), tempfile::tempdir().unwrap());
    let mut command = with_both("trace");
    command.args(["--gradient", "--test-split", "--reviews", "20", "--dataset"]);
    let stdout = succeed(command.arg(data.path()).arg("--out").arg(out.path()));
    let curves = json(&out.path().join("gradient.json"));
    assert_eq!(curves.as_object().unwrap().len(), 2);
    let picture = std::fs::read_to_string(out.path().join("gradient.svg")).unwrap();
    for label in LABELS {
        assert_eq!(curves[label]["texts"], 20, "{label}");
        assert!(stdout.contains(label) && picture.contains(label), "{label}");
    }
    assert_ne!(curves[LABELS[0]], curves[LABELS[1]]);
}

#[test]
fn serve_tells_them_apart() {
    let server = Server::of(with_both("serve"));
    let (status, answer) = server.ask(json!({"text": TEXT}).to_string().as_bytes());
    assert_eq!(status, 200);
    check(answer.as_array().unwrap());
    let (_, _, models) = server.get("/api/models");
    let models: Value = serde_json::from_str(&models).unwrap();
    let found: Vec<&Value> = models
        .as_array()
        .unwrap()
        .iter()
        .map(|m| &m["model"])
        .collect();
    assert_eq!(found, LABELS);
}

#[test]
fn one_folder_twice_is_refused() {
    let [model, _] = alike();
    for command in ["trace", "serve"] {
        let mut process = recurrent();
        process.arg(command).arg("--model").arg(&model);
        // By another name.
        let again = model.join("..").join("lstm");
        let stderr = fail(process.arg("--model").arg(again), 1);
        assert!(stderr.contains("named twice"), "{stderr}");
    }
}
