//! Labels and probabilities that fit each other, and the measures of them.

use crate::counts::Counts;
use crate::{Calibration, ClassReport, Majority, MetricsError, Report, calibration, ranking};

/// How far from 1 the probabilities of a text may sum.
pub const SUM_TOLERANCE: f64 = 1e-3;

/// How near to 0 and 1 a probability may come in [`Predictions::log_loss`]: the ε of single precision, 2⁻²³.
pub const LOG_LOSS_CLIP: f64 = f32::EPSILON as f64;

/// What a classifier says of some texts, and what they are. There are one text and two classes at least.
///
/// **The predicted class** of a text is the one with the highest probability, and the lowest of several. Of two
/// classes it is the second if its probability is above 0.5: the same thing where the two sum to 1, and for sums that
/// miss it, by rounding, what every program does that has the second probability only.
#[derive(Clone, Copy, Debug)]
pub struct Predictions<'a> {
    classes: usize,
    labels: &'a [usize],
    probabilities: &'a [f32],
}

impl<'a> Predictions<'a> {
    /// Takes the `labels` of `[texts]`, each below `classes`, and the `probabilities` of `[texts, classes]`, row by
    /// row, each from 0 to 1 and each row with a sum of 1 within [`SUM_TOLERANCE`].
    ///
    /// # Errors
    /// [`MetricsError`] says what of this does not hold, and of which text.
    ///
    /// ```
    /// use recurrent_metrics::{MetricsError, Predictions};
    ///
    /// assert!(Predictions::new(3, &[2], &[0.2, 0.3, 0.5]).is_ok());
    /// let error = Predictions::new(3, &[3], &[0.2, 0.3, 0.5]).unwrap_err();
    /// assert_eq!(error, MetricsError::Label { text: 0, label: 3, classes: 3 });
    /// ```
    pub fn new(
        classes: usize,
        labels: &'a [usize],
        probabilities: &'a [f32],
    ) -> Result<Self, MetricsError> {
        if classes < 2 {
            return Err(MetricsError::Classes { classes });
        }
        if labels.len().checked_mul(classes) != Some(probabilities.len()) {
            return Err(MetricsError::Counts {
                classes,
                labels: labels.len(),
                probabilities: probabilities.len(),
            });
        }
        if labels.is_empty() {
            return Err(MetricsError::NoTexts);
        }
        let predictions = Self {
            classes,
            labels,
            probabilities,
        };
        for (text, (label, row)) in predictions.rows().enumerate() {
            if label >= classes {
                return Err(MetricsError::Label {
                    text,
                    label,
                    classes,
                });
            }
            let mut sum = 0.0;
            for (class, value) in row.iter().copied().enumerate() {
                if !(0.0..=1.0).contains(&value) {
                    return Err(MetricsError::Probability { text, class, value });
                }
                sum += f64::from(value);
            }
            if (sum - 1.0).abs() > SUM_TOLERANCE {
                return Err(MetricsError::Sum { text, sum });
            }
        }
        Ok(predictions)
    }

    /// The number of classes, 2 at least.
    ///
    /// ```
    /// # use recurrent_metrics::Predictions;
    /// assert_eq!(Predictions::new(3, &[2], &[0.2, 0.3, 0.5])?.classes(), 3);
    /// # Ok::<(), recurrent_metrics::MetricsError>(())
    /// ```
    #[must_use]
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// The number of texts, 1 at least.
    ///
    /// ```
    /// # use recurrent_metrics::Predictions;
    /// assert_eq!(Predictions::new(3, &[2], &[0.2, 0.3, 0.5])?.texts(), 1);
    /// # Ok::<(), recurrent_metrics::MetricsError>(())
    /// ```
    #[must_use]
    pub fn texts(&self) -> usize {
        self.labels.len()
    }

    /// The [predicted class](Predictions) of each text, `[texts]`, each below [`classes`](Self::classes).
    ///
    /// ```
    /// # use recurrent_metrics::Predictions;
    /// let predictions = Predictions::new(2, &[0, 1, 1], &[0.9, 0.1, 0.5, 0.5, 0.4, 0.6])?;
    /// assert_eq!(predictions.predicted(), [0, 0, 1]);
    /// # Ok::<(), recurrent_metrics::MetricsError>(())
    /// ```
    #[must_use]
    pub fn predicted(&self) -> Vec<usize> {
        self.rows().map(|(_, row)| Self::choice(row)).collect()
    }

    /// Every measure at once.
    ///
    /// ```
    /// # use recurrent_metrics::Predictions;
    /// let report = Predictions::new(2, &[0, 1], &[0.75, 0.25, 0.25, 0.75])?.report();
    /// assert_eq!((report.texts, report.accuracy, report.brier), (2, 1.0, 0.125));
    /// # Ok::<(), recurrent_metrics::MetricsError>(())
    /// ```
    #[must_use]
    pub fn report(&self) -> Report {
        let counts = Counts::of(self);
        Report {
            texts: self.texts(),
            accuracy: counts.accuracy(),
            balanced_accuracy: counts.balanced_accuracy(),
            macro_f1: counts.macro_f1(),
            weighted_f1: counts.weighted_f1(),
            auc: self.auc(),
            log_loss: self.log_loss(),
            brier: self.brier(),
            calibration: self.calibration(),
            per_class: counts.per_class(),
            confusion: self.confusion(),
            majority: counts.majority(),
        }
    }

