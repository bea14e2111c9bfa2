//! What can be asked for: how texts are standardized and split, which n-grams are formed, and what
//! comes out. Choices only; what they do is in `text` and `output`.

use std::fmt;
use std::sync::Arc;

use crate::quote::quoted;

/// What is done to a text before it is split. Keras' argument `standardize`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Standardize {
    /// Nothing.
    None,
    /// `A`-`Z` become `a`-`z`; every other byte stays, `É` and `İ` too.
    Lower,
    /// The 32 bytes of ASCII punctuation are deleted, and their neighbours join.
    StripPunctuation,
    /// Both. The default.
    #[default]
    LowerAndStripPunctuation,
    /// A function of the user.
    Custom(CustomStandardize),
    /// By the rules of Unicode, beyond Keras. Invalid UTF-8 stays as it is.
    #[cfg(feature = "unicode")]
    Unicode(crate::UnicodeRules),
}

/// What a standardized text is split into. Keras' argument `split`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Split {
    /// Not split: the whole text, even an empty one, is one token.
    None,
    /// Runs of bytes other than 0x09 to 0x0D and 0x20. The default.
    #[default]
    Whitespace,
    /// Unicode code points, white space included; each maximal part of invalid UTF-8 is U+FFFD.
    Character,
    /// A function of the user.
    Custom(CustomSplit),
    /// Runs of anything but Unicode white space, beyond Keras.
    #[cfg(feature = "unicode")]
    UnicodeWhitespace,
    /// Words by the boundaries of UAX #29, beyond Keras.
    #[cfg(feature = "unicode")]
    UnicodeWords,
}

/// Which runs of tokens are tokens of their own, joined with one space. Keras' argument `ngrams`.
///
/// N-grams are formed before the vocabulary is asked, all of one width before those of the next.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum Ngrams {
    /// Tokens only. The default.
    #[default]
    Off,
    /// Widths from 1 to this, so 2 means tokens and pairs. 0 means no token at all, as in Keras.
    UpTo(usize),
    /// These widths, in this order, repeats included. No widths mean no token at all, as in Keras.
    Widths(Vec<usize>),
}

impl From<usize> for Ngrams {
    fn from(widest: usize) -> Self {
        Self::UpTo(widest)
    }
}

impl From<Vec<usize>> for Ngrams {
    fn from(widths: Vec<usize>) -> Self {
        Self::Widths(widths)
    }
}

impl<const N: usize> From<[usize; N]> for Ngrams {
    fn from(widths: [usize; N]) -> Self {
        Self::Widths(widths.to_vec())
    }
}

impl Ngrams {
    /// The widest of them; 0 if there are none.
    pub(crate) fn widest(&self) -> usize {
        match self {
            Self::Off => 1,
            Self::UpTo(widest) => *widest,
            Self::Widths(widths) => widths.iter().copied().max().unwrap_or(0),
        }
    }

    /// Calls `each` with every width of which so many tokens have a run, in order.
    pub(crate) fn widths(&self, tokens: usize, mut each: impl FnMut(usize)) {
        match self {
            Self::Off => each(1),
            Self::UpTo(widest) => (1..=tokens.min(*widest)).for_each(each),
            Self::Widths(widths) => widths.iter().copied().for_each(each),
        }
    }
}

/// What a text becomes. Keras' argument `output_mode`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum OutputMode {
    /// The tokens themselves (Keras' `None`).
    Tokens,
    /// The id of each token, in order. The default.
    #[default]
    Int,
    /// A column for each term of the vocabulary: 1 where the text has it.
    MultiHot,
    /// A column for each term: how often the text has it.
    Count,
    /// A column for each term: how often the text has it, times its inverse document frequency.
    TfIdf,
}

impl OutputMode {
    /// Keras' name; `None` for [`Tokens`](Self::Tokens).
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        match self {
            Self::Tokens => None,
            Self::Int => Some("int"),
            Self::MultiHot => Some("multi_hot"),
            Self::Count => Some("count"),
            Self::TfIdf => Some("tf_idf"),
        }
    }

    /// The mode of one of Keras' names, among them the aliases `binary` and `tf-idf`.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "int" => Some(Self::Int),
            "multi_hot" | "binary" => Some(Self::MultiHot),
            "count" => Some(Self::Count),
            "tf_idf" | "tf-idf" => Some(Self::TfIdf),
            _ => None,
        }
    }

    /// Whether there is a column for each term, rather than an entry for each token.
    #[must_use]
    pub fn has_columns(self) -> bool {
        matches!(self, Self::MultiHot | Self::Count | Self::TfIdf)
    }
}

type StandardizeFn = dyn Fn(&[u8], &mut Vec<u8>) + Send + Sync;
type SplitFn = dyn Fn(&[u8], &mut dyn FnMut(&[u8])) + Send + Sync;

/// A function that standardizes a text, with the name by which it is saved and found again.
///
/// Two are equal if their names are: whoever names two functions alike says that they do the same.
#[derive(Clone)]
pub struct CustomStandardize {
    name: Arc<str>,
    function: Arc<StandardizeFn>,
}

