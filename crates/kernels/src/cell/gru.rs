//! Gates z, r, h; `h̃ = tanh(x + r · (h · U + b))`, `h = z · h + (1 − z) · h̃`. Source: Cho et al.,
//! "Learning Phrase Representations using RNN Encoder–Decoder", 2014, with the reset gate after the
//! product, as Keras' `GRU` has it by default (`reset_after`): so the state's part has a bias of its
//! own, and its gradient differs from the input's.

use super::{Pointwise, sigmoid_slope, tanh_slope};
use crate::Real;
use crate::math::{sigmoid, tanh};
use crate::vector::Vector;

pub(crate) struct Gru;

// SAFETY of all blocks below: the caller's promises, as the trait states them.
#[allow(clippy::undocumented_unsafe_blocks)]
impl Pointwise for Gru {
    const GATES: usize = 3;
    const ADDED: usize = 2;
    /// z, r, h̃ and the state's part of h̃ before the reset.
    const SAVED: usize = 4;
    const SPLIT: bool = true;
    const MEMORY: bool = false;

    #[inline(always)]
    unsafe fn forward<V: Vector>(
        z: &[V],
        input: *const V::Elem,
        previous: *const V::Elem,
        _carry: *mut V::Elem,
        saved: *mut V::Elem,
    ) -> V {
        unsafe {
            let update = sigmoid(z[0]);
            let reset = sigmoid(z[1]);
            let recurrent = z[2];
            let candidate = tanh(reset.mul_add(recurrent, V::load(input.add(2 * V::LANES))));
            if !saved.is_null() {
                for (place, value) in [update, reset, candidate, recurrent].into_iter().enumerate()
                {
                    value.store(saved.add(place * V::LANES));
                }
            }
            update.mul_add(V::load(previous).sub(candidate), candidate)
        }
    }

    #[inline(always)]
    unsafe fn backward<V: Vector>(
        dh: V,
        saved: *const V::Elem,
        previous: *const V::Elem,
        carry: *mut V::Elem,
        by_input: *mut V::Elem,
        by_state: *mut V::Elem,
    ) {
        unsafe {
            let [update, reset, candidate, recurrent] =
                std::array::from_fn(|place| V::load(saved.add(place * V::LANES)));
            let dh = dh.add(V::load(carry));
            dh.mul(update).store(carry);
            let one = V::splat(V::Elem::ONE);
            let by_update = dh
                .mul(V::load(previous).sub(candidate))
                .mul(sigmoid_slope(update));
            let by_candidate = dh.mul(one.sub(update)).mul(tanh_slope(candidate));
            let by_reset = by_candidate.mul(recurrent).mul(sigmoid_slope(reset));
            for (gate, value) in [by_update, by_reset, by_candidate].into_iter().enumerate() {
                value.store(by_input.add(gate * V::LANES));
            }
            let by_recurrent = by_candidate.mul(reset);
            for (gate, value) in [by_update, by_reset, by_recurrent].into_iter().enumerate() {
                value.store(by_state.add(gate * V::LANES));
            }
        }
    }
}
