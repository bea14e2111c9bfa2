//! Matrices packed for [`crate::tile`], and where a gate's column lies in them.
//!
//! Outside, the columns of a weight are gate after gate (`g · H + unit`). Inside, a unit's gates lie
//! together: for each block of as many units as a register has lanes, one register a gate. So a tile
//! holds all gates of its units and the cell can go on from the registers. Units are padded with
//! zeros to whole blocks, which stay zero through every cell, forward and backward.

use crate::buffer::Buffer;
use crate::vector::Real;

/// The order of columns: `gates × units`, in blocks of `lanes` units.
///
/// Its numbers are worked out once: the sweeps ask for them at every tile.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Columns {
    pub(crate) units: usize,
    pub(crate) gates: usize,
    pub(crate) lanes: usize,
    /// Blocks of units, the padding included.
    pub(crate) blocks: usize,
    /// Units with their padding.
    pub(crate) padded_units: usize,
    /// Columns with their padding.
    pub(crate) width: usize,
    /// Columns of a panel.
    pub(crate) panel_width: usize,
    pub(crate) panels: usize,
}

impl Columns {
    /// The order for a panel of `vectors` registers, a multiple of `gates`.
    pub(crate) fn new(units: usize, gates: usize, lanes: usize, vectors: usize) -> Self {
        // Blocks that share a panel.
        let together = vectors / gates;
        let blocks = units.div_ceil(lanes).next_multiple_of(together);
        Self {
            units,
            gates,
            lanes,
            blocks,
            padded_units: blocks * lanes,
            width: blocks * lanes * gates,
            panel_width: together * gates * lanes,
            panels: blocks / together,
        }
    }

    /// That these are columns of so many gates for registers of so many lanes, and their numbers what
    /// [`Self::new`] makes of them: what the kernels' pointers rest on.
    pub(crate) fn assert_registers(&self, gates: usize, lanes: usize) {
        assert!(self.gates == gates && self.lanes == lanes);
        assert!(self.padded_units == self.blocks * lanes && self.units <= self.padded_units);
        assert!(self.width == self.padded_units * gates);
        assert!(self.width == self.panels * self.panel_width);
    }

    /// Where a gate of the block that begins with `unit` begins; the block may be one of fewer lanes
    /// than these.
    pub(crate) fn at(&self, unit: usize, gate: usize) -> usize {
        let block = unit / self.lanes * self.gates + gate;
        block * self.lanes + unit % self.lanes
    }

    /// Runs of columns that are contiguous on both sides: `(inside, outside, length)`.
    pub(crate) fn runs(&self) -> impl Iterator<Item = (usize, usize, usize)> {
        let Self {
            units,
            gates,
            lanes,
            ..
        } = *self;
        (0..units.div_ceil(lanes)).flat_map(move |block| {
            let first = block * lanes;
            let length = lanes.min(units - first);
            (0..gates)
                .map(move |gate| ((block * gates + gate) * lanes, gate * units + first, length))
        })
    }

    /// A row in the inside order.
    pub(crate) fn pack_row<E: Real>(&self, outside: &[E]) -> Buffer<E> {
        let mut row = Buffer::zeroed(self.width);
        for (inside, from, length) in self.runs() {
            row[inside..inside + length].copy_from_slice(&outside[from..from + length]);
        }
        row
    }

    /// A row in the outside order.
    pub(crate) fn unpack_row<E: Real>(&self, inside: &[E], outside: &mut [E]) {
        for (from, to, length) in self.runs() {
            outside[to..to + length].copy_from_slice(&inside[from..from + length]);
        }
    }
}

/// A matrix `[depth, columns]` as panels: `[panel][depth][panel_width]`, all contiguous.
#[derive(Debug)]
pub(crate) struct Panels<E: Real> {
    data: Buffer<E>,
    pub(crate) depth: usize,
    pub(crate) columns: Columns,
}

