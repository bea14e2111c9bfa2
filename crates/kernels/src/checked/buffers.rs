//! How large what a run allocates is, worked out before any of it is allocated.

use crate::cell::saved;
use crate::error::KernelError;
use crate::layouts::BlockedLayouts;
use crate::panel::Columns;
use crate::positions::CHUNK;
use crate::sizes::Limit;
use crate::types::Shape;

/// What a batch has of each, whatever it is padded to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Counts {
    /// Steps of all rows that are not padding.
    pub(super) positions: usize,
    /// Steps of the longest row.
    pub(super) longest: usize,
    /// Different rows of the features at most.
    pub(super) tokens: usize,
}

/// What a run allocates, without what is no larger than an operand.
///
/// The layouts' own numbers cannot wrap: they are the sizes of operands that are in memory, and some registers of
/// padding.
pub(super) struct Buffers<'a> {
    pub(super) shape: &'a Shape,
    pub(super) counts: Counts,
    /// Whether the output has all states.
    pub(super) all_states: bool,
    /// Layouts of the dense products, of the scan, and of the gates in the sums over positions.
    pub(super) dense: BlockedLayouts,
    pub(super) scanned: BlockedLayouts,
    pub(super) summed: Columns,
    /// Bytes of an element of each.
    pub(super) bytes: [usize; 3],
}

