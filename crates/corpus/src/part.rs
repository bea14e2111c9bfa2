//! The three parts of a corpus of your own texts: the two splits that every corpus has, and validation between them.

use std::fmt;

use crate::split::Split;

/// One of the three parts of a [`TextCorpus`](crate::TextCorpus).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// What a network learns from.
    Train,
    /// What decides when it has learned enough.
    Validation,
    /// What it is measured on.
    Test,
}

impl Part {
    /// All parts, in the order in which they are shown.
    pub const ALL: [Self; 3] = [Self::Train, Self::Validation, Self::Test];

    /// `train`, `validation` or `test`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Validation => "validation",
            Self::Test => "test",
        }
    }

    /// The part as people name it in columns and folders, in upper or lower case: `train` or `training`;
    /// `validation`, `valid`, `val` or `dev`; `test` or `testing`.
    ///
    /// ```
    /// use recurrent_corpus::Part;
    ///
    /// assert_eq!(Part::from_name("Dev"), Some(Part::Validation));
    /// assert_eq!(Part::from_name("rest"), None);
    /// ```
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        let names: [(&str, Self); 8] = [
            ("train", Self::Train),
            ("training", Self::Train),
            ("validation", Self::Validation),
            ("valid", Self::Validation),
            ("val", Self::Validation),
            ("dev", Self::Validation),
            ("test", Self::Test),
            ("testing", Self::Test),
        ];
        let found = names
            .into_iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, part)| part)
    }
}

impl From<Split> for Part {
    fn from(split: Split) -> Self {
        match split {
            Split::Train => Self::Train,
            Split::Test => Self::Test,
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}
