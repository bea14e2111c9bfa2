//! What turns texts into numbers, and what was trained on these: the two parts of a model that compute.

use std::collections::BTreeMap;
use std::path::Path;

use burn::tensor::Device;
use recurrent_linear::Linear;
use recurrent_models::Network;
use recurrent_models::weights::{self, HostTensor, TensorFile};
use recurrent_vectorizer::{FixedWidth, Ngrams, OutputMode, TextVectorizer, Vectorize as _};

use super::Architecture;
use crate::ModelError;

/// What turns texts into numbers, and what was trained on these.
#[derive(Debug)]
#[allow(
    clippy::large_enum_variant,
    reason = "there are a few of them in a program, not thousands"
)]
pub enum Body {
    /// A network.
    Network {
        /// On a device that records no gradients.
        network: Network,
        /// Text to ids, as many as the network reads.
        vectorizer: FixedWidth,
    },
    /// A linear model.
    Linear {
        /// A weight for each column and logit.
        linear: Linear,
        /// Text to columns.
        vectorizer: TextVectorizer,
    },
}

/// What a model's file of weights is written from.
#[derive(Clone, Copy, Debug)]
pub enum Weights<'a> {
    /// A network.
    Network(&'a Network),
    /// A linear model.
    Linear(&'a Linear),
}

impl<'a> From<&'a Network> for Weights<'a> {
    fn from(network: &'a Network) -> Self {
        Self::Network(network)
    }
}

impl<'a> From<&'a Linear> for Weights<'a> {
    fn from(linear: &'a Linear) -> Self {
        Self::Linear(linear)
    }
}

impl Weights<'_> {
    pub(super) fn tensors(self) -> BTreeMap<String, HostTensor> {
        match self {
            Self::Network(network) => weights::collect(network),
            Self::Linear(linear) => [
                (
                    KERNEL,
                    vec![linear.columns(), linear.outputs()],
                    linear.kernel(),
                ),
                (BIAS, vec![linear.outputs()], linear.bias()),
            ]
            .map(|(name, shape, values)| {
                let values = values.to_vec();
                (name.to_owned(), HostTensor { shape, values })
            })
            .into(),
        }
    }
}

/// The names of a linear model's tensors, as Keras names those of a dense layer.
const KERNEL: &str = "linear/kernel";
const BIAS: &str = "linear/bias";

impl Body {
    /// The parts that were read, if they fit each other; `path` is the vectorizer's.
    pub(super) fn assemble(
        network: &Architecture,
        vectorizer: TextVectorizer,
        weights: &TensorFile,
        path: &Path,
        device: &Device,
    ) -> Result<Self, ModelError> {
        let disagree = |path: &Path, reason: String| ModelError::Disagree {
            path: path.to_owned(),
            reason,
        };
        match network {
            Architecture::Network(config) => {
                let vectorizer =
                    vectorizer
                        .into_fixed_width()
                        .map_err(|source| ModelError::Vectorizer {
                            path: path.to_owned(),
                            source,
                        })?;
                let (width, time) = (vectorizer.width(), config.time);
                if width != time {
                    let reason =
                        format!("it gives {width} ids a text, and the network reads {time}");
                    return Err(disagree(path, reason));
                }
                let (tokens, rows) = (vectorizer.vocabulary_size(), config.embeddings);
                if tokens > rows {
                    let reason = format!("it knows {tokens} tokens, and the network {rows}");
                    return Err(disagree(path, reason));
                }
                let network = weights::load(config.init(0, device), weights, "")?;
                Ok(Self::Network {
                    network,
                    vectorizer,
                })
            }
            Architecture::Linear(shape) => {
                let ngrams = Ngrams::UpTo(shape.linear.ngrams);
                let params = vectorizer.params();
                if params.output_mode() != OutputMode::MultiHot || *params.ngrams() != ngrams {
                    let reason = "it does not give the n-grams that the model has weights for";
                    return Err(disagree(path, reason.to_owned()));
                }
                let columns = vectorizer.vocabulary().size();
                if columns != shape.columns {
                    let reason = format!(
                        "it knows {columns} n-grams, and the model {}",
                        shape.columns
                    );
                    return Err(disagree(path, reason));
                }
                let kernel = weights.finite(KERNEL, &[shape.columns, shape.outputs])?;
                let bias = weights.finite(BIAS, &[shape.outputs])?;
                let linear = Linear::new(kernel.values, bias.values);
                let linear = linear.ok_or_else(|| {
                    disagree(
                        weights.path(),
                        "its weights and biases do not fit".to_owned(),
                    )
                })?;
                Ok(Self::Linear { linear, vectorizer })
            }
        }
    }

    pub(super) fn weights(&self) -> Weights<'_> {
        match self {
            Self::Network { network, .. } => Weights::Network(network),
            Self::Linear { linear, .. } => Weights::Linear(linear),
        }
    }
}
