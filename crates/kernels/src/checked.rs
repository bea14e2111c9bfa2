//! What has been checked, as values: the only way into the code that trusts its operands.
//!
//! [`Real`]'s methods, which skip every check, take these and nothing else. Their fields are private (those of
//! Adam's are in `adam`), so that no other code can make one, and they hold what was checked, so that no later
//! argument can disagree with it:
//!
//! ```compile_fail
//! use recurrent_kernels::{AdamStep, Isa, Real};
//! let step = AdamStep { alpha: 0.1, mean_share: 0.1, square_share: 0.001, epsilon: 1e-7 };
//! <f32 as Real>::run_adam(Isa::best(), &mut [0.0; 64], &[], [&mut [], &mut []], step);
//! ```
//!
//! The same operands through the function that checks them:
//!
//! ```
//! use recurrent_kernels::{AdamStep, Isa, Real, adam};
//! let step = AdamStep { alpha: 0.1, mean_share: 0.1, square_share: 0.001, epsilon: 1e-7 };
//! assert!(adam::<f32>(Isa::best(), &mut [0.0; 64], &[], &mut [], &mut [], step).is_err());
//! ```
//!
//! A witness cannot be named outside the crate, let alone be filled by hand:
//!
//! ```compile_fail
//! use recurrent_kernels::checked::CheckedLayer;
//! ```
//!
//! Nor can a kernel be run without `unsafe`, or one be written:
//!
//! ```compile_fail
//! struct Mine;
//! impl recurrent_kernels::vector::Kernel<f32> for Mine {}
//! ```

use crate::error::{KernelError, length};
use crate::layer::{Input, Options, Precision, Shape, Weights};
use crate::layout::CHUNK;
use crate::orders::{Orders, saved};
use crate::panel::Columns;
use crate::sizes::Limit;
use crate::tape::{Tape, Upstream};
use crate::vector::Real;

/// A layer's operands, which fit each other.
///
/// Every operand has the length that the shape says; every index is less than the number of features, every length
/// at most the number of steps; no size is zero; and no buffer that the run makes of them has more bytes than an
/// allocation can have, so that no product of these sizes wraps.
#[derive(Clone, Copy, Debug)]
pub struct CheckedLayer<'a, E> {
    shape: Shape,
    weights: Weights<'a, E>,
    input: Input<'a, E>,
    options: Options,
    record: bool,
}

impl<'a, E: Real> CheckedLayer<'a, E> {
    /// Checks the operands of a run, recorded or not.
    pub(crate) fn new(
        shape: &Shape,
        weights: &Weights<'a, E>,
        input: &Input<'a, E>,
        options: &Options,
        record: bool,
    ) -> Result<Self, KernelError> {
        let counts = operands(shape, weights, input, Limit::ALLOCATION)?;
        let single = Orders::new::<E>(options.isa, shape);
        let double = || Orders::new::<f64>(options.isa, shape);
        let (of_operand, of_double) = (size_of::<E>(), size_of::<f64>());
        let (swept, summed, [of_sweep, of_sum]) = match options.precision {
            Precision::Own => (single, single, [of_operand; 2]),
            Precision::Double => (double(), double(), [of_double; 2]),
            Precision::DoubleSweep => (double(), single, [of_double, of_operand]),
        };
        let buffers = Buffers {
            shape,
            counts,
            all_states: options.all_states,
            dense: single,
            swept,
            summed: summed.gates,
            bytes: [of_operand, of_sweep, of_sum],
        };
        buffers.forward(Limit::ALLOCATION)?;
        if record {
            buffers.recorded(Limit::ALLOCATION)?;
        }
        Ok(Self {
            shape: *shape,
            weights: *weights,
            input: *input,
            options: *options,
            record,
        })
    }
}

impl<'a, E> CheckedLayer<'a, E> {
    pub(crate) fn shape(&self) -> &Shape {
        &self.shape
    }

    pub(crate) fn weights(&self) -> &Weights<'a, E> {
        &self.weights
    }

    pub(crate) fn input(&self) -> &Input<'a, E> {
        &self.input
    }

    pub(crate) fn options(&self) -> &Options {
        &self.options
    }

    /// Whether the run is to be recorded.
    pub(crate) fn record(&self) -> bool {
        self.record
    }
}

/// A recorded run and gradients of what it gave, which fit it.
#[derive(Clone, Copy, Debug)]
pub struct CheckedUpstream<'a, E: Real> {
    tape: &'a Tape<E>,
    upstream: Upstream<'a, E>,
}

