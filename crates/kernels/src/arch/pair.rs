//! Two registers as one, in the tiles of AVX-512: slow, as there are too few registers for them, but a
//! way to test those tiles where no CPU has AVX-512.

use crate::vector::Vector;

/// The lanes of two registers.
#[derive(Clone, Copy)]
pub(crate) struct Pair<V>(V, V);

// SAFETY of all blocks below: the caller has the instructions of V, and pointers that are valid for LANES elements,
// the lanes of both halves.
#[allow(clippy::undocumented_unsafe_blocks)]
impl<V: Vector> Vector for Pair<V> {
    type Elem = V::Elem;
    const LANES: usize = 2 * V::LANES;
    const TILE_ROWS: usize = 6;

    #[inline(always)]
    unsafe fn splat(value: V::Elem) -> Self {
        unsafe { Self(V::splat(value), V::splat(value)) }
    }
    #[inline(always)]
    unsafe fn load(from: *const V::Elem) -> Self {
        unsafe { Self(V::load(from), V::load(from.add(V::LANES))) }
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut V::Elem) {
        unsafe {
            self.0.store(to);
            self.1.store(to.add(V::LANES));
        }
    }
    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        unsafe { Self(self.0.add(other.0), self.1.add(other.1)) }
    }
    #[inline(always)]
    unsafe fn sub(self, other: Self) -> Self {
        unsafe { Self(self.0.sub(other.0), self.1.sub(other.1)) }
    }
    #[inline(always)]
    unsafe fn mul(self, other: Self) -> Self {
        unsafe { Self(self.0.mul(other.0), self.1.mul(other.1)) }
    }
    #[inline(always)]
    unsafe fn div(self, other: Self) -> Self {
        unsafe { Self(self.0.div(other.0), self.1.div(other.1)) }
    }
    #[inline(always)]
    unsafe fn sqrt(self) -> Self {
        unsafe { Self(self.0.sqrt(), self.1.sqrt()) }
    }
    #[inline(always)]
    unsafe fn mul_add(self, factor: Self, term: Self) -> Self {
        unsafe {
            Self(
                self.0.mul_add(factor.0, term.0),
                self.1.mul_add(factor.1, term.1),
            )
        }
    }
    #[inline(always)]
    unsafe fn min(self, other: Self) -> Self {
        unsafe { Self(self.0.min(other.0), self.1.min(other.1)) }
    }
    #[inline(always)]
    unsafe fn max(self, other: Self) -> Self {
        unsafe { Self(self.0.max(other.0), self.1.max(other.1)) }
    }
    #[inline(always)]
    unsafe fn shift_to_exponent(self) -> Self {
        unsafe { Self(self.0.shift_to_exponent(), self.1.shift_to_exponent()) }
    }
    #[inline(always)]
    unsafe fn prefetch(at: *const V::Elem) {
        unsafe { V::prefetch(at) }
    }
}
