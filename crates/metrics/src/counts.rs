//! How many texts each class has, is said of, and is rightly said of: what every measure of hits comes from.

use crate::{ClassReport, Majority, Predictions, share};

/// Numbers of texts, each of shape `[classes]`, and what follows from them.
pub(crate) struct Counts {
    texts: usize,
    /// Texts with this label.
    support: Vec<usize>,
    /// Texts of which it is predicted.
    predicted: Vec<usize>,
    /// Texts of which it is rightly predicted.
    right: Vec<usize>,
}

impl Counts {
    pub(crate) fn of(predictions: &Predictions<'_>) -> Self {
        let classes = predictions.classes();
        let mut counts = Self {
            texts: predictions.texts(),
            support: vec![0; classes],
            predicted: vec![0; classes],
            right: vec![0; classes],
        };
        for (label, row) in predictions.rows() {
            let class = Predictions::choice(row);
            counts.support[label] += 1;
            counts.predicted[class] += 1;
            if class == label {
                counts.right[label] += 1;
            }
        }
        counts
    }

    pub(crate) fn accuracy(&self) -> f64 {
        share(self.right.iter().sum(), self.texts)
    }

    pub(crate) fn balanced_accuracy(&self) -> f64 {
        let occurring = self.classes().filter(|class| self.support[*class] > 0);
        mean(occurring.map(|class| self.recall(class)))
    }

    pub(crate) fn macro_f1(&self) -> f64 {
        let met = |class: &usize| self.support[*class] + self.predicted[*class] > 0;
        mean(self.classes().filter(met).map(|class| self.f1(class)))
    }

    pub(crate) fn weighted_f1(&self) -> f64 {
        let weighted = self
            .classes()
            .map(|class| self.support[class] as f64 * self.f1(class));
        weighted.sum::<f64>() / self.texts as f64
    }

    pub(crate) fn per_class(&self) -> Vec<ClassReport> {
        let reports = self.classes().map(|class| ClassReport {
            precision: share(self.right[class], self.predicted[class]),
            recall: self.recall(class),
            f1: self.f1(class),
            support: self.support[class],
            predicted: self.predicted[class],
        });
        reports.collect()
    }

    pub(crate) fn majority(&self) -> Majority {
        let mut class = 0;
        for (other, support) in self.support.iter().enumerate() {
            if *support > self.support[class] {
                class = other;
            }
        }
        Majority {
            class,
            share: share(self.support[class], self.texts),
        }
    }

    fn classes(&self) -> std::ops::Range<usize> {
        0..self.support.len()
    }

    fn recall(&self, class: usize) -> f64 {
        share(self.right[class], self.support[class])
    }

    fn f1(&self, class: usize) -> f64 {
        share(
            2 * self.right[class],
            self.support[class] + self.predicted[class],
        )
    }
}

/// The arithmetic mean, and 0 of nothing.
fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (mut sum, mut count) = (0.0, 0_usize);
    for value in values {
        sum += value;
        count += 1;
    }
    sum / count.max(1) as f64
}
