//! What a layer is given and what it gives: shapes, operands, options, outputs, gradients.
//!
//! Shape letters: B rows of the batch, T steps of time, N rows of features, D inputs, H units, G gates
//! (SimpleRNN 1, LSTM 4, GRU 3). All matrices are row-major.

use crate::element::Element;
use crate::error::{KernelError, length};
use crate::isa::Isa;
use crate::sizes::Limit;

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
    pub const fn gates(self) -> usize {
        match self {
            Self::SimpleRnn => 1,
            Self::Lstm => 4,
            Self::Gru => 3,
        }
    }

    /// Rows of its bias: `[G · H]` each.
    pub const fn biases(self) -> usize {
        match self {
            Self::SimpleRnn | Self::Lstm => 1,
            Self::Gru => 2,
        }
    }

    /// Whether it has a cell state beside its hidden state.
    pub const fn has_cell_state(self) -> bool {
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
    /// Batch size (B).
    pub rows: usize,
    /// Steps of time (T).
    pub time: usize,
    /// Width of an input (D).
    pub inputs: usize,
    /// Units (H).
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
    /// The cell state before the first step, `[B, H]`; zeros without it, and of no use to a cell that has none.
    pub cell_state: Option<&'a [E]>,
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
            cell_state: None,
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
    /// What the scan through time computes in.
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

/// What a scan through time computes in. The dense products before it, and those after it whose sums
/// do not go through time, are in the operands' precision always.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Precision {
    /// The operands' precision.
    Own,
    /// Double precision, from the projected input to the last state, and back: for a cell that
    /// amplifies rounding from step to step.
    Double,
    /// As [`Self::Double`], but what is summed over all positions in the backward pass (the gradients of
    /// the weights, and of a vector that stands at many positions) is rounded before, and summed in
    /// the operands' precision.
    DoubleSweep,
}

/// What a layer gives.
#[derive(Clone, Debug, PartialEq)]
pub struct Output<E> {
    /// The state after each row's last step, `[B, H]`.
    pub hidden: Vec<E>,
    /// The cell state after each row's last step, `[B, H]`; empty for a cell that has none.
    pub cell_state: Vec<E>,
    /// If asked for, the state after every step, `[B, T, H]`. In the padding, where nothing is
    /// computed, it is the row's last state; in reverse direction, where padding comes before the
    /// row, zero.
    pub states: Option<Vec<E>>,
}

/// The gradients of what a layer gave; what is absent is zero.
#[derive(Clone, Copy, Debug)]
pub struct Upstream<'a, E> {
    /// Of the last state, `[B, H]`.
    pub hidden: Option<&'a [E]>,
    /// Of the last cell state, `[B, H]`.
    pub cell_state: Option<&'a [E]>,
    /// Of all states, `[B, T, H]`.
    pub states: Option<&'a [E]>,
}

impl<'a, E> Upstream<'a, E> {
    /// A gradient of the last state alone.
    pub fn last(hidden: &'a [E]) -> Self {
        Self {
            hidden: Some(hidden),
            cell_state: None,
            states: None,
        }
    }
}

/// The gradients of what a layer was given.
#[derive(Clone, Debug, PartialEq)]
pub struct Gradients<E> {
    /// Of the features, `[N, D]`; zero where the batch does not use a row.
    pub features: Vec<E>,
    /// Of the kernel, `[D, G · H]`.
    pub kernel: Vec<E>,
    /// Of the recurrent kernel, `[H, G · H]`.
    pub recurrent_kernel: Vec<E>,
    /// Of the bias, in its shape.
    pub bias: Vec<E>,
    /// Of the first state, `[B, H]`.
    pub hidden: Vec<E>,
    /// Of the first cell state, `[B, H]`; empty for a cell that has none.
    pub cell_state: Vec<E>,
}

/// A row-major matrix of known shape.
#[derive(Clone, Copy, Debug)]
pub struct Matrix<'a, E> {
    values: &'a [E],
    rows: usize,
    columns: usize,
}

impl<'a, E: Element> Matrix<'a, E> {
    /// The numbers `values` as `rows` of `columns`.
    ///
    /// # Errors
    /// [`KernelError::Length`] where they are not as many; [`KernelError::Memory`] where so many cannot be.
    pub fn new(values: &'a [E], rows: usize, columns: usize) -> Result<Self, KernelError> {
        let count =
            Limit::ALLOCATION.elements("a matrix", "[M, N]", &[rows, columns], size_of::<E>())?;
        length("the matrix", "[M, N]", count, values.len())?;
        Ok(Self {
            values,
            rows,
            columns,
        })
    }

    /// The numbers, row by row.
    pub fn values(&self) -> &'a [E] {
        self.values
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Number of columns.
    pub fn columns(&self) -> usize {
        self.columns
    }
}

/// Which side of a product is transposed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transposed {
    /// `A · B`: `[M, K] · [K, N]`.
    Neither,
    /// `Aᵀ · B`: `[K, M]ᵀ · [K, N]`.
    Left,
    /// `A · Bᵀ`: `[M, K] · [N, K]ᵀ`.
    Right,
}
