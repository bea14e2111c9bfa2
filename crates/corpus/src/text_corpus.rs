//! A corpus of your own texts, in memory.

use std::collections::{BTreeSet, HashMap};
use std::sync::OnceLock;

use sha2::{Digest, Sha256};

use crate::corpus::{Corpus, LabelledText};
use crate::draw::Draw;
use crate::error::CorpusError;
use crate::part::Part;
use crate::split::Split;
use crate::texts::Texts;

/// Labelled texts in memory: train, validation and test, each of which may be empty.
///
/// ```
/// use recurrent_corpus::{CorpusError, TextCorpus};
///
/// # fn main() -> Result<(), CorpusError> {
/// let corpus = TextCorpus::from_pairs([("A good film.", "pos"), ("A bad one.", "neg")])?;
/// assert_eq!(corpus.classes(), ["neg", "pos"]);
/// assert_eq!(corpus.train().get(0).map(|text| text.label), Some(1));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct TextCorpus {
    name: String,
    classes: Vec<String>,
    parts: [Texts; 3],
    sha256: OnceLock<String>,
}

impl TextCorpus {
    /// A corpus of texts and the positions of their classes, called `texts`.
    ///
    /// # Errors
    /// [`CorpusError::TooFewClasses`], [`CorpusError::ClassTwice`] and [`CorpusError::LabelOutOfRange`].
    pub fn new(
        classes: Vec<String>,
        train: Vec<(String, usize)>,
        test: Vec<(String, usize)>,
    ) -> Result<Self, CorpusError> {
        let corpus = Self::with_parts(classes, Default::default())?;
        let corpus = corpus.with_part(Part::Train, train)?;
        corpus.with_part(Part::Test, test)
    }

    /// A corpus without test split of texts and the names of their classes, which are then sorted: bytewise, or by
    /// number if all are integers.
    ///
    /// # Errors
    /// [`CorpusError::TooFewClasses`].
    pub fn from_pairs<T: AsRef<str>, L: AsRef<str>>(
        pairs: impl IntoIterator<Item = (T, L)>,
    ) -> Result<Self, CorpusError> {
        let train = |(text, label)| (Part::Train, text, label);
        Self::from_parts(pairs.into_iter().map(train))
    }

    /// As [`from_pairs`](Self::from_pairs), of texts that say which part they are of.
    ///
    /// # Errors
    /// As [`from_pairs`](Self::from_pairs).
    pub fn from_parts<T: AsRef<str>, L: AsRef<str>>(
        texts: impl IntoIterator<Item = (Part, T, L)>,
    ) -> Result<Self, CorpusError> {
        let mut builder = Builder::new(None)?;
        for (part, text, label) in texts {
            let Ok(label) = builder.label(label.as_ref()) else {
                return Err(CorpusError::TooManyClasses);
            };
            builder.push(part, text.as_ref(), label);
        }
        builder.finish()
    }

    fn with_parts(classes: Vec<String>, parts: [Texts; 3]) -> Result<Self, CorpusError> {
        if classes.len() < 2 {
            return Err(CorpusError::TooFewClasses { classes });
        }
        let mut seen = BTreeSet::new();
        if let Some(class) = classes.iter().find(|class| !seen.insert(class.as_str())) {
            return Err(CorpusError::ClassTwice {
                class: class.clone(),
            });
        }
        Ok(Self {
            name: "texts".to_owned(),
            classes,
            parts,
            sha256: OnceLock::new(),
        })
    }

    /// The same corpus with these texts as its validation split, instead of those that it had.
    ///
    /// # Errors
    /// [`CorpusError::LabelOutOfRange`].
    pub fn with_validation(self, validation: Vec<(String, usize)>) -> Result<Self, CorpusError> {
        self.with_part(Part::Validation, validation)
    }

    fn with_part(
        mut self,
        part: Part,
        labelled: Vec<(String, usize)>,
    ) -> Result<Self, CorpusError> {
        let mut texts = Texts::default();
        for (index, (text, label)) in labelled.into_iter().enumerate() {
            let classes = self.classes.len();
            let small = u32::try_from(label).ok().filter(|_| label < classes);
            let Some(small) = small else {
                return Err(CorpusError::LabelOutOfRange {
                    part,
                    index,
                    label,
                    classes,
                });
            };
            texts.push(&text, small);
        }
        self.parts[part as usize] = texts;
        self.sha256 = OnceLock::new();
        Ok(self)
    }

