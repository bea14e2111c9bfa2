//! What a reference file says of its network, loss and optimizer: as JSON under `configuration`, in Keras' words, or, where
//! there is none, by the network's name.

use recurrent_models::recurrence::Cell;
use recurrent_models::weights::TensorFile;
use recurrent_models::{
    Activation, EmbeddingConfig, LayerConfig, NetworkConfig, NetworkKind, Pooling, Preset, Reads,
    Returns,
};
use serde::Deserialize;

use crate::adam::AdamConfig;
use crate::{FitOptions, Loss, Objective, Schedule, TrainingError};

/// How a reference was trained.
#[derive(Clone, Debug)]
pub(super) struct Recipe {
    pub(super) network: NetworkConfig,
    pub(super) adam: AdamConfig,
    pub(super) options: FitOptions,
}

#[derive(Deserialize)]
struct Configuration {
    layers: Vec<KerasLayer>,
    loss: KerasLoss,
    optimizer: KerasOptimizer,
    #[serde(default)]
    class_weight: Option<Vec<f32>>,
    steps: usize,
}

#[derive(Deserialize)]
#[serde(tag = "class")]
enum KerasLayer {
    Embedding {
        input_dim: usize,
        output_dim: usize,
        mask_zero: bool,
    },
    #[serde(rename = "SimpleRNN")]
    SimpleRnn(KerasRecurrent),
    #[serde(rename = "LSTM")]
    Lstm(KerasRecurrent),
    #[serde(rename = "GRU")]
    Gru(KerasRecurrent),
    Bidirectional {
        layer: Box<KerasLayer>,
    },
    GlobalMaxPooling1D {},
    GlobalAveragePooling1D {},
    Dense {
        units: usize,
        #[serde(default)]
        activation: Option<String>,
    },
}

#[derive(Deserialize)]
struct KerasRecurrent {
    units: usize,
    #[serde(default)]
    return_sequences: bool,
    #[serde(default)]
    go_backwards: bool,
}

#[derive(Deserialize)]
struct KerasLoss {
    class: String,
    #[serde(default)]
    label_smoothing: f64,
}

#[derive(Deserialize)]
struct KerasOptimizer {
    learning_rate: Rate,
    beta_1: f64,
    beta_2: f64,
    epsilon: f32,
    #[serde(default)]
    weight_decay: f64,
    #[serde(default)]
    global_clipnorm: Option<f64>,
    #[serde(default)]
    ema_momentum: Option<f64>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Rate {
    Constant(f32),
    Cosine {
        initial_learning_rate: f32,
        decay_steps: usize,
        alpha: f64,
    },
}

impl Recipe {
    /// How a named network was trained whose file says no more: with Keras' Adam, its sizes those of its weights.
    ///
    /// # Errors
    /// [`TrainingError`] where the file is of no such network.
    pub(super) fn named(
        file: &TensorFile,
        network: &str,
        time: usize,
    ) -> Result<Self, TrainingError> {
        let content = |reason: String| TrainingError::Content {
            path: file.path().to_owned(),
            reason,
        };
        let kind: NetworkKind = network
            .parse()
            .map_err(|error| content(format!("its metadata is of no use: {error}")))?;
        let embeddings = file.f32("init/embedding/embeddings")?.shape;
        let body = match kind {
            NetworkKind::Dense => "init/dense_in/kernel".to_owned(),
            NetworkKind::Recurrent(kind) => {
                let cell = kind.cell_name();
                let layer = if kind.stacked {
                    "recurrent_0"
                } else {
                    "recurrent"
                };
                let way = if kind.bidirectional {
                    format!("/forward_{cell}")
                } else {
                    String::new()
                };
                format!("init/{layer}{way}/{cell}_cell/recurrent_kernel")
            }
        };
        let body = file.f32(&body)?.shape;
        let hidden = file.f32("init/hidden/kernel")?.shape;
        let (&[embeddings, embedding_width], &[height, width], &[_, hidden]) =
            (&embeddings[..], &body[..], &hidden[..])
        else {
            return Err(content("its kernels are not two-dimensional".to_owned()));
        };
        let units = match kind {
            NetworkKind::Dense => width,
            NetworkKind::Recurrent(_) => height,
        };
        let preset = Preset {
            network: kind,
            embeddings,
            embedding_width,
            units,
            hidden,
            time,
        };
        Ok(Self {
            network: preset.config(),
            adam: AdamConfig::default(),
            options: FitOptions::default(),
        })
    }

