//! Adam in Keras' form.
//!
//! `m ← m + (g − m)(1 − β₁)`, `v ← v + (g² − v)(1 − β₂)`,
//! `p ← p − α · m / (√v + ε)` with `α = lr · √(1 − β₂ᵗ) / (1 − β₁ᵗ)`.
//!
//! ε stands outside the bias correction, and is 1e-7: this is Kingma and Ba's "ε̂" form (2015,
//! section 2), while burn's Adam corrects `v` first. The difference shows where gradients are
//! tiny, as in the embedding rows of rare words. State is kept by the parameter's place in the
//! module, and leaves as plain tensors for the checkpoint.

mod clip;
mod step;
mod together;
mod update;

use std::collections::BTreeMap;
use std::fmt;

use burn::backend::Dispatch;
use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{Device, Gradients, Tensor, TensorData};
use recurrent_models::recurrence::Kernels;
use recurrent_models::weights::{HostTensor, TensorFile, WeightsError, to_host};

use serde::{Deserialize, Serialize};

use crate::TrainingError;

use self::step::AdamBackend as _;
use self::update::AdamStep;

/// Adam's numbers; the defaults are Keras'.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AdamConfig {
    /// Step size.
    pub learning_rate: f32,
    /// Decay of the mean of the gradients.
    pub beta_1: f64,
    /// Decay of the mean of their squares.
    pub beta_2: f64,
    /// Added to the root of the mean of squares.
    pub epsilon: f32,
    /// Where ε is added.
    pub placement: Epsilon,
}

/// Where Adam adds its ε.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Epsilon {
    /// `m / (√v + ε)`, then corrected: Keras.
    OutsideCorrection,
    /// `m̂ / (√v̂ + ε)`, both corrected before: burn, PyTorch, and algorithm 1 of the paper.
    InsideCorrection,
}

impl Default for AdamConfig {
    fn default() -> Self {
        Self {
            learning_rate: 1e-3,
            beta_1: 0.9,
            beta_2: 0.999,
            epsilon: 1e-7,
            placement: Epsilon::OutsideCorrection,
        }
    }
}

impl fmt::Display for AdamConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = match self.placement {
            Epsilon::OutsideCorrection => "outside",
            Epsilon::InsideCorrection => "inside",
        };
        write!(
            f,
            "Adam with rate {}, β {} and {}, ε {} {place} the correction",
            self.learning_rate, self.beta_1, self.beta_2, self.epsilon
        )
    }
}

impl AdamConfig {
    /// Whether a training can be carried on with these numbers.
    ///
    /// # Errors
    /// [`TrainingError::Setting`] names the one with which it cannot.
    pub fn check(&self) -> Result<(), TrainingError> {
        let positive = |x: f32| x.is_finite() && x > 0.0;
        for (name, value, right, must) in [
            (
                "the learning rate",
                f64::from(self.learning_rate),
                positive(self.learning_rate),
                "above 0",
            ),
            (
                "Adam's ε",
                f64::from(self.epsilon),
                positive(self.epsilon),
                "above 0",
            ),
            (
                "Adam's β₁",
                self.beta_1,
                (0.0..1.0).contains(&self.beta_1),
                "from 0 to below 1",
            ),
            (
                "Adam's β₂",
                self.beta_2,
                (0.0..1.0).contains(&self.beta_2),
                "from 0 to below 1",
            ),
        ] {
            if !right {
                return Err(TrainingError::Setting {
                    name,
                    value: value.to_string(),
                    must,
                });
            }
        }
        Ok(())
    }

