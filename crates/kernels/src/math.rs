//! `tanh` and the logistic function on registers.
//!
//! Both stand on `eˣ − 1 = 2ⁿ · (eʳ − 1) + (2ⁿ − 1)`, which keeps the relative error small where the
//! result is. All functions take several registers at once and go through them in step: one alone
//! would wait for its own last result at every operation.

use crate::element::Element;
use crate::vector::{Vector, each};

/// `2ⁿ` and `eʳ − 1` of arguments within the limit.
///
/// # Safety
/// The CPU has the instructions of `V`.
#[inline(always)]
unsafe fn split<V: Vector, const N: usize>(x: [V; N]) -> ([V; N], [V; N]) {
    let exp = <V::Elem as Element>::EXP;
    // SAFETY: the caller has the instructions of V.
    unsafe {
        let rounder = V::splat(exp.rounder);
        let rounded = each!(N, i => x[i].mul_add(V::splat(exp.log2_e), rounder));
        let n = each!(N, i => rounded[i].sub(rounder));
        let mut r = x;
        for i in 0..N {
            r[i] = n[i].mul_add(V::splat(-exp.ln_2_high), r[i]);
        }
        for i in 0..N {
            r[i] = n[i].mul_add(V::splat(-exp.ln_2_low), r[i]);
        }
        // Two terms at a time: half as many operations wait for one another as in Horner's scheme.
        let squared = each!(N, i => r[i].mul(r[i]));
        let series = exp.series;
        let mut left = (series.len() - 1) / 2 * 2;
        let mut tail = [V::splat(series[left]); N];
        if left + 1 < series.len() {
            for i in 0..N {
                tail[i] = r[i].mul_add(V::splat(series[left + 1]), tail[i]);
            }
        }
        while left > 0 {
            left -= 2;
            for i in 0..N {
                let pair = r[i].mul_add(V::splat(series[left + 1]), V::splat(series[left]));
                tail[i] = tail[i].mul_add(squared[i], pair);
            }
        }
        for i in 0..N {
            tail[i] = squared[i].mul_add(tail[i], r[i]);
        }
        (each!(N, i => rounded[i].shift_to_exponent()), tail)
    }
}

/// Arguments cut to `±limit`; the operand order lets NaN through.
///
/// # Safety
/// The CPU has the instructions of `V`.
#[inline(always)]
unsafe fn clamp<V: Vector>(x: V, limit: V::Elem) -> V {
    // SAFETY: the caller has the instructions of V.
    unsafe { V::splat(-limit).max(V::splat(limit).min(x)) }
}

/// The argument of [`split`] for a tanh.
///
/// # Safety
/// The CPU has the instructions of `V`.
#[inline(always)]
unsafe fn tanh_argument<V: Vector>(x: V) -> V {
    // SAFETY: the caller has the instructions of V.
    unsafe { clamp(x.add(x), <V::Elem as Element>::EXP.saturation) }
}

/// `(e²ˣ − 1) / (e²ˣ + 1)`, from what [`split`] gave.
///
/// # Safety
/// The CPU has the instructions of `V`.
#[inline(always)]
unsafe fn tanh_result<V: Vector>(power: V, rest: V) -> V {
    // SAFETY: the caller has the instructions of V.
    unsafe {
        let one = V::splat(<V::Elem as Element>::ONE);
        let minus_one = power.mul_add(rest, power.sub(one));
        minus_one.div(minus_one.add(one.add(one)))
    }
}

/// The argument of [`split`] for a logistic function.
///
/// # Safety
/// The CPU has the instructions of `V`.
#[inline(always)]
unsafe fn sigmoid_argument<V: Vector>(x: V) -> V {
    // SAFETY: the caller has the instructions of V.
    unsafe { clamp(V::zero().sub(x), <V::Elem as Element>::EXP.limit) }
}

