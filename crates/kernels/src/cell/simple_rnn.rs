//! `h = tanh(z)`. Source: Elman, "Finding Structure in Time", 1990; Keras' `SimpleRNN`.

use super::{InPanels, Pointwise, Row, RowBack, tanh_slope};
use crate::math::tanh;
use crate::vector::{Vector, each};

pub(crate) struct SimpleRnn;

// SAFETY of all blocks below: the caller has the instructions of V, and rows whose pointers are valid for as many
// registers as `Row` and `RowBack` say; nothing else is read or written.
#[allow(clippy::undocumented_unsafe_blocks)]
impl Pointwise for SimpleRnn {
    const GATES: usize = 1;
    const INPUT_GATES_PREADDED: usize = 1;
    /// h.
    const SAVED: usize = 1;
    const SEPARATE_RECURRENT_GRAD: bool = false;
    const READS_PREV_STATE: bool = false;
    const HAS_CELL_STATE: bool = false;

    #[inline(always)]
    unsafe fn in_panels<V: Vector>(scan: &impl InPanels<V>) {
        unsafe { scan.run::<{ crate::layouts::PLAIN }>() }
    }

    #[inline(always)]
    unsafe fn forward<V: Vector, const R: usize, const P: usize>(
        tile: &[[V; P]; R],
        gate: usize,
        rows: &[Row<V::Elem>; R],
    ) -> [V; R] {
        unsafe {
            let states = tanh(each!(R, r => tile[r][gate]));
            for (state, row) in states.iter().zip(rows) {
                if !row.saved.is_null() {
                    state.store(row.saved);
                }
            }
            states
        }
    }

    #[inline(always)]
    unsafe fn backward<V: Vector, const R: usize>(dh: [V; R], rows: &[RowBack<V::Elem>; R]) {
        unsafe {
            for (dh, row) in dh.into_iter().zip(rows) {
                dh.mul(tanh_slope(V::load(row.saved))).store(row.input_grad);
            }
        }
    }
}
