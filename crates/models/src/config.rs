//! Networks as data: what stands between the token ids and the logits, layer by layer.

mod check;

use serde::{Deserialize, Serialize};

use crate::kind::{cell_of, name_of};
use crate::layers::{Evidence, Ngrams, RecurrentLayer};
use crate::network::{BodyLayer, NamedLayer, Network};
use crate::recurrence::Cell;
use crate::{initializers::Init, layers::Dense, layers::Embedding};
use burn::tensor::Device;

pub use check::InvalidNetwork;

/// A network: an embedding, any layers, and a dense head that gives the logits.
///
/// It is built by [`NetworkConfig::init`]; the networks that have names are [`Preset`](crate::Preset)s of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetworkConfig {
    /// What the network is called in files and messages: letters, digits and `_-.+ ()`.
    pub name: String,
    /// Rows of the embedding. The notebook has 1,001 for ids 0 to 999.
    pub embeddings: usize,
    /// Tokens of a text.
    pub time: usize,
    /// The vectors of the tokens.
    pub embedding: EmbeddingConfig,
    /// What stands between the embedding and the head, from below.
    pub layers: Vec<LayerConfig>,
    /// Logits of the head: 1 where a sigmoid tells two classes apart, or one for each class.
    pub outputs: usize,
}

/// The table of token vectors.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmbeddingConfig {
    /// Width of a vector.
    pub width: usize,
    /// Whether steps whose token is 0 are masked (Keras' `mask_zero`): recurrent layers pass over them, and a mean
    /// leaves them out.
    #[serde(default)]
    pub masked: bool,
    /// The share of tokens, 0 to below 1, whose whole vector is zero in a training step; the others are divided by
    /// what is left. Source: Gal and Ghahramani, "A Theoretically Grounded Application of Dropout in Recurrent Neural
    /// Networks", 2016.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub dropout: f32,
}

/// A layer of [`NetworkConfig::layers`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "layer", rename_all = "snake_case", deny_unknown_fields)]
pub enum LayerConfig {
    /// A recurrent layer. It needs something to read at every step.
    Recurrent {
        /// `simple_rnn`, `lstm` or `gru`.
        #[serde(with = "cell_name")]
        cell: Cell,
        /// Units, each way.
        units: usize,
        /// Which way through time.
        #[serde(default)]
        reads: Reads,
        /// Its states at every step, or the last alone.
        #[serde(default)]
        returns: Returns,
        /// The share of the recurrent kernel's weights, 0 to below 1, that are zero in a training step, the same at
        /// all steps of time. Source: Merity et al., "Regularizing and Optimizing LSTM Language Models", 2018.
        #[serde(default, skip_serializing_if = "is_zero")]
        recurrent_dropout: f32,
    },
    /// Behind the vector at each step, that of the n-grams that end there, from a table of hashed n-grams. It reads token
    /// ids, and stands below all other layers.
    Ngrams {
        /// How many tokens an n-gram has, from 2 to 8: `[2]` for pairs, `[2, 3]` for the sum of both.
        widths: Vec<usize>,
        /// Rows of the table.
        buckets: usize,
        /// Width of a vector.
        width: usize,
        /// The share of buckets, 0 to below 1, whose vector is zero in a training step.
        #[serde(default, skip_serializing_if = "is_zero")]
        dropout: f32,
    },
    /// Behind the vector at each step, what a linear model over n-grams says of those that end there: for each logit the sum
    /// of their weights. What it says of the whole text is added to the logits. The model is fitted to the training texts
    /// before the network is trained, by the crate `recurrent`. The layer reads token ids, may stand wherever there is a
    /// vector at every step, and stands once.
    Evidence {
        /// How many tokens an n-gram has, from 1 to 8.
        widths: Vec<usize>,
        /// Rows of the table of hashed n-grams.
        buckets: usize,
        /// How many linear models are fitted, each without a part of the texts, so that the network does not learn from what
        /// knows the answer; 2 to 20.
        folds: usize,
    },
    /// One vector a text from one at each step.
    Pool {
        /// What becomes of the steps.
        over: Pooling,
    },
    /// Keras' `Dropout`: while training, each element is zero with probability `rate`, and the others are divided by
    /// `1 − rate`. Source: Srivastava et al., "Dropout: A Simple Way to Prevent Neural Networks from Overfitting", 2014.
    Dropout {
        /// 0 to below 1.
        rate: f32,
    },
    /// A fully connected layer, on each step or on the text.
    Dense {
        /// Its outputs.
        units: usize,
        /// What is done with them.
        #[serde(default)]
        activation: Activation,
    },
}

