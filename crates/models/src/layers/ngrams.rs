//! Vectors of n-grams, beside those of the tokens at whose steps they end.

use burn::module::{Module, Param};
use burn::tensor::{FloatDType, Int, Tensor, TensorData};

use super::{Sequence, map_tokens};
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
    /// vector that is there. While training, a step goes without its n-grams with probability `rate`, and the others are
    /// divided by `1 − rate`.
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
        let mut sum: Option<Tensor<2>> = None;
        for width in widths {
            let places = places(&ids, time, *width, buckets);
            let places = TensorData::new(places, [batch * time]);
            let places = Tensor::<1, Int>::from_data(places, &sequence.ids.device());
            let vectors = map_tokens(table.clone(), places, |vectors| vectors);
            sum = Some(match sum {
                Some(sum) => sum + vectors,
                None => vectors,
            });
        }
        let Some(sum) = sum else {
            return sequence;
        };
        let mut vectors = sum.cast(FloatDType::from(given));
        if let Some((noise, rate)) = dropped {
            vectors = vectors * noise.mask([batch * time, 1], rate, &device);
        }
        let words = sequence.vectors.clone();
        sequence.replaced(Tensor::cat(vec![words, vectors], 1))
    }
}

/// The bucket of the n-gram that ends at each step of texts of `time` token ids. Before a text there is padding, 0.
pub(crate) fn places(ids: &[i64], time: usize, width: usize, buckets: usize) -> Vec<i64> {
    let mut places = Vec::with_capacity(ids.len());
    for text in ids.chunks_exact(time.max(1)) {
        for end in 0..text.len() {
            let mut hash = width as u64;
            for back in (0..width).rev() {
                let id = end.checked_sub(back).map_or(0, |place| text[place]);
                hash = mixed(hash ^ id as u64);
            }
            places.push((hash % buckets as u64) as i64);
        }
    }
    places
}

/// Every bit of the result depends on every bit of `x`, and no two have the same. Source: the finalizer of Steele et al.,
/// "Fast Splittable Pseudorandom Number Generators", 2014.
fn mixed(x: u64) -> u64 {
    let x = x.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}
