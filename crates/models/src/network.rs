//! The three networks, and the seam that training is generic over.

use std::str::FromStr;

use burn::module::Module;
use burn::tensor::{Device, Int, Tensor, activation::relu};
use serde::{Deserialize, Serialize};

use crate::initializers::Init;
use crate::layers::{Dense, Embedding, Lstm, SimpleRnn, dense_relu};

/// A network from token ids to logits: what a training loop needs to know of a model.
pub trait SequenceClassifier: Module {
    /// Logits of the positive class, `[batch, positions]`, for token ids `[batch, time]`.
    ///
    /// `positions` is 1 for a network that judges a text, and `time` for one that judges every
    /// token: the logits `[batch, 1]` and `[batch, time, 1]` of Keras, without the last axis.
    /// Loss and accuracy are means over `batch · positions`.
    fn forward(&self, ids: Tensor<2, Int>) -> Tensor<2>;
}

/// Which network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NetworkKind {
    /// Two Dense(64, relu) and a Dense(1) on every token by itself: logits at every position.
    Dense,
    /// SimpleRNN(64), its last state through Dense(64, relu) and Dense(1).
    SimpleRnn,
    /// LSTM(64), its last state through Dense(64, relu) and Dense(1).
    Lstm,
}

impl NetworkKind {
    /// All networks, in the notebook's order.
    pub const ALL: [Self; 3] = [Self::Dense, Self::SimpleRnn, Self::Lstm];

    /// The name used on the command line and in files: `dense`, `simple_rnn`, `lstm`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Dense => "dense",
            Self::SimpleRnn => "simple_rnn",
            Self::Lstm => "lstm",
        }
    }
}

impl std::fmt::Display for NetworkKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name())
    }
}

/// A name that no network has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no network \"{0}\"; the networks are dense, simple_rnn and lstm")]
pub struct UnknownNetwork(pub String);

impl FromStr for NetworkKind {
    type Err = UnknownNetwork;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.name() == name)
            .ok_or_else(|| UnknownNetwork(name.to_owned()))
    }
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
    /// Units of the body (the per-token Dense, the SimpleRNN or the LSTM).
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

    /// Builds the network on `device` with initial weights drawn from `seed`.
    pub fn init(&self, seed: u64, device: &Device) -> Network {
        match self.network {
            NetworkKind::Dense => Network::Dense(DenseNetwork::new(self, seed, device)),
            NetworkKind::SimpleRnn => Network::SimpleRnn(SimpleRnnNetwork::new(self, seed, device)),
            NetworkKind::Lstm => Network::Lstm(LstmNetwork::new(self, seed, device)),
        }
    }
}

/// The network without context: it judges every token by itself.
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

impl DenseNetwork {
    fn new(config: &NetworkConfig, seed: u64, device: &Device) -> Self {
        let init = &mut Init::new(seed, device);
        Self {
            embedding: Embedding::new(init, config.embeddings, config.embedding_width),
            dense_in: Dense::new(init, config.embedding_width, config.units),
            hidden: Dense::new(init, config.units, config.hidden),
            output: Dense::new(init, config.hidden, 1),
        }
    }
}

impl SequenceClassifier for DenseNetwork {
    fn forward(&self, ids: Tensor<2, Int>) -> Tensor<2> {
        let [batch, time] = ids.dims();
        let logits = self.embedding.map_tokens(ids.reshape([batch * time]), |x| {
            let x = dense_relu(&self.dense_in, x);
            self.output.forward(dense_relu(&self.hidden, x))
        });
        let single = self.output.kernel.val().dtype();
        logits.cast(single).reshape([batch, time])
    }
}

/// The logit of a text from the last state: `output(relu(hidden(last)))`.
fn judge(hidden: &Dense, output: &Dense, last: Tensor<2>) -> Tensor<2> {
    output.forward_in_double(relu(hidden.forward_in_double(last)))
}

