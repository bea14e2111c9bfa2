//! AArch64: NEON, 128 bits, 32 registers.

macro_rules! registers {
    (
        $real:ident, $register:ident, lanes $lanes:literal,
        $splat:ident, $load:ident, $store:ident, $add:ident, $sub:ident, $mul:ident, $div:ident, $sqrt:ident,
        $fma:ident, $min:ident, $max:ident, shift $bits:literal $to_int:ident $shift:ident $to_float:ident
    ) => {
        pub(crate) mod $real {
            use std::arch::aarch64::*;

            use crate::vector::{Kernel, Vector};

            /// A register.
            #[derive(Clone, Copy)]
            pub(crate) struct Register($register);

            /// Compiles `kernel` for NEON, and runs it.
            ///
            /// # Safety
            /// The CPU has NEON; the kernel is as its type demands.
            #[target_feature(enable = "neon")]
            pub(crate) unsafe fn run<K: Kernel<$real>>(kernel: K) -> K::Output {
                // SAFETY: the CPU has NEON, as the caller promised, and the kernel is as its type demands.
                unsafe { kernel.run::<Register>() }
            }

            // SAFETY of all blocks below: the caller promises NEON, and valid pointers.
            #[allow(clippy::undocumented_unsafe_blocks)]
            impl Vector for Register {
                type Elem = $real;
                const LANES: usize = $lanes;
                const TILE_ROWS: usize = 6;

                #[inline(always)]
                unsafe fn splat(value: $real) -> Self {
                    unsafe { Self($splat(value)) }
                }
                #[inline(always)]
                unsafe fn load(from: *const $real) -> Self {
                    unsafe { Self($load(from)) }
                }
                #[inline(always)]
                unsafe fn store(self, to: *mut $real) {
                    unsafe { $store(to, self.0) }
                }
                #[inline(always)]
                unsafe fn add(self, other: Self) -> Self {
                    unsafe { Self($add(self.0, other.0)) }
                }
                #[inline(always)]
                unsafe fn sub(self, other: Self) -> Self {
                    unsafe { Self($sub(self.0, other.0)) }
                }
                #[inline(always)]
                unsafe fn mul(self, other: Self) -> Self {
                    unsafe { Self($mul(self.0, other.0)) }
                }
                #[inline(always)]
                unsafe fn div(self, other: Self) -> Self {
                    unsafe { Self($div(self.0, other.0)) }
                }
                #[inline(always)]
                unsafe fn sqrt(self) -> Self {
                    unsafe { Self($sqrt(self.0)) }
                }
                #[inline(always)]
                unsafe fn mul_add(self, factor: Self, term: Self) -> Self {
                    unsafe { Self($fma(term.0, self.0, factor.0)) }
                }
                // Both instructions give NaN where either operand is NaN.
                #[inline(always)]
                unsafe fn min(self, other: Self) -> Self {
                    unsafe { Self($min(self.0, other.0)) }
                }
                #[inline(always)]
                unsafe fn max(self, other: Self) -> Self {
                    unsafe { Self($max(self.0, other.0)) }
                }
                #[inline(always)]
                unsafe fn shift_to_exponent(self) -> Self {
                    unsafe { Self($to_float($shift::<$bits>($to_int(self.0)))) }
                }
            }
        }
    };
}

registers!(
    f32, float32x4_t, lanes 4,
    vdupq_n_f32, vld1q_f32, vst1q_f32, vaddq_f32, vsubq_f32, vmulq_f32, vdivq_f32, vsqrtq_f32, vfmaq_f32, vminq_f32, vmaxq_f32,
    shift 23 vreinterpretq_u32_f32 vshlq_n_u32 vreinterpretq_f32_u32
);
registers!(
    f64, float64x2_t, lanes 2,
    vdupq_n_f64, vld1q_f64, vst1q_f64, vaddq_f64, vsubq_f64, vmulq_f64, vdivq_f64, vsqrtq_f64, vfmaq_f64, vminq_f64, vmaxq_f64,
    shift 52 vreinterpretq_u64_f64 vshlq_n_u64 vreinterpretq_f64_u64
);
