//! Replays a reference trajectory step by step and says how far apart the two are.
//!
//! A reference is one safetensors file written by a run of the real Keras: initial weights, batches
//! in order, losses, the gradients of step 1, weights after steps 1 and 10, and the logits of probe
//! texts before and after. The same training in float64 lies beside it and says how much float32
//! itself costs, which is where the tolerances come from.

mod recipe;
mod rounding;

use std::ops::Range;

use burn::tensor::{Device, Gradients};
use recurrent_models::weights::{self, HostTensor, TensorFile};
use recurrent_models::{Network, SequenceClassifier};
use serde::Serialize;

use self::recipe::Recipe;
use crate::adam::{Adam, AdamConfig, StepOptions};
use crate::average::Aside;
use crate::{Encoded, TrainingError};

/// A parameter's gradient may differ by this share of its own norm …
const GRADIENT_OWN: f64 = 5e-6;
/// … and this share of the norm of all gradients together.
const GRADIENT_ALL: f64 = 2e-6;
/// Largest difference of a weight after one step, and after ten.
const WEIGHTS: [(usize, f64); 2] = [(1, 2e-6), (10, 4e-6)];
/// Largest difference of a probe logit before training.
const PROBE_BEFORE: f64 = 1e-6;
/// Least tolerance of a probe logit after training.
const PROBE_AFTER: f64 = 1e-5;
/// Where float32 and float64 are further apart than this, training has become chaotic.
const HORIZON: f64 = 1e-5;
/// Tolerated multiple of the distance between float32 and float64.
const MULTIPLE: f64 = 20.0;
/// Least tolerance of a loss.
const LOSS: f64 = 1e-6;

pub use self::rounding::{Spread, replay_judged};

/// One quantity of a replay.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Check {
    /// What was compared.
    pub quantity: String,
    /// How far apart: largest absolute difference, or norm of the difference for gradients.
    pub distance: f64,
    /// How far apart they may be; none where the reference itself is chaotic.
    pub tolerance: Option<f64>,
    /// How far off rounding alone gets it, where that was asked for ([`Report::allow`]).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spread: Option<f64>,
    /// Whether the distance is within the tolerance (or none is given), or is no more than rounding explains.
    pub holds: bool,
    /// What it is of, where it stands at the end of a training.
    #[serde(skip)]
    late: Option<Late>,
}

/// What rounding may move at the end of a training.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Late {
    Loss,
    Probes,
}

impl Check {
    fn new(quantity: String, distance: f64, tolerance: Option<f64>) -> Self {
        Self {
            quantity,
            distance,
            tolerance,
            // A distance that is not a number is within nothing.
            holds: tolerance.is_none_or(|tolerance| distance <= tolerance),
            spread: None,
            late: None,
        }
    }

    /// It is one of what rounding may move.
    fn late(self, late: Late) -> Self {
        Self {
            late: Some(late),
            ..self
        }
    }
}

/// All quantities of one reference file.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// The network, as the file names it.
    pub network: String,
    /// Steps replayed.
    pub steps: usize,
    /// The first step (from 1) at which float32 and float64 part, if any does.
    pub horizon: Option<usize>,
    /// The comparisons.
    pub checks: Vec<Check>,
}

impl Report {
    /// Whether every judged quantity is within its tolerance, or is no more off than rounding explains.
    pub fn holds(&self) -> bool {
        self.checks.iter().all(|check| check.holds)
    }
}

/// Replays `file` on `device`, from its initial weights, with Keras' Adam.
///
/// # Errors
/// [`TrainingError::Weights`] and [`TrainingError::Content`] where the file is not a reference.
pub fn replay(file: &TensorFile, device: &Device) -> Result<Report, TrainingError> {
    replay_altered(file, device, None, |network| network)
}

