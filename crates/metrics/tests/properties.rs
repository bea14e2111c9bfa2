//! What holds of any labels and probabilities.

use proptest::prelude::*;
use recurrent_metrics::Predictions;

/// Classes, labels and rows of probabilities in steps of an eighth, so that ties are frequent.
fn case() -> impl Strategy<Value = (usize, Vec<usize>, Vec<f32>)> {
    (2..5_usize).prop_flat_map(|classes| {
        let cuts = prop::collection::vec(0..=8_u8, classes - 1);
        prop::collection::vec((0..classes, cuts), 1..40).prop_map(move |texts| {
            let mut rows = Vec::new();
            let mut labels = Vec::new();
            for (label, mut cuts) in texts {
                labels.push(label);
                cuts.sort_unstable();
                let mut from = 0;
                for to in cuts.into_iter().chain([8]) {
                    rows.push(f32::from(to - from) / 8.0);
                    from = to;
                }
            }
            (classes, labels, rows)
        })
    })
}

/// Both columns, from the second.
fn two(second: impl IntoIterator<Item = f32>) -> Vec<f32> {
    second.into_iter().flat_map(|p| [1.0 - p, p]).collect()
}

/// The share of pairs, one of the class and one not, that are in the right order; pair by pair.
fn counted(class: usize, labels: &[usize], scores: &[f32]) -> Option<f64> {
    let (mut right, mut pairs) = (0.0, 0.0);
    for (own, own_score) in labels.iter().zip(scores) {
        for (other, other_score) in labels.iter().zip(scores) {
            if *own == class && *other != class {
                pairs += 1.0;
                right += match own_score.total_cmp(other_score) {
                    std::cmp::Ordering::Greater => 1.0,
                    std::cmp::Ordering::Equal => 0.5,
                    std::cmp::Ordering::Less => 0.0,
                };
            }
        }
    }
    (pairs > 0.0).then(|| right / pairs)
}

proptest! {
    #[test]
    fn auc_is_what_counting_pairs_gives((classes, labels, rows) in case()) {
        let column = |class| rows.iter().skip(class).step_by(classes).copied().collect::<Vec<_>>();
        let speaking = if classes == 2 { 1..2 } else { 0..classes };
        let areas: Vec<f64> = speaking.filter_map(|class| counted(class, &labels, &column(class))).collect();
        let auc = Predictions::new(classes, &labels, &rows).unwrap().auc();
        prop_assert_eq!(auc.is_some(), !areas.is_empty());
        if let Some(auc) = auc {
            let mean = areas.iter().sum::<f64>() / areas.len() as f64;
            prop_assert!((auc - mean).abs() < 1e-15 * 8.0, "{} and not {}", auc, mean);
        }
    }

    #[test]
    fn auc_asks_for_the_order_alone(texts in prop::collection::vec((0..2_usize, 0..=64_u8), 1..60)) {
        let labels: Vec<usize> = texts.iter().map(|(label, _)| *label).collect();
        let scores = || texts.iter().map(|(_, score)| f32::from(*score) / 64.0);
        let auc = |rows: &[f32]| Predictions::new(2, &labels, rows).unwrap().auc();
        let before = auc(&two(scores()));
        // Squares of multiples of 1/64 are exact, and so is a quarter of them.
        prop_assert_eq!(before, auc(&two(scores().map(|p| p * p / 4.0))));
        let turned = auc(&two(scores().map(|p| 1.0 - p)));
        let sum = before.zip(turned).map_or(1.0, |(area, turned)| area + turned);
        prop_assert!((sum - 1.0).abs() < 1e-15, "{}", sum);
    }

    #[test]
    fn measures_stay_within_their_ranges((classes, labels, rows) in case()) {
        let report = Predictions::new(classes, &labels, &rows).unwrap().report();
        let shares = [
            report.accuracy,
            report.balanced_accuracy,
            report.macro_f1,
            report.weighted_f1,
            report.calibration.expected_error,
            report.auc.unwrap_or(0.5),
        ];
        for share in shares {
            prop_assert!((0.0..=1.0 + 1e-12).contains(&share), "{}", share);
        }
        prop_assert!((0.0..=15.95).contains(&report.log_loss));
        prop_assert!((0.0..=2.0).contains(&report.brier));
        let confused: u64 = report.confusion.iter().flatten().sum();
        prop_assert_eq!(confused, labels.len() as u64);
        let binned: usize = report.calibration.bins.iter().map(|bin| bin.texts).sum();
        prop_assert_eq!(binned, labels.len());
    }

    #[test]
    fn the_functions_say_what_the_report_says((classes, labels, rows) in case()) {
        let predictions = Predictions::new(classes, &labels, &rows).unwrap();
        let report = predictions.report();
        prop_assert_eq!(report.accuracy, predictions.accuracy());
        prop_assert_eq!(report.balanced_accuracy, predictions.balanced_accuracy());
        prop_assert_eq!(report.macro_f1, predictions.macro_f1());
        prop_assert_eq!(report.weighted_f1, predictions.weighted_f1());
        prop_assert_eq!(report.auc, predictions.auc());
        prop_assert_eq!(report.log_loss, predictions.log_loss());
        prop_assert_eq!(report.brier, predictions.brier());
        prop_assert_eq!(report.calibration, predictions.calibration());
        prop_assert_eq!(report.per_class, predictions.per_class());
        prop_assert_eq!(report.confusion, predictions.confusion());
        prop_assert_eq!(report.majority, predictions.majority());
    }
}
