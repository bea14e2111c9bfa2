//! A recurrent layer in one call: input projection and sweep; and what it is given and gives.
//!
//! Shape letters: B rows of the batch, T steps, N rows of features, D inputs, H units, G gates
//! (SimpleRNN 1, LSTM 4, GRU 3). All matrices are row-major.

use crate::cell::{Gru, Lstm, Pointwise, SimpleRnn};
use crate::checked::CheckedLayer;
use crate::error::KernelError;
use crate::isa::Isa;
use crate::tape::Tape;
use crate::vector::Real;

/// Which recurrent cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cell {
    /// `h = tanh(x · W + h · U + b)`.
    SimpleRnn,
    /// Gates i, f, c, o as in Keras; one bias.
    Lstm,
    /// Gates z, r, h as in Keras with `reset_after`; a bias for the input and one for the state.
    Gru,
}

impl Cell {
    /// G: how many gates it has.
    pub fn gates(self) -> usize {
        match self {
            Self::SimpleRnn => SimpleRnn::GATES,
            Self::Lstm => Lstm::GATES,
            Self::Gru => Gru::GATES,
        }
    }

    /// Rows of its bias: `[G · H]` each.
    pub fn biases(self) -> usize {
        match self {
            Self::SimpleRnn | Self::Lstm => 1,
            Self::Gru => 2,
        }
    }

    /// Whether it has a memory beside its state.
    pub fn has_memory(self) -> bool {
        matches!(self, Self::Lstm)
    }
}

/// Which way through time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// From the first step to the last.
    Forward,
    /// From the last step (of each row's length) to the first.
    Reverse,
}

/// A layer's sizes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// The cell.
    pub cell: Cell,
    /// The direction.
    pub direction: Direction,
    /// B.
    pub rows: usize,
    /// T.
    pub time: usize,
    /// D.
    pub inputs: usize,
    /// H.
    pub units: usize,
}

/// A layer's weights, as Keras has them.
#[derive(Clone, Copy, Debug)]
pub struct Weights<'a, E> {
    /// W, `[D, G · H]`.
    pub kernel: &'a [E],
    /// U, `[H, G · H]`.
    pub recurrent_kernel: &'a [E],
    /// b, `[G · H]`; the GRU's `[2, 3 · H]`: for the input, then for the state.
    pub bias: &'a [E],
}

/// What a layer reads.
#[derive(Clone, Copy, Debug)]
pub struct Input<'a, E> {
    /// Vectors, `[N, D]`.
    pub features: &'a [E],
    /// Which vector stands at each step, `[B, T]`; without it the features are `[B, T, D]`.
    pub index: Option<&'a [u32]>,
    /// Steps of each row, `[B]`, the rest being padding; without it all rows have T.
    pub lengths: Option<&'a [u32]>,
    /// The state before the first step, `[B, H]`; zeros without it.
    pub hidden: Option<&'a [E]>,
    /// The memory before the first step, `[B, H]`; zeros without it, of no use without a memory.
    pub memory: Option<&'a [E]>,
}

impl<'a, E> Input<'a, E> {
    /// The vectors `features` in the order of `index`, from a zero state, without padding.
    pub fn tokens(features: &'a [E], index: &'a [u32]) -> Self {
        Self {
            index: Some(index),
            ..Self::sequence(features)
        }
    }

    /// The vectors `features`, `[B, T, D]`, from a zero state, without padding.
    pub fn sequence(features: &'a [E]) -> Self {
        Self {
            features,
            index: None,
            lengths: None,
            hidden: None,
            memory: None,
        }
    }
}

/// How to run.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// The instruction set.
    pub isa: Isa,
    /// Whether to give the state after every step.
    pub all_states: bool,
    /// What the sweep computes in.
    pub precision: Precision,
}

impl Default for Options {
    /// The fastest instruction set, last states only, the operands' own precision.
    fn default() -> Self {
        Self {
            isa: Isa::best(),
            all_states: false,
            precision: Precision::Own,
        }
    }
}

/// What a sweep through time computes in. The dense products before it, and those after it whose sums
/// do not go through time, are in the operands' precision always.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Precision {
    /// The operands' precision.
    Own,
    /// Double precision, from the projected input to the last state, and back: for a cell that
    /// amplifies rounding from step to step.
    Double,
    /// As [`Self::Double`], but what is summed over all positions on the way back (the gradients of
    /// the weights, and of a vector that stands at many positions) is rounded before, and summed in
    /// the operands' precision.
    DoubleSweep,
}

/// What a layer gives.
#[derive(Clone, Debug, PartialEq)]
pub struct Output<E> {
    /// The state after each row's last step, `[B, H]`.
    pub hidden: Vec<E>,
    /// The memory after each row's last step, `[B, H]`; empty without a memory.
    pub memory: Vec<E>,
    /// If asked for, the state after every step, `[B, T, H]`. In the padding, where nothing is
    /// computed, it is the row's last state; in reverse direction, where padding comes before the
    /// row, zero.
    pub states: Option<Vec<E>>,
}

/// Runs a layer for its output alone; keeps nothing.
///
/// # Errors
/// [`KernelError`] where an operand's length or an index does not fit the shape, or where the shape asks for
/// more memory than one buffer can have.
pub fn forward<E: Real>(
    shape: &Shape,
    weights: &Weights<'_, E>,
    input: &Input<'_, E>,
    options: &Options,
) -> Result<Output<E>, KernelError> {
    let checked = CheckedLayer::new(shape, weights, input, options, false)?;
    Ok(E::run_layer(&checked).0)
}

/// Runs a layer and keeps what its gradients will need.
///
/// # Errors
/// As [`forward`].
pub fn forward_recorded<E: Real>(
    shape: &Shape,
    weights: &Weights<'_, E>,
    input: &Input<'_, E>,
    options: &Options,
) -> Result<(Output<E>, Tape<E>), KernelError> {
    let checked = CheckedLayer::new(shape, weights, input, options, true)?;
    match E::run_layer(&checked) {
        (output, Some(tape)) => Ok((output, tape)),
        (_, None) => unreachable!("a recorded run has a tape"),
    }
}
