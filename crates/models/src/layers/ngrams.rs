//! Vectors of n-grams, beside those of the tokens at whose steps they end.

use burn::module::{Module, Param};
use burn::tensor::{FloatDType, Int, Tensor, TensorData};

use super::{Sequence, map_tokens};
use crate::host::constant;
use crate::initializers::Init;
use crate::noise::Noise;

/// A table `[buckets, D]` of vectors, one for all n-grams that fall into a bucket.
///
/// Which bucket that is says a hash of the n-gram's token ids, so that no n-gram needs to be known beforehand. Source:
/// Bojanowski et al., "Enriching Word Vectors with Subword Information", 2017, and fastText, which hash n-grams of words
/// likewise (Joulin et al., "Bag of Tricks for Efficient Text Classification", 2017).
#[derive(Module, Debug)]
pub struct Ngrams {
    /// The table, zeros: an n-gram that no training text had says nothing.
    pub embeddings: Param<Tensor<2>>,
}

impl Ngrams {
    /// A table of `buckets` vectors of `width`.
    pub fn new(init: &mut Init, buckets: usize, width: usize) -> Self {
        Self {
            embeddings: init.zeros([buckets, width]),
        }
    }

    /// The steps of `sequence`, with the sum of the vectors of the n-grams of all `widths` that end there behind the
    /// vector that is there. While training, the vectors of a bucket are zero with probability `rate`, wherever its n-grams
    /// stand, and the others are divided by `1 − rate`: as an embedding's dropout drops words.
    pub(crate) fn beside(
        &self,
        sequence: Sequence,
        widths: &[usize],
        dropped: Option<(&mut Noise, f32)>,
    ) -> Sequence {
        let sequence = sequence.map_steps(|vectors| vectors);
        let [batch, time, _] = sequence.dims();
        let table = self.embeddings.val();
        let [buckets, _] = table.dims();
        let device = sequence.vectors.device();
        let given = table.dtype();
        let ids: Vec<i64> = sequence.ids.clone().into_data().iter().collect();
        let kept = dropped.map(|(noise, rate)| noise.kept(buckets, rate));
        let mut sum: Option<Tensor<2>> = None;
        for width in widths {
            let places = places(&ids, time, *width, buckets);
            let kept: Option<Vec<f32>> = kept
                .as_ref()
                .map(|kept| places.iter().map(|place| kept[*place as usize]).collect());
            let places = TensorData::new(places, [batch * time]);
            let places = Tensor::<1, Int>::from_data(places, &sequence.ids.device());
            let mut vectors = map_tokens(table.clone(), places, |vectors| vectors);
            if let Some(kept) = kept {
                let kept = constant(TensorData::new(kept, [batch * time, 1]), &device);
                vectors = vectors * kept.cast(FloatDType::F64);
            }
            sum = Some(match sum {
                Some(sum) => sum + vectors,
                None => vectors,
            });
        }
        let Some(sum) = sum else {
            return sequence;
        };
        let vectors = sum.cast(FloatDType::from(given));
        let words = sequence.vectors.clone();
        sequence.replaced(Tensor::cat(vec![words, vectors], 1))
    }
}

/// The bucket of the n-gram that ends at each step of texts of `time` token ids. Before a text there is padding, 0.
pub(crate) fn places(ids: &[i64], time: usize, width: usize, buckets: usize) -> Vec<i64> {
    let mut places = Vec::with_capacity(ids.len());
    for text in ids.chunks_exact(time.max(1)) {
        for end in 0..text.len() {
            places.push(place(text, end, width, buckets) as i64);
        }
    }
    places
}

/// The bucket of the n-gram that ends at `end`.
pub(super) fn place(text: &[i64], end: usize, width: usize, buckets: usize) -> usize {
    let back = (0..width).rev();
    let ids = back.map(|back| end.checked_sub(back).map_or(0, |place| text[place]));
    (hash(width as u64, ids) % buckets as u64) as usize
}

/// A number that each of the ids, and their order, decide.
pub(super) fn hash(start: u64, ids: impl Iterator<Item = i64>) -> u64 {
    ids.fold(start, |hash, id| mixed(hash ^ id as u64))
}