    /// The same corpus without the texts of a part: without those to test on, for who chooses between configurations.
    ///
    /// ```
    /// use recurrent_corpus::{Part, TextCorpus};
    ///
    /// let mut corpus = TextCorpus::from_pairs([("a", "x"), ("b", "y"), ("c", "x"), ("d", "y")])?;
    /// corpus.split_test(0.5, 0)?;
    /// assert!(corpus.without(Part::Test).test().is_empty());
    /// # Ok::<(), recurrent_corpus::CorpusError>(())
    /// ```
    #[must_use]
    pub fn without(mut self, part: Part) -> Self {
        self.parts[part as usize] = Texts::default();
        self.sha256 = OnceLock::new();
        self
    }

    /// The same corpus under another name.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// What the corpus is called.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The names of the classes; the index of a name is its label.
    #[must_use]
    pub fn classes(&self) -> &[String] {
        &self.classes
    }

    /// The texts to learn from.
    #[must_use]
    pub fn train(&self) -> &Texts {
        self.part(Part::Train)
    }

    /// The texts that decide when enough is learned.
    #[must_use]
    pub fn validation(&self) -> &Texts {
        self.part(Part::Validation)
    }

    /// The texts to measure on.
    #[must_use]
    pub fn test(&self) -> &Texts {
        self.part(Part::Test)
    }

    /// The texts of one part, which is a [`Part`] or a [`Split`].
    #[must_use]
    pub fn part(&self, part: impl Into<Part>) -> &Texts {
        &self.parts[part.into() as usize]
    }

    /// How many texts of a part each class has, in the order of the classes.
    #[must_use]
    pub fn counts(&self, part: impl Into<Part>) -> Vec<usize> {
        let mut counts = vec![0; self.classes.len()];
        for text in self.part(part).iter() {
            counts[text.label] += 1;
        }
        counts
    }

    /// The class with most texts in a part, the first of those that have as many, and its share of the part's texts,
    /// above 0 and up to 1; `None` if the part is empty. To say this class for every text is what a model has to beat.
    #[must_use]
    pub fn majority(&self, part: impl Into<Part>) -> Option<(usize, f64)> {
        let counts = self.counts(part);
        let total: usize = counts.iter().sum();
        let most = *counts.iter().max().filter(|most| **most > 0)?;
        let class = counts.iter().position(|count| *count == most)?;
        Some((class, most as f64 / total as f64))
    }

    /// Moves about `share` of the train split, above 0 and below 1, into validation, by a seeded hash of each text:
    /// texts that are equal stay together, and neither the order of texts nor their labels matter. The test split is
    /// not touched, and the order of texts stays.
    ///
    /// # Errors
    /// [`CorpusError::Share`], [`CorpusError::HasPart`] if there are texts for validation already, and
    /// [`CorpusError::EmptyPart`]. The corpus is then as it was.
    pub fn split_validation(&mut self, share: f64, seed: u64) -> Result<(), CorpusError> {
        self.split_off(Part::Validation, share, seed)
    }

    /// As [`split_validation`](Self::split_validation), into the test split of a corpus that has none. With one seed,
    /// which texts are drawn for the one says nothing of the other.
    ///
    /// # Errors
    /// Those of [`split_validation`](Self::split_validation).
    pub fn split_test(&mut self, share: f64, seed: u64) -> Result<(), CorpusError> {
        self.split_off(Part::Test, share, seed)
    }

    fn split_off(&mut self, part: Part, share: f64, seed: u64) -> Result<(), CorpusError> {
        let Some(draw) = Draw::new(part, share, seed) else {
            return Err(CorpusError::Share { share });
        };
        let texts = self.part(part).len();
        if texts > 0 {
            return Err(CorpusError::HasPart { part, texts });
        }
        let (mut stays, mut goes) = (Texts::default(), Texts::default());
        for LabelledText { text, label } in self.train().iter() {
            let side = if draw.takes(text) {
                &mut goes
            } else {
                &mut stays
            };
            side.push(text, label as u32);
        }
        for (side, empty) in [(&goes, part), (&stays, Part::Train)] {
            if side.is_empty() {
                return Err(CorpusError::EmptyPart {
                    empty,
                    share,
                    texts: self.train().len(),
                });
            }
        }
        stays.shrink();
        goes.shrink();
        self.parts[Part::Train as usize] = stays;
        self.parts[part as usize] = goes;
        self.sha256 = OnceLock::new();
        Ok(())
    }

