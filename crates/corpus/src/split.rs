//! The two parts of a corpus.

use std::fmt;

/// One of the two parts of a corpus.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Split {
    /// The part a network learns from.
    Train,
    /// The part a network is measured on.
    Test,
}

impl Split {
    /// Both splits, in the order in which they are shown.
    pub const ALL: [Self; 2] = [Self::Train, Self::Test];

    /// The folder name of the split: `train` or `test`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Test => "test",
        }
    }

    /// The split with this folder name, if there is one.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|split| split.name() == name)
    }

    /// The split of a folder as people name it: `train`, `Train`, `TRAIN`.
    #[must_use]
    pub fn from_folder(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|split| split.name().eq_ignore_ascii_case(name))
    }
}

impl fmt::Display for Split {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_are_named_like_their_folders() {
        assert_eq!(Split::ALL.map(|split| split.to_string()), ["train", "test"]);
        assert_eq!(Split::from_name("test"), Some(Split::Test));
        assert_eq!(Split::from_name("Train"), None);
        assert_eq!(Split::from_folder("Train"), Some(Split::Train));
        assert_eq!(Split::from_folder("training"), None);
        assert_eq!(format!("{:>6}|", Split::Test), "  test|");
    }
}
