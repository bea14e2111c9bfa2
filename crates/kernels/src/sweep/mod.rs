//! The scan through time of some rows: all steps, no waiting for other threads.
//!
//! [`Forward`]: `z = x + h · U (+ b)` in registers, the cell's pointwise part on these registers, the new
//! state to where the next step reads it. [`Backward`]: `dh = dz(next step) · Uᵀ`, the pointwise part's
//! gradient on the registers, `dz` to its place. The products over all steps at once are not here.
//!
//! The buffers, in the precision S of the scan or K of the sums over positions. H' is H with its padding, W the
//! width of all gates with theirs, R the registers of units, N the tokens in use.
//!
//! | buffer | shape | when | written by | read by |
//! |---|---|---|---|---|
//! | `table` | `[N, W]` S | always | the projection of the tokens | forward, at every step |
//! | `states`, recorded | `[positions, H']` S | recorded, if K is S or the cell reads its last state | forward | forward, backward, dU |
//! | `states`, double-buffered | `[2, ranks, H']` S | otherwise | forward | forward's next step |
//! | `summed_states` | `[positions, H']` K | recorded, if K is not S | forward | dU |
//! | `saved` | `[positions, R · SAVED · lanes]` S | recorded | forward | backward |
//! | `hidden`, `cell_state` | `[ranks, H']` S | always | the operands; forward, after a row's last step | forward, the output |
//! | `all` | `[B, T, H]` S | asked for | forward | the output |
//! | `input_grad` | `[positions, W]` S, or `[2, ranks, W]` if K is not S | backward | backward | backward's next step, sums by token |
//! | `recurrent_grad` | likewise; `input_grad` itself where the cell has them equal | backward | backward | backward's next step, dU |
//! | `summed_grads` | `[positions, W]` K, twice where they differ | backward, if K is not S | backward | sums by token, dU |
//! | `hidden`, `carry` of the backward pass | `[ranks, H']` S | backward | the upstream; backward | backward, the gradients |

mod backward;
mod forward;

pub(crate) use backward::Backward;
pub(crate) use forward::{Forward, States};

use crate::element::Element;

/// Whether a scan in `E` has its sums over positions, in `K`, in another precision; known when it is compiled.
#[inline(always)]
pub(crate) const fn accumulates_in_other_precision<E: Element, K: Element>() -> bool {
    size_of::<E>() != size_of::<K>()
}
