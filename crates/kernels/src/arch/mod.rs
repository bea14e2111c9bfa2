//! [`crate::vector::Vector`] on each instruction set. Thin: one line a method, no algorithm.

#[cfg(target_arch = "aarch64")]
pub(crate) mod neon;
#[cfg(all(target_arch = "x86_64", feature = "pairs"))]
pub(crate) mod pair;
pub(crate) mod portable;
#[cfg(target_arch = "x86_64")]
pub(crate) mod x86;
