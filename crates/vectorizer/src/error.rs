//! The one error type of the crate: what was asked for, and what was received.
//! Tokens are bytes; messages show them as text with replacement characters.

/// Why parameters were refused, a vocabulary could not be learned, or a given one not accepted.
///
/// Vectorizing itself never fails: every byte string, valid UTF-8 or not, has ids.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VectorizerError {
    /// `max_tokens` below 2. Keras raises `ValueError` in the constructor.
    #[error("`max_tokens`, if set, must be greater than 1; received {received}")]
    MaxTokensTooSmall {
        /// The value that was set.
        received: usize,
    },
    /// `output_sequence_length` beyond what a 32-bit index can address.
    #[error("`output_sequence_length` must be at most {limit}; received {received}")]
    OutputSequenceLengthTooLarge {
        /// The value that was set.
        received: usize,
        /// The largest accepted value.
        limit: usize,
    },
    /// A fixed output width was asked for, but `output_sequence_length` is not set.
    #[error("rows have no fixed width: `output_sequence_length` is not set")]
    NoFixedWidth,
    /// `fit` was given no text at all. Keras raises `ValueError`.
    #[error("cannot learn a vocabulary: received no texts")]
    NoTexts,
    /// `fit` was given texts, but not one token. Keras learns nothing without saying so, and fails
    /// when the layer is called.
    #[error("cannot learn a vocabulary: {texts} texts received, none of which has a token")]
    NoTokens {
        /// How many texts were received.
        texts: u64,
    },
    /// There were tokens, but none may enter the vocabulary. Keras raises `InvalidArgumentError`.
    #[error(
        "cannot learn a vocabulary: of {distinct} distinct tokens in {texts} texts none fits \
         beside the 2 special tokens (max_tokens = {max_tokens:?})"
    )]
    NothingToLearn {
        /// How many texts were received.
        texts: u64,
        /// How many different tokens they have.
        distinct: usize,
        /// The limit in force.
        max_tokens: Option<usize>,
    },
    /// A given vocabulary without any term. Keras raises `ValueError`.
    #[error("the given vocabulary is empty")]
    EmptyVocabulary,
    /// A given vocabulary of special tokens alone. Keras raises `InvalidArgumentError`.
    #[error("the given vocabulary has only the special tokens \"\" and \"[UNK]\"")]
    OnlySpecialTokens,
    /// A given vocabulary that has the same term twice. Keras raises `ValueError`.
    #[error(
        "the given vocabulary has {token:?} twice, at positions {first} and {second} (not \
         counting leading special tokens)"
    )]
    RepeatedToken {
        /// The term, decoded with replacement characters.
        token: String,
        /// Position of its first occurrence, leading special tokens not counted.
        first: usize,
        /// Position of its second occurrence, leading special tokens not counted.
        second: usize,
    },
    /// The empty token anywhere but in front of `[UNK]` at the start. Keras raises `ValueError`.
    #[error(
        "the given vocabulary has the reserved padding token \"\" at position {position}; either \
         leave the special tokens out, or begin with \"\", \"[UNK]\""
    )]
    MisplacedPaddingToken {
        /// Position, not counting leading special tokens that were recognized.
        position: usize,
    },
    /// More terms than the parameters allow. Keras raises `ValueError`.
    #[error(
        "the vocabulary has {size} tokens ({terms} terms and 2 special tokens), but max_tokens is \
         {limit}"
    )]
    VocabularyTooLarge {
        /// Terms and special tokens together.
        size: usize,
        /// Terms alone.
        terms: usize,
        /// The largest accepted size.
        limit: usize,
    },
    /// A token with a line break cannot be stored as a line.
    #[error("token {index} ({token:?}) has a line break and cannot be written as a line")]
    LineBreakInToken {
        /// The token's id.
        index: usize,
        /// The token, decoded with replacement characters.
        token: String,
    },
    /// Vocabulary lines that do not begin with the special tokens.
    #[error(
        "a vocabulary file begins with an empty line and the line \"[UNK]\"; line {line} is \
         {received:?}"
    )]
    MissingSpecialTokens {
        /// Line number, from 1.
        line: usize,
        /// What stands there, decoded with replacement characters; `None` past the end.
        received: Option<String>,
    },
    /// Vocabulary lines whose last one has no line break: the data was cut short.
    #[error("the last line of the vocabulary ({received:?}) does not end with a line break")]
    UnterminatedLine {
        /// The unfinished line, decoded with replacement characters.
        received: String,
    },
}
