//! What a SIMD register can do, as a trait, and what runs on registers of any kind.
//!
//! The algorithms are written once, over [`Vector`]; `arch` has one implementation for each
//! instruction set and precision. Every operation rounds once, as IEEE 754 says, so that a lane holds the same bits
//! on every instruction set. Nothing here knows of cells, sequences or threads.

use crate::element::Element;

/// A piece of work that is the same on every instruction set.
///
/// A kernel is built from plain fields, which anybody may fill. What [`Self::run`] cannot see from them (that no
/// other task writes the same elements at the same time) is written on its type, and who hands it to
/// [`crate::isa::Dispatch::dispatch`] answers for it. Everything else, sizes first of all, it asserts itself, once for each task.
#[doc(hidden)]
pub trait Kernel<E: Element> {
    type Output;

    /// Does the work with registers `V`.
    ///
    /// # Safety
    /// The CPU has the instructions of `V`, and the fields are as the type demands.
    unsafe fn run<V: Vector<Elem = E>>(self) -> Self::Output;
}

/// A SIMD register of [`Vector::LANES`] numbers.
///
/// # Safety
/// All methods: the CPU has the implementation's instructions. Loads and stores: the pointer is
/// valid for [`Vector::LANES`] elements (no alignment is asked for).
#[doc(hidden)]
pub trait Vector: Copy {
    /// What a lane holds.
    type Elem: Element;
    /// How many lanes.
    const LANES: usize;
    /// Rows of a register tile of 3 or 4 vectors: as many as leave the file of registers room for
    /// the vectors of the other operand.
    const TILE_ROWS: usize;

    unsafe fn splat(value: Self::Elem) -> Self;
    unsafe fn load(from: *const Self::Elem) -> Self;
    unsafe fn store(self, to: *mut Self::Elem);
    unsafe fn add(self, other: Self) -> Self;
    unsafe fn sub(self, other: Self) -> Self;
    unsafe fn mul(self, other: Self) -> Self;
    unsafe fn div(self, other: Self) -> Self;
    unsafe fn sqrt(self) -> Self;
    /// `self · factor + term`, rounded once.
    unsafe fn mul_add(self, factor: Self, term: Self) -> Self;
    /// The lesser; NaN where `other` is NaN.
    unsafe fn min(self, other: Self) -> Self;
    /// The greater; NaN where `other` is NaN.
    unsafe fn max(self, other: Self) -> Self;
    /// The bits of each lane shifted left by the width of the significand: what was an integer in
    /// the lowest bits becomes an exponent.
    unsafe fn shift_to_exponent(self) -> Self;

    /// Asks for the cache line at `at`, which need not be valid; does nothing where there is no
    /// stable instruction for it.
    #[inline(always)]
    unsafe fn prefetch(_at: *const Self::Elem) {}

    /// All lanes zero.
    #[inline(always)]
    unsafe fn zero() -> Self {
        // SAFETY: the caller has the instructions.
        unsafe { Self::splat(Self::Elem::default()) }
    }

    /// Stores all lanes in another precision, rounded where it is the lesser.
    ///
    /// # Safety
    /// As the trait.
    #[inline(always)]
    unsafe fn store_as<K: Element>(self, to: *mut K) {
        const { assert!(Self::LANES <= MAX_LANES) };
        let mut lanes = [Self::Elem::default(); MAX_LANES];
        // SAFETY: the array has room for all lanes, and so has `to`.
        unsafe {
            self.store(lanes.as_mut_ptr());
            for lane in 0..Self::LANES {
                *to.add(lane) = K::from_f64(lanes[lane].to_f64());
            }
        }
    }

    /// Loads `count` elements, LANES at most; the other lanes are zero.
    ///
    /// # Safety
    /// As the trait, but `from` need be valid for `count` elements only.
    #[inline(always)]
    unsafe fn load_first(from: *const Self::Elem, count: usize) -> Self {
        const { assert!(Self::LANES <= MAX_LANES) };
        if count >= Self::LANES {
            // SAFETY: `from` has enough elements.
            return unsafe { Self::load(from) };
        }
        let mut lanes = [Self::Elem::default(); MAX_LANES];
        // SAFETY: `from` has `count` elements, which are fewer than LANES ≤ MAX_LANES.
        unsafe {
            std::ptr::copy_nonoverlapping(from, lanes.as_mut_ptr(), count);
            Self::load(lanes.as_ptr())
        }
    }

    /// Stores the first `count` lanes, all of them at most.
    ///
    /// # Safety
    /// As the trait, but `to` need be valid for `count` elements only.
    #[inline(always)]
    unsafe fn store_first(self, to: *mut Self::Elem, count: usize) {
        const { assert!(Self::LANES <= MAX_LANES) };
        if count >= Self::LANES {
            // SAFETY: `to` has enough elements.
            return unsafe { self.store(to) };
        }
        let mut lanes = [Self::Elem::default(); MAX_LANES];
        // SAFETY: the array has room for all lanes, `to` for `count` of them.
        unsafe {
            self.store(lanes.as_mut_ptr());
            std::ptr::copy_nonoverlapping(lanes.as_ptr(), to, count);
        }
    }
}

/// An array with the body's value at each place.
///
/// What computes on registers is written with this and with loops, never with closures: a closure is a
/// function of its own, compiled without the instruction set, and would be called for every register
/// with its arguments in memory.
macro_rules! each {
    ($count:expr, $place:ident => $body:expr) => {
        each!(V::zero(); $count, $place => $body)
    };
    // Of anything that can be copied, beginning with `$first`.
    ($first:expr; $count:expr, $place:ident => $body:expr) => {{
        let mut values = [$first; $count];
        for $place in 0..$count {
            values[$place] = $body;
        }
        values
    }};
}
pub(crate) use each;

/// The most lanes any register has.
pub(crate) const MAX_LANES: usize = 16;
