//! The networks, and the seam that training is generic over.

use burn::module::Module;
use burn::tensor::{Device, Int, Tensor};
use serde::{Deserialize, Serialize};

use crate::head::classify;
use crate::initializers::Init;
use crate::kind::NetworkKind;
use crate::layers::{Dense, Embedding, Recurrent, RecurrentLayer, Sequence, dense_relu};
use crate::per_token::classify_tokens;
use crate::recurrence::Kernels;

/// A network from token ids to logits: what a training loop needs to know of a model.
pub trait SequenceClassifier: Module {
    /// Logits of the positive class, `[batch, positions]`, for token ids `[batch, time]`.
    ///
    /// `positions` is 1 for a network that classifys a text, and `time` for one that classifys every
    /// token: the logits `[batch, 1]` and `[batch, time, 1]` of Keras, without the last axis.
    /// Loss and accuracy are means over `batch · positions`.
    fn forward(&self, ids: Tensor<2, Int>) -> Tensor<2>;
}

/// Everything that determines a network's shapes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetworkConfig {
    /// Which network.
    pub network: NetworkKind,
    /// Rows of the embedding. The notebook has 1,001 for ids 0 to 999.
    pub embeddings: usize,
    /// Width of an embedding.
    pub embedding_width: usize,
    /// Units of the body: the per-token Dense, or a recurrent layer (each way).
    pub units: usize,
    /// Units of the hidden Dense layer after it.
    pub hidden: usize,
    /// Tokens per text.
    pub time: usize,
}

impl NetworkConfig {
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

    /// How many parameters such a network has, without building it; `None` beyond 2⁶⁴.
    pub fn parameters(&self) -> Option<u64> {
        let [embeddings, width, units, hidden] = [
            self.embeddings,
            self.embedding_width,
            self.units,
            self.hidden,
        ]
        .map(|size| size as u64);
        let dense = |inputs: u64, units: u64| inputs.checked_add(1)?.checked_mul(units);
        let embedding = embeddings.checked_mul(width)?;
        let (body, state) = match self.network {
            NetworkKind::Dense => (dense(width, units)?, units),
            NetworkKind::Recurrent(kind) => {
                let ways = if kind.bidirectional { 2 } else { 1 };
                let (gates, biases) = (kind.cell.gates() as u64, kind.cell.biases() as u64);
                let layer = |inputs: u64| {
                    let rows = inputs.checked_add(units)?.checked_add(biases)?;
                    rows.checked_mul(units)?.checked_mul(ways * gates)
                };
                let state = units.checked_mul(ways)?;
                let second = if kind.stacked { layer(state)? } else { 0 };
                (layer(width)?.checked_add(second)?, state)
            }
        };
        embedding
            .checked_add(body)?
            .checked_add(dense(state, hidden)?)?
            .checked_add(dense(hidden, 1)?)
    }

    /// Builds the network on `device` with initial weights drawn from `seed`.
    pub fn init(&self, seed: u64, device: &Device) -> Network {
        let init = &mut Init::new(seed, device);
        let embedding = Embedding::new(init, self.embeddings, self.embedding_width);
        match self.network {
            NetworkKind::Dense => Network::Dense(DenseNetwork {
                embedding,
                dense_in: Dense::new(init, self.embedding_width, self.units),
                hidden: Dense::new(init, self.units, self.hidden),
                output: Dense::new(init, self.hidden, 1),
            }),
            NetworkKind::Recurrent(kind) => {
                let width = kind.width(self.units);
                let layer = |init: &mut Init, inputs| {
                    RecurrentLayer::new(kind.cell, kind.bidirectional, init, inputs, self.units)
                };
                let first = layer(init, self.embedding_width);
                if kind.stacked {
                    Network::Stacked(StackedNetwork {
                        embedding,
                        recurrent_0: first,
                        recurrent_1: layer(init, width),
                        hidden: Dense::new(init, width, self.hidden),
                        output: Dense::new(init, self.hidden, 1),
                        mask_zero: kind.masked,
                    })
                } else {
                    Network::Recurrent(RecurrentNetwork {
                        embedding,
                        recurrent: first,
                        hidden: Dense::new(init, width, self.hidden),
                        output: Dense::new(init, self.hidden, 1),
                        mask_zero: kind.masked,
                    })
                }
            }
        }
    }
}

/// The network without context: it classifys every token by itself.
#[derive(Module, Debug)]
pub struct DenseNetwork {
    /// Token vectors.
    pub embedding: Embedding,
    /// First per-token layer, relu.
    pub dense_in: Dense,
    /// Second per-token layer, relu.
    pub hidden: Dense,
    /// One logit per token.
    pub output: Dense,
}

impl SequenceClassifier for DenseNetwork {
    fn forward(&self, ids: Tensor<2, Int>) -> Tensor<2> {
        if Kernels::of(&ids.device()) == Kernels::Own {
            let layers = [&self.dense_in, &self.hidden, &self.output];
            return classify_tokens(&self.embedding, layers, ids);
        }
        let [batch, time] = ids.dims();
        let logits = self.embedding.map_tokens(ids.reshape([batch * time]), |x| {
            let x = dense_relu(&self.dense_in, x);
            self.output.forward(dense_relu(&self.hidden, x))
        });
        let single = self.output.kernel.val().dtype();
        logits.cast(single).reshape([batch, time])
    }
}