impl<E: Real> Panels<E> {
    /// Zeros.
    pub(crate) fn zeroed(depth: usize, columns: Columns) -> Self {
        Self {
            data: Buffer::zeroed(depth * columns.width),
            depth,
            columns,
        }
    }

    /// Packs `matrix`, `[depth, gates · units]`.
    pub(crate) fn pack(matrix: &[E], columns: Columns) -> Self {
        let outside = columns.units * columns.gates;
        let depth = matrix.len().checked_div(outside).unwrap_or(0);
        let mut panels = Self::zeroed(depth, columns);
        for (k, row) in matrix.chunks_exact(outside.max(1)).enumerate() {
            for (inside, from, length) in columns.runs() {
                let to = panels.place(k, inside);
                panels.data[to..to + length].copy_from_slice(&row[from..from + length]);
            }
        }
        panels
    }

    /// Packs the transpose of `matrix`, `[units of columns, gates · units of rows]`: its rows, in the
    /// order `rows`, become the depth.
    pub(crate) fn pack_transposed(matrix: &[E], rows: Columns, columns: Columns) -> Self {
        let outside = rows.units * rows.gates;
        let mut panels = Self::zeroed(rows.width, columns);
        let width = columns.panel_width;
        // A few lines of a panel at a time: their places lie side by side, and what they are filled from
        // stays in the cache meanwhile.
        for (inside, from, length) in rows.runs() {
            for (panel, lines) in matrix.chunks(outside.max(1) * width).enumerate() {
                for k in 0..length {
                    let to = panels.place(inside + k, panel * width);
                    let places = &mut panels.data[to..to + width];
                    for (place, line) in places.iter_mut().zip(lines.chunks_exact(outside)) {
                        *place = line[from + k];
                    }
                }
            }
        }
        panels
    }

    /// The matrix `[depth, gates · units]` in the outside order.
    pub(crate) fn unpack(&self) -> Vec<E> {
        let outside = self.columns.units * self.columns.gates;
        let mut matrix = vec![E::default(); self.depth * outside];
        for (k, row) in matrix.chunks_exact_mut(outside.max(1)).enumerate() {
            for (inside, to, length) in self.columns.runs() {
                let from = self.place(k, inside);
                row[to..to + length].copy_from_slice(&self.data[from..from + length]);
            }
        }
        matrix
    }

    fn place(&self, k: usize, inside: usize) -> usize {
        let width = self.columns.panel_width;
        (inside / width * self.depth + k) * width + inside % width
    }

    /// One panel, `[depth][panel_width]`.
    pub(crate) fn panel(&self, panel: usize) -> &[E] {
        let size = self.depth * self.columns.panel_width;
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
        for (units, gates, vectors) in [(5, 4, 4), (8, 3, 3), (3, 1, 4), (17, 1, 4)] {
            let columns = Columns::new(units, gates, 4, vectors);
            let matrix: Vec<f32> = (0..3 * units * gates).map(|x| x as f32).collect();
            let panels = Panels::pack(&matrix, columns);
            assert_eq!(panels.unpack(), matrix);
            let row = columns.pack_row(&matrix[..units * gates]);
            let mut back = vec![0.0; units * gates];
            columns.unpack_row(&row, &mut back);
            assert_eq!(back, matrix[..units * gates]);
        }
    }

    #[test]
    fn a_transpose_has_the_inside_order_as_its_depth() {
        let rows = Columns::new(3, 2, 4, 2);
        let columns = Columns::new(2, 1, 4, 4);
        let matrix: Vec<f32> = (0..12).map(|x| x as f32).collect();
        let panels = Panels::pack_transposed(&matrix, rows, columns);
        assert_eq!(panels.depth, 8);
        // Inside: gate 0 of units 0 to 2, padding, gate 1 of units 0 to 2, padding.
        let first: Vec<f32> = (0..8).map(|k| panels.panel(0)[k * 16]).collect();
        assert_eq!(first, [0.0, 1.0, 2.0, 0.0, 3.0, 4.0, 5.0, 0.0]);
        assert_eq!(panels.panel(0)[1], 6.0);
    }
}
