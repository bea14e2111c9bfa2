//! A layer's way forward, put together: tokens, projection, sweep, and what is kept of them. Its operands
//! have been checked.

use std::borrow::Cow;
use std::marker::PhantomData;

use crate::buffer::{Buffer, same};
use crate::cell::{Gru, Lstm, Pointwise, SimpleRnn};
use crate::checked::CheckedLayer;
use crate::isa::Isa;
use crate::layer::{Cell, Direction, Output, Precision, Shape};
use crate::layout::{Layout, even};
use crate::orders::{self, Orders, reads_previous};
use crate::panel::{Columns, Panels};
use crate::parallel::{self, Shared};
use crate::product::rows_product;
use crate::sweep::{Forward, States, apart};
use crate::tape::{Recording, Tape};
use crate::tokens::{Tokens, gather};
use crate::vector::Real;

/// Runs a layer, with a tape if it is to be recorded.
///
/// [`Real`] has this as a method, so that it is compiled here and not in every crate that calls it.
pub(crate) fn run_layer<E: Real>(checked: &CheckedLayer<'_, E>) -> (Output<E>, Option<Tape<E>>) {
    parallel::together(|| match checked.options().precision {
        Precision::Own => {
            let (output, tape) = run::<E, E, E>(checked);
            (output, tape.map(Tape::own))
        }
        Precision::Double => {
            let (output, tape) = run::<E, f64, f64>(checked);
            (output, tape.map(Tape::double))
        }
        Precision::DoubleSweep => {
            let (output, tape) = run::<E, f64, E>(checked);
            (output, tape.map(Tape::double_sweep))
        }
    })
}

