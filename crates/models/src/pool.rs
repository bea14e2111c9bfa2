//! One vector a text from one at each step.
//!
//! Shape letters: B texts, T steps, D width of a vector.

use burn::tensor::{FloatDType, Tensor, TensorData};

use crate::config::Pooling;
use crate::host::constant;
use crate::layers::Sequence;

/// `[B, D]` of the vectors at the steps of each text.
///
/// A mean is taken in double precision, where the order of a sum over steps makes no visible difference.
pub(crate) fn pooled(over: Pooling, sequence: Sequence) -> Tensor<2> {
    let [batch, time, width] = sequence.dims();
    let sequence = sequence.map_steps(|vectors| vectors);
    let mask = matches!(over, Pooling::Mean | Pooling::MaxAndMean).then(|| sequence.mask());
    let vectors = sequence.into_vectors().reshape([batch, time, width]);
    let pooled = match (over, mask) {
        (Pooling::Last, _) => vectors.narrow(1, time - 1, 1),
        (Pooling::Mean, Some(mask)) => mean(vectors, &mask),
        (Pooling::MaxAndMean, Some(mask)) => {
            let far: Vec<f32> = far(&mask, time);
            let far: Tensor<3> =
                constant(TensorData::new(far, [batch, time, 1]), &vectors.device());
            let largest = (vectors.clone() + far).max_dim(1);
            return Tensor::cat(vec![largest, mean(vectors, &mask)], 2).reshape([batch, 2 * width]);
        }
        _ => vectors.max_dim(1),
    };
    pooled.reshape([batch, width])
}

/// The mean over the steps `[B, T, D]` that are not masked, `[B, 1, D]`.
fn mean(vectors: Tensor<3>, mask: &[bool]) -> Tensor<3> {
    let [batch, time, _] = vectors.dims();
    let given = vectors.dtype();
    let shares = TensorData::new(shares(mask, time), [batch, time, 1]);
    let shares: Tensor<3> = constant(shares, &vectors.device());
    let vectors = vectors.cast(FloatDType::F64);
    let shares = shares.cast(FloatDType::F64);
    (vectors * shares).sum_dim(1).cast(FloatDType::from(given))
}

/// What is added to each step so that no masked one is the largest: zero where all steps of a text are masked, whose
/// vectors are zero.
fn far(mask: &[bool], time: usize) -> Vec<f32> {
    let mut far = Vec::with_capacity(mask.len());
    for text in mask.chunks_exact(time.max(1)) {
        let all = text.iter().all(|masked| *masked);
        far.extend(text.iter().map(|masked| match masked {
            true if !all => -1e30,
            _ => 0.0,
        }));
    }
    far
}

/// What each step has of the mean of its text.
fn shares(mask: &[bool], time: usize) -> Vec<f64> {
    let mut shares = Vec::with_capacity(mask.len());
    for text in mask.chunks_exact(time.max(1)) {
        let count = text.iter().filter(|masked| !**masked).count();
        let share = 1.0 / count.max(1) as f64;
        shares.extend(text.iter().map(|masked| if *masked { 0.0 } else { share }));
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::module::Param;
    use burn::tensor::{Device, Int};

    use crate::initializers::Init;
    use crate::layers::Embedding;

    #[test]
    fn masked_steps_are_neither_the_largest_nor_in_the_mean() {
        let device = Device::flex();
        let mut embedding = Embedding::new(&mut Init::new(0, &device), 4, 2);
        let table = [[0.0, 0.0], [-3.0, 1.0], [-1.0, -2.0], [5.0, 0.5]];
        embedding.embeddings = Param::from_tensor(Tensor::from_floats(table, &device));
        let ids = Tensor::<2, Int>::from_ints([[1, 2, 0], [0, 0, 0], [3, 0, 1]], &device);
        for (masked, expected) in [
            (
                true,
                [
                    [-1.0f32, 1.0, -2.0, -0.5],
                    [0.0, 0.0, 0.0, 0.0],
                    [5.0, 1.0, 1.0, 0.75],
                ],
            ),
            (
                false,
                [
                    [0.0, 1.0, -4.0 / 3.0, -1.0 / 3.0],
                    [0.0, 0.0, 0.0, 0.0],
                    [5.0, 1.0, 2.0 / 3.0, 0.5],
                ],
            ),
        ] {
            let sequence = Sequence::tokens(&embedding, ids.clone(), masked);
            let found: Vec<f32> = pooled(Pooling::MaxAndMean, sequence)
                .into_data()
                .iter()
                .collect();
            for (found, expected) in found.iter().zip(expected.as_flattened()) {
                assert!((found - expected).abs() < 1e-6, "{found} {expected}");
            }
        }
    }
}
