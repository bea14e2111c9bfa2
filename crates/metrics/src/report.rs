//! The numbers of a [`Report`], as a file can have them.

use serde::{Deserialize, Serialize};

/// What a classifier's probabilities are worth, by every measure of this crate: [`Predictions::report`].
///
/// Every number is finite. What a measure is, the function of its name says.
///
/// [`Predictions::report`]: crate::Predictions::report
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// The number of texts judged, 1 at least.
    pub texts: usize,
    /// 0 to 1, higher is better: [`accuracy`](crate::Predictions::accuracy).
    pub accuracy: f64,
    /// 0 to 1, higher is better: [`balanced_accuracy`](crate::Predictions::balanced_accuracy).
    pub balanced_accuracy: f64,
    /// 0 to 1, higher is better: [`macro_f1`](crate::Predictions::macro_f1).
    pub macro_f1: f64,
    /// 0 to 1, higher is better: [`weighted_f1`](crate::Predictions::weighted_f1).
    pub weighted_f1: f64,
    /// 0 to 1, higher is better, 0.5 for chance; none where it is undefined: [`auc`](crate::Predictions::auc).
    pub auc: Option<f64>,
    /// 0 to 15.95, lower is better: [`log_loss`](crate::Predictions::log_loss).
    pub log_loss: f64,
    /// 0 to 2, lower is better: [`brier`](crate::Predictions::brier).
    pub brier: f64,
    /// Whether the network is right as often as it says: [`calibration`](crate::Predictions::calibration).
    pub calibration: Calibration,
    /// Each class by itself, `[classes]`: [`per_class`](crate::Predictions::per_class).
    pub per_class: Vec<ClassReport>,
    /// How many texts of which class are taken for which, `[truth][predicted]`:
    /// [`confusion`](crate::Predictions::confusion).
    pub confusion: Vec<Vec<u64>>,
    /// The baseline that always says the same: [`majority`](crate::Predictions::majority).
    pub majority: Majority,
}

/// Whether a network is right as often as it says it will be: [`Predictions::calibration`].
///
/// [`Predictions::calibration`]: crate::Predictions::calibration
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calibration {
    /// The expected calibration error, 0 to 1, lower is better: the mean over texts of the distance between accuracy
    /// and confidence of their bin.
    pub expected_error: f64,
    /// The bins, from low to high, [`BINS`](crate::BINS) of them.
    pub bins: Vec<Bin>,
}

/// The texts of which a network is about equally sure. Its bounds are `from < p <= to`, and the first has 0, too.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bin {
    /// Its texts' probabilities are above this.
    pub from: f64,
    /// And not above this.
    pub to: f64,
    /// How many texts it has.
    pub texts: usize,
    /// The mean probability of the predicted class, 0 to 1; 0 without texts.
    pub confidence: f64,
    /// The share of its texts whose class is predicted rightly, 0 to 1; 0 without texts.
    pub accuracy: f64,
}

/// How well one class is told from the others: [`Predictions::per_class`].
///
/// [`Predictions::per_class`]: crate::Predictions::per_class
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClassReport {
    /// The share of the texts predicted to be of this class that are, 0 to 1; 0 if there are none.
    pub precision: f64,
    /// The share of the texts of this class that are predicted to be, 0 to 1; 0 if there are none.
    pub recall: f64,
    /// The harmonic mean of the two, 0 to 1; 0 if the class neither occurs nor is predicted.
    pub f1: f64,
    /// The number of texts of this class.
    pub support: usize,
    /// The number of texts predicted to be of this class.
    pub predicted: usize,
}

/// The baseline that says the most frequent class of every text: [`Predictions::majority`].
///
/// [`Predictions::majority`]: crate::Predictions::majority
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Majority {
    /// The class that most texts are of; of several, the lowest.
    pub class: usize,
    /// Their share of all texts, above 0 and up to 1: the accuracy of the baseline.
    pub share: f64,
}