/// Every bit of the result depends on every bit of `x`, and no two have the same. Source: the finalizer of Steele et al.,
/// "Fast Splittable Pseudorandom Number Generators", 2014.
fn mixed(x: u64) -> u64 {
    let x = x.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;
    use crate::layers::Embedding;

    const IDS: [[i32; 4]; 2] = [[3, 1, 3, 1], [2, 3, 1, 0]];

    fn ids(device: &Device) -> Tensor<2, Int> {
        Tensor::from_ints(IDS, device)
    }

    #[test]
    fn equal_ngrams_fall_into_one_bucket_wherever_they_stand() {
        let ids: Vec<i64> = IDS.as_flattened().iter().map(|id| i64::from(*id)).collect();
        let pairs = places(&ids, 4, 2, 1 << 20);
        // "3 1" ends at three places, and "1 3" is another.
        assert_eq!([pairs[1], pairs[1]], [pairs[3], pairs[6]]);
        assert_ne!(pairs[1], pairs[2]);
        // What begins before the text begins with padding, and not with the end of the text before.
        let alone = places(&ids[4..], 4, 2, 1 << 20);
        assert_eq!(&pairs[4..], alone);
        // A pair is no triple that begins with padding.
        let triples = places(&ids, 4, 3, 1 << 20);
        assert!(pairs.iter().zip(&triples).all(|(two, three)| two != three));
        assert!(
            places(&ids, 4, 2, 3)
                .iter()
                .all(|place| (0..3).contains(place))
        );
    }

    /// The golden buckets: models that are saved rely on them.
    #[test]
    fn buckets_stay_what_they_are() {
        assert_eq!(places(&[5, 17, 2], 3, 2, 1 << 17), [79_882, 26_230, 59_154]);
    }

    #[test]
    fn a_step_has_the_sum_of_its_ngrams_behind_its_token() {
        let device = Device::flex();
        let init = &mut Init::new(1, &device);
        let embedding = Embedding::new(init, 4, 2);
        let mut table = Ngrams::new(init, 5, 3);
        let values: Vec<f32> = (0..15).map(|n| n as f32).collect();
        let values = Tensor::from_data(TensorData::new(values, [5, 3]), &device);
        table.embeddings = Param::from_tensor(values);
        let sequence = Sequence::tokens(&embedding, ids(&device), true);
        let both = table.beside(sequence, &[2, 3], None);
        assert_eq!(both.dims(), [2, 4, 5]);
        let flat: Vec<i64> = IDS.as_flattened().iter().map(|id| i64::from(*id)).collect();
        let [two, three] = [2, 3].map(|width| places(&flat, 4, width, 5));
        let words: Vec<f32> = embedding.embeddings.val().into_data().iter().collect();
        let found: Vec<f32> = both.into_vectors().into_data().iter().collect();
        for (step, found) in found.chunks_exact(5).enumerate() {
            let word = flat[step] as usize * 2;
            assert_eq!(found[..2], words[word..word + 2]);
            for (column, found) in found[2..].iter().enumerate() {
                let expected = (two[step] + three[step]) as f32 * 3.0 + 2.0 * column as f32;
                assert_eq!(*found, expected, "{step} {column}");
            }
        }
    }

    /// The gradient of a row is the sum of those of the steps that have it.
    #[test]
    fn gradients_go_to_the_buckets() {
        let device = Device::flex().autodiff();
        let init = &mut Init::new(1, &device);
        let embedding = Embedding::new(init, 4, 2);
        let table = Ngrams::new(init, 5, 1);
        let sequence = Sequence::tokens(&embedding, ids(&device.clone().without_autodiff()), true);
        let weights: Vec<f32> = (1..=8).map(|n| n as f32).collect();
        let weights = Tensor::<1>::from_floats(weights.as_slice(), &device).reshape([8, 1]);
        let steps = table.beside(sequence, &[2], None).into_vectors();
        let loss = (steps.narrow(1, 2, 1) * weights).sum();
        let gradients = loss.backward();
        let found = table.embeddings.val().grad(&gradients).unwrap();
        let found: Vec<f32> = found.into_data().iter().collect();
        let flat: Vec<i64> = IDS.as_flattened().iter().map(|id| i64::from(*id)).collect();
        let mut expected = [0.0; 5];
        for (step, place) in places(&flat, 4, 2, 5).into_iter().enumerate() {
            expected[place as usize] += (step + 1) as f32;
        }
        assert_eq!(found, expected);
    }
}
