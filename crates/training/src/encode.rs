//! Texts to tensors, once: ids and labels of a split live on the device.

use std::ops::Range;

use burn::tensor::{Device, Int, Tensor, TensorData};
use recurrent_corpus::{Corpus, LabelledText, Split};
use recurrent_vectorizer::Vectorize;
use sha2::{Digest, Sha256};

use crate::TrainingError;

/// A split as tensors on a device.
#[derive(Clone, Debug)]
pub struct Encoded {
    ids: Tensor<2, Int>,
    labels: Tensor<2>,
    rows: usize,
}

impl Encoded {
    /// From token ids, row by row, `width` to a row, and one label a row: the number of
    /// its class.
    ///
    /// # Errors
    /// [`TrainingError::Setting`] if the counts disagree, [`TrainingError::Empty`] without rows.
    pub fn new(
        ids: Vec<i32>,
        width: usize,
        labels: Vec<f32>,
        device: &Device,
    ) -> Result<Self, TrainingError> {
        let rows = labels.len();
        if rows == 0 {
            return Err(TrainingError::Empty {
                split: "given".to_owned(),
            });
        }
        if ids.len() != rows * width || width == 0 {
            return Err(TrainingError::Setting {
                name: "the number of token ids",
                value: ids.len().to_string(),
                must: "the number of labels times a width of at least 1",
            });
        }
        Ok(Self {
            ids: Tensor::from_data(TensorData::new(ids, [rows, width]), device),
            labels: Tensor::from_data(TensorData::new(labels, [rows, 1]), device),
            rows,
        })
    }

    /// Number of texts.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Tokens of each text.
    pub fn width(&self) -> usize {
        self.ids.dims()[1]
    }

    /// How many tokens each text has, up to the last that is no padding; at least 1. Reads them back from the device.
    pub(crate) fn lengths(&self) -> Vec<usize> {
        let ids: Vec<i64> = self.ids.clone().into_data().iter().collect();
        ids.chunks_exact(self.width())
            .map(|row| {
                row.iter()
                    .rposition(|id| *id != 0)
                    .map_or(1, |last| last + 1)
            })
            .collect()
    }

    /// The texts at `rows`, at least one, in that order, gathered on the device at once.
    pub(crate) fn gathered(&self, rows: &[u32]) -> Self {
        let count = rows.len();
        let rows: Vec<i64> = rows.iter().map(|row| i64::from(*row)).collect();
        let rows = Tensor::<1, Int>::from_data(TensorData::new(rows, [count]), &self.device());
        Self {
            ids: self.ids.clone().select(0, rows.clone()),
            labels: self.labels.clone().select(0, rows),
            rows: count,
        }
    }

    /// Ids `[N, T]` and labels `[N, 1]` of the texts from the first of `rows` to before its end: views,
    /// where the backend has views, so that nothing is copied.
    ///
    /// # Panics
    /// If the range goes beyond them.
    pub fn range(&self, rows: Range<usize>) -> (Tensor<2, Int>, Tensor<2>) {
        (
            self.ids.clone().slice([rows.clone()]),
            self.labels.clone().slice([rows]),
        )
    }

    /// [`Self::range`] of `size` texts after `size` texts, the last of fewer if they do not come out even.
    pub(crate) fn batches(
        &self,
        size: usize,
    ) -> impl Iterator<Item = (Tensor<2, Int>, Tensor<2>)> + '_ {
        let size = size.max(1);
        (0..self.rows)
            .step_by(size)
            .map(move |start| self.range(start..self.rows.min(start + size)))
    }

    /// The labels of all texts, `[N, 1]`.
    pub(crate) fn labels(&self) -> Tensor<2> {
        self.labels.clone()
    }

    /// The largest label. Reads them back from the device.
    pub(crate) fn largest_label(&self) -> usize {
        let labels = self.labels.clone().into_data();
        labels.iter::<f32>().fold(0.0, f32::max) as usize
    }

    /// SHA-256 over sizes, ids and labels, in hexadecimal digits. Reads them back from the device.
    pub(crate) fn sha256(&self) -> String {
        let mut hash = Sha256::new();
        for size in [self.rows, self.width()] {
            hash.update((size as u64).to_le_bytes());
        }
        let mut add = |bytes: Vec<u8>| hash.update(bytes);
        let ids = self.ids.clone().into_data();
        add(ids.iter::<i32>().flat_map(i32::to_le_bytes).collect());
        let labels = self.labels.clone().into_data();
        add(labels.iter::<f32>().flat_map(f32::to_le_bytes).collect());
        hash.finalize()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }

    /// Where the texts are.
    pub(crate) fn device(&self) -> Device {
        self.ids.device()
    }
}

/// Vectorizes one split of a corpus and puts it on `device`, which need not record gradients.
///
/// # Errors
/// [`TrainingError::Empty`], and [`TrainingError::Label`] for a label beyond the corpus' classes.
pub fn encode(
    corpus: &impl Corpus,
    split: Split,
    vectorizer: &impl Vectorize,
    device: &Device,
) -> Result<Encoded, TrainingError> {
    let texts = corpus.texts(split);
    if texts.len() == 0 {
        return Err(TrainingError::Empty {
            split: split.to_string(),
        });
    }
    encode_texts(texts, corpus.classes().len(), vectorizer, device)
}

/// As [`encode`], of any texts whose labels are below `classes`.
///
/// # Errors
/// As [`encode`].
pub fn encode_texts<'a>(
    texts: impl ExactSizeIterator<Item = LabelledText<'a>>,
    classes: usize,
    vectorizer: &impl Vectorize,
    device: &Device,
) -> Result<Encoded, TrainingError> {
    let width = vectorizer.width();
    let mut labels = Vec::with_capacity(texts.len());
    let mut ids = vec![0; texts.len() * width];
    for ((row, text), slot) in texts.enumerate().zip(ids.chunks_exact_mut(width.max(1))) {
        if text.label >= classes {
            return Err(TrainingError::Label {
                label: text.label,
                row,
                classes,
            });
        }
        labels.push(text.label as f32);
        vectorizer.vectorize_into(text.text, slot);
    }
    Encoded::new(ids, width, labels, device)
}
