//! What makes a cell: its pointwise part, on registers, forward and backward. Everything else is
//! shared.

mod gru;
mod lstm;
mod simple_rnn;

pub(crate) use gru::Gru;
pub(crate) use lstm::Lstm;
pub(crate) use simple_rnn::SimpleRnn;

use crate::vector::{Vector, each};

/// A cell's arithmetic for one block of units of R rows at one step.
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
    /// Whether the way back reads the state before the step.
    const PREVIOUS: bool;
    /// Whether the carry is a memory of its own; else, on the way back, it is the part of the state's
    /// gradient that no product passes on.
    const MEMORY: bool;

    /// The new states. `tile` holds each row's pre-activations, from register `gate` on.
    unsafe fn forward<V: Vector, const R: usize, const P: usize>(
        tile: &[[V; P]; R],
        gate: usize,
        rows: &[Row<V::Elem>; R],
    ) -> [V; R];

    /// The gradients of the pre-activations, to where `rows` says.
    ///
    /// `dh` is the gradient of the state as far as later steps' products and the loss gave it.
    unsafe fn backward<V: Vector, const R: usize>(dh: [V; R], rows: &[RowBack<V::Elem>; R]);
}

/// Where a row's block lies on the way there.
#[derive(Clone, Copy)]
pub(crate) struct Row<E> {
    /// The input's part of all gates, [`Pointwise::GATES`] registers.
    pub(crate) input: *const E,
    /// The state before the step, one register.
    pub(crate) previous: *const E,
    /// The cell's memory, one register, read and written, or left alone.
    pub(crate) carry: *mut E,
    /// Takes [`Pointwise::SAVED`] registers, unless it is null.
    pub(crate) saved: *mut E,
}

impl<E> Row<E> {
    /// Nowhere yet.
    pub(crate) const NOWHERE: Self = Self {
        input: std::ptr::null(),
        previous: std::ptr::null(),
        carry: std::ptr::null_mut(),
        saved: std::ptr::null_mut(),
    };
}

/// Where a row's block lies on the way back.
#[derive(Clone, Copy)]
pub(crate) struct RowBack<E> {
    /// What the way there has saved.
    pub(crate) saved: *const E,
    /// Where [`Pointwise::PREVIOUS`], the state before the step, one register.
    pub(crate) previous: *const E,
    /// What passes by the products, one register, read and written, or left alone.
    pub(crate) carry: *mut E,
    /// Takes the gradients with regard to the input's part, [`Pointwise::GATES`] registers.
    pub(crate) by_input: *mut E,
    /// Where [`Pointwise::SPLIT`], takes those with regard to the state's part, likewise.
    pub(crate) by_state: *mut E,
}

impl<E> RowBack<E> {
    /// Nowhere yet.
    pub(crate) const NOWHERE: Self = Self {
        saved: std::ptr::null(),
        previous: std::ptr::null(),
        carry: std::ptr::null_mut(),
        by_input: std::ptr::null_mut(),
        by_state: std::ptr::null_mut(),
    };
}

/// Stores registers one after another.
///
/// # Safety
/// The CPU has the instructions of `V`; `to` is valid for N registers.
#[inline(always)]
unsafe fn store_all<V: Vector, const N: usize>(values: [V; N], to: *mut V::Elem) {
    for (place, value) in values.into_iter().enumerate() {
        // SAFETY: the caller has the instructions, and room for N registers.
        unsafe { value.store(to.add(place * V::LANES)) };
    }
}

/// Loads registers one after another.
///
/// # Safety
/// The CPU has the instructions of `V`; `from` is valid for N registers.
#[inline(always)]
unsafe fn load_all<V: Vector, const N: usize>(from: *const V::Elem) -> [V; N] {
    // SAFETY: the caller has the instructions, and N registers there.
    unsafe { each!(N, place => V::load(from.add(place * V::LANES))) }
}

/// `1 − x²`: the slope of tanh where its value is `x`.
///
/// # Safety
/// The CPU has the instructions of `V`.
#[inline(always)]
unsafe fn tanh_slope<V: Vector>(x: V) -> V {
    // SAFETY: the caller has the instructions of V.
    unsafe { V::splat(<V::Elem as crate::Real>::ONE).sub(x.mul(x)) }
}

/// `x · (1 − x)`: the slope of the logistic function where its value is `x`.
///
/// # Safety
/// The CPU has the instructions of `V`.
#[inline(always)]
unsafe fn sigmoid_slope<V: Vector>(x: V) -> V {
    // SAFETY: the caller has the instructions of V.
    unsafe { x.mul(V::splat(<V::Elem as crate::Real>::ONE).sub(x)) }
}