    /// Reads a configuration, for texts of `time` tokens.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn parse(name: &str, json: &str, time: usize) -> Result<Self, String> {
        let found: Configuration = serde_json::from_str(json).map_err(|error| error.to_string())?;
        let mut layers = found.layers.into_iter();
        let Some(KerasLayer::Embedding {
            input_dim,
            output_dim,
            mask_zero,
        }) = layers.next()
        else {
            return Err("its first layer is no embedding".to_owned());
        };
        let mut layers = layers
            .map(KerasLayer::into_layer)
            .collect::<Result<Vec<_>, _>>()?;
        let Some(LayerConfig::Dense { units, .. }) = layers.pop() else {
            return Err("its last layer is not dense".to_owned());
        };
        let optimizer = found.optimizer;
        let (learning_rate, schedule) = match optimizer.learning_rate {
            Rate::Constant(rate) => (rate, Schedule::Constant),
            Rate::Cosine {
                initial_learning_rate,
                decay_steps,
                alpha,
            } if decay_steps == found.steps => (
                initial_learning_rate,
                // All steps of a reference are one epoch.
                Schedule::Cosine {
                    epochs: 1,
                    floor: alpha,
                },
            ),
            Rate::Cosine { .. } => return Err("its rate falls for another time".to_owned()),
        };
        let loss = match found.loss.class.as_str() {
            "BinaryCrossentropy" => Loss::BinaryCrossEntropy,
            "SparseCategoricalCrossentropy" | "CategoricalCrossentropy" => {
                Loss::SoftmaxCrossEntropy
            }
            other => return Err(format!("there is no loss {other}")),
        };
        let network = NetworkConfig {
            name: name.to_owned(),
            embeddings: input_dim,
            time,
            embedding: EmbeddingConfig {
                width: output_dim,
                masked: mask_zero,
                dropout: 0.0,
            },
            layers,
            outputs: units,
        };
        network.check().map_err(|error| error.to_string())?;
        Ok(Self {
            network,
            adam: AdamConfig {
                learning_rate,
                beta_1: optimizer.beta_1,
                beta_2: optimizer.beta_2,
                epsilon: optimizer.epsilon,
                ..AdamConfig::default()
            },
            options: FitOptions {
                objective: Objective {
                    loss,
                    label_smoothing: found.loss.label_smoothing,
                    class_weights: found.class_weight,
                },
                schedule,
                weight_decay: optimizer.weight_decay,
                clip_norm: optimizer.global_clipnorm,
                average: optimizer.ema_momentum,
                ..FitOptions::default()
            },
        })
    }
}

impl KerasLayer {
    fn into_layer(self) -> Result<LayerConfig, String> {
        Ok(match self {
            Self::Embedding { .. } => return Err("it has a second embedding".to_owned()),
            Self::SimpleRnn(layer) => layer.into_layer(Cell::SimpleRnn),
            Self::Lstm(layer) => layer.into_layer(Cell::Lstm),
            Self::Gru(layer) => layer.into_layer(Cell::Gru),
            Self::Bidirectional { layer } => match layer.into_layer()? {
                LayerConfig::Recurrent {
                    cell,
                    units,
                    returns,
                    recurrent_dropout,
                    ..
                } => LayerConfig::Recurrent {
                    cell,
                    units,
                    reads: Reads::Both,
                    returns,
                    recurrent_dropout,
                },
                _ => return Err("it reads both ways in a layer that is not recurrent".to_owned()),
            },
            Self::GlobalMaxPooling1D {} => LayerConfig::Pool { over: Pooling::Max },
            Self::GlobalAveragePooling1D {} => LayerConfig::Pool {
                over: Pooling::Mean,
            },
            Self::Dense { units, activation } => LayerConfig::Dense {
                units,
                activation: match activation.as_deref() {
                    None | Some("linear") => Activation::Linear,
                    Some("relu") => Activation::Relu,
                    Some(other) => return Err(format!("there is no activation {other}")),
                },
            },
        })
    }
}

impl KerasRecurrent {
    fn into_layer(self, cell: Cell) -> LayerConfig {
        LayerConfig::Recurrent {
            cell,
            units: self.units,
            reads: if self.go_backwards {
                Reads::Backward
            } else {
                Reads::Forward
            },
            returns: if self.return_sequences {
                Returns::All
            } else {
                Returns::Last
            },
            recurrent_dropout: 0.0,
        }
    }
}
