//! A training run between two epochs, as one safetensors file.
//!
//! Weights under `weights/`, Adam's state under `adam/`, the average of the weights under `average/` and the best
//! epoch's under `best/`, where there are such; as notes, what the run is of, its history and the steps made.
//! As it is one file, replaced whole, an interruption leaves the checkpoint before or after, never a mixture; as it has a
//! checksum over everything in it, what has changed since is found out; and its parts are held against each other.

use std::path::Path;

use burn::module::Module;
use burn::tensor::Device;
use recurrent_models::weights::{self, Notes, TensorFile};
use recurrent_runs::check_history;

use crate::adam::Adam;
use crate::average::Aside;
use crate::fit::State;
use crate::identity::{self, RunIdentity};
use crate::{EpochRecord, FitConfig, Keep, TrainingError};

/// Where the moving average of the weights is, and the weights of the best epoch.
const AVERAGE: &str = "average";
const BEST: &str = "best";

/// Writes the state after the epochs of its history.
pub(crate) fn save<M: Module>(
    path: &Path,
    run: &RunIdentity,
    state: &State<M>,
) -> Result<(), TrainingError> {
    let State {
        network,
        adam,
        history,
        average,
        best,
    } = state;
    let mut tensors = adam.state();
    for (name, tensor) in weights::collect(network) {
        tensors.insert(format!("weights/{name}"), tensor);
    }
    for (kept, prefix) in [(average, AVERAGE), (best, BEST)] {
        tensors.extend(kept.iter().flat_map(|kept| kept.state(prefix)));
    }
    let json = |value: serde_json::Result<String>| {
        value.map_err(|error| TrainingError::Content {
            path: path.to_owned(),
            reason: error.to_string(),
        })
    };
    let notes = Notes::from([
        ("run".to_owned(), json(serde_json::to_string(run))?),
        ("steps".to_owned(), adam.steps().to_string()),
        ("history".to_owned(), json(serde_json::to_string(history))?),
        ("figures".to_owned(), figures(history)),
    ]);
    Ok(weights::write(path, &tensors, &notes)?)
}

/// The figures of a history to the bit, as hexadecimal digits: a decimal fraction may lose its last digit when it is read,
/// and that digit can decide which of two epochs is the better one.
fn figures(history: &[EpochRecord]) -> String {
    let figures = history.iter().flat_map(|record| {
        [
            record.train_loss,
            record.train_accuracy,
            record.test_loss,
            record.test_accuracy,
            record.seconds,
        ]
    });
    let words: Vec<String> = figures.map(|x| format!("{:016x}", x.to_bits())).collect();
    words.join(" ")
}

/// A history with the figures that [`figures`] wrote; none where they are not those of the history.
fn with_figures(mut history: Vec<EpochRecord>, figures: &str) -> Option<Vec<EpochRecord>> {
    let words = figures.split(' ').filter(|word| !word.is_empty());
    let figures: Vec<f64> = words
        .map(|word| u64::from_str_radix(word, 16).ok().map(f64::from_bits))
        .collect::<Option<_>>()?;
    if figures.len() != 5 * history.len() {
        return None;
    }
    let near = |read: f64, exact: f64| (read - exact).abs() <= 1e-9 * (1.0 + exact.abs());
    for (record, exact) in history.iter_mut().zip(figures.chunks_exact(5)) {
        let fields = [
            &mut record.train_loss,
            &mut record.train_accuracy,
            &mut record.test_loss,
            &mut record.test_accuracy,
            &mut record.seconds,
        ];
        for (field, exact) in fields.into_iter().zip(exact) {
            if !near(*field, *exact) {
                return None;
            }
            *field = *exact;
        }
    }
    Some(history)
}

/// A checkpoint of the right run, its tensors not yet looked at.
pub(crate) struct Checkpoint {
    file: TensorFile,
    steps: u32,
    pub(crate) history: Vec<EpochRecord>,
}

impl Checkpoint {
    /// Reads the state of `run`, of which an epoch has `steps_an_epoch` steps.
    pub(crate) fn read(
        path: &Path,
        run: &RunIdentity,
        network: &str,
        steps_an_epoch: usize,
    ) -> Result<Self, TrainingError> {
        let content = |reason: &str| TrainingError::Content {
            path: path.to_owned(),
            reason: format!("{reason}; start anew without resuming"),
        };
        let file = TensorFile::read(path)?;
        let found = file
            .note("run")
            .ok_or_else(|| content("it is no checkpoint"))?;
        let found: RunIdentity = serde_json::from_str(found).map_err(|_| {
            if file.note("steps").is_some() && !found.starts_with('{') {
                content("it is a checkpoint of version 0.1, which does not say what data it is of")
            } else {
                content("what it says of its run cannot be read")
            }
        })?;
        if found.version != identity::VERSION {
            return Err(content(&format!(
                "it is a checkpoint of version {}, and this program goes on from version {}",
                found.version,
                identity::VERSION
            )));
        }
        if let Some((setting, there, here)) = run.difference(&found) {
            return Err(TrainingError::OtherRun {
                path: path.to_owned(),
                setting,
                there,
                here,
            });
        }
        let history: Vec<EpochRecord> = file
            .note("history")
            .and_then(|history| serde_json::from_str(history).ok())
            .and_then(|history| with_figures(history, file.note("figures")?))
            .ok_or_else(|| content("its history cannot be read"))?;
        let steps: u32 = file
            .note("steps")
            .and_then(|steps| steps.parse().ok())
            .ok_or_else(|| content("its number of steps cannot be read"))?;
        check_history(&history).map_err(|invalid| content(&format!("its history {invalid}")))?;
        if history.is_empty() || history.iter().any(|record| record.network != network) {
            return Err(content("its history is not that of its network"));
        }
        if history.len().checked_mul(steps_an_epoch) != Some(steps as usize) {
            return Err(content(&format!(
                "it has made {steps} steps in {} epochs of {steps_an_epoch}",
                history.len()
            )));
        }
        Ok(Self {
            file,
            steps,
            history,
        })
    }

    /// The state that was saved, of a module like `module`.
    pub(crate) fn restore<M: Module>(
        self,
        module: M,
        config: &FitConfig,
        device: &Device,
    ) -> Result<State<M>, TrainingError> {
        let module = weights::load(module, &self.file, "weights/")?;
        let lengths = weights::lengths(&module);
        let adam = Adam::restore(config.adam, self.steps, &self.file, &lengths, device)?;
        let aside = |wanted: bool, prefix: &str| {
            let kept = wanted.then(|| Aside::restore(prefix, &self.file, &lengths, device));
            kept.transpose()
        };
        let options = &config.options;
        Ok(State {
            average: aside(options.average.is_some(), AVERAGE)?,
            best: aside(options.keep != Keep::Last, BEST)?,
            network: module,
            adam,
            history: self.history,
        })
    }
}
