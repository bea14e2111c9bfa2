//! What makes a cell: its pointwise part, on registers, forward and backward. Everything else is
//! shared.

mod gru;
mod lstm;
mod simple_rnn;

pub(crate) use gru::Gru;
pub(crate) use lstm::Lstm;
pub(crate) use simple_rnn::SimpleRnn;

use crate::vector::Vector;

/// The most gates a cell has.
pub(crate) const MAX_GATES: usize = 4;

/// A cell's arithmetic for one block of units of one row at one step.
///
/// # Safety
/// All methods: the CPU has the instructions of `V`; a pointer is valid for as many registers as its
/// description says.
pub(crate) trait Pointwise {
    /// Gates: registers of pre-activations.
    const GATES: usize;
    /// Of these, the first so many have the input's part added before [`Self::forward`].
    const ADDED: usize;
    /// Registers kept for the way back.
    const SAVED: usize;
    /// Whether the state's part of a gate has a gradient that differs from the input's part.
    const SPLIT: bool;
    /// Whether the carry is a memory of its own; else, on the way back, it is the part of the state's
    /// gradient that no product passes on.
    const MEMORY: bool;

    /// The new state.
    ///
    /// `z` are the pre-activations, `input` the input's part of all gates, `carry` the cell's memory
    /// (one register, read and written, or left alone), `saved` takes [`Self::SAVED`] registers
    /// unless it is null.
    unsafe fn forward<V: Vector>(
        z: &[V],
        input: *const V::Elem,
        previous: *const V::Elem,
        carry: *mut V::Elem,
        saved: *mut V::Elem,
    ) -> V;

    /// Gradients of the pre-activations, [`Self::GATES`] registers each, `by_input` with regard to
    /// the input's part and, where [`Self::SPLIT`], `by_state` to the state's.
    ///
    /// `dh` is the gradient of the state as far as later steps' products and the loss gave it;
    /// `carry` (one register, read and written, or left alone) what passes by the products.
    unsafe fn backward<V: Vector>(
        dh: V,
        saved: *const V::Elem,
        previous: *const V::Elem,
        carry: *mut V::Elem,
        by_input: *mut V::Elem,
        by_state: *mut V::Elem,
    );
}

/// `1 − x²`: the slope of tanh where its value is `x`.
#[inline(always)]
unsafe fn tanh_slope<V: Vector>(x: V) -> V {
    // SAFETY: the caller's promise: the CPU has the instructions of V.
    unsafe { V::splat(<V::Elem as crate::Real>::ONE).sub(x.mul(x)) }
}

/// `x · (1 − x)`: the slope of the logistic function where its value is `x`.
#[inline(always)]
unsafe fn sigmoid_slope<V: Vector>(x: V) -> V {
    // SAFETY: the caller's promise: the CPU has the instructions of V.
    unsafe { x.mul(V::splat(<V::Elem as crate::Real>::ONE).sub(x)) }
}
