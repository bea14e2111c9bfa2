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
    let mask = (over == Pooling::Mean).then(|| sequence.mask());
    let vectors = sequence.into_vectors().reshape([batch, time, width]);
    let pooled = match mask {
        None if over == Pooling::Last => vectors.narrow(1, time - 1, 1),
        None => vectors.max_dim(1),
        Some(mask) => {
            let given = vectors.dtype();
            let shares = shares(&mask, time);
            let shares = TensorData::new(shares, [batch, time, 1]);
            let shares: Tensor<3> = constant(shares, &vectors.device());
            let vectors = vectors.cast(FloatDType::F64);
            let shares = shares.cast(FloatDType::F64);
            (vectors * shares).sum_dim(1).cast(FloatDType::from(given))
        }
    };
    pooled.reshape([batch, width])
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
