//! Gates i, f, c, o; `c = σ(f) · c + σ(i) · tanh(c̃)`, `h = σ(o) · tanh(c)`. Source: Hochreiter and
//! Schmidhuber, "Long Short-Term Memory", 1997, with the forget gate of Gers et al., 2000; the order
//! of gates is that of Keras' `LSTM`.

use super::{
    InPanels, Pointwise, Row, RowBack, load_all, sigmoid_slope, store_all, store_gates, tanh_slope,
};
use crate::math::{lstm_gates, tanh};
use crate::vector::{Vector, each};

pub(crate) struct Lstm;

// SAFETY of all blocks below: the caller has the instructions of V, and rows whose pointers are valid for as many
// registers as `Row` and `RowBack` say; nothing else is read or written.
#[allow(clippy::undocumented_unsafe_blocks)]
impl Pointwise for Lstm {
    const GATES: usize = 4;
    const INPUT_GATES_PREADDED: usize = 4;
    /// i, f, c̃, o and the cell state before the step.
    const SAVED: usize = 5;
    const SEPARATE_RECURRENT_GRAD: bool = false;
    const READS_PREV_STATE: bool = false;
    const HAS_CELL_STATE: bool = true;

    #[inline(always)]
    unsafe fn in_panels<V: Vector>(scan: &impl InPanels<V>) {
        unsafe { scan.run::<4>() }
    }

    #[inline(always)]
    unsafe fn forward<V: Vector, const R: usize, const P: usize>(
        tile: &[[V; P]; R],
        gate: usize,
        rows: &[Row<V::Elem>; R],
    ) -> [V; R] {
        unsafe {
            let mut outputs = [V::zero(); R];
            let mut cell_states = [V::zero(); R];
            for r in 0..R {
                let z = each!(4, g => tile[r][gate + g]);
                let [input, forget, candidate, output] = lstm_gates(z);
                let before = V::load(rows[r].carry);
                cell_states[r] = forget.mul_add(before, input.mul(candidate));
                cell_states[r].store(rows[r].carry);
                outputs[r] = output;
                if !rows[r].saved.is_null() {
                    let saved = [input, forget, candidate, output, before];
                    store_all(saved, rows[r].saved);
                }
            }
            let squashed = tanh(cell_states);
            each!(R, r => outputs[r].mul(squashed[r]))
        }
    }

    #[inline(always)]
    unsafe fn backward<V: Vector, const R: usize>(dh: [V; R], rows: &[RowBack<V::Elem>; R]) {
        unsafe {
            // The cell state and its tanh are cheaper to compute again than to keep.
            let squashed = tanh(each!(R, r => {
                let [input, forget, candidate, _, before] = load_all::<V, 5>(rows[r].saved);
                forget.mul_add(before, input.mul(candidate))
            }));
            for r in 0..R {
                let RowBack {
                    saved,
                    carry,
                    input_grad,
                    ..
                } = rows[r];
                let [input, forget, candidate, output, before] = load_all::<V, 5>(saved);
                let through_state = dh[r].mul(output).mul(tanh_slope(squashed[r]));
                let dc = V::load(carry).add(through_state);
                dc.mul(forget).store(carry);
                let gates = [
                    dc.mul(candidate).mul(sigmoid_slope(input)),
                    dc.mul(before).mul(sigmoid_slope(forget)),
                    dc.mul(input).mul(tanh_slope(candidate)),
                    dh[r].mul(squashed[r]).mul(sigmoid_slope(output)),
                ];
                store_gates(gates, input_grad);
            }
        }
    }
}