/// A function that splits a standardized text, with the name by which it is saved and found again.
///
/// Two are equal if their names are: whoever names two functions alike says that they do the same.
#[derive(Clone)]
pub struct CustomSplit {
    name: Arc<str>,
    function: Arc<SplitFn>,
}

impl Standardize {
    /// A function that appends what becomes of a text to an empty buffer. It must give the same for the
    /// same text. Keras' built-in changes are not made in addition.
    pub fn custom(
        name: impl Into<Arc<str>>,
        function: impl Fn(&[u8], &mut Vec<u8>) + Send + Sync + 'static,
    ) -> Self {
        Self::Custom(CustomStandardize {
            name: name.into(),
            function: Arc::new(function),
        })
    }

    /// What it is called in configurations, for messages.
    pub(crate) fn described(&self) -> String {
        match self {
            Self::None => "null".to_owned(),
            Self::Lower => "\"lower\"".to_owned(),
            Self::StripPunctuation => "\"strip_punctuation\"".to_owned(),
            Self::LowerAndStripPunctuation => "\"lower_and_strip_punctuation\"".to_owned(),
            Self::Custom(custom) => quoted(&format!("callable:{}", custom.name())).to_string(),
            #[cfg(feature = "unicode")]
            Self::Unicode(rules) if *rules == crate::UnicodeRules::default() => {
                "\"unicode\"".to_owned()
            }
            #[cfg(feature = "unicode")]
            Self::Unicode(rules) => format!(
                "\"unicode\" ({}, {}, {})",
                rules.normalization.name(),
                if rules.lower {
                    "lower case"
                } else {
                    "case kept"
                },
                if rules.strip_punctuation {
                    "no punctuation"
                } else {
                    "punctuation kept"
                }
            ),
        }
    }
}

impl Split {
    /// A function that hands each token of a standardized text to its second argument. An empty token
    /// is the padding token. It must give the same for the same text.
    pub fn custom(
        name: impl Into<Arc<str>>,
        function: impl Fn(&[u8], &mut dyn FnMut(&[u8])) + Send + Sync + 'static,
    ) -> Self {
        Self::Custom(CustomSplit {
            name: name.into(),
            function: Arc::new(function),
        })
    }

    /// What it is called in configurations, for messages.
    pub(crate) fn described(&self) -> String {
        match self {
            Self::None => "null".to_owned(),
            Self::Whitespace => "\"whitespace\"".to_owned(),
            Self::Character => "\"character\"".to_owned(),
            Self::Custom(custom) => quoted(&format!("callable:{}", custom.name())).to_string(),
            #[cfg(feature = "unicode")]
            Self::UnicodeWhitespace => "\"unicode_whitespace\"".to_owned(),
            #[cfg(feature = "unicode")]
            Self::UnicodeWords => "\"unicode_words\"".to_owned(),
        }
    }
}

impl CustomStandardize {
    /// The name given to it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Appends what becomes of `text`.
    pub(crate) fn call(&self, text: &[u8], out: &mut Vec<u8>) {
        (self.function)(text, out);
    }
}

impl CustomSplit {
    /// The name given to it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Hands each token of `text` to `token`.
    pub(crate) fn call(&self, text: &[u8], token: &mut dyn FnMut(&[u8])) {
        (self.function)(text, token);
    }
}

impl PartialEq for CustomStandardize {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for CustomStandardize {}

impl PartialEq for CustomSplit {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for CustomSplit {}

impl fmt::Debug for CustomStandardize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CustomStandardize")
            .field(&self.name)
            .finish()
    }
}

impl fmt::Debug for CustomSplit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CustomSplit").field(&self.name).finish()
    }
}

/// The user's functions by name, for loading what was saved with them: a file holds names only.
#[derive(Clone, Debug, Default)]
pub struct Functions {
    standardize: Vec<CustomStandardize>,
    split: Vec<CustomSplit>,
}

impl Functions {
    /// None.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// With one more function that standardizes; see [`Standardize::custom`]. Of two with one name the
    /// first is found.
    #[must_use]
    pub fn standardize(
        mut self,
        name: impl Into<Arc<str>>,
        function: impl Fn(&[u8], &mut Vec<u8>) + Send + Sync + 'static,
    ) -> Self {
        self.standardize.push(CustomStandardize {
            name: name.into(),
            function: Arc::new(function),
        });
        self
    }

    /// With one more function that splits; see [`Split::custom`]. Of two with one name the first is
    /// found.
    #[must_use]
    pub fn split(
        mut self,
        name: impl Into<Arc<str>>,
        function: impl Fn(&[u8], &mut dyn FnMut(&[u8])) + Send + Sync + 'static,
    ) -> Self {
        self.split.push(CustomSplit {
            name: name.into(),
            function: Arc::new(function),
        });
        self
    }

    /// The function that standardizes with this name.
    pub(crate) fn find_standardize(&self, name: &str) -> Option<CustomStandardize> {
        let found = self.standardize.iter().find(|known| known.name() == name);
        found.cloned()
    }

    /// The function that splits with this name.
    pub(crate) fn find_split(&self, name: &str) -> Option<CustomSplit> {
        self.split
            .iter()
            .find(|known| known.name() == name)
            .cloned()
    }
}
