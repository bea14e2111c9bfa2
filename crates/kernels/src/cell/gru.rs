//! Gates z, r, h; `h̃ = tanh(x + r · (h · U + b))`, `h = z · h + (1 − z) · h̃`. Source: Cho et al.,
//! "Learning Phrase Representations using RNN Encoder–Decoder", 2014, with the reset gate after the
//! product, as Keras' `GRU` has it by default (`reset_after`): so the state's part has a bias of its
//! own, and its gradient differs from the input's.

use super::{
    InPanels, Pointwise, Row, RowBack, load_all, sigmoid_slope, store_all, store_gates, tanh_slope,
};
use crate::element::Element;
use crate::math::{sigmoid, tanh};
use crate::panel::BLOCK;
use crate::vector::{Vector, each};

pub(crate) struct Gru;

// SAFETY of all blocks below: the caller has the instructions of V, and rows whose pointers are valid for as many
// registers as `Row` and `RowBack` say; nothing else is read or written.
#[allow(clippy::undocumented_unsafe_blocks)]
impl Pointwise for Gru {
    const GATES: usize = 3;
    const INPUT_GATES_PREADDED: usize = 2;
    /// z, r, h̃ and the state's part of h̃ before the reset.
    const SAVED: usize = 4;
    const SEPARATE_RECURRENT_GRAD: bool = true;
    const READS_PREV_STATE: bool = true;
    const HAS_CELL_STATE: bool = false;

    #[inline(always)]
    unsafe fn in_panels<V: Vector>(scan: &impl InPanels<V>) {
        unsafe { scan.run::<3>() }
    }

    #[inline(always)]
    unsafe fn forward<V: Vector, const R: usize, const P: usize>(
        tile: &[[V; P]; R],
        gate: usize,
        rows: &[Row<V::Elem>; R],
    ) -> [V; R] {
        unsafe {
            let updates = sigmoid(each!(R, r => tile[r][gate]));
            let resets = sigmoid(each!(R, r => tile[r][gate + 1]));
            let candidates = tanh(each!(R, r => {
                let input = V::load(rows[r].input.add(2 * BLOCK));
                resets[r].mul_add(tile[r][gate + 2], input)
            }));
            each!(R, r => {
                let (update, candidate) = (updates[r], candidates[r]);
                if !rows[r].saved.is_null() {
                    let saved = [update, resets[r], candidate, tile[r][gate + 2]];
                    store_all(saved, rows[r].saved);
                }
                let previous = V::load(rows[r].previous);
                update.mul_add(previous.sub(candidate), candidate)
            })
        }
    }

    #[inline(always)]
    unsafe fn backward<V: Vector, const R: usize>(dh: [V; R], rows: &[RowBack<V::Elem>; R]) {
        unsafe {
            let one = V::splat(<V::Elem as Element>::ONE);
            for (dh, row) in dh.into_iter().zip(rows) {
                let [update, reset, candidate, recurrent] = load_all::<V, 4>(row.saved);
                let dh = dh.add(V::load(row.carry));
                dh.mul(update).store(row.carry);
                let by_update = dh
                    .mul(V::load(row.previous).sub(candidate))
                    .mul(sigmoid_slope(update));
                let by_candidate = dh.mul(one.sub(update)).mul(tanh_slope(candidate));
                let by_reset = by_candidate.mul(recurrent).mul(sigmoid_slope(reset));
                store_gates([by_update, by_reset, by_candidate], row.input_grad);
                let by_recurrent = by_candidate.mul(reset);
                store_gates([by_update, by_reset, by_recurrent], row.recurrent_grad);
            }
        }
    }
}