impl Buffers<'_> {
    /// For the output.
    pub(super) fn forward(&self, limit: Limit) -> Result<(), KernelError> {
        let Shape {
            rows,
            time,
            inputs,
            units,
            ..
        } = *self.shape;
        let [of_operand, of_scan, _] = self.bytes;
        let (dense, scanned) = (&self.dense, &self.scanned);
        let tokens = self.counts.tokens;
        let input = "the input's part of the gates";
        for (what, shape, sizes, bytes) in [
            (
                "the packed kernel",
                "[D, G · H]",
                &[inputs, dense.gates.packed_width()][..],
                of_operand,
            ),
            (
                "the packed recurrent kernel",
                "[H, G · H]",
                &[units, scanned.gates.packed_width()],
                of_scan,
            ),
            (
                input,
                "[N, G · H]",
                &[tokens, dense.gates.width],
                of_operand,
            ),
            (input, "[N, G · H]", &[tokens, scanned.gates.width], of_scan),
            (
                "the states of two steps",
                "[2, B, H]",
                &[2, rows, scanned.padded()],
                of_scan,
            ),
        ] {
            limit.elements(what, shape, sizes, bytes)?;
        }
        if self.all_states {
            let bytes = of_operand.max(of_scan);
            limit.elements("all states", "[B, T, H]", &[rows, time, units], bytes)?;
        }
        Ok(())
    }

    /// For the tape, and for the backward pass.
    pub(super) fn recorded(&self, limit: Limit) -> Result<(), KernelError> {
        let Shape {
            cell, rows, units, ..
        } = *self.shape;
        let [of_operand, of_scan, of_sum] = self.bytes;
        let (dense, scanned, summed) = (&self.dense, &self.scanned, &self.summed);
        let Counts {
            positions,
            longest,
            tokens,
        } = self.counts;
        let chunk = rows.min(CHUNK);
        let saved = "what the cell keeps of each step";
        let states = "the states before each step";
        let gates = "the gates' gradients";
        for (what, shape, sizes, bytes) in [
            (
                "the transposed recurrent kernel",
                "[G · H, H]",
                &[scanned.gates.width, scanned.units.packed_width()][..],
                of_scan,
            ),
            (
                "the transposed kernel",
                "[G · H, D]",
                &[dense.gates.width, dense.inputs.packed_width()],
                of_operand,
            ),
            (
                saved,
                "[B · T, kept · H]",
                &[positions, self::saved(cell), scanned.padded()],
                of_scan,
            ),
            (
                states,
                "[B · T, H]",
                &[positions, scanned.padded()],
                of_scan,
            ),
            (
                states,
                "[B · T, H]",
                &[positions, summed.padded_units],
                of_sum,
            ),
            // Of a chunk: all its steps, or two where the sums are in another precision.
            (
                gates,
                "[rows · T, G · H]",
                &[chunk, longest.max(2), scanned.gates.width],
                of_scan,
            ),
            (
                gates,
                "[rows · T, G · H]",
                &[chunk, longest, summed.width],
                of_sum,
            ),
            (
                "the input's gradient by token",
                "[N, G · H]",
                &[tokens, summed.width],
                of_sum,
            ),
            (
                "the recurrent kernel's gradient",
                "[H, G · H]",
                &[units, summed.width],
                of_sum,
            ),
            (
                "the features' gradient",
                "[N, D]",
                &[tokens, dense.inputs.width],
                of_operand,
            ),
        ] {
            limit.elements(what, shape, sizes, bytes)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::isa::Isa;
    use crate::types::{Cell, Direction};

    fn buffers(shape: &Shape, tokens: usize, limit: Limit) -> Result<(), KernelError> {
        let layouts = BlockedLayouts::new::<f32>(Isa::PORTABLE, shape);
        let buffers = Buffers {
            shape,
            counts: Counts {
                positions: shape.rows * shape.time,
                longest: shape.time,
                tokens,
            },
            all_states: true,
            dense: layouts,
            scanned: layouts,
            summed: layouts.gates,
            bytes: [size_of::<f32>(); 3],
        };
        buffers.forward(limit)?;
        buffers.recorded(limit)
    }

    /// Whether a product of these sizes, in numbers of 32 bits, comes out as nothing at all.
    fn wraps_to_zero(sizes: &[usize]) -> bool {
        let product = sizes.iter().fold(1u32, |product, size| {
            product.wrapping_mul(u32::try_from(*size).unwrap())
        });
        product == 0
    }

    /// With sizes of 32 bits the input's part of the gates would have 2¹⁷ · 2¹⁵ = 2³² elements: none, where it wraps,
    /// and every length that is compared with the product would do.
    #[test]
    fn a_table_that_wraps_where_sizes_have_32_bits_is_refused_there() {
        let shape = Shape {
            cell: Cell::Lstm,
            direction: Direction::Forward,
            rows: 1 << 10,
            time: 1 << 7,
            inputs: 1,
            units: 1 << 13,
        };
        let tokens = 1 << 17;
        // What the operands themselves have would fit.
        for operand in [[1, 4, shape.units], [shape.units, 4, shape.units]] {
            assert!(
                Limit::ALLOCATION_32
                    .elements("", "", &operand, size_of::<f32>())
                    .is_ok()
            );
        }
        assert!(wraps_to_zero(&[tokens, 4 * shape.units]));
        let error = buffers(&shape, tokens, Limit::ALLOCATION_32).unwrap_err();
        assert_eq!(
            error,
            KernelError::Memory {
                what: "the input's part of the gates",
                shape: "[N, G · H]",
                limit: i32::MAX as usize,
            }
        );
        #[cfg(target_pointer_width = "64")]
        assert_eq!(buffers(&shape, tokens, Limit::ALLOCATION), Ok(()));
    }

    /// One unit is padded to a register or four of them: products are those of the padding, not of the operands.
    #[test]
    fn padding_counts() {
        let shape = Shape {
            cell: Cell::SimpleRnn,
            direction: Direction::Forward,
            rows: 1,
            time: 1,
            inputs: 1 << 28,
            units: 1,
        };
        assert!(wraps_to_zero(&[shape.inputs, 16]));
        assert!(buffers(&shape, 1, Limit::ALLOCATION_32).is_err());
    }

    /// Each buffer of a recorded run is refused for itself, and only in a run that has it.
    #[test]
    fn what_only_a_tape_needs_is_asked_of_a_tape_alone() {
        let shape = Shape {
            cell: Cell::Lstm,
            direction: Direction::Forward,
            rows: 1 << 12,
            time: 1 << 10,
            inputs: 8,
            units: 32,
        };
        let layouts = BlockedLayouts::new::<f32>(Isa::PORTABLE, &shape);
        let buffers = Buffers {
            shape: &shape,
            counts: Counts {
                positions: 1 << 22,
                longest: 1 << 10,
                tokens: 100,
            },
            all_states: false,
            dense: layouts,
            scanned: layouts,
            summed: layouts.gates,
            bytes: [size_of::<f32>(); 3],
        };
        assert_eq!(buffers.forward(Limit::ALLOCATION_32), Ok(()));
        let error = buffers.recorded(Limit::ALLOCATION_32).unwrap_err();
        assert!(
            error.to_string().starts_with(
                "what the cell keeps of each step, [B · T, kept · H], would take more than"
            ),
            "{error}"
        );
    }
}
