//! Which instruction set to use: found out at run time, held as a value.
//!
//! An [`Isa`] can only be made where the CPU has its instructions, so holding one is the proof that
//! they may be used; [`Dispatch`] turns the proof into a call.

use std::sync::OnceLock;

use crate::arch;
use crate::element::Element;
use crate::vector::Kernel;

/// An instruction set that this CPU has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Isa(Kind);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Portable,
    #[cfg(all(target_arch = "x86_64", feature = "pairs"))]
    Avx2InPairs,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
    #[cfg(target_arch = "aarch64")]
    Neon,
}

impl Isa {
    /// Plain Rust, which every CPU has.
    pub const PORTABLE: Self = Self(Kind::Portable);

    /// The environment variable that names an instruction set for [`Self::best`], as [`Self::name`] does.
    pub const VARIABLE: &str = "RECURRENT_ISA";

    /// The fastest that this CPU has, or the one that the environment variable [`Self::VARIABLE`] names, if this CPU has
    /// it. Results do not depend on it, which is what the variable is there to show; it is read once.
    pub fn best() -> Self {
        static BEST: OnceLock<Isa> = OnceLock::new();
        *BEST.get_or_init(|| {
            let named = std::env::var(Self::VARIABLE).ok();
            let named = named.and_then(|name| Self::named(&name));
            let fastest = || Self::available().pop();
            named.or_else(fastest).unwrap_or(Self::PORTABLE)
        })
    }

    /// The instruction set of this name, if this CPU has it.
    pub fn named(name: &str) -> Option<Self> {
        Self::available().into_iter().find(|isa| isa.name() == name)
    }

    /// Whether this instruction set has a fused multiply-add; else software computes the same bits, slowly.
    pub fn fuses_in_hardware(self) -> bool {
        match self.0 {
            Kind::Portable => crate::element::FUSED_IN_HARDWARE || Self::available().len() > 1,
            #[allow(unreachable_patterns)]
            _ => true,
        }
    }

    /// All that this CPU has, the slowest first. The interpreter Miri has plain Rust alone.
    pub fn available() -> Vec<Self> {
        #[allow(unused_mut)]
        let mut found = vec![Self::PORTABLE];
        if cfg!(miri) {
            return found;
        }
        #[cfg(target_arch = "x86_64")]
        {
            let avx2 = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
            if avx2 {
                #[cfg(feature = "pairs")]
                found.push(Self(Kind::Avx2InPairs));
                found.push(Self(Kind::Avx2));
            }
            if avx2 && is_x86_feature_detected!("avx512f") {
                found.push(Self(Kind::Avx512));
            }
        }
        #[cfg(target_arch = "aarch64")]
        if std::arch::is_aarch64_feature_detected!("neon") {
            found.push(Self(Kind::Neon));
        }
        found
    }

    /// The name: `portable`, `avx2 in pairs` (AVX-512's tiles, for tests, with the feature `pairs`), `avx2`, `avx512` or `neon`.
    pub fn name(self) -> &'static str {
        match self.0 {
            Kind::Portable => "portable",
            #[cfg(all(target_arch = "x86_64", feature = "pairs"))]
            Kind::Avx2InPairs => "avx2 in pairs",
            #[cfg(target_arch = "x86_64")]
            Kind::Avx2 => "avx2",
            #[cfg(target_arch = "x86_64")]
            Kind::Avx512 => "avx512",
            #[cfg(target_arch = "aarch64")]
            Kind::Neon => "neon",
        }
    }
}

/// Numbers for which every instruction set has registers.
pub trait Dispatch: Element {
    /// Runs `kernel` with the registers of `isa`.
    ///
    /// # Safety
    /// What the kernel's type demands of its fields.
    #[doc(hidden)]
    unsafe fn dispatch<K: Kernel<Self>>(isa: Isa, kernel: K) -> K::Output;
}

macro_rules! dispatch {
    ($real:ident) => {
        impl Dispatch for $real {
            #[inline]
            unsafe fn dispatch<K: Kernel<$real>>(isa: Isa, kernel: K) -> K::Output {
                match isa.0 {
                    // SAFETY: every CPU has what the compiler was told of; the caller answers for the kernel.
                    Kind::Portable => unsafe { kernel.run::<arch::portable::Lanes<$real>>() },
                    // SAFETY: `available` has found the features before it made this value; the caller answers
                    // for the kernel.
                    #[cfg(all(target_arch = "x86_64", feature = "pairs"))]
                    Kind::Avx2InPairs => unsafe { arch::x86::avx2::$real::run_in_pairs(kernel) },
                    // SAFETY: as above.
                    #[cfg(target_arch = "x86_64")]
                    Kind::Avx2 => unsafe { arch::x86::avx2::$real::run(kernel) },
                    // SAFETY: as above.
                    #[cfg(target_arch = "x86_64")]
                    Kind::Avx512 => unsafe { arch::x86::avx512::$real::run(kernel) },
                    // SAFETY: as above.
                    #[cfg(target_arch = "aarch64")]
                    Kind::Neon => unsafe { arch::neon::$real::run(kernel) },
                }
            }
        }
    };
}

dispatch!(f32);
dispatch!(f64);
