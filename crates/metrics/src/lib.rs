//! What a classifier's probabilities are worth, as pure functions of labels and probabilities.
//!
//! [`Predictions`] checks what a network says of some texts; [`Predictions::report`] judges it by every measure of this
//! crate at once, and a function of its own gives each of them: how often it is right ([`accuracy`](Predictions::accuracy),
//! [`balanced_accuracy`](Predictions::balanced_accuracy), [`macro_f1`](Predictions::macro_f1)), how well it ranks
//! ([`auc`](Predictions::auc)), how good its probabilities are ([`log_loss`](Predictions::log_loss),
//! [`brier`](Predictions::brier)), and whether they mean what they say ([`calibration`](Predictions::calibration)).
//! [`class_weights_balanced`] says what a text of each class should count where some classes are rare.
//!
//! Definitions are scikit-learn's, against whose numbers the tests hold them. Every sum is in double precision and has
//! one order, and the logarithm is `libm`'s, so that the same input gives the same bits on every machine.
//!
//! This crate reads and writes no files, and knows neither networks nor names of classes.
//!
//! ```
//! use recurrent_metrics::Predictions;
//!
//! // Four texts of two classes; a row for each text.
//! let labels = [0, 0, 1, 1];
//! let probabilities = [0.9, 0.1, 0.4, 0.6, 0.3, 0.7, 0.2, 0.8];
//! let report = Predictions::new(2, &labels, &probabilities)?.report();
//! assert_eq!(report.accuracy, 0.75);
//! assert_eq!(report.auc, Some(1.0));
//! assert_eq!(report.confusion, [[1, 1], [0, 2]]);
//! # Ok::<(), recurrent_metrics::MetricsError>(())
//! ```

mod calibration;
mod counts;
mod error;
mod predictions;
mod ranking;
mod report;
mod weights;

pub use calibration::BINS;
pub use error::MetricsError;
pub use predictions::{LOG_LOSS_CLIP, Predictions, SUM_TOLERANCE};
pub use report::{Bin, Calibration, ClassReport, Majority, Report};
pub use weights::class_weights_balanced;

/// `part / whole`, and 0 where there is nothing to divide by, as scikit-learn's `zero_division=0` has it.
fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 {
        0.0
    } else {
        part as f64 / whole as f64
    }
}
