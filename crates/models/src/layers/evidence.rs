//! What a linear model says of the n-grams that end at each step, beside the vectors of the tokens.

use std::collections::HashSet;
use std::sync::Arc;

use burn::module::{Module, Param};
use burn::tensor::{Device, Int, Tensor, TensorData};

use super::Sequence;
use super::ngrams::{hash, place};
use crate::host::constant;
use crate::initializers::Init;

/// Weights of a linear model are small, as hundreds of n-grams of a text have one; what is read beside token vectors is as large
/// as these.
const SCALE: f32 = 8.0;

/// A table `[buckets, C]` of the weights that a linear model gives to hashed n-grams, one for each logit. It is fitted before
/// the network is trained, and stays. The network reads its weights step by step, and what it says of the whole text is added
/// to the network's logits: what is learned is what the linear model does not say.
///
/// While the network is trained, the weights that speak of a text are those of a model that did not learn from that text
/// ([`Folds`]): else the network would learn to believe weights that know the answer. Source: Wolpert, "Stacked
/// Generalization", 1992.
#[derive(Module, Debug)]
pub struct Evidence {
    /// The table, zeros until it is fitted.
    pub embeddings: Param<Tensor<2>>,
}

/// The tables `[buckets, C]` of as many linear models as there are folds, each row by row: that of a fold did not learn from the
/// texts of the fold.
#[derive(Clone, Debug, Default)]
pub struct Folds(Arc<Vec<Vec<f32>>>);

impl Folds {
    /// These tables.
    #[must_use]
    pub fn new(tables: Vec<Vec<f32>>) -> Self {
        Self(Arc::new(tables))
    }

    /// The fold, of so many, of a text of these token ids: a hash of them.
    #[must_use]
    pub fn of(text: &[i64], folds: usize) -> usize {
        let end = text
            .iter()
            .rposition(|id| *id != 0)
            .map_or(0, |last| last + 1);
        (hash(0, text[..end].iter().copied()) % folds.max(1) as u64) as usize
    }

    /// The mean of the tables.
    #[must_use]
    pub fn mean(&self) -> Vec<f32> {
        let length = self.0.first().map_or(0, Vec::len);
        let sum = |place: usize| {
            self.0
                .iter()
                .map(|table| f64::from(table[place]))
                .sum::<f64>()
        };
        let count = self.0.len() as f64;
        (0..length)
            .map(|place| (sum(place) / count) as f32)
            .collect()
    }
}

impl Evidence {
    /// A table of zeros.
    pub fn new(init: &mut Init, buckets: usize, logits: usize) -> Self {
        Self {
            embeddings: init.zeros([buckets, logits]),
        }
    }

    /// The buckets of the n-grams of a text, ascending, each once. N-grams with padding in them are none.
    #[must_use]
    pub fn buckets(text: &[i64], widths: &[usize], buckets: usize) -> Vec<u32> {
        let mut all = Vec::new();
        for end in 0..text.len() {
            all.extend(ending(text, end, widths, buckets).map(|place| place as u32));
        }
        all.sort_unstable();
        all.dedup();
        all
    }

    /// The steps of `sequence`, with the sums of the weights of the n-grams that end there behind the vector that is there.
    pub(crate) fn beside(
        &self,
        sequence: Sequence,
        widths: &[usize],
        folds: Option<&Folds>,
    ) -> Sequence {
        let sequence = sequence.map_steps(|vectors| vectors);
        let [batch, time, _] = sequence.dims();
        let [_, logits] = self.embeddings.val().dims();
        let mut values = self.values(sequence.ids.clone(), widths, folds);
        values.iter_mut().for_each(|value| *value *= SCALE);
        let values = TensorData::new(values, [batch * time, logits]);
        let evidence = constant(values, &sequence.vectors.device());
        let words = sequence.vectors.clone();
        sequence.replaced(Tensor::cat(vec![words, evidence], 1))
    }

    /// The logits `[B, C]` of the linear model, without its bias, for texts of `ids` `[B, T]`, as a constant beside `device`.
    pub(crate) fn logits(
        &self,
        ids: Tensor<2, Int>,
        widths: &[usize],
        folds: Option<&Folds>,
        device: &Device,
    ) -> Tensor<2> {
        let [batch, time] = ids.dims();
        let [_, logits] = self.embeddings.val().dims();
        let values = self.values(ids, widths, folds);
        let mut sums = vec![0.0f32; batch * logits];
        for (text, sums) in values
            .chunks_exact(time * logits)
            .zip(sums.chunks_exact_mut(logits))
        {
            for (logit, sum) in sums.iter_mut().enumerate() {
                let steps = text.iter().skip(logit).step_by(logits);
                *sum = steps.map(|value| f64::from(*value)).sum::<f64>() as f32;
            }
        }
        constant(TensorData::new(sums, [batch, logits]), device)
    }

