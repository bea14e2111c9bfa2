//! Rows of different lengths, one after another.

use crate::ends::{range, ranges};

/// Token ids of a batch, each row as long as its text has tokens.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct RaggedIds {
    ids: Vec<i32>,
    /// Where each row ends in `ids`.
    ends: Vec<usize>,
}

impl RaggedIds {
    /// The rows of these parts, if they fit together.
    #[cfg(feature = "serde")]
    pub(crate) fn from_parts(ids: Vec<i32>, ends: Vec<usize>) -> Result<Self, String> {
        crate::ends::check(&ends, ids.len())?;
        Ok(Self { ids, ends })
    }

    /// All ids, for adding those of the next row.
    pub(crate) fn open_row(&mut self) -> &mut Vec<i32> {
        &mut self.ids
    }

    /// Ends the row to which ids were added.
    pub(crate) fn close_row(&mut self) {
        self.ends.push(self.ids.len());
    }

    /// Adds the rows of another.
    pub(crate) fn append(&mut self, other: &Self) {
        let base = self.ids.len();
        self.ends.extend(other.ends.iter().map(|end| base + end));
        self.ids.extend_from_slice(&other.ids);
    }

    /// The number of texts.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.ends.len()
    }

    /// The ids of one text, `None` past the last row.
    #[must_use]
    pub fn row(&self, row: usize) -> Option<&[i32]> {
        self.ids.get(range(&self.ends, row)?)
    }

    /// The ids of each text, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &[i32]> {
        ranges(&self.ends).map(|range| &self.ids[range])
    }

    /// All ids, row after row.
    #[must_use]
    pub fn ids(&self) -> &[i32] {
        &self.ids
    }

    /// Where each row ends in [`ids`](Self::ids).
    #[must_use]
    pub fn ends(&self) -> &[usize] {
        &self.ends
    }
}

/// Tokens of a batch, as bytes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct RaggedTokens {
    bytes: Vec<u8>,
    /// Where each token ends in `bytes`.
    token_ends: Vec<usize>,
    /// Where each row ends in `token_ends`.
    ends: Vec<usize>,
}

impl RaggedTokens {
    /// The rows of these parts, if they fit together.
    #[cfg(feature = "serde")]
    pub(crate) fn from_parts(
        bytes: Vec<u8>,
        token_ends: Vec<usize>,
        ends: Vec<usize>,
    ) -> Result<Self, String> {
        crate::ends::check(&token_ends, bytes.len())?;
        crate::ends::check(&ends, token_ends.len())?;
        Ok(Self {
            bytes,
            token_ends,
            ends,
        })
    }

    /// Adds a token to the last row.
    pub(crate) fn push(&mut self, token: &[u8]) {
        self.bytes.extend_from_slice(token);
        self.token_ends.push(self.bytes.len());
    }

    /// Ends the row to which tokens were added.
    pub(crate) fn close_row(&mut self) {
        self.ends.push(self.token_ends.len());
    }

    /// Adds the rows of another.
    pub(crate) fn append(&mut self, other: &Self) {
        let (bytes, tokens) = (self.bytes.len(), self.token_ends.len());
        self.bytes.extend_from_slice(&other.bytes);
        let token_ends = other.token_ends.iter().map(|end| bytes + end);
        self.token_ends.extend(token_ends);
        self.ends.extend(other.ends.iter().map(|end| tokens + end));
    }

    /// The number of texts.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.ends.len()
    }

    /// The tokens of one text, `None` past the last row.
    #[must_use]
    pub fn row(&self, row: usize) -> Option<impl ExactSizeIterator<Item = &[u8]>> {
        Some(range(&self.ends, row)?.map(|token| self.token(token)))
    }

    /// The tokens of each text, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = impl ExactSizeIterator<Item = &[u8]>> {
        ranges(&self.ends).map(|range| range.map(|token| self.token(token)))
    }

    fn token(&self, index: usize) -> &[u8] {
        range(&self.token_ends, index).map_or(&[], |range| &self.bytes[range])
    }
}
