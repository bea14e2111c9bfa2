//! Why labels and probabilities cannot be judged.

use crate::SUM_TOLERANCE;

/// Why labels and probabilities cannot be judged; nothing is computed from what does not pass.
///
/// Texts and classes are counted from 0.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum MetricsError {
    /// There are fewer than two classes to tell apart.
    #[error(
        "{classes} classes cannot be told apart; give two at least, and a column of probabilities for each"
    )]
    Classes {
        /// The number of classes received.
        classes: usize,
    },
    /// There is no text.
    #[error("there are no texts, and so nothing to judge; give one at least")]
    NoTexts,
    /// There is not one probability for each text and class.
    #[error(
        "{labels} labels and {probabilities} probabilities do not fit {classes} classes; give a row of \
         {classes} probabilities for each label"
    )]
    Counts {
        /// The number of classes.
        classes: usize,
        /// The number of labels received.
        labels: usize,
        /// The number of probabilities received.
        probabilities: usize,
    },
    /// A label is of none of the classes.
    #[error(
        "text {text} has the label {label}, but labels of {classes} classes are below {classes}"
    )]
    Label {
        /// Which text.
        text: usize,
        /// Its label.
        label: usize,
        /// The number of classes.
        classes: usize,
    },
    /// A number is no probability: below 0, above 1 or not finite.
    #[error(
        "text {text} has {value} as the probability of class {class}; give probabilities from 0 to 1, not logits"
    )]
    Probability {
        /// Which text.
        text: usize,
        /// Which class.
        class: usize,
        /// The number received.
        value: f32,
    },
    /// The probabilities of a text do not sum to one.
    #[error(
        "the probabilities of text {text} sum to {sum}; give those of all classes, which sum to 1 within \
         {SUM_TOLERANCE}"
    )]
    Sum {
        /// Which text.
        text: usize,
        /// The sum of its probabilities.
        sum: f64,
    },
}
