//! The notebook's three networks as burn modules, with Keras' semantics to the letter.
//!
//! A network maps token ids `[batch, time]` to logits ([`SequenceClassifier`]). Parameters,
//! initializers, gate order and weight names are those of Keras; see [`NetworkKind`] for the
//! networks and [`weights`] for loading and saving them.
//!
//! This crate is not for text, files of a data set, or training loops.

pub mod initializers;
pub mod layers;
mod network;
pub mod recurrence;
mod summary;
pub mod weights;

pub use network::{
    DenseNetwork, LstmNetwork, Network, NetworkConfig, NetworkKind, SequenceClassifier,
    SimpleRnnNetwork, UnknownNetwork,
};
pub use summary::summary;