    /// What step number `step`, from 1, multiplies with and adds.
    fn step(&self, step: u32, rate: f64) -> AdamStep {
        let Self {
            learning_rate,
            beta_1,
            beta_2,
            epsilon,
            placement,
        } = *self;
        // Keras holds β as a single-precision number, so that 1 − β₂ is 2.3e-5 off its name; a run
        // that starts from the exact β leaves Keras' trajectory at the first relu near its kink.
        // The powers themselves make no visible difference, and are taken in double precision.
        let power = |beta: f64| libm::pow(f64::from(beta as f32), f64::from(step));
        let root = (1.0 - power(beta_2)).sqrt();
        let alpha = f64::from(learning_rate) * rate * root / (1.0 - power(beta_1));
        AdamStep {
            alpha: alpha as f32,
            // These Keras takes in double precision, and rounds.
            one_minus_beta1: (1.0 - beta_1) as f32,
            one_minus_beta2: (1.0 - beta_2) as f32,
            // √v̂ + ε is (√v + ε · √(1 − β₂ᵗ)) / √(1 − β₂ᵗ).
            epsilon: match placement {
                Epsilon::OutsideCorrection => epsilon,
                Epsilon::InsideCorrection => epsilon * root as f32,
            },
        }
    }
}

/// What is done in a step beside Adam's own.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepOptions {
    /// What the learning rate is multiplied with.
    pub rate: f64,
    /// λ of `w ← w − λ · lr · w`, before Adam moves w.
    pub weight_decay: f64,
    /// The longest that all gradients together may be.
    pub clip_norm: Option<f64>,
}

impl Default for StepOptions {
    /// Nothing.
    fn default() -> Self {
        Self {
            rate: 1.0,
            weight_decay: 0.0,
            clip_norm: None,
        }
    }
}

/// What happens to a parameter and its gradient before Adam sees them.
#[derive(Clone, Copy, Debug)]
struct Before {
    /// What gradients are multiplied with.
    scale: Option<f32>,
    /// λ and the learning rate.
    decay: Option<[f64; 2]>,
}

impl Before {
    fn gradient<const D: usize>(&self, gradient: Tensor<D>) -> Tensor<D> {
        match self.scale {
            Some(scale) => gradient.mul_scalar(scale),
            None => gradient,
        }
    }

    /// `w − w · λ · lr`, each product rounded by itself, as in Keras.
    fn parameter<const D: usize>(&self, parameter: Tensor<D>) -> Tensor<D> {
        match self.decay {
            Some([decay, rate]) => {
                let taken = parameter.clone().mul_scalar(decay as f32);
                parameter - taken.mul_scalar(rate as f32)
            }
            None => parameter,
        }
    }
}

/// The optimizer with its state.
#[derive(Debug)]
pub struct Adam {
    config: AdamConfig,
    steps: u32,
    moments: Vec<Moments>,
}

/// Means of gradients and of their squares, flat, where the step is made.
#[derive(Clone, Debug)]
struct Moments {
    mean: Tensor<1>,
    square: Tensor<1>,
}

impl Adam {
    /// An optimizer that has made no step.
    pub fn new(config: AdamConfig) -> Self {
        Self {
            config,
            steps: 0,
            moments: Vec::new(),
        }
    }

    /// Steps made so far.
    pub fn steps(&self) -> u32 {
        self.steps
    }

    /// Moves every parameter of `module` against its gradient. A parameter without a gradient
    /// stays as it is.
    pub fn step<M: Module>(&mut self, module: M, gradients: &mut Gradients) -> M {
        self.step_with(module, gradients, StepOptions::default())
    }

    /// As [`step`](Self::step), with all gradients made shorter where they are too long together, weights decayed, and
    /// another learning rate.
    pub fn step_with<M: Module>(
        &mut self,
        module: M,
        gradients: &mut Gradients,
        how: StepOptions,
    ) -> M {
        self.steps += 1;
        let step = self.config.step(self.steps, how.rate);
        let before = Before {
            scale: how
                .clip_norm
                .map(|norm| clip::scale(&module, gradients, norm)),
            decay: (how.weight_decay > 0.0).then(|| {
                [
                    how.weight_decay,
                    f64::from(self.config.learning_rate) * how.rate,
                ]
            }),
        };
        let moments = &mut self.moments;
        // Without kernels, every operation costs its start, and a dozen for each parameter are a hundred.
        let together = module
            .devices()
            .first()
            .is_some_and(|device| Kernels::of(device) == Kernels::None);
        if together {
            return together::step(module, gradients, moments, step, before);
        }
        module.map(&mut Walk {
            step,
            before,
            gradients,
            moments,
            position: 0,
        })
    }

