//! Learning a vocabulary, and what has one. Fitting and applying are two types: [`ValidParams`] fits,
//! [`TextVectorizer`] applies and never changes.

use crate::counts::{TokenCounts, rank::Term};
use crate::idf;
use crate::text::Analyzer;
use crate::threads::Sharing;
use crate::{FixedWidth, OutputMode, ValidParams, VectorizerError, Vocabulary, ends};

impl ValidParams {
    /// Learns the vocabulary of a corpus, one text at a time, in one pass; see
    /// [`TokenCounts::finish`].
    ///
    /// # Errors
    /// [`VectorizerError::NoTexts`], [`VectorizerError::NoTokens`] if all texts are blank (Keras
    /// then says nothing and fails at the first call), and [`VectorizerError::NothingToLearn`] if no
    /// token may enter the vocabulary.
    pub fn fit(
        &self,
        texts: impl IntoIterator<Item = impl AsRef<[u8]>>,
    ) -> Result<TextVectorizer, VectorizerError> {
        let mut counts = TokenCounts::new(self);
        counts.add(texts);
        counts.finish(self)
    }

    /// As [`fit`](Self::fit), on up to `threads` threads; 0 counts as 1. The result does not depend on
    /// their number.
    ///
    /// # Errors
    /// Those of [`fit`](Self::fit).
    pub fn fit_threads<T: AsRef<[u8]> + Sync>(
        &self,
        texts: &[T],
        threads: usize,
    ) -> Result<TextVectorizer, VectorizerError> {
        let mut counts = TokenCounts::new(self);
        counts.add_shared(texts, Sharing::Threads(threads))?;
        counts.finish(self)
    }
}

/// Turns texts into ids, columns or tokens, as its parameters say.
///
/// It is immutable and can be shared between threads. Texts are bytes; invalid UTF-8 is no error.
#[derive(Clone)]
pub struct TextVectorizer {
    params: ValidParams,
    pub(crate) analyzer: Analyzer,
    vocabulary: Vocabulary,
    /// A weight for each column where the output is tf-idf, zeros for padding included.
    idf: Option<Vec<f32>>,
    columns: usize,
}

impl TextVectorizer {
    /// A vectorizer with a given list of terms, as Keras' `vocabulary` argument takes them: see
    /// [`Vocabulary::from_tokens`].
    ///
    /// # Errors
    /// [`VectorizerError::MissingIdf`] if the output is tf-idf, those of [`Vocabulary::from_tokens`],
    /// and [`VectorizerError::VocabularyTooLarge`] if the terms and the special tokens are more than
    /// `max_tokens`.
    pub fn from_vocabulary(
        params: ValidParams,
        tokens: impl IntoIterator<Item = impl AsRef<[u8]>>,
    ) -> Result<Self, VectorizerError> {
        if params.output_mode() == OutputMode::TfIdf {
            return Err(VectorizerError::MissingIdf);
        }
        let vocabulary = Vocabulary::from_tokens(params.output_mode(), tokens)?;
        Self::with_vocabulary(params, vocabulary)
    }

    /// A vectorizer for tf-idf with given terms and their weights, one for each element of `tokens`.
    /// Where these begin with `[UNK]` its weight is given with them, else it is the mean of all.
    ///
    /// # Errors
    /// [`VectorizerError::UnexpectedIdf`] if the output is not tf-idf, those of
    /// [`from_vocabulary`](Self::from_vocabulary), and [`VectorizerError::IdfLength`] if there are more
    /// or fewer weights than tokens.
    pub fn from_vocabulary_and_idf(
        params: ValidParams,
        tokens: impl IntoIterator<Item = impl AsRef<[u8]>>,
        idf_weights: &[f64],
    ) -> Result<Self, VectorizerError> {
        let mode = params.output_mode();
        if mode != OutputMode::TfIdf {
            return Err(VectorizerError::UnexpectedIdf { mode });
        }
        let mut given = 0;
        let counted = tokens.into_iter().inspect(|_| given += 1);
        let vocabulary = Vocabulary::from_tokens(mode, counted)?;
        check_size(&params, &vocabulary)?;
        if given != idf_weights.len() {
            return Err(VectorizerError::IdfLength {
                tokens: given,
                weights: idf_weights.len(),
            });
        }
        let rounded = idf_weights.iter().map(|&weight| weight as f32);
        let mut weights = Vec::with_capacity(vocabulary.size());
        if given < vocabulary.size() {
            weights.push(idf::mean_of_given(idf_weights));
        }
        weights.extend(rounded);
        Ok(Self::new(params, vocabulary, Some(weights)))
    }