/// `1 / (1 + e⁻ˣ)`, from what [`split`] gave.
///
/// # Safety
/// The CPU has the instructions of `V`.
#[inline(always)]
unsafe fn sigmoid_result<V: Vector>(power: V, rest: V) -> V {
    // SAFETY: the caller has the instructions of V.
    unsafe {
        let one = V::splat(<V::Elem as Element>::ONE);
        one.div(one.add(power.mul_add(rest, power)))
    }
}

/// `tanh x`.
///
/// # Safety
/// The CPU has the instructions of `V`.
#[inline(always)]
pub(crate) unsafe fn tanh<V: Vector, const N: usize>(x: [V; N]) -> [V; N] {
    // SAFETY: the caller has the instructions of V.
    unsafe {
        let (power, rest) = split(each!(N, i => tanh_argument(x[i])));
        each!(N, i => tanh_result(power[i], rest[i]))
    }
}

/// The logistic function `1 / (1 + e⁻ˣ)`.
///
/// # Safety
/// The CPU has the instructions of `V`.
#[inline(always)]
pub(crate) unsafe fn sigmoid<V: Vector, const N: usize>(x: [V; N]) -> [V; N] {
    // SAFETY: the caller has the instructions of V.
    unsafe {
        let (power, rest) = split(each!(N, i => sigmoid_argument(x[i])));
        each!(N, i => sigmoid_result(power[i], rest[i]))
    }
}

