//! How a classifier is trained, as data.

use recurrent_linear::LinearConfig;
use recurrent_metrics::Report;
use recurrent_models::{
    EmbeddingConfig, LayerConfig, NetworkConfig, NetworkKind, Pooling, Preset, Reads, Returns,
};
use recurrent_runs::EpochRecord;
use recurrent_training::adam::AdamConfig;
use recurrent_training::{FitOptions, Keep, Loss, Objective, Schedule};
use serde::{Deserialize, Serialize};

use crate::{ClassifierError, Cut};

/// How a [`TextClassifier`](crate::TextClassifier) is trained. Unknown names are refused when it is read.
///
/// The defaults are a practitioner's, not the notebook's: a masked bidirectional GRU over 20,000 words and both ends of a
/// text, its states pooled, words dropped while training, and the best epoch by the loss on a tenth of the training texts.
/// [`Recipe`](crate::Recipe)s have others, each for a purpose.
///
/// ```
/// use recurrent::TrainConfig;
///
/// let config: TrainConfig = serde_json::from_str(r#"{"epochs": 3, "length": 100}"#)?;
/// assert_eq!((config.epochs, config.max_tokens), (3, 20_000));
/// assert!(serde_json::from_str::<TrainConfig>(r#"{"epoch": 3}"#).is_err());
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TrainConfig {
    /// What the network is called.
    pub name: String,
    /// The most tokens of the vocabulary, padding and `[UNK]` included.
    pub max_tokens: usize,
    /// Tokens that are read of each text.
    pub length: usize,
    /// Which tokens of longer texts are read.
    pub cut: Cut,
    /// Whether `<br />` in texts becomes a space.
    pub clean: bool,
    /// The token vectors.
    pub embedding: EmbeddingConfig,
    /// The layers between them and the head.
    pub layers: Vec<LayerConfig>,
    /// A linear model over n-grams in place of a network. An epoch is then a step of L-BFGS, of which it takes some fifty; what
    /// is used beside these is the vocabulary's size, `clean`, the splits, the weights of classes, `keep` and `patience`, and
    /// nothing else. Begin with [`Self::nb_linear`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub linear: Option<LinearConfig>,
    /// The loss; by default binary cross-entropy for two classes and softmax for more.
    pub loss: Option<Loss>,
    /// The share of the training texts, 0 to below 1, that is held out for validation where the corpus has no validation
    /// split: by a hash of the text, so that equal texts are on one side. Never of the test split.
    pub validation: f64,
    /// The most epochs.
    pub epochs: usize,
    /// Texts a step.
    pub batch_size: usize,
    /// Determines initial weights, the validation split, the order of texts, and dropout.
    pub seed: u64,
    /// Determines which texts are held out, for validation and (by the command) for testing, in the place of
    /// [`Self::seed`]: trainings of several seeds are then judged by the same texts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub split_seed: Option<u64>,
    /// Adam's numbers.
    pub adam: AdamConfig,
    /// What the loss of a text of each class counts.
    pub class_weight: ClassWeight,
    /// ε of label smoothing: see [`Objective::label_smoothing`].
    pub label_smoothing: f64,
    /// How the learning rate goes.
    pub schedule: Schedule,
    /// See [`FitOptions::weight_decay`].
    pub weight_decay: f64,
    /// See [`FitOptions::clip_norm`].
    pub clip_norm: Option<f64>,
    /// See [`FitOptions::average`].
    pub average: Option<f64>,
    /// See [`FitOptions::average_warmup`].
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub average_warmup: bool,
    /// See [`FitOptions::adversarial`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub adversarial: Option<f64>,
    /// See [`FitOptions::by_length`].
    pub by_length: bool,
    /// Which epoch's weights the training ends with.
    pub keep: Keep,
    /// Epochs without a better one after which the training ends.
    pub patience: Option<usize>,
}

/// What the loss of a text of each class counts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClassWeight {
    /// 1 for all.
    #[default]
    None,
    /// The number of texts, over the number of classes times that of the class' texts: each class counts as much as any
    /// other.
    Balanced,
    /// These, in the order of the classes.
    Given(Vec<f32>),
}

/// What a linear model is called among networks.
pub const NB_LINEAR: &str = "nb_linear";

impl Default for TrainConfig {
    fn default() -> Self {
        Self {
            name: "classifier".to_owned(),
            max_tokens: 20_000,
            length: 400,
            cut: Cut::Ends,
            clean: true,
            embedding: EmbeddingConfig {
                width: 64,
                masked: true,
                dropout: 0.3,
            },
            layers: vec![
                LayerConfig::Dropout { rate: 0.3 },
                LayerConfig::Recurrent {
                    cell: recurrent_models::recurrence::Cell::Gru,
                    units: 64,
                    reads: Reads::Both,
                    returns: Returns::All,
                    recurrent_dropout: 0.0,
                },
                LayerConfig::Pool {
                    over: Pooling::MaxAndMean,
                },
                LayerConfig::Dropout { rate: 0.5 },
            ],
            linear: None,
            loss: None,
            validation: 0.1,
            epochs: 5,
            batch_size: 32,
            seed: 0,
            split_seed: None,
            adam: AdamConfig::default(),
            class_weight: ClassWeight::None,
            label_smoothing: 0.0,
            schedule: Schedule::Constant,
            weight_decay: 0.0,
            clip_norm: Some(1.0),
            average: None,
            average_warmup: false,
            adversarial: None,
            by_length: true,
            keep: Keep::LeastLoss,
            patience: Some(2),
        }
    }
}