    /// The state as tensors: `adam/mean/N` and `adam/square/N`, N being the place of a parameter.
    pub fn state(&self) -> BTreeMap<String, HostTensor> {
        let mut state = BTreeMap::new();
        for (place, moments) in self.moments.iter().enumerate() {
            state.insert(format!("adam/mean/{place}"), to_host(moments.mean.clone()));
            state.insert(
                format!("adam/square/{place}"),
                to_host(moments.square.clone()),
            );
        }
        state
    }

    /// The optimizer after `steps` steps, with the [`Self::state`] that `file` holds, for parameters of `lengths`
    /// numbers each, in the order of the module, on `device`.
    ///
    /// # Errors
    /// [`WeightsError`] where a tensor is missing, of another length or type, or not finite, and where there are more
    /// of them than parameters.
    pub fn restore(
        config: AdamConfig,
        steps: u32,
        file: &TensorFile,
        lengths: &[usize],
        device: &Device,
    ) -> Result<Self, WeightsError> {
        let device = place(device);
        let read = |kind: &str, place: usize, length: usize| -> Result<Tensor<1>, WeightsError> {
            let name = format!("adam/{kind}/{place}");
            let host = file.finite(&name, &[length])?;
            Ok(Tensor::from_data(
                TensorData::new(host.values, [length]),
                &device,
            ))
        };
        let moments = lengths
            .iter()
            .enumerate()
            .map(|(place, length)| {
                Ok(Moments {
                    mean: read("mean", place, *length)?,
                    square: read("square", place, *length)?,
                })
            })
            .collect::<Result<_, WeightsError>>()?;
        let known = file.names().filter(|name| name.starts_with("adam/"));
        if known.count() != 2 * lengths.len() {
            return Err(file.mismatch(
                "adam",
                format!("two for each of {} parameters", lengths.len()),
                "another number of them".to_owned(),
            ));
        }
        Ok(Self {
            config,
            steps,
            moments,
        })
    }
}

impl Moments {
    /// Those of `count` numbers before the first step, on `device`.
    fn zeros(count: usize, device: &Device) -> Self {
        Self {
            mean: Tensor::zeros([count], device),
            square: Tensor::zeros([count], device),
        }
    }
}

/// Where the step of a parameter on `device` is made, and its moments lie: on Flex, if its kernel works on
/// copies, as one pass over a copy takes less than a dozen over what is copied.
fn place(device: &Device) -> Device {
    match Kernels::of(device) {
        Kernels::Copies => Device::flex(),
        Kernels::Own | Kernels::None => device.clone().without_autodiff(),
    }
}

struct Walk<'a> {
    step: AdamStep,
    before: Before,
    gradients: &'a mut Gradients,
    moments: &'a mut Vec<Moments>,
    position: usize,
}

impl ModuleMapper for Walk<'_> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let position = self.position;
        self.position += 1;
        param.map(|tensor| {
            let place = place(&tensor.device());
            if self.moments.len() <= position {
                let count = tensor.shape().num_elements();
                self.moments.push(Moments::zeros(count, &place));
            }
            let Some(gradient) = tensor.grad_remove(self.gradients) else {
                return tensor;
            };
            // Nobody else holds these tensors now, so that the step can be made in place.
            let nothing = || Tensor::empty([0], &place);
            let moments = &mut self.moments[position];
            let mean = std::mem::replace(&mut moments.mean, nothing());
            let square = std::mem::replace(&mut moments.square, nothing());
            let tensor = tensor.inner();
            let device = tensor.device();
            let (moved, mean, square) = Dispatch::adam_step(
                self.before
                    .parameter(tensor)
                    .to_device(&place)
                    .into_dispatch(),
                self.before
                    .gradient(gradient)
                    .to_device(&place)
                    .into_dispatch(),
                mean.into_dispatch(),
                square.into_dispatch(),
                self.step,
            );
            *moments = Moments {
                mean: Tensor::from_dispatch(mean),
                square: Tensor::from_dispatch(square),
            };
            let moved = Tensor::from_dispatch(moved).to_device(&device);
            moved.autodiff().require_grad()
        })
    }
}
