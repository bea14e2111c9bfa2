//! What has been checked, as values: the only way into the code that trusts its operands.
//!
//! [`crate::Real`]'s methods, which skip every check, take these and nothing else. Their fields are private, so that no
//! other code can make one, and they hold what was checked, so that no later argument can disagree with it:
//!
//! ```compile_fail
//! use recurrent_kernels::{Isa, Real};
//! <f32 as Real>::run_product(Isa::best(), &[0.0; 6], &[], [2, 3, 4]);
//! ```
//!
//! The same operands through the functions that check them:
//!
//! ```
//! use recurrent_kernels::{Isa, Matrix, Transposed, matmul};
//! assert!(Matrix::<f32>::new(&[], 3, 4).is_err());
//! let (two_by_three, two_by_two) = (Matrix::new(&[0.0f32; 6], 2, 3), Matrix::new(&[0.0f32; 4], 2, 2));
//! let (Ok(left), Ok(right)) = (two_by_three, two_by_two) else { unreachable!() };
//! assert!(matmul(Isa::best(), left, right, Transposed::Neither).is_err());
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

mod buffers;

use buffers::{Buffers, Counts};

use crate::element::Element;
use crate::error::{KernelError, length};
use crate::isa::Isa;
use crate::layouts::BlockedLayouts;
use crate::panel::BLOCK;
use crate::pool::Number;
use crate::recording::Tape;
use crate::sizes::Limit;
use crate::types::{Input, Matrix, Options, Precision, Shape, Transposed, Upstream, Weights};

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

impl<'a, E: Number> CheckedLayer<'a, E> {
    /// Checks the operands of a run, recorded or not.
    pub(crate) fn new(
        shape: &Shape,
        weights: &Weights<'a, E>,
        input: &Input<'a, E>,
        options: &Options,
        record: bool,
    ) -> Result<Self, KernelError> {
        let counts = operands(shape, weights, input, Limit::ALLOCATION)?;
        let single = BlockedLayouts::new::<E>(options.isa, shape);
        let double = || BlockedLayouts::new::<f64>(options.isa, shape);
        let (of_operand, of_double) = (size_of::<E>(), size_of::<f64>());
        let (scanned, summed, [of_scan, of_sum]) = match options.precision {
            Precision::Own => (single, single, [of_operand; 2]),
            Precision::Double => (double(), double(), [of_double; 2]),
            Precision::DoubleSweep => (double(), single, [of_double, of_operand]),
        };
        let buffers = Buffers {
            shape,
            counts,
            all_states: options.all_states,
            dense: single,
            scanned,
            summed: summed.gates,
            bytes: [of_operand, of_scan, of_sum],
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
pub struct CheckedUpstream<'a, E: Number> {
    tape: &'a Tape<E>,
    upstream: Upstream<'a, E>,
}

impl<'a, E: Number> CheckedUpstream<'a, E> {
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
            ("the last cell state's gradient", upstream.cell_state),
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

/// Two matrices whose product can be taken, and a bias that fits it.
///
/// The depths are equal, and neither the result nor a side with its padding has more bytes than an allocation can have.
#[derive(Clone, Copy, Debug)]
pub struct CheckedProduct<'a, E> {
    isa: Isa,
    /// Rows, depth and columns.
    sizes: (usize, usize, usize),
    left: Matrix<'a, E>,
    right: Matrix<'a, E>,
    transposed: Transposed,
    bias: Option<&'a [E]>,
}

impl<'a, E: Element> CheckedProduct<'a, E> {
    /// Checks the operands of a product.
    pub(crate) fn new(
        isa: Isa,
        left: Matrix<'a, E>,
        right: Matrix<'a, E>,
        transposed: Transposed,
        bias: Option<&'a [E]>,
    ) -> Result<Self, KernelError> {
        let ([rows, depth], [other, columns]) = match transposed {
            Transposed::Neither => (
                [left.rows(), left.columns()],
                [right.rows(), right.columns()],
            ),
            Transposed::Left => (
                [left.columns(), left.rows()],
                [right.rows(), right.columns()],
            ),
            Transposed::Right => (
                [left.rows(), left.columns()],
                [right.columns(), right.rows()],
            ),
        };
        length("the depth of the right side", "[K]", depth, other)?;
        if let Some(bias) = bias {
            length("the bias", "[N]", columns, bias.len())?;
        }
        // Columns are padded to panels, which are four registers at most.
        let padded = columns.saturating_add(4 * BLOCK);
        for (what, shape, sizes) in [
            ("the product", "[M, N]", [rows, padded]),
            ("the packed right side", "[K, N]", [depth, padded]),
        ] {
            Limit::ALLOCATION.elements(what, shape, &sizes, size_of::<E>())?;
        }
        Ok(Self {
            isa,
            sizes: (rows, depth, columns),
            left,
            right,
            transposed,
            bias,
        })
    }

    pub(crate) fn isa(&self) -> Isa {
        self.isa
    }

    /// Rows, depth and columns.
    pub(crate) fn sizes(&self) -> (usize, usize, usize) {
        self.sizes
    }

    pub(crate) fn left(&self) -> Matrix<'a, E> {
        self.left
    }

    pub(crate) fn right(&self) -> Matrix<'a, E> {
        self.right
    }

    pub(crate) fn transposed(&self) -> Transposed {
        self.transposed
    }

    pub(crate) fn bias(&self) -> Option<&'a [E]> {
        self.bias
    }
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
        ("the first cell state", input.cell_state),
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
