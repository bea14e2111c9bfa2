//! The backward scan, from the last step to the first.

use std::marker::PhantomData;
use std::ops::Range;

use super::accumulates_in_other_precision;
use crate::cell::{Pointwise, RowBack};
use crate::layouts::PLAIN;
use crate::panel::{BLOCK, Panels, column};
use crate::parallel::Shared;
use crate::pool::Number;
use crate::positions::Chunk;
use crate::sizes::holds;
use crate::tile::{accumulate_segments, prefetch, tiles, with_rows};
use crate::vector::{Kernel, Vector, each};

/// Backward over the ranks `ranks` of `chunk`, after its [`super::Forward`].
///
/// # Safety
/// Scans that run at the same time over the same memory differ in their ranks.
pub(crate) struct Backward<'a, E: Number, K: Number, C> {
    pub(crate) chunk: &'a Chunk,
    pub(crate) ranks: Range<usize>,
    /// `Uᵀ`: its depth is the gates in their blocked layout, its columns the units.
    pub(crate) transposed: &'a Panels<E>,
    /// Units of the cell with padding: the width of states.
    pub(crate) padded: usize,
    /// As the forward scan left them, of this chunk; the state before each step only where the
    /// cell reads it.
    pub(crate) saved: &'a [E],
    pub(crate) previous: &'a [E],
    /// Gradients of the gates' input part, of this chunk: `[positions, W]`, or for two steps in turn,
    /// `[2, ranks, W]`, where the sums are in another precision.
    pub(crate) input_grad: Shared<'a, E>,
    /// Gradients of the gates' recurrent part, likewise; the same buffer where the cell has them equal.
    pub(crate) recurrent_grad: Shared<'a, E>,
    /// Both once more, `[positions, W]`, for sums in another precision.
    pub(crate) summed_grads: [Shared<'a, K>; 2],
    /// The gradient of the last state, and then of the first, `[ranks, H']`.
    pub(crate) hidden: Shared<'a, E>,
    /// The gradient of the last cell state, and then of the first, likewise; zeros for a cell without one.
    pub(crate) carry: Shared<'a, E>,
    /// The gradient of all states, `[B, T, H]`.
    pub(crate) all: Option<&'a [E]>,
    /// T of `all`.
    pub(crate) time: usize,
    pub(crate) cell: PhantomData<C>,
}

/// Registers of units in a tile of the backward scan.
const UNITS: usize = PLAIN;

impl<E: Number, K: Number, C: Pointwise> Kernel<E> for Backward<'_, E, K, C> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<V: Vector<Elem = E>>(self) {
        self.assert_sizes(V::LANES);
        for step in (0..self.chunk.steps()).rev() {
            let t = self.chunk.time(step);
            let running = self.ranks.start..self.ranks.end.min(self.chunk.active(t));
            if running.is_empty() {
                continue;
            }
            let active_next = self.chunk.active_next(t).clamp(running.start, running.end);
            for panel in 0..self.transposed.columns.panels {
                for (first, rows) in tiles(running.start..active_next, V::TILE_ROWS) {
                    // SAFETY: the CPU has V's instructions, as the caller promised; these ranks run at this step.
                    with_rows!(V, rows, R => unsafe { self.tile::<V, R, true>(step, panel, first) });
                }
                for (first, rows) in tiles(active_next..running.end, V::TILE_ROWS) {
                    // SAFETY: the CPU has V's instructions, as the caller promised; these ranks run at this step.
                    with_rows!(V, rows, R => unsafe { self.tile::<V, R, false>(step, panel, first) });
                }
            }
        }
        for rank in self.ranks.clone() {
            if let Some(t) = self.chunk.start(rank) {
                for panel in 0..self.transposed.columns.panels {
                    // SAFETY: the CPU has V's instructions, as the caller promised; the rank runs first at `t`.
                    unsafe { self.first_state::<V>(t, rank, panel) };
                }
            }
        }
    }
}

