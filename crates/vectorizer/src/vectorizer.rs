//! Learning a vocabulary, and turning texts into its ids. Fitting and applying are two types:
//! [`ValidParams`] fits, [`TextVectorizer`] applies and never changes.

use std::ops::ControlFlow;
use std::thread;

use crate::counts::TokenCounts;
use crate::split::split_whitespace;
use crate::standardize::DEFAULT;
use crate::{FixedWidth, IdMatrix, PADDING_ID, ValidParams, VectorizerError, Vocabulary};

/// The ids that every vocabulary spends on padding and `[UNK]`.
const SPECIAL_TOKENS: usize = 2;

impl ValidParams {
    /// Learns the vocabulary of a corpus, one text at a time, in one pass.
    ///
    /// Tokens are ranked by descending count, equal counts by descending bytes, and the first
    /// `max_tokens - 2` get the ids from 2 on. The order of the texts does not matter.
    ///
    /// # Errors
    /// [`VectorizerError::NoTexts`], [`VectorizerError::NoTokens`] if all texts are blank (Keras
    /// then says nothing and fails at the first call), and [`VectorizerError::NothingToLearn`]
    /// with `max_tokens` 2.
    pub fn fit(
        &self,
        texts: impl IntoIterator<Item = impl AsRef<[u8]>>,
    ) -> Result<TextVectorizer, VectorizerError> {
        let mut counts = TokenCounts::new();
        for text in texts {
            counts.add(text.as_ref());
        }
        let (texts, distinct) = (counts.texts(), counts.distinct());
        if texts == 0 {
            return Err(VectorizerError::NoTexts);
        }
        if distinct == 0 {
            return Err(VectorizerError::NoTokens { texts });
        }
        let max_tokens = self.max_tokens();
        let limit = max_tokens.map_or(usize::MAX, |tokens| tokens.saturating_sub(SPECIAL_TOKENS));
        let terms = counts.most_frequent(limit);
        if terms.is_empty() {
            return Err(VectorizerError::NothingToLearn {
                texts,
                distinct,
                max_tokens,
            });
        }
        TextVectorizer::with_vocabulary(self.clone(), Vocabulary::from_terms(terms)?)
    }
}

/// Turns texts into token ids: lower-case ASCII letters, delete ASCII punctuation, split at ASCII
/// white space, look each token up.
///
/// It is immutable and can be shared between threads. Texts are bytes; invalid UTF-8 is no error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextVectorizer {
    params: ValidParams,
    vocabulary: Vocabulary,
}

impl TextVectorizer {
    /// A vectorizer with a given list of terms, as Keras' `vocabulary` argument takes them: see
    /// [`Vocabulary::from_tokens`].
    ///
    /// # Errors
    /// Those of [`Vocabulary::from_tokens`], and [`VectorizerError::VocabularyTooLarge`] if the
    /// terms and the two special tokens are more than `max_tokens`.
    pub fn from_vocabulary(
        params: ValidParams,
        tokens: impl IntoIterator<Item = impl AsRef<[u8]>>,
    ) -> Result<Self, VectorizerError> {
        Self::with_vocabulary(params, Vocabulary::from_tokens(tokens)?)
    }

    /// A vectorizer with an existing vocabulary.
    ///
    /// # Errors
    /// [`VectorizerError::VocabularyTooLarge`] if it has more than `max_tokens` tokens.
    pub fn with_vocabulary(
        params: ValidParams,
        vocabulary: Vocabulary,
    ) -> Result<Self, VectorizerError> {
        let size = vocabulary.size();
        if let Some(limit) = params.max_tokens().filter(|&limit| size > limit) {
            let terms = size.saturating_sub(SPECIAL_TOKENS);
            return Err(VectorizerError::VocabularyTooLarge { size, terms, limit });
        }
        Ok(Self { params, vocabulary })
    }

    /// The parameters it was made with.
    #[must_use]
    pub fn params(&self) -> &ValidParams {
        &self.params
    }

    /// Its vocabulary.
    #[must_use]
    pub fn vocabulary(&self) -> &Vocabulary {
        &self.vocabulary
    }

    /// The ids of one text: `output_sequence_length` of them, cut or padded with 0, or as many as
    /// the text has tokens where that is not set (a row of Keras' ragged output).
    #[must_use]
    pub fn vectorize(&self, text: impl AsRef<[u8]>) -> Vec<i32> {
        let mut ids = Vec::new();
        if let Some(width) = self.params.output_sequence_length() {
            ids.resize(width, PADDING_ID);
            self.vectorize_bytes_into(text.as_ref(), &mut ids);
        } else {
            self.append_ids(text.as_ref(), &mut ids);
        }
        ids
    }

