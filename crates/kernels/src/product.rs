//! The two dense products a layer needs besides its sweep: `A · B + b`, and `C += Aᵀ · B`.
//!
//! Both are cut into tasks by what they write, never by what they sum over: each element is one
//! chain of additions whose order does not depend on the number of threads.

use std::ops::Range;

use crate::buffer::Buffer;
use crate::isa::Isa;
use crate::layout::even;
use crate::panel::{Columns, Panels};
use crate::parallel::{self, Shared};
use crate::tile::{accumulate, prefetch, tiles, with_rows};
use crate::vector::{Kernel, Real, Vector, each};

/// `rows · panels + bias`, `[count, width]` in the inside order of `panels`.
///
/// Row `i` of the left side begins at `row(i) · depth` in `left`.
pub(crate) fn rows_product<E: Real>(
    isa: Isa,
    left: &[E],
    count: usize,
    panels: &Panels<E>,
    bias: Option<&[E]>,
    out: &mut [E],
) {
    let width = panels.columns.width;
    assert!(left.len() >= count * panels.depth && out.len() >= count * width);
    assert!(bias.is_none_or(|bias| bias.len() == width));
    let out = Shared::new(out);
    // Few enough rows that a thread that ends early can take over from another.
    let tasks = even(count, (4 * parallel::threads()).min(count.div_ceil(24))).collect();
    parallel::run(tasks, |rows| {
        E::dispatch(
            isa,
            RowsProduct {
                left,
                panels,
                bias,
                out,
                rows,
            },
        );
    });
}

struct RowsProduct<'a, E: Real> {
    left: &'a [E],
    panels: &'a Panels<E>,
    bias: Option<&'a [E]>,
    out: Shared<E>,
    rows: Range<usize>,
}

impl<E: Real> Kernel<E> for RowsProduct<'_, E> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<V: Vector<Elem = E>>(self) {
        // SAFETY: the caller's promise.
        unsafe {
            match self.panels.columns.panel_width / V::LANES {
                3 => self.go::<V, 3>(),
                _ => self.go::<V, 4>(),
            }
        }
    }
}

impl<E: Real> RowsProduct<'_, E> {
    #[inline(always)]
    unsafe fn go<V: Vector<Elem = E>, const P: usize>(&self) {
        for panel in 0..self.panels.columns.panels {
            for (first, rows) in tiles(self.rows.clone(), V::TILE_ROWS) {
                // SAFETY: the caller's promise.
                with_rows!(V, rows, R => unsafe { self.tile::<V, R, P>(panel, first) });
            }
        }
    }

    #[inline(always)]
    unsafe fn tile<V: Vector<Elem = E>, const R: usize, const P: usize>(
        &self,
        panel: usize,
        first: usize,
    ) {
        let depth = self.panels.depth;
        let width = self.panels.columns.width;
        let column = panel * P * V::LANES;
        // SAFETY: the caller's promise of the instructions; `rows_product` has checked the lengths,
        // and rows of different tasks differ.
        unsafe {
            let mut tile = [[V::zero(); P]; R];
            if let Some(bias) = self.bias {
                for p in 0..P {
                    let bias = V::load(bias.as_ptr().add(column + p * V::LANES));
                    for row in &mut tile {
                        row[p] = bias;
                    }
                }
            }
            let rows = each!(std::ptr::null(); R, r => self.left.as_ptr().add((first + r) * depth));
            accumulate(
                &mut tile,
                &rows,
                1,
                self.panels.panel(panel).as_ptr(),
                depth,
            );
            for (r, row) in tile.iter().enumerate() {
                let to = self.out.get().add((first + r) * width + column);
                for (p, vector) in row.iter().enumerate() {
                    vector.store(to.add(p * V::LANES));
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
/// columns are used; `right` `[count, width]` in the inside order of `out`.
///
/// Each element is one chain over all rows; [`DEPTH`] only says how many are worked off at a time.
pub(crate) fn transposed_product<E: Real>(
    isa: Isa,
    left: &[E],
    left_stride: usize,
    right: &[E],
    count: usize,
    out: &mut Panels<E>,
) {
    let columns = out.columns;
    let depth = out.depth;
    assert!(left.len() >= count * left_stride && left_stride >= depth);
    assert!(right.len() >= count * columns.width);
    let threads = parallel::threads();
    let parts = depth.div_ceil(LEFT);
    // Panels of one task share the left side's rows while they are in the cache.
    let groups = threads.div_ceil(parts).min(columns.panels);
    // Narrow layers have few panels.
    let parts = parts.max(threads.div_ceil(groups).min(depth.div_ceil(8)));
    let tasks = even(columns.panels, groups)
        .flat_map(|panels| even(depth, parts).map(move |range| (panels.clone(), range)))
        .collect();
    let out = Shared::new(out.data_mut());
    parallel::run(tasks, |(panels, range)| {
        E::dispatch(
            isa,
            TransposedProduct {
                left,
                left_stride,
                right,
                count,
                columns,
                depth,
                out,
                panels,
                range,
            },
        );
    });
}

struct TransposedProduct<'a, E: Real> {
    left: &'a [E],
    left_stride: usize,
    right: &'a [E],
    count: usize,
    columns: Columns,
    depth: usize,
    out: Shared<E>,
    panels: Range<usize>,
    range: Range<usize>,
}

impl<E: Real> Kernel<E> for TransposedProduct<'_, E> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<V: Vector<Elem = E>>(self) {
        // SAFETY: the caller's promise.
        unsafe {
            match self.columns.panel_width / V::LANES {
                3 => self.go::<V, 3>(),
                _ => self.go::<V, 4>(),
            }
        }
    }
}

impl<E: Real> TransposedProduct<'_, E> {
    #[inline(always)]
    unsafe fn go<V: Vector<Elem = E>, const P: usize>(&self) {
        let width = P * V::LANES;
        let mut packed = Buffer::<E>::stale(DEPTH * width);
        for first in (0..self.count).step_by(DEPTH) {
            let count = DEPTH.min(self.count - first);
            for panel in self.panels.clone() {
                for k in 0..count {
                    // SAFETY: `transposed_product` has checked the length of the right side.
                    unsafe {
                        let from = (first + k) * self.columns.width + panel * width;
                        let from = self.right.as_ptr().add(from);
                        let to = packed.as_mut_ptr().add(k * width);
                        for p in 0..P {
                            V::load(from.add(p * V::LANES)).store(to.add(p * V::LANES));
                        }
                        // Rows far apart: no pattern that the processor would see by itself.
                        prefetch::<V>(from.wrapping_add(DEPTH * self.columns.width), width);
                    }
                }
                for (m, rows) in tiles(self.range.clone(), V::TILE_ROWS) {
                    // SAFETY: the caller's promise.
                    with_rows!(V, rows, R => unsafe {
                        self.tile::<V, R, P>(&packed, first, count, panel, m)
                    });
                }
            }
        }
    }

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
        // SAFETY: the caller's promise of the instructions; `transposed_product` has checked the
        // length of the left side, and tasks differ in panel or in rows of the output.
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