impl TrainConfig {
    /// The defaults with the layers of a named network in its usual sizes.
    ///
    /// ```
    /// use recurrent::{NetworkKind, TrainConfig};
    ///
    /// let config = TrainConfig::of_network(NetworkKind::LSTM);
    /// assert_eq!(config.name, "lstm");
    /// ```
    #[must_use]
    pub fn of_network(network: NetworkKind) -> Self {
        let preset = Preset::notebook(network).config();
        Self {
            name: preset.name,
            cut: Cut::Beginning,
            embedding: preset.embedding,
            layers: preset.layers,
            ..Self::default()
        }
    }

    /// The defaults of a linear model: naive-Bayes-weighted logistic regression over words, pairs and triples, a million of
    /// them at most, trained to its minimum.
    ///
    /// ```
    /// let config = recurrent::TrainConfig::nb_linear();
    /// assert_eq!(config.name, "nb_linear");
    /// ```
    #[must_use]
    pub fn nb_linear() -> Self {
        Self {
            name: NB_LINEAR.to_owned(),
            max_tokens: 1_000_000,
            cut: Cut::Beginning,
            linear: Some(LinearConfig::default()),
            epochs: 100,
            keep: Keep::Last,
            patience: None,
            ..Self::default()
        }
    }

    /// Whether texts could be trained on like this, as far as that can be said without them.
    ///
    /// # Errors
    /// [`ClassifierError`] names what makes no sense.
    pub fn check(&self) -> Result<(), ClassifierError> {
        recurrent_runs::check_name(&self.name)
            .map_err(|invalid| ClassifierError::Config(invalid.to_string()))?;
        for (name, value) in [("epochs", self.epochs), ("batch_size", self.batch_size)] {
            if value == 0 {
                let reason = format!("has 0 for {name}, which must be at least 1");
                return Err(ClassifierError::Config(reason));
            }
        }
        if let Some(linear) = &self.linear {
            linear.check()?;
        }
        self.adam.check()?;
        let objective = Objective {
            label_smoothing: self.label_smoothing,
            class_weights: match &self.class_weight {
                ClassWeight::Given(weights) => Some(weights.clone()),
                ClassWeight::None | ClassWeight::Balanced => None,
            },
            ..Objective::default()
        };
        self.options(objective).check()?;
        match self.linear {
            Some(_) => Ok(()),
            None => Ok(self.network(self.max_tokens, 1).check()?),
        }
    }

    /// Whether a linear model of so many classes can be what is asked for.
    ///
    /// # Errors
    /// [`ClassifierError::Config`] names what it has no use for.
    pub(crate) fn check_linear(&self, classes: usize) -> Result<(), ClassifierError> {
        let own = Objective::for_classes(classes).loss;
        let reason = match &self.class_weight {
            _ if self.loss.is_some_and(|loss| loss != own) => {
                "asks for another loss than that of a linear model; leave it out".to_owned()
            }
            _ if self.label_smoothing != 0.0 => {
                "asks for label smoothing, which a linear model does not have".to_owned()
            }
            ClassWeight::Given(weights) if weights.len() != classes => {
                format!("has {} weights for {classes} classes", weights.len())
            }
            _ => return Ok(()),
        };
        Err(ClassifierError::Config(reason))
    }

    /// The objective for texts of these classes, `counts` of each.
    pub(crate) fn objective(&self, counts: &[usize]) -> Objective {
        let base = Objective::for_classes(counts.len());
        Objective {
            loss: self.loss.unwrap_or(base.loss),
            label_smoothing: self.label_smoothing,
            class_weights: match &self.class_weight {
                ClassWeight::None => None,
                ClassWeight::Balanced => Some(recurrent_metrics::class_weights_balanced(counts)),
                ClassWeight::Given(weights) => Some(weights.clone()),
            },
        }
    }

    /// The network for a vocabulary of `tokens` and so many classes.
    pub(crate) fn network(&self, tokens: usize, outputs: usize) -> NetworkConfig {
        NetworkConfig {
            name: self.name.clone(),
            embeddings: tokens,
            time: self.length,
            embedding: self.embedding.clone(),
            layers: self.layers.clone(),
            outputs,
        }
    }

    pub(crate) fn options(&self, objective: Objective) -> FitOptions {
        FitOptions {
            objective,
            schedule: self.schedule,
            weight_decay: self.weight_decay,
            clip_norm: self.clip_norm,
            average: self.average,
            average_warmup: self.average_warmup,
            adversarial: self.adversarial,
            by_length: self.by_length,
            keep: self.keep,
            patience: self.patience,
        }
    }
}

/// How a model was trained: a part of its description.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trained {
    /// How it was asked for.
    pub config: TrainConfig,
    /// Texts of each class that it learned from.
    pub counts: Vec<usize>,
    /// Every epoch. Its `test_…` figures are of the texts held out for validation.
    pub history: Vec<EpochRecord>,
    /// The epoch, from 1, whose weights these are.
    pub epoch: usize,
    /// How it does on the texts held out for validation.
    pub validation: Report,
}