/// A recurrent layer, its last state through Dense(relu) and Dense(1).
#[derive(Module, Debug)]
pub struct RecurrentNetwork {
    /// Token vectors.
    pub embedding: Embedding,
    /// The recurrent layer.
    pub recurrent: RecurrentLayer,
    /// Dense layer on the last state, relu.
    pub hidden: Dense,
    /// One logit per text.
    pub output: Dense,
    /// Whether token 0 is masked.
    #[module(skip)]
    pub mask_zero: bool,
}

impl SequenceClassifier for RecurrentNetwork {
    fn forward(&self, ids: Tensor<2, Int>) -> Tensor<2> {
        let sequence = Sequence::tokens(&self.embedding, ids, self.mask_zero);
        classify(&self.hidden, &self.output, self.recurrent.last(&sequence))
    }
}

/// Two recurrent layers, the second reading all states of the first.
#[derive(Module, Debug)]
pub struct StackedNetwork {
    /// Token vectors.
    pub embedding: Embedding,
    /// The layer that reads the tokens.
    pub recurrent_0: RecurrentLayer,
    /// The layer that reads its states.
    pub recurrent_1: RecurrentLayer,
    /// Dense layer on the last state, relu.
    pub hidden: Dense,
    /// One logit per text.
    pub output: Dense,
    /// Whether token 0 is masked.
    #[module(skip)]
    pub mask_zero: bool,
}

impl SequenceClassifier for StackedNetwork {
    fn forward(&self, ids: Tensor<2, Int>) -> Tensor<2> {
        let sequence = Sequence::tokens(&self.embedding, ids, self.mask_zero);
        let states = self.recurrent_0.all(&sequence);
        classify(&self.hidden, &self.output, self.recurrent_1.last(&states))
    }
}

/// Any network, chosen at run time.
#[derive(Module, Debug)]
#[allow(
    clippy::large_enum_variant,
    reason = "there is one of them in a program, not thousands"
)]
pub enum Network {
    /// See [`DenseNetwork`].
    Dense(DenseNetwork),
    /// See [`RecurrentNetwork`].
    Recurrent(RecurrentNetwork),
    /// See [`StackedNetwork`].
    Stacked(StackedNetwork),
}

impl SequenceClassifier for Network {
    fn forward(&self, ids: Tensor<2, Int>) -> Tensor<2> {
        match self {
            Self::Dense(network) => network.forward(ids),
            Self::Recurrent(network) => network.forward(ids),
            Self::Stacked(network) => network.forward(ids),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameter_counts_are_the_notebooks() {
        let counts = [140_609, 144_705, 181_761];
        for (kind, count) in NetworkKind::NOTEBOOK.into_iter().zip(counts) {
            let network = NetworkConfig::notebook(kind).init(0, &Device::flex());
            assert_eq!(network.num_params(), count, "{kind}");
        }
    }

    #[test]
    fn parameters_are_counted_without_building() {
        for kind in NetworkKind::all() {
            let config = NetworkConfig {
                embeddings: 9,
                embedding_width: 5,
                units: 3,
                hidden: 4,
                ..NetworkConfig::notebook(kind)
            };
            let built = config.init(0, &Device::flex()).num_params();
            assert_eq!(config.parameters(), Some(built as u64), "{kind}");
            let huge = NetworkConfig {
                units: usize::MAX / 2,
                ..config
            };
            assert_eq!(huge.parameters(), None, "{kind}");
        }
    }

    fn logits(network: &Network, ids: &[[i32; 4]]) -> Vec<f32> {
        let ids = Tensor::from_data(
            burn::tensor::TensorData::new(ids.concat(), [ids.len(), 4]),
            &Device::flex(),
        );
        network.forward(ids).into_data().try_to_vec().unwrap()
    }

    fn small(kind: NetworkKind) -> Network {
        let config = NetworkConfig {
            embeddings: 8,
            time: 4,
            ..NetworkConfig::notebook(kind)
        };
        config.init(5, &Device::flex())
    }

    #[test]
    fn texts_together_and_apart_agree() {
        let ids = [[1, 2, 3, 0], [7, 1, 0, 0], [5, 6, 7, 7]];
        for kind in NetworkKind::all() {
            let network = small(kind);
            let together = logits(&network, &ids);
            let apart: Vec<f32> = ids
                .iter()
                .flat_map(|row| logits(&network, &[*row]))
                .collect();
            for (a, b) in together.iter().zip(&apart) {
                assert_eq!(a, b, "{kind}");
            }
        }
    }

    /// Where padding stands, before, between or after, makes no difference to a masked network, and
    /// does to one that is not.
    #[test]
    fn masked_networks_pass_over_padding() {
        let ids = [[3, 5, 0, 0], [0, 3, 0, 5], [3, 0, 0, 5], [0, 0, 3, 5]];
        for kind in NetworkKind::all() {
            let NetworkKind::Recurrent(recurrent) = kind else {
                continue;
            };
            let values = logits(&small(kind), &ids);
            let same = values.iter().all(|value| (value - values[0]).abs() < 1e-6);
            assert_eq!(same, recurrent.masked, "{kind}: {values:?}");
        }
    }
}
