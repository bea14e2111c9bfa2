//! Whether libtorch can run here, and if not, why and what to do about it.
//!
//! What is true of this build and machine is gathered ([`Facts::gather`]) and judged ([`Facts::cpu`],
//! [`Facts::cuda`]) apart, so that every verdict can be tested without the machine.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::libtorch_version::version;

/// Why libtorch cannot run, with what helps.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unusable {
    /// The feature is off.
    #[error(
        "libtorch is not in this build; `cargo xtask reproduce --backend {backend}` gets libtorch and builds with it"
    )]
    NotBuilt {
        /// What was asked for.
        backend: &'static str,
    },
    /// Other headers than libraries.
    #[error(
        "built against libtorch {built}, but {folder} now holds {found}; build again (`cargo xtask reproduce --backend \
         {backend}`), or put {built} back"
    )]
    Version {
        /// At the time of the build.
        built: String,
        /// Now.
        found: String,
        /// Where it lies.
        folder: String,
        /// What was asked for.
        backend: &'static str,
    },
    /// Linked with a libtorch for CPUs.
    #[error(
        "built against a libtorch without CUDA ({folder}); `cargo xtask reproduce --backend libtorch-cuda` gets one with it \
         (if LIBTORCH is set, unset it) and builds again"
    )]
    WithoutCuda {
        /// Where it lies.
        folder: String,
    },
    /// No driver.
    #[error(
        "no NVIDIA driver answers (`nvidia-smi` fails); install the driver, in a container start it with GPUs \
         (`--gpus all`), or use --backend libtorch-cpu"
    )]
    NoDriver,
    /// A driver that is too old for the CUDA in libtorch.
    #[error(
        "the NVIDIA driver {found} is too old for the CUDA {cuda} of this libtorch, which needs {needed} or newer; update the \
         driver, or use --backend libtorch-cpu"
    )]
    DriverTooOld {
        /// Of this machine.
        found: String,
        /// The least that will do.
        needed: &'static str,
        /// CUDA's version, before its first dot.
        cuda: u32,
    },
    /// A library that is loaded when first needed.
    #[error(
        "{library} is neither in {folder} nor where the system looks; remove that folder and run `cargo xtask libtorch --cuda`, \
         or, if LIBTORCH names it, complete it"
    )]
    LibraryMissing {
        /// Its name.
        library: &'static str,
        /// Where it should be.
        folder: String,
    },
    /// The folder had CUDA; the program has not.
    #[error(
        "the linker left libtorch_cuda out, though {folder} has it; build with `cargo xtask reproduce --backend libtorch-cuda`, \
         which forbids that, or link with `-Wl,--no-as-needed -ltorch_cuda`"
    )]
    LinkedOut {
        /// Where it lies.
        folder: String,
    },
    /// A driver, but no GPU.
    #[error(
        "the driver answers, but libtorch sees no GPU (CUDA_VISIBLE_DEVICES is {visible}); unset that variable, and check \
         `nvidia-smi -L`"
    )]
    NoGpu {
        /// What the variable says.
        visible: String,
    },
    /// CUDA, but no cuDNN.
    #[error(
        "libtorch finds no cuDNN, which runs the recurrent layers; remove {folder} and run `cargo xtask libtorch --cuda`"
    )]
    NoCudnn {
        /// Where libtorch lies.
        folder: String,
    },
}

/// What a build was made with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Built {
    /// Where libtorch lay.
    pub(crate) folder: PathBuf,
    /// Its version.
    pub(crate) version: String,
    /// Whether CUDA was in it.
    pub(crate) cuda: bool,
}

/// What an NVIDIA driver says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Driver {
    /// Its version.
    pub(crate) version: String,
    /// The first GPU's name.
    pub(crate) gpu: String,
}

/// What the linked libtorch says of itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Linked {
    pub(crate) cuda: bool,
    pub(crate) usable: bool,
    pub(crate) cudnn: bool,
    pub(crate) threads: usize,
}

/// All that a verdict rests on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Facts {
    /// None without the feature.
    pub(crate) built: Option<Built>,
    /// The version that the folder holds now, where it can be told.
    pub(crate) version_now: Option<String>,
    /// CUDA's version in the folder, before its first dot.
    pub(crate) cuda: Option<u32>,
    /// A library of CUDA that is not there.
    pub(crate) missing: Option<&'static str>,
    pub(crate) linked: Linked,
    pub(crate) driver: Option<Driver>,
    /// What `CUDA_VISIBLE_DEVICES` says.
    pub(crate) visible: Option<String>,
}