/// The LSTM's gates from their pre-activations: the logistic function, but tanh for the third.
///
/// # Safety
/// The CPU has the instructions of `V`.
#[inline(always)]
pub(crate) unsafe fn lstm_gates<V: Vector>([i, f, c, o]: [V; 4]) -> [V; 4] {
    // SAFETY: the caller has the instructions of V.
    unsafe {
        let (power, rest) = split([
            sigmoid_argument(i),
            sigmoid_argument(f),
            tanh_argument(c),
            sigmoid_argument(o),
        ]);
        [
            sigmoid_result(power[0], rest[0]),
            sigmoid_result(power[1], rest[1]),
            tanh_result(power[2], rest[2]),
            sigmoid_result(power[3], rest[3]),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::isa::{Dispatch, Isa};
    use crate::vector::{Kernel, MAX_LANES};

    /// Which function to apply.
    #[derive(Clone, Copy)]
    enum Function {
        Tanh,
        Sigmoid,
    }

    struct Apply<'a, E> {
        function: Function,
        values: &'a mut [E],
    }

    impl<E: Element> Kernel<E> for Apply<'_, E> {
        type Output = ();
        #[inline(always)]
        unsafe fn run<V: Vector<Elem = E>>(self) {
            for lanes in self.values.chunks_exact_mut(V::LANES) {
                // SAFETY: the CPU has V's instructions, as the caller promised; a chunk is one register.
                unsafe {
                    let x = [V::load(lanes.as_ptr())];
                    let [y] = match self.function {
                        Function::Tanh => tanh(x),
                        Function::Sigmoid => sigmoid(x),
                    };
                    y.store(lanes.as_mut_ptr());
                }
            }
        }
    }

    /// Arguments of every exponent from the smallest normal number up, both signs, and a dense run
    /// over where the functions bend.
    fn arguments(digits: i32, least: i32, most: i32) -> Vec<f64> {
        // Fewer where the test itself is not optimized.
        let (parts, dense) = if cfg!(debug_assertions) {
            (31, 10)
        } else {
            (997, 18)
        };
        let mut arguments = Vec::new();
        for exponent in least..=most {
            for part in 0..parts {
                let x = (1.0 + f64::from(part) / f64::from(parts)) * 2f64.powi(exponent);
                arguments.extend([x, -x]);
            }
        }
        let step = 2f64.powi(4 - digits.min(dense));
        let mut x = -45.0;
        while x < 45.0 {
            arguments.push(x);
            x += step;
        }
        arguments.resize(arguments.len().next_multiple_of(MAX_LANES), 0.0);
        arguments
    }

    /// The largest error in units in the last place of the exact value, and the largest error where
    /// that value is not a normal number.
    fn worst<E: Dispatch>(
        isa: Isa,
        function: Function,
        arguments: &[f64],
        digits: i32,
        least: f64,
        exact: impl Fn(f64) -> f64,
    ) -> (f64, f64) {
        let rounded: Vec<E> = arguments.iter().map(|x| E::from_f64(*x)).collect();
        let mut values = rounded.clone();
        let apply = Apply {
            function,
            values: &mut values[..],
        };
        // SAFETY: `Apply` demands nothing: it borrows its values, and takes them by registers.
        unsafe { E::dispatch(isa, apply) };
        let (mut ulps, mut below) = (0.0f64, 0.0f64);
        for (x, y) in rounded.iter().zip(&values) {
            let exact = exact(x.to_f64());
            let error = (y.to_f64() - exact).abs();
            if exact.abs() < least {
                below = below.max(error);
            } else {
                let unit = 2f64.powi(exact.abs().log2().floor() as i32) * 2f64.powi(1 - digits);
                ulps = ulps.max(error / unit);
            }
        }
        (ulps, below)
    }

    fn sigmoid_of(x: f64) -> f64 {
        1.0 / (1.0 + (-x).exp())
    }

    /// The stated bounds. In double precision the yardstick itself is rounded three times: two units
    /// more.
    #[test]
    #[cfg_attr(miri, ignore = "hundreds of thousands of arguments")]
    fn errors_stay_below_three_units_in_the_last_place() {
        let single = arguments(24, -126, 127);
        let double = arguments(53, -1022, 1023);
        for isa in Isa::available() {
            let bound = 3.0;
            let tiny = f64::from(f32::MIN_POSITIVE);
            for (name, (ulps, below)) in [
                (
                    "tanh",
                    worst::<f32>(isa, Function::Tanh, &single, 24, tiny, f64::tanh),
                ),
                (
                    "sigmoid",
                    worst::<f32>(isa, Function::Sigmoid, &single, 24, tiny, sigmoid_of),
                ),
                (
                    "tanh, double",
                    worst::<f64>(
                        isa,
                        Function::Tanh,
                        &double,
                        53,
                        f64::MIN_POSITIVE,
                        f64::tanh,
                    ),
                ),
                (
                    "sigmoid, double",
                    worst::<f64>(
                        isa,
                        Function::Sigmoid,
                        &double,
                        53,
                        f64::MIN_POSITIVE,
                        sigmoid_of,
                    ),
                ),
            ] {
                println!(
                    "{} {name}: {ulps:.2} units, {below:e} below normal",
                    isa.name()
                );
                let bound = if name.ends_with("double") {
                    bound + 2.0
                } else {
                    bound
                };
                assert!(ulps < bound, "{} {name}: {ulps} units", isa.name());
                assert!(below < tiny, "{} {name}: {below:e}", isa.name());
            }
        }
    }

    #[test]
    fn special_values_pass_through() {
        for isa in Isa::available() {
            for (function, expected) in [
                (Function::Tanh, [-1.0, 1.0, 0.0]),
                (Function::Sigmoid, [0.0, 1.0, 0.5]),
            ] {
                let mut values = [0.0f32; MAX_LANES];
                values[..4].copy_from_slice(&[f32::NEG_INFINITY, f32::INFINITY, 0.0, f32::NAN]);
                let apply = Apply {
                    function,
                    values: &mut values[..],
                };
                // SAFETY: as above.
                unsafe { f32::dispatch(isa, apply) };
                for (value, expected) in values.iter().zip(expected) {
                    assert!((value - expected).abs() < f32::MIN_POSITIVE, "{values:?}");
                }
                assert!(values[3].is_nan(), "{values:?}");
            }
        }
    }
}
