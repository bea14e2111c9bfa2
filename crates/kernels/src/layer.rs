//! A recurrent layer in one call: input projection and sweep; and what it is given and gives.
//!
//! Shape letters: B rows of the batch, T steps, N rows of features, D inputs, H units, G gates
//! (SimpleRNN 1, LSTM 4, GRU 3). All matrices are row-major.

use std::borrow::Cow;
use std::marker::PhantomData;

use crate::buffer::{Buffer, same};
use crate::cell::{Gru, Lstm, Pointwise, SimpleRnn};
use crate::error::KernelError;
use crate::isa::Isa;
use crate::layout::{Layout, even};
use crate::panel::{Columns, Panels};
use crate::parallel::{self, Shared};
use crate::product::rows_product;
use crate::sweep::{Forward, States};
use crate::tape::{Recording, Tape};
use crate::tokens::{Tokens, gather};
use crate::vector::{Kernel, Real, Vector};

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

/// What a sweep through time computes in. The dense products before and after it are in the
/// operands' precision always.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Precision {
    /// The operands' precision.
    Own,
    /// Double precision, from the projected input to the last state, and back: for a cell that
    /// amplifies rounding from step to step.
    Double,
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
/// [`KernelError`] where an operand's length or an index does not fit the shape.
pub fn forward<E: Real>(
    shape: &Shape,
    weights: &Weights<'_, E>,
    input: &Input<'_, E>,
    options: &Options,
) -> Result<Output<E>, KernelError> {
    check(shape, weights, input)?;
    Ok(E::run_layer(shape, weights, input, options, false).0)
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
    check(shape, weights, input)?;
    match E::run_layer(shape, weights, input, options, true) {
        (output, Some(tape)) => Ok((output, tape)),
        (_, None) => unreachable!("a recorded run has a tape"),
    }
}

/// Runs a layer whose operands have been checked, with a tape if `record`.
///
/// [`Real`] has this as a method, so that it is compiled here and not in every crate that calls it.
pub(crate) fn run_layer<E: Real>(
    shape: &Shape,
    weights: &Weights<'_, E>,
    input: &Input<'_, E>,
    options: &Options,
    record: bool,
) -> (Output<E>, Option<Tape<E>>) {
    parallel::together(|| match options.precision {
        Precision::Own => {
            let (output, tape) = run::<E, E>(shape, weights, input, options, record);
            (output, tape.map(Tape::own))
        }
        Precision::Double => {
            let (output, tape) = run::<E, f64>(shape, weights, input, options, record);
            (output, tape.map(Tape::double))
        }
    })
}

/// The inside orders of a layer's columns on one instruction set.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Orders {
    /// Gates.
    pub(crate) gates: Columns,
    /// Units, in the transposed recurrent kernel.
    pub(crate) units: Columns,
    /// Inputs, in the transposed kernel.
    pub(crate) inputs: Columns,
}

/// Registers of a panel that are not gates.
const PLAIN: usize = 4;

impl Orders {
    fn new<E: Real>(isa: Isa, shape: &Shape) -> Self {
        struct Lanes;
        impl<E: Real> Kernel<E> for Lanes {
            type Output = usize;
            #[inline(always)]
            unsafe fn run<V: Vector<Elem = E>>(self) -> usize {
                V::LANES
            }
        }
        let lanes = E::dispatch(isa, Lanes);
        let gates = shape.cell.gates();
        // One gate fills a panel with blocks of units, several fill it with their block.
        let vectors = if gates == 1 { PLAIN } else { gates };
        Self {
            gates: Columns::new(shape.units, gates, lanes, vectors),
            units: Columns::new(shape.units, 1, lanes, PLAIN),
            inputs: Columns::new(shape.inputs, 1, lanes, PLAIN),
        }
    }

    /// H': units with the padding that the gates have.
    pub(crate) fn padded(&self) -> usize {
        self.gates.padded_units
    }
}

/// Registers a unit's block keeps for the way back.
pub(crate) fn saved(cell: Cell) -> usize {
    match cell {
        Cell::SimpleRnn => SimpleRnn::SAVED,
        Cell::Lstm => Lstm::SAVED,
        Cell::Gru => Gru::SAVED,
    }
}