    /// SHA-256, in lower-case hexadecimal, of classes, splits, labels and texts, in their order; the name is left out.
    ///
    /// Computed on the first call and kept.
    #[must_use]
    pub fn sha256(&self) -> &str {
        self.sha256.get_or_init(|| {
            let mut hasher = Sha256::new();
            // Lengths and counts in front keep neighbours apart.
            hasher.update((self.classes.len() as u64).to_le_bytes());
            for class in &self.classes {
                hasher.update((class.len() as u64).to_le_bytes());
                hasher.update(class);
            }
            for part in &self.parts {
                hasher.update((part.len() as u64).to_le_bytes());
                for LabelledText { text, label } in part.iter() {
                    hasher.update((label as u64).to_le_bytes());
                    hasher.update((text.len() as u64).to_le_bytes());
                    hasher.update(text);
                }
            }
            let digest = hasher.finalize();
            digest.iter().map(|byte| format!("{byte:02x}")).collect()
        })
    }
}

impl Corpus for TextCorpus {
    fn classes(&self) -> &[String] {
        &self.classes
    }

    fn texts(&self, split: Split) -> impl ExactSizeIterator<Item = LabelledText<'_>> {
        self.part(split).iter()
    }
}

/// A corpus that is being read: classes are numbered as they come, and sorted at the end.
pub(crate) struct Builder {
    /// Whether another label is refused.
    fixed: bool,
    classes: Vec<String>,
    numbers: HashMap<String, u32>,
    parts: [Texts; 3],
}

/// Why a label is not taken.
pub(crate) enum NoLabel {
    /// It is none of the classes.
    Unknown,
    /// Labels have as many bits, and no more.
    TooMany,
}

impl Builder {
    /// With the classes `fixed`, or with those that come.
    pub(crate) fn new(fixed: Option<&[String]>) -> Result<Self, CorpusError> {
        let mut builder = Self {
            fixed: false,
            classes: Vec::new(),
            numbers: HashMap::new(),
            parts: Default::default(),
        };
        for class in fixed.unwrap_or_default() {
            if builder.numbers.contains_key(class) {
                return Err(CorpusError::ClassTwice {
                    class: class.clone(),
                });
            }
            let added = builder.label(class);
            added.map_err(|_| CorpusError::TooManyClasses)?;
        }
        builder.fixed = fixed.is_some();
        Ok(builder)
    }

    pub(crate) fn classes(&self) -> &[String] {
        &self.classes
    }

    pub(crate) fn label(&mut self, label: &str) -> Result<u32, NoLabel> {
        if let Some(number) = self.numbers.get(label) {
            return Ok(*number);
        }
        if self.fixed {
            return Err(NoLabel::Unknown);
        }
        let number = u32::try_from(self.classes.len()).map_err(|_| NoLabel::TooMany)?;
        self.classes.push(label.to_owned());
        self.numbers.insert(label.to_owned(), number);
        Ok(number)
    }

    pub(crate) fn push(&mut self, part: Part, text: &str, label: u32) {
        self.parts[part as usize].push(text, label);
    }

    pub(crate) fn finish(self) -> Result<TextCorpus, CorpusError> {
        let Self {
            fixed,
            classes,
            mut parts,
            ..
        } = self;
        let mut order: Vec<usize> = (0..classes.len()).collect();
        if !fixed {
            let numbers: Option<Vec<i128>> =
                classes.iter().map(|class| class.parse().ok()).collect();
            match numbers {
                Some(numbers) => order.sort_by_key(|class| (numbers[*class], &classes[*class])),
                None => order.sort_by_key(|class| &classes[*class]),
            }
        }
        let mut places = vec![0; classes.len()];
        for (place, class) in order.iter().enumerate() {
            places[*class] = place as u32;
        }
        for part in &mut parts {
            part.relabel(|label| places[label as usize]);
            part.shrink();
        }
        let sorted = order.iter().map(|class| classes[*class].clone()).collect();
        TextCorpus::with_parts(sorted, parts)
    }
}
