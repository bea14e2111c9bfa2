//! Keras' initializers, drawn on the host from a seeded generator.
//!
//! burn's own initializers draw from the backend's global generator, so that the order in which
//! modules are built, or another backend, changes the numbers. Here one [`Init`] value owns the
//! generator: the same seed gives the same weights on every backend.

use burn::module::{Param, ParamId};
use burn::tensor::{Device, Tensor, TensorData};
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Half width of Keras' default embedding initializer, `RandomUniform(-0.05, 0.05)`.
pub const EMBEDDING_LIMIT: f32 = 0.05;

/// Draws initial parameters for one network, in the order in which its layers are built.
///
/// Parameter ids are counted from one, so that two networks of one kind have the same ids and
/// the state of an optimizer fits both.
#[derive(Debug)]
pub struct Init {
    generator: ChaCha8Rng,
    device: Device,
    drawn: u64,
}

impl Init {
    /// A generator for parameters on `device`, started from `seed`.
    pub fn new(seed: u64, device: &Device) -> Self {
        Self {
            generator: ChaCha8Rng::seed_from_u64(seed),
            device: device.clone(),
            drawn: 0,
        }
    }

    /// Uniform over `[-limit, limit)`.
    pub fn uniform(&mut self, shape: [usize; 2], limit: f32) -> Param<Tensor<2>> {
        let values = (0..shape[0] * shape[1])
            .map(|_| self.generator.random_range(-limit..limit))
            .collect();
        self.parameter(values, shape)
    }

    /// Glorot (Xavier) uniform: limit `sqrt(6 / (fan_in + fan_out))` for a kernel `[in, out]`.
    ///
    /// Source: Glorot and Bengio, "Understanding the difficulty of training deep feedforward
    /// neural networks", 2010; Keras' default for kernels.
    pub fn glorot_uniform(&mut self, shape: [usize; 2]) -> Param<Tensor<2>> {
        let limit = (6.0 / (shape[0] + shape[1]) as f32).sqrt();
        self.uniform(shape, limit)
    }

    /// A matrix with orthonormal rows (or columns, whichever are fewer), uniformly distributed.
    ///
    /// Source: Saxe et al., "Exact solutions to the nonlinear dynamics of learning in deep linear
    /// neural networks", 2013; Keras' default for recurrent kernels. Gram-Schmidt on a Gaussian
    /// matrix is the QR decomposition with a positive diagonal, which is what Keras computes.
    pub fn orthogonal(&mut self, shape: [usize; 2]) -> Param<Tensor<2>> {
        let [rows, columns] = shape;
        let (count, length) = (rows.min(columns), rows.max(columns));
        let mut basis: Vec<Vec<f64>> = Vec::with_capacity(count);
        while basis.len() < count {
            let mut vector = normal(length, &mut self.generator);
            // Twice: the second pass removes what rounding left of the first.
            for _ in 0..2 {
                for other in &basis {
                    let overlap: f64 = vector.iter().zip(other).map(|(a, b)| a * b).sum();
                    for (a, b) in vector.iter_mut().zip(other) {
                        *a -= overlap * b;
                    }
                }
            }
            let norm = vector.iter().map(|a| a * a).sum::<f64>().sqrt();
            // A vector inside the span of the others cannot be told from rounding: draw again.
            if norm > 1e-6 {
                vector.iter_mut().for_each(|a| *a /= norm);
                basis.push(vector);
            }
        }
        let mut values = vec![0.0; rows * columns];
        for (index, vector) in basis.iter().enumerate() {
            for (position, value) in vector.iter().enumerate() {
                let (row, column) = if rows <= columns {
                    (index, position)
                } else {
                    (position, index)
                };
                values[row * columns + column] = *value as f32;
            }
        }
        self.parameter(values, shape)
    }

    /// All zeros, Keras' default for biases.
    pub fn zeros<const D: usize>(&mut self, shape: [usize; D]) -> Param<Tensor<D>> {
        self.parameter(vec![0.0; shape.iter().product()], shape)
    }

    /// An LSTM's bias `[4 · units]`, gates in the order i, f, c, o: zero, but one for the forget
    /// gate (Keras' `unit_forget_bias`; Jozefowicz et al., "An Empirical Exploration of Recurrent
    /// Network Architectures", 2015).
    pub fn unit_forget_bias(&mut self, units: usize) -> Param<Tensor<1>> {
        let mut values = vec![0.0; 4 * units];
        values[units..2 * units].fill(1.0);
        self.parameter(values, [4 * units])
    }