    /// The share of texts whose class is predicted, 0 to 1.
    ///
    /// ```
    /// # use recurrent_metrics::Predictions;
    /// let predictions = Predictions::new(2, &[0, 1], &[0.9, 0.1, 0.6, 0.4])?;
    /// assert_eq!(predictions.accuracy(), 0.5);
    /// # Ok::<(), recurrent_metrics::MetricsError>(())
    /// ```
    #[must_use]
    pub fn accuracy(&self) -> f64 {
        Counts::of(self).accuracy()
    }

    /// The mean recall of the classes that occur among the labels, 0 to 1: the accuracy, if all of them were equally
    /// frequent. scikit-learn's `balanced_accuracy_score`.
    ///
    /// ```
    /// # use recurrent_metrics::Predictions;
    /// let predictions = Predictions::new(2, &[0, 0, 1], &[0.9, 0.1, 0.8, 0.2, 0.6, 0.4])?;
    /// assert_eq!(predictions.balanced_accuracy(), 0.5);
    /// # Ok::<(), recurrent_metrics::MetricsError>(())
    /// ```
    #[must_use]
    pub fn balanced_accuracy(&self) -> f64 {
        Counts::of(self).balanced_accuracy()
    }

    /// The mean F1 of the classes that occur or are predicted, 0 to 1, each counting alike. scikit-learn's
    /// `f1_score(average="macro")`, which passes over a class that neither occurs nor is predicted, too.
    ///
    /// ```
    /// # use recurrent_metrics::Predictions;
    /// let predictions = Predictions::new(2, &[0, 0, 1], &[0.9, 0.1, 0.8, 0.2, 0.6, 0.4])?;
    /// assert_eq!(predictions.macro_f1(), 0.4);
    /// # Ok::<(), recurrent_metrics::MetricsError>(())
    /// ```
    #[must_use]
    pub fn macro_f1(&self) -> f64 {
        Counts::of(self).macro_f1()
    }

    /// The mean F1 of the classes, 0 to 1, each counting by its number of texts. scikit-learn's
    /// `f1_score(average="weighted")`.
    ///
    /// ```
    /// # use recurrent_metrics::Predictions;
    /// let predictions = Predictions::new(2, &[0, 0, 1], &[0.9, 0.1, 0.8, 0.2, 0.6, 0.4])?;
    /// assert_eq!(predictions.weighted_f1(), 1.6 / 3.0);
    /// # Ok::<(), recurrent_metrics::MetricsError>(())
    /// ```
    #[must_use]
    pub fn weighted_f1(&self) -> f64 {
        Counts::of(self).weighted_f1()
    }

    /// The area under the ROC curve, 0 to 1, where 0.5 is chance: how probable it is that a text of a class has a
    /// higher probability of that class than a text of the others has, ties counted half.
    ///
    /// Of two classes, that of the second; of more, the mean over the classes, each against the rest, of those that
    /// some texts are of and some are not. None where all texts are of one class. Computed from ranks, in
    /// O(texts · log texts) a class (Hanley and McNeil, *The meaning and use of the area under a receiver operating
    /// characteristic (ROC) curve*, 1982). scikit-learn's `roc_auc_score`, of more than two classes with
    /// `multi_class="ovr"`.
    ///
    /// ```
    /// # use recurrent_metrics::Predictions;
    /// let predictions = Predictions::new(2, &[0, 1, 1], &[0.6, 0.4, 0.6, 0.4, 0.3, 0.7])?;
    /// assert_eq!(predictions.auc(), Some(0.75));
    /// assert_eq!(Predictions::new(2, &[1], &[0.3, 0.7])?.auc(), None);
    /// # Ok::<(), recurrent_metrics::MetricsError>(())
    /// ```
    #[must_use]
    pub fn auc(&self) -> Option<f64> {
        ranking::auc(self)
    }

    /// The mean over texts of the negative natural logarithm of the true class' probability, 0 and upwards.
    ///
    /// Probabilities are clipped to [[`LOG_LOSS_CLIP`], 1 − `LOG_LOSS_CLIP`], as scikit-learn's `log_loss` does with
    /// numbers of single precision: a network that is wrong and has rounded to 0 and 1 costs 15.94, not infinity.
    ///
    /// ```
    /// # use recurrent_metrics::Predictions;
    /// let predictions = Predictions::new(2, &[0, 1], &[0.5, 0.5, 0.5, 0.5])?;
    /// assert!((predictions.log_loss() - std::f64::consts::LN_2).abs() < 1e-15);
    /// # Ok::<(), recurrent_metrics::MetricsError>(())
    /// ```
    #[must_use]
    pub fn log_loss(&self) -> f64 {
        let mut sum = 0.0;
        for (label, row) in self.rows() {
            let probability = f64::from(row[label]);
            sum -= libm::log(probability.clamp(LOG_LOSS_CLIP, 1.0 - LOG_LOSS_CLIP));
        }
        sum / self.texts() as f64
    }

