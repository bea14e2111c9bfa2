//! A step of Adam over a parameter on the host, in one pass.
//!
//! The same arithmetic in tensor operations takes ten passes over memory. Each operation on an element is rounded by
//! itself, so that registers of any width give the same bits.

use pulp::{Arch, NullaryFnOnce};
use rayon::iter::{IndexedParallelIterator, ParallelIterator};
use rayon::slice::{ParallelSlice, ParallelSliceMut};

/// The numbers of a step, the bias corrections worked in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct AdamStep {
    /// α: the learning rate times the corrections.
    pub(super) alpha: f32,
    /// `1 − β₁`.
    pub(super) one_minus_beta1: f32,
    /// `1 − β₂`.
    pub(super) one_minus_beta2: f32,
    /// ε, beside `√v`.
    pub(super) epsilon: f32,
}

/// A parameter, its gradient and its moments, all of one length.
pub(super) struct Operands<'a> {
    pub(super) parameter: &'a mut [f32],
    pub(super) gradient: &'a [f32],
    pub(super) mean: &'a mut [f32],
    pub(super) square: &'a mut [f32],
}

impl Operands<'_> {
    /// Themselves, if they are of one length: a gradient has its parameter's shape, and the moments were made for it or
    /// come from a checkpoint of the same network.
    ///
    /// # Panics
    /// If they are not.
    pub(super) fn checked(self) -> Self {
        let count = self.parameter.len();
        for found in [self.gradient.len(), self.mean.len(), self.square.len()] {
            assert_eq!(
                found, count,
                "Adam: operands of another length than the parameter"
            );
        }
        self
    }
}

/// Elements that a thread is worth waking for.
const PART: usize = 16_384;

/// `m ← m + (g − m)(1 − β₁)`, `v ← v + (g² − v)(1 − β₂)`, `p ← p − α m / (√v + ε)`, each product and
/// sum rounded by itself, as in Keras. Source: Kingma and Ba, "Adam: A Method for Stochastic
/// Optimization", 2015, in the form at the end of its section 2.
pub(super) fn update(operands: Operands<'_>, step: AdamStep) {
    let Operands {
        parameter,
        gradient,
        mean,
        square,
    } = operands;
    let threads = rayon::current_num_threads();
    let part = parameter.len().div_ceil(threads).max(PART);
    let update = |(((parameter, gradient), mean), square)| {
        Arch::new().dispatch(Part {
            operands: Operands {
                parameter,
                gradient,
                mean,
                square,
            },
            step,
        });
    };
    if part >= parameter.len() {
        update((((parameter, gradient), mean), square));
    } else {
        let parts = parameter.par_chunks_mut(part);
        parts
            .zip(gradient.par_chunks(part))
            .zip(mean.par_chunks_mut(part))
            .zip(square.par_chunks_mut(part))
            .for_each(update);
    }
}

/// Some elements, for the widest registers of the processor.
struct Part<'a> {
    operands: Operands<'a>,
    step: AdamStep,
}

impl NullaryFnOnce for Part<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { operands, step } = self;
        let moments = operands.mean.iter_mut().zip(operands.square);
        let elements = operands.parameter.iter_mut().zip(operands.gradient);
        for ((parameter, gradient), (mean, square)) in elements.zip(moments) {
            let g = *gradient;
            *mean += (g - *mean) * step.one_minus_beta1;
            *square += (g * g - *square) * step.one_minus_beta2;
            *parameter -= *mean * step.alpha / (square.sqrt() + step.epsilon);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_element_follows_the_equations() {
        let step = AdamStep {
            alpha: 0.01f32,
            one_minus_beta1: 0.1,
            one_minus_beta2: 0.001,
            epsilon: 1e-7,
        };
        // The last is cut into parts for several threads.
        for count in [1, 7, 16, 33, 40_000] {
            let numbers = |salt: u32| -> Vec<f32> {
                (0..count)
                    .map(|x: u32| ((x * 7 + salt) % 13) as f32 / 13.0 - 0.4)
                    .collect()
            };
            let gradient = numbers(1);
            let (mut parameter, mut mean) = (numbers(2), numbers(3));
            let mut square: Vec<f32> = numbers(4).iter().map(|x| x * x).collect();
            let (p, m, v) = (parameter.clone(), mean.clone(), square.clone());
            let operands = Operands {
                parameter: &mut parameter,
                gradient: &gradient,
                mean: &mut mean,
                square: &mut square,
            };
            update(operands, step);
            for i in 0..count as usize {
                let g = gradient[i];
                let m = m[i] + (g - m[i]) * step.one_minus_beta1;
                let v = v[i] + (g * g - v[i]) * step.one_minus_beta2;
                let p = p[i] - m * step.alpha / (v.sqrt() + step.epsilon);
                assert_eq!((parameter[i], mean[i], square[i]), (p, m, v));
            }
        }
    }
}
