//! The two dense products: `A · B + b`, and `C += Aᵀ · B`.
//!
//! Both are cut into tasks by what they write, never by what they sum over: each element is one chain of fused
//! multiply-adds, in the order of the depth, whatever the threads and the registers are.

use std::ops::Range;

use crate::isa::Isa;
use crate::panel::{Columns, Panels, stride, touched};
use crate::parallel::even;
use crate::parallel::{self, Shared};
use crate::pool::{Buffer, Number};
use crate::sizes::holds;
use crate::tile::{accumulate, accumulate_segments, prefetch, tiles, with_rows};
use crate::vector::{Kernel, Vector, each};

/// `rows · panels + bias`, `[count, width]` in the blocked layout of the panels' columns.
///
/// Row `i` of the left side begins at `i · depth` in `left`. On so many threads at most.
pub(crate) fn rows_product<E: Number>(
    isa: Isa,
    threads: usize,
    left: &[E],
    count: usize,
    panels: &Panels<E>,
    bias: Option<&[E]>,
    out: &mut [E],
) {
    let out = Shared::new(out);
    // No task of so few rows that packing its tiles costs more than they do.
    let tasks = even(count, parts(threads).min(count.div_ceil(24))).collect();
    parallel::run(tasks, |rows| {
        let product = RowsProduct {
            left,
            panels,
            bias,
            out,
            rows,
        };
        // SAFETY: the ranges of `even` do not overlap.
        unsafe { E::dispatch(isa, product) };
    });
}

/// Into how many tasks to cut what so many threads share: a thread that ends early takes over from another.
fn parts(threads: usize) -> usize {
    if threads == 1 { 1 } else { 4 * threads }
}

/// The product's rows `rows`.
///
/// # Safety
/// Products that run at the same time over the same memory differ in their rows.
struct RowsProduct<'a, E: Number> {
    left: &'a [E],
    panels: &'a Panels<E>,
    bias: Option<&'a [E]>,
    out: Shared<'a, E>,
    rows: Range<usize>,
}

impl<E: Number> Kernel<E> for RowsProduct<'_, E> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<V: Vector<Elem = E>>(self) {
        let Columns { width, .. } = self.panels.columns;
        assert!(holds(self.left.len(), &[self.rows.end, self.panels.depth]));
        assert!(holds(self.out.len(), &[self.rows.end, width]));
        assert!(self.bias.is_none_or(|bias| bias.len() == width));
        // SAFETY: the CPU has V's instructions, as the caller promised.
        unsafe {
            match self.panels.columns.panel_width() / V::LANES {
                3 => self.go::<V, 3>(),
                _ => self.go::<V, 4>(),
            }
        }
    }
}

impl<E: Number> RowsProduct<'_, E> {
    /// All panels, of P registers.
    ///
    /// # Safety
    /// The CPU has the instructions of `V`; the sizes have been asserted.
    #[inline(always)]
    unsafe fn go<V: Vector<Elem = E>, const P: usize>(&self) {
        let columns = &self.panels.columns;
        columns.assert_registers(columns.gates, V::LANES, P);
        for panel in 0..columns.panels {
            for (first, rows) in tiles(self.rows.clone(), V::TILE_ROWS) {
                // SAFETY: the caller has the instructions and the sizes; the rows are the task's.
                with_rows!(V, rows, R => unsafe { self.tile::<V, R, P>(panel, first) });
            }
        }
    }

    /// R rows from `first` on, with a panel.
    ///
    /// # Safety
    /// The CPU has the instructions of `V`; the sizes have been asserted, panels have P registers; the rows are the
    /// task's.
    #[inline(always)]
    unsafe fn tile<V: Vector<Elem = E>, const R: usize, const P: usize>(
        &self,
        panel: usize,
        first: usize,
    ) {
        let depth = self.panels.depth;
        let columns = &self.panels.columns;
        let width = columns.width;
        let column = columns.at(panel * columns.panel_units, 0);
        let stride = stride(columns.gates, V::LANES);
        // Registers beyond the last unit are in no row.
        let inside = columns.registers_of(panel) * columns.gates;
        // SAFETY: the caller has the instructions; both sides have the task's rows, as is asserted, and the panel is
        // a slice of its depth; no other task writes these rows.
        unsafe {
            let mut tile = [[V::zero(); P]; R];
            if let Some(bias) = self.bias {
                for p in 0..P {
                    if p < inside {
                        let bias = V::load(bias.as_ptr().add(column + p * stride));
                        for row in &mut tile {
                            row[p] = bias;
                        }
                    }
                }
            }
            let rows = each!(std::ptr::null(); R, r => self.left.as_ptr().add((first + r) * depth));
            let packed = self.panels.panel(panel).as_ptr();
            accumulate_segments(&mut tile, &rows, packed, &self.panels.segments());
            for (r, row) in tile.iter().enumerate() {
                let to = self.out.get().add((first + r) * width + column);
                for (p, vector) in row.iter().enumerate() {
                    if p < inside {
                        vector.store(to.add(p * stride));
                    }
                }
            }
        }
    }
}