/// Runs a layer: dense products in `E`, the sweep in `S`.
fn run<E: Real, S: Real>(
    shape: &Shape,
    weights: &Weights<'_, E>,
    input: &Input<'_, E>,
    options: &Options,
    record: bool,
) -> (Output<E>, Option<Recording<E, S>>) {
    let isa = options.isa;
    let dense = Orders::new::<E>(isa, shape);
    let swept = Orders::new::<S>(isa, shape);
    let padded = swept.padded();
    let layout = Layout::new(shape.rows, shape.time, input.lengths, shape.direction);
    let every: Vec<u32>;
    let index = match input.index {
        Some(index) => index,
        None => {
            every = (0..(shape.rows * shape.time) as u32).collect();
            &every
        }
    };
    let features = input.features.len() / shape.inputs;
    let tokens = Tokens::new(&layout, index, shape.time, features);
    let gathered = gather(input.features, shape.inputs, &tokens.rows);

    let (input_bias, state_bias) = weights.bias.split_at(shape.cell.gates() * shape.units);
    let kernel = Panels::pack(weights.kernel, dense.gates);
    let mut table = Buffer::stale(tokens.rows.len() * dense.gates.width);
    rows_product(
        isa,
        &gathered,
        tokens.rows.len(),
        &kernel,
        Some(&dense.gates.pack_row(input_bias)),
        &mut table,
    );
    let table = reorder::<E, S>(table, dense.gates, swept.gates);
    let recurrent_kernel = convert::<E, S>(weights.recurrent_kernel);
    let recurrent = Panels::pack(&recurrent_kernel, swept.gates);
    let state_bias = convert::<E, S>(state_bias);
    let state_bias = (!state_bias.is_empty()).then(|| swept.gates.pack_row(&state_bias));

    let mut hidden = by_rank::<E, S>(&layout, shape.units, padded, input.hidden);
    let mut memory = by_rank::<E, S>(&layout, shape.units, padded, input.memory);
    let kept = usize::from(record);
    let saved_width = swept.gates.blocks * self::saved(shape.cell) * swept.gates.lanes;
    let mut saved = Buffer::stale(kept * layout.positions * saved_width);
    let states = if record {
        layout.positions * padded
    } else {
        2 * shape.rows * padded
    };
    let mut previous = Buffer::stale(states);
    let mut all = options
        .all_states
        .then(|| vec![S::default(); shape.rows * shape.time * shape.units]);

    let sweep = Sweep {
        shape,
        isa,
        layout: &layout,
        tokens: &tokens,
        table: &table,
        recurrent: &recurrent,
        state_bias: state_bias.as_deref(),
        record,
    };
    let outputs = Outputs {
        saved: &mut saved,
        previous: &mut previous,
        hidden: &mut hidden,
        memory: &mut memory,
        all: all.as_deref_mut(),
    };
    match shape.cell {
        Cell::SimpleRnn => sweep.run::<SimpleRnn>(outputs),
        Cell::Lstm => sweep.run::<Lstm>(outputs),
        Cell::Gru => sweep.run::<Gru>(outputs),
    }

    let hidden = by_row(&layout, shape.units, padded, &hidden);
    let memory = if shape.cell.has_memory() {
        by_row(&layout, shape.units, padded, &memory)
    } else {
        Vec::new()
    };
    let mut all = all.map(|all| convert::<S, E>(&all).into_owned());
    if let (Some(all), Some(lengths), Direction::Forward) =
        (&mut all, input.lengths, shape.direction)
    {
        let rows = all.chunks_exact_mut(shape.time * shape.units);
        for ((row, last), length) in rows.zip(hidden.chunks_exact(shape.units)).zip(lengths) {
            for padding in row[*length as usize * shape.units..].chunks_exact_mut(shape.units) {
                padding.copy_from_slice(last);
            }
        }
    }
    let recording = record.then(|| Recording {
        shape: *shape,
        isa,
        dense,
        swept,
        features,
        lengths: input.lengths.map(<[u32]>::to_vec),
        transposed: Panels::pack_transposed(&recurrent_kernel, swept.gates, swept.units),
        kernel_transposed: Panels::pack_transposed(weights.kernel, dense.gates, dense.inputs),
        layout,
        tokens,
        gathered,
        saved,
        previous,
        all_states: options.all_states,
    });
    let output = Output {
        hidden,
        memory,
        states: all,
    };
    (output, recording)
}

