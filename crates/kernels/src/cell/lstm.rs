//! Gates i, f, c, o; `c = σ(f) · c + σ(i) · tanh(c̃)`, `h = σ(o) · tanh(c)`. Source: Hochreiter and
//! Schmidhuber, "Long Short-Term Memory", 1997, with the forget gate of Gers et al., 2000; the order
//! of gates is that of Keras' `LSTM`.

use super::{Pointwise, sigmoid_slope, tanh_slope};
use crate::math::{sigmoid, tanh};
use crate::vector::Vector;

pub(crate) struct Lstm;

// SAFETY of all blocks below: the caller's promises, as the trait states them.
#[allow(clippy::undocumented_unsafe_blocks)]
impl Pointwise for Lstm {
    const GATES: usize = 4;
    const ADDED: usize = 4;
    /// i, f, c̃, o and the memory before the step.
    const SAVED: usize = 5;
    const SPLIT: bool = false;
    const MEMORY: bool = true;

    #[inline(always)]
    unsafe fn forward<V: Vector>(
        z: &[V],
        _input: *const V::Elem,
        _previous: *const V::Elem,
        carry: *mut V::Elem,
        saved: *mut V::Elem,
    ) -> V {
        unsafe {
            let input = sigmoid(z[0]);
            let forget = sigmoid(z[1]);
            let candidate = tanh(z[2]);
            let output = sigmoid(z[3]);
            let before = V::load(carry);
            let memory = forget.mul_add(before, input.mul(candidate));
            memory.store(carry);
            if !saved.is_null() {
                for (place, value) in [input, forget, candidate, output, before]
                    .into_iter()
                    .enumerate()
                {
                    value.store(saved.add(place * V::LANES));
                }
            }
            output.mul(tanh(memory))
        }
    }

    #[inline(always)]
    unsafe fn backward<V: Vector>(
        dh: V,
        saved: *const V::Elem,
        _previous: *const V::Elem,
        carry: *mut V::Elem,
        by_input: *mut V::Elem,
        _by_state: *mut V::Elem,
    ) {
        unsafe {
            let [input, forget, candidate, output, before] =
                std::array::from_fn(|place| V::load(saved.add(place * V::LANES)));
            // Cheaper to compute again than to keep.
            let squashed = tanh(forget.mul_add(before, input.mul(candidate)));
            let through_state = dh.mul(output).mul(tanh_slope(squashed));
            let dc = V::load(carry).add(through_state);
            dc.mul(forget).store(carry);
            let gates = [
                dc.mul(candidate).mul(sigmoid_slope(input)),
                dc.mul(before).mul(sigmoid_slope(forget)),
                dc.mul(input).mul(tanh_slope(candidate)),
                dh.mul(squashed).mul(sigmoid_slope(output)),
            ];
            for (gate, value) in gates.into_iter().enumerate() {
                value.store(by_input.add(gate * V::LANES));
            }
        }
    }
}