/// Rows summed in one go: as many as keep both sides' rows in the first-level cache.
const DEPTH: usize = 64;
/// Columns of the left side in one task, for the same reason.
const LEFT: usize = 64;

/// `out += leftᵀ · right`: `left` `[count, ..]` with rows `left_stride` apart, of which `out.depth`
/// columns are used; `right` `[count, width]` in the blocked layout of the columns of `out`.
///
/// Each element is one chain over all rows; [`DEPTH`] only says how many are worked off at a time. On so many threads at
/// most.
pub(crate) fn transposed_product<E: Number>(
    isa: Isa,
    threads: usize,
    left: &[E],
    left_stride: usize,
    right: &[E],
    count: usize,
    out: &mut Panels<E>,
) {
    let columns = out.columns;
    let depth = out.depth;
    // At least one of each, even of nothing.
    let parts = depth.div_ceil(LEFT).max(1);
    // Panels of one task share the left side's rows while they are in the cache.
    let groups = threads.div_ceil(parts).min(columns.panels).max(1);
    // Narrow layers have few panels.
    let parts = parts.max(threads.div_ceil(groups).min(depth.div_ceil(8)));
    let tasks = even(columns.panels, groups)
        .flat_map(|panels| even(depth, parts).map(move |range| (panels.clone(), range)))
        .collect();
    let out = Shared::new(out.data_mut());
    parallel::run(tasks, |(panels, range)| {
        let product = TransposedProduct {
            left,
            left_stride,
            right,
            count,
            columns,
            depth,
            out,
            panels,
            range,
        };
        // SAFETY: each task has another pair of ranges of `even`, and so other panels or other rows of them.
        unsafe { E::dispatch(isa, product) };
    });
}

/// The product's rows `range` of the panels `panels`.
///
/// # Safety
/// Products that run at the same time over the same memory differ in their panels or in their range.
struct TransposedProduct<'a, E: Number> {
    left: &'a [E],
    left_stride: usize,
    right: &'a [E],
    count: usize,
    columns: Columns,
    depth: usize,
    out: Shared<'a, E>,
    panels: Range<usize>,
    range: Range<usize>,
}

impl<E: Number> Kernel<E> for TransposedProduct<'_, E> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<V: Vector<Elem = E>>(self) {
        let Columns { width, .. } = self.columns;
        assert!(self.range.end <= self.depth && self.depth <= self.left_stride);
        assert!(holds(self.left.len(), &[self.count, self.left_stride]));
        assert!(holds(self.right.len(), &[self.count, width]));
        assert!(self.panels.end <= self.columns.panels);
        assert!(holds(
            self.out.len(),
            &[self.depth, self.columns.packed_width()]
        ));
        // SAFETY: the CPU has V's instructions, as the caller promised.
        unsafe {
            match self.columns.panel_width() / V::LANES {
                3 => self.go::<V, 3>(),
                _ => self.go::<V, 4>(),
            }
        }
    }
}

