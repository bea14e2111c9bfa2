//! The one error type of the crate: what was asked for, and what was received.
//! Tokens are bytes; messages show them as text with replacement characters.

use crate::OutputMode;
use crate::quote::{plain, quoted};

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
    /// `max_tokens` beyond what a 32-bit index can address; where tf-idf weights are padded to it, beyond 67,108,864,
    /// because a weight is kept for each.
    #[error("`max_tokens` must be at most {limit}; received {received}")]
    MaxTokensTooLarge {
        /// The value that was set.
        received: usize,
        /// The largest accepted value.
        limit: usize,
    },
    /// `output_sequence_length` with other output than ids. Keras raises `ValueError`.
    #[error(
        "`output_sequence_length` only goes with ids (output_mode \"int\"); received {received} \
         with {}", named(*mode)
    )]
    OutputSequenceLengthNotInt {
        /// The length that was set.
        received: usize,
        /// The output asked for.
        mode: OutputMode,
    },
    /// `ragged` with other output than ids. Keras raises `ValueError`.
    #[error("`ragged` only goes with ids (output_mode \"int\"); received {}", named(*mode))]
    RaggedNotInt {
        /// The output asked for.
        mode: OutputMode,
    },
    /// `ragged` with a fixed length. Keras raises `ValueError`.
    #[error("`ragged` rows keep their own length, but `output_sequence_length` is {received}")]
    RaggedWithLength {
        /// The length that was set.
        received: usize,
    },
    /// `pad_to_max_tokens` without `max_tokens`. Keras raises `ValueError`.
    #[error("`pad_to_max_tokens` needs `max_tokens`, which is not set")]
    PadWithoutMaxTokens,
    /// `sparse` with output that has no columns. Keras raises `ValueError`.
    #[error(
        "`sparse` only goes with columns (output_mode \"multi_hot\", \"count\" or \"tf_idf\"); \
         received {}", named(*mode)
    )]
    SparseWithoutColumns {
        /// The output asked for.
        mode: OutputMode,
    },
    /// A list of n-gram widths with 0 in it. Keras fails when the layer is adapted or called.
    #[error("n-grams have at least one token; received the widths {}", plain(&format!("{received:?}")))]
    NgramWidthZero {
        /// The widths that were set.
        received: Vec<usize>,
    },
    /// Counts and parameters, or two counts, that see different tokens in a text.
    #[error(
        "the texts were counted with {}, but {} is asked for; count them again with those parameters",
        plain(ours),
        plain(theirs)
    )]
    CountsOfOtherParams {
        /// What the counts were made with.
        ours: String,
        /// What is asked for.
        theirs: String,
    },
    /// Counts without the numbers of documents that tf-idf needs.
    #[error(
        "tf-idf needs to know in how many documents each token occurs, which was not counted; \
         begin the counting with output_mode \"tf_idf\""
    )]
    NoDocumentCounts,
    /// A given vocabulary for tf-idf without weights. Keras raises `ValueError`.
    #[error("a given vocabulary for tf-idf needs a weight for each term; received none")]
    MissingIdf,
    /// Weights with other output than tf-idf. Keras raises `ValueError`.
    #[error("idf weights only go with output_mode \"tf_idf\"; received {}", named(*mode))]
    UnexpectedIdf {
        /// The output asked for.
        mode: OutputMode,
    },
    /// More or fewer weights than terms. Keras raises `ValueError`, with the two numbers swapped.
    #[error("the vocabulary has {tokens} terms, but there are {weights} idf weights")]
    IdfLength {
        /// Terms received, a leading `[UNK]` included.
        tokens: usize,
        /// Weights received.
        weights: usize,
    },
    /// A vocabulary whose special tokens are those of another kind of output.
    #[error(
        "the vocabulary has the special tokens of other output than {}; make it for that one",
        named(*mode)
    )]
    VocabularyOfOtherMode {
        /// The output asked for.
        mode: OutputMode,
    },
    /// An empty line in a vocabulary file. Keras raises `InvalidArgumentError`.
    #[error(
        "line {line} of the vocabulary file is empty; it has one term a line and no special tokens"
    )]
    EmptyLine {
        /// Line number, from 1.
        line: usize,
    },
    /// Bytes that are not of the kind that is read.
    #[error("this is not a saved {kind}; give what `to_bytes` wrote")]
    NotSaved {
        /// What was to be read.
        kind: &'static str,
    },
    /// Saved by a newer version of this crate.
    #[error(
        "this {kind} has version {received} of the format, and at most {known} is known here; \
         update recurrent-vectorizer"
    )]
    NewerVersion {
        /// What was to be read.
        kind: &'static str,
        /// Its version.
        received: u32,
        /// The newest version that this build reads.
        known: u32,
    },
    /// Saved bytes that were cut short or changed.
    #[error("this {kind} is damaged: {}; save it again", plain(reason))]
    Damaged {
        /// What was to be read.
        kind: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// Saved parameters with a name that this build does not have.
    #[error(
        "the {what} {} is not known here; names that begin with \"unicode\" need the \
         crate's feature `unicode`",
        quoted(received)
    )]
    UnknownName {
        /// What the name is of.
        what: &'static str,
        /// The name.
        received: String,
    },
    /// Saved parameters with a function of the user, of which a file has only the name.
    #[error(
        "the function {}, which {does} the texts, must be given to load this: see `Functions`",
        quoted(name)
    )]
    MissingFunction {
        /// What it does.
        does: &'static str,
        /// The name under which it was saved.
        name: String,
    },
    /// A configuration that is not Keras'.
    #[error("this is not a configuration of TextVectorization: {}", plain(reason))]
    BadConfig {
        /// What is wrong with it.
        reason: String,
    },
    /// An argument of a configuration that is out of range or of the wrong kind. Keras raises
    /// `ValueError`.
    #[error("`{name}` must be {allowed}; received {}", plain(received))]
    BadArgument {
        /// The argument.
        name: &'static str,
        /// What it may be.
        allowed: &'static str,
        /// What it is, as JSON.
        received: String,
    },
    /// A configuration that names a vocabulary file which was not given.
    #[error(
        "the vocabulary is in the file {}, whose content was not given",
        quoted(path)
    )]
    MissingVocabularyFile {
        /// The path in the configuration.
        path: String,
    },
    /// A vocabulary file for tf-idf. Keras raises `ValueError`.
    #[error(
        "for tf-idf the vocabulary must be a list, with idf weights; received the file {}",
        quoted(path)
    )]
    VocabularyFileForTfIdf {
        /// The path in the configuration.
        path: String,
    },
    /// A layer that was made with a vocabulary is adapted. Keras raises `ValueError`.
    #[error(
        "this layer was made with a vocabulary and cannot learn another; leave `vocabulary` out"
    )]
    VocabularyIsGiven,
    /// A layer whose output has columns gets a vocabulary of another size. Keras raises
    /// `RuntimeError`, having changed half of the layer.
    #[error(
        "the output has columns for {frozen} tokens, and the new vocabulary has {received}; set \
         `pad_to_max_tokens`, or make a new layer"
    )]
    FrozenSize {
        /// Tokens before, special ones included.
        frozen: usize,
        /// Tokens that were to replace them.
        received: usize,
    },
    /// A layer without vocabulary is called. Keras raises `FailedPreconditionError` or
    /// `RuntimeError`.
    #[error("there is no vocabulary yet; adapt the layer or set one")]
    NoVocabulary,
    /// A term that the encoding of the listing cannot show. Keras raises `UnicodeDecodeError` or
    /// `LookupError`.
    #[error(
        "token {index} ({}) cannot be decoded as {}",
        quoted(token),
        quoted(encoding)
    )]
    NotInEncoding {
        /// The token's index.
        index: usize,
        /// The token, decoded with replacement characters.
        token: String,
        /// The encoding asked for.
        encoding: String,
    },
    /// What Keras has no words for.
    #[error("Keras cannot {what}")]
    NotInKeras {
        /// What it cannot.
        what: &'static str,
    },
    /// What cannot be written.
    #[error("this cannot be saved: {}", plain(reason))]
    CannotSave {
        /// Why.
        reason: String,
    },
    /// A column of a data frame that holds no texts.
    #[cfg(feature = "polars")]
    #[error(
        "a column of texts is of type `str` or `binary`; received `{}`: cast it",
        plain(received)
    )]
    NotText {
        /// The column's type.
        received: String,
    },
    /// polars refused, or could not compute, something.
    #[cfg(feature = "polars")]
    #[error("polars: {}", plain(reason))]
    Polars {
        /// What polars said.
        reason: String,
    },
    /// A fixed output width was asked for, but `output_sequence_length` is not set.
    #[error("rows have no fixed width: `output_sequence_length` is not set")]
    NoFixedWidth,
    /// A column of an Arrow array that has no texts.
    #[error(
        "a column of texts has strings or binary; received {}",
        plain(received)
    )]
    NotTexts {
        /// The type of its elements.
        received: String,
    },
    /// What does not fit into one Arrow array.
    #[error("this cannot be an Arrow array: {}", plain(reason))]
    NoArray {
        /// Why.
        reason: String,
    },
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
         beside the special tokens{}", allowance(*max_tokens)
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
    #[error("the given vocabulary has only special tokens")]
    OnlySpecialTokens,
    /// A given vocabulary that has the same term twice. Keras raises `ValueError`.
    #[error(
        "the given vocabulary has {} twice, at positions {first} and {second} (not \
         counting leading special tokens)",
        quoted(token)
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
         leave the special tokens out, or begin with those that the output has"
    )]
    MisplacedPaddingToken {
        /// Position, not counting leading special tokens that were recognized.
        position: usize,
    },
    /// More terms than the parameters allow. Keras raises `ValueError`.
    #[error(
        "the vocabulary has {size} tokens ({terms} terms and {special} special), but max_tokens is {limit}",
        special = size - terms
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
    #[error(
        "token {index} ({}) has a line break and cannot be written as a line",
        quoted(token)
    )]
    LineBreakInToken {
        /// The token's id.
        index: usize,
        /// The token, decoded with replacement characters.
        token: String,
    },
    /// Vocabulary lines that do not begin with the special tokens.
    #[error(
        "a vocabulary file begins with an empty line and the line \"[UNK]\"; {}",
        found_line(*line, received.as_deref())
    )]
    MissingSpecialTokens {
        /// Line number, from 1.
        line: usize,
        /// What stands there, decoded with replacement characters; `None` past the end.
        received: Option<String>,
    },
    /// Vocabulary lines whose last one has no line break: the data was cut short.
    #[error(
        "the last line of the vocabulary ({}) does not end with a line break",
        quoted(received)
    )]
    UnterminatedLine {
        /// The unfinished line, decoded with replacement characters.
        received: String,
    },
}

/// An output mode as Keras calls it.
fn named(mode: OutputMode) -> String {
    mode.name()
        .map_or_else(|| "null".to_owned(), |name| format!("\"{name}\""))
}

/// What `max_tokens` allowed, where it was set.
fn allowance(max_tokens: Option<usize>) -> String {
    max_tokens.map_or_else(String::new, |limit| {
        format!(", for which `max_tokens` is {limit}; raise it")
    })
}

/// What stands in a line of a vocabulary, or that there is no such line.
fn found_line(line: usize, received: Option<&str>) -> String {
    match received {
        Some(received) => format!("line {line} is {}", quoted(received)),
        None => format!("there is no line {line}"),
    }
}
