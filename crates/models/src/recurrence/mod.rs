//! The recurrence through time: one backend operation per cell, with gradients by hand.
//!
//! [`simple_rnn`] and [`lstm`] take the projected inputs of all steps and give the last state. For
//! burn each is *one* operation ([`RecurrentBackend`]), so that autodiff records one node instead
//! of sixteen a step, and a faster implementation can take its place on one backend without the
//! layers knowing. The one here is made of ordinary tensor operations and runs on any backend.
//!
//! This is not the place for projections, embeddings or weights: those are the layers'.

mod backward;
mod lstm;
mod rows;
mod simple_rnn;

use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, Flex, backend_extension};
use burn::tensor::Tensor;

use backward::differentiable;
use lstm::LstmSweep;
use simple_rnn::SimpleRnnSweep;

/// The recurrent operations a backend offers; the default is made of its tensor operations.
///
/// Shape letters: T time (at least 1), B batch, U units. Both arguments have the same precision, and
/// so has everything that is computed from them.
#[backend_extension(Flex, Autodiff)]
pub trait RecurrentBackend: Backend {
    /// SimpleRNN from a zero state: projected `[T, B, U]`, recurrent kernel `[U, U]`, last state
    /// `[B, U]`.
    fn simple_rnn_last(
        projected: FloatTensor<Self>,
        recurrent_kernel: FloatTensor<Self>,
    ) -> FloatTensor<Self>;

    /// LSTM from a zero state, gates i, f, c, o: projected `[T, B, 4 · U]`, recurrent kernel
    /// `[U, 4 · U]`, last hidden state `[B, U]`.
    fn lstm_last(
        projected: FloatTensor<Self>,
        recurrent_kernel: FloatTensor<Self>,
    ) -> FloatTensor<Self>;
}

impl RecurrentBackend for Flex {
    fn simple_rnn_last(
        projected: FloatTensor<Self>,
        recurrent_kernel: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        SimpleRnnSweep::forward::<Self>(projected, recurrent_kernel, false).0
    }

    fn lstm_last(
        projected: FloatTensor<Self>,
        recurrent_kernel: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        LstmSweep::forward::<Self>(projected, recurrent_kernel, false).0
    }
}

impl<B: RecurrentBackend, C: CheckpointStrategy> RecurrentBackend for Autodiff<B, C> {
    fn simple_rnn_last(
        projected: FloatTensor<Self>,
        recurrent_kernel: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        differentiable::<B, C, SimpleRnnSweep>(projected, recurrent_kernel)
    }

    fn lstm_last(
        projected: FloatTensor<Self>,
        recurrent_kernel: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        differentiable::<B, C, LstmSweep>(projected, recurrent_kernel)
    }
}

/// One cell swept through time, forward and backward.
trait Sweep: Clone + Send + std::fmt::Debug + 'static {
    /// What the way back needs of the way there.
    type Tape<B: Backend>: Clone + Send + std::fmt::Debug + 'static;

    /// The last state, and the tape if `keep`.
    fn forward<B: Backend>(
        projected: FloatTensor<B>,
        recurrent_kernel: FloatTensor<B>,
        keep: bool,
    ) -> (FloatTensor<B>, Option<Self::Tape<B>>);

    /// The gradients of projected input and recurrent kernel, given that of the last state.
    fn backward<B: Backend>(
        tape: Self::Tape<B>,
        last: FloatTensor<B>,
    ) -> (FloatTensor<B>, FloatTensor<B>);
}

/// SimpleRNN through time from a zero state: projected `[T, B, U]`, recurrent kernel `[U, U]`, last
/// state `[B, U]`. Differentiable in both.
pub fn simple_rnn(projected: Tensor<3>, recurrent_kernel: Tensor<2>) -> Tensor<2> {
    Tensor::from_dispatch(Dispatch::simple_rnn_last(
        projected.into_dispatch(),
        recurrent_kernel.into_dispatch(),
    ))
}

/// LSTM through time from a zero state, gates i, f, c, o: projected `[T, B, 4 · U]`, recurrent
/// kernel `[U, 4 · U]`, last hidden state `[B, U]`. Differentiable in both.
pub fn lstm(projected: Tensor<3>, recurrent_kernel: Tensor<2>) -> Tensor<2> {
    Tensor::from_dispatch(Dispatch::lstm_last(
        projected.into_dispatch(),
        recurrent_kernel.into_dispatch(),
    ))
}

#[cfg(test)]
mod tests;
