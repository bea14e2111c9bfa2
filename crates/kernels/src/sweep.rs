//! The sweep through time of some rows: all steps, no waiting for other threads.
//!
//! Forward: `z = x + h · U (+ b)` in registers, the cell's pointwise part on these registers, the new
//! state to where the next step reads it. Backward: `dh = dz(next step) · Uᵀ`, the pointwise part's
//! gradient on the registers, `dz` to its place. The products over all steps at once are not here.

use std::marker::PhantomData;
use std::ops::Range;

use crate::cell::{Pointwise, Row, RowBack};
use crate::layout::Chunk;
use crate::panel::{Columns, Panels};
use crate::parallel::Shared;
use crate::tile::{accumulate, prefetch, tiles, with_rows};
use crate::vector::{Kernel, Real, Vector, each};

/// Forward over the ranks `ranks` of `chunk`.
///
/// H' is the number of units with padding, W the width of all gates with padding.
pub(crate) struct Forward<'a, E: Real, K: Real, C> {
    pub(crate) chunk: &'a Chunk,
    pub(crate) ranks: Range<usize>,
    /// The input's part of the gates, `[rows, W]`.
    pub(crate) table: &'a [E],
    /// Which row of the table, for each position of the chunk.
    pub(crate) slots: &'a [u32],
    pub(crate) recurrent: &'a Panels<E>,
    /// Added to the gates beside the table's rows, `[W]`.
    pub(crate) recurrent_bias: Option<&'a [E]>,
    pub(crate) states: States<E>,
    /// The state before each step for the sums of the way back, `[positions, padded units]` of
    /// `summed`, or null where `states` has it.
    pub(crate) kept: Shared<K>,
    pub(crate) summed: Columns,
    /// What the way back needs, `[positions, blocks · SAVED · lanes]`, or null.
    pub(crate) saved: Shared<E>,
    /// The state: before the first step, and then after the last, `[ranks, H']`.
    pub(crate) hidden: Shared<E>,
    /// The memory, likewise.
    pub(crate) memory: Shared<E>,
    /// All states of all rows of the batch, `[B, T, H]`, or null.
    pub(crate) all: Shared<E>,
    /// T of `all`.
    pub(crate) time: usize,
    pub(crate) cell: PhantomData<C>,
}

/// Where the state before each step is kept.
#[derive(Clone, Copy)]
pub(crate) enum States<E> {
    /// For the way back: `[positions, H']`.
    Kept(Shared<E>),
    /// For two steps in turn: `[2, ranks, H']`.
    Turns(Shared<E>),
}

/// Whether a sweep in `E` has sums in another precision; known when it is compiled.
#[inline(always)]
pub(crate) const fn apart<E: Real, K: Real>() -> bool {
    size_of::<E>() != size_of::<K>()
}

impl<E: Real, K: Real, C: Pointwise> Kernel<E> for Forward<'_, E, K, C> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<V: Vector<Elem = E>>(self) {
        // SAFETY: the caller's promise.
        unsafe {
            match self.recurrent.columns.panel_width / V::LANES {
                3 => self.go::<V, 3>(),
                _ => self.go::<V, 4>(),
            }
        }
    }
}

