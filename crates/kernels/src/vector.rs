//! What a SIMD register can do, as a trait, and the numbers it may hold.
//!
//! The algorithms are written once, over [`Vector`]; `arch` has one implementation for each
//! instruction set and precision. Nothing here knows of cells, sequences or threads.

use std::fmt::Debug;
use std::ops::{Add, AddAssign, Div, Mul, Neg, Sub};

use crate::adam::{self, CheckedAdam};
use crate::checked::{CheckedLayer, CheckedUpstream};
use crate::isa::Isa;
use crate::layer::Output;
use crate::run;
use crate::tape::{Gradients, Tape};

/// A floating-point number the kernels compute with: `f32` or `f64`.
///
/// Sealed: the constants belong to the algorithms of this crate.
pub trait Real:
    Copy
    + Debug
    + Default
    + PartialOrd
    + Send
    + Sync
    + Add<Output = Self>
    + AddAssign
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + sealed::Sealed
    + 'static
{
    /// 1.
    const ONE: Self;
    #[doc(hidden)]
    const EXP: Exp<Self>;

    /// `eˣ`, as the standard library has it.
    fn exp(self) -> Self;
    /// `tanh x`, as the standard library has it.
    fn tanh(self) -> Self;
    /// From a double, rounded.
    fn from_f64(value: f64) -> Self;
    /// As a double.
    fn to_f64(self) -> f64;
    /// Runs `kernel` with the registers of `isa`.
    ///
    /// # Safety
    /// What the kernel's type demands of its fields.
    #[doc(hidden)]
    unsafe fn dispatch<K: Kernel<Self>>(isa: Isa, kernel: K) -> K::Output;
    /// Runs a layer, with a tape if it is to be recorded.
    #[doc(hidden)]
    fn run_layer(checked: &CheckedLayer<'_, Self>) -> (Output<Self>, Option<Tape<Self>>);
    /// Runs a tape backward.
    #[doc(hidden)]
    fn run_back(checked: &CheckedUpstream<'_, Self>) -> Gradients<Self>;
    /// Runs a step of Adam.
    #[doc(hidden)]
    fn run_adam(checked: CheckedAdam<'_, Self>);
    /// The numbers themselves if they are single, and if they are double.
    #[doc(hidden)]
    fn as_is(values: &[Self]) -> (Option<&[f32]>, Option<&[f64]>);
    /// The numbers themselves if they are of this kind.
    #[doc(hidden)]
    fn same<A: Real>(values: &[A]) -> Option<&[Self]>;
    #[doc(hidden)]
    fn pool() -> &'static crate::buffer::Pool<Self>;
}

pub(crate) mod sealed {
    pub trait Sealed {}
    impl Sealed for f32 {}
    impl Sealed for f64 {}
}

/// The constants of `eˣ = 2ⁿ · eʳ`, `n = round(x · log₂ e)`, `r = x − n · ln 2`.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Exp<E: 'static> {
    pub log2_e: E,
    /// `ln 2` cut to so few digits that its product with any `n` is exact.
    pub ln_2_high: E,
    /// The rest of `ln 2`.
    pub ln_2_low: E,
    /// `1.5 · 2^(digits − 1)` plus the exponent's bias. Added to `x · log₂ e` it leaves the nearest
    /// integer plus the bias in the lowest bits.
    pub rounder: E,
    /// The polynomial `(eʳ − 1 − r) / r²`, lowest power first, that comes nearest for
    /// `|r| ≤ ln 2 / 2`: its share in the relative error of `eʳ − 1` is at most a quarter of a unit in
    /// the last place, with one term (in double precision two) less than the Taylor series would need.
    pub series: &'static [E],
    /// Arguments are cut to `±limit`, so that `2ⁿ` is a normal number.
    pub limit: E,
    /// `tanh x` is `±1` to the last digit beyond `±saturation / 2`.
    pub saturation: E,
}

/// A piece of work that is the same on every instruction set.
///
/// A kernel is built from plain fields, which anybody may fill. What [`Self::run`] cannot see from them (that no
/// other task writes the same elements at the same time) is written on its type, and who hands it to
/// [`Real::dispatch`] answers for it. Everything else, sizes first of all, it asserts itself, once for each task.
#[doc(hidden)]
pub trait Kernel<E: Real> {
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
    type Elem: Real;
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
    /// `self · factor + term`, rounded once where the instruction set can.
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
    unsafe fn store_as<K: Real>(self, to: *mut K) {
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

macro_rules! real {
    ($real:ident, $isa:ident, as_is $as_is:expr, same $same:tt, $exp:expr) => {
        impl Real for $real {
            const ONE: Self = 1.0;
            const EXP: Exp<Self> = $exp;

            fn exp(self) -> Self {
                $real::exp(self)
            }
            fn tanh(self) -> Self {
                $real::tanh(self)
            }
            #[inline(always)]
            fn from_f64(value: f64) -> Self {
                value as $real
            }
            #[inline(always)]
            fn to_f64(self) -> f64 {
                f64::from(self)
            }
            #[inline]
            unsafe fn dispatch<K: Kernel<Self>>(isa: Isa, kernel: K) -> K::Output {
                // SAFETY: the caller answers for the kernel's fields.
                unsafe { isa.$isa(kernel) }
            }
            fn run_layer(checked: &CheckedLayer<'_, Self>) -> (Output<Self>, Option<Tape<Self>>) {
                run::run_layer(checked)
            }
            fn run_back(checked: &CheckedUpstream<'_, Self>) -> Gradients<Self> {
                Tape::run_back(checked)
            }
            fn run_adam(checked: CheckedAdam<'_, Self>) {
                adam::run_adam(checked);
            }
            fn as_is(values: &[Self]) -> (Option<&[f32]>, Option<&[f64]>) {
                let as_is: fn(&[Self]) -> (Option<&[f32]>, Option<&[f64]>) = $as_is;
                as_is(values)
            }
            fn same<A: Real>(values: &[A]) -> Option<&[Self]> {
                A::as_is(values).$same
            }
            fn pool() -> &'static crate::buffer::Pool<Self> {
                static POOL: crate::buffer::Pool<$real> = crate::buffer::Pool::new();
                &POOL
            }
        }
    };
}

real!(
    f32,
    dispatch_f32,
    as_is |values| (Some(values), None),
    same 0,
    Exp {
        log2_e: std::f32::consts::LOG2_E,
        ln_2_high: 355.0 / 512.0,
        ln_2_low: -2.121_944_4e-4,
        rounder: 12_583_039.0,
        series: &[
            0.499_999_98,
            0.166_665_44,
            0.041_667_2,
            0.008_366_528,
            0.001_388_250_6,
        ],
        limit: 88.0,
        saturation: 18.2,
    }
);

real!(
    f64,
    dispatch_f64,
    as_is |values| (None, Some(values)),
    same 1,
    Exp {
        log2_e: std::f64::consts::LOG2_E,
        ln_2_high: 726_816.0 / 1_048_576.0,
        ln_2_low: 1.428_606_820_309_417_3e-6,
        rounder: 6_755_399_441_056_767.0,
        series: &[
            0.500_000_000_000_000_5,
            0.166_666_666_666_665_9,
            0.041_666_666_666_576_63,
            0.008_333_333_333_389_38,
            0.001_388_888_893_160_366,
            1.984_126_971_942_674e-4,
            2.480_150_522_793_863_5e-5,
            2.755_740_712_080_293_4e-6,
            2.762_605_608_757_405e-7,
            2.505_392_396_300_873_5e-8,
        ],
        limit: 708.4,
        saturation: 40.0,
    }
);
