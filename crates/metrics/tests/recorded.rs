//! Every measure against scikit-learn's numbers, which `fixtures/record.py` has recorded.

#![allow(clippy::unwrap_used)]

use recurrent_metrics::{BINS, Predictions, class_weights_balanced};
use serde_json::Value;

const TOLERANCE: f64 = 1e-12;

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(number).collect()
}

fn indices(value: &Value) -> Vec<usize> {
    serde_json::from_value(value.clone()).unwrap()
}

#[track_caller]
fn near(case: &str, field: &str, ours: impl IntoIterator<Item = f64>, theirs: &[f64]) {
    let ours: Vec<f64> = ours.into_iter().collect();
    assert_eq!(ours.len(), theirs.len(), "{case}: {field}");
    for (ours, theirs) in ours.into_iter().zip(theirs) {
        assert!(
            (ours - theirs).abs() <= TOLERANCE,
            "{case}: {field} is {ours} and not {theirs}"
        );
    }
}

fn judge(case: &Value) {
    let name = case["name"].as_str().unwrap();
    let classes = case["classes"].as_u64().unwrap() as usize;
    let labels = indices(&case["labels"]);
    let doubles = numbers(&case["probabilities"]);
    let probabilities: Vec<f32> = doubles.into_iter().map(|p| p as f32).collect();
    let predictions = Predictions::new(classes, &labels, &probabilities).unwrap();
    let report = predictions.report();
    let near = |field: &str, ours: &[f64], theirs: &[f64]| {
        near(name, field, ours.iter().copied(), theirs);
    };

    assert_eq!(
        predictions.predicted(),
        indices(&case["predicted"]),
        "{name}"
    );
    for (field, ours) in [
        ("accuracy", report.accuracy),
        ("balanced_accuracy", report.balanced_accuracy),
        ("macro_f1", report.macro_f1),
        ("weighted_f1", report.weighted_f1),
        ("log_loss", report.log_loss),
        ("brier", report.brier),
    ] {
        near(field, &[ours], &[number(&case[field])]);
    }
    assert_eq!(report.auc.is_some(), case["auc"].is_number(), "{name}: auc");
    if let Some(auc) = report.auc {
        near("auc", &[auc], &[number(&case["auc"])]);
    }

    let calibration = &report.calibration;
    let theirs = &case["calibration"];
    let error = number(&theirs["expected_error"]);
    near("expected_error", &[calibration.expected_error], &[error]);
    assert_eq!(calibration.bins.len(), BINS);
    let texts: Vec<usize> = calibration.bins.iter().map(|bin| bin.texts).collect();
    assert_eq!(texts, indices(&theirs["texts"]), "{name}: texts of bins");
    let filled = || calibration.bins.iter().filter(|bin| bin.texts > 0);
    let confidence: Vec<f64> = filled().map(|bin| bin.confidence).collect();
    near("confidence", &confidence, &numbers(&theirs["confidence"]));
    let accuracy: Vec<f64> = filled().map(|bin| bin.accuracy).collect();
    near("bins' accuracy", &accuracy, &numbers(&theirs["accuracy"]));

    let each = || report.per_class.iter();
    let precision: Vec<f64> = each().map(|class| class.precision).collect();
    near("precision", &precision, &numbers(&case["precision"]));
    let recall: Vec<f64> = each().map(|class| class.recall).collect();
    near("recall", &recall, &numbers(&case["recall"]));
    let f1: Vec<f64> = each().map(|class| class.f1).collect();
    near("f1", &f1, &numbers(&case["f1"]));
    let support: Vec<usize> = each().map(|class| class.support).collect();
    assert_eq!(support, indices(&case["support"]), "{name}: support");

    let confusion: Vec<Vec<u64>> = serde_json::from_value(case["confusion"].clone()).unwrap();
    for (class, own) in each().enumerate() {
        let column: u64 = confusion.iter().map(|row| row[class]).sum();
        assert_eq!(own.predicted as u64, column, "{name}: predicted");
    }
    assert_eq!(report.confusion, confusion, "{name}");
    assert_eq!(
        report.majority.class as u64,
        case["majority"][0].as_u64().unwrap()
    );
    let share = number(&case["majority"][1]);
    near("majority", &[report.majority.share], &[share]);

    let weights: Vec<f32> = numbers(&case["class_weights"])
        .into_iter()
        .map(|weight| weight as f32)
        .collect();
    assert_eq!(class_weights_balanced(&support), weights, "{name}");
}

#[test]
fn every_measure_is_scikit_learns() {
    let recorded: Value = serde_json::from_str(include_str!("fixtures/recorded.json")).unwrap();
    let cases = recorded["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 9);
    cases.iter().for_each(judge);
}
