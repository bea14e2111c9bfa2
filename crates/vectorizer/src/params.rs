//! What the user asks for, and the same once checked. Only checked parameters can fit.
//! Nothing here touches text.

use crate::text::Analyzer;
use crate::{Ngrams, OutputMode, Split, Standardize, VectorizerError};

/// The most tf-idf weights that padding may make: a quarter of a gigabyte, however small the vocabulary.
const PADDED_WEIGHTS: usize = 1 << 26;

/// Parameters as the user writes them, not yet checked.
///
/// The defaults are those of Keras' `TextVectorization`: no vocabulary limit, rows of their own
/// length, lower-case and strip punctuation, split at white space, no n-grams, output token ids.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[must_use]
pub struct VectorizerParams(ValidParams);

impl VectorizerParams {
    /// Keras' defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// The rules of Unicode in place of Keras' ASCII ones: NFKC, full lower-casing, words by UAX #29.
    #[cfg(feature = "unicode")]
    pub fn unicode() -> Self {
        // Word boundaries need the punctuation, and leave it out themselves.
        let rules = crate::UnicodeRules {
            strip_punctuation: false,
            ..crate::UnicodeRules::default()
        };
        Self::new()
            .standardize(Standardize::Unicode(rules))
            .split(Split::UnicodeWords)
    }

    /// Limits the vocabulary to `max_tokens` indices, special tokens (see [`Vocabulary`]) included.
    ///
    /// [`Vocabulary`]: crate::Vocabulary
    pub fn max_tokens(mut self, max_tokens: impl Into<Option<usize>>) -> Self {
        self.0.max_tokens = max_tokens.into();
        self
    }

    /// What is done to a text before it is split.
    pub fn standardize(mut self, standardize: Standardize) -> Self {
        self.0.standardize = standardize;
        self
    }

    /// What a text is split into.
    pub fn split(mut self, split: Split) -> Self {
        self.0.split = split;
        self
    }

    /// Which runs of tokens are tokens of their own: a widest width, or a list of widths.
    pub fn ngrams(mut self, ngrams: impl Into<Ngrams>) -> Self {
        self.0.ngrams = ngrams.into();
        self
    }

    /// What comes out.
    pub fn output_mode(mut self, mode: OutputMode) -> Self {
        self.0.output_mode = mode;
        self
    }

    /// Cuts or pads every row to `length` ids, in [`OutputMode::Int`] only. Zero is legal, as in Keras.
    /// `None` lets each row keep its own length; a batch is then padded to its longest row.
    pub fn output_sequence_length(mut self, length: impl Into<Option<usize>>) -> Self {
        self.0.output_sequence_length = length.into();
        self
    }

    /// Makes columns wide enough for `max_tokens`, however few tokens there are. Accepted, and without
    /// effect, in [`OutputMode::Int`].
    pub fn pad_to_max_tokens(mut self, pad: bool) -> Self {
        self.0.pad_to_max_tokens = pad;
        self
    }

    /// Leaves zeros out: the output is a [`CsrMatrix`](crate::CsrMatrix). Only for columns.
    pub fn sparse(mut self, sparse: bool) -> Self {
        self.0.sparse = sparse;
        self
    }

    /// Does not pad: the output is a [`RaggedIds`](crate::RaggedIds). Only in [`OutputMode::Int`].
    pub fn ragged(mut self, ragged: bool) -> Self {
        self.0.ragged = ragged;
        self
    }