/// The network with one loop.
#[derive(Module, Debug)]
pub struct SimpleRnnNetwork {
    /// Token vectors.
    pub embedding: Embedding,
    /// The recurrent layer.
    pub recurrent: SimpleRnn,
    /// Dense layer on the last state, relu.
    pub hidden: Dense,
    /// One logit per text.
    pub output: Dense,
}

impl SimpleRnnNetwork {
    fn new(config: &NetworkConfig, seed: u64, device: &Device) -> Self {
        let init = &mut Init::new(seed, device);
        Self {
            embedding: Embedding::new(init, config.embeddings, config.embedding_width),
            recurrent: SimpleRnn::new(init, config.embedding_width, config.units),
            hidden: Dense::new(init, config.units, config.hidden),
            output: Dense::new(init, config.hidden, 1),
        }
    }
}

impl SequenceClassifier for SimpleRnnNetwork {
    fn forward(&self, ids: Tensor<2, Int>) -> Tensor<2> {
        let last = self.recurrent.forward(&self.embedding, ids);
        judge(&self.hidden, &self.output, last)
    }
}

/// The network with gates and a memory.
#[derive(Module, Debug)]
pub struct LstmNetwork {
    /// Token vectors.
    pub embedding: Embedding,
    /// The recurrent layer.
    pub recurrent: Lstm,
    /// Dense layer on the last state, relu.
    pub hidden: Dense,
    /// One logit per text.
    pub output: Dense,
}

impl LstmNetwork {
    fn new(config: &NetworkConfig, seed: u64, device: &Device) -> Self {
        let init = &mut Init::new(seed, device);
        Self {
            embedding: Embedding::new(init, config.embeddings, config.embedding_width),
            recurrent: Lstm::new(init, config.embedding_width, config.units),
            hidden: Dense::new(init, config.units, config.hidden),
            output: Dense::new(init, config.hidden, 1),
        }
    }
}

impl SequenceClassifier for LstmNetwork {
    fn forward(&self, ids: Tensor<2, Int>) -> Tensor<2> {
        let last = self.recurrent.forward(&self.embedding, ids);
        judge(&self.hidden, &self.output, last)
    }
}

/// Any of the three, chosen at run time.
#[derive(Module, Debug)]
pub enum Network {
    /// See [`DenseNetwork`].
    Dense(DenseNetwork),
    /// See [`SimpleRnnNetwork`].
    SimpleRnn(SimpleRnnNetwork),
    /// See [`LstmNetwork`].
    Lstm(LstmNetwork),
}

impl SequenceClassifier for Network {
    fn forward(&self, ids: Tensor<2, Int>) -> Tensor<2> {
        match self {
            Self::Dense(network) => network.forward(ids),
            Self::SimpleRnn(network) => network.forward(ids),
            Self::Lstm(network) => network.forward(ids),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameter_counts_are_the_notebooks() {
        let counts = [140_609, 144_705, 181_761];
        for (kind, count) in NetworkKind::ALL.into_iter().zip(counts) {
            let network = NetworkConfig::notebook(kind).init(0, &Device::flex());
            assert_eq!(network.num_params(), count, "{kind}");
        }
    }

    #[test]
    fn gathering_before_and_after_the_token_function_agree() {
        // 12 positions over 8 tokens gather from the table, each row by itself does not.
        let device = Device::flex();
        for kind in NetworkKind::ALL {
            let config = NetworkConfig {
                embeddings: 8,
                time: 4,
                ..NetworkConfig::notebook(kind)
            };
            let network = config.init(5, &device);
            let ids = [[1, 2, 3, 0], [7, 1, 0, 0], [5, 6, 7, 7]];
            let together = network.forward(Tensor::from_data(ids, &device));
            let together: Vec<f32> = together.into_data().try_to_vec().unwrap();
            let apart: Vec<f32> = ids
                .iter()
                .flat_map(|row| {
                    let logits = network.forward(Tensor::from_data([*row], &device));
                    logits.into_data().try_to_vec::<f32>().unwrap()
                })
                .collect();
            for (a, b) in together.iter().zip(&apart) {
                assert!((a - b).abs() < 1e-6, "{kind}: {a} {b}");
            }
        }
    }
}