/// As [`replay`], with other numbers of Adam or with the network changed before its first step: how a
/// test shows that a mistake is found.
///
/// # Errors
/// As [`replay`].
pub fn replay_altered(
    file: &TensorFile,
    device: &Device,
    adam: Option<AdamConfig>,
    alter: impl FnOnce(Network) -> Network,
) -> Result<Report, TrainingError> {
    let reference = Reference::read(file)?;
    let training = device.clone().autodiff();
    let recipe = &reference.recipe;
    let network = recipe.network.init(0, &training);
    let mut network = alter(weights::load(network, file, "init/")?);
    let mut checks = Vec::new();

    let probe = Encoded::new(
        reference.probe_ids.clone(),
        recipe.network.time,
        vec![0.0; reference.probes],
        device,
    )?;
    let probe_logits = |network: &Network| {
        weights::to_host(crate::logits(network, &probe, reference.batch)).values
    };
    checks.push(Check::new(
        "probe logits before training".to_owned(),
        largest(
            probe_logits(&network).iter().map(|x| f64::from(*x)),
            file.f32("probe_logits/before")?
                .values
                .iter()
                .map(|x| f64::from(*x)),
        ),
        Some(PROBE_BEFORE),
    ));

    let options = &recipe.options;
    let objective = &options.objective;
    let mut optimizer = Adam::new(adam.unwrap_or(recipe.adam));
    let mut average = options.average.map(|_| Aside::of(&network));
    let mut losses = Vec::with_capacity(reference.losses.len());
    let mut accuracies = Vec::with_capacity(reference.losses.len());
    let batches = Encoded::new(
        reference.ids.clone(),
        recipe.network.time,
        reference.labels.clone(),
        device,
    )?;
    for step in 1..=reference.losses.len() {
        let first = (step - 1) * reference.batch;
        let (ids, labels) = batches.range(first..first + reference.batch);
        let logits = network.forward(ids.autodiff());
        let loss = objective.loss(logits.clone(), labels.clone().autodiff());
        let mut gradients = loss.backward();
        losses.push(f64::from(loss.inner().into_scalar::<f32>()));
        let [batch, positions, _] = logits.dims();
        let positions = (batch * positions) as f64;
        let correct = objective
            .correct(logits.inner(), labels)
            .sum()
            .into_scalar::<f32>();
        accuracies.push(f64::from(correct) / positions);
        if step == 1 {
            checks.extend(compare_gradients(&network, &gradients, file)?);
        }
        let how = StepOptions {
            rate: options
                .schedule
                .factor(step - 1, reference.losses.len(), &[]),
            weight_decay: options.weight_decay,
            clip_norm: options.clip_norm,
        };
        network = optimizer.step_with(network, &mut gradients, how);
        if let (Some(average), Some(momentum)) = (&mut average, options.average) {
            average.move_towards(&network, momentum);
        }
        for (after, tolerance) in WEIGHTS {
            if step == after {
                checks.extend(compare_weights(&network, file, after, tolerance)?);
            }
        }
    }
    checks.extend(reference.compare_losses(&losses));
    checks.push(Check::new(
        "accuracy of every step".to_owned(),
        largest(
            accuracies.into_iter(),
            file.f32("accuracy")?.values.iter().map(|x| f64::from(*x)),
        ),
        None,
    ));
    checks.push(reference.compare_probe_after(&probe_logits(&network), file)?);
    if let Some(average) = average {
        let averaged = average.put_into(network);
        checks.extend(compare_averages(&averaged, file)?);
    }
    Ok(Report {
        network: reference.network,
        steps: reference.losses.len(),
        horizon: reference.horizon,
        checks,
    })
}

/// What of a reference file is needed at every step, checked.
struct Reference {
    network: String,
    recipe: Recipe,
    batch: usize,
    ids: Vec<i32>,
    labels: Vec<f32>,
    losses: Vec<f64>,
    exact: Vec<f64>,
    horizon: Option<usize>,
    probes: usize,
    probe_ids: Vec<i32>,
}

