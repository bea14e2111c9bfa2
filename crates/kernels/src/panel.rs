//! The blocked layout of a row of gates, and matrices packed in panels for [`crate::tile`].
//!
//! Row-major, the columns of a weight are gate after gate (`gate · H + unit`). In the *blocked layout* a unit's gates
//! lie together: for each block of [`BLOCK`] units, the block's numbers of the first gate, of the second, and so on.
//! So a tile holds all gates of its units, and the cell goes on from the registers. A row has room for whole blocks;
//! what stands in the padding is nothing that any result is computed from.
//!
//! The layout is the same for every instruction set and precision. That is a part of the arithmetic: what is summed
//! over a row of gates is summed in the order of the layout. Only the panels, which nothing is summed across, have
//! the width of some registers.

use crate::pool::{Buffer, Number};

/// From a register of a panel to the next in a row: from gate to gate where there are several, from units to units where
/// there is one.
#[inline(always)]
pub(crate) const fn stride(gates: usize, lanes: usize) -> usize {
    if gates == 1 { lanes } else { BLOCK }
}

/// Columns that the first panel of a block touches, where panels have P registers: the block, or all of the panel.
#[inline(always)]
pub(crate) const fn touched<const P: usize>(gates: usize, lanes: usize) -> usize {
    let units = P / gates * lanes;
    gates * if units > BLOCK { units } else { BLOCK }
}

/// Units of a block: a multiple of every register's lanes.
pub(crate) const BLOCK: usize = 16;

/// The blocked layout of `gates × units` columns, and how registers of `lanes` cover it in panels.
///
/// Its numbers are worked out once: the scans ask for them at every tile.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Columns {
    pub(crate) units: usize,
    pub(crate) gates: usize,
    pub(crate) lanes: usize,
    /// Units with their padding: whole blocks.
    pub(crate) padded_units: usize,
    /// Columns with their padding.
    pub(crate) width: usize,
    /// Units of a panel. The last panel may go beyond the units; it holds zeros there.
    pub(crate) panel_units: usize,
    /// Panels that have all units.
    pub(crate) panels: usize,
}

/// The column of a unit's gate, where a unit has so many.
#[inline(always)]
pub(crate) fn column(unit: usize, gates: usize, gate: usize) -> usize {
    (unit / BLOCK * gates + gate) * BLOCK + unit % BLOCK
}

impl Columns {
    /// The layout with panels of `vectors` registers, a multiple of `gates`.
    pub(crate) fn new(units: usize, gates: usize, lanes: usize, vectors: usize) -> Self {
        let padded_units = units.next_multiple_of(BLOCK);
        let panel_units = vectors / gates * lanes;
        Self {
            units,
            gates,
            lanes,
            padded_units,
            width: padded_units * gates,
            panel_units,
            panels: units.div_ceil(panel_units),
        }
    }

    /// Columns of a panel.
    pub(crate) fn panel_width(&self) -> usize {
        self.panel_units * self.gates
    }

    /// Columns of all panels.
    pub(crate) fn packed_width(&self) -> usize {
        self.panels * self.panel_width()
    }

    /// Registers that a row has room for, for each gate.
    pub(crate) fn registers(&self) -> usize {
        self.padded_units / self.lanes
    }

    /// Registers of a panel that hold units, for each gate; the others are beyond the last.
    #[inline(always)]
    pub(crate) fn registers_of(&self, panel: usize) -> usize {
        let rest = self.units - panel * self.panel_units;
        rest.min(self.panel_units).div_ceil(self.lanes)
    }

    /// That these are columns of so many gates for registers of so many lanes, `vectors` to a panel, and their numbers
    /// what [`Self::new`] makes of them: what the kernels' pointers rest on.
    pub(crate) fn assert_registers(&self, gates: usize, lanes: usize, vectors: usize) {
        assert!(self.gates == gates && self.lanes == lanes && BLOCK.is_multiple_of(lanes));
        assert!(self.padded_units.is_multiple_of(BLOCK) && self.units <= self.padded_units);
        assert!(self.width == self.padded_units * gates);
        assert!(self.panel_units * gates == vectors * lanes);
        // What `stride` says.
        assert!(gates == 1 || vectors == gates);
        assert!(self.panels == self.units.div_ceil(self.panel_units));
    }

    /// The column of a unit's gate.
    #[inline(always)]
    pub(crate) fn at(&self, unit: usize, gate: usize) -> usize {
        column(unit, self.gates, gate)
    }

    /// The column at which a panel begins in a row, and whether it is the first to touch the lines of the cache there:
    /// panels of less than a block share theirs.
    #[inline(always)]
    pub(crate) fn start(&self, panel: usize) -> (usize, bool) {
        let unit = panel * self.panel_units;
        (self.at(unit, 0), unit.is_multiple_of(BLOCK))
    }