impl<'a, E: Real> CheckedUpstream<'a, E> {
    /// Checks gradients against the run.
    pub(crate) fn new(tape: &'a Tape<E>, upstream: &Upstream<'a, E>) -> Result<Self, KernelError> {
        let (shape, all_states) = tape.gave();
        let Shape {
            rows, time, units, ..
        } = shape;
        let count = |what, shape, sizes: &[usize]| {
            Limit::ALLOCATION.elements(what, shape, sizes, size_of::<E>())
        };
        for (operand, values) in [
            ("the last state's gradient", upstream.hidden),
            ("the last memory's gradient", upstream.memory),
        ] {
            if let Some(values) = values {
                let expected = count(operand, "[B, H]", &[rows, units])?;
                length(operand, "[B, H]", expected, values.len())?;
            }
        }
        if let Some(states) = upstream.states {
            if !all_states {
                return Err(KernelError::NotAllStates);
            }
            let operand = "the states' gradient";
            let expected = count(operand, "[B, T, H]", &[rows, time, units])?;
            length(operand, "[B, T, H]", expected, states.len())?;
        }
        Ok(Self {
            tape,
            upstream: *upstream,
        })
    }

    pub(crate) fn tape(&self) -> &'a Tape<E> {
        self.tape
    }

    pub(crate) fn upstream(&self) -> &Upstream<'a, E> {
        &self.upstream
    }
}

/// What a batch has of each, whatever it is padded to.
#[derive(Clone, Copy, Debug)]
struct Counts {
    /// Steps of all rows that are not padding.
    positions: usize,
    /// Steps of the longest row.
    longest: usize,
    /// Different rows of the features at most.
    tokens: usize,
}

/// Every operand against the shape, and every index and length against its bound.
fn operands<E>(
    shape: &Shape,
    weights: &Weights<'_, E>,
    input: &Input<'_, E>,
    limit: Limit,
) -> Result<Counts, KernelError> {
    let Shape {
        cell,
        rows,
        time,
        inputs,
        units,
        ..
    } = *shape;
    for (size, value) in [
        ("B, the number of rows,", rows),
        ("T, the number of steps,", time),
        ("D, the number of inputs,", inputs),
        ("H, the number of units,", units),
    ] {
        if value == 0 {
            return Err(KernelError::Zero { size });
        }
    }
    let sized = |operand, shape, sizes: &[usize], bytes, found| {
        let expected = limit.elements(operand, shape, sizes, bytes)?;
        length(operand, shape, expected, found)
    };
    let bytes = size_of::<E>();
    let gates = cell.gates();
    sized(
        "the kernel",
        "[D, G · H]",
        &[inputs, gates, units],
        bytes,
        weights.kernel.len(),
    )?;
    sized(
        "the recurrent kernel",
        "[H, G · H]",
        &[units, gates, units],
        bytes,
        weights.recurrent_kernel.len(),
    )?;
    sized(
        "the bias",
        "[G · H], the GRU's [2, 3 · H],",
        &[cell.biases(), gates, units],
        bytes,
        weights.bias.len(),
    )?;
    for (operand, values) in [
        ("the first state", input.hidden),
        ("the first memory", input.memory),
    ] {
        if let Some(values) = values {
            sized(operand, "[B, H]", &[rows, units], bytes, values.len())?;
        }
    }
    let positions = limit.elements("the index", "[B, T]", &[rows, time], size_of::<u32>())?;
    let features = input.features.len() / inputs;
    for (what, count) in [
        ("positions, B · T", positions),
        ("rows of the features", features),
    ] {
        if u32::try_from(count).is_err() {
            return Err(KernelError::TooLarge { what, count });
        }
    }
    match input.index {
        Some(index) => {
            length(
                "the features",
                "[N, D]",
                features * inputs,
                input.features.len(),
            )?;
            length("the index", "[B, T]", positions, index.len())?;
            if let Some(position) = index.iter().position(|row| *row as usize >= features) {
                return Err(KernelError::Index {
                    index: index[position],
                    position,
                    rows: features,
                });
            }
        }
        None => sized(
            "the features",
            "[B, T, D]",
            &[rows, time, inputs],
            bytes,
            input.features.len(),
        )?,
    }
    let mut counts = Counts {
        positions,
        longest: time,
        tokens: features.min(positions),
    };
    if let Some(lengths) = input.lengths {
        length("the lengths", "[B]", rows, lengths.len())?;
        if let Some(row) = lengths.iter().position(|length| *length as usize > time) {
            return Err(KernelError::RowLength {
                length: lengths[row],
                row,
                time,
            });
        }
        // No more than B · T, which has just been found to fit.
        counts.positions = lengths.iter().map(|length| *length as usize).sum();
        counts.longest = lengths.iter().max().map_or(0, |length| *length as usize);
        counts.tokens = features.min(counts.positions);
    }
    Ok(counts)
}

