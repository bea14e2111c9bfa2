//! The one inner loop: a register tile of rows × vectors, added up over a depth.
//!
//! Everything that multiplies here multiplies by this: projections, the recurrence, the gradients.

use crate::panel::Segments;
use crate::vector::Vector;

/// `tile[r][p] += Σ_k rows[r][k · stride] · panel[k][p]`, `k` ascending.
///
/// Every element is one chain of multiply-adds over `k`, so its value does not depend on how many
/// rows share the tile.
///
/// # Safety
/// The CPU has the instructions of `V`; each row is valid at `0, stride, … (depth − 1) · stride`, the
/// panel for `depth · P` registers.
#[inline(always)]
pub(crate) unsafe fn accumulate<V: Vector, const R: usize, const P: usize>(
    tile: &mut [[V; P]; R],
    rows: &[*const V::Elem; R],
    stride: usize,
    panel: *const V::Elem,
    depth: usize,
) {
    // SAFETY: the caller has the instructions, and rows and a panel of this depth.
    unsafe {
        for k in 0..depth {
            let mut factors = [V::zero(); R];
            for r in 0..R {
                factors[r] = V::splat(*rows[r].add(k * stride));
            }
            let vectors = panel.add(k * P * V::LANES);
            for p in 0..P {
                let vector = V::load(vectors.add(p * V::LANES));
                for r in 0..R {
                    tile[r][p] = factors[r].mul_add(vector, tile[r][p]);
                }
            }
        }
    }
}

/// As [`accumulate`], over the parts of a depth that count; the padding between them counts as zeros.
///
/// # Safety
/// As [`accumulate`], with rows of stride 1, for every part.
#[inline(always)]
pub(crate) unsafe fn accumulate_segments<V: Vector, const R: usize, const P: usize>(
    tile: &mut [[V; P]; R],
    rows: &[*const V::Elem; R],
    panel: *const V::Elem,
    segments: &Segments,
) {
    for (first, count) in segments.parts() {
        // SAFETY: the caller has the instructions, rows and a panel that reach the end of every part.
        unsafe {
            let mut part = *rows;
            for row in &mut part {
                *row = row.add(*first);
            }
            accumulate(tile, &part, 1, panel.add(first * P * V::LANES), *count);
        }
    }
    if segments.padded {
        // Padding adds `0 · 0`, which changes no sum but a negative zero: once is as good as often.
        for row in tile.iter_mut() {
            for sum in row.iter_mut() {
                // SAFETY: the caller has the instructions.
                unsafe { *sum = sum.add(V::zero()) };
            }
        }
    }
}

/// Asks for `count` elements from `at` on, which need not be valid.
///
/// # Safety
/// The CPU has the instructions of `V`.
#[inline(always)]
pub(crate) unsafe fn prefetch<V: Vector>(at: *const V::Elem, count: usize) {
    const LINE: usize = 64;
    let line = LINE / size_of::<V::Elem>();
    for start in (0..count).step_by(line) {
        // SAFETY: the caller has the instructions; the address is only looked up, so it may lie anywhere.
        unsafe { V::prefetch(at.wrapping_add(start)) };
    }
}

/// `range` cut into tiles of at most `most` rows, as even as can be: `(first, rows)`.
#[inline(always)]
pub(crate) fn tiles(
    range: std::ops::Range<usize>,
    most: usize,
) -> impl Iterator<Item = (usize, usize)> {
    let count = range.len();
    let tiles = count.div_ceil(most);
    let (size, larger) = match tiles {
        0 => (0, 0),
        _ => (count / tiles, count % tiles),
    };
    (0..tiles).map(move |tile| {
        let first = range.start + tile * size + tile.min(larger);
        (first, size + usize::from(tile < larger))
    })
}

/// Calls the body with the constant `R` equal to the number of rows of a tile, as [`tiles`] gives them: 1 to
/// `TILE_ROWS`, and `TILE_ROWS` is 6 at most. The conditions are `const` blocks, so that the compiler makes no code for
/// tiles that an instruction set never has.
macro_rules! with_rows {
    ($V:ident, $rows:expr, $R:ident => $body:expr) => {
        match $rows {
            1 => {
                const $R: usize = 1;
                $body
            }
            2 => {
                const $R: usize = 2;
                $body
            }
            3 => {
                const $R: usize = 3;
                $body
            }
            4 if const { $V::TILE_ROWS >= 4 } => {
                const $R: usize = 4;
                $body
            }
            5 if const { $V::TILE_ROWS >= 5 } => {
                const $R: usize = 5;
                $body
            }
            6 if const { $V::TILE_ROWS >= 6 } => {
                const $R: usize = 6;
                $body
            }
            // Nothing else may happen: rows left out would be an answer of stale memory.
            rows => unreachable!("a tile of {rows} rows"),
        }
    };
}
pub(crate) use with_rows;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_cover_the_range_and_leave_no_single_row_behind() {
        assert_eq!(
            tiles(0..16, 3).collect::<Vec<_>>(),
            [(0, 3), (3, 3), (6, 3), (9, 3), (12, 2), (14, 2)]
        );
        assert_eq!(tiles(5..6, 6).collect::<Vec<_>>(), [(5, 1)]);
        assert_eq!(tiles(2..2, 6).count(), 0);
    }

    /// Registers with tiles of six rows.
    struct Six;
    impl Six {
        const TILE_ROWS: usize = 6;
    }

    fn rows_of_a_tile(rows: usize) -> usize {
        with_rows!(Six, rows, R => R)
    }

    #[test]
    fn every_number_of_rows_that_tiles_gives_is_run() {
        for count in 0..40 {
            for (_, rows) in tiles(0..count, Six::TILE_ROWS) {
                assert_eq!(rows_of_a_tile(rows), rows);
            }
        }
    }

    #[test]
    #[should_panic(expected = "a tile of 7 rows")]
    fn more_rows_than_a_tile_has_are_not_passed_over() {
        rows_of_a_tile(7);
    }

    #[test]
    #[should_panic(expected = "a tile of 0 rows")]
    fn no_rows_are_no_tile() {
        rows_of_a_tile(0);
    }
}
