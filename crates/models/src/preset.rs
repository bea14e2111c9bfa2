//! The networks that have names.

use serde::{Deserialize, Serialize};

use crate::config::{Activation, EmbeddingConfig, LayerConfig, NetworkConfig, Reads, Returns};
use crate::kind::NetworkKind;

/// A network that has a name, and its sizes.
///
/// ```
/// use recurrent_models::{NetworkKind, Preset};
///
/// let config = Preset::notebook(NetworkKind::LSTM).config();
/// assert_eq!(config.parameters(), Some(181_761));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Preset {
    /// Which network.
    pub network: NetworkKind,
    /// Rows of the embedding.
    pub embeddings: usize,
    /// Width of an embedding.
    pub embedding_width: usize,
    /// Units of the body: the per-token Dense, or a recurrent layer (each way).
    pub units: usize,
    /// Units of the hidden Dense layer after it.
    pub hidden: usize,
    /// Tokens of a text.
    pub time: usize,
}

impl Preset {
    /// The notebook's sizes: 1,001 × 128 embeddings, 64 units, 64 hidden, 100 tokens.
    pub const fn notebook(network: NetworkKind) -> Self {
        Self {
            network,
            embeddings: 1001,
            embedding_width: 128,
            units: 64,
            hidden: 64,
            time: 100,
        }
    }

    /// The network, with one logit.
    #[must_use]
    pub fn config(self) -> NetworkConfig {
        let dense = |units| LayerConfig::Dense {
            units,
            activation: Activation::Relu,
        };
        let (masked, mut layers) = match self.network {
            NetworkKind::Dense => (false, vec![dense(self.units)]),
            NetworkKind::Recurrent(kind) => {
                let recurrent = |returns| LayerConfig::Recurrent {
                    cell: kind.cell,
                    units: self.units,
                    reads: if kind.bidirectional {
                        Reads::Both
                    } else {
                        Reads::Forward
                    },
                    returns,
                    recurrent_dropout: 0.0,
                };
                let layers = match kind.stacked {
                    true => vec![recurrent(Returns::All), recurrent(Returns::Last)],
                    false => vec![recurrent(Returns::Last)],
                };
                (kind.masked, layers)
            }
        };
        layers.push(dense(self.hidden));
        NetworkConfig {
            name: self.network.name(),
            embeddings: self.embeddings,
            time: self.time,
            embedding: EmbeddingConfig {
                width: self.embedding_width,
                masked,
                dropout: 0.0,
            },
            layers,
            outputs: 1,
        }
    }
}
