//! Many labelled texts in one buffer.

use crate::corpus::LabelledText;

/// Labelled texts in a fixed order, stored in one buffer: a text costs its bytes and twelve more.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Texts {
    buffer: String,
    /// Where each text ends in the buffer.
    ends: Vec<usize>,
    labels: Vec<u32>,
}

impl Texts {
    pub(crate) fn push(&mut self, text: &str, label: u32) {
        self.buffer.push_str(text);
        self.ends.push(self.buffer.len());
        self.labels.push(label);
    }

    /// Gives each text the label that `of` makes of its own.
    pub(crate) fn relabel(&mut self, of: impl Fn(u32) -> u32) {
        for label in &mut self.labels {
            *label = of(*label);
        }
    }

    pub(crate) fn shrink(&mut self) {
        self.buffer.shrink_to_fit();
        self.ends.shrink_to_fit();
        self.labels.shrink_to_fit();
    }

    /// How many texts there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The size of all texts together, in bytes of UTF-8.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.buffer.len()
    }

    /// The text at `index`, from 0.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<LabelledText<'_>> {
        (index < self.len()).then(|| self.at(index))
    }

    /// All texts in their order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = LabelledText<'_>> {
        (0..self.len()).map(|index| self.at(index))
    }

    fn at(&self, index: usize) -> LabelledText<'_> {
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        LabelledText {
            text: &self.buffer[start..self.ends[index]],
            label: self.labels[index] as usize,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_come_back_as_they_went_in() {
        let mut texts = Texts::default();
        assert!(texts.is_empty() && texts.get(0).is_none());
        for (text, label) in [("naïve", 1), ("", 0), ("b\nc", 2)] {
            texts.push(text, label);
        }
        texts.relabel(|label| 2 - label);
        let all: Vec<_> = texts.iter().map(|text| (text.text, text.label)).collect();
        assert_eq!(all, [("naïve", 1), ("", 2), ("b\nc", 0)]);
        assert_eq!((texts.iter().len(), texts.bytes()), (3, 9));
        assert_eq!(texts.get(2).map(|text| text.text), Some("b\nc"));
        assert_eq!(texts.get(3), None);
    }
}
