//! Which libtorch: for which processor, in which version; and whether there is a driver for a GPU.

use std::process::{Command, Stdio};

/// What a libtorch computes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Cpu,
    Cuda,
}

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Cuda => "cuda",
        }
    }

    /// How much is downloaded, in words.
    pub(super) fn size(self) -> &'static str {
        match self {
            Self::Cpu => "900 MB, of which 500 MB stay",
            Self::Cuda => "3.7 GB",
        }
    }
}

/// The versions that are known to build with tch 0.22.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Version {
    /// The one that tch 0.22 names.
    #[value(name = "2.9.0")]
    V2_9_0,
    /// Builds with tch's check of the version left out.
    #[value(name = "2.11.0")]
    V2_11_0,
}

impl Version {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::V2_9_0 => "2.9.0",
            Self::V2_11_0 => "2.11.0",
        }
    }

    /// The version that a folder says, `2.9.0` or `2.9.0+cu128`, if it is one of these.
    pub(super) fn of(text: &str) -> Option<Self> {
        let number = text.split('+').next().unwrap_or_default().trim();
        [Self::V2_9_0, Self::V2_11_0]
            .into_iter()
            .find(|version| version.name() == number)
    }

    pub(super) fn needs_bypass(self) -> bool {
        self != Self::V2_9_0
    }

    /// The SHA-256 of the wheel for CPython 3.10, of which only the libraries and headers are used, so
    /// that the Python at hand may be another. As the package index gives them, noted on 2026-11-25.
    pub(super) fn wheel_sha256(self) -> Option<&'static str> {
        if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
            return None;
        }
        Some(match self {
            Self::V2_9_0 => "51cb63902182a78e90886e8068befd8ea102af4b00e420263591a3d70c7d3c6c",
            Self::V2_11_0 => "1b32ceda909818a03b112006709b02be1877240c31750a8d9c6b7bf5f2d8a6e5",
        })
    }
}

/// The first GPU and its driver's version, if a driver answers.
pub(crate) fn driver() -> Option<String> {
    let output = Command::new("nvidia-smi")
        .args(["--query-gpu=name,driver_version", "--format=csv,noheader"])
        .stderr(Stdio::null())
        .output()
        .ok()
        .filter(|output| output.status.success())?;
    let text = String::from_utf8_lossy(&output.stdout);
    let line = text.lines().next()?.trim();
    (!line.is_empty()).then(|| line.to_owned())
}
