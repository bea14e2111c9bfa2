//! Recurrent layers through time on slices: SimpleRNN, LSTM and GRU, forward and backward, in one
//! call each, with SIMD chosen at run time and as many threads as rayon's pool has.
//!
//! [`forward`] gives a layer's output; [`forward_recorded`] also a [`Tape`], whose
//! [`Tape::backward`] gives every gradient; [`dense`] and [`matmul`] are the products of the layers around it. The result
//! has the same bits on every instruction set and for any number of threads: what is added up is added up in an
//! order that the shapes alone decide, by fused multiply-adds. [`mod@reference`] is the same in a few
//! lines of scalar Rust: what all else is tested against. The README beside this crate explains the
//! mathematics, the buffers and the tiling.
//!
//! This crate is not for tensors, modules, optimizers or files, and knows no framework.

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

// From below: each module imports from those above it alone.
mod element;
mod error;
mod vector;

mod arch;
mod isa;
mod parallel;
mod pool;
mod sizes;
mod types;

mod math;
mod panel;
mod positions;
mod tile;

mod cell;
mod layouts;
mod product;
mod tokens;

mod recording;
mod sweep;

mod checked;

mod pass;

mod api;
#[cfg(test)]
mod poisoned;
pub mod reference;

pub use api::{Real, dense, forward, forward_recorded, matmul};
pub use element::Element;
pub use error::KernelError;
pub use isa::Isa;
pub use parallel::together;
pub use pass::column_sums;
pub use pool::Buffer;
pub use recording::Tape;
pub use types::{
    Cell, Direction, Gradients, Input, Matrix, Options, Output, Precision, Shape, Transposed,
    Upstream, Weights,
};
