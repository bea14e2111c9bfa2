//! Which rows of the features a batch uses, each once, and the sums of gradients by row.
//!
//! A batch of 3,200 tokens has some 600 different ones. What depends on the token alone is computed
//! once for each, and gradients are added up by token before anything else is done with them.

use crate::isa::Isa;
use crate::parallel::{self, Shared, even};
use crate::pool::{Buffer, Number};
use crate::positions::{Chunk, Layout};
use crate::sizes::holds;
use crate::tile::prefetch;
use crate::vector::{Kernel, Vector};

/// The rows in use.
#[derive(Debug)]
pub(crate) struct Tokens {
    /// Each row in use, in the order of first occurrence.
    pub(crate) rows: Vec<u32>,
    /// For each position of the layout, the place in [`Self::rows`].
    pub(crate) slots: Vec<u32>,
}

impl Tokens {
    /// Of `index` `[rows, time]` into `features` rows, the positions of the layout.
    pub(crate) fn new(layout: &Layout, index: &[u32], time: usize, features: usize) -> Self {
        const NONE: u32 = u32::MAX;
        let mut slot_of = vec![NONE; features];
        let mut rows = Vec::new();
        let mut slots = Vec::with_capacity(layout.positions);
        for chunk in &layout.chunks {
            for t in 0..chunk.steps() {
                for rank in 0..chunk.active(t) {
                    let row = index[chunk.rows()[rank] * time + t];
                    let slot = &mut slot_of[row as usize];
                    if *slot == NONE {
                        *slot = rows.len() as u32;
                        rows.push(row);
                    }
                    slots.push(*slot);
                }
            }
        }
        Self { rows, slots }
    }

    /// The slots of one chunk's positions.
    pub(crate) fn slots_of(&self, chunk: &Chunk) -> &[u32] {
        &self.slots[chunk.first()..chunk.first() + chunk.positions()]
    }
}

/// Positions of a chunk by slot: each of `0..positions.len()` once. Only [`Self::new`] makes it, on which the sums rely.
pub(crate) struct BySlot {
    /// Slots that occur, with the range of their positions in `positions`.
    groups: Vec<(u32, std::ops::Range<usize>)>,
    positions: Vec<u32>,
}

impl BySlot {
    /// Sorts positions by slot (of `count`), keeping their order within one.
    pub(crate) fn new(slots: &[u32], count: usize) -> Self {
        let mut ends = vec![0usize; count];
        for slot in slots {
            ends[*slot as usize] += 1;
        }
        let mut groups = Vec::new();
        let mut sum = 0;
        for (slot, end) in ends.iter_mut().enumerate() {
            if *end > 0 {
                groups.push((slot as u32, sum..sum + *end));
                sum += *end;
            }
            *end = sum;
        }
        let mut positions = vec![0; slots.len()];
        // From behind, as ends are counted down.
        for (position, slot) in slots.iter().enumerate().rev() {
            let end = &mut ends[*slot as usize];
            *end -= 1;
            positions[*end] = position as u32;
        }
        Self { groups, positions }
    }

    /// One more than the last slot that occurs.
    pub(crate) fn end(&self) -> usize {
        self.groups.last().map_or(0, |(slot, _)| *slot as usize + 1)
    }

    /// `sums[slot] += Σ gradients[position]` over the positions of each slot; rows of `width`, a
    /// multiple of the lanes. Of slots from `fresh` on nothing has been summed: their rows are set.
    pub(crate) fn add<E: Number>(
        &self,
        isa: Isa,
        gradients: &[E],
        width: usize,
        fresh: usize,
        sums: &mut [E],
    ) {
        let sums = Shared::new(sums);
        let strips = width.div_ceil(STRIP);
        let tasks = even(strips, 4 * parallel::threads())
            .map(|strips| strips.start * STRIP..width.min(strips.end * STRIP))
            .collect();
        parallel::run(tasks, |columns| {
            let sums = Sums {
                by_slot: self,
                gradients,
                width,
                fresh,
                sums,
                columns,
            };
            // SAFETY: the ranges of `even` do not overlap.
            unsafe { E::dispatch(isa, sums) };
        });
    }
}

