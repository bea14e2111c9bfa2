//! One step of Adam over a parameter, in one pass.
//!
//! The same arithmetic in tensor operations takes ten passes over memory.

use crate::error::{KernelError, length};
use crate::isa::Isa;
use crate::layout::even;
use crate::parallel::{self, Shared};
use crate::vector::{Kernel, Real, Vector};

/// The numbers of a step, the bias corrections worked in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamStep<E> {
    /// α: the learning rate times the corrections.
    pub alpha: E,
    /// `1 − β₁`.
    pub mean_share: E,
    /// `1 − β₂`.
    pub square_share: E,
    /// ε, beside `√v`.
    pub epsilon: E,
}

/// `m ← m + (g − m)(1 − β₁)`, `v ← v + (g² − v)(1 − β₂)`, `p ← p − α m / (√v + ε)`, each product and
/// sum rounded by itself, as in Keras. Source: Kingma and Ba, "Adam: A Method for Stochastic
/// Optimization", 2015, in the form at the end of its section 2.
///
/// # Errors
/// [`KernelError::Length`] where the slices are not of one length.
pub fn adam<E: Real>(
    isa: Isa,
    parameter: &mut [E],
    gradient: &[E],
    mean: &mut [E],
    square: &mut [E],
    step: AdamStep<E>,
) -> Result<(), KernelError> {
    let checked = CheckedAdam::new(isa, parameter, gradient, [mean, square], step)?;
    E::run_adam(checked);
    Ok(())
}

/// The operands of a step, which are of one length. Only [`Self::new`] makes it.
#[derive(Debug)]
pub struct CheckedAdam<'a, E> {
    isa: Isa,
    parameter: &'a mut [E],
    gradient: &'a [E],
    moments: [&'a mut [E]; 2],
    step: AdamStep<E>,
}

impl<'a, E: Real> CheckedAdam<'a, E> {
    fn new(
        isa: Isa,
        parameter: &'a mut [E],
        gradient: &'a [E],
        moments: [&'a mut [E]; 2],
        step: AdamStep<E>,
    ) -> Result<Self, KernelError> {
        for (operand, found) in [
            ("the gradient", gradient.len()),
            ("the mean", moments[0].len()),
            ("the mean of squares", moments[1].len()),
        ] {
            length(operand, "of the parameter", parameter.len(), found)?;
        }
        Ok(Self {
            isa,
            parameter,
            gradient,
            moments,
            step,
        })
    }
}

/// See [`adam`]; behind [`Real`] as `run::run_layer` is.
pub(crate) fn run_adam<E: Real>(checked: CheckedAdam<'_, E>) {
    let CheckedAdam {
        isa,
        parameter,
        gradient,
        moments: [mean, square],
        step,
    } = checked;
    let count = parameter.len();
    let [parameter, mean, square] = [parameter, mean, square].map(Shared::new);
    // A thread is not worth waking for less than this.
    let parts = parallel::threads().min(count / 16_384);
    let tasks = even(count, parts).collect();
    parallel::run(tasks, |range| {
        let update = Update {
            parameter,
            gradient,
            mean,
            square,
            step,
            range,
        };
        // SAFETY: the ranges of `even` do not overlap.
        unsafe { E::dispatch(isa, update) };
    });
}

/// A step for the elements of `range`.
///
/// # Safety
/// Updates that run at the same time over the same memory differ in their ranges.
struct Update<'a, E> {
    parameter: Shared<'a, E>,
    gradient: &'a [E],
    mean: Shared<'a, E>,
    square: Shared<'a, E>,
    step: AdamStep<E>,
    range: std::ops::Range<usize>,
}

impl<E: Real> Kernel<E> for Update<'_, E> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<V: Vector<Elem = E>>(self) {
        let lengths = [
            self.parameter.len(),
            self.gradient.len(),
            self.mean.len(),
            self.square.len(),
        ];
        assert!(lengths.iter().all(|length| self.range.end <= *length));
        let mut at = self.range.start;
        while at < self.range.end {
            let count = V::LANES.min(self.range.end - at);
            // SAFETY: the CPU has V's instructions, as the caller promised; `count` elements from `at` on lie in
            // the range, which has just been found to lie in all operands.
            unsafe {
                if count == V::LANES {
                    self.update::<V>(at, V::LANES);
                } else {
                    self.update::<V>(at, count);
                }
            }
            at += V::LANES;
        }
    }
}

impl<E: Real> Update<'_, E> {
    /// Updates `count` elements from `at` on, a register of them at most.
    ///
    /// # Safety
    /// The CPU has the instructions of `V`; the elements lie in the range.
    #[inline(always)]
    unsafe fn update<V: Vector<Elem = E>>(&self, at: usize, count: usize) {
        // SAFETY: the elements lie in all operands and are this task's alone; the caller has the instructions.
        unsafe {
            let (parameter, mean, square) = (
                self.parameter.get().add(at),
                self.mean.get().add(at),
                self.square.get().add(at),
            );
            let g = V::load_first(self.gradient.as_ptr().add(at), count);
            let share = V::splat(self.step.mean_share);
            let old = V::load_first(mean, count);
            let m = old.add(g.sub(old).mul(share));
            m.store_first(mean, count);
            let share = V::splat(self.step.square_share);
            let old = V::load_first(square, count);
            let v = old.add(g.mul(g).sub(old).mul(share));
            v.store_first(square, count);
            let root = v.sqrt().add(V::splat(self.step.epsilon));
            let move_by = m.mul(V::splat(self.step.alpha)).div(root);
            let moved = V::load_first(parameter, count).sub(move_by);
            moved.store_first(parameter, count);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_isa_follows_the_equations() {
        let step = AdamStep {
            alpha: 0.01f32,
            mean_share: 0.1,
            square_share: 0.001,
            epsilon: 1e-7,
        };
        // The last is cut into ranges for several threads.
        let counts = [1, 7, 16, 33, 40_000];
        for count in &counts[..if cfg!(miri) { 4 } else { 5 }] {
            let count = *count;
            let numbers = |salt: u32| -> Vec<f32> {
                (0..count as u32)
                    .map(|x| ((x * 7 + salt) % 13) as f32 / 13.0 - 0.4)
                    .collect()
            };
            let gradient = numbers(1);
            for isa in Isa::available() {
                let (mut parameter, mut mean) = (numbers(2), numbers(3));
                let mut square: Vec<f32> = numbers(4).iter().map(|x| x * x).collect();
                let (p, m, v) = (parameter.clone(), mean.clone(), square.clone());
                adam(isa, &mut parameter, &gradient, &mut mean, &mut square, step).unwrap();
                for i in 0..count {
                    let g = gradient[i];
                    let m = m[i] + (g - m[i]) * step.mean_share;
                    let v = v[i] + (g * g - v[i]) * step.square_share;
                    let p = p[i] - m * step.alpha / (v.sqrt() + step.epsilon);
                    assert_eq!(
                        (parameter[i], mean[i], square[i]),
                        (p, m, v),
                        "{}",
                        isa.name()
                    );
                }
            }
        }
    }

    #[test]
    fn lengths_must_agree() {
        let step = AdamStep {
            alpha: 0.01f64,
            mean_share: 0.1,
            square_share: 0.001,
            epsilon: 1e-7,
        };
        let mut values = [[0.0; 3]; 3];
        let [parameter, mean, square] = &mut values;
        let error = adam(Isa::best(), parameter, &[0.0; 2], mean, square, step).unwrap_err();
        assert!(
            error.to_string().contains("the gradient has 2 elements"),
            "{error}"
        );
    }
}