/// Which way a recurrent layer reads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reads {
    /// From the first step to the last.
    #[default]
    Forward,
    /// From the last step to the first (Keras' `go_backwards`); states stay at their steps.
    Backward,
    /// Both ways, the states side by side (Keras' `Bidirectional`).
    Both,
}

/// Which states a recurrent layer gives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Returns {
    /// The state after the last step, each way.
    #[default]
    Last,
    /// The states after all steps (Keras' `return_sequences`).
    All,
}

/// How steps become one vector.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pooling {
    /// The vector at the last step.
    Last,
    /// The largest of each element (Keras' `GlobalMaxPooling1D`, which looks at masked steps, too).
    Max,
    /// The mean of each element over the steps that are not masked (Keras' `GlobalAveragePooling1D`); zero where all
    /// are.
    Mean,
    /// The largest of each element over the steps that are not masked, and behind these the mean: twice as wide. Where all
    /// are masked it is zero behind a recurrent layer. Source: Howard and Ruder, "Universal Language Model Fine-tuning for
    /// Text Classification", 2018, who pool so.
    MaxAndMean,
}

/// What a dense layer does with its sums.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Activation {
    /// `max(x, 0)`.
    #[default]
    Relu,
    /// Nothing.
    Linear,
}

/// A layer of a network with its shapes: a row of [`summary`](crate::summary).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerShape {
    /// As in the names of weights: `recurrent_0`.
    pub name: String,
    /// The layer's type in Keras: `Bidirectional`.
    pub layer_type: &'static str,
    /// Whether there is a vector at every step.
    pub steps: bool,
    /// Width of a vector.
    pub width: usize,
    /// Its parameters; `None` beyond 2⁶⁴.
    pub parameters: Option<u64>,
}

impl NetworkConfig {
    /// Every layer with its shapes: the embedding, [`Self::layers`], and the head.
    pub fn shapes(&self) -> Vec<LayerShape> {
        let [embeddings, width] = [self.embeddings, self.embedding.width].map(|size| size as u64);
        let mut shapes = vec![LayerShape {
            name: "embedding".to_owned(),
            layer_type: "Embedding",
            steps: true,
            width: self.embedding.width,
            parameters: embeddings.checked_mul(width),
        }];
        let (mut steps, mut width) = (true, self.embedding.width);
        for (layer, name) in self.layers.iter().zip(self.names()) {
            let below = width;
            let (layer_type, parameters) = match layer {
                LayerConfig::Recurrent {
                    cell,
                    units,
                    reads,
                    returns,
                    ..
                } => {
                    let ways = if *reads == Reads::Both { 2 } else { 1 };
                    steps = *returns == Returns::All;
                    width = units.saturating_mul(ways);
                    let one = recurrent_parameters(*cell, below as u64, *units as u64);
                    let parameters = one.and_then(|count| count.checked_mul(ways as u64));
                    let layer_type = match (reads, cell) {
                        (Reads::Both, _) => "Bidirectional",
                        (_, Cell::SimpleRnn) => "SimpleRNN",
                        (_, Cell::Lstm) => "LSTM",
                        (_, Cell::Gru) => "GRU",
                    };
                    (layer_type, parameters)
                }
                LayerConfig::Ngrams {
                    buckets,
                    width: own,
                    ..
                } => {
                    width = below.saturating_add(*own);
                    let parameters = (*buckets as u64).checked_mul(*own as u64);
                    ("NgramEmbedding", parameters)
                }
                LayerConfig::Evidence { buckets, .. } => {
                    width = below.saturating_add(self.outputs);
                    let parameters = (*buckets as u64).checked_mul(self.outputs as u64);
                    ("LinearEvidence", parameters)
                }
                LayerConfig::Pool { over } => {
                    steps = false;
                    let layer_type = match over {
                        Pooling::Last => "Lambda",
                        Pooling::Max => "GlobalMaxPooling1D",
                        Pooling::Mean => "GlobalAveragePooling1D",
                        Pooling::MaxAndMean => "Concatenate",
                    };
                    if *over == Pooling::MaxAndMean {
                        width = below.saturating_mul(2);
                    }
                    (layer_type, Some(0))
                }
                LayerConfig::Dropout { .. } => ("Dropout", Some(0)),
                LayerConfig::Dense { units, .. } => {
                    width = *units;
                    ("Dense", dense_parameters(below as u64, *units as u64))
                }
            };
            shapes.push(LayerShape {
                name,
                layer_type,
                steps,
                width,
                parameters,
            });
        }
        shapes.push(LayerShape {
            name: "output".to_owned(),
            layer_type: "Dense",
            steps,
            width: self.outputs,
            parameters: dense_parameters(width as u64, self.outputs as u64),
        });
        shapes
    }

