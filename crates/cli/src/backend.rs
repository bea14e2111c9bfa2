//! Which device the networks run on.

use burn::tensor::Device;
use clap::ValueEnum;

use crate::libtorch::{Facts, Unusable};
use crate::say;

/// A choice of backend.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Backend {
    /// libtorch on an NVIDIA GPU where this build and machine have that, else Flex.
    Auto,
    /// burn's pure-Rust CPU backend.
    Flex,
    /// libtorch on the CPU, the recurrent layers by this project's kernels.
    LibtorchCpu,
    /// libtorch on the CPU, the recurrent layers by libtorch, too: what a GPU runs, for comparison.
    LibtorchCpuAten,
    /// libtorch on an NVIDIA GPU, the recurrent layers by cuDNN.
    LibtorchCuda,
}

impl Backend {
    /// The backend's name and its device. What was asked for and cannot be had is an error; `auto` takes
    /// what there is, and says why.
    pub(crate) fn open(self) -> Result<(&'static str, Device), Unusable> {
        match self {
            Self::Auto => {
                let facts = Facts::gather();
                let (chosen, why) = automatic(&facts);
                say(&format!("backend {}: {why}", chosen.name()));
                chosen.open()
            }
            Self::Flex => Ok((self.name(), Device::flex())),
            Self::LibtorchCpu | Self::LibtorchCpuAten => {
                Facts::gather().cpu()?;
                Ok((self.name(), self.libtorch()))
            }
            Self::LibtorchCuda => {
                Facts::gather().cuda()?;
                Ok((self.name(), self.libtorch()))
            }
        }
    }

    /// As on the command line.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Flex => "flex",
            Self::LibtorchCpu => "libtorch-cpu",
            Self::LibtorchCpuAten => "libtorch-cpu-aten",
            Self::LibtorchCuda => "libtorch-cuda",
        }
    }

    #[cfg(feature = "libtorch")]
    fn libtorch(self) -> Device {
        use recurrent_models::recurrence::libtorch::{Processor, device, use_aten_on_cpu};

        use_aten_on_cpu(self == Self::LibtorchCpuAten);
        device(match self {
            Self::LibtorchCuda => Processor::Cuda,
            _ => Processor::Cpu,
        })
    }

    /// Not reached: a build without libtorch is found out before.
    #[cfg(not(feature = "libtorch"))]
    fn libtorch(self) -> Device {
        unreachable!("a build without libtorch opened {}", self.name())
    }
}

/// What `auto` means, and why.
pub(crate) fn automatic(facts: &Facts) -> (Backend, String) {
    match facts.cuda() {
        Ok(driver) => (
            Backend::LibtorchCuda,
            format!("libtorch can use the {}", driver.gpu),
        ),
        // Without a GPU nothing is amiss.
        Err(_) if facts.driver.is_none() => (
            Backend::Flex,
            "no NVIDIA driver found; on a CPU it is the fastest".to_owned(),
        ),
        Err(reason) => (Backend::Flex, reason.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn auto_is_flex_without_a_gpu_and_says_why() {
        let (backend, why) = automatic(&Facts::default());
        assert_eq!(backend, Backend::Flex);
        assert!(why.contains("no NVIDIA driver"), "{why}");
        let driver = crate::libtorch::Driver {
            version: "570.86.15".to_owned(),
            gpu: "NVIDIA H200".to_owned(),
        };
        let (backend, why) = automatic(&Facts {
            driver: Some(driver),
            ..Facts::default()
        });
        assert_eq!(backend, Backend::Flex);
        assert!(why.contains("not in this build"), "{why}");
    }

    #[test]
    fn names_are_those_of_the_command_line() {
        for backend in Backend::value_variants() {
            let value = backend.to_possible_value().unwrap();
            assert_eq!(value.get_name(), backend.name());
        }
    }

    #[test]
    #[cfg(not(feature = "libtorch"))]
    fn what_is_not_there_is_refused() {
        for backend in [Backend::LibtorchCpu, Backend::LibtorchCuda] {
            let error = backend.open().unwrap_err().to_string();
            assert!(error.contains("not in this build"), "{error}");
        }
    }
}
