//! Lists inside of messages.

use std::fmt;

use crate::names::{LISTED, Listed, Quoted};

/// A review that is not valid UTF-8.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidText {
    /// The path inside of the archive or folder.
    pub entry: String,
    /// Position of the first byte that is not UTF-8, counted from 0.
    pub offset: usize,
    /// Whether it is UTF-16, as Windows calls Unicode.
    pub utf16: bool,
}

/// The first of these reviews, and how many more there are.
pub(crate) struct ListedTexts<'a>(pub(crate) &'a [InvalidText]);

impl fmt::Display for ListedTexts<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, text) in self.0.iter().take(LISTED).enumerate() {
            let comma = if position > 0 { ", " } else { "" };
            write!(formatter, "{comma}{}", Quoted(&text.entry))?;
            if text.utf16 {
                formatter.write_str(" (UTF-16)")?;
            } else {
                write!(formatter, " at byte {}", text.offset)?;
            }
        }
        match self.0.len().saturating_sub(LISTED) {
            0 => Ok(()),
            more => write!(formatter, " and {more} more"),
        }
    }
}

/// Where texts were found instead.
pub(crate) struct FoundTexts<'a>(pub(crate) &'a [String]);

impl fmt::Display for FoundTexts<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            formatter.write_str("no folder in it holds .txt files")
        } else {
            write!(formatter, "there are .txt files in {}", Listed(self.0))
        }
    }
}