    /// The name of each of [`Self::layers`], which their weights have: `recurrent` or, of several, `recurrent_0`;
    /// `hidden` is the last dense layer, and `dense_in` the one before it.
    pub fn names(&self) -> Vec<String> {
        let count = |is: fn(&LayerConfig) -> bool| self.layers.iter().filter(|x| is(x)).count();
        let recurrent = count(|layer| matches!(layer, LayerConfig::Recurrent { .. }));
        let dense = count(|layer| matches!(layer, LayerConfig::Dense { .. }));
        let pools = count(|layer| matches!(layer, LayerConfig::Pool { .. }));
        let dropouts = count(|layer| matches!(layer, LayerConfig::Dropout { .. }));
        let ngrams = count(|layer| matches!(layer, LayerConfig::Ngrams { .. }));
        let evidence = count(|layer| matches!(layer, LayerConfig::Evidence { .. }));
        let numbered = |name: &str, place: usize, of: usize| match of {
            1 => name.to_owned(),
            _ => format!("{name}_{place}"),
        };
        let mut seen = [0usize; 6];
        let mut next = |of: usize| {
            seen[of] += 1;
            seen[of] - 1
        };
        let name = |layer: &LayerConfig| match layer {
            LayerConfig::Recurrent { .. } => numbered("recurrent", next(0), recurrent),
            LayerConfig::Pool { .. } => numbered("pool", next(1), pools),
            LayerConfig::Dropout { .. } => numbered("dropout", next(2), dropouts),
            LayerConfig::Ngrams { .. } => numbered("ngrams", next(4), ngrams),
            LayerConfig::Evidence { .. } => numbered("evidence", next(5), evidence),
            LayerConfig::Dense { .. } => match next(3) {
                place if place + 1 == dense => "hidden".to_owned(),
                place => numbered("dense_in", place, dense - 1),
            },
        };
        self.layers.iter().map(name).collect()
    }

    /// How many parameters such a network has, without building it; `None` beyond 2⁶⁴.
    pub fn parameters(&self) -> Option<u64> {
        let shapes = self.shapes();
        let counts = shapes.iter().map(|shape| shape.parameters);
        counts.reduce(|sum, count| sum?.checked_add(count?))?
    }

    /// Logits are given for this many positions of a text: all its tokens, where no layer makes one vector of them, or
    /// one.
    pub fn positions(&self) -> usize {
        match self.shapes().last() {
            Some(head) if head.steps => self.time,
            _ => 1,
        }
    }

