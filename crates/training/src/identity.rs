//! What a training run is of: what a checkpoint must agree on with the run that goes on from it.

use std::fmt;

use recurrent_models::NetworkConfig;
use serde::{Deserialize, Serialize};

use crate::adam::AdamConfig;
use crate::{Encoded, FitConfig};

/// The version of [`RunIdentity`]. Checkpoints of 0.1 have none.
pub(crate) const VERSION: u32 = 3;

/// What only the caller knows of a run: where its texts come from and what they went through. All of it is kept in
/// checkpoints, and a run goes on only from one that agrees.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunSettings {
    /// The data set's name, for messages.
    pub dataset: String,
    /// SHA-256 of the data set, in hexadecimal digits.
    pub dataset_sha256: String,
    /// Size of the vocabulary that was asked for, where it was.
    pub max_tokens: Option<usize>,
    /// SHA-256 of the fitted vectorizer, in hexadecimal digits.
    pub vectorizer_sha256: String,
    /// The network's layers, where it is a [`recurrent_models::Network`].
    pub shapes: Option<NetworkConfig>,
    /// What it computes on.
    pub backend: String,
}

/// A setting in which two runs can differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Setting {
    /// The network's name.
    Network,
    /// The data set, by its hash.
    Dataset,
    /// The size of the vocabulary asked for.
    MaxTokens,
    /// Token ids of each text.
    Length,
    /// The seed.
    Seed,
    /// What is computed on.
    Backend,
    /// Texts a step.
    BatchSize,
    /// The optimizer's numbers.
    Optimizer,
    /// The network's layers.
    Shapes,
    /// Objective, schedule and the like.
    Options,
    /// The fitted vectorizer, by its hash.
    Vectorizer,
    /// Token ids and labels of the training split, by their hash.
    TrainingTexts,
    /// Those of the test split.
    TestTexts,
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Network => "the network",
            Self::Dataset => "the data set",
            Self::MaxTokens => "the size of the vocabulary",
            Self::Length => "the length of a text",
            Self::Seed => "the seed",
            Self::Backend => "the backend",
            Self::BatchSize => "the batch size",
            Self::Optimizer => "the optimizer",
            Self::Shapes => "the network's layers",
            Self::Options => "how to train",
            Self::Vectorizer => "the vectorizer",
            Self::TrainingTexts => "the texts of the training split",
            Self::TestTexts => "the texts of the test split",
        })
    }
}

/// Everything that a checkpoint belongs to. The number of epochs is not in it, and may grow.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RunIdentity {
    pub(crate) version: u32,
    network: String,
    seed: u64,
    length: usize,
    batch_size: usize,
    adam: AdamConfig,
    /// As JSON, which keeps every digit when it is read and written again.
    options: String,
    settings: RunSettings,
    train_sha256: String,
    test_sha256: String,
}

impl RunIdentity {
    pub(crate) fn new(config: &FitConfig, train: &Encoded, test: &Encoded) -> Self {
        Self {
            version: VERSION,
            network: config.network.clone(),
            seed: config.seed,
            length: train.width(),
            batch_size: config.batch_size,
            adam: config.adam,
            options: serde_json::to_string(&config.options).unwrap_or_default(),
            settings: config.settings.clone(),
            train_sha256: train.sha256(),
            test_sha256: test.sha256(),
        }
    }

    /// The first setting in which `there` differs from this run, and its two values for a message.
    pub(crate) fn difference(&self, there: &Self) -> Option<(Setting, String, String)> {
        let values = |identity: &Self| {
            let settings = &identity.settings;
            // As they are written, which every value of them can be.
            let written = |value: serde_json::Result<String>| value.unwrap_or_default();
            let shapes = settings
                .shapes
                .as_ref()
                .map_or("unknown".to_owned(), |shapes| {
                    written(serde_json::to_string(shapes))
                });
            [
                (Setting::Network, identity.network.clone()),
                (
                    Setting::Dataset,
                    hashed(&settings.dataset, &settings.dataset_sha256),
                ),
                (
                    Setting::MaxTokens,
                    settings
                        .max_tokens
                        .map_or("any".to_owned(), |count| count.to_string()),
                ),
                (Setting::Length, identity.length.to_string()),
                (Setting::Seed, identity.seed.to_string()),
                (Setting::Backend, settings.backend.clone()),
                (Setting::BatchSize, identity.batch_size.to_string()),
                (Setting::Optimizer, identity.adam.to_string()),
                (Setting::Shapes, shapes),
                (Setting::Options, identity.options.clone()),
                (
                    Setting::Vectorizer,
                    hashed("fitted", &settings.vectorizer_sha256),
                ),
                (
                    Setting::TrainingTexts,
                    hashed("encoded", &identity.train_sha256),
                ),
                (Setting::TestTexts, hashed("encoded", &identity.test_sha256)),
            ]
        };
        let (mine, theirs) = (values(self), values(there));
        mine.into_iter()
            .zip(theirs)
            .find(|((_, here), (_, there))| here != there)
            .map(|((setting, here), (_, there))| (setting, there, here))
    }
}

/// A name with the beginning of a hash.
fn hashed(name: &str, sha256: &str) -> String {
    let beginning: String = sha256.chars().take(12).collect();
    format!("{} (SHA-256 {beginning}…)", recurrent_files::quoted(name))
}
