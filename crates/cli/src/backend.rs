//! Which device the networks run on.

use burn::tensor::Device;
use clap::ValueEnum;

/// A choice of backend.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Backend {
    /// The fastest this build and machine have.
    Auto,
    /// burn's pure-Rust CPU backend.
    Flex,
}

impl Backend {
    /// The backend's name and its device. `auto` has nothing but Flex to choose in this build.
    pub(crate) fn open(self) -> (&'static str, Device) {
        match self {
            Self::Auto | Self::Flex => ("flex", Device::flex()),
        }
    }
}
