//! The blocked layouts of a layer's columns, with panels for one instruction set.

use crate::element::Element;
use crate::isa::{Dispatch, Isa};
use crate::panel::Columns;
use crate::types::Shape;
use crate::vector::{Kernel, Vector};

/// The blocked layouts of a layer's columns, with panels for one instruction set and precision.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BlockedLayouts {
    /// Gates.
    pub(crate) gates: Columns,
    /// Units, in the transposed recurrent kernel.
    pub(crate) units: Columns,
    /// Inputs, in the transposed kernel.
    pub(crate) inputs: Columns,
}

/// Registers of a panel whose columns are not gates of several.
pub(crate) const PLAIN: usize = 4;

impl BlockedLayouts {
    pub(crate) fn new<E: Dispatch>(isa: Isa, shape: &Shape) -> Self {
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
pub(crate) fn lanes<E: Dispatch>(isa: Isa) -> usize {
    struct Lanes;
    impl<E: Element> Kernel<E> for Lanes {
        type Output = usize;
        #[inline(always)]
        unsafe fn run<V: Vector<Elem = E>>(self) -> usize {
            V::LANES
        }
    }
    // SAFETY: `Lanes` has no fields and touches no memory.
    unsafe { E::dispatch(isa, Lanes) }
}
