//! The forward scan, step by step.

use std::marker::PhantomData;
use std::ops::Range;

use super::accumulates_in_other_precision;
use crate::cell::{InPanels, Pointwise, Row};
use crate::panel::{Panels, stride, touched};
use crate::parallel::Shared;
use crate::pool::Number;
use crate::positions::Chunk;
use crate::sizes::holds;
use crate::tile::{accumulate, prefetch, tiles, with_rows};
use crate::vector::{Kernel, Vector, each};

/// Forward over the ranks `ranks` of `chunk`.
///
/// H' is the number of units with padding, W the width of all gates with padding.
///
/// # Safety
/// Scans that run at the same time over the same memory differ in their chunk or their ranks, and those of other
/// chunks have other rows of the batch.
pub(crate) struct Forward<'a, E: Number, K: Number, C> {
    pub(crate) chunk: &'a Chunk,
    pub(crate) ranks: Range<usize>,
    /// The input's part of the gates, `[rows, W]`.
    pub(crate) table: &'a [E],
    /// Which row of the table, for each position of the chunk.
    pub(crate) slots: &'a [u32],
    pub(crate) recurrent: &'a Panels<E>,
    /// Added to the gates beside the table's rows, `[W]`.
    pub(crate) recurrent_bias: Option<&'a [E]>,
    pub(crate) states: States<'a, E>,
    /// The state before each step for the sums of the backward pass, `[positions, H']`, or null where `states` has it.
    pub(crate) summed_states: Shared<'a, K>,
    /// What the cell records for the backward pass, `[positions, registers · SAVED · lanes]`, or null.
    pub(crate) saved: Shared<'a, E>,
    /// The state: before the first step, and then after the last, `[ranks, H']`.
    pub(crate) hidden: Shared<'a, E>,
    /// The cell state, likewise.
    pub(crate) cell_state: Shared<'a, E>,
    /// All states of all rows of the batch, `[B, T, H]`, or null.
    pub(crate) all: Shared<'a, E>,
    /// T of `all`.
    pub(crate) time: usize,
    pub(crate) cell: PhantomData<C>,
}

/// Where the state before each step is.
#[derive(Clone, Copy)]
pub(crate) enum States<'a, E> {
    /// Recorded for the backward pass: `[positions, H']`.
    Recorded(Shared<'a, E>),
    /// For two steps in turn: `[2, ranks, H']`.
    DoubleBuffered(Shared<'a, E>),
}

impl<E: Number, K: Number, C: Pointwise> Kernel<E> for Forward<'_, E, K, C> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<V: Vector<Elem = E>>(self) {
        self.assert_sizes(V::LANES);
        // SAFETY: the CPU has V's instructions, as the caller promised; the sizes have been asserted.
        unsafe { C::in_panels::<V>(&self) };
    }
}

impl<E: Number, K: Number, C: Pointwise, V: Vector<Elem = E>> InPanels<V> for Forward<'_, E, K, C> {
    /// All steps.
    ///
    /// # Safety
    /// The CPU has the instructions of `V`; the sizes have been asserted.
    #[inline(always)]
    unsafe fn run<const P: usize>(&self) {
        // SAFETY: the caller has the instructions and the sizes.
        unsafe { self.scan::<V, P>() };
    }
}

