//! What the user asks for, and the same once checked. Only checked parameters can fit.
//! Nothing here touches text.

use crate::VectorizerError;

/// Parameters as the user writes them, not yet checked.
///
/// The defaults are those of Keras' `TextVectorization`: no vocabulary limit, rows of their own
/// length, lower-case and strip punctuation, split at white space, output token ids.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[must_use]
pub struct VectorizerParams {
    max_tokens: Option<usize>,
    output_sequence_length: Option<usize>,
}

impl VectorizerParams {
    /// Keras' defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Limits the vocabulary to `max_tokens` ids, of which padding and `[UNK]` take two.
    pub fn max_tokens(mut self, max_tokens: impl Into<Option<usize>>) -> Self {
        self.max_tokens = max_tokens.into();
        self
    }

    /// Cuts or pads every row to `length` ids. Zero is legal, as in Keras. `None` lets each row
    /// keep its own length; a batch is then padded to its longest row.
    pub fn output_sequence_length(mut self, length: impl Into<Option<usize>>) -> Self {
        self.output_sequence_length = length.into();
        self
    }

    /// Checks the parameters.
    ///
    /// # Errors
    /// [`VectorizerError::MaxTokensTooSmall`] below 2 and
    /// [`VectorizerError::OutputSequenceLengthTooLarge`] above `i32::MAX`.
    pub fn check(self) -> Result<ValidParams, VectorizerError> {
        if let Some(received) = self.max_tokens.filter(|&tokens| tokens < 2) {
            return Err(VectorizerError::MaxTokensTooSmall { received });
        }
        let limit = i32::MAX as usize;
        if let Some(received) = self.output_sequence_length.filter(|&length| length > limit) {
            return Err(VectorizerError::OutputSequenceLengthTooLarge { received, limit });
        }
        Ok(ValidParams {
            max_tokens: self.max_tokens,
            output_sequence_length: self.output_sequence_length,
        })
    }
}

/// Parameters that passed [`VectorizerParams::check`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValidParams {
    max_tokens: Option<usize>,
    output_sequence_length: Option<usize>,
}

impl ValidParams {
    /// The largest vocabulary, special tokens included; at least 2.
    #[must_use]
    pub fn max_tokens(&self) -> Option<usize> {
        self.max_tokens
    }

    /// The number of ids in every row, or `None` where rows keep their own length.
    #[must_use]
    pub fn output_sequence_length(&self) -> Option<usize> {
        self.output_sequence_length
    }
}
