//! Four lanes in plain Rust: for CPUs that nothing better is written for, and for interpreters.
//!
//! A fused multiply-add is [`Element::mul_add`]: where no instruction can be assumed, a call for each lane, which
//! uses the CPU's instruction if there is one, and else computes the same bits in software, slowly.

use crate::element::Element;
use crate::vector::Vector;

/// Four numbers.
#[derive(Clone, Copy)]
#[repr(align(16))]
pub(crate) struct Lanes<E>([E; 4]);

macro_rules! portable {
    ($real:ident, $significand:literal) => {
        impl Vector for Lanes<$real> {
            type Elem = $real;
            const LANES: usize = 4;
            const TILE_ROWS: usize = 3;

            #[inline(always)]
            unsafe fn splat(value: $real) -> Self {
                Self([value; 4])
            }
            #[inline(always)]
            unsafe fn load(from: *const $real) -> Self {
                // SAFETY: the caller's pointer is valid for LANES elements, which are four.
                Self(unsafe { from.cast::<[$real; 4]>().read_unaligned() })
            }
            #[inline(always)]
            unsafe fn store(self, to: *mut $real) {
                // SAFETY: the caller's pointer is valid for LANES elements, which are four.
                unsafe { to.cast::<[$real; 4]>().write_unaligned(self.0) }
            }
            #[inline(always)]
            unsafe fn add(self, other: Self) -> Self {
                self.zip(other, |a, b| a + b)
            }
            #[inline(always)]
            unsafe fn sub(self, other: Self) -> Self {
                self.zip(other, |a, b| a - b)
            }
            #[inline(always)]
            unsafe fn mul(self, other: Self) -> Self {
                self.zip(other, |a, b| a * b)
            }
            #[inline(always)]
            unsafe fn div(self, other: Self) -> Self {
                self.zip(other, |a, b| a / b)
            }
            #[inline(always)]
            unsafe fn sqrt(self) -> Self {
                Self(self.0.map($real::sqrt))
            }
            #[inline(always)]
            unsafe fn mul_add(self, factor: Self, term: Self) -> Self {
                Self(std::array::from_fn(|lane| {
                    Element::mul_add(self.0[lane], factor.0[lane], term.0[lane])
                }))
            }
            #[inline(always)]
            unsafe fn min(self, other: Self) -> Self {
                self.zip(other, |a, b| if a < b { a } else { b })
            }
            #[inline(always)]
            unsafe fn max(self, other: Self) -> Self {
                self.zip(other, |a, b| if a > b { a } else { b })
            }
            #[inline(always)]
            unsafe fn shift_to_exponent(self) -> Self {
                Self(
                    self.0
                        .map(|x| $real::from_bits(x.to_bits() << $significand)),
                )
            }
        }
    };
}

portable!(f32, 23);
portable!(f64, 52);

impl<E: Element> Lanes<E> {
    #[inline(always)]
    fn zip(self, other: Self, f: impl Fn(E, E) -> E) -> Self {
        Self(std::array::from_fn(|lane| f(self.0[lane], other.0[lane])))
    }
}
