//! The notebook's three networks and their relatives as burn modules, with Keras' semantics to the
//! letter.
//!
//! A network maps token ids `[batch, time]` to logits ([`SequenceClassifier`]). Parameters,
//! initializers, gate order and weight names are those of Keras; see [`NetworkKind`] for the
//! networks and [`weights`] for loading and saving them.
//!
//! This crate is not for text, files of a data set, or training loops.

mod dense;
mod head;
mod host;
pub mod initializers;
mod kind;
pub mod layers;
mod network;
mod per_token;
pub mod recurrence;
mod summary;
pub mod trace;
pub mod weights;

pub use kind::{NetworkKind, RecurrentKind, UnknownNetwork};
pub use network::{
    DenseNetwork, Network, NetworkConfig, RecurrentNetwork, SequenceClassifier, StackedNetwork,
};
pub use summary::summary;
