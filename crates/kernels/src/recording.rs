//! What a recorded run owns, for the backward pass.

use crate::isa::Isa;
use crate::layouts::BlockedLayouts;
use crate::panel::{Columns, Panels};
use crate::pool::{Buffer, Number};
use crate::positions::Layout;
use crate::tokens::Tokens;
use crate::types::Shape;

/// A recorded run of a layer. It owns all that its gradients need, the weights included.
#[derive(Debug)]
pub struct Tape<E: Number>(pub(crate) Scanned<E>);

/// A recording by what the scan was computed in.
#[derive(Debug)]
pub(crate) enum Scanned<E: Number> {
    Own(Recording<E, E, E>),
    Double(Recording<E, f64, f64>),
    DoubleSweep(Recording<E, f64, E>),
}

/// What a run with dense products in `E`, a scan in `S` and sums over positions in `K` leaves behind.
///
/// Its buffers have the sizes of `shape`, `layout`, `tokens` and the layouts, as `forward` makes them, and nobody changes
/// them. The backward pass multiplies these sizes again: `CheckedLayer` has found the products to fit. Its kernels assert
/// what they follow pointers by.
#[derive(Debug)]
pub(crate) struct Recording<E: Number, S: Number, K: Number> {
    pub(crate) shape: Shape,
    pub(crate) isa: Isa,
    /// Layouts of the dense products, and of the scan.
    pub(crate) dense: BlockedLayouts,
    pub(crate) scanned: BlockedLayouts,
    /// Of the gates, in the sums over positions.
    pub(crate) summed: Columns,
    /// N.
    pub(crate) features: usize,
    pub(crate) lengths: Option<Vec<u32>>,
    /// `Uᵀ`.
    pub(crate) transposed: Panels<S>,
    /// `Wᵀ`.
    pub(crate) kernel_transposed: Panels<E>,
    pub(crate) layout: Layout,
    pub(crate) tokens: Tokens,
    /// The features in use, `[tokens, D]`.
    pub(crate) gathered: Buffer<E>,
    /// What the cell recorded of each position.
    pub(crate) saved: Buffer<S>,
    /// The state before each position, `[positions, H']`, where the cell or the sums read it.
    pub(crate) states: Buffer<S>,
    /// The same for the sums, where they are in another precision.
    pub(crate) summed_states: Option<Buffer<K>>,
    pub(crate) all_states: bool,
}

impl<E: Number> Tape<E> {
    pub(crate) fn own(recording: Recording<E, E, E>) -> Self {
        Self(Scanned::Own(recording))
    }

    pub(crate) fn double(recording: Recording<E, f64, f64>) -> Self {
        Self(Scanned::Double(recording))
    }

    pub(crate) fn double_sweep(recording: Recording<E, f64, E>) -> Self {
        Self(Scanned::DoubleSweep(recording))
    }

    /// The run's shape, and whether it gave all states.
    pub(crate) fn gave(&self) -> (Shape, bool) {
        match &self.0 {
            Scanned::Own(recording) => (recording.shape, recording.all_states),
            Scanned::Double(recording) => (recording.shape, recording.all_states),
            Scanned::DoubleSweep(recording) => (recording.shape, recording.all_states),
        }
    }
}