/// Columns that are summed together: four registers of the widest kind, eight of half its width.
const STRIP: usize = 64;
/// Rows added one after another before their sum is added to the whole, so that the rounding of a
/// long sum grows with its root's length only.
const RUN: usize = 32;
/// How many rows ahead the cache is asked for.
const AHEAD: usize = 12;

/// The sums' columns `columns`.
///
/// # Safety
/// Sums that run at the same time over the same memory differ in their columns.
struct Sums<'a, E: Number> {
    by_slot: &'a BySlot,
    gradients: &'a [E],
    width: usize,
    fresh: usize,
    sums: Shared<'a, E>,
    columns: std::ops::Range<usize>,
}

impl<E: Number> Kernel<E> for Sums<'_, E> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<V: Vector<Elem = E>>(self) {
        assert!(self.width.is_multiple_of(V::LANES) && self.columns.end <= self.width);
        assert!(self.columns.start.is_multiple_of(V::LANES));
        assert!(self.columns.end.is_multiple_of(V::LANES));
        let positions = self.by_slot.positions.len();
        assert!(holds(self.gradients.len(), &[positions, self.width]));
        assert!(holds(self.sums.len(), &[self.by_slot.end(), self.width]));
        for (slot, range) in &self.by_slot.groups {
            let fresh = *slot as usize >= self.fresh;
            let mut column = self.columns.start;
            while column < self.columns.end {
                // SAFETY: the CPU has V's instructions, as the caller promised; the columns are the task's and whole
                // registers, and `sums` has them for every slot, as is asserted.
                unsafe {
                    let out = self.sums.get().add(*slot as usize * self.width + column);
                    if column + 8 * V::LANES <= self.columns.end {
                        self.strip::<V, 8>(range.clone(), column, fresh, out);
                        column += 8 * V::LANES;
                    } else if column + 4 * V::LANES <= self.columns.end {
                        self.strip::<V, 4>(range.clone(), column, fresh, out);
                        column += 4 * V::LANES;
                    } else {
                        self.strip::<V, 1>(range.clone(), column, fresh, out);
                        column += V::LANES;
                    }
                }
            }
        }
    }
}

impl<E: Number> Sums<'_, E> {
    /// Adds up the rows at `range` of the sorted positions, in a strip of columns.
    ///
    /// # Safety
    /// The CPU has the instructions of `V`; the gradients have P registers of columns from `column` on; `out` is valid
    /// for as many, and no other task writes there.
    #[inline(always)]
    unsafe fn strip<V: Vector<Elem = E>, const P: usize>(
        &self,
        range: std::ops::Range<usize>,
        column: usize,
        fresh: bool,
        out: *mut E,
    ) {
        let at = |position: u32| {
            let place = position as usize * self.width + column;
            self.gradients.as_ptr().wrapping_add(place)
        };
        let positions = &self.by_slot.positions;
        // SAFETY: the caller has the instructions and the columns; every position is less than their number, for
        // which the gradients have rows, as is asserted.
        unsafe {
            let mut whole = [V::zero(); P];
            for start in range.clone().step_by(RUN) {
                let mut sum = [V::zero(); P];
                for place in start..range.end.min(start + RUN) {
                    // The rows lie anywhere, and nobody but us knows where the next will be.
                    if let Some(ahead) = positions.get(place + AHEAD) {
                        prefetch::<V>(at(*ahead), P * V::LANES);
                    }
                    let row = at(positions[place]);
                    for (p, sum) in sum.iter_mut().enumerate() {
                        *sum = sum.add(V::load(row.add(p * V::LANES)));
                    }
                }
                for (whole, sum) in whole.iter_mut().zip(sum) {
                    *whole = whole.add(sum);
                }
            }
            for (p, whole) in whole.into_iter().enumerate() {
                let out = out.add(p * V::LANES);
                if fresh {
                    whole.store(out);
                } else {
                    V::load(out).add(whole).store(out);
                }
            }
        }
    }
}

/// The rows in use, one after another.
pub(crate) fn gather<E: Number>(features: &[E], width: usize, rows: &[u32]) -> Buffer<E> {
    let mut gathered = Buffer::stale(rows.len() * width);
    for (to, row) in gathered.chunks_exact_mut(width.max(1)).zip(rows) {
        let from = *row as usize * width;
        to.copy_from_slice(&features[from..from + width]);
    }
    gathered
}
