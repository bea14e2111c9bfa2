//! What rounding alone may do to where a training ends.
//!
//! A network with relus may have some within rounding of their kinks in its last steps: then nobody can say on
//! which sides another library's rounding ends, or that of another processor, whose blocking of a product adds up in
//! another order. What rounding can do is found out by starting from weights that are moved by a rounding unit or two,
//! and what that does to the last quantities bounds what any backend's rounding may do to them. Gradients, weights and
//! all that comes before stay strict.

use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{Device, Tensor, TensorData};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use recurrent_models::weights::{TensorFile, to_host};

use super::{Late, Report, replay_altered};
use crate::TrainingError;

/// How many moved trainings say how far rounding gets.
const RUNS: u64 = 16;
/// A weight is moved by at most this share of itself, which is two rounding units at most.
const UNIT: f64 = 1.2e-7;

/// The largest distances from the reference that trainings on Flex got to, their first weights moved by a
/// rounding unit or two.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// Of a loss.
    pub loss: f64,
    /// Of a probe logit after training.
    pub probes: f64,
}

impl Spread {
    /// Trains sixteen times, for as many steps as `file` has.
    ///
    /// # Errors
    /// As [`replay`](super::replay).
    pub fn of(file: &TensorFile) -> Result<Self, TrainingError> {
        let mut spread = Self {
            loss: 0.0,
            probes: 0.0,
        };
        for seed in 0..RUNS {
            let mut nudge = Nudge(ChaCha8Rng::seed_from_u64(seed));
            let moved = replay_altered(file, &Device::flex(), None, |it| it.map(&mut nudge))?;
            for check in moved.checks {
                let worst = match check.late {
                    Some(Late::Loss) => &mut spread.loss,
                    Some(Late::Probes) => &mut spread.probes,
                    None => continue,
                };
                *worst = worst.max(check.distance);
            }
        }
        Ok(spread)
    }
}

/// As [`replay`](super::replay); what then differs late is held against what rounding alone does to
/// it. `finding_out` is called before that, as it takes as long as sixteen replays.
///
/// # Errors
/// As [`replay`](super::replay).
pub fn replay_judged(
    file: &TensorFile,
    device: &Device,
    finding_out: impl FnOnce(),
) -> Result<Report, TrainingError> {
    let mut report = super::replay(file, device)?;
    if report.differs_late() {
        finding_out();
        report.allow(Spread::of(file)?);
    }
    Ok(report)
}

impl Report {
    /// Whether something late does not hold, which [`allow`](Self::allow) may explain.
    pub fn differs_late(&self) -> bool {
        let mut late = self.checks.iter().filter(|check| check.late.is_some());
        late.any(|check| !check.holds)
    }

    /// Lets what is late be as far off as rounding got it on Flex, and by its own tolerance from there.
    pub fn allow(&mut self, spread: Spread) {
        for check in &mut self.checks {
            let spread = match check.late {
                Some(Late::Loss) => spread.loss,
                Some(Late::Probes) => spread.probes,
                None => continue,
            };
            let Some(tolerance) = check.tolerance.filter(|_| !check.holds) else {
                continue;
            };
            check.spread = Some(spread);
            check.holds = check.distance <= spread + tolerance;
        }
    }
}

/// Moves every weight by two rounding units at most.
struct Nudge(ChaCha8Rng);

impl ModuleMapper for Nudge {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        param.map(|tensor| {
            let device = tensor.device();
            let mut host = to_host(tensor.inner());
            for value in &mut host.values {
                let moved = f64::from(*value) * (1.0 + self.0.random_range(-UNIT..UNIT));
                *value = moved as f32;
            }
            let data = TensorData::new(host.values, host.shape);
            Tensor::from_data(data, &device).require_grad()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::Check;
    use super::*;

    #[test]
    fn what_is_late_may_be_as_far_off_as_rounding_gets_and_nothing_else_may() {
        let check = |distance| Check::new("a quantity".to_owned(), distance, Some(1.0));
        let mut report = Report {
            network: "dense".to_owned(),
            steps: 100,
            horizon: None,
            checks: vec![
                check(0.5).late(Late::Loss),
                check(3.0).late(Late::Loss),
                check(5.0).late(Late::Probes),
            ],
        };
        assert!(report.differs_late() && !report.holds());
        let spread = Spread {
            loss: 2.0,
            probes: 3.5,
        };
        report.allow(spread);
        let holds: Vec<bool> = report.checks.iter().map(|check| check.holds).collect();
        assert_eq!(holds, [true, true, false]);
        let spreads: Vec<_> = report.checks.iter().map(|check| check.spread).collect();
        assert_eq!(spreads, [None, Some(2.0), Some(3.5)]);
        report.checks = vec![check(1.5), check(f64::NAN).late(Late::Loss)];
        assert!(report.differs_late());
        report.allow(spread);
        assert!(report.checks.iter().all(|check| !check.holds));
        report.checks = vec![check(0.5), check(1.5)];
        assert!(!report.differs_late());
    }
}