/// The same numbers in another precision; the numbers themselves where it is the same.
pub(crate) fn convert<A: Real, B: Real>(values: &[A]) -> Cow<'_, [B]> {
    match B::same(values) {
        Some(same) => Cow::Borrowed(same),
        None => values.iter().map(|x| B::from_f64(x.to_f64())).collect(),
    }
}

/// Rows in another precision, whose registers have other lanes and so another inside order.
pub(crate) fn reorder<A: Real, B: Real>(rows: Buffer<A>, from: Columns, to: Columns) -> Buffer<B> {
    let rows = match same(rows) {
        Ok(same) => return same,
        Err(rows) => rows,
    };
    let mut reordered = Buffer::zeroed(rows.len() / from.width * to.width);
    let mut outside = vec![A::default(); from.units * from.gates];
    for (from_row, to_row) in rows
        .chunks_exact(from.width)
        .zip(reordered.chunks_exact_mut(to.width))
    {
        from.unpack_row(from_row, &mut outside);
        for (inside, at, length) in to.runs() {
            let outside = &outside[at..at + length];
            for (to, from) in to_row[inside..inside + length].iter_mut().zip(outside) {
                *to = B::from_f64(from.to_f64());
            }
        }
    }
    reordered
}

/// What all tasks of a forward sweep read.
struct Sweep<'a, E: Real> {
    shape: &'a Shape,
    isa: Isa,
    layout: &'a Layout,
    tokens: &'a Tokens,
    table: &'a [E],
    recurrent: &'a Panels<E>,
    state_bias: Option<&'a [E]>,
    record: bool,
}

/// What they write, each its own rows.
struct Outputs<'a, E> {
    saved: &'a mut [E],
    previous: &'a mut [E],
    hidden: &'a mut [E],
    memory: &'a mut [E],
    all: Option<&'a mut [E]>,
}

impl<E: Real> Sweep<'_, E> {
    fn run<C: Pointwise + Send + Sync>(&self, outputs: Outputs<'_, E>) {
        let padded = self.recurrent.columns.padded_units;
        let saved_width = self.recurrent.columns.blocks * C::SAVED * self.recurrent.columns.lanes;
        let chunks = self.layout.chunks.len();
        let mut tasks = Vec::new();
        let (mut saved, mut previous) = (outputs.saved, outputs.previous);
        let (mut hidden, mut memory) = (outputs.hidden, outputs.memory);
        let all = outputs.all.map_or(Shared::null(), Shared::new);
        for chunk in &self.layout.chunks {
            let rows = chunk.rows.len();
            let positions = chunk.positions();
            let mine;
            (mine, saved) = saved.split_at_mut(if self.record {
                positions * saved_width
            } else {
                0
            });
            let saved = if self.record {
                Shared::new(mine)
            } else {
                Shared::null()
            };
            let kept = if self.record { positions } else { 2 * rows };
            let mine;
            (mine, previous) = previous.split_at_mut(kept * padded);
            let states = if self.record {
                States::Kept(Shared::new(mine))
            } else {
                States::Turns(Shared::new(mine))
            };
            let mine;
            (mine, hidden) = hidden.split_at_mut(rows * padded);
            let chunk_hidden = Shared::new(mine);
            let mine;
            (mine, memory) = memory.split_at_mut(rows * padded);
            let chunk_memory = Shared::new(mine);
            for ranks in even(rows, parallel::threads().div_ceil(chunks)) {
                tasks.push(Forward::<E, C> {
                    chunk,
                    ranks,
                    table: self.table,
                    slots: self.tokens.slots_of(chunk),
                    recurrent: self.recurrent,
                    recurrent_bias: self.state_bias,
                    states,
                    saved,
                    hidden: chunk_hidden,
                    memory: chunk_memory,
                    all,
                    time: self.shape.time,
                    cell: PhantomData,
                });
            }
        }
        parallel::run(tasks, |task| E::dispatch(self.isa, task));
    }
}

