//! How a training is carried on, beside the network, its texts and Adam's own numbers.

use serde::{Deserialize, Serialize};

use crate::{EpochRecord, Objective, TrainingError};

/// How a training is carried on. The defaults are the notebook's: nothing of all this.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FitOptions {
    /// What is made small.
    pub objective: Objective,
    /// How the learning rate goes.
    pub schedule: Schedule,
    /// The share of every weight, times the learning rate, that is taken off before each step (Keras' `AdamW`, all
    /// variables). Source: Loshchilov and Hutter, "Decoupled Weight Decay Regularization", 2019.
    pub weight_decay: f64,
    /// Gradients whose norm over all parameters is above this are made as long (Keras' `global_clipnorm`). Source:
    /// Pascanu et al., "On the difficulty of training recurrent neural networks", 2013.
    pub clip_norm: Option<f64>,
    /// Momentum μ of an average of the weights, `a ← μ a + (1 − μ) w` after each step, from the initial weights on:
    /// it is what is evaluated and kept in place of the weights (Keras' `use_ema`). Source: Polyak and Juditsky,
    /// "Acceleration of Stochastic Approximation by Averaging", 1992.
    pub average: Option<f64>,
    /// Whether that average begins as a mean: its momentum is `min(μ, (1 + t) / (10 + t))` in step t, from 1, so that few
    /// steps do not leave it near the initial weights (TensorFlow's `ExponentialMovingAverage` with `num_updates`).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub average_warmup: bool,
    /// Length ε of an adversary's move: in each step the token vectors are moved by `ε g / ‖g‖`, g being the gradient of
    /// the step's loss with regard to the whole table, and what is learned from is the mean of the gradients before and
    /// behind that move. It takes twice the time. Source: Miyato, Dai and Goodfellow, "Adversarial Training Methods for
    /// Semi-Supervised Text Classification", 2017, who move the vectors of each text by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub adversarial: Option<f64>,
    /// Whether texts of about the same length share a batch, and the padding behind the longest of a batch is cut off, where
    /// a network passes over padding anyway: the same network in less time. Every epoch draws other batches.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub by_length: bool,
    /// Which epoch's weights the training ends with.
    pub keep: Keep,
    /// Ends the training after so many epochs without a better one, by the measure of [`Self::keep`] (of
    /// [`Keep::Last`], by the loss).
    pub patience: Option<usize>,
}

/// How the learning rate goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(
    tag = "schedule",
    rename_all = "snake_case",
    rename_all_fields = "snake_case",
    deny_unknown_fields
)]
pub enum Schedule {
    /// It stays as it is.
    #[default]
    Constant,
    /// Down half a cosine within `epochs`, to `floor` times the rate, where it stays (Keras' `CosineDecay`). Source:
    /// Loshchilov and Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts", 2017.
    Cosine {
        /// Epochs until it is down.
        epochs: usize,
        /// The share of the rate that remains.
        floor: f64,
    },
    /// Times `factor` after every so many epochs.
    Step {
        /// Epochs that it stays the same.
        every: usize,
        /// What it is multiplied with.
        factor: f64,
    },
    /// Times `factor` where the loss of the held-out texts was not lower than its least for `patience` epochs in a row
    /// (Keras' `ReduceLROnPlateau`, whose counter begins anew then).
    Plateau {
        /// Epochs to wait.
        patience: usize,
        /// What it is multiplied with.
        factor: f64,
    },
}

/// Which epoch's weights a training ends with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Keep {
    /// The last one's.
    #[default]
    Last,
    /// That of the first epoch with the least loss on the held-out texts.
    LeastLoss,
    /// That of the first epoch with the highest accuracy on the held-out texts.
    BestAccuracy,
}

impl Keep {
    /// The epoch, from 1, that is best by this measure, of one or more.
    #[must_use]
    pub fn best(self, history: &[EpochRecord]) -> usize {
        let better = |new: &EpochRecord, old: &EpochRecord| match self {
            Self::Last => true,
            Self::LeastLoss => new.test_loss < old.test_loss,
            Self::BestAccuracy => new.test_accuracy > old.test_accuracy,
        };
        let mut best = 0;
        for (place, record) in history.iter().enumerate() {
            if better(record, &history[best]) {
                best = place;
            }
        }
        best + 1
    }
}