/// Libraries that are loaded only when a recurrent layer first runs on a GPU.
const LOADED_LATE: [&str; 3] = ["libcudnn.so", "libcudnn_adv.so", "libcudnn_ops.so"];

impl Facts {
    /// Looks around.
    pub(crate) fn gather() -> Self {
        let built = built();
        let lib = built.as_ref().map(|built| built.folder.join("lib"));
        let there = |begin: &str| lib.as_deref().and_then(|lib| library(lib, begin));
        let missing = built
            .as_ref()
            .filter(|built| built.cuda)
            .and_then(|_| LOADED_LATE.into_iter().find(|name| there(name).is_none()));
        Self {
            version_now: built.as_ref().and_then(|built| version(&built.folder)),
            cuda: there("libcudart.so").and_then(|name| name.rsplit('.').next()?.parse().ok()),
            missing,
            linked: linked(),
            driver: driver(),
            visible: std::env::var("CUDA_VISIBLE_DEVICES").ok(),
            built,
        }
    }

    /// Whether libtorch runs on the CPU.
    pub(crate) fn cpu(&self) -> Result<&Built, Unusable> {
        self.same_version("libtorch-cpu")
    }

    fn same_version(&self, backend: &'static str) -> Result<&Built, Unusable> {
        let Some(built) = &self.built else {
            return Err(Unusable::NotBuilt { backend });
        };
        match &self.version_now {
            Some(found) if *found != built.version => Err(Unusable::Version {
                built: built.version.clone(),
                found: found.clone(),
                folder: built.folder.display().to_string(),
                backend,
            }),
            _ => Ok(built),
        }
    }

    /// Whether libtorch runs on a GPU, and which.
    pub(crate) fn cuda(&self) -> Result<&Driver, Unusable> {
        let built = self.same_version("libtorch-cuda")?;
        let folder = built.folder.display().to_string();
        if !built.cuda {
            return Err(Unusable::WithoutCuda { folder });
        }
        let Some(driver) = &self.driver else {
            return Err(Unusable::NoDriver);
        };
        if let Some((cuda, needed)) = self
            .cuda
            .and_then(|cuda| Some((cuda, least_driver(cuda)?)))
            .filter(|(_, needed)| numbers(&driver.version) < numbers(needed))
        {
            return Err(Unusable::DriverTooOld {
                found: driver.version.clone(),
                needed,
                cuda,
            });
        }
        if let Some(library) = self.missing {
            return Err(Unusable::LibraryMissing { library, folder });
        }
        let Linked {
            cuda,
            usable,
            cudnn,
            ..
        } = self.linked;
        match (cuda, usable, cudnn) {
            (false, ..) => Err(Unusable::LinkedOut { folder }),
            (_, false, _) => Err(Unusable::NoGpu {
                visible: self.visible.clone().unwrap_or("not set".to_owned()),
            }),
            (.., false) => Err(Unusable::NoCudnn { folder }),
            _ => Ok(driver),
        }
    }
}

/// The oldest driver for Linux that runs programs of a CUDA version. Source: NVIDIA, "CUDA
/// Compatibility", the table of minor version compatibility.
fn least_driver(cuda: u32) -> Option<&'static str> {
    match cuda {
        11 => Some("450.80.02"),
        12 => Some("525.60.13"),
        13 => Some("580.65.06"),
        _ => None,
    }
}

fn numbers(version: &str) -> Vec<u32> {
    version
        .split('.')
        .map(|part| part.parse().unwrap_or_default())
        .collect()
}

fn built() -> Option<Built> {
    if !cfg!(feature = "libtorch") {
        return None;
    }
    Some(Built {
        folder: option_env!("RECURRENT_LIBTORCH").unwrap_or_default().into(),
        version: option_env!("RECURRENT_LIBTORCH_VERSION")
            .unwrap_or("unknown")
            .to_owned(),
        cuda: option_env!("RECURRENT_LIBTORCH_CUDA") == Some("true"),
    })
}

#[cfg(feature = "libtorch")]
fn linked() -> Linked {
    let about = recurrent_models::recurrence::libtorch::about();
    Linked {
        cuda: about.cuda_linked,
        usable: about.cuda_usable,
        cudnn: about.cudnn,
        threads: about.threads,
    }
}

#[cfg(not(feature = "libtorch"))]
fn linked() -> Linked {
    Linked::default()
}

/// The first GPU and the driver, by NVIDIA's own program.
fn driver() -> Option<Driver> {
    let output = Command::new("nvidia-smi")
        .args(["--query-gpu=driver_version,name", "--format=csv,noheader"])
        .stderr(Stdio::null())
        .output()
        .ok()
        .filter(|output| output.status.success())?;
    parse_driver(&String::from_utf8_lossy(&output.stdout))
}