    /// At each step of each text, `[B, T, C]`, the sums of the weights of the n-grams that end there. One that the text had
    /// before says nothing again, as in a linear model of what a text has.
    fn values(&self, ids: Tensor<2, Int>, widths: &[usize], folds: Option<&Folds>) -> Vec<f32> {
        let [batch, time] = ids.dims();
        let [buckets, logits] = self.embeddings.val().dims();
        let ids: Vec<i64> = ids.into_data().iter().collect();
        let folds = folds.filter(|folds| !folds.0.is_empty());
        let own: Vec<f32> = match folds {
            Some(_) => Vec::new(),
            None => self.embeddings.val().into_data().iter().collect(),
        };
        let mut values = vec![0.0; batch * time * logits];
        let mut seen = HashSet::with_capacity(time * widths.len());
        for (text, values) in ids
            .chunks_exact(time)
            .zip(values.chunks_exact_mut(time * logits))
        {
            let table = match folds {
                Some(Folds(tables)) => &tables[Folds::of(text, tables.len())],
                None => &own,
            };
            seen.clear();
            for (end, values) in values.chunks_exact_mut(logits).enumerate() {
                for place in ending(text, end, widths, buckets) {
                    if seen.insert(place) {
                        let weights = &table[place * logits..(place + 1) * logits];
                        for (value, weight) in values.iter_mut().zip(weights) {
                            *value += weight;
                        }
                    }
                }
            }
        }
        values
    }
}

/// The buckets of the n-grams that end at `end` and lie within the text.
fn ending<'a>(
    text: &'a [i64],
    end: usize,
    widths: &'a [usize],
    buckets: usize,
) -> impl Iterator<Item = usize> + 'a {
    let whole = move |width: &&usize| {
        let start = (end + 1).checked_sub(**width);
        start.is_some_and(|start| text[start..=end].iter().all(|id| *id != 0))
    };
    let whole = widths.iter().filter(whole);
    whole.map(move |width| place(text, end, *width, buckets))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::Embedding;

    /// The second text has "3" twice, and "3 1" once more than the first.
    const TEXTS: [[i64; 5]; 2] = [[3, 1, 0, 0, 0], [2, 3, 1, 3, 1]];
    const WIDTHS: [usize; 2] = [1, 2];
    const BUCKETS: usize = 1009;

    fn network(table: &[f32]) -> (Embedding, Evidence) {
        let device = Device::flex();
        let init = &mut Init::new(1, &device);
        let embedding = Embedding::new(init, 6, 2);
        let mut evidence = Evidence::new(init, BUCKETS, 1);
        let table = TensorData::new(table.to_vec(), [BUCKETS, 1]);
        evidence.embeddings = Param::from_tensor(Tensor::from_data(table, &device));
        (embedding, evidence)
    }

    /// What is read at each step, and what is said of the text.
    fn read(table: &[f32], folds: Option<&Folds>) -> (Vec<f32>, Vec<f32>) {
        let (embedding, evidence) = network(table);
        let device = Device::flex();
        let ids = TEXTS.map(|text| text.map(|id| id as i32));
        let ids = Tensor::<2, Int>::from_ints(ids, &device);
        let sequence = Sequence::tokens(&embedding, ids.clone(), true);
        let steps = evidence.beside(sequence, &WIDTHS, folds).into_vectors();
        let steps = steps.narrow(1, 2, 1).into_data().iter().collect();
        let logits = evidence.logits(ids, &WIDTHS, folds, &device);
        (steps, logits.into_data().iter().collect())
    }

    #[test]
    fn a_step_has_the_weights_of_the_ngrams_that_end_there_for_the_first_time() {
        let table: Vec<f32> = (0..BUCKETS).map(|place| place as f32 - 500.0).collect();
        let weight = |text: &[i64], end, width| table[place(text, end, width, BUCKETS)];
        let [one, two] = &TEXTS;
        let expected = [
            weight(one, 0, 1),
            weight(one, 1, 1) + weight(one, 1, 2),
            0.0,
            0.0,
            0.0,
            weight(two, 0, 1),
            weight(two, 1, 1) + weight(two, 1, 2),
            weight(two, 2, 1) + weight(two, 2, 2),
            // "3" was there before, and "1 3" was not.
            weight(two, 3, 2),
            0.0,
        ];
        let (steps, logits) = read(&table, None);
        assert_eq!(steps, expected.map(|sum| SCALE * sum));
        let sums = expected
            .chunks_exact(5)
            .map(|text| text.iter().sum::<f32>());
        assert_eq!(logits, sums.collect::<Vec<f32>>());
        // What a linear model of the text's buckets says.
        for (text, logit) in TEXTS.iter().zip(&logits) {
            let buckets = Evidence::buckets(text, &WIDTHS, BUCKETS);
            let sum: f32 = buckets.iter().map(|place| table[*place as usize]).sum();
            assert_eq!(*logit, sum);
        }
    }

    #[test]
    fn texts_of_a_fold_are_read_by_its_table() {
        let tables: Vec<Vec<f32>> = (1..=5).map(|n| vec![n as f32; BUCKETS]).collect();
        let folds = Folds::new(tables);
        assert_eq!(folds.mean(), [3.0; BUCKETS]);
        let (steps, _) = read(&[0.0; BUCKETS], Some(&folds));
        for (text, steps) in TEXTS.iter().zip(steps.chunks_exact(5)) {
            let weight = SCALE * (Folds::of(text, 5) + 1) as f32;
            // One n-gram ends at the first step, and two at the second.
            assert_eq!(steps[..2], [weight, 2.0 * weight]);
        }
        // Padding does not make another text of it.
        assert_eq!(Folds::of(&[3, 1], 5), Folds::of(&TEXTS[0], 5));
    }

    #[test]
    fn the_buckets_of_a_text_are_those_of_its_steps() {
        let buckets = Evidence::buckets(&TEXTS[0], &WIDTHS, BUCKETS);
        let steps = [(0, 1), (1, 1), (1, 2)];
        let mut expected = steps.map(|(end, width)| place(&TEXTS[0], end, width, BUCKETS) as u32);
        expected.sort_unstable();
        assert_eq!(buckets, expected);
    }
}
