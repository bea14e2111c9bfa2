//! A training run between two epochs, as one safetensors file.
//!
//! Weights under `weights/`, Adam's state under `adam/`, settings and history as notes. As it is one
//! file, replaced whole, an interruption leaves the checkpoint before or after, never a mixture.

use std::collections::HashMap;
use std::path::Path;

use burn::module::Module;
use burn::tensor::Device;
use recurrent_models::weights::{self, TensorFile};

use crate::adam::{Adam, AdamConfig};
use crate::{EpochRecord, TrainingError};

/// Writes the state after `history.len()` epochs.
pub(crate) fn save<M: Module>(
    path: &Path,
    run: &str,
    module: &M,
    adam: &Adam,
    history: &[EpochRecord],
) -> Result<(), TrainingError> {
    let mut tensors = adam.state();
    for (name, tensor) in weights::collect(module) {
        tensors.insert(format!("weights/{name}"), tensor);
    }
    let history = serde_json::to_string(history).map_err(|error| TrainingError::Content {
        path: path.to_owned(),
        reason: error.to_string(),
    })?;
    let notes = HashMap::from([
        ("run".to_owned(), run.to_owned()),
        ("steps".to_owned(), adam.steps().to_string()),
        ("history".to_owned(), history),
    ]);
    Ok(weights::write(path, &tensors, notes)?)
}

/// Reads the state of the run described by `run`.
pub(crate) fn load<M: Module>(
    path: &Path,
    run: &str,
    module: M,
    config: AdamConfig,
    device: &Device,
) -> Result<(M, Adam, Vec<EpochRecord>), TrainingError> {
    let file = TensorFile::read(path)?;
    let found = file.metadata("run").unwrap_or("no training run");
    if found != run {
        return Err(TrainingError::OtherRun {
            path: path.to_owned(),
            expected: run.to_owned(),
            found: found.to_owned(),
        });
    }
    let broken = |what: &str| TrainingError::Content {
        path: path.to_owned(),
        reason: format!("its {what} cannot be read; start anew without resuming"),
    };
    let steps = file
        .metadata("steps")
        .and_then(|steps| steps.parse().ok())
        .ok_or_else(|| broken("number of steps"))?;
    let history = file
        .metadata("history")
        .and_then(|history| serde_json::from_str(history).ok())
        .ok_or_else(|| broken("history"))?;
    let module = weights::load(module, &file, "weights/")?;
    let adam = Adam::restore(config, steps, &file, device)?;
    Ok((module, adam, history))
}
