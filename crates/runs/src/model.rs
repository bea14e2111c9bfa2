//! `config.json`: what a model is.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What the `config.json` of a model holds, from version 2 on: a network's layers (or, in version 2, its name and
/// sizes) and its loss, which are other crates' types, and what a reader needs who knows neither.
///
/// It is written and checked by the crate `recurrent`; who reads it for what it says of a model takes
/// [`serde::de::IgnoredAny`] for both types.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelFile<Network, Loss> {
    /// `recurrent-model`.
    pub format: String,
    /// The version of this file.
    pub version: u64,
    /// The network.
    pub network: Network,
    /// What it was trained on; not in version 2.
    #[serde(default = "Option::default", skip_serializing_if = "Option::is_none")]
    pub loss: Option<Loss>,
    /// The vectorizer's, for those who read the file.
    pub max_tokens: Option<usize>,
    /// The names of the classes.
    pub classes: Vec<String>,
    /// Whether `<br />` became a space in the texts.
    pub cleaned: bool,
    /// Which tokens are read of texts that are too long: nothing for the first ones.
    #[serde(default, skip_serializing_if = "Cut::is_default")]
    pub cut: Cut,
    /// The data set's name.
    pub dataset: String,
    /// SHA-256 of the data set, in hexadecimal digits.
    pub dataset_sha256: String,
    /// Whether that was the bundled sample.
    pub sample: bool,
    /// What to keep in mind about the data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// SHA-256 of each part, by the name of its file.
    pub parts: BTreeMap<String, String>,
    /// SHA-256 of this structure with this field empty.
    pub checksum: String,
}

/// Which tokens of a text are read where it has more than the network takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cut {
    /// The first ones, as Keras' `output_sequence_length` has it.
    #[default]
    Beginning,
    /// The first half of them from the beginning of the text, the other half from its end: who reviews a film says at the
    /// end what they think of it.
    Ends,
}

impl Cut {
    /// Whether it is [`Cut::Beginning`].
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}
