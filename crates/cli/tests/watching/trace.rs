//! `recurrent trace`.

use super::common::{fail, json, recurrent, small, succeed};
use super::models::{NETWORKS, TEXT, model, numbers, traced, with_models};

#[test]
fn the_last_belief_is_the_prediction() {
    for (network, trace) in NETWORKS.iter().zip(traced(&[TEXT])) {
        let stdout = succeed(
            recurrent()
                .arg("predict")
                .arg("--json")
                .arg("--model")
                .arg(model(network))
                .arg(TEXT),
        );
        let predicted: serde_json::Value = serde_json::from_str(&stdout).unwrap();
        assert_eq!(trace["network"], *network);
        assert_eq!(trace["label"], predicted["label"]);
        let probability = predicted["probability"].as_f64().unwrap();
        assert!((trace["probability"].as_f64().unwrap() - probability).abs() < 1e-6);
        let beliefs = numbers(&trace["beliefs"]);
        assert_eq!(beliefs.len(), 100);
        let second = if trace["label"] == trace["classes"][1] {
            probability
        } else {
            1.0 - probability
        };
        let last = match *network {
            "dense" => beliefs.iter().sum::<f64>() / 100.0,
            _ => beliefs[99],
        };
        assert!((last - second).abs() < 1e-6, "{network}: {last} {second}");
    }
}

#[test]
fn words_are_those_of_the_vectorizer() {
    for trace in traced(&[TEXT]) {
        let words: Vec<&str> = TEXT.split(' ').filter(|word| *word != "--").collect();
        assert_eq!(trace["words"], words.len());
        assert_eq!(trace["unread"], 0);
        let place = words.iter().position(|word| *word == "xylophonic").unwrap();
        assert_eq!(trace["tokens"][place], "xylophonic");
        assert_eq!(trace["tokens"][words.len() - 1], "it");
        assert_eq!(
            (&trace["ids"][place], &trace["unknown"][place]),
            (&1.into(), &true.into())
        );
        assert_eq!(trace["ids"][words.len()], 0);
        assert_eq!(trace["tokens"][words.len()], "");
    }
}

#[test]
fn states_gates_and_gradients_come_on_request() {
    let plain = traced(&[TEXT]);
    assert!(plain.iter().all(|trace| trace.get("layers").is_none()));
    let all = traced(&["--states", "--gradient", "--label", "pos", TEXT]);
    assert!(
        all[0].get("layers").is_none(),
        "the dense network has no layers through time"
    );
    let gates = [vec![], vec!["input", "forget", "output"]];
    for (trace, names) in all[1..].iter().zip(gates) {
        let layer = &trace["layers"][0];
        assert_eq!(trace["loss_label"], "pos");
        assert_eq!(layer["states"].as_array().unwrap().len(), 100);
        assert_eq!(layer["states"][0].as_array().unwrap().len(), 64);
        let found = layer
            .get("gates")
            .map_or(vec![], |gates| gates.as_array().unwrap().clone());
        let found: Vec<&str> = found
            .iter()
            .map(|gate| gate["name"].as_str().unwrap())
            .collect();
        assert_eq!(found, names);
        let gradient = numbers(&layer["gradient"]);
        assert_eq!(gradient.len(), 100);
        assert!(gradient[99] > 0.0 && gradient.iter().all(|norm| norm.is_finite()));
    }
    // The loss of the other class differs by a factor alone.
    let other = traced(&["--gradient", "--label", "neg", TEXT]);
    let ratio = |place: usize| {
        numbers(&all[2]["layers"][0]["gradient"])[place]
            / numbers(&other[2]["layers"][0]["gradient"])[place]
    };
    assert!((ratio(99) / ratio(90) - 1.0).abs() < 1e-6);
}

#[test]
fn what_is_too_long_is_said() {
    let long = "word ".repeat(130);
    for trace in traced(&[&long]) {
        assert_eq!(
            (&trace["words"], &trace["unread"]),
            (&100.into(), &30.into())
        );
    }
    let table = succeed(with_models("trace").arg(TEXT));
    assert!(table.contains("xylophonic  [UNK]"), "{table}");
    assert!(table.contains("84 steps of padding"), "{table}");
    assert!(!table.contains('\u{1b}'), "no colours in a pipe");
}

#[test]
fn curves_of_the_test_split_are_drawn() {
    let out = tempfile::tempdir().unwrap();
    let data = small();
    let mut command = with_models("trace");
    command.args(["--gradient", "--test-split", "--reviews", "40", "--dataset"]);
    let stdout = succeed(command.arg(data.path()).arg("--out").arg(out.path()));
    assert!(stdout.contains("over 40 reviews"), "{stdout}");
    let curves = json(&out.path().join("gradient.json"));
    assert_eq!(
        curves.as_object().unwrap().len(),
        2,
        "of the recurrent ones"
    );
    let by_distance = curves["lstm"]["by_distance"].as_array().unwrap();
    assert_eq!(by_distance.len(), 100);
    for quantiles in by_distance {
        let of = |name: &str| quantiles[name].as_f64().unwrap();
        assert!(of("low") <= of("median") && of("median") <= of("high"));
    }
    for name in ["gradient.svg", "gradient.png"] {
        assert!(out.path().join(name).exists());
    }
}

#[test]
fn bad_requests_name_what_is_wrong() {
    let of = |arguments: &[&str]| fail(with_models("trace").args(arguments), 1);
    let stderr = of(&["--gradient", "--label", "great", TEXT]);
    assert!(stderr.contains("\"neg\" and \"pos\""), "{stderr}");
    let both = fail(
        with_models("trace").args(["--gradient", "--test-split", "--out", "x", TEXT]),
        1,
    );
    assert!(both.contains("--test-split"), "{both}");
    // A curve of networks without time.
    let out = tempfile::tempdir().unwrap();
    let data = small();
    let mut command = recurrent();
    command
        .args(["trace", "--gradient", "--test-split", "--model"])
        .arg(model("dense"));
    let stderr = fail(
        command
            .arg("--dataset")
            .arg(data.path())
            .arg("--out")
            .arg(out.path()),
        1,
    );
    assert!(stderr.contains("recurrent"), "{stderr}");
}
