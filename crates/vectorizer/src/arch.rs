//! What safe Rust has no word for: memory that is fetched ahead. The only `unsafe` of this crate is here;
//! where it is not compiled, everything is the same but slower.

/// Asks for the memory of `slice[index]`, which is needed soon. A wish, without any effect on results.
#[inline(always)]
pub(crate) fn prefetch<T>(slice: &[T], index: usize) {
    #[cfg(target_arch = "x86_64")]
    if let Some(element) = slice.get(index) {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: the instruction, which every x86-64 has, reads nothing and cannot fault.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(element).cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (slice, index);
}