    fn parameter<const D: usize>(
        &mut self,
        values: Vec<f32>,
        shape: [usize; D],
    ) -> Param<Tensor<D>> {
        self.drawn += 1;
        let tensor = Tensor::from_data(TensorData::new(values, shape), &self.device);
        Param::initialized(ParamId::from(self.drawn), trainable(tensor))
    }
}

/// Independent draws from the standard normal distribution, with the logarithm of the crate `libm`, so that a seed gives
/// the same bits whatever the system's C library is. Source: Marsaglia and Bray, "A Convenient Method for Generating
/// Normal Variables", 1964 (the polar method).
fn normal(count: usize, generator: &mut impl Rng) -> Vec<f64> {
    let mut drawn = Vec::with_capacity(count + 1);
    while drawn.len() < count {
        let (x, y) = (
            generator.random_range(-1.0..1.0),
            generator.random_range(-1.0..1.0),
        );
        let square: f64 = x * x + y * y;
        if square > 0.0 && square < 1.0 {
            let scale = (-2.0 * libm::log(square) / square).sqrt();
            drawn.extend([x * scale, y * scale]);
        }
    }
    drawn.truncate(count);
    drawn
}

/// Asks for a gradient where the tensor's device records one.
pub(crate) fn trainable<const D: usize>(tensor: Tensor<D>) -> Tensor<D> {
    if tensor.is_autodiff() {
        tensor.require_grad()
    } else {
        tensor
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values<const D: usize>(parameter: &Param<Tensor<D>>) -> Vec<f32> {
        parameter.val().into_data().try_to_vec().unwrap()
    }

    #[test]
    fn orthogonal_rows_are_orthonormal_and_differ_between_seeds() {
        let device = Device::flex();
        for shape in [[8, 32], [32, 8], [5, 5]] {
            let drawn = values(&Init::new(3, &device).orthogonal(shape));
            let other = values(&Init::new(4, &device).orthogonal(shape));
            assert_ne!(drawn, other);
            let [rows, columns] = shape;
            let at = |index: usize, position: usize| {
                if rows <= columns {
                    drawn[index * columns + position]
                } else {
                    drawn[position * columns + index]
                }
            };
            for a in 0..rows.min(columns) {
                for b in 0..rows.min(columns) {
                    let dot: f32 = (0..rows.max(columns)).map(|p| at(a, p) * at(b, p)).sum();
                    let expected = if a == b { 1.0 } else { 0.0 };
                    assert!((dot - expected).abs() < 1e-5, "{shape:?} {a} {b}: {dot}");
                }
            }
        }
    }

    #[test]
    fn normal_draws_have_the_moments_of_the_distribution() {
        let drawn = normal(100_000, &mut ChaCha8Rng::seed_from_u64(1));
        let mean = |power: i32| {
            let powers = drawn.iter().map(|x| x.powi(power));
            powers.sum::<f64>() / drawn.len() as f64
        };
        // Standard deviations of these means over n draws: √(1/n), √(2/n), √(15/n), √(96/n). Five of them.
        for (power, expected, variance) in
            [(1, 0.0, 1.0), (2, 1.0, 2.0), (3, 0.0, 15.0), (4, 3.0, 96.0)]
        {
            let bound = 5.0 * (variance / drawn.len() as f64).sqrt();
            let found = mean(power);
            assert!((found - expected).abs() < bound, "moment {power}: {found}");
        }
    }

    #[test]
    fn uniform_draws_fill_their_range() {
        let device = Device::flex();
        let drawn = values(&Init::new(0, &device).glorot_uniform([128, 256]));
        let limit = (6.0f32 / 384.0).sqrt();
        let largest = drawn.iter().fold(0.0f32, |m, v| m.max(v.abs()));
        assert!(largest <= limit && largest > 0.99 * limit, "{largest}");
        let mean = drawn.iter().sum::<f32>() / drawn.len() as f32;
        // The mean of n uniform draws has the deviation limit / sqrt(3 n); five of them.
        assert!(mean.abs() < 5.0 * limit / (3.0 * drawn.len() as f32).sqrt());
    }

    #[test]
    fn forget_gate_starts_open() {
        let bias = values(&Init::new(0, &Device::flex()).unit_forget_bias(2));
        assert_eq!(bias, [0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0]);
    }
}
