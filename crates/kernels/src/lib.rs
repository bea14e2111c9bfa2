//! Recurrent layers through time on slices: SimpleRNN, LSTM and GRU, forward and backward, in one
//! call each, with SIMD chosen at run time and as many threads as rayon's pool has.
//!
//! [`forward`] gives a layer's output; [`forward_recorded`] also a [`Tape`], whose
//! [`Tape::backward`] gives every gradient. The result does not depend on the number of threads, to
//! the bit; between instruction sets it differs by rounding. [`mod@reference`] is the same in a few
//! lines of scalar Rust: what all else is tested against. The README beside this crate explains the
//! mathematics, the buffers and the tiling.
//!
//! This crate is not for tensors, modules, optimizers or files, and knows no framework.

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

mod adam;
mod arch;
mod buffer;
mod cell;
mod checked;
mod error;
mod isa;
mod layer;
mod layout;
mod math;
mod orders;
mod panel;
mod parallel;
#[cfg(test)]
mod poisoned;
mod product;
pub mod reference;
mod run;
mod sizes;
mod sweep;
mod tape;
mod tile;
mod tokens;
mod vector;

pub use adam::{AdamStep, adam};
pub use error::KernelError;
pub use isa::Isa;
pub use layer::{
    Cell, Direction, Input, Options, Output, Precision, Shape, Weights, forward, forward_recorded,
};
pub use tape::{Gradients, Tape, Upstream};
pub use vector::Real;
