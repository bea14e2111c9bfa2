//! The inside orders of a layer's columns on one instruction set.

use crate::cell::{Gru, Lstm, Pointwise, SimpleRnn};
use crate::isa::Isa;
use crate::layer::{Cell, Shape};
use crate::panel::Columns;
use crate::vector::{Kernel, Real, Vector};

/// The inside orders of a layer's columns on one instruction set.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Orders {
    /// Gates.
    pub(crate) gates: Columns,
    /// Units, in the transposed recurrent kernel.
    pub(crate) units: Columns,
    /// Inputs, in the transposed kernel.
    pub(crate) inputs: Columns,
}

/// Registers of a panel that are not gates.
const PLAIN: usize = 4;

impl Orders {
    pub(crate) fn new<E: Real>(isa: Isa, shape: &Shape) -> Self {
        let lanes = lanes::<E>(isa);
        let gates = shape.cell.gates();
        // One gate fills a panel with blocks of units, several fill it with their block.
        let vectors = if gates == 1 { PLAIN } else { gates };
        Self {
            gates: Columns::new(shape.units, gates, lanes, vectors),
            units: Columns::new(shape.units, 1, lanes, PLAIN),
            inputs: Columns::new(shape.inputs, 1, lanes, PLAIN),
        }
    }

    /// H': units with the padding that the gates have.
    pub(crate) fn padded(&self) -> usize {
        self.gates.padded_units
    }
}

/// Lanes of a register of `E`.
fn lanes<E: Real>(isa: Isa) -> usize {
    struct Lanes;
    impl<E: Real> Kernel<E> for Lanes {
        type Output = usize;
        #[inline(always)]
        unsafe fn run<V: Vector<Elem = E>>(self) -> usize {
            V::LANES
        }
    }
    // SAFETY: `Lanes` has no fields and touches no memory.
    unsafe { E::dispatch(isa, Lanes) }
}

/// Registers a unit's block keeps for the way back.
pub(crate) fn saved(cell: Cell) -> usize {
    match cell {
        Cell::SimpleRnn => SimpleRnn::SAVED,
        Cell::Lstm => Lstm::SAVED,
        Cell::Gru => Gru::SAVED,
    }
}

/// Whether the way back reads the state before each step.
pub(crate) fn reads_previous(cell: Cell) -> bool {
    match cell {
        Cell::SimpleRnn => SimpleRnn::PREVIOUS,
        Cell::Lstm => Lstm::PREVIOUS,
        Cell::Gru => Gru::PREVIOUS,
    }
}
