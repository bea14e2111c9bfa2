//! What a training step draws at random.

use burn::tensor::{Device, Tensor, TensorData};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::host::constant;

/// The random numbers of one training step: the same for the same seed and step, on every machine and backend, so that
/// a resumed training draws what an uninterrupted one would have drawn.
///
/// With it goes what is not random: where an adversary has moved the token vectors.
#[derive(Clone, Debug)]
pub struct Noise {
    generator: ChaCha8Rng,
    nudge: Option<Tensor<2>>,
}

impl Noise {
    /// That of step number `step` of a training with `seed`.
    #[must_use]
    pub fn new(seed: u64, step: u64) -> Self {
        // Apart from the streams that weights and the order of texts are drawn from.
        let mut generator = ChaCha8Rng::seed_from_u64(seed ^ 0x6472_6f70_6f75_7421);
        generator.set_stream(step);
        Self {
            generator,
            nudge: None,
        }
    }

    /// The same, with `nudge` `[V, D]` to be added to the table of token vectors.
    #[must_use]
    pub fn with_nudge(self, nudge: Tensor<2>) -> Self {
        Self {
            nudge: Some(nudge),
            ..self
        }
    }

    /// What is to be added to the table of token vectors.
    #[must_use]
    pub fn nudge(&self) -> Option<Tensor<2>> {
        self.nudge.clone()
    }

    /// What each of `count` things is multiplied with in dropout: zero with probability `rate`, else `1 / (1 − rate)`.
    pub(crate) fn kept(&mut self, count: usize, rate: f32) -> Vec<f32> {
        let rate = f64::from(rate);
        let below = (rate * 4_294_967_296.0) as u64;
        let kept = (1.0 / (1.0 - rate)) as f32;
        let draw = |_| {
            if u64::from(self.generator.next_u32()) < below {
                0.0
            } else {
                kept
            }
        };
        (0..count).map(draw).collect()
    }

    /// A mask `[N, M]` of dropout: zero with probability `rate`, else `1 / (1 − rate)`. On the host, then on `device`.
    pub fn mask(&mut self, shape: [usize; 2], rate: f32, device: &Device) -> Tensor<2> {
        let values = self.kept(shape[0] * shape[1], rate);
        constant(TensorData::new(values, shape), device)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(noise: &mut Noise, rate: f32) -> Vec<f32> {
        let mask = noise.mask([100, 100], rate, &Device::flex());
        mask.into_data().iter().collect()
    }

    #[test]
    fn a_mask_keeps_the_mean_and_depends_on_seed_and_step_alone() {
        let mask = values(&mut Noise::new(1, 2), 0.25);
        let kept = mask.iter().filter(|x| **x != 0.0).count();
        assert!(
            mask.iter()
                .all(|x| *x == 0.0 || (x - 4.0 / 3.0).abs() < 1e-6)
        );
        // 10,000 draws: the standard deviation of the share is 0.0043.
        assert!((kept as f64 / 10_000.0 - 0.75).abs() < 0.02, "{kept}");
        assert_eq!(mask, values(&mut Noise::new(1, 2), 0.25));
        assert_ne!(mask, values(&mut Noise::new(1, 3), 0.25));
        assert_ne!(mask, values(&mut Noise::new(2, 2), 0.25));
        assert!(values(&mut Noise::new(1, 2), 0.0).iter().all(|x| *x == 1.0));
    }
}
