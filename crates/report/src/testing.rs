//! Runs for tests.

use recurrent_runs::{
    EpochRecord, Evaluation, GradientCurve, JudgedReview, Quantiles, RunInfo, TracedReview, VERSION,
};

use crate::Run;

/// A run of two epochs of an LSTM, whose figures follow from its seed.
pub(crate) fn run(seed: u64) -> Run {
    let off = seed as f64 / 100.0;
    let history = (1..=2).map(|epoch| EpochRecord {
        network: "lstm".to_owned(),
        epoch,
        train_loss: 0.7 - 0.1 * epoch as f64 + off,
        train_accuracy: 0.6 + off,
        test_loss: 0.68 - 0.08 * epoch as f64 + off,
        test_accuracy: 0.5 + off,
        seconds: 1.5,
        note: None,
    });
    Run {
        folder: format!("runs/seed-{seed}").into(),
        info: RunInfo {
            version: VERSION,
            recurrent: "0.1.0".to_owned(),
            burn: "0.22.1".to_owned(),
            backend: "flex".to_owned(),
            threads: 2,
            cpu: "a processor".to_owned(),
            isa: "avx2".to_owned(),
            seed,
            held_out: "test".to_owned(),
            epochs: 2,
            max_tokens: 40,
            length: 12,
            dataset: "ok".to_owned(),
            dataset_sha256: "ab".repeat(32),
            vectorizer_sha256: "cd".repeat(32),
            config_sha256: String::new(),
            sample: false,
            networks: vec!["lstm".to_owned()],
            commit: Some("1234abcd9999".to_owned()),
            note: None,
        },
        history: history.collect(),
        evaluations: [("lstm".to_owned(), evaluation("lstm"))].into(),
        left_out: Vec::new(),
    }
}

/// An evaluation of four reviews, half of them right.
pub(crate) fn evaluation(network: &str) -> Evaluation {
    Evaluation {
        version: VERSION,
        run: String::new(),
        model: String::new(),
        network: network.to_owned(),
        parameters: 100,
        split: "test".to_owned(),
        classes: vec!["neg".to_owned(), "pos".to_owned()],
        labels: vec![0, 0, 1, 1],
        scores: vec![vec![0.8, 0.2, 0.6, 0.1], vec![0.2, 0.8, 0.4, 0.9]],
        worst: vec![JudgedReview {
            path: "neg/1_2.txt".to_owned(),
            text: "the film was bad".to_owned(),
            label: 0,
            scores: vec![0.2, 0.8],
        }],
        traces: vec![TracedReview {
            path: "pos/1_9.txt".to_owned(),
            label: Some(1),
            words: ["the", "film", "was", "good"].map(str::to_owned).into(),
            unknown: vec![false, true, false, false],
            padding: 8,
            beliefs_of: 1,
            beliefs: vec![0.5, 0.55, 0.4, 0.9],
            scores: vec![0.4, 0.6],
        }],
        gradient: Some(GradientCurve {
            texts: 4,
            by_distance: (0..5)
                .map(|step| {
                    let norm = 0.1f64.powi(step);
                    Quantiles {
                        mean: norm,
                        low: norm / 2.0,
                        median: norm,
                        high: norm * 2.0,
                    }
                })
                .collect(),
        }),
    }
}