impl Reference {
    fn read(file: &TensorFile) -> Result<Self, TrainingError> {
        let content = |reason: String| TrainingError::Content {
            path: file.path().to_owned(),
            reason,
        };
        let network = file
            .note("network")
            .ok_or_else(|| content("its metadata names no \"network\"".to_owned()))?
            .to_owned();
        let losses = widen(&file.f32("loss")?);
        let (_, exact) = file.f64("float64/loss")?;
        let (id_shape, ids) = file.i32("order_ids")?;
        let labels = labels(file)?;
        let (probe_shape, probe_ids) = file.i32("probe_ids")?;
        let (&[rows, time], &[probes, probe_time]) = (&id_shape[..], &probe_shape[..]) else {
            return Err(content("its token ids are not two-dimensional".to_owned()));
        };
        if losses.is_empty()
            || rows % losses.len() != 0
            || rows == 0
            || labels.len() != rows
            || exact.len() != losses.len()
            || probe_time != time
        {
            return Err(content(
                "its losses, batches, labels and probes do not fit together".to_owned(),
            ));
        }
        let recipe = match file.note("configuration") {
            Some(json) => Recipe::parse(&network, json, time).map_err(|reason| {
                content(format!("its configuration cannot be followed: {reason}"))
            })?,
            None => Recipe::named(file, &network, time)?,
        };
        let embeddings = recipe.network.embeddings;
        let known = 0..embeddings as i32;
        if let Some(id) = ids.iter().chain(&probe_ids).find(|id| !known.contains(id)) {
            return Err(content(format!(
                "token id {id} is outside its {embeddings} embeddings"
            )));
        }
        let horizon = losses
            .iter()
            .zip(&exact)
            .position(|(a, b)| (a - b).abs() > HORIZON)
            .map(|step| step + 1);
        Ok(Self {
            network,
            recipe,
            batch: rows / losses.len(),
            ids,
            labels,
            losses,
            exact,
            horizon,
            probes,
            probe_ids,
        })
    }

    /// The worst step before the horizon, of the last tenth and of those before it, and the largest distance past it.
    fn compare_losses(&self, ours: &[f64]) -> Vec<Check> {
        let steps = self.losses.len();
        let judged = self.horizon.map_or(steps, |horizon| horizon - 1);
        let late = judged.min(steps - steps / 10);
        let mut spread = 0.0f64;
        let each: Vec<(f64, f64)> = ours
            .iter()
            .zip(&self.losses)
            .zip(&self.exact)
            .map(|((ours, reference), exact)| {
                spread = spread.max((reference - exact).abs());
                ((ours - reference).abs(), LOSS.max(MULTIPLE * spread))
            })
            .collect();
        let mut checks = Vec::new();
        checks.extend(worst_loss(&each, 0..late));
        let last = worst_loss(&each, late..judged);
        checks.extend(last.map(|check| check.late(Late::Loss)));
        if judged < steps {
            checks.push(Check::new(
                format!("loss, past the horizon ({}–{steps})", judged + 1),
                largest(
                    ours[judged..].iter().copied(),
                    self.losses[judged..].iter().copied(),
                ),
                None,
            ));
        }
        checks
    }

    fn compare_probe_after(&self, ours: &[f32], file: &TensorFile) -> Result<Check, TrainingError> {
        let reference = widen(&file.f32("probe_logits/after")?);
        let (_, exact) = file.f64("float64/probe_logits/after")?;
        let own = largest(reference.iter().copied(), exact.into_iter());
        let check = Check::new(
            "probe logits after training".to_owned(),
            largest(ours.iter().map(|x| f64::from(*x)), reference.into_iter()),
            self.horizon
                .is_none()
                .then_some(PROBE_AFTER.max(MULTIPLE * own)),
        );
        Ok(check.late(Late::Probes))
    }
}

/// The labels, which are whole numbers of either type.
fn labels(file: &TensorFile) -> Result<Vec<f32>, TrainingError> {
    match file.i32("order_labels") {
        Ok((_, labels)) => Ok(labels.into_iter().map(|label| label as f32).collect()),
        Err(_) => Ok(file.f32("order_labels")?.values),
    }
}

/// The averaged weights at the end.
fn compare_averages(network: &Network, file: &TensorFile) -> Result<Vec<Check>, TrainingError> {
    let check = |(name, ours): (String, HostTensor)| {
        let reference = file.f32(&format!("averaged/{name}"))?;
        let distance = largest(widen(&ours).into_iter(), widen(&reference).into_iter());
        let quantity = format!("averaged weights, {name}");
        Ok(Check::new(quantity, distance, Some(WEIGHTS[1].1)))
    };
    weights::collect(network).into_iter().map(check).collect()
}

