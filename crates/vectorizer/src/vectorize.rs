//! The seam between text and training: anything that makes rows of one width from texts.
//! Training code is generic over it and so knows no concrete vectorizer.

use crate::{TextVectorizer, VectorizerError};

/// Text to token ids, every row with the same number of them.
///
/// Implementations must give the same ids for the same text, whatever was asked before.
/// For rows on several threads at once, ask for `V: Vectorize + Sync`.
pub trait Vectorize {
    /// Writes the ids of `text` into `row`, padded with 0 or cut to its length, which is
    /// [`width`](Self::width). Every id is below [`vocabulary_size`](Self::vocabulary_size).
    fn vectorize_into(&self, text: &str, row: &mut [i32]);

    /// The number of ids in a row.
    fn width(&self) -> usize;

    /// The number of different ids, padding and `[UNK]` included: the rows an embedding needs.
    fn vocabulary_size(&self) -> usize;
}

impl<V: Vectorize + ?Sized> Vectorize for &V {
    fn vectorize_into(&self, text: &str, row: &mut [i32]) {
        (**self).vectorize_into(text, row);
    }

    fn width(&self) -> usize {
        (**self).width()
    }

    fn vocabulary_size(&self) -> usize {
        (**self).vocabulary_size()
    }
}

/// A [`TextVectorizer`] whose `output_sequence_length` is set: the one that is [`Vectorize`].
///
/// A vectorizer without fixed width has no `width()` to answer with, so it does not implement the
/// trait; holding this type proves that the check was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FixedWidth {
    vectorizer: TextVectorizer,
    width: usize,
}

impl FixedWidth {
    /// Checks that the width is fixed.
    pub(crate) fn new(vectorizer: TextVectorizer) -> Result<Self, VectorizerError> {
        let width = vectorizer
            .params()
            .output_sequence_length()
            .ok_or(VectorizerError::NoFixedWidth)?;
        Ok(Self { vectorizer, width })
    }

    /// The vectorizer itself, with its vocabulary and the batch methods.
    #[must_use]
    pub fn vectorizer(&self) -> &TextVectorizer {
        &self.vectorizer
    }

    /// Gives the vectorizer back.
    #[must_use]
    pub fn into_inner(self) -> TextVectorizer {
        self.vectorizer
    }
}

impl Vectorize for FixedWidth {
    fn vectorize_into(&self, text: &str, row: &mut [i32]) {
        self.vectorizer.vectorize_bytes_into(text.as_bytes(), row);
    }

    fn width(&self) -> usize {
        self.width
    }

    fn vocabulary_size(&self) -> usize {
        self.vectorizer.vocabulary().size()
    }
}