impl<E: Number, K: Number, C: Pointwise> Backward<'_, E, K, C> {
    /// Every buffer against the chunk and the orders: what all pointers below rest on.
    fn assert_sizes(&self, lanes: usize) {
        let (depth, columns) = (self.transposed.depth, &self.transposed.columns);
        let (ranks, positions) = (self.chunk.rows().len(), self.chunk.positions());
        columns.assert_registers(1, lanes, UNITS);
        // The columns reach all units, and the gates of all of these are the depth.
        assert!(columns.padded_units == self.padded && depth == self.padded * C::GATES);
        assert!(self.ranks.end <= ranks);
        let registers = self.padded / lanes;
        assert!(holds(
            self.saved.len(),
            &[positions, registers, C::SAVED, lanes]
        ));
        assert!(!C::READS_PREV_STATE || holds(self.previous.len(), &[positions, self.padded]));
        let places = if accumulates_in_other_precision::<E, K>() {
            [2, ranks]
        } else {
            [1, positions]
        };
        for gates in [self.input_grad, self.recurrent_grad] {
            assert!(holds(gates.len(), &[places[0], places[1], depth]));
        }
        if accumulates_in_other_precision::<E, K>() {
            let sums = &self.summed_grads[..1 + usize::from(C::SEPARATE_RECURRENT_GRAD)];
            for sum in sums {
                assert!(holds(sum.len(), &[positions, depth]));
            }
        }
        for state in [self.hidden, self.carry] {
            assert!(holds(state.len(), &[ranks, self.padded]));
        }
        if let Some(all) = self.all {
            assert!(self.chunk.steps() <= self.time);
            for row in self.chunk.rows() {
                assert!(holds(all.len(), &[row + 1, self.time, columns.units]));
            }
        }
    }

    /// The gates' gradients of a row at a step: input part and recurrent part.
    ///
    /// # Safety
    /// The position and the rank are the chunk's.
    #[inline(always)]
    unsafe fn gates(&self, step: usize, position: usize, rank: usize) -> [*mut E; 2] {
        let width = self.transposed.depth;
        let place = if accumulates_in_other_precision::<E, K>() {
            (step & 1) * self.chunk.rows().len() + rank
        } else {
            position
        };
        // SAFETY: the chunk's positions and ranks lie in the buffers, whose sizes are asserted.
        unsafe {
            [
                self.input_grad.get().add(place * width),
                self.recurrent_grad.get().add(place * width),
            ]
        }
    }

    /// `dh` of some rows for the units of a panel, and the cell's gradient there. `NEXT`: whether
    /// the rows have a next step, from which `dh` comes; else it is that of the last state.
    ///
    /// # Safety
    /// The CPU has the instructions of `V`; the sizes have been asserted; the ranks run at this step, and at the next
    /// one where `NEXT` says so.
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
        let registers = self.padded / V::LANES;
        let position = self.chunk.position(t, first);
        // SAFETY: the caller has the instructions. Positions and ranks are the chunk's, and the buffers hold as many
        // as is asserted; the panel is a slice of its depth. What is written belongs to these ranks, and other tasks
        // have others.
        unsafe {
            // What the forward scan saved is long out of the near caches.
            if let Some(before) = self.chunk.before(t) {
                for r in 0..R {
                    let place = (before + first + r) * registers + panel * UNITS;
                    let at = self
                        .saved
                        .as_ptr()
                        .wrapping_add(place * C::SAVED * V::LANES);
                    prefetch::<V>(at, UNITS * C::SAVED * V::LANES);
                    if !accumulates_in_other_precision::<E, K>() {
                        let gates = column(panel * UNITS * V::LANES, C::GATES, 0);
                        let gates = (before + first + r) * width + gates;
                        let at = self.input_grad.get().wrapping_add(gates);
                        prefetch::<V>(at, UNITS * C::GATES * V::LANES);
                    }
                }
            }
            let mut tile = [[V::zero(); UNITS]; R];
            if NEXT {
                let next = self.chunk.next(t) + first;
                let rows: [*const E; R] = each!(std::ptr::null(); R, r => {
                    let [_, recurrent] = self.gates(step + 1, next + r, first + r);
                    recurrent.cast_const()
                });
                let panel = self.transposed.panel(panel).as_ptr();
                accumulate_segments(&mut tile, &rows, panel, &self.transposed.segments());
            }
            for p in 0..UNITS {
                let register = panel * UNITS + p;
                let unit = register * V::LANES;
                if unit >= units {
                    break;
                }
                let gates = column(unit, C::GATES, 0);
                let rows: [RowBack<E>; R] = each!(RowBack::NOWHERE; R, r => {
                    let place = (position + r) * registers + register;
                    let [input_grad, recurrent_grad] = self.gates(step, position + r, first + r);
                    let mut previous = self.previous.as_ptr();
                    if C::READS_PREV_STATE {
                        previous = previous.add((position + r) * self.padded + unit);
                    }
                    RowBack {
                        saved: self.saved.as_ptr().add(place * C::SAVED * V::LANES),
                        previous,
                        carry: self.carry.get().add((first + r) * self.padded + unit),
                        input_grad: input_grad.add(gates),
                        recurrent_grad: recurrent_grad.add(gates),
                    }
                });
                let dh = each!(R, r => {
                    let rank = first + r;
                    let mut dh = tile[r][p];
                    if !NEXT {
                        dh = V::load(self.hidden.get().add(rank * self.padded + unit));
                    }
                    if let Some(all) = self.all {
                        let row = self.chunk.rows()[rank];
                        let from = all.as_ptr().add((row * self.time + t) * units + unit);
                        dh = dh.add(V::load_first(from, units - unit));
                    }
                    dh
                });
                C::backward::<V, R>(dh, &rows);
                if unit + V::LANES > units {
                    for row in &rows {
                        let used = units - unit;
                        clear_padding::<V>(row.input_grad, used, C::GATES);
                        clear_padding::<V>(row.recurrent_grad, used, C::GATES);
                    }
                }
                if accumulates_in_other_precision::<E, K>() {
                    let sums = self.summed_grads;
                    for (r, row) in rows.iter().enumerate() {
                        for gate in 0..C::GATES {
                            let from = gate * BLOCK;
                            let to = (position + r) * width + gates + from;
                            V::load(row.input_grad.add(from)).store_as(sums[0].get().add(to));
                            if C::SEPARATE_RECURRENT_GRAD {
                                let recurrent = V::load(row.recurrent_grad.add(from));
                                recurrent.store_as(sums[1].get().add(to));
                            }
                        }
                    }
                }
            }
        }
    }

    /// The gradient of the state before a row's first step.
    ///
    /// # Safety
    /// The CPU has the instructions of `V`; the sizes have been asserted; the rank is processed first at time `t`.
    #[inline(always)]
    unsafe fn first_state<V: Vector<Elem = E>>(&self, t: usize, rank: usize, panel: usize) {
        // SAFETY: as in `tile`: the position and the rank are the chunk's.
        unsafe {
            let (step, position) = (self.chunk.start_step(rank), self.chunk.position(t, rank));
            let [_, row] = self.gates(step, position, rank);
            let mut tile = [[V::zero(); UNITS]; 1];
            let packed = self.transposed.panel(panel).as_ptr();
            let segments = self.transposed.segments();
            accumulate_segments(&mut tile, &[row.cast_const()], packed, &segments);
            for (p, dh) in tile[0].into_iter().enumerate() {
                let unit = (panel * UNITS + p) * V::LANES;
                if unit < self.transposed.columns.units {
                    let mut dh = dh;
                    if !C::HAS_CELL_STATE {
                        dh = dh.add(V::load(self.carry.get().add(rank * self.padded + unit)));
                    }
                    dh.store(self.hidden.get().add(rank * self.padded + unit));
                }
            }
        }
    }
}

/// Makes the padding of a register's gradients zero: no result has anything of it, but numbers too small to be normal,
/// which may be left over there, cost time in the sums.
///
/// # Safety
/// `gates` is valid for `count` registers, [`BLOCK`] numbers apart.
#[inline(always)]
unsafe fn clear_padding<V: Vector>(gates: *mut V::Elem, used: usize, count: usize) {
    for gate in 0..count {
        for lane in used..V::LANES {
            // SAFETY: the caller has `count` registers there.
            unsafe { *gates.add(gate * BLOCK + lane) = V::Elem::default() };
        }
    }
}