    /// Runs of columns that are contiguous in both layouts: `(blocked, row-major, length)`.
    pub(crate) fn runs(&self) -> impl Iterator<Item = (usize, usize, usize)> {
        let Self { units, gates, .. } = *self;
        let columns = *self;
        (0..units).step_by(BLOCK).flat_map(move |first| {
            let length = BLOCK.min(units - first);
            (0..gates).map(move |gate| (columns.at(first, gate), gate * units + first, length))
        })
    }

    /// Runs of columns that are contiguous in a panel and row-major: `(panel, column of the panel, row-major, length)`.
    fn panel_runs(&self) -> impl Iterator<Item = (usize, usize, usize, usize)> {
        let Self {
            units,
            gates,
            lanes,
            panel_units,
            ..
        } = *self;
        (0..units).step_by(lanes).flat_map(move |first| {
            let length = lanes.min(units - first);
            let within = first % panel_units / lanes * gates;
            (0..gates).map(move |gate| {
                let column = (within + gate) * lanes;
                (first / panel_units, column, gate * units + first, length)
            })
        })
    }

    /// A row in the blocked layout.
    pub(crate) fn pack_row<E: Number>(&self, row_major: &[E]) -> Buffer<E> {
        let mut row = Buffer::zeroed(self.width);
        for (to, from, length) in self.runs() {
            row[to..to + length].copy_from_slice(&row_major[from..from + length]);
        }
        row
    }

    /// A row in the row-major layout.
    pub(crate) fn unpack_row<E: Number>(&self, blocked: &[E], row_major: &mut [E]) {
        for (from, to, length) in self.runs() {
            row_major[to..to + length].copy_from_slice(&blocked[from..from + length]);
        }
    }
}

/// A matrix `[depth, columns]` as panels: `[panel][depth][panel width]`, all contiguous.
#[derive(Debug)]
pub(crate) struct Panels<E: Number> {
    data: Buffer<E>,
    pub(crate) depth: usize,
    pub(crate) columns: Columns,
    segments: Segments,
}

/// The parts of a depth that are summed over, in order: `(first, count)`. A depth in the blocked layout has padding in
/// its last block, after each gate.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Segments {
    parts: [(usize, usize); 1 + MOST_GATES],
    count: usize,
    /// Whether there is padding: a sum then ends with the addition of a positive zero, as if that had been summed over.
    pub(crate) padded: bool,
}

/// The most gates any cell has.
const MOST_GATES: usize = 4;

impl Segments {
    /// All of a depth.
    fn whole(depth: usize) -> Self {
        let mut parts = [(0, 0); 1 + MOST_GATES];
        parts[0] = (0, depth);
        Self {
            parts,
            count: 1,
            padded: false,
        }
    }

    /// All of a row but its padding.
    fn blocked(row: &Columns) -> Self {
        let mut segments = Self::whole(row.units / BLOCK * BLOCK * row.gates);
        let rest = row.units % BLOCK;
        if rest > 0 {
            let first = row.units - rest;
            for gate in 0..row.gates {
                segments.parts[1 + gate] = (row.at(first, gate), rest);
            }
            segments.count = 1 + row.gates;
            segments.padded = true;
        }
        segments
    }

    /// Each part.
    #[inline(always)]
    pub(crate) fn parts(&self) -> &[(usize, usize)] {
        &self.parts[..self.count]
    }
}

impl<E: Number> Panels<E> {
    /// Zeros.
    pub(crate) fn zeroed(depth: usize, columns: Columns) -> Self {
        Self {
            data: Buffer::zeroed(depth * columns.packed_width()),
            depth,
            columns,
            segments: Segments::whole(depth),
        }
    }

    /// Packs `matrix`, `[depth, gates · units]`.
    pub(crate) fn pack(matrix: &[E], columns: Columns) -> Self {
        let width = columns.units * columns.gates;
        let depth = matrix.len().checked_div(width).unwrap_or(0);
        let mut panels = Self::zeroed(depth, columns);
        for (k, row) in matrix.chunks_exact(width.max(1)).enumerate() {
            for (panel, column, from, length) in columns.panel_runs() {
                let to = panels.place(panel, k, column);
                panels.data[to..to + length].copy_from_slice(&row[from..from + length]);
            }
        }
        panels
    }

    /// Packs the transpose of `matrix`, `[units of columns, gates · units of rows]`: its rows, in the
    /// blocked layout `rows`, become the depth.
    pub(crate) fn pack_transposed(matrix: &[E], rows: Columns, columns: Columns) -> Self {
        let stride = rows.units * rows.gates;
        let mut panels = Self::zeroed(rows.width, columns);
        panels.segments = Segments::blocked(&rows);
        let width = columns.panel_width();
        // A few lines of a panel at a time: their places lie side by side, and what they are filled from
        // stays in the cache meanwhile.
        for (blocked, from, length) in rows.runs() {
            for (panel, lines) in matrix.chunks(stride.max(1) * width).enumerate() {
                for k in 0..length {
                    let to = panels.place(panel, blocked + k, 0);
                    let places = &mut panels.data[to..to + width];
                    for (place, line) in places.iter_mut().zip(lines.chunks_exact(stride)) {
                        *place = line[from + k];
                    }
                }
            }
        }
        panels
    }