impl Schedule {
    /// What the learning rate is multiplied with in a step: `step`, from 0, of all, `steps` an epoch, after the epochs of
    /// `history`.
    #[must_use]
    pub fn factor(&self, step: usize, steps: usize, history: &[EpochRecord]) -> f64 {
        match *self {
            Self::Constant => 1.0,
            Self::Cosine { epochs, floor } => {
                let all = (epochs * steps).max(1);
                let done = step.min(all) as f64 / all as f64;
                let cosine = 0.5 * (1.0 + libm::cos(std::f64::consts::PI * done));
                (1.0 - floor) * cosine + floor
            }
            Self::Step { every, factor } => {
                let drops = step / steps.max(1) / every.max(1);
                libm::pow(factor, drops as f64)
            }
            Self::Plateau { patience, factor } => {
                let (mut least, mut waited, mut drops) = (f64::INFINITY, 0, 0);
                for record in history {
                    if record.test_loss < least {
                        (least, waited) = (record.test_loss, 0);
                        continue;
                    }
                    waited += 1;
                    if waited >= patience {
                        (waited, drops) = (0, drops + 1);
                    }
                }
                libm::pow(factor, f64::from(drops))
            }
        }
    }
}

impl FitOptions {
    /// The momentum of the average after step number `step`, from 1.
    #[must_use]
    pub fn momentum(&self, step: usize) -> Option<f64> {
        let warm = (1 + step) as f64 / (10 + step) as f64;
        self.average.map(|momentum| match self.average_warmup {
            true => momentum.min(warm),
            false => momentum,
        })
    }

    /// Whether the training is over before its epochs are, by [`Self::patience`].
    #[must_use]
    pub fn is_over(&self, history: &[EpochRecord]) -> bool {
        let measure = match self.keep {
            Keep::Last => Keep::LeastLoss,
            other => other,
        };
        let waited = |patience: usize| {
            !history.is_empty() && history.len() - measure.best(history) >= patience
        };
        self.patience.is_some_and(waited)
    }

