//! The notebook's three networks and their relatives as burn modules, with Keras' semantics to the
//! letter.
//!
//! A network maps token ids `[batch, time]` to logits ([`SequenceClassifier`]). Parameters,
//! initializers, gate order and weight names are those of Keras. A network is data ([`NetworkConfig`]); those that have a
//! name are [`Preset`]s. See [`weights`] for loading and saving.
//!
//! This crate is not for text, files of a data set, or training loops.

mod config;
mod dense;
mod head;
mod host;
pub mod initializers;
mod kind;
pub mod layers;
mod network;
mod noise;
mod per_token;
mod pool;
mod preset;
pub mod recurrence;
mod summary;
pub mod trace;
pub mod weights;

pub use config::{
    Activation, EmbeddingConfig, InvalidNetwork, LayerConfig, LayerShape, NetworkConfig, Pooling,
    Reads, Returns,
};
pub use kind::{NetworkKind, RecurrentKind, UnknownNetwork};
pub use network::{BodyLayer, NamedLayer, Network, SequenceClassifier};
pub use noise::Noise;
pub use preset::Preset;
pub use summary::summary;