/// The step among `steps`, from 0, whose distance is the largest share of its tolerance.
fn worst_loss(each: &[(f64, f64)], steps: Range<usize>) -> Option<Check> {
    let mut worst: Option<(usize, f64, f64)> = None;
    for (step, (distance, tolerance)) in each.iter().enumerate().take(steps.end).skip(steps.start) {
        // A loss that is no number is the worst, and stays it.
        let worse = worst.is_none_or(|(_, most, of)| {
            !most.is_nan() && (distance.is_nan() || distance / tolerance > most / of)
        });
        if worse {
            worst = Some((step, *distance, *tolerance));
        }
    }
    worst.map(|(step, distance, tolerance)| {
        let (first, last) = (steps.start + 1, steps.end);
        let quantity = format!("loss, worst of steps {first}–{last} (step {})", step + 1);
        Check::new(quantity, distance, Some(tolerance))
    })
}

fn compare_gradients(
    network: &Network,
    gradients: &Gradients,
    file: &TensorFile,
) -> Result<Vec<Check>, TrainingError> {
    let mut ours = weights::collect_gradients(network, gradients);
    let mut pairs = Vec::new();
    for name in weights::collect(network).into_keys() {
        let reference = file.f32(&format!("grad_step1/{name}"))?;
        // A gradient that was never made has no values, and so an infinite distance.
        let ours = ours
            .remove(&name)
            .map_or(Vec::new(), |tensor| tensor.values);
        pairs.push((name, ours, reference.values));
    }
    let norm = |values: &mut dyn Iterator<Item = f64>| values.map(|x| x * x).sum::<f64>().sqrt();
    let all = norm(
        &mut pairs
            .iter()
            .flat_map(|(_, _, r)| r.iter().map(|x| f64::from(*x))),
    );
    Ok(pairs
        .into_iter()
        .map(|(name, ours, reference)| {
            let own = norm(&mut reference.iter().map(|x| f64::from(*x)));
            let distance = if ours.len() == reference.len() {
                norm(
                    &mut ours
                        .iter()
                        .zip(&reference)
                        .map(|(a, b)| f64::from(*a) - f64::from(*b)),
                )
            } else {
                f64::INFINITY
            };
            Check::new(
                format!("gradient of step 1, {name}"),
                distance,
                Some(GRADIENT_OWN * own + GRADIENT_ALL * all),
            )
        })
        .collect())
}

fn compare_weights(
    network: &Network,
    file: &TensorFile,
    steps: usize,
    tolerance: f64,
) -> Result<Vec<Check>, TrainingError> {
    weights::collect(network)
        .into_iter()
        .map(|(name, ours)| {
            let reference = file.f32(&format!("after_step{steps}/{name}"))?;
            Ok(Check::new(
                format!("weights after {steps}, {name}"),
                largest(widen(&ours).into_iter(), widen(&reference).into_iter()),
                Some(tolerance),
            ))
        })
        .collect()
}

fn widen(tensor: &HostTensor) -> Vec<f64> {
    tensor.values.iter().map(|x| f64::from(*x)).collect()
}

/// The largest absolute difference; infinite where the counts differ, NaN where a value is.
fn largest(a: impl ExactSizeIterator<Item = f64>, b: impl ExactSizeIterator<Item = f64>) -> f64 {
    if a.len() != b.len() {
        return f64::INFINITY;
    }
    // Unlike `f64::max`, `maximum`-like folding keeps a NaN once it has met one.
    a.zip(b)
        .map(|(a, b)| (a - b).abs())
        .fold(0.0, |largest, distance| {
            if largest.is_nan() || distance <= largest {
                largest
            } else {
                distance
            }
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_loss_is_the_one_nearest_to_or_farthest_past_its_own_tolerance() {
        let each = [(1.0, 4.0), (2.0, 4.0), (2.0, 2.0), (3.0, 4.0)];
        let worst = |each: &[(f64, f64)], steps| worst_loss(each, steps).unwrap();
        let check = worst(&each, 0..4);
        assert_eq!(check.quantity, "loss, worst of steps 1–4 (step 3)");
        assert_eq!((check.distance, check.holds), (2.0, true));
        assert_eq!(worst(&each, 3..4).distance, 3.0);
        let broken = [(1.0, 4.0), (f64::NAN, 4.0), (9.0, 4.0)];
        let check = worst(&broken, 0..3);
        assert!(check.distance.is_nan() && !check.holds);
        assert_eq!(worst_loss(&each, 2..2), None);
    }
}
