//! What makes a cell: its pointwise part, on registers, forward and backward. Everything else is
//! shared.

mod gru;
mod lstm;
mod simple_rnn;

pub(crate) use gru::Gru;
pub(crate) use lstm::Lstm;
pub(crate) use simple_rnn::SimpleRnn;

use crate::element::Element;
use crate::panel::BLOCK;
use crate::types::Cell;
use crate::vector::{Vector, each};

/// A cell's arithmetic for one register of units of R rows at one step.
///
/// # Safety
/// All methods: the CPU has the instructions of `V`; a pointer is valid for as many registers as its
/// description says.
pub(crate) trait Pointwise {
    /// Gates: registers of pre-activations.
    const GATES: usize;
    /// Of these, the first so many have the input's part added before [`Self::forward`].
    const INPUT_GATES_PREADDED: usize;
    /// Registers recorded for the backward pass.
    const SAVED: usize;
    /// Whether the gradient of a gate's recurrent part differs from that of its input part.
    const SEPARATE_RECURRENT_GRAD: bool;
    /// Whether the backward pass reads the state before the step.
    const READS_PREV_STATE: bool;
    /// Whether the carry is a cell state; else, in the backward pass, it is the part of the state's gradient that no
    /// product passes on.
    const HAS_CELL_STATE: bool;

    /// Runs a scan in panels of as many registers as this cell has gates, and compiles it for no other number.
    unsafe fn in_panels<V: Vector>(scan: &impl InPanels<V>);

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

/// What can be run in panels of P registers.
pub(crate) trait InPanels<V: Vector> {
    /// Runs it.
    ///
    /// # Safety
    /// The CPU has the instructions of `V`; what the implementation demands.
    unsafe fn run<const P: usize>(&self);
}

/// Where a row's register of units lies in the forward pass.
#[derive(Clone, Copy)]
pub(crate) struct Row<E> {
    /// The input's part of all gates: [`Pointwise::GATES`] registers, [`BLOCK`] numbers apart.
    pub(crate) input: *const E,
    /// The state before the step, one register.
    pub(crate) previous: *const E,
    /// The cell state, one register, read and written, or left alone.
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

/// Where a row's register of units lies in the backward pass.
#[derive(Clone, Copy)]
pub(crate) struct RowBack<E> {
    /// What the forward pass has saved.
    pub(crate) saved: *const E,
    /// Where [`Pointwise::READS_PREV_STATE`], the state before the step, one register.
    pub(crate) previous: *const E,
    /// What passes by the products, one register, read and written, or left alone.
    pub(crate) carry: *mut E,
    /// Takes the gradients with regard to the input's part, [`Pointwise::GATES`] registers, [`BLOCK`] numbers apart.
    pub(crate) input_grad: *mut E,
    /// Where [`Pointwise::SEPARATE_RECURRENT_GRAD`], takes those with regard to the recurrent part, likewise.
    pub(crate) recurrent_grad: *mut E,
}

impl<E> RowBack<E> {
    /// Nowhere yet.
    pub(crate) const NOWHERE: Self = Self {
        saved: std::ptr::null(),
        previous: std::ptr::null(),
        carry: std::ptr::null_mut(),
        input_grad: std::ptr::null_mut(),
        recurrent_grad: std::ptr::null_mut(),
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

/// Stores registers to the places of a register's gates, [`BLOCK`] numbers apart.
///
/// # Safety
/// The CPU has the instructions of `V`; `to` is valid for a register at each of these places.
#[inline(always)]
unsafe fn store_gates<V: Vector, const N: usize>(gates: [V; N], to: *mut V::Elem) {
    for (gate, value) in gates.into_iter().enumerate() {
        // SAFETY: the caller has the instructions, and room for a register there.
        unsafe { value.store(to.add(gate * BLOCK)) };
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
    unsafe { V::splat(<V::Elem as Element>::ONE).sub(x.mul(x)) }
}

/// `x · (1 − x)`: the slope of the logistic function where its value is `x`.
///
/// # Safety
/// The CPU has the instructions of `V`.
#[inline(always)]
unsafe fn sigmoid_slope<V: Vector>(x: V) -> V {
    // SAFETY: the caller has the instructions of V.
    unsafe { x.mul(V::splat(<V::Elem as Element>::ONE).sub(x)) }
}

/// Calls the body with the type `C` that implements a [`Cell`].
macro_rules! with_cell {
    ($cell:expr, $C:ident => $body:expr) => {
        match $cell {
            $crate::types::Cell::SimpleRnn => {
                type $C = $crate::cell::SimpleRnn;
                $body
            }
            $crate::types::Cell::Lstm => {
                type $C = $crate::cell::Lstm;
                $body
            }
            $crate::types::Cell::Gru => {
                type $C = $crate::cell::Gru;
                $body
            }
        }
    };
}
pub(crate) use with_cell;

// The public names and the implementations say the same.
const _: () = {
    assert!(SimpleRnn::GATES == Cell::SimpleRnn.gates());
    assert!(Lstm::GATES == Cell::Lstm.gates() && Lstm::HAS_CELL_STATE);
    assert!(Gru::GATES == Cell::Gru.gates() && Gru::SEPARATE_RECURRENT_GRAD);
};

/// Registers that a cell records of each register of units, for the backward pass.
pub(crate) fn saved(cell: Cell) -> usize {
    with_cell!(cell, C => C::SAVED)
}

/// Whether the backward pass reads the state before each step.
pub(crate) fn reads_prev_state(cell: Cell) -> bool {
    with_cell!(cell, C => C::READS_PREV_STATE)
}