    /// The mean over texts of the squared distance between the probabilities and what they should have been, 1 for
    /// the true class and 0 for the others; 0 to 2.
    ///
    /// Brier's own definition (*Verification of forecasts expressed in terms of probability*, 1950), and
    /// scikit-learn's `brier_score_loss(scale_by_half=False)`. Of two classes it is twice what only the second's
    /// probability gives.
    ///
    /// ```
    /// # use recurrent_metrics::Predictions;
    /// let predictions = Predictions::new(2, &[0, 1], &[0.5, 0.5, 0.0, 1.0])?;
    /// assert_eq!(predictions.brier(), 0.25);
    /// # Ok::<(), recurrent_metrics::MetricsError>(())
    /// ```
    #[must_use]
    pub fn brier(&self) -> f64 {
        let mut sum = 0.0;
        for (label, row) in self.rows() {
            for (class, probability) in row.iter().enumerate() {
                let truth = if class == label { 1.0 } else { 0.0 };
                let distance = f64::from(*probability) - truth;
                sum += distance * distance;
            }
        }
        sum / self.texts() as f64
    }

    /// Whether a text's predicted class is the true one as often as its probability says: texts in
    /// [`BINS`](crate::BINS) bins of equal width by the probability of the predicted class, and the expected
    /// calibration error over them.
    ///
    /// The definition is that of Guo, Pleiss, Sun and Weinberger (*On calibration of modern neural networks*, 2017);
    /// the bins are those of scikit-learn's `calibration_curve`.
    ///
    /// ```
    /// # use recurrent_metrics::Predictions;
    /// // Sure by three quarters, and right in every case.
    /// let calibration = Predictions::new(2, &[0, 1], &[0.75, 0.25, 0.25, 0.75])?.calibration();
    /// assert_eq!(calibration.expected_error, 0.25);
    /// assert_eq!((calibration.bins[7].texts, calibration.bins[7].accuracy), (2, 1.0));
    /// # Ok::<(), recurrent_metrics::MetricsError>(())
    /// ```
    #[must_use]
    pub fn calibration(&self) -> Calibration {
        calibration::calibration(self)
    }

    /// Precision, recall, F1 and numbers of texts of each class, `[classes]`. scikit-learn's
    /// `precision_recall_fscore_support(zero_division=0)`.
    ///
    /// ```
    /// # use recurrent_metrics::Predictions;
    /// let classes = Predictions::new(2, &[0, 1, 1], &[0.9, 0.1, 0.6, 0.4, 0.3, 0.7])?.per_class();
    /// assert_eq!((classes[0].precision, classes[0].recall), (0.5, 1.0));
    /// assert_eq!((classes[1].support, classes[1].predicted), (2, 1));
    /// # Ok::<(), recurrent_metrics::MetricsError>(())
    /// ```
    #[must_use]
    pub fn per_class(&self) -> Vec<ClassReport> {
        Counts::of(self).per_class()
    }

    /// How many texts of which class are taken for which, `[truth][predicted]`, both below
    /// [`classes`](Self::classes). scikit-learn's `confusion_matrix`.
    ///
    /// ```
    /// # use recurrent_metrics::Predictions;
    /// let predictions = Predictions::new(2, &[0, 1, 1], &[0.9, 0.1, 0.6, 0.4, 0.3, 0.7])?;
    /// assert_eq!(predictions.confusion(), [[1, 0], [1, 1]]);
    /// # Ok::<(), recurrent_metrics::MetricsError>(())
    /// ```
    #[must_use]
    pub fn confusion(&self) -> Vec<Vec<u64>> {
        let mut confusion = vec![vec![0; self.classes]; self.classes];
        for (label, row) in self.rows() {
            confusion[label][Self::choice(row)] += 1;
        }
        confusion
    }

    /// The most frequent class among the labels and its share of them: the accuracy of saying it of every text.
    ///
    /// ```
    /// # use recurrent_metrics::{Majority, Predictions};
    /// let predictions = Predictions::new(2, &[0, 1, 1], &[0.9, 0.1, 0.6, 0.4, 0.3, 0.7])?;
    /// assert_eq!(predictions.majority(), Majority { class: 1, share: 2.0 / 3.0 });
    /// # Ok::<(), recurrent_metrics::MetricsError>(())
    /// ```
    #[must_use]
    pub fn majority(&self) -> Majority {
        Counts::of(self).majority()
    }

    /// Label and probabilities of each text.
    pub(crate) fn rows(&self) -> impl Iterator<Item = (usize, &'a [f32])> {
        let rows = self.probabilities.chunks_exact(self.classes);
        self.labels.iter().copied().zip(rows)
    }

    /// The predicted class of a text with these probabilities.
    pub(crate) fn choice(row: &[f32]) -> usize {
        if let [_, second] = row {
            return usize::from(*second > 0.5);
        }
        let mut highest = 0;
        for (class, probability) in row.iter().enumerate() {
            if *probability > row[highest] {
                highest = class;
            }
        }
        highest
    }
}
