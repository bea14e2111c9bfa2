//! x86-64: AVX2 with FMA, and AVX-512F.

macro_rules! registers {
    (
        $real:ident, $register:ident, lanes $lanes:literal, tile $rows:literal, features $features:literal,
        $splat:ident, $load:ident, $store:ident, $add:ident, $sub:ident, $mul:ident, $div:ident, $sqrt:ident,
        $fma:ident, $min:ident, $max:ident, shift $bits:literal $to_int:ident $shift:ident $to_float:ident
    ) => {
        pub(crate) mod $real {
            use std::arch::x86_64::*;

            use crate::vector::{Kernel, Vector};

            /// A register.
            #[derive(Clone, Copy)]
            pub(crate) struct Register($register);

            /// Compiles `kernel` for the features, and runs it.
            ///
            /// # Safety
            /// The CPU has the features; the kernel is as its type demands.
            #[target_feature(enable = $features)]
            pub(crate) unsafe fn run<K: Kernel<$real>>(kernel: K) -> K::Output {
                // SAFETY: the CPU has the features, as the caller promised, and the kernel is as its type demands.
                unsafe { kernel.run::<Register>() }
            }

            /// As [`run`], two registers at a time.
            ///
            /// # Safety
            /// The CPU has the features; the kernel is as its type demands.
            #[cfg(feature = "pairs")]
            #[target_feature(enable = $features)]
            #[allow(dead_code, reason = "not all widths are paired")]
            pub(crate) unsafe fn run_in_pairs<K: Kernel<$real>>(kernel: K) -> K::Output {
                // SAFETY: as in `run`.
                unsafe { kernel.run::<crate::arch::pair::Pair<Register>>() }
            }

            // SAFETY of all blocks below: the caller promises the features, and valid pointers.
            #[allow(clippy::undocumented_unsafe_blocks)]
            impl Vector for Register {
                type Elem = $real;
                const LANES: usize = $lanes;
                const TILE_ROWS: usize = $rows;

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
                    unsafe { Self($fma(self.0, factor.0, term.0)) }
                }
                // Both instructions give their second operand where either is NaN.
                #[inline(always)]
                unsafe fn min(self, other: Self) -> Self {
                    unsafe { Self($min(self.0, other.0)) }
                }
                #[inline(always)]
                unsafe fn max(self, other: Self) -> Self {
                    unsafe { Self($max(self.0, other.0)) }
                }
                #[inline(always)]
                unsafe fn prefetch(at: *const $real) {
                    unsafe { _mm_prefetch::<_MM_HINT_T0>(at.cast()) }
                }
                #[inline(always)]
                unsafe fn shift_to_exponent(self) -> Self {
                    unsafe { Self($to_float($shift::<$bits>($to_int(self.0)))) }
                }
            }
        }
    };
}

/// 256 bits.
pub(crate) mod avx2 {
    registers!(
        f32, __m256, lanes 8, tile 3, features "avx2,fma",
        _mm256_set1_ps, _mm256_loadu_ps, _mm256_storeu_ps, _mm256_add_ps, _mm256_sub_ps, _mm256_mul_ps,
        _mm256_div_ps, _mm256_sqrt_ps, _mm256_fmadd_ps, _mm256_min_ps, _mm256_max_ps,
        shift 23 _mm256_castps_si256 _mm256_slli_epi32 _mm256_castsi256_ps
    );
    registers!(
        f64, __m256d, lanes 4, tile 3, features "avx2,fma",
        _mm256_set1_pd, _mm256_loadu_pd, _mm256_storeu_pd, _mm256_add_pd, _mm256_sub_pd, _mm256_mul_pd,
        _mm256_div_pd, _mm256_sqrt_pd, _mm256_fmadd_pd, _mm256_min_pd, _mm256_max_pd,
        shift 52 _mm256_castpd_si256 _mm256_slli_epi64 _mm256_castsi256_pd
    );
}

/// 512 bits.
pub(crate) mod avx512 {
    registers!(
        f32, __m512, lanes 16, tile 6, features "avx2,fma,avx512f",
        _mm512_set1_ps, _mm512_loadu_ps, _mm512_storeu_ps, _mm512_add_ps, _mm512_sub_ps, _mm512_mul_ps,
        _mm512_div_ps, _mm512_sqrt_ps, _mm512_fmadd_ps, _mm512_min_ps, _mm512_max_ps,
        shift 23 _mm512_castps_si512 _mm512_slli_epi32 _mm512_castsi512_ps
    );
    registers!(
        f64, __m512d, lanes 8, tile 6, features "avx2,fma,avx512f",
        _mm512_set1_pd, _mm512_loadu_pd, _mm512_storeu_pd, _mm512_add_pd, _mm512_sub_pd, _mm512_mul_pd,
        _mm512_div_pd, _mm512_sqrt_pd, _mm512_fmadd_pd, _mm512_min_pd, _mm512_max_pd,
        shift 52 _mm512_castpd_si512 _mm512_slli_epi64 _mm512_castsi512_pd
    );
}