impl<E: Number> TransposedProduct<'_, E> {
    /// All of the task's panels, of P registers.
    ///
    /// # Safety
    /// The CPU has the instructions of `V`; the sizes have been asserted.
    #[inline(always)]
    unsafe fn go<V: Vector<Elem = E>, const P: usize>(&self) {
        let width = P * V::LANES;
        self.columns
            .assert_registers(self.columns.gates, V::LANES, P);
        let mut packed = Buffer::<E>::stale(DEPTH * width);
        for first in (0..self.count).step_by(DEPTH) {
            let count = DEPTH.min(self.count - first);
            for panel in self.panels.clone() {
                let inside = self.columns.registers_of(panel) * self.columns.gates;
                let stride = stride(self.columns.gates, V::LANES);
                let (column, touches) = self.columns.start(panel);
                let lines = touched::<P>(self.columns.gates, V::LANES);
                for k in 0..count {
                    // SAFETY: the right side has `count` rows, as is asserted, and the places lie in them; `packed`
                    // has room for DEPTH registers of P; the caller has the instructions.
                    unsafe {
                        let from = (first + k) * self.columns.width + column;
                        let from = self.right.as_ptr().add(from);
                        let to = packed.as_mut_ptr().add(k * width);
                        for p in 0..P {
                            let vector = if p < inside {
                                V::load(from.add(p * stride))
                            } else {
                                V::zero()
                            };
                            vector.store(to.add(p * V::LANES));
                        }
                        // Rows far apart: no pattern that the processor would see by itself.
                        let ahead = from.wrapping_add(DEPTH * self.columns.width);
                        if touches {
                            prefetch::<V>(ahead, lines);
                        }
                    }
                }
                for (m, rows) in tiles(self.range.clone(), V::TILE_ROWS) {
                    // SAFETY: the caller has the instructions and the sizes; `count` rows are packed.
                    with_rows!(V, rows, R => unsafe {
                        self.tile::<V, R, P>(&packed, first, count, panel, m)
                    });
                }
            }
        }
    }

    /// R rows of the output from `m` on, in a panel: adds what `count` rows from `first` on give, of which `packed`
    /// holds the right side's.
    ///
    /// # Safety
    /// The CPU has the instructions of `V`; the sizes have been asserted; panel and rows are the task's; `packed`
    /// holds `count` rows of P registers.
    #[inline(always)]
    unsafe fn tile<V: Vector<Elem = E>, const R: usize, const P: usize>(
        &self,
        packed: &[E],
        first: usize,
        count: usize,
        panel: usize,
        m: usize,
    ) {
        let width = P * V::LANES;
        // SAFETY: the caller has the instructions; the left side has the rows and the columns, the output the panel's
        // rows, as is asserted; no other task writes these.
        unsafe {
            let out = self.out.get().add((panel * self.depth + m) * width);
            let mut tile = [[V::zero(); P]; R];
            for r in 0..R {
                for p in 0..P {
                    tile[r][p] = V::load(out.add(r * width + p * V::LANES));
                }
            }
            let left = self.left.as_ptr().add(first * self.left_stride + m);
            let rows = each!(std::ptr::null(); R, r => left.add(r));
            accumulate(&mut tile, &rows, self.left_stride, packed.as_ptr(), count);
            for r in 0..R {
                for p in 0..P {
                    tile[r][p].store(out.add(r * width + p * V::LANES));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layouts::BlockedLayouts;
    use crate::{Cell, Direction, Shape};

    fn panels(isa: Isa, depth: usize) -> Panels<f32> {
        let shape = Shape {
            cell: Cell::Lstm,
            direction: Direction::Forward,
            rows: 1,
            time: 1,
            inputs: depth,
            units: 5,
        };
        let columns = BlockedLayouts::new::<f32>(isa, &shape).gates;
        Panels::pack(&vec![1.0; depth * 20], columns)
    }

    /// As if a task had been forgotten.
    #[test]
    fn a_row_that_is_not_written_is_no_number() {
        for isa in Isa::available() {
            let panels = panels(isa, 3);
            let width = panels.columns.width;
            let mut out = Buffer::<f32>::stale(4 * width);
            rows_product(isa, 2, &[1.0; 12], 3, &panels, None, &mut out);
            let mut unpacked = vec![0.0; 20];
            for row in out[..3 * width].chunks_exact(width) {
                panels.columns.unpack_row(row, &mut unpacked);
                assert_eq!(unpacked, [3.0; 20]);
            }
            assert!(out[3 * width..].iter().all(|x| x.is_nan()));
        }
    }

    /// Sizes that disagree end in a panic on every instruction set, before a pointer is followed.
    #[test]
    fn a_side_that_is_too_short_is_not_read() {
        for isa in Isa::available() {
            let panels = panels(isa, 3);
            let width = panels.columns.width;
            for (left, out) in [(11, 4 * width), (12, 4 * width - 1)] {
                let result = std::panic::catch_unwind(|| {
                    rows_product(
                        isa,
                        2,
                        &vec![1.0; left],
                        4,
                        &panels,
                        None,
                        &mut vec![0.0; out],
                    );
                });
                assert!(result.is_err(), "{}", isa.name());
            }
            let result = std::panic::catch_unwind(|| {
                let mut out = Panels::zeroed(3, panels.columns);
                transposed_product(
                    isa,
                    2,
                    &[1.0; 12],
                    3,
                    &vec![0.0; 4 * width - 1],
                    4,
                    &mut out,
                );
            });
            assert!(result.is_err(), "{}", isa.name());
        }
    }

    /// Panels of other registers than the instruction set has.
    #[test]
    fn panels_of_another_instruction_set_are_refused() {
        let packed = panels(Isa::PORTABLE, 3);
        for isa in Isa::available() {
            let other = panels(isa, 3);
            let result = std::panic::catch_unwind(|| {
                let mut out = vec![0.0; 4 * packed.columns.width];
                rows_product(isa, 2, &[1.0; 12], 4, &packed, None, &mut out);
            });
            let same = other.columns.lanes == packed.columns.lanes;
            assert_eq!(result.is_ok(), same, "{}", isa.name());
        }
    }
}