impl<E: Number, K: Number, C: Pointwise> Forward<'_, E, K, C> {
    /// Every buffer against the chunk and the orders: what all pointers below rest on.
    fn assert_sizes(&self, lanes: usize) {
        let columns = &self.recurrent.columns;
        let (padded, registers) = (columns.padded_units, columns.registers());
        let (ranks, positions) = (self.chunk.rows().len(), self.chunk.positions());
        assert!(self.recurrent.depth == columns.units && !self.recurrent.segments().padded);
        assert!(self.ranks.end <= ranks && self.slots.len() == positions);
        let rows = self.table.len() / columns.width;
        assert!(self.slots.iter().all(|slot| (*slot as usize) < rows));
        let bias = self.recurrent_bias;
        assert!(bias.is_none_or(|bias| bias.len() == columns.width));
        assert!(match self.states {
            States::Recorded(states) => holds(states.len(), &[positions, padded]),
            States::DoubleBuffered(states) => holds(states.len(), &[2, ranks, padded]),
        });
        let summed = self.summed_states;
        assert!(summed.is_null() || holds(summed.len(), &[positions, padded]));
        let saved = self.saved;
        assert!(saved.is_null() || holds(saved.len(), &[positions, registers, C::SAVED, lanes]));
        for state in [self.hidden, self.cell_state] {
            assert!(holds(state.len(), &[ranks, padded]));
        }
        assert!(
            self.all.is_null()
                || self.chunk.steps() <= self.time
                    && self
                        .chunk
                        .rows()
                        .iter()
                        .all(|row| { holds(self.all.len(), &[row + 1, self.time, columns.units]) })
        );
    }

    /// Units with padding.
    #[inline(always)]
    fn padded(&self) -> usize {
        self.recurrent.columns.padded_units
    }

    /// The state before a step of a row.
    ///
    /// # Safety
    /// The position and the rank are the chunk's.
    #[inline(always)]
    unsafe fn previous(&self, step: usize, position: usize, rank: usize) -> *mut E {
        let padded = self.padded();
        // SAFETY: the chunk's positions and ranks lie in the buffer, whose size is asserted.
        unsafe {
            match self.states {
                States::Recorded(states) => states.get().add(position * padded),
                States::DoubleBuffered(states) => {
                    let turn = (step & 1) * self.chunk.rows().len();
                    states.get().add((turn + rank) * padded)
                }
            }
        }
    }

    /// Records the state before a position for the sums, where it is not recorded already.
    ///
    /// # Safety
    /// The CPU has the instructions of `V`; the position is the chunk's, the unit the first of a register.
    #[inline(always)]
    unsafe fn record<V: Vector<Elem = E>>(&self, state: V, position: usize, unit: usize) {
        if accumulates_in_other_precision::<E, K>() && !self.summed_states.is_null() {
            let at = position * self.padded() + unit;
            // SAFETY: the position lies in the buffer, and a row has room for all registers, as is asserted.
            unsafe { state.store_as(self.summed_states.get().add(at)) };
        }
    }

    /// All steps, in panels of P registers.
    ///
    /// # Safety
    /// The CPU has the instructions of `V`; the sizes have been asserted.
    #[inline(always)]
    unsafe fn scan<V: Vector<Elem = E>, const P: usize>(&self) {
        let columns = &self.recurrent.columns;
        columns.assert_registers(C::GATES, V::LANES, P);
        let padded = self.padded();
        for rank in self.ranks.clone() {
            if let Some(t) = self.chunk.start(rank) {
                let step = self.chunk.start_step(rank);
                // SAFETY: both are this rank's rows, of `padded` elements in whole registers; no other task has
                // the rank.
                unsafe {
                    let position = self.chunk.position(t, rank);
                    let to = self.previous(step, position, rank);
                    let from = self.hidden.get().add(rank * padded);
                    std::ptr::copy_nonoverlapping(from, to, padded);
                    for unit in (0..padded).step_by(V::LANES) {
                        self.record::<V>(V::load(from.add(unit)), position, unit);
                    }
                }
            }
        }
        for step in 0..self.chunk.steps() {
            let t = self.chunk.time(step);
            let running = self.ranks.start..self.ranks.end.min(self.chunk.active(t));
            if running.is_empty() {
                continue;
            }
            for panel in 0..columns.panels {
                for (first, rows) in tiles(running.clone(), V::TILE_ROWS) {
                    // SAFETY: the caller has the instructions and the sizes; these ranks run at this step.
                    with_rows!(V, rows, R => unsafe {
                        self.tile::<V, R, P>(step, t, panel, first)
                    });
                }
            }
        }
    }

    /// A step of R rows from rank `first` on, for the units of a panel.
    ///
    /// # Safety
    /// The CPU has the instructions of `V`; the sizes have been asserted, panels have P registers; the ranks run at
    /// time `t`, which is processed as number `step`.
    #[inline(always)]
    unsafe fn tile<V: Vector<Elem = E>, const R: usize, const P: usize>(
        &self,
        step: usize,
        t: usize,
        panel: usize,
        first: usize,
    ) {
        let columns = &self.recurrent.columns;
        let (width, padded, units) = (columns.width, columns.padded_units, columns.units);
        let registers = columns.registers();
        let first_register = panel * (P / C::GATES);
        let (column, touches) = columns.start(panel);
        let stride = stride(C::GATES, V::LANES);
        // A register of units and all its gates, or some registers of units with one gate: only these go beyond the
        // last unit.
        let inside = if C::GATES == 1 {
            columns.registers_of(panel)
        } else {
            P
        };
        let position = self.chunk.position(t, first);
        let active_next = self.chunk.active_next(t);
        // SAFETY: the caller has the instructions. Positions and ranks are the chunk's, slots are rows of the
        // table, and of all these the buffers hold as many as is asserted; the panel is a slice of its depth. What
        // is written belongs to these ranks, and other tasks have others.
        unsafe {
            let input: [*const E; R] = each!(std::ptr::null(); R, r => {
                let slot = self.slots[position + r] as usize;
                self.table.as_ptr().add(slot * width + column)
            });
            let previous: [*const E; R] = each!(std::ptr::null(); R, r => {
                self.previous(step, position + r, first + r).cast_const()
            });
            // What the next step of these rows reads lies wherever its tokens do.
            if first + R <= active_next {
                let next = self.chunk.next(t) + first;
                for r in 0..R {
                    let slot = self.slots[next + r] as usize;
                    if touches {
                        let at = self.table.as_ptr().wrapping_add(slot * width + column);
                        prefetch::<V>(at, touched::<P>(C::GATES, V::LANES));
                    }
                    // And what it saves goes where nothing has been for long.
                    if !self.saved.is_null() {
                        let place = (next + r) * registers + first_register;
                        let at = self.saved.get().wrapping_add(place * C::SAVED * V::LANES);
                        prefetch::<V>(at, P / C::GATES * C::SAVED * V::LANES);
                    }
                }
            }
            let mut tile = [[V::zero(); P]; R];
            for p in 0..P {
                if p % C::GATES < C::INPUT_GATES_PREADDED && p < inside {
                    for r in 0..R {
                        tile[r][p] = V::load(input[r].add(p * stride));
                    }
                }
            }
            if let Some(bias) = self.recurrent_bias {
                for p in 0..P {
                    if p < inside {
                        let bias = V::load(bias.as_ptr().add(column + p * stride));
                        for row in &mut tile {
                            row[p] = row[p].add(bias);
                        }
                    }
                }
            }
            accumulate(
                &mut tile,
                &previous,
                1,
                self.recurrent.panel(panel).as_ptr(),
                units,
            );
            for together in 0..P / C::GATES {
                let gate = together * C::GATES;
                if gate >= inside {
                    break;
                }
                let register = first_register + together;
                let unit = register * V::LANES;
                let rows: [Row<E>; R] = each!(Row::NOWHERE; R, r => {
                    let mut saved = self.saved.get();
                    if !saved.is_null() {
                        let at = (position + r) * registers + register;
                        saved = saved.add(at * C::SAVED * V::LANES);
                    }
                    Row {
                        input: input[r].add(gate * stride),
                        previous: previous[r].add(unit),
                        carry: self.cell_state.get().add((first + r) * padded + unit),
                        saved,
                    }
                });
                let states = C::forward::<V, R, P>(&tile, gate, &rows);
                for (r, state) in states.into_iter().enumerate() {
                    let rank = first + r;
                    let next = if rank < active_next {
                        let next = self.chunk.next(t) + rank;
                        self.record(state, next, unit);
                        self.previous(step + 1, next, rank)
                    } else {
                        self.hidden.get().add(rank * padded)
                    };
                    state.store(next.add(unit));
                    if !self.all.is_null() && unit < units {
                        let row = self.chunk.rows()[rank];
                        let to = self.all.get().add((row * self.time + t) * units + unit);
                        state.store_first(to, units - unit);
                    }
                }
            }
        }
    }
}
