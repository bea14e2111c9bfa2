//! What training sees of a corpus, wherever its texts come from: splits of labelled texts in a fixed order.

use crate::split::Split;

/// A text and the position of its class in [`Corpus::classes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LabelledText<'a> {
    /// The text, cleaned if the corpus was read with cleaning.
    pub text: &'a str,
    /// Index into [`Corpus::classes`].
    pub label: usize,
}

/// A corpus with named splits of labelled texts.
///
/// The order of the texts is fixed: two calls give the same sequence, and so do two programs that
/// read the same files. The count is known before the first text is looked at.
pub trait Corpus {
    /// The names of the classes; the index of a name is its label.
    fn classes(&self) -> &[String];

    /// The texts of one split.
    fn texts(&self, split: Split) -> impl ExactSizeIterator<Item = LabelledText<'_>>;
}