    /// Whether some layer is recurrent.
    pub fn is_recurrent(&self) -> bool {
        let mut layers = self.layers.iter();
        layers.any(|layer| matches!(layer, LayerConfig::Recurrent { .. }))
    }

    /// Whether some layer reads from the end, so that what it says of a word depends on what stands behind it.
    pub fn reads_backward(&self) -> bool {
        let backward = |layer: &LayerConfig| matches!(layer, LayerConfig::Recurrent { reads, .. } if *reads != Reads::Forward);
        self.layers.iter().any(backward)
    }

    /// Whether what is said of a text that ends after some word is no function of what was computed for the word before, so that
    /// a text has to be read anew for each of its words to be followed.
    pub fn reads_anew(&self) -> bool {
        let anew = |layer: &LayerConfig| {
            matches!(
                layer,
                LayerConfig::Pool { .. } | LayerConfig::Evidence { .. }
            )
        };
        self.reads_backward() || self.layers.iter().any(anew)
    }

    /// Builds the network on `device` with initial weights drawn from `seed`. See [`Self::check`] for what can be
    /// built.
    pub fn init(&self, seed: u64, device: &Device) -> Network {
        let init = &mut Init::new(seed, device);
        let embedding = Embedding::new(init, self.embeddings, self.embedding.width);
        let shapes = self.shapes();
        let layers = self
            .layers
            .iter()
            .zip(&shapes)
            .zip(&shapes[1..])
            .map(|((layer, below), shape)| NamedLayer {
                name: shape.name.clone(),
                layer: BodyLayer::new(layer, init, below.width, self.outputs),
            })
            .collect();
        let inputs = shapes[shapes.len() - 2].width;
        Network {
            embedding,
            layers,
            output: Dense::new(init, inputs, self.outputs),
            mask_zero: self.embedding.masked,
            dropout: self.embedding.dropout,
        }
    }
}

impl BodyLayer {
    fn new(config: &LayerConfig, init: &mut Init, inputs: usize, outputs: usize) -> Self {
        match *config {
            LayerConfig::Ngrams {
                ref widths,
                buckets,
                width,
                dropout,
            } => Self::Ngrams {
                table: Ngrams::new(init, buckets, width),
                widths: widths.clone(),
                dropout,
            },
            LayerConfig::Evidence {
                ref widths,
                buckets,
                ..
            } => Self::Evidence {
                table: Evidence::new(init, buckets, outputs),
                widths: widths.clone(),
                folds: None,
            },
            LayerConfig::Recurrent {
                cell,
                units,
                reads,
                returns,
                recurrent_dropout,
            } => Self::Recurrent {
                layer: RecurrentLayer::new(cell, reads, init, inputs, units),
                returns,
                dropout: recurrent_dropout,
            },
            LayerConfig::Pool { over } => Self::Pool(over),
            LayerConfig::Dropout { rate } => Self::Dropout(rate),
            LayerConfig::Dense { units, activation } => Self::Dense {
                layer: Dense::new(init, inputs, units),
                activation,
            },
        }
    }
}

fn dense_parameters(inputs: u64, units: u64) -> Option<u64> {
    inputs.checked_add(1)?.checked_mul(units)
}

/// Of one way.
fn recurrent_parameters(cell: Cell, inputs: u64, units: u64) -> Option<u64> {
    let rows = inputs
        .checked_add(units)?
        .checked_add(cell.biases() as u64)?;
    rows.checked_mul(units)?.checked_mul(cell.gates() as u64)
}

fn is_zero(rate: &f32) -> bool {
    *rate == 0.0
}

/// A cell by its name.
mod cell_name {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    use super::{Cell, cell_of, name_of};

    pub(super) fn serialize<S: Serializer>(cell: &Cell, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(name_of(*cell))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(reader: D) -> Result<Cell, D::Error> {
        let name = String::deserialize(reader)?;
        cell_of(&name).ok_or_else(|| {
            D::Error::custom(format!(
                "there is no cell {name:?}; the cells are simple_rnn, lstm and gru"
            ))
        })
    }
}

#[cfg(test)]
mod tests;
