//! `h = tanh(z)`. Source: Elman, "Finding Structure in Time", 1990; Keras' `SimpleRNN`.

use super::{Pointwise, tanh_slope};
use crate::math::tanh;
use crate::vector::Vector;

pub(crate) struct SimpleRnn;

// SAFETY of all blocks below: the caller's promises, as the trait states them.
#[allow(clippy::undocumented_unsafe_blocks)]
impl Pointwise for SimpleRnn {
    const GATES: usize = 1;
    const ADDED: usize = 1;
    /// h.
    const SAVED: usize = 1;
    const SPLIT: bool = false;
    const MEMORY: bool = false;

    #[inline(always)]
    unsafe fn forward<V: Vector>(
        z: &[V],
        _input: *const V::Elem,
        _previous: *const V::Elem,
        _carry: *mut V::Elem,
        saved: *mut V::Elem,
    ) -> V {
        unsafe {
            let h = tanh(z[0]);
            if !saved.is_null() {
                h.store(saved);
            }
            h
        }
    }

    #[inline(always)]
    unsafe fn backward<V: Vector>(
        dh: V,
        saved: *const V::Elem,
        _previous: *const V::Elem,
        _carry: *mut V::Elem,
        by_input: *mut V::Elem,
        _by_state: *mut V::Elem,
    ) {
        unsafe { dh.mul(tanh_slope(V::load(saved))).store(by_input) }
    }
}
