//! What is refused, and what the measures say at the edges of what is not.

use recurrent_metrics::{BINS, LOG_LOSS_CLIP, Majority, MetricsError, Predictions, Report};

#[test]
fn what_does_not_fit_is_refused() {
    let refused = |classes, labels: &[usize], probabilities: &[f32]| {
        Predictions::new(classes, labels, probabilities).unwrap_err()
    };
    for classes in [0, 1] {
        assert_eq!(
            refused(classes, &[0], &[1.0]),
            MetricsError::Classes { classes }
        );
    }
    assert_eq!(refused(2, &[], &[]), MetricsError::NoTexts);
    for probabilities in [&[][..], &[0.5], &[0.25; 4]] {
        let error = MetricsError::Counts {
            classes: 2,
            labels: 1,
            probabilities: probabilities.len(),
        };
        assert_eq!(refused(2, &[0], probabilities), error);
    }
    assert!(matches!(
        refused(usize::MAX, &[0, 0], &[]),
        MetricsError::Counts { .. }
    ));
    assert_eq!(
        refused(2, &[0, 2], &[0.5; 4]),
        MetricsError::Label {
            text: 1,
            label: 2,
            classes: 2
        }
    );
    for value in [-0.25, 1.25, f32::INFINITY, f32::NEG_INFINITY] {
        let error = MetricsError::Probability {
            text: 0,
            class: 1,
            value,
        };
        assert_eq!(refused(2, &[0], &[0.5, value]), error);
    }
    assert!(matches!(
        refused(2, &[0], &[f32::NAN, 0.5]),
        MetricsError::Probability {
            text: 0,
            class: 0,
            ..
        }
    ));
    assert_eq!(
        refused(2, &[0, 0], &[0.5, 0.5, 0.5, 0.25]),
        MetricsError::Sum { text: 1, sum: 0.75 }
    );
}

#[test]
fn errors_say_what_was_received_and_what_would_be_right() {
    let said = |error: MetricsError| error.to_string();
    let error = Predictions::new(2, &[0, 1], &[0.5, 0.5]).unwrap_err();
    assert_eq!(
        said(error),
        "2 labels and 2 probabilities do not fit 2 classes; give a row of 2 probabilities for each label"
    );
    let error = Predictions::new(2, &[0], &[-3.5, 0.5]).unwrap_err();
    assert!(said(error).contains("-3.5 as the probability of class 0"));
    let error = Predictions::new(2, &[0], &[0.5, 0.25]).unwrap_err();
    assert!(said(error).contains("sum to 0.75"));
}

#[test]
fn sums_may_miss_one_by_rounding() {
    assert!(Predictions::new(2, &[0], &[0.5, 0.5009]).is_ok());
    assert!(Predictions::new(2, &[0], &[0.5, 0.4991]).is_ok());
    assert!(Predictions::new(2, &[0], &[0.5, 0.502]).is_err());
}

#[test]
fn one_text_is_enough() {
    let report = Predictions::new(2, &[1], &[0.25, 0.75]).unwrap().report();
    assert_eq!((report.texts, report.accuracy), (1, 1.0));
    assert_eq!((report.balanced_accuracy, report.macro_f1), (1.0, 1.0));
    assert_eq!((report.auc, report.brier), (None, 0.125));
    assert_eq!(report.confusion, [[0, 0], [0, 1]]);
    assert_eq!(
        report.majority,
        Majority {
            class: 1,
            share: 1.0
        }
    );
    let absent = &report.per_class[0];
    assert_eq!(
        (absent.precision, absent.recall, absent.f1),
        (0.0, 0.0, 0.0)
    );
}

#[test]
fn perfect_is_the_best_of_every_measure() {
    let sure = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0];
    let report = Predictions::new(3, &[0, 1, 2], &sure).unwrap().report();
    assert_eq!((report.accuracy, report.balanced_accuracy), (1.0, 1.0));
    assert_eq!((report.macro_f1, report.weighted_f1), (1.0, 1.0));
    assert_eq!((report.auc, report.brier), (Some(1.0), 0.0));
    assert!(report.log_loss > 0.0 && report.log_loss < 2.0 * LOG_LOSS_CLIP);
    assert_eq!(report.calibration.expected_error, 0.0);
    assert_eq!(report.calibration.bins[BINS - 1].texts, 3);
}

#[test]
fn surely_wrong_is_the_worst_and_finite() {
    let report = Predictions::new(2, &[0, 1], &[0.0, 1.0, 1.0, 0.0])
        .unwrap()
        .report();
    assert_eq!((report.accuracy, report.balanced_accuracy), (0.0, 0.0));
    assert_eq!((report.macro_f1, report.weighted_f1), (0.0, 0.0));
    assert_eq!((report.auc, report.brier), (Some(0.0), 2.0));
    assert!((report.log_loss - 23.0 * std::f64::consts::LN_2).abs() < 1e-12);
    assert_eq!(report.calibration.expected_error, 1.0);
}

#[test]
fn all_alike_ranks_by_chance_and_predicts_the_first() {
    let predictions = Predictions::new(2, &[0, 1, 1], &[0.5; 6]).unwrap();
    assert_eq!(predictions.predicted(), [0, 0, 0]);
    assert_eq!(predictions.auc(), Some(0.5));
    let third = [0.25, 0.375, 0.375].repeat(3);
    let predictions = Predictions::new(3, &[0, 1, 2], &third).unwrap();
    assert_eq!(predictions.predicted(), [1, 1, 1]);
    assert_eq!(predictions.auc(), Some(0.5));
    assert_eq!(predictions.majority().class, 0);
}

#[test]
fn zero_has_no_sign() {
    let probabilities = [1.0, 0.0, 1.0, -0.0];
    let predictions = Predictions::new(2, &[1, 0], &probabilities).unwrap();
    assert_eq!(predictions.auc(), Some(0.5));
}

#[test]
fn a_probability_on_an_edge_is_in_the_bin_below() {
    let probabilities = [0.5, 0.25, 0.25, 1.0, 0.0, 0.0];
    let calibration = Predictions::new(3, &[0, 0], &probabilities)
        .unwrap()
        .calibration();
    let filled: Vec<usize> = (0..BINS)
        .filter(|bin| calibration.bins[*bin].texts > 0)
        .collect();
    assert_eq!(filled, [4, 9]);
    assert_eq!(
        (calibration.bins[4].from, calibration.bins[4].to),
        (0.4, 0.5)
    );
    assert_eq!(
        (calibration.bins[0].from, calibration.bins[9].to),
        (0.0, 1.0)
    );
}

#[test]
fn of_two_classes_the_second_decides() {
    // Sums that miss 1, above and below.
    let probabilities = [0.5004, 0.5002, 0.4995, 0.4998];
    let predictions = Predictions::new(2, &[1, 0], &probabilities).unwrap();
    assert_eq!(predictions.predicted(), [1, 0]);
}

#[test]
fn a_report_is_read_as_it_was_written_and_nothing_else() {
    let probabilities = [0.75, 0.25, 0.5, 0.5, 0.25, 0.75, 0.5, 0.5];
    let report = Predictions::new(2, &[0, 0, 1, 1], &probabilities)
        .unwrap()
        .report();
    let mut json = serde_json::to_value(&report).unwrap();
    let read: Report = serde_json::from_value(json.clone()).unwrap();
    assert_eq!(read, report);
    json["calibration"]["bins"][0]["more"] = 1.into();
    let error = serde_json::from_value::<Report>(json).unwrap_err();
    assert!(error.to_string().contains("unknown field"), "{error}");
}
