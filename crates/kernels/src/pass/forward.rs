//! A layer's forward pass, put together: tokens, projection, scan, and what is recorded of them. Its operands
//! have been checked.

use std::marker::PhantomData;

use super::convert::{by_rank, by_row, convert, convert_buffer};
use crate::cell::{self, Pointwise, reads_prev_state, with_cell};
use crate::checked::CheckedLayer;
use crate::isa::Isa;
use crate::layouts::BlockedLayouts;
use crate::panel::Panels;
use crate::parallel::{self, Shared, even};
use crate::pool::{Buffer, Number};
use crate::positions::Layout;
use crate::product::rows_product;
use crate::recording::{Recording, Tape};
use crate::sweep::{Forward, States, accumulates_in_other_precision};
use crate::tokens::{Tokens, gather};
use crate::types::{Direction, Output, Precision, Shape};

/// Runs a layer, with a tape if it is to be recorded.
///
/// [`crate::Real`] has this as a method, so that it is compiled here and not in every crate that calls it.
pub(crate) fn run_layer<E: Number>(checked: &CheckedLayer<'_, E>) -> (Output<E>, Option<Tape<E>>) {
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

/// Runs a layer: dense products in `E`, the scan in `S`, the backward pass's sums over positions in `K`.
///
/// The sizes that are multiplied here are those that [`CheckedLayer`] has found to fit.
fn run<E: Number, S: Number, K: Number>(
    checked: &CheckedLayer<'_, E>,
) -> (Output<E>, Option<Recording<E, S, K>>) {
    let (shape, options) = (checked.shape(), checked.options());
    let (weights, input, record) = (checked.weights(), checked.input(), checked.record());
    let isa = options.isa;
    let dense = BlockedLayouts::new::<E>(isa, shape);
    let scanned = BlockedLayouts::new::<S>(isa, shape);
    let padded = scanned.padded();
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
                Panels::pack_transposed(&recurrent_kernel, scanned.gates, scanned.units),
                Panels::pack_transposed(weights.kernel, dense.gates, dense.inputs),
            )
        });
        let kernel = Panels::pack(weights.kernel, dense.gates);
        let recurrent = Panels::pack(&recurrent_kernel, scanned.gates);
        (kernel, recurrent, transposed)
    };
    let ((layout, tokens, gathered), (kernel, recurrent, transposed)) = parallel::both(read, pack);

    let (input_bias, state_bias) = weights.bias.split_at(shape.cell.gates() * shape.units);
    let mut table = Buffer::stale(tokens.rows.len() * dense.gates.width);
    rows_product(
        isa,
        parallel::threads(),
        &gathered,
        tokens.rows.len(),
        &kernel,
        Some(&dense.gates.pack_row(input_bias)),
        &mut table,
    );
    let table = convert_buffer::<E, S>(table);
    let state_bias = convert::<E, S>(state_bias);
    let state_bias = (!state_bias.is_empty()).then(|| scanned.gates.pack_row(&state_bias));

    let mut hidden = by_rank::<E, S>(&layout, shape.units, padded, input.hidden);
    let mut cell_state = by_rank::<E, S>(&layout, shape.units, padded, input.cell_state);
    let recorded = if record { layout.positions } else { 0 };
    let mut saved = Buffer::stale(recorded * cell::saved(shape.cell) * padded);
    // The states are recorded as the sums need them, and as the cell needs them.
    let convert_states = record && accumulates_in_other_precision::<S, K>();
    let converted = if convert_states { recorded } else { 0 };
    let mut summed_states = Buffer::<K>::stale(converted * padded);
    let record_states = record && (!convert_states || reads_prev_state(shape.cell));
    let places = if record_states {
        layout.positions
    } else {
        2 * shape.rows
    };
    let mut states = Buffer::<S>::stale(places * padded);
    let mut all = options
        .all_states
        .then(|| vec![S::default(); shape.rows * shape.time * shape.units]);

    let scan = Scan {
        shape,
        isa,
        layout: &layout,
        tokens: &tokens,
        table: &table,
        recurrent: &recurrent,
        state_bias: state_bias.as_deref(),
        record,
        record_states,
        convert_states,
    };
    let outputs = Outputs {
        saved: &mut saved,
        states: &mut states,
        summed_states: &mut summed_states,
        hidden: &mut hidden,
        cell_state: &mut cell_state,
        all: all.as_deref_mut(),
    };
    with_cell!(shape.cell, C => scan.run::<K, C>(outputs));

    let hidden = by_row(&layout, shape.units, padded, &hidden);
    let cell_state = if shape.cell.has_cell_state() {
        by_row(&layout, shape.units, padded, &cell_state)
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
        scanned,
        summed: BlockedLayouts::new::<K>(isa, shape).gates,
        features,
        lengths: input.lengths.map(<[u32]>::to_vec),
        transposed,
        kernel_transposed,
        layout,
        tokens,
        gathered,
        saved,
        states,
        summed_states: convert_states.then_some(summed_states),
        all_states: options.all_states,
    });
    let output = Output {
        hidden,
        cell_state,
        states: all,
    };
    (output, recording)
}