    /// Whether these options can be followed.
    ///
    /// # Errors
    /// [`TrainingError::Setting`] names the one that cannot.
    pub fn check(&self) -> Result<(), TrainingError> {
        self.objective.check()?;
        let setting = |name, value: f64, must| {
            Err(TrainingError::Setting {
                name,
                value: value.to_string(),
                must,
            })
        };
        let finite = |value: f64| value.is_finite() && value >= 0.0;
        if !finite(self.weight_decay) {
            return setting("the weight decay", self.weight_decay, "0 or more");
        }
        if let Some(norm) = self
            .clip_norm
            .filter(|norm| !(finite(*norm) && *norm > 0.0))
        {
            return setting("the largest norm of gradients", norm, "above 0");
        }
        if let Some(momentum) = self.average.filter(|x| !(0.0..1.0).contains(x)) {
            let must = "0 or more, and below 1";
            return setting("the momentum of averaged weights", momentum, must);
        }
        if let Some(length) = self
            .adversarial
            .filter(|length| !(finite(*length) && *length > 0.0))
        {
            return setting("the length of the adversary's move", length, "above 0");
        }
        if self.patience == Some(0) {
            return setting("the patience", 0.0, "at least 1 epoch");
        }
        let (name, factor, count) = match self.schedule {
            Schedule::Constant => return Ok(()),
            Schedule::Cosine { epochs, floor } => ("the floor of the learning rate", floor, epochs),
            Schedule::Step { every, factor } => ("the factor of the learning rate", factor, every),
            Schedule::Plateau { patience, factor } => {
                ("the factor of the learning rate", factor, patience)
            }
        };
        if !(0.0..=1.0).contains(&factor) {
            return setting(name, factor, "from 0 to 1");
        }
        if count == 0 {
            return setting("the number of epochs of the schedule", 0.0, "at least 1");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history(losses: &[f64]) -> Vec<EpochRecord> {
        let record = |(place, loss): (usize, &f64)| EpochRecord {
            network: "any".to_owned(),
            epoch: place + 1,
            train_loss: 1.0,
            train_accuracy: 0.5,
            test_loss: *loss,
            test_accuracy: 1.0 - loss / 10.0,
            seconds: 1.0,
            note: None,
        };
        losses.iter().enumerate().map(record).collect()
    }

    #[test]
    fn the_best_epoch_is_the_first_of_the_best() {
        let history = history(&[0.7, 0.5, 0.6, 0.5]);
        assert_eq!(Keep::LeastLoss.best(&history), 2);
        assert_eq!(Keep::BestAccuracy.best(&history), 2);
        assert_eq!(Keep::Last.best(&history), 4);
    }

    #[test]
    fn an_average_may_begin_as_a_mean() {
        let keras = FitOptions {
            average: Some(0.9),
            ..FitOptions::default()
        };
        assert_eq!([1, 100].map(|step| keras.momentum(step)), [Some(0.9); 2]);
        let warm = FitOptions {
            average_warmup: true,
            ..keras
        };
        assert_eq!(warm.momentum(1), Some(2.0 / 11.0));
        assert_eq!(warm.momentum(80), Some(0.9));
        assert_eq!(warm.momentum(1000), Some(0.9));
        assert_eq!(FitOptions::default().momentum(1), None);
    }

    #[test]
    fn patience_counts_from_the_best_epoch() {
        let options = FitOptions {
            patience: Some(2),
            ..FitOptions::default()
        };
        assert!(!options.is_over(&[]));
        assert!(!options.is_over(&history(&[0.5, 0.6])));
        assert!(options.is_over(&history(&[0.5, 0.6, 0.7])));
        assert!(!options.is_over(&history(&[0.5, 0.6, 0.4])));
    }

    #[test]
    fn rates_follow_their_definitions() {
        let cosine = Schedule::Cosine {
            epochs: 2,
            floor: 0.1,
        };
        let at = |step| cosine.factor(step, 10, &[]);
        assert_eq!(at(0), 1.0);
        assert!((at(10) - 0.55).abs() < 1e-12 && (at(20) - 0.1).abs() < 1e-12);
        assert_eq!(at(100), at(20));
        let step = Schedule::Step {
            every: 2,
            factor: 0.5,
        };
        let factors: Vec<f64> = [0, 19, 20, 39, 40]
            .map(|at| step.factor(at, 10, &[]))
            .into();
        assert_eq!(factors, [1.0, 1.0, 0.5, 0.5, 0.25]);
        let plateau = Schedule::Plateau {
            patience: 2,
            factor: 0.5,
        };
        for (losses, factor) in [
            (&[0.5, 0.6][..], 1.0),
            (&[0.5, 0.6, 0.5], 0.5),
            (&[0.5, 0.6, 0.5, 0.7], 0.5),
            (&[0.5, 0.6, 0.5, 0.7, 0.5], 0.25),
            (&[0.5, 0.6, 0.4, 0.7], 1.0),
        ] {
            assert_eq!(plateau.factor(0, 1, &history(losses)), factor, "{losses:?}");
        }
    }

    #[test]
    fn options_that_cannot_be_followed_are_named() {
        type Change = fn(&mut FitOptions);
        let changes: [(&str, Change); 8] = [
            ("adversary's move is 0", |options| {
                options.adversarial = Some(0.0)
            }),
            ("weight decay is -1", |options| options.weight_decay = -1.0),
            ("norm of gradients is 0", |options| {
                options.clip_norm = Some(0.0)
            }),
            ("averaged weights is 1", |options| {
                options.average = Some(1.0)
            }),
            ("patience is 0", |options| options.patience = Some(0)),
            ("smoothing is 1", |options| {
                options.objective.label_smoothing = 1.0
            }),
            ("weights of classes", |options| {
                options.objective.class_weights = Some(vec![0.0, 0.0]);
            }),
            ("factor of the learning rate is 2", |options| {
                options.schedule = Schedule::Step {
                    every: 1,
                    factor: 2.0,
                };
            }),
        ];
        FitOptions::default().check().unwrap();
        for (named, change) in changes {
            let mut options = FitOptions::default();
            change(&mut options);
            let error = options.check().unwrap_err().to_string();
            assert!(error.contains(named), "{error}");
        }
    }
}
