//! The numbers that kernels compute with, as a trait: arithmetic that rounds the same on every machine.

use std::fmt::Debug;
use std::ops::{Add, AddAssign, Div, Mul, Neg, Sub};

/// A floating-point number: `f32` or `f64`.
///
/// Every operation is that of IEEE 754, rounded once, so that it gives the same bits on every processor; the
/// functions are those of the crate `libm`, which is compiled from one source everywhere, and never the system's.
///
/// Sealed: the constants belong to the algorithms of this crate.
pub trait Element:
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

    /// `self · factor + term`, rounded once: by the processor's instruction where the program was compiled for
    /// processors that all have it, else in software, to the same bits.
    fn mul_add(self, factor: Self, term: Self) -> Self;
    /// `eˣ`, as the crate `libm` has it.
    fn exp(self) -> Self;
    /// `tanh x`, as the crate `libm` has it.
    fn tanh(self) -> Self;
    /// From a double, rounded.
    fn from_f64(value: f64) -> Self;
    /// As a double.
    fn to_f64(self) -> f64;
    /// The numbers themselves if they are single, and if they are double.
    #[doc(hidden)]
    fn as_is(values: &[Self]) -> (Option<&[f32]>, Option<&[f64]>);
    /// The numbers themselves if they are of this kind.
    #[doc(hidden)]
    fn same<A: Element>(values: &[A]) -> Option<&[Self]>;
}

mod sealed {
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

/// Whether every processor that the program was compiled for has an instruction for a fused multiply-add. (So has
/// Miri's.)
pub(crate) const FUSED_IN_HARDWARE: bool =
    cfg!(any(target_feature = "fma", target_arch = "aarch64", miri));

macro_rules! element {
    (
        $real:ident, fma $fma:path, exp $exp:path, tanh $tanh:path,
        as_is $as_is:expr, same $same:tt, $constants:expr
    ) => {
        impl Element for $real {
            const ONE: Self = 1.0;
            const EXP: Exp<Self> = $constants;

            #[inline(always)]
            fn mul_add(self, factor: Self, term: Self) -> Self {
                if FUSED_IN_HARDWARE {
                    $real::mul_add(self, factor, term)
                } else {
                    $fma(self, factor, term)
                }
            }
            fn exp(self) -> Self {
                $exp(self)
            }
            fn tanh(self) -> Self {
                $tanh(self)
            }
            #[inline(always)]
            fn from_f64(value: f64) -> Self {
                value as $real
            }
            #[inline(always)]
            fn to_f64(self) -> f64 {
                f64::from(self)
            }
            fn as_is(values: &[Self]) -> (Option<&[f32]>, Option<&[f64]>) {
                let as_is: fn(&[Self]) -> (Option<&[f32]>, Option<&[f64]>) = $as_is;
                as_is(values)
            }
            fn same<A: Element>(values: &[A]) -> Option<&[Self]> {
                A::as_is(values).$same
            }
        }
    };
}

element!(
    f32,
    fma libm::fmaf, exp libm::expf, tanh libm::tanhf,
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

element!(
    f64,
    fma libm::fma, exp libm::exp, tanh libm::tanh,
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
