//! `tanh` and the logistic function on registers.
//!
//! Both stand on `eˣ − 1 = 2ⁿ · (eʳ − 1) + (2ⁿ − 1)`, which keeps the relative error small where the
//! result is. The largest errors, found by `tests` over all exponents, are stated there.

use crate::vector::{Real, Vector};

/// `2ⁿ` and `eʳ − 1` of an argument within the limit.
#[inline(always)]
unsafe fn split<V: Vector>(x: V) -> (V, V) {
    let exp = V::Elem::EXP;
    // SAFETY: the caller's promise: the CPU has the instructions of V.
    unsafe {
        let rounder = V::splat(exp.rounder);
        let rounded = x.mul_add(V::splat(exp.log2_e), rounder);
        let n = rounded.sub(rounder);
        let r = n.mul_add(V::splat(-exp.ln_2_high), x);
        let r = n.mul_add(V::splat(-exp.ln_2_low), r);
        let mut tail = V::splat(exp.series[exp.series.len() - 1]);
        for &coefficient in exp.series.iter().rev().skip(1) {
            tail = tail.mul_add(r, V::splat(coefficient));
        }
        (rounded.shift_to_exponent(), r.mul(r).mul_add(tail, r))
    }
}

/// `tanh x`.
///
/// # Safety
/// The CPU has the instructions of `V`.
#[inline(always)]
pub(crate) unsafe fn tanh<V: Vector>(x: V) -> V {
    let limit = V::Elem::EXP.saturation;
    // SAFETY: the caller's promise.
    unsafe {
        // The operand order lets NaN through.
        let twice = x.add(x);
        let twice = V::splat(-limit).max(V::splat(limit).min(twice));
        let (power, rest) = split(twice);
        let one = V::splat(V::Elem::ONE);
        let minus_one = power.mul_add(rest, power.sub(one));
        minus_one.div(minus_one.add(one.add(one)))
    }
}

/// The logistic function `1 / (1 + e⁻ˣ)`.
///
/// # Safety
/// The CPU has the instructions of `V`.
#[inline(always)]
pub(crate) unsafe fn sigmoid<V: Vector>(x: V) -> V {
    let limit = V::Elem::EXP.limit;
    // SAFETY: the caller's promise.
    unsafe {
        let minus = V::zero().sub(x);
        let minus = V::splat(-limit).max(V::splat(limit).min(minus));
        let (power, rest) = split(minus);
        let one = V::splat(V::Elem::ONE);
        one.div(one.add(power.mul_add(rest, power)))
    }
}