/// Runs a layer: dense products in `E`, the sweep in `S`, the way back's sums over positions in `K`.
///
/// The sizes that are multiplied here are those that [`CheckedLayer`] has found to fit.
fn run<E: Real, S: Real, K: Real>(
    checked: &CheckedLayer<'_, E>,
) -> (Output<E>, Option<Recording<E, S, K>>) {
    let (shape, options) = (checked.shape(), checked.options());
    let (weights, input, record) = (checked.weights(), checked.input(), checked.record());
    let isa = options.isa;
    let dense = Orders::new::<E>(isa, shape);
    let swept = Orders::new::<S>(isa, shape);
    let summed = Orders::new::<K>(isa, shape).gates;
    let padded = swept.padded();
    let features = input.features.len() / shape.inputs;
    let read = || {
        let layout = Layout::new(shape.rows, shape.time, input.lengths, shape.direction);
        let every: Vec<u32>;
        let index = match input.index {
            Some(index) => index,
            None => {
                every = (0..(shape.rows * shape.time) as u32).collect();
                &every
            }
        };
        let tokens = Tokens::new(&layout, index, shape.time, features);
        let gathered = gather(input.features, shape.inputs, &tokens.rows);
        (layout, tokens, gathered)
    };
    let pack = || {
        let recurrent_kernel = convert::<E, S>(weights.recurrent_kernel);
        let transposed = record.then(|| {
            (
                Panels::pack_transposed(&recurrent_kernel, swept.gates, swept.units),
                Panels::pack_transposed(weights.kernel, dense.gates, dense.inputs),
            )
        });
        let kernel = Panels::pack(weights.kernel, dense.gates);
        let recurrent = Panels::pack(&recurrent_kernel, swept.gates);
        (kernel, recurrent, transposed)
    };
    let ((layout, tokens, gathered), (kernel, recurrent, transposed)) = parallel::both(read, pack);

    let (input_bias, state_bias) = weights.bias.split_at(shape.cell.gates() * shape.units);
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
    let state_bias = convert::<E, S>(state_bias);
    let state_bias = (!state_bias.is_empty()).then(|| swept.gates.pack_row(&state_bias));

    let mut hidden = by_rank::<E, S>(&layout, shape.units, padded, input.hidden);
    let mut memory = by_rank::<E, S>(&layout, shape.units, padded, input.memory);
    let kept = usize::from(record);
    let saved_width = swept.gates.blocks * orders::saved(shape.cell) * swept.gates.lanes;
    let mut saved = Buffer::stale(kept * layout.positions * saved_width);
    // The states are kept as the sums need them, and as the cell needs them.
    let apart = record && apart::<S, K>();
    let mut kept = Buffer::<K>::stale(if apart {
        layout.positions * summed.padded_units
    } else {
        0
    });
    let keep_all = record && (!apart || reads_previous(shape.cell));
    let states = if keep_all {
        layout.positions * padded
    } else {
        2 * shape.rows * padded
    };
    let mut previous = Buffer::<S>::stale(states);
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
        keep_all,
        apart,
        summed,
    };
    let outputs = Outputs {
        saved: &mut saved,
        previous: &mut previous,
        kept: &mut kept,
        hidden: &mut hidden,
        memory: &mut memory,
        all: all.as_deref_mut(),
    };
    match shape.cell {
        Cell::SimpleRnn => sweep.run::<K, SimpleRnn>(outputs),
        Cell::Lstm => sweep.run::<K, Lstm>(outputs),
        Cell::Gru => sweep.run::<K, Gru>(outputs),
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
    let recording = transposed.map(|(transposed, kernel_transposed)| Recording {
        shape: *shape,
        isa,
        dense,
        swept,
        summed,
        features,
        lengths: input.lengths.map(<[u32]>::to_vec),
        transposed,
        kernel_transposed,
        layout,
        tokens,
        gathered,
        saved,
        states: previous,
        kept: apart.then_some(kept),
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
    let count = rows.len() / from.width;
    // Zeros: one order's padding may be longer than the other's.
    let mut reordered = Buffer::zeroed(count * to.width);
    // So many units lie together in both orders.
    let lanes = from.lanes.min(to.lanes);
    let tasks = even(count, parallel::threads())
        .scan(&mut reordered[..], |rest, range| {
            let (mine, others) = std::mem::take(rest).split_at_mut(range.len() * to.width);
            *rest = others;
            Some((
                &rows[range.start * from.width..range.end * from.width],
                mine,
            ))
        })
        .collect();
    parallel::run(tasks, |(from_rows, to_rows): (&[A], &mut [B])| {
        let pairs = from_rows
            .chunks_exact(from.width)
            .zip(to_rows.chunks_exact_mut(to.width));
        for (from_row, to_row) in pairs {
            for unit in (0..from.units).step_by(lanes) {
                let length = lanes.min(from.units - unit);
                for gate in 0..from.gates {
                    let from_block = &from_row[from.at(unit, gate)..][..length];
                    let to_block = &mut to_row[to.at(unit, gate)..][..length];
                    for (to, from) in to_block.iter_mut().zip(from_block) {
                        *to = B::from_f64(from.to_f64());
                    }
                }
            }
        }
    });
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
    /// Whether the states before all steps are kept, and whether they are kept for the sums apart.
    keep_all: bool,
    apart: bool,
    summed: Columns,
}

/// What they write, each its own rows.
struct Outputs<'a, E, K> {
    saved: &'a mut [E],
    previous: &'a mut [E],
    kept: &'a mut [K],
    hidden: &'a mut [E],
    memory: &'a mut [E],
    all: Option<&'a mut [E]>,
}

impl<E: Real> Sweep<'_, E> {
    fn run<K: Real, C: Pointwise + Send + Sync>(&self, outputs: Outputs<'_, E, K>) {
        let padded = self.recurrent.columns.padded_units;
        let saved_width = self.recurrent.columns.blocks * C::SAVED * self.recurrent.columns.lanes;
        let chunks = self.layout.chunks.len();
        let mut tasks = Vec::new();
        let (mut saved, mut previous) = (outputs.saved, outputs.previous);
        let mut kept = outputs.kept;
        let (mut hidden, mut memory) = (outputs.hidden, outputs.memory);
        let all = outputs.all.map_or(Shared::null(), Shared::new);
        for chunk in &self.layout.chunks {
            let rows = chunk.rows().len();
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
            let places = if self.keep_all { positions } else { 2 * rows };
            let mine;
            (mine, previous) = previous.split_at_mut(places * padded);
            let states = if self.keep_all {
                States::Kept(Shared::new(mine))
            } else {
                States::Turns(Shared::new(mine))
            };
            let mine;
            (mine, kept) = kept.split_at_mut(if self.apart {
                positions * self.summed.padded_units
            } else {
                0
            });
            let chunk_kept = if self.apart {
                Shared::new(mine)
            } else {
                Shared::null()
            };
            let mine;
            (mine, hidden) = hidden.split_at_mut(rows * padded);
            let chunk_hidden = Shared::new(mine);
            let mine;
            (mine, memory) = memory.split_at_mut(rows * padded);
            let chunk_memory = Shared::new(mine);
            for ranks in even(rows, parallel::threads().div_ceil(chunks)) {
                tasks.push(Forward::<E, K, C> {
                    chunk,
                    ranks,
                    table: self.table,
                    slots: self.tokens.slots_of(chunk),
                    recurrent: self.recurrent,
                    recurrent_bias: self.state_bias,
                    states,
                    kept: chunk_kept,
                    summed: self.summed,
                    saved,
                    hidden: chunk_hidden,
                    memory: chunk_memory,
                    all,
                    time: self.shape.time,
                    cell: PhantomData,
                });
            }
        }
        parallel::run(tasks, |task| {
            // SAFETY: chunks have their own memory and rows, and of one chunk the ranges of `even` do not overlap.
            unsafe { E::dispatch(self.isa, task) }
        });
    }
}

/// `[B, H]` by row as `[B, H']` by rank, chunk after chunk; zeros without values.
pub(crate) fn by_rank<E: Real, S: Real>(
    layout: &Layout,
    units: usize,
    padded: usize,
    values: Option<&[E]>,
) -> Buffer<S> {
    let rows = layout.chunks.iter().flat_map(|chunk| chunk.rows());
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
    let rows = layout.chunks.iter().flat_map(|chunk| chunk.rows());
    let mut values = vec![E::default(); ranked.len() / padded * units];
    for (from, row) in ranked.chunks_exact(padded).zip(rows) {
        for (to, from) in values[row * units..(row + 1) * units].iter_mut().zip(from) {
            *to = E::from_f64(from.to_f64());
        }
    }
    values
}
