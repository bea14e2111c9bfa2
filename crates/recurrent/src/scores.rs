//! What a classifier says of texts.

use serde::Serialize;

/// What a classifier says of a text.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Prediction<'a> {
    /// The class with the highest probability; of equal ones the first.
    pub class: &'a str,
    /// Its place among [`TextClassifier::classes`](crate::TextClassifier::classes).
    pub label: usize,
    /// Its probability, 0 to 1.
    pub probability: f64,
    /// Whether there is a word in the text, known or not. Where there is none, there is nothing to judge, and what is said
    /// is what is said of an empty text.
    pub has_words: bool,
}

/// The probabilities of all classes for some texts.
#[derive(Clone, Debug, PartialEq)]
pub struct Scores<'a> {
    pub(crate) classes: &'a [String],
    /// Text by text, class by class.
    pub(crate) probabilities: Vec<f64>,
    pub(crate) has_words: Vec<bool>,
}

/// The probabilities of all classes for a text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TextScores<'s, 'a> {
    classes: &'a [String],
    /// In the order of the classes; they sum to 1.
    pub probabilities: &'s [f64],
    /// As [`Prediction::has_words`].
    pub has_words: bool,
}

impl<'a> Scores<'a> {
    /// Text by text.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = TextScores<'_, 'a>> {
        let texts = self.probabilities.chunks_exact(self.classes.len());
        texts
            .zip(&self.has_words)
            .map(|(probabilities, has_words)| TextScores {
                classes: self.classes,
                probabilities,
                has_words: *has_words,
            })
    }

    /// All probabilities, text by text and class by class.
    #[must_use]
    pub fn as_slice(&self) -> &[f64] {
        &self.probabilities
    }
}

impl<'a> TextScores<'_, 'a> {
    /// The class that they speak for.
    #[must_use]
    pub fn prediction(&self) -> Prediction<'a> {
        let label = largest(self.probabilities);
        Prediction {
            class: &self.classes[label],
            label,
            probability: self.probabilities[label],
            has_words: self.has_words,
        }
    }

    /// Each class with its probability.
    pub fn by_class(&self) -> impl ExactSizeIterator<Item = (&'a str, f64)> {
        let classes = self.classes.iter().map(String::as_str);
        classes.zip(self.probabilities.iter().copied())
    }
}

/// The place of the largest; of equal ones, the first.
pub(crate) fn largest(scores: &[f64]) -> usize {
    let better = |best: usize, place: usize| match scores[place] > scores[best] {
        true => place,
        false => best,
    };
    (0..scores.len()).fold(0, better)
}