impl<E: Real, K: Real, C: Pointwise> Forward<'_, E, K, C> {
    /// Units with padding.
    #[inline(always)]
    fn padded(&self) -> usize {
        self.recurrent.columns.padded_units
    }

    #[inline(always)]
    unsafe fn previous(&self, step: usize, position: usize, rank: usize) -> *mut E {
        let padded = self.padded();
        // SAFETY: positions and ranks are the chunk's, for which the buffers were made.
        unsafe {
            match self.states {
                States::Kept(states) => states.get().add(position * padded),
                States::Turns(states) => {
                    let turn = (step & 1) * self.chunk.rows.len();
                    states.get().add((turn + rank) * padded)
                }
            }
        }
    }

    /// Keeps the state before a position for the sums, where it is not kept already.
    #[inline(always)]
    unsafe fn keep<V: Vector<Elem = E>>(&self, state: V, position: usize, unit: usize) {
        if apart::<E, K>() && !self.kept.get().is_null() {
            let at = position * self.summed.padded_units + unit;
            // SAFETY: the position is the chunk's, and padding of more lanes is longer.
            unsafe { state.store_as(self.kept.get().add(at)) };
        }
    }

    #[inline(always)]
    unsafe fn go<V: Vector<Elem = E>, const P: usize>(&self) {
        let padded = self.padded();
        for rank in self.ranks.clone() {
            if let Some(t) = self.chunk.start(rank) {
                let step = self.chunk.start_step(rank);
                // SAFETY: both are this rank's rows of `padded` elements.
                unsafe {
                    let position = self.chunk.position(t, rank);
                    let to = self.previous(step, position, rank);
                    let from = self.hidden.get().add(rank * padded);
                    std::ptr::copy_nonoverlapping(from, to, padded);
                    for unit in (0..padded).step_by(V::LANES) {
                        self.keep::<V>(V::load(from.add(unit)), position, unit);
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
            for panel in 0..self.recurrent.columns.panels {
                for (first, rows) in tiles(running.clone(), V::TILE_ROWS) {
                    // SAFETY: the caller's promise.
                    with_rows!(V, rows, R => unsafe {
                        self.tile::<V, R, P>(step, t, panel, first)
                    });
                }
            }
        }
    }

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
        let column = panel * P * V::LANES;
        let position = self.chunk.position(t, first);
        let going_on = self.chunk.going_on(t);
        // SAFETY: the caller's promise of the instructions. Positions and ranks are the chunk's, and
        // slots rows of the table, so every pointer lies in the buffer made for it; other tasks
        // write other ranks.
        unsafe {
            let input: [*const E; R] = each!(std::ptr::null(); R, r => {
                let slot = self.slots[position + r] as usize;
                self.table.as_ptr().add(slot * width + column)
            });
            let previous: [*const E; R] = each!(std::ptr::null(); R, r => {
                self.previous(step, position + r, first + r).cast_const()
            });
            // What the next step of these rows reads lies wherever its tokens do.
            if first + R <= going_on {
                let next = self.chunk.next(t) + first;
                for r in 0..R {
                    let slot = self.slots[next + r] as usize;
                    let at = self.table.as_ptr().wrapping_add(slot * width + column);
                    prefetch::<V>(at, P * V::LANES);
                    // And what it saves goes where nothing has been for long.
                    if !self.saved.get().is_null() {
                        let block = panel * (P / C::GATES);
                        let place = (next + r) * columns.blocks + block;
                        let at = self.saved.get().wrapping_add(place * C::SAVED * V::LANES);
                        prefetch::<V>(at, P / C::GATES * C::SAVED * V::LANES);
                    }
                }
            }
            let mut tile = [[V::zero(); P]; R];
            for r in 0..R {
                for p in 0..P {
                    if p % C::GATES < C::ADDED {
                        tile[r][p] = V::load(input[r].add(p * V::LANES));
                    }
                }
            }
            if let Some(bias) = self.recurrent_bias {
                for p in 0..P {
                    let bias = V::load(bias.as_ptr().add(column + p * V::LANES));
                    for row in &mut tile {
                        row[p] = row[p].add(bias);
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
                let block = panel * (P / C::GATES) + together;
                let unit = block * V::LANES;
                let rows: [Row<E>; R] = each!(Row::NOWHERE; R, r => {
                    let mut saved = self.saved.get();
                    if !saved.is_null() {
                        let place = (position + r) * columns.blocks + block;
                        saved = saved.add(place * C::SAVED * V::LANES);
                    }
                    Row {
                        input: input[r].add(gate * V::LANES),
                        previous: previous[r].add(unit),
                        carry: self.memory.get().add((first + r) * padded + unit),
                        saved,
                    }
                });
                let states = C::forward::<V, R, P>(&tile, gate, &rows);
                for (r, state) in states.into_iter().enumerate() {
                    let rank = first + r;
                    let next = if rank < going_on {
                        let next = self.chunk.next(t) + rank;
                        self.keep(state, next, unit);
                        self.previous(step + 1, next, rank)
                    } else {
                        self.hidden.get().add(rank * padded)
                    };
                    state.store(next.add(unit));
                    if !self.all.get().is_null() && unit < units {
                        let row = self.chunk.rows[rank];
                        let to = self.all.get().add((row * self.time + t) * units + unit);
                        state.store_first(to, units - unit);
                    }
                }
            }
        }
    }
}

/// Backward over the ranks `ranks` of `chunk`, after its [`Forward`].
pub(crate) struct Backward<'a, E: Real, K: Real, C> {
    pub(crate) chunk: &'a Chunk,
    pub(crate) ranks: Range<usize>,
    /// `Uᵀ`: its depth is the gates in their inside order, its columns the units.
    pub(crate) transposed: &'a Panels<E>,
    /// Units of the cell with padding: the width of states.
    pub(crate) padded: usize,
    /// As the forward sweep left them, of this chunk; the state before each step only where the
    /// cell reads it.
    pub(crate) saved: &'a [E],
    pub(crate) previous: &'a [E],
    /// Gradients of the gates' input part and state part, of this chunk: `[positions, W]`, or for two
    /// steps in turn, `[2, ranks, W]`, where the sums are apart. The same buffer twice where they do
    /// not differ.
    pub(crate) by_input: Shared<E>,
    pub(crate) by_state: Shared<E>,
    /// The same for the sums where they are apart, `[positions, width]` of `summed`.
    pub(crate) sums: [Shared<K>; 2],
    pub(crate) summed: Columns,
    /// The gradient of the last state, and then of the first, `[ranks, H']`.
    pub(crate) hidden: Shared<E>,
    /// The gradient of the last memory, and then of the first, likewise; zeros where the cell has
    /// no memory.
    pub(crate) carry: Shared<E>,
    /// The gradient of all states, `[B, T, H]`.
    pub(crate) all: Option<&'a [E]>,
    /// T of `all`.
    pub(crate) time: usize,
    pub(crate) cell: PhantomData<C>,
}

/// Registers of units in a tile of the backward sweep.
const UNITS: usize = 4;

impl<E: Real, K: Real, C: Pointwise> Kernel<E> for Backward<'_, E, K, C> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<V: Vector<Elem = E>>(self) {
        for step in (0..self.chunk.steps()).rev() {
            let t = self.chunk.time(step);
            let running = self.ranks.start..self.ranks.end.min(self.chunk.active(t));
            if running.is_empty() {
                continue;
            }
            let going_on = self.chunk.going_on(t).clamp(running.start, running.end);
            for panel in 0..self.transposed.columns.panels {
                for (first, rows) in tiles(running.start..going_on, V::TILE_ROWS) {
                    // SAFETY: the caller's promise.
                    with_rows!(V, rows, R => unsafe { self.tile::<V, R, true>(step, panel, first) });
                }
                for (first, rows) in tiles(going_on..running.end, V::TILE_ROWS) {
                    // SAFETY: the caller's promise.
                    with_rows!(V, rows, R => unsafe { self.tile::<V, R, false>(step, panel, first) });
                }
            }
        }
        for rank in self.ranks.clone() {
            if let Some(t) = self.chunk.start(rank) {
                for panel in 0..self.transposed.columns.panels {
                    // SAFETY: the caller's promise.
                    unsafe { self.first_state::<V>(t, rank, panel) };
                }
            }
        }
    }
}