/// What a run allocates, without what is no larger than an operand.
///
/// The orders' own numbers cannot wrap: they are the sizes of operands that are in memory, and some registers of
/// padding.
struct Buffers<'a> {
    shape: &'a Shape,
    counts: Counts,
    /// Whether the output has all states.
    all_states: bool,
    /// Inside orders of the dense products, of the sweep, and of the gates in the sums over positions.
    dense: Orders,
    swept: Orders,
    summed: Columns,
    /// Bytes of an element of each.
    bytes: [usize; 3],
}

impl Buffers<'_> {
    /// For the output.
    fn forward(&self, limit: Limit) -> Result<(), KernelError> {
        let Shape {
            rows,
            time,
            inputs,
            units,
            ..
        } = *self.shape;
        let [of_operand, of_sweep, _] = self.bytes;
        let (dense, swept) = (&self.dense, &self.swept);
        let tokens = self.counts.tokens;
        let input = "the input's part of the gates";
        for (what, shape, sizes, bytes) in [
            (
                "the packed kernel",
                "[D, G · H]",
                &[inputs, dense.gates.width][..],
                of_operand,
            ),
            (
                "the packed recurrent kernel",
                "[H, G · H]",
                &[units, swept.gates.width],
                of_sweep,
            ),
            (
                input,
                "[N, G · H]",
                &[tokens, dense.gates.width],
                of_operand,
            ),
            (input, "[N, G · H]", &[tokens, swept.gates.width], of_sweep),
            (
                "the states of two steps",
                "[2, B, H]",
                &[2, rows, swept.padded()],
                of_sweep,
            ),
        ] {
            limit.elements(what, shape, sizes, bytes)?;
        }
        if self.all_states {
            let bytes = of_operand.max(of_sweep);
            limit.elements("all states", "[B, T, H]", &[rows, time, units], bytes)?;
        }
        Ok(())
    }

    /// For the tape, and for the way back.
    fn recorded(&self, limit: Limit) -> Result<(), KernelError> {
        let Shape {
            cell, rows, units, ..
        } = *self.shape;
        let [of_operand, of_sweep, of_sum] = self.bytes;
        let (dense, swept, summed) = (&self.dense, &self.swept, &self.summed);
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
                &[swept.gates.width, swept.units.width][..],
                of_sweep,
            ),
            (
                "the transposed kernel",
                "[G · H, D]",
                &[dense.gates.width, dense.inputs.width],
                of_operand,
            ),
            (
                saved,
                "[B · T, kept · H]",
                &[positions, self::saved(cell), swept.padded()],
                of_sweep,
            ),
            (states, "[B · T, H]", &[positions, swept.padded()], of_sweep),
            (
                states,
                "[B · T, H]",
                &[positions, summed.padded_units],
                of_sum,
            ),
            // Of a chunk: all its steps, or two where the sums are apart.
            (
                gates,
                "[rows · T, G · H]",
                &[chunk, longest.max(2), swept.gates.width],
                of_sweep,
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
    use crate::layer::{Cell, Direction};

    fn buffers(shape: &Shape, tokens: usize, limit: Limit) -> Result<(), KernelError> {
        let orders = Orders::new::<f32>(Isa::PORTABLE, shape);
        let buffers = Buffers {
            shape,
            counts: Counts {
                positions: shape.rows * shape.time,
                longest: shape.time,
                tokens,
            },
            all_states: true,
            dense: orders,
            swept: orders,
            summed: orders.gates,
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
        let orders = Orders::new::<f32>(Isa::PORTABLE, &shape);
        let buffers = Buffers {
            shape: &shape,
            counts: Counts {
                positions: 1 << 22,
                longest: 1 << 10,
                tokens: 100,
            },
            all_states: false,
            dense: orders,
            swept: orders,
            summed: orders.gates,
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