    /// A vectorizer with an existing vocabulary.
    ///
    /// # Errors
    /// [`VectorizerError::MissingIdf`] if the output is tf-idf,
    /// [`VectorizerError::VocabularyOfOtherMode`] if the vocabulary has other special tokens than the
    /// output needs, and [`VectorizerError::VocabularyTooLarge`] if it has more than `max_tokens`
    /// tokens.
    pub fn with_vocabulary(
        params: ValidParams,
        vocabulary: Vocabulary,
    ) -> Result<Self, VectorizerError> {
        check_size(&params, &vocabulary)?;
        Self::with_any_size(params, vocabulary)
    }

    /// The same without the last check: Keras does not make it where the vocabulary is a file.
    pub(crate) fn with_any_size(
        params: ValidParams,
        vocabulary: Vocabulary,
    ) -> Result<Self, VectorizerError> {
        let mode = params.output_mode();
        if mode == OutputMode::TfIdf {
            return Err(VectorizerError::MissingIdf);
        }
        if vocabulary.specials() != crate::vocabulary::specials(mode).len() {
            return Err(VectorizerError::VocabularyOfOtherMode { mode });
        }
        Ok(Self::new(params, vocabulary, None))
    }

    /// A vectorizer with the learned terms, most frequent first, of so many texts.
    pub(crate) fn learned(
        params: &ValidParams,
        terms: &[Term<'_>],
        texts: u64,
    ) -> Result<Self, VectorizerError> {
        let mut bytes = Vec::new();
        let mut ends = Vec::with_capacity(terms.len());
        for term in terms {
            term.token.write_to(&mut bytes);
            ends.push(bytes.len());
        }
        let tokens = ends::ranges(&ends).map(|range| &bytes[range]);
        let vocabulary = Vocabulary::from_terms(params.output_mode(), tokens)?;
        let idf = (params.output_mode() == OutputMode::TfIdf).then(|| {
            let weight = |term: &Term<'_>| idf::weight(texts, term.documents);
            let mut weights = vec![0.0];
            weights.extend(terms.iter().map(weight));
            weights[0] = idf::mean(&weights[1..]);
            weights
        });
        Ok(Self::new(params.clone(), vocabulary, idf))
    }

    /// Puts together what fits together.
    pub(crate) fn new(
        params: ValidParams,
        vocabulary: Vocabulary,
        mut idf: Option<Vec<f32>>,
    ) -> Self {
        let padded = params.max_tokens().filter(|_| params.pad_to_max_tokens());
        let columns = padded.unwrap_or(vocabulary.size());
        if let Some(weights) = &mut idf {
            weights.resize(columns, 0.0);
        }
        Self {
            analyzer: Analyzer::new(&params),
            params,
            vocabulary,
            idf,
            columns,
        }
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

    /// The weight of each column where the output is tf-idf: that of `[UNK]` first, zeros for padding
    /// last. `None` for other output.
    #[must_use]
    pub fn idf_weights(&self) -> Option<&[f32]> {
        self.idf.as_deref()
    }

    /// How many columns the output has where it has columns: the vocabulary's size, or `max_tokens` with
    /// `pad_to_max_tokens`.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// The tokens of one text after standardizing, splitting and forming n-grams, whatever the output.
    #[must_use]
    pub fn tokens(&self, text: impl AsRef<[u8]>) -> Vec<Vec<u8>> {
        self.analyzer.tokens(text.as_ref())
    }

    /// The vectorizer as one whose rows all have `output_sequence_length` ids.
    ///
    /// # Errors
    /// [`VectorizerError::NoFixedWidth`] where that is not set.
    pub fn into_fixed_width(self) -> Result<FixedWidth, VectorizerError> {
        FixedWidth::new(self)
    }
}

fn check_size(params: &ValidParams, vocabulary: &Vocabulary) -> Result<(), VectorizerError> {
    let size = vocabulary.size();
    match params.max_tokens().filter(|&limit| size > limit) {
        Some(limit) => Err(VectorizerError::VocabularyTooLarge {
            size,
            terms: size - vocabulary.specials(),
            limit,
        }),
        None => Ok(()),
    }
}

impl PartialEq for TextVectorizer {
    fn eq(&self, other: &Self) -> bool {
        let bits = |idf: &Option<Vec<f32>>| -> Option<Vec<u32>> {
            let weights = idf.as_ref()?;
            Some(weights.iter().map(|weight| weight.to_bits()).collect())
        };
        // The rest follows from the parameters.
        self.params == other.params
            && self.vocabulary == other.vocabulary
            && bits(&self.idf) == bits(&other.idf)
    }
}

impl Eq for TextVectorizer {}

impl std::fmt::Debug for TextVectorizer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TextVectorizer")
            .field("params", &self.params)
            .field("vocabulary", &self.vocabulary)
            .field("idf", &self.idf)
            .finish_non_exhaustive()
    }
}
