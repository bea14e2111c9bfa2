//! The sweep through time of some rows: all steps, no waiting for other threads.
//!
//! [`Forward`]: `z = x + h · U (+ b)` in registers, the cell's pointwise part on these registers, the new
//! state to where the next step reads it. [`Backward`]: `dh = dz(next step) · Uᵀ`, the pointwise part's
//! gradient on the registers, `dz` to its place. The products over all steps at once are not here.

mod backward;
mod forward;

pub(crate) use backward::Backward;
pub(crate) use forward::{Forward, States};

use crate::vector::Real;

/// Whether a sweep in `E` has sums in another precision; known when it is compiled.
#[inline(always)]
pub(crate) const fn apart<E: Real, K: Real>() -> bool {
    size_of::<E>() != size_of::<K>()
}