    /// The matrix `[depth, gates · units]`, row-major.
    pub(crate) fn unpack(&self) -> Vec<E> {
        let width = self.columns.units * self.columns.gates;
        let mut matrix = vec![E::default(); self.depth * width];
        self.unpack_into(&mut matrix);
        matrix
    }

    /// As [`Self::unpack`], into memory of as many numbers.
    pub(crate) fn unpack_into(&self, matrix: &mut [E]) {
        let width = self.columns.units * self.columns.gates;
        for (k, row) in matrix.chunks_exact_mut(width.max(1)).enumerate() {
            for (panel, column, to, length) in self.columns.panel_runs() {
                let from = self.place(panel, k, column);
                row[to..to + length].copy_from_slice(&self.data[from..from + length]);
            }
        }
    }

    fn place(&self, panel: usize, k: usize, column: usize) -> usize {
        (panel * self.depth + k) * self.columns.panel_width() + column
    }

    /// The parts of the depth to sum over.
    #[inline(always)]
    pub(crate) fn segments(&self) -> Segments {
        self.segments
    }

    /// One panel, `[depth][panel width]`.
    pub(crate) fn panel(&self, panel: usize) -> &[E] {
        let size = self.depth * self.columns.panel_width();
        &self.data[panel * size..(panel + 1) * size]
    }

    /// All of it, panel after panel.
    pub(crate) fn data_mut(&mut self) -> &mut [E] {
        &mut self.data
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packing_and_back() {
        for (units, gates, vectors) in [(5, 4, 4), (8, 3, 3), (3, 1, 4), (17, 1, 4), (40, 4, 4)] {
            for lanes in [2, 4, 8, 16] {
                let columns = Columns::new(units, gates, lanes, vectors);
                columns.assert_registers(gates, lanes, vectors);
                let matrix: Vec<f32> = (0..3 * units * gates).map(|x| x as f32).collect();
                let panels = Panels::pack(&matrix, columns);
                assert_eq!(panels.unpack(), matrix);
                let row = columns.pack_row(&matrix[..units * gates]);
                let mut back = vec![0.0; units * gates];
                columns.unpack_row(&row, &mut back);
                assert_eq!(back, matrix[..units * gates]);
            }
        }
    }

    /// Whatever the registers, a panel's registers lie in the row where the row says.
    #[test]
    fn panels_and_rows_have_the_same_columns() {
        for (units, gates, vectors) in [(40, 4, 4), (33, 3, 3), (70, 1, 4), (5, 1, 4)] {
            let matrix: Vec<f32> = (1..=units * gates).map(|x| x as f32).collect();
            for lanes in [2, 4, 8, 16] {
                let columns = Columns::new(units, gates, lanes, vectors);
                let row = columns.pack_row(&matrix);
                let panels = Panels::pack(&matrix, columns);
                let mut found = 0;
                for panel in 0..columns.panels {
                    let first = columns.at(panel * columns.panel_units, 0);
                    let inside = columns.registers_of(panel) * gates;
                    for p in 0..vectors {
                        let register = &panels.panel(panel)[p * lanes..(p + 1) * lanes];
                        let place = first + p * stride(gates, lanes);
                        if p < inside {
                            assert_eq!(register, &row[place..place + lanes]);
                        } else {
                            assert!(register.iter().all(|x| *x == 0.0));
                        }
                        found += register.iter().filter(|x| **x > 0.0).count();
                    }
                }
                assert_eq!(found, units * gates);
            }
        }
    }

    #[test]
    fn a_transpose_has_the_blocked_layout_as_its_depth() {
        let rows = Columns::new(3, 2, 4, 2);
        let columns = Columns::new(2, 1, 4, 4);
        let matrix: Vec<f32> = (0..12).map(|x| x as f32).collect();
        let panels = Panels::pack_transposed(&matrix, rows, columns);
        assert_eq!(panels.depth, 32);
        // Gate 0 of units 0 to 2, padding, gate 1 of units 0 to 2, padding.
        let first: Vec<f32> = (0..32).map(|k| panels.panel(0)[k * 16]).collect();
        assert_eq!(first[..3], [0.0, 1.0, 2.0]);
        assert_eq!(first[16..19], [3.0, 4.0, 5.0]);
        assert!(first[3..16].iter().chain(&first[19..]).all(|x| *x == 0.0));
        assert_eq!(panels.panel(0)[1], 6.0);
        assert_eq!(panels.segments().parts(), [(0, 0), (0, 3), (16, 3)]);
        assert!(panels.segments().padded);
        let rows = Columns::new(35, 2, 4, 2);
        let segments = Segments::blocked(&rows);
        assert_eq!(segments.parts(), [(0, 64), (64, 3), (80, 3)]);
        let segments = Segments::blocked(&Columns::new(32, 4, 4, 4));
        assert_eq!(
            (segments.parts(), segments.padded),
            (&[(0, 128)][..], false)
        );
    }
}
