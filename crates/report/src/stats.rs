//! The numbers behind the charts.

use recurrent_runs::{Evaluation, GradientCurve, Quantiles};

/// Counts `[label][verdict]` of a split.
pub type Confusion = [[usize; 2]; 2];

/// How often texts of each class are taken for each; above one half the verdict is the second class.
pub fn confusion(evaluation: &Evaluation) -> Confusion {
    let mut counts = Confusion::default();
    for (label, probability) in evaluation.labels.iter().zip(&evaluation.probabilities) {
        counts[usize::from(*label)][usize::from(*probability > 0.5)] += 1;
    }
    counts
}

/// Texts whose probability lies in one interval.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Bin {
    /// How many.
    pub texts: usize,
    /// Mean probability of the second class.
    pub predicted: f64,
    /// Share of texts that are of the second class.
    pub observed: f64,
}

/// The reliability of probabilities in `bins` intervals of equal width, and the expected calibration
/// error: the mean distance of what is predicted and what is observed, weighted by texts. Empty
/// intervals are left out.
///
/// Source: Guo et al., "On Calibration of Modern Neural Networks", 2017 (here of the second class's
/// probability, not of the winning one's).
pub fn calibration(evaluation: &Evaluation, bins: usize) -> (Vec<Bin>, f64) {
    let mut sums = vec![(0usize, 0.0, 0.0); bins];
    for (label, probability) in evaluation.labels.iter().zip(&evaluation.probabilities) {
        let probability = f64::from(*probability);
        let place = ((probability * bins as f64) as usize).min(bins.saturating_sub(1));
        if let Some((texts, predicted, observed)) = sums.get_mut(place) {
            *texts += 1;
            *predicted += probability;
            *observed += f64::from(*label);
        }
    }
    let bins: Vec<Bin> = sums
        .into_iter()
        .filter(|(texts, ..)| *texts > 0)
        .map(|(texts, predicted, observed)| Bin {
            texts,
            predicted: predicted / texts as f64,
            observed: observed / texts as f64,
        })
        .collect();
    let total: usize = bins.iter().map(|bin| bin.texts).sum();
    let error = bins
        .iter()
        .map(|bin| bin.texts as f64 * (bin.predicted - bin.observed).abs())
        .sum::<f64>();
    (bins, error / total.max(1) as f64)
}

/// Mean and quantiles at each distance from the end, of norms `[texts, time]`, row by row.
pub fn gradient_curve(norms: &[f64], time: usize) -> GradientCurve {
    let time = time.max(1);
    let rows: Vec<&[f64]> = norms.chunks_exact(time).collect();
    let by_distance = (0..time).rev().map(|step| {
        let mut column: Vec<f64> = rows.iter().map(|row| row[step]).collect();
        column.sort_by(f64::total_cmp);
        Quantiles {
            mean: column.iter().sum::<f64>() / column.len().max(1) as f64,
            low: quantile(&column, 0.1),
            median: quantile(&column, 0.5),
            high: quantile(&column, 0.9),
        }
    });
    GradientCurve {
        texts: rows.len(),
        by_distance: if rows.is_empty() {
            Vec::new()
        } else {
            by_distance.collect()
        },
    }
}

/// Of sorted values, linear between neighbours.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else {
        return f64::NAN;
    };
    let place = share * last as f64;
    let (below, above) = (place.floor() as usize, place.ceil() as usize);
    sorted[below] + (sorted[above] - sorted[below]) * (place - below as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn evaluation(labels: &[u8], probabilities: &[f32]) -> Evaluation {
        Evaluation {
            labels: labels.to_vec(),
            probabilities: probabilities.to_vec(),
            ..crate::testing::evaluation("lstm")
        }
    }

    #[test]
    fn verdicts_are_counted_by_label() {
        let evaluation = evaluation(&[0, 0, 0, 1, 1], &[0.1, 0.5, 0.9, 0.51, 0.2]);
        assert_eq!(confusion(&evaluation), [[2, 1], [1, 1]]);
    }

    #[test]
    fn calibration_is_the_distance_of_prediction_and_outcome() {
        // Two texts at 0.25 of which one is positive; one at 1.0, which falls into the last bin.
        let (bins, error) = calibration(&evaluation(&[0, 1, 1], &[0.25, 0.25, 1.0]), 2);
        let expected = [(2, 0.25, 0.5), (1, 1.0, 1.0)];
        for (bin, (texts, predicted, observed)) in bins.iter().zip(expected) {
            assert_eq!(
                (bin.texts, bin.predicted, bin.observed),
                (texts, predicted, observed)
            );
        }
        assert!((error - 2.0 / 3.0 * 0.25).abs() < 1e-12);
        assert_eq!(calibration(&evaluation(&[], &[]), 10), (Vec::new(), 0.0));
    }

    #[test]
    fn distances_count_from_the_end() {
        let curve = gradient_curve(&[1.0, 2.0, 3.0, 5.0, 6.0, 9.0], 3);
        assert_eq!(curve.texts, 2);
        let means: Vec<f64> = curve.by_distance.iter().map(|q| q.mean).collect();
        assert_eq!(means, [6.0, 4.0, 3.0]);
        let first = curve.by_distance[0];
        assert!((first.low - 3.6).abs() < 1e-12 && (first.high - 8.4).abs() < 1e-12);
        assert!(gradient_curve(&[], 3).by_distance.is_empty());
    }
}
