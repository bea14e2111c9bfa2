//! The page's tables.

use recurrent_metrics::Report;
use recurrent_runs::EpochRecord;

use crate::groups::Group;
use crate::measures;
use crate::text::{LABEL, cut};

/// A line of the table of networks; figures are means over the runs, with their spread, after as many epochs as all
/// of them have.
pub(super) struct Row {
    pub(super) label: String,
    pub(super) parameters: String,
    pub(super) runs: usize,
    pub(super) epochs: usize,
    pub(super) train_loss: String,
    pub(super) train_accuracy: String,
    pub(super) test_loss: String,
    pub(super) test_accuracy: String,
    pub(super) best: String,
    pub(super) seconds: String,
}

pub(super) fn rows(groups: &[Group<'_>]) -> Vec<Row> {
    groups.iter().map(row).collect()
}

fn row(group: &Group<'_>) -> Row {
    let epochs = group.common_epochs();
    let of_runs: Vec<Vec<&EpochRecord>> = group
        .epochs()
        .into_iter()
        .map(|records| records.into_iter().take(epochs).collect())
        .collect();
    let last = |value: fn(&EpochRecord) -> f64| -> Vec<f64> {
        let last = of_runs.iter().filter_map(|records| records.last());
        last.map(|record| value(record)).collect()
    };
    let best = |records: &Vec<&EpochRecord>| {
        let accuracies = records.iter().map(|record| record.test_accuracy);
        accuracies.fold(f64::NEG_INFINITY, f64::max)
    };
    let seconds = |records: &Vec<&EpochRecord>| records.iter().map(|record| record.seconds).sum();
    let parameters = group
        .runs
        .iter()
        .find_map(|run| run.evaluations.get(group.network));
    Row {
        label: group.label.clone(),
        parameters: parameters.map_or("–".to_owned(), |of| grouped(of.parameters)),
        runs: of_runs.len(),
        epochs,
        train_loss: figure(&last(|epoch| epoch.train_loss), 4),
        train_accuracy: figure(&last(|epoch| epoch.train_accuracy), 4),
        test_loss: figure(&last(|epoch| epoch.test_loss), 4),
        test_accuracy: figure(&last(|epoch| epoch.test_accuracy), 4),
        best: figure(&of_runs.iter().map(best).collect::<Vec<_>>(), 4),
        seconds: figure(&of_runs.iter().map(seconds).collect::<Vec<_>>(), 1),
    }
}

/// How a network does on the texts that it was evaluated on: means over the runs, with their spread.
pub(super) struct Measured {
    pub(super) label: String,
    pub(super) texts: usize,
    /// Accuracy, balanced accuracy, macro F1, AUC, log loss, calibration error.
    pub(super) figures: [String; 6],
    /// The accuracies themselves.
    pub(super) accuracies: Vec<f64>,
    /// The most frequent class of the first run, and its share.
    pub(super) majority: (String, f64),
    /// What always predicting it has for balanced accuracy and, where that is defined, AUC.
    pub(super) baseline: [String; 2],
    /// Each class of the first run.
    pub(super) classes: Vec<OfClass>,
    /// How many classes are not listed.
    pub(super) unlisted: usize,
}

/// How a network does on one class.
pub(super) struct OfClass {
    pub(super) name: String,
    pub(super) figures: [String; 3],
    pub(super) texts: usize,
}

/// The most classes that the page lists.
const CLASSES: usize = 200;

/// The measures of a group's runs; none where no run has any.
pub(super) fn measured(group: &Group<'_>) -> Option<(Measured, Report)> {
    let evaluations = group.runs.iter();
    let evaluations: Vec<_> = evaluations
        .filter_map(|run| run.evaluations.get(group.network))
        .filter_map(|evaluation| Some((evaluation, measures(evaluation)?)))
        .collect();
    let all = |value: fn(&Report) -> Option<f64>| -> Vec<f64> {
        let values = evaluations.iter().filter_map(|(_, report)| value(report));
        values.collect()
    };
    let figures = [
        all(|report| Some(report.accuracy)),
        all(|report| Some(report.balanced_accuracy)),
        all(|report| Some(report.macro_f1)),
        all(|report| report.auc),
        all(|report| Some(report.log_loss)),
        all(|report| Some(report.calibration.expected_error)),
    ];
    let (evaluation, report) = evaluations.first()?;
    let class = |place: usize| {
        let name = evaluation.classes.get(place).map_or("", String::as_str);
        cut(name, LABEL).into_owned()
    };
    let occurring = report.per_class.iter().filter(|of| of.support > 0).count();
    let classes = report.per_class.iter().enumerate().take(CLASSES);
    let measured = Measured {
        label: group.label.clone(),
        texts: report.texts,
        figures: figures.each_ref().map(|values| figure(values, 4)),
        accuracies: all(|report| Some(report.accuracy)),
        majority: (class(report.majority.class), report.majority.share),
        baseline: [
            figure(&[1.0 / occurring.max(1) as f64], 4),
            report.auc.map_or(String::new(), |_| figure(&[0.5], 4)),
        ],
        classes: classes
            .map(|(place, of)| OfClass {
                name: class(place),
                figures: [of.precision, of.recall, of.f1].map(|value| figure(&[value], 4)),
                texts: of.support,
            })
            .collect(),
        unlisted: report.per_class.len().saturating_sub(CLASSES),
    };
    Some((measured, report.clone()))
}

/// 144705 as 144,705.
pub(super) fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The mean, with the standard deviation (n − 1) of several; in words if one is not finite.
pub(super) fn figure(values: &[f64], decimals: usize) -> String {
    if values.is_empty() {
        return "–".to_owned();
    }
    if values.iter().any(|value| !value.is_finite()) {
        return "not finite".to_owned();
    }
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    if values.len() < 2 {
        return format!("{mean:.decimals$}");
    }
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    format!(
        "{mean:.decimals$} ± {:.decimals$}",
        (squares / (count - 1.0)).sqrt()
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::groups::groups;
    use crate::testing::run;

    #[test]
    fn figures_are_means_with_their_spread() {
        assert_eq!(figure(&[0.5], 3), "0.500");
        assert_eq!(figure(&[1.0, 2.0, 3.0], 1), "2.0 ± 1.0");
        assert_eq!(figure(&[1.0, f64::NAN], 1), "not finite");
        assert_eq!(figure(&[], 1), "–");
        assert_eq!(grouped(144_705), "144,705");
        assert_eq!(grouped(65), "65");
        assert_eq!(grouped(1_000), "1,000");
    }

    #[test]
    fn seeds_are_averaged_and_other_runs_have_their_own_row() {
        let mut runs = [run(0), run(2), run(0)];
        runs[2].info.max_tokens = 10;
        let rows = rows(&groups(&runs));
        assert_eq!((rows.len(), rows[0].runs, rows[1].runs), (2, 2, 1));
        assert_eq!(rows[0].test_accuracy, "0.5100 ± 0.0141");
        assert_eq!(rows[1].test_accuracy, "0.5000");
    }

    #[test]
    fn runs_of_unequal_length_are_compared_after_the_same_epoch() {
        let mut runs = [run(0), run(0)];
        runs[1].info.seed = 1;
        runs[1].history.truncate(1);
        let rows = rows(&groups(&runs));
        // The first epoch of both, not the second of one and the first of the other.
        assert_eq!(
            (rows[0].epochs, rows[0].test_loss.as_str()),
            (1, "0.6000 ± 0.0000")
        );
    }
}