impl<E: Real, K: Real, C: Pointwise> Backward<'_, E, K, C> {
    /// The gates' gradients of a row at a step: input part and state part.
    #[inline(always)]
    unsafe fn gates(&self, step: usize, position: usize, rank: usize) -> [*mut E; 2] {
        let width = self.transposed.depth;
        let place = if apart::<E, K>() {
            (step & 1) * self.chunk.rows.len() + rank
        } else {
            position
        };
        // SAFETY: positions and ranks are the chunk's, for which the buffers were made.
        unsafe {
            [
                self.by_input.get().add(place * width),
                self.by_state.get().add(place * width),
            ]
        }
    }

    /// `dh` of some rows for the units of a panel, and the cell's gradient there. `NEXT`: whether
    /// the rows have a next step, from which `dh` comes; else it is that of the last state.
    #[inline(always)]
    unsafe fn tile<V: Vector<Elem = E>, const R: usize, const NEXT: bool>(
        &self,
        step: usize,
        panel: usize,
        first: usize,
    ) {
        let t = self.chunk.time(step);
        let width = self.transposed.depth;
        let units = self.transposed.columns.units;
        let blocks = self.padded / V::LANES;
        let position = self.chunk.position(t, first);
        // SAFETY: the caller's promise of the instructions. Positions and ranks are the chunk's, so
        // every pointer lies in the buffer made for it; other tasks write other ranks.
        unsafe {
            // What the way there saved is long out of the near caches.
            if let Some(before) = self.chunk.before(t) {
                for r in 0..R {
                    let place = (before + first + r) * blocks + panel * UNITS;
                    let at = self
                        .saved
                        .as_ptr()
                        .wrapping_add(place * C::SAVED * V::LANES);
                    prefetch::<V>(at, UNITS * C::SAVED * V::LANES);
                    if !apart::<E, K>() {
                        let block = panel * UNITS * C::GATES * V::LANES;
                        let gates = (before + first + r) * width + block;
                        let at = self.by_input.get().wrapping_add(gates);
                        prefetch::<V>(at, UNITS * C::GATES * V::LANES);
                    }
                }
            }
            let mut tile = [[V::zero(); UNITS]; R];
            if NEXT {
                let next = self.chunk.next(t) + first;
                let rows: [*const E; R] = each!(std::ptr::null(); R, r => {
                    let [_, by_state] = self.gates(step + 1, next + r, first + r);
                    by_state.cast_const()
                });
                let panel = self.transposed.panel(panel).as_ptr();
                accumulate(&mut tile, &rows, 1, panel, width);
            }
            for p in 0..UNITS {
                let block = panel * UNITS + p;
                if block >= blocks {
                    break;
                }
                let unit = block * V::LANES;
                let rows: [RowBack<E>; R] = each!(RowBack::NOWHERE; R, r => {
                    let place = (position + r) * blocks + block;
                    let [by_input, by_state] = self.gates(step, position + r, first + r);
                    let gates = block * C::GATES * V::LANES;
                    let mut previous = self.previous.as_ptr();
                    if C::PREVIOUS {
                        previous = previous.add((position + r) * self.padded + unit);
                    }
                    RowBack {
                        saved: self.saved.as_ptr().add(place * C::SAVED * V::LANES),
                        previous,
                        carry: self.carry.get().add((first + r) * self.padded + unit),
                        by_input: by_input.add(gates),
                        by_state: by_state.add(gates),
                    }
                });
                let dh = each!(R, r => {
                    let rank = first + r;
                    let mut dh = tile[r][p];
                    if !NEXT {
                        dh = V::load(self.hidden.get().add(rank * self.padded + unit));
                    }
                    if let Some(all) = self.all
                        && unit < units
                    {
                        let row = self.chunk.rows[rank];
                        let from = all.as_ptr().add((row * self.time + t) * units + unit);
                        dh = dh.add(V::load_first(from, units - unit));
                    }
                    dh
                });
                C::backward::<V, R>(dh, &rows);
                if unit + V::LANES > units {
                    for row in &rows {
                        let used = units.saturating_sub(unit);
                        clear_padding::<V>(row.by_input, used, C::GATES);
                        clear_padding::<V>(row.by_state, used, C::GATES);
                    }
                }
                if apart::<E, K>() {
                    let sums = self.sums;
                    for (r, row) in rows.iter().enumerate() {
                        for gate in 0..C::GATES {
                            let from = gate * V::LANES;
                            let to =
                                (position + r) * self.summed.width + self.summed.at(unit, gate);
                            V::load(row.by_input.add(from)).store_as(sums[0].get().add(to));
                            if C::SPLIT {
                                V::load(row.by_state.add(from)).store_as(sums[1].get().add(to));
                            }
                        }
                    }
                }
            }
        }
    }

    /// The gradient of the state before a row's first step.
    #[inline(always)]
    unsafe fn first_state<V: Vector<Elem = E>>(&self, t: usize, rank: usize, panel: usize) {
        let width = self.transposed.depth;
        // SAFETY: as in `tile`.
        unsafe {
            let (step, position) = (self.chunk.start_step(rank), self.chunk.position(t, rank));
            let [_, row] = self.gates(step, position, rank);
            let mut tile = [[V::zero(); UNITS]; 1];
            let packed = self.transposed.panel(panel).as_ptr();
            accumulate(&mut tile, &[row.cast_const()], 1, packed, width);
            for (p, dh) in tile[0].into_iter().enumerate() {
                let unit = (panel * UNITS + p) * V::LANES;
                if unit < self.padded {
                    let mut dh = dh;
                    if !C::MEMORY {
                        dh = dh.add(V::load(self.carry.get().add(rank * self.padded + unit)));
                    }
                    dh.store(self.hidden.get().add(rank * self.padded + unit));
                }
            }
        }
    }
}

/// Makes the padding of a block's gradients zero, whatever infinities have made of it: it stands in
/// products with units that are not padding.
#[inline(always)]
unsafe fn clear_padding<V: Vector>(gates: *mut V::Elem, used: usize, count: usize) {
    for gate in 0..count {
        for lane in used..V::LANES {
            // SAFETY: the caller has `count` registers there.
            unsafe { *gates.add(gate * V::LANES + lane) = V::Elem::default() };
        }
    }
}
