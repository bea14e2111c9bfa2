//! What the rest of the program sees: reviews and the corpus of them in memory.
//!
//! How a corpus gets into memory is the business of the module `read`.

use std::sync::OnceLock;

use recurrent_corpus::{Corpus, CorpusError, LabelledText, Split, TextCorpus};
use sha2::{Digest, Sha256};

use crate::digest::hex;
use crate::passed_over::PassedOver;

/// One review as it was found in the archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Review {
    /// The split the review belongs to.
    pub split: Split,
    /// Position of the review's class among the sorted class names.
    pub label: usize,
    /// The number before the underscore of the file name, where it is named `id_rating.txt`.
    pub id: Option<u32>,
    /// The number after the underscore: stars out of ten.
    pub rating: Option<u8>,
    /// Path within the split, for example `neg/0_3.txt`.
    pub path: String,
    /// The text, cleaned if the corpus was read with cleaning.
    pub text: String,
}

/// All reviews of a data set, in memory.
#[derive(Clone, Debug)]
pub struct ReviewCorpus {
    name: String,
    sample: bool,
    classes: Vec<String>,
    train: Vec<Review>,
    test: Vec<Review>,
    passed_over: PassedOver,
    sha256: OnceLock<String>,
}

impl ReviewCorpus {
    pub(crate) fn new(
        name: String,
        classes: Vec<String>,
        train: Vec<Review>,
        test: Vec<Review>,
        passed_over: PassedOver,
    ) -> Self {
        Self {
            name,
            sample: false,
            classes,
            train,
            test,
            passed_over,
            sha256: OnceLock::new(),
        }
    }

    pub(crate) fn described(mut self, name: &str, sample: bool) -> Self {
        name.clone_into(&mut self.name);
        self.sample = sample;
        self
    }

    /// Name of the data set: `imdb`, `sample`, or the file name of the archive or folder.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The reviews of one split: class by class, file names sorted bytewise within a class.
    #[must_use]
    pub fn reviews(&self, split: Split) -> &[Review] {
        match split {
            Split::Train => &self.train,
            Split::Test => &self.test,
        }
    }

    /// The sorted class names; the index of a name is its label.
    #[must_use]
    pub fn classes(&self) -> &[String] {
        &self.classes
    }

    /// What the reader saw and did not take.
    #[must_use]
    pub fn passed_over(&self) -> &PassedOver {
        &self.passed_over
    }

    /// Whether this is the small bundled sample. Its results say nothing about the real data set.
    #[must_use]
    pub fn is_sample(&self) -> bool {
        self.sample
    }

    /// SHA-256, in lower-case hexadecimal, of the corpus as it lies in memory.
    ///
    /// Computed on the first call and kept; a corpus that nobody asks costs nothing. It covers
    /// class names, splits, paths and texts, so the same reviews give the same value whether they
    /// came from a zip file, a tar file or a folder, and cleaned and raw texts differ. For the
    /// hash of an archive's own bytes see [`hash_source`](crate::hash_source).
    #[must_use]
    pub fn sha256(&self) -> &str {
        self.sha256.get_or_init(|| {
            let mut hasher = Sha256::new();
            let mut field = |bytes: &[u8]| {
                // The length in front keeps neighbouring fields apart.
                hasher.update((bytes.len() as u64).to_le_bytes());
                hasher.update(bytes);
            };
            for class in &self.classes {
                field(class.as_bytes());
            }
            for split in Split::ALL {
                field(split.name().as_bytes());
                for review in self.reviews(split) {
                    field(review.path.as_bytes());
                    field(review.text.as_bytes());
                }
            }
            hex(&hasher.finalize())
        })
    }
}

impl TryFrom<ReviewCorpus> for TextCorpus {
    type Error = CorpusError;

    /// The texts with their classes and splits, without what else is known of a review.
    ///
    /// # Errors
    /// [`CorpusError::TooFewClasses`] for a corpus of one class.
    fn try_from(corpus: ReviewCorpus) -> Result<Self, CorpusError> {
        let pairs = |reviews: Vec<Review>| {
            let pairs = reviews
                .into_iter()
                .map(|review| (review.text, review.label));
            pairs.collect()
        };
        let texts = Self::new(corpus.classes, pairs(corpus.train), pairs(corpus.test))?;
        Ok(texts.named(corpus.name))
    }
}

impl Corpus for ReviewCorpus {
    fn classes(&self) -> &[String] {
        &self.classes
    }

    fn texts(&self, split: Split) -> impl ExactSizeIterator<Item = LabelledText<'_>> {
        self.reviews(split).iter().map(|review| LabelledText {
            text: &review.text,
            label: review.label,
        })
    }
}

/// The line that reports how much was found, for example
/// `Found 25000 files belonging to 2 classes.`
#[must_use]
pub fn found_line(count: usize, classes: &[String]) -> String {
    format!(
        "Found {count} files belonging to {} classes.",
        classes.len()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_found_line_is_the_one_of_the_notebook() {
        let classes = ["neg".to_owned(), "pos".to_owned()];
        assert_eq!(
            found_line(25_000, &classes),
            "Found 25000 files belonging to 2 classes."
        );
    }
}