/// What all tasks of a forward scan read.
struct Scan<'a, E: Number> {
    shape: &'a Shape,
    isa: Isa,
    layout: &'a Layout,
    tokens: &'a Tokens,
    table: &'a [E],
    recurrent: &'a Panels<E>,
    state_bias: Option<&'a [E]>,
    record: bool,
    /// Whether the states before all steps are recorded.
    record_states: bool,
    /// Whether they are recorded in the precision of the sums, too.
    convert_states: bool,
}

/// What they write, each its own rows.
struct Outputs<'a, E, K> {
    saved: &'a mut [E],
    states: &'a mut [E],
    summed_states: &'a mut [K],
    hidden: &'a mut [E],
    cell_state: &'a mut [E],
    all: Option<&'a mut [E]>,
}

impl<E: Number> Scan<'_, E> {
    fn run<K: Number, C: Pointwise + Send + Sync>(&self, outputs: Outputs<'_, E, K>) {
        let padded = self.recurrent.columns.padded_units;
        let saved_width = padded * C::SAVED;
        let chunks = self.layout.chunks.len();
        let mut tasks = Vec::new();
        let (mut saved, mut all_places) = (outputs.saved, outputs.states);
        let mut summed_states = outputs.summed_states;
        let (mut hidden, mut cell_state) = (outputs.hidden, outputs.cell_state);
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
            let places = if self.record_states {
                positions
            } else {
                2 * rows
            };
            let mine;
            (mine, all_places) = all_places.split_at_mut(places * padded);
            let states = if self.record_states {
                States::Recorded(Shared::new(mine))
            } else {
                States::DoubleBuffered(Shared::new(mine))
            };
            let mine;
            (mine, summed_states) = summed_states.split_at_mut(if self.convert_states {
                positions * padded
            } else {
                0
            });
            let chunk_summed = if self.convert_states {
                Shared::new(mine)
            } else {
                Shared::null()
            };
            let mine;
            (mine, hidden) = hidden.split_at_mut(rows * padded);
            let chunk_hidden = Shared::new(mine);
            let mine;
            (mine, cell_state) = cell_state.split_at_mut(rows * padded);
            let chunk_cell_state = Shared::new(mine);
            for ranks in even(rows, parallel::threads().div_ceil(chunks)) {
                tasks.push(Forward::<E, K, C> {
                    chunk,
                    ranks,
                    table: self.table,
                    slots: self.tokens.slots_of(chunk),
                    recurrent: self.recurrent,
                    recurrent_bias: self.state_bias,
                    states,
                    summed_states: chunk_summed,
                    saved,
                    hidden: chunk_hidden,
                    cell_state: chunk_cell_state,
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