fn parse_driver(said: &str) -> Option<Driver> {
    let (version, gpu) = said.lines().next()?.split_once(',')?;
    Some(Driver {
        version: version.trim().to_owned(),
        gpu: gpu.trim().to_owned(),
    })
}

/// The name of a library that begins so, in a folder of libtorch or where that looks for NVIDIA's.
fn library(lib: &Path, begin: &str) -> Option<String> {
    let nvidia = lib.join("../../nvidia");
    let packages = std::fs::read_dir(&nvidia).into_iter().flatten().flatten();
    let system = ["/usr/lib/x86_64-linux-gnu", "/usr/local/cuda/lib64"].map(PathBuf::from);
    let searched = std::env::var_os("LD_LIBRARY_PATH").unwrap_or_default();
    std::iter::once(lib.to_owned())
        .chain(packages.map(|package| package.path().join("lib")))
        .chain(std::env::split_paths(&searched))
        .chain(system)
        .filter_map(|folder| std::fs::read_dir(folder).ok())
        .flat_map(|entries| entries.flatten())
        .filter_map(|entry| entry.file_name().into_string().ok())
        .find(|name| name.starts_with(begin))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A machine on which all is well.
    fn well() -> Facts {
        Facts {
            built: Some(Built {
                folder: "/torch".into(),
                version: "2.9.0".to_owned(),
                cuda: true,
            }),
            version_now: Some("2.9.0".to_owned()),
            cuda: Some(12),
            missing: None,
            linked: Linked {
                cuda: true,
                usable: true,
                cudnn: true,
                threads: 2,
            },
            driver: parse_driver("570.86.15, NVIDIA H200\n570.86.15, NVIDIA H200\n"),
            visible: None,
        }
    }

    /// The verdict on CUDA after a change, and what it tells to do.
    fn check(change: impl FnOnce(&mut Facts), expect: &str, remedy: &str) {
        let mut facts = well();
        change(&mut facts);
        let verdict = facts.cuda().unwrap_err();
        let text = verdict.to_string();
        assert!(format!("{verdict:?}").starts_with(expect), "{verdict:?}");
        assert!(text.contains(remedy), "{text}");
    }

    #[test]
    fn a_machine_on_which_all_is_well() {
        let facts = well();
        assert_eq!(facts.cuda().unwrap().gpu, "NVIDIA H200");
        assert_eq!(facts.cpu().unwrap().version, "2.9.0");
    }

    #[test]
    fn every_failure_has_its_name_and_a_remedy() {
        let build = "cargo xtask reproduce --backend libtorch-cuda";
        check(|facts| facts.built = None, "NotBuilt", build);
        check(
            |facts| facts.version_now = Some("2.11.0".to_owned()),
            "Version",
            "now holds 2.11.0; build again",
        );
        let without = |facts: &mut Facts| facts.built.as_mut().unwrap().cuda = false;
        check(without, "WithoutCuda", build);
        check(|facts| facts.driver = None, "NoDriver", "--gpus all");
        let old = |facts: &mut Facts| facts.driver = parse_driver("470.42.01, Tesla T4");
        check(old, "DriverTooOld", "525.60.13 or newer; update the driver");
        let newer_cuda = |facts: &mut Facts| facts.cuda = Some(13);
        check(newer_cuda, "DriverTooOld", "580.65.06");
        check(
            |facts| facts.missing = Some("libcudnn.so"),
            "LibraryMissing",
            "cargo xtask libtorch --cuda",
        );
        let left_out = |facts: &mut Facts| facts.linked.cuda = false;
        check(left_out, "LinkedOut", "--no-as-needed -ltorch_cuda");
        let hidden = |facts: &mut Facts| {
            facts.linked.usable = false;
            facts.visible = Some("-1".to_owned());
        };
        check(hidden, "NoGpu", "CUDA_VISIBLE_DEVICES is -1");
        let no_cudnn = |facts: &mut Facts| facts.linked.cudnn = false;
        check(no_cudnn, "NoCudnn", "cargo xtask libtorch --cuda");
    }

    #[test]
    fn versions_are_compared_by_number() {
        assert!(numbers("525.105.17") > numbers("525.60.13"));
        assert!(numbers("470.42.01") < numbers("525.60.13"));
    }

    #[test]
    fn a_cpu_needs_neither_driver_nor_cuda() {
        let facts = Facts {
            driver: None,
            linked: Linked::default(),
            ..well()
        };
        assert!(facts.cpu().is_ok());
        assert!(matches!(
            Facts::default().cpu(),
            Err(Unusable::NotBuilt {
                backend: "libtorch-cpu"
            })
        ));
    }
}
