//! Whether a configuration is that of a network that can be built.

use super::{LayerConfig, NetworkConfig, Returns};

/// The widest vector that a layer may give.
const WIDEST: usize = 1 << 16;

/// The most parameters of a network: as 32-bit floats, with Adam's two means for each, they are 24 GB.
const MOST_PARAMETERS: u64 = 1 << 31;

/// The most weights of a linear model inside a network.
const MOST_WEIGHTS: usize = 1 << 25;

/// Why a configuration is that of no network.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the network {network:?} cannot be built: {reason}")]
pub struct InvalidNetwork {
    /// Its name.
    pub network: String,
    /// What is wrong, and with which layer.
    pub reason: String,
}

impl NetworkConfig {
    /// Whether there is something to build.
    ///
    /// # Errors
    /// [`InvalidNetwork`] for a size of zero, a share outside of 0 to below 1, a layer that needs steps behind one
    /// that leaves none, and more parameters than can be counted.
    pub fn check(&self) -> Result<(), InvalidNetwork> {
        let invalid = |reason: String| InvalidNetwork {
            network: self.name.clone(),
            reason,
        };
        let share = |what: &str, rate: f32| match (0.0..1.0).contains(&rate) {
            true => Ok(()),
            false => Err(invalid(format!(
                "{what} is {rate}, where 0 to below 1 is possible"
            ))),
        };
        for (size, what) in [
            (self.embeddings, "rows of its embedding"),
            (self.embedding.width, "width of its embedding"),
            (self.time, "number of tokens of a text"),
            (self.outputs, "number of logits"),
        ] {
            if size == 0 {
                return Err(invalid(format!("the {what} is 0")));
            }
        }
        share("the dropout of the embedding", self.embedding.dropout)?;
        let mut steps = true;
        let mut tokens = true;
        let mut evidence = 0;
        for (layer, name) in self.layers.iter().zip(self.names()) {
            let needs_steps = match layer {
                LayerConfig::Recurrent { .. }
                | LayerConfig::Evidence { .. }
                | LayerConfig::Pool { .. } => true,
                LayerConfig::Ngrams { .. } if !tokens => {
                    return Err(invalid(format!(
                        "{name} stands above a layer of another kind; put it first, next to the token ids that it reads"
                    )));
                }
                LayerConfig::Ngrams { .. } => true,
                LayerConfig::Dropout { .. } | LayerConfig::Dense { .. } => false,
            };
            if needs_steps && !steps {
                return Err(invalid(format!(
                    "{name} needs a vector at every step, and the layers below it leave one a text; let the recurrent \
                     layer below return all its states"
                )));
            }
            tokens &= matches!(
                layer,
                LayerConfig::Ngrams { .. } | LayerConfig::Evidence { .. }
            );
            match layer {
                LayerConfig::Ngrams {
                    widths,
                    buckets,
                    width,
                    dropout,
                } => {
                    if *buckets == 0 || *width == 0 {
                        return Err(invalid(format!("{name} has 0 buckets, or is 0 wide")));
                    }
                    if widths.is_empty() || widths.iter().any(|width| !(2..=8).contains(width)) {
                        return Err(invalid(format!(
                            "the widths of {name} are {widths:?}, where some from 2 to 8 are needed"
                        )));
                    }
                    share(&format!("the dropout of {name}"), *dropout)?;
                }
                LayerConfig::Evidence {
                    widths,
                    buckets,
                    folds,
                } => {
                    if !(2..=20).contains(folds) {
                        return Err(invalid(format!(
                            "{name} has {folds} folds, where 2 to 20 are possible"
                        )));
                    }
                    let weights = buckets.checked_mul(self.outputs);
                    if *buckets == 0 || weights.is_none_or(|weights| weights > MOST_WEIGHTS) {
                        return Err(invalid(format!(
                            "{name} has {buckets} buckets for {} logits, where at least one and together at most \
                             {MOST_WEIGHTS} weights are possible",
                            self.outputs
                        )));
                    }
                    evidence += 1;
                    if evidence > 1 {
                        return Err(invalid(format!(
                            "{name} is a second layer of evidence, where one says it all"
                        )));
                    }
                    if widths.is_empty() || widths.iter().any(|width| !(1..=8).contains(width)) {
                        return Err(invalid(format!(
                            "the widths of {name} are {widths:?}, where some from 1 to 8 are needed"
                        )));
                    }
                }
                LayerConfig::Recurrent {
                    units,
                    returns,
                    recurrent_dropout,
                    ..
                } => {
                    if *units == 0 {
                        return Err(invalid(format!("{name} has 0 units")));
                    }
                    share(
                        &format!("the recurrent dropout of {name}"),
                        *recurrent_dropout,
                    )?;
                    steps = *returns == Returns::All;
                }
                LayerConfig::Pool { .. } => steps = false,
                LayerConfig::Dropout { rate } => share(&format!("the rate of {name}"), *rate)?,
                LayerConfig::Dense { units: 0, .. } => {
                    return Err(invalid(format!("{name} has 0 units")));
                }
                LayerConfig::Dense { .. } => {}
            }
        }
        for shape in self.shapes() {
            if shape.width > WIDEST {
                return Err(invalid(format!(
                    "{} is {} wide, where at most {WIDEST} is possible",
                    shape.name, shape.width
                )));
            }
        }
        match self.parameters() {
            Some(count) if count <= MOST_PARAMETERS => Ok(()),
            _ => Err(invalid(format!(
                "it has more than {MOST_PARAMETERS} parameters"
            ))),
        }
    }
}