    /// Writes the ids of one text into `row`, cut or padded with 0 to its length, whatever
    /// `output_sequence_length` says.
    pub fn vectorize_bytes_into(&self, text: &[u8], row: &mut [i32]) {
        let mut long = Vec::new();
        let mut free = row.iter_mut();
        if free.len() > 0 {
            let _ = split_whitespace(&DEFAULT, text, &mut long, |token| {
                if let Some(id) = free.next() {
                    *id = self.vocabulary.lookup(token);
                }
                if free.len() > 0 {
                    ControlFlow::Continue(())
                } else {
                    ControlFlow::Break(())
                }
            });
        }
        free.into_slice().fill(PADDING_ID);
    }

    /// The ids of a batch, on the calling thread. The width is `output_sequence_length`, or that
    /// of the longest row of this batch where it is not set.
    #[must_use]
    pub fn vectorize_batch<T: AsRef<[u8]> + Sync>(&self, texts: &[T]) -> IdMatrix {
        self.vectorize_batch_threads(texts, 1)
    }

    /// As [`vectorize_batch`](Self::vectorize_batch), on up to `threads` threads; 0 counts as 1.
    /// The result does not depend on their number.
    #[must_use]
    pub fn vectorize_batch_threads<T: AsRef<[u8]> + Sync>(
        &self,
        texts: &[T],
        threads: usize,
    ) -> IdMatrix {
        let share = texts.len().div_ceil(threads.max(1)).max(1);
        match self.params.output_sequence_length() {
            Some(width) => {
                let mut matrix = IdMatrix::padding(texts.len(), width);
                if width > 0 {
                    let slots = matrix.ids_mut().chunks_mut(share.saturating_mul(width));
                    share_out(texts.chunks(share).zip(slots), |(texts, ids)| {
                        for (text, row) in texts.iter().zip(ids.chunks_mut(width)) {
                            self.vectorize_bytes_into(text.as_ref(), row);
                        }
                    });
                }
                matrix
            }
            None => {
                let mut parts = vec![Ragged::default(); texts.len().div_ceil(share)];
                share_out(texts.chunks(share).zip(&mut parts), |(texts, part)| {
                    for text in texts {
                        self.append_ids(text.as_ref(), &mut part.ids);
                        part.ends.push(part.ids.len());
                    }
                });
                let rows = || parts.iter().flat_map(Ragged::rows);
                let width = rows().map(<[i32]>::len).max().unwrap_or(0);
                let mut matrix = IdMatrix::padding(texts.len(), width);
                // With width 0 there is nothing to copy, and `max(1)` keeps the chunks legal.
                let slots = matrix.ids_mut().chunks_mut(width.max(1));
                for (row, slot) in rows().zip(slots) {
                    slot[..row.len()].copy_from_slice(row);
                }
                matrix
            }
        }
    }

    /// The vectorizer as one whose rows all have `output_sequence_length` ids.
    ///
    /// # Errors
    /// [`VectorizerError::NoFixedWidth`] where that is not set.
    pub fn into_fixed_width(self) -> Result<FixedWidth, VectorizerError> {
        FixedWidth::new(self)
    }

    /// Appends the ids of all tokens of `text`.
    fn append_ids(&self, text: &[u8], ids: &mut Vec<i32>) {
        let _ = split_whitespace(&DEFAULT, text, &mut Vec::new(), |token| {
            ids.push(self.vocabulary.lookup(token));
            ControlFlow::Continue(())
        });
    }
}

/// Runs `work` on every item: the first on this thread, each of the others on one of its own.
fn share_out<T: Send>(items: impl Iterator<Item = T>, work: impl Fn(T) + Sync) {
    let mut items = items;
    let Some(first) = items.next() else { return };
    thread::scope(|scope| {
        for item in items {
            scope.spawn(|| work(item));
        }
        work(first);
    });
}

/// Rows of different lengths, one after another.
#[derive(Debug, Clone, Default)]
struct Ragged {
    ids: Vec<i32>,
    /// Where each row ends in `ids`.
    ends: Vec<usize>,
}

impl Ragged {
    /// The rows in order.
    fn rows(&self) -> impl Iterator<Item = &[i32]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts
            .zip(&self.ends)
            .map(|(start, &end)| &self.ids[start..end])
    }
}