    /// Checks the parameters, in Keras' order.
    ///
    /// # Errors
    /// [`VectorizerError::OutputSequenceLengthNotInt`], [`VectorizerError::RaggedNotInt`],
    /// [`VectorizerError::RaggedWithLength`], [`VectorizerError::MaxTokensTooSmall`] below 2,
    /// [`VectorizerError::PadWithoutMaxTokens`], [`VectorizerError::SparseWithoutColumns`],
    /// [`VectorizerError::NgramWidthZero`] (which Keras notices only when fitting), and
    /// [`VectorizerError::OutputSequenceLengthTooLarge`] and [`VectorizerError::MaxTokensTooLarge`]
    /// above `i32::MAX`; where tf-idf weights are padded to `max_tokens`, above 67,108,864.
    pub fn check(self) -> Result<ValidParams, VectorizerError> {
        let Self(params) = self;
        let mode = params.output_mode;
        if let Some(received) = params.output_sequence_length
            && mode != OutputMode::Int
        {
            return Err(VectorizerError::OutputSequenceLengthNotInt { received, mode });
        }
        if params.ragged && mode != OutputMode::Int {
            return Err(VectorizerError::RaggedNotInt { mode });
        }
        if let Some(received) = params.output_sequence_length.filter(|_| params.ragged) {
            return Err(VectorizerError::RaggedWithLength { received });
        }
        if let Some(received) = params.max_tokens.filter(|&tokens| tokens < 2) {
            return Err(VectorizerError::MaxTokensTooSmall { received });
        }
        if params.pad_to_max_tokens && params.max_tokens.is_none() {
            return Err(VectorizerError::PadWithoutMaxTokens);
        }
        if params.sparse && !mode.has_columns() {
            return Err(VectorizerError::SparseWithoutColumns { mode });
        }
        if let Ngrams::Widths(widths) = &params.ngrams
            && widths.contains(&0)
        {
            let received = widths.clone();
            return Err(VectorizerError::NgramWidthZero { received });
        }
        let limit = i32::MAX as usize;
        let padded = params.pad_to_max_tokens && mode == OutputMode::TfIdf;
        let tokens_limit = if padded { PADDED_WEIGHTS } else { limit };
        if let Some(received) = params
            .output_sequence_length
            .filter(|&length| length > limit)
        {
            return Err(VectorizerError::OutputSequenceLengthTooLarge { received, limit });
        }
        if let Some(received) = params.max_tokens.filter(|&tokens| tokens > tokens_limit) {
            let limit = tokens_limit;
            return Err(VectorizerError::MaxTokensTooLarge { received, limit });
        }
        Ok(params)
    }

    /// The parameters as they are.
    #[cfg(feature = "serde")]
    pub(crate) fn unchecked(&self) -> &ValidParams {
        &self.0
    }
}

impl From<ValidParams> for VectorizerParams {
    /// To change some of them.
    fn from(params: ValidParams) -> Self {
        Self(params)
    }
}

/// Parameters that passed [`VectorizerParams::check`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ValidParams {
    max_tokens: Option<usize>,
    standardize: Standardize,
    split: Split,
    ngrams: Ngrams,
    output_mode: OutputMode,
    output_sequence_length: Option<usize>,
    pad_to_max_tokens: bool,
    sparse: bool,
    ragged: bool,
}

impl ValidParams {
    /// The largest vocabulary, special tokens included; at least 2.
    #[must_use]
    pub fn max_tokens(&self) -> Option<usize> {
        self.max_tokens
    }

    /// What is done to a text before it is split.
    #[must_use]
    pub fn standardize(&self) -> &Standardize {
        &self.standardize
    }

    /// What a text is split into.
    #[must_use]
    pub fn split(&self) -> &Split {
        &self.split
    }

    /// The tokens of one text after standardizing, splitting and forming n-grams: what would be counted.
    #[must_use]
    pub fn tokens(&self, text: impl AsRef<[u8]>) -> Vec<Vec<u8>> {
        Analyzer::new(self).tokens(text.as_ref())
    }

    /// Which runs of tokens are tokens of their own.
    #[must_use]
    pub fn ngrams(&self) -> &Ngrams {
        &self.ngrams
    }

    /// What comes out.
    #[must_use]
    pub fn output_mode(&self) -> OutputMode {
        self.output_mode
    }

    /// The number of ids in every row, or `None` where rows keep their own length.
    #[must_use]
    pub fn output_sequence_length(&self) -> Option<usize> {
        self.output_sequence_length
    }

    /// Whether columns are wide enough for `max_tokens`, however few tokens there are.
    #[must_use]
    pub fn pad_to_max_tokens(&self) -> bool {
        self.pad_to_max_tokens
    }

    /// Whether zeros are left out.
    #[must_use]
    pub fn sparse(&self) -> bool {
        self.sparse
    }

    /// Whether rows of ids keep their own length.
    #[must_use]
    pub fn ragged(&self) -> bool {
        self.ragged
    }

    /// How texts become tokens, for messages.
    pub(crate) fn analysis(&self) -> String {
        let ngrams = match &self.ngrams {
            Ngrams::Off => "null".to_owned(),
            Ngrams::UpTo(widest) => widest.to_string(),
            Ngrams::Widths(widths) => format!("{widths:?}"),
        };
        format!(
            "`standardize` {}, `split` {}, `ngrams` {ngrams}",
            self.standardize.described(),
            self.split.described()
        )
    }
}
