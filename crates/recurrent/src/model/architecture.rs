//! What kind of model it is, and of which sizes.

use recurrent_linear::LinearConfig;
use recurrent_models::NetworkConfig;
use serde::{Deserialize, Serialize};

/// What a model is built of.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Architecture {
    /// Layers of a network, which reads token ids in their order.
    Network(NetworkConfig),
    /// A weight for each n-gram.
    Linear(LinearShape),
}

/// A linear model over n-grams, and its sizes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinearShape {
    /// What it is called: as a network's name.
    pub name: String,
    /// N-grams of the vocabulary, `[UNK]` included.
    pub columns: usize,
    /// Logits: 1 of two classes, or one for each class.
    pub outputs: usize,
    /// How it was trained.
    pub linear: LinearConfig,
}

impl From<NetworkConfig> for Architecture {
    fn from(network: NetworkConfig) -> Self {
        Self::Network(network)
    }
}

impl Architecture {
    /// What it is called.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Network(network) => &network.name,
            Self::Linear(linear) => &linear.name,
        }
    }

    /// The layers, where it is a network.
    #[must_use]
    pub fn network(&self) -> Option<&NetworkConfig> {
        match self {
            Self::Network(network) => Some(network),
            Self::Linear(_) => None,
        }
    }

    /// Logits: 1 where a sigmoid tells two classes apart, or one for each class.
    #[must_use]
    pub fn outputs(&self) -> usize {
        match self {
            Self::Network(network) => network.outputs,
            Self::Linear(linear) => linear.outputs,
        }
    }

    /// How many numbers were trained; `None` beyond 2⁶⁴.
    #[must_use]
    pub fn parameters(&self) -> Option<u64> {
        match self {
            Self::Network(network) => network.parameters(),
            Self::Linear(linear) => {
                let weights = (linear.columns as u64).checked_add(1)?;
                weights.checked_mul(linear.outputs as u64)
            }
        }
    }

    /// The most tokens of a text that are read; a linear model reads all.
    #[must_use]
    pub fn time(&self) -> Option<usize> {
        self.network().map(|network| network.time)
    }

    /// Whether padding makes no difference.
    #[must_use]
    pub fn is_masked(&self) -> bool {
        self.network()
            .is_none_or(|network| network.embedding.masked)
    }

    /// Whether every token is judged by itself.
    #[must_use]
    pub fn is_per_token(&self) -> bool {
        self.network()
            .is_some_and(|network| network.positions() > 1)
    }

    /// Whether a text is read anew for each of its words to be followed: see [`NetworkConfig::reads_anew`].
    #[must_use]
    pub fn reads_anew(&self) -> bool {
        self.network().is_some_and(NetworkConfig::reads_anew)
    }

    /// Its layers as a table, as Keras prints it; of a linear model its sizes.
    #[must_use]
    pub fn summary(&self) -> String {
        match self {
            Self::Network(network) => recurrent_models::summary(network),
            Self::Linear(linear) => format!(
                "Model: \"{}\"\nLogistic regression over n-grams of up to {} words, weighted by naive Bayes\n\
                 {} n-grams, {} weights",
                linear.name,
                linear.linear.ngrams,
                linear.columns,
                self.parameters().unwrap_or(u64::MAX)
            ),
        }
    }

    /// What cannot be, in words that complete "a model with …".
    pub(super) fn check(&self) -> Result<(), String> {
        match self {
            Self::Network(network) => network.check().map_err(|error| error.reason),
            Self::Linear(linear) => {
                linear
                    .linear
                    .check()
                    .map_err(|error| format!("a linear part that cannot be ({error})"))?;
                match linear.columns.checked_mul(linear.outputs) {
                    Some(weights) if weights <= recurrent_linear::MOST_WEIGHTS => Ok(()),
                    _ => Err("more n-grams than a linear model can have".to_owned()),
                }
            }
        }
    }
}