/// `[B, H]` by row as `[B, H']` by rank, chunk after chunk; zeros without values.
pub(crate) fn by_rank<E: Real, S: Real>(
    layout: &Layout,
    units: usize,
    padded: usize,
    values: Option<&[E]>,
) -> Buffer<S> {
    let rows = layout.chunks.iter().flat_map(|chunk| &chunk.rows);
    let mut ranked = Buffer::<S>::zeroed(rows.clone().count() * padded);
    if let Some(values) = values {
        for (to, row) in ranked.chunks_exact_mut(padded).zip(rows) {
            for (to, from) in to.iter_mut().zip(&values[row * units..(row + 1) * units]) {
                *to = S::from_f64(from.to_f64());
            }
        }
    }
    ranked
}

/// `[B, H']` by rank as `[B, H]` by row.
pub(crate) fn by_row<E: Real, S: Real>(
    layout: &Layout,
    units: usize,
    padded: usize,
    ranked: &[S],
) -> Vec<E> {
    let rows = layout.chunks.iter().flat_map(|chunk| &chunk.rows);
    let mut values = vec![E::default(); ranked.len() / padded * units];
    for (from, row) in ranked.chunks_exact(padded).zip(rows) {
        for (to, from) in values[row * units..(row + 1) * units].iter_mut().zip(from) {
            *to = E::from_f64(from.to_f64());
        }
    }
    values
}

/// Every operand against the shape, and every index and length against its bound.
fn check<E>(
    shape: &Shape,
    weights: &Weights<'_, E>,
    input: &Input<'_, E>,
) -> Result<(), KernelError> {
    let Shape {
        cell,
        rows,
        time,
        inputs,
        units,
        ..
    } = *shape;
    for (size, value) in [("B", rows), ("T", time), ("D", inputs), ("H", units)] {
        if value == 0 {
            return Err(KernelError::Zero { size });
        }
    }
    let width = cell.gates() * units;
    length(
        "the kernel",
        "[D, G · H]",
        inputs * width,
        weights.kernel.len(),
    )?;
    let recurrent = weights.recurrent_kernel.len();
    length(
        "the recurrent kernel",
        "[H, G · H]",
        units * width,
        recurrent,
    )?;
    let bias = weights.bias.len();
    length(
        "the bias",
        "[G · H], the GRU's [2, 3 · H]",
        cell.biases() * width,
        bias,
    )?;
    for (operand, values) in [
        ("the first state", input.hidden),
        ("the first memory", input.memory),
    ] {
        if let Some(values) = values {
            length(operand, "[B, H]", rows * units, values.len())?;
        }
    }
    let features = input.features.len() / inputs;
    for count in [rows * time, features] {
        if u32::try_from(count).is_err() {
            return Err(KernelError::TooLarge { count });
        }
    }
    match input.index {
        Some(index) => {
            length(
                "the features",
                "[N, D]",
                features * inputs,
                input.features.len(),
            )?;
            length("the index", "[B, T]", rows * time, index.len())?;
            if let Some(position) = index.iter().position(|row| *row as usize >= features) {
                return Err(KernelError::Index {
                    index: index[position],
                    position,
                    rows: features,
                });
            }
        }
        None => {
            let count = input.features.len();
            length("the features", "[B, T, D]", rows * time * inputs, count)?;
        }
    }
    if let Some(lengths) = input.lengths {
        length("the lengths", "[B]", rows, lengths.len())?;
        if let Some(row) = lengths.iter().position(|length| *length as usize > time) {
            return Err(KernelError::RowLength {
                length: lengths[row],
                row,
                time,
            });
        }
    }
    Ok(())
}

pub(crate) fn length(
    operand: &'static str,
    shape: &'static str,
    expected: usize,
    found: usize,
) -> Result<(), KernelError> {
    if expected == found {
        Ok(())
    } else {
        Err(KernelError::Length {
            operand,
            shape,
            expected,
            found,
        })
    }
}
