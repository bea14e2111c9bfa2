//! The measures of an evaluation.

use recurrent_metrics::{Predictions, Report};
use recurrent_runs::Evaluation;

/// Everything that is measured of an evaluation's predictions: accuracy, balanced accuracy, F1, AUC, log loss, calibration
/// and the confusion matrix. `None` where it has no texts, or numbers that are no probabilities.
pub fn measures(evaluation: &Evaluation) -> Option<Report> {
    let labels: Vec<usize> = evaluation
        .labels
        .iter()
        .map(|label| *label as usize)
        .collect();
    let scores = evaluation.by_text();
    let predictions = Predictions::new(evaluation.classes.len(), &labels, &scores).ok()?;
    Some(predictions.report())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn predictions_are_measured_and_nothing_is_not() {
        let mut evaluation = crate::testing::evaluation("lstm");
        let report = measures(&evaluation).unwrap();
        assert_eq!((report.texts, report.accuracy), (4, 0.5));
        assert_eq!(report.confusion, [[1, 1], [1, 1]]);
        evaluation.labels.clear();
        evaluation.scores = vec![Vec::new(), Vec::new()];
        assert!(measures(&evaluation).is_none());
    }
}
