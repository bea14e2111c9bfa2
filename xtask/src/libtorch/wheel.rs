//! libtorch out of the wheel `torch`: its libraries and headers, and the NVIDIA wheels they load.
//!
//! pip says what belongs to that version and where it lies (a report, nothing is installed). curl fetches the
//! files, because it goes on where a run was ended; pip, which knows more of proxies and of indexes that ask
//! for a password, where curl cannot.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Deserialize;

use super::{Kind, LibtorchError, Place, Source, curl, unpack};

/// What pip says of an installation it would make.
#[derive(Debug, Deserialize)]
struct Report {
    install: Vec<Item>,
}

#[derive(Debug, Deserialize)]
struct Item {
    download_info: Download,
    metadata: Metadata,
}

#[derive(Debug, Deserialize)]
struct Download {
    url: String,
    archive_info: Archive,
}

#[derive(Debug, Deserialize)]
struct Archive {
    hashes: Hashes,
}

#[derive(Debug, Deserialize)]
struct Hashes {
    sha256: String,
}

#[derive(Debug, Deserialize)]
struct Metadata {
    name: String,
    version: String,
}

/// One wheel, and where we know its hash from.
#[derive(Debug, PartialEq, Eq)]
struct Wheel {
    name: String,
    version: String,
    file: String,
    address: String,
    sha256: String,
    checked_against: &'static str,
}

/// Puts it together in the place's partial folder.
pub(super) fn fetch(place: &Place) -> Result<Vec<Source>, LibtorchError> {
    let python = python().ok_or(LibtorchError::NoPip)?;
    std::fs::create_dir_all(&place.downloads).map_err(LibtorchError::io(&place.downloads))?;
    let report = resolve(&python, place)?;
    let wheels = chosen(report, place)?;
    let mut paths = Vec::with_capacity(wheels.len());
    for wheel in &wheels {
        paths.push(download(&python, wheel, &place.downloads)?);
    }
    place.empty_partial()?;
    for path in &paths {
        unpack::unpack(path, &place.partial, |entry| kept(entry, place.kind))?;
    }
    if place.kind == Kind::Cpu {
        without_cuda(&place.partial.join("lib"))?;
    }
    Ok(wheels.into_iter().map(Source::from).collect())
}

impl From<Wheel> for Source {
    fn from(wheel: Wheel) -> Self {
        Self {
            file: wheel.file,
            sha256: wheel.sha256,
            checked_against: wheel.checked_against.to_owned(),
        }
    }
}

/// A Python that has pip.
pub(super) fn python() -> Option<PathBuf> {
    ["python3", "python"]
        .into_iter()
        .find(|name| {
            Command::new(name)
                .args(["-m", "pip", "--version"])
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status()
                .is_ok_and(|status| status.success())
        })
        .map(PathBuf::from)
}

/// pip, told which files are wanted. Whatever Python runs it, on Linux these are the files for CPython
/// 3.10, whose hashes we know.
fn pip(python: &Path, command: &str) -> Command {
    let mut pip = Command::new(python);
    pip.args(["-m", "pip", command, "--only-binary=:all:"]);
    pip.args(["--disable-pip-version-check", "--no-cache-dir"]);
    // Newer versions of pip go on where a download broke off; older ones do not know this.
    pip.env("PIP_RESUME_RETRIES", "5");
    if cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        pip.args(["--python-version", "3.10", "--implementation", "cp"]);
        pip.args(["--abi", "cp310"]);
        for glibc in 17..=28 {
            pip.arg("--platform");
            pip.arg(format!("manylinux_2_{glibc}_x86_64"));
        }
        pip.args(["--platform", "manylinux2014_x86_64"]);
    }
    pip
}

/// Asks what belongs to torch of that version.
fn resolve(python: &Path, place: &Place) -> Result<Report, LibtorchError> {
    let path = place.downloads.join("report.json");
    let mut command = pip(python, "install");
    command.args(["--quiet", "--dry-run", "--ignore-installed"]);
    // Nothing goes there; pip asks for a folder where the platform is another's.
    command.arg("--target").arg(place.downloads.join("none"));
    command.arg("--report").arg(&path);
    command.arg(format!("torch=={}", place.version.name()));
    said(&mut command, "looking for torch")?;
    let text = std::fs::read(&path).map_err(LibtorchError::io(&path))?;
    serde_json::from_slice(&text).map_err(|error| LibtorchError::Report {
        reason: error.to_string(),
    })
}

/// The wheels of a report that are wanted, torch first.
fn chosen(report: Report, place: &Place) -> Result<Vec<Wheel>, LibtorchError> {
    let mut wheels = Vec::new();
    for item in report.install {
        let name = item.metadata.name.to_lowercase();
        if !wanted(&name, place.kind) {
            continue;
        }
        let said = item.download_info.archive_info.hashes.sha256;
        let known = place.version.wheel_sha256().filter(|_| name == "torch");
        let address = item.download_info.url;
        let file = address.rsplit('/').next().unwrap_or_default().to_owned();
        wheels.push(Wheel {
            // The hash in our source stands above the one that the index tells today.
            checked_against: match known {
                Some(_) => "the hash in xtask's source",
                None => "the hash that the package index gives",
            },
            sha256: known.map_or(said, str::to_owned),
            version: item.metadata.version,
            file,
            address,
            name,
        });
    }
    wheels.sort_by_key(|wheel| wheel.name != "torch");
    match wheels.first() {
        Some(first) if first.name == "torch" => Ok(wheels),
        _ => Err(LibtorchError::Report {
            reason: "pip's report has no torch in it".to_owned(),
        }),
    }
}

/// `libtorch_cpu.so` of a wheel that also has CUDA loads cupti and cudart; `libtorch_cuda.so` loads all.
fn wanted(name: &str, kind: Kind) -> bool {
    let loaded = match kind {
        Kind::Cpu => ["nvidia-cuda-cupti", "nvidia-cuda-runtime"].as_slice(),
        Kind::Cuda => ["nvidia-"].as_slice(),
    };
    name == "torch" || loaded.iter().any(|begin| name.starts_with(begin))
}

/// A wheel in the folder of downloads. One that is there and whole is not fetched again.
fn download(python: &Path, wheel: &Wheel, folder: &Path) -> Result<PathBuf, LibtorchError> {
    let path = folder.join(&wheel.file);
    if path.exists() {
        if unpack::sha256(&path)? == wheel.sha256 {
            return Ok(path);
        }
        std::fs::remove_file(&path).map_err(LibtorchError::io(&path))?;
    }
    eprintln!("xtask: {}", wheel.file);
    // What it is, its hash says, however it came.
    match curl::fetch(&wheel.address, &path, "https,http,file") {
        Ok(()) => {}
        Err(error) if error.is_final() => return Err(error),
        Err(error) => {
            eprintln!("xtask: {error}; trying pip");
            download_by_pip(python, wheel, folder)?;
        }
    }
    unpack::expect_sha256(&path, &wheel.sha256)?;
    Ok(path)
}

fn download_by_pip(python: &Path, wheel: &Wheel, folder: &Path) -> Result<(), LibtorchError> {
    let list = folder.join("wanted.txt");
    let line = format!(
        "{}=={} --hash=sha256:{}\n",
        wheel.name, wheel.version, wheel.sha256
    );
    std::fs::write(&list, line).map_err(LibtorchError::io(&list))?;
    let mut command = pip(python, "download");
    command.args(["--no-deps", "--require-hashes", "--dest"]);
    command.arg(folder).arg("--requirement").arg(&list);
    command.stdout(std::io::stderr());
    said(&mut command, "downloading")
}

/// Runs pip; where it fails, with the end of what it said.
fn said(command: &mut Command, doing: &'static str) -> Result<(), LibtorchError> {
    let failed = |reason: String| LibtorchError::Pip { doing, reason };
    let child = command
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| failed(error.to_string()))?;
    let output = child
        .wait_with_output()
        .map_err(|error| failed(error.to_string()))?;
    if output.status.success() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&output.stderr);
    let mut last: Vec<&str> = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .rev()
        .take(2)
        .collect();
    last.reverse();
    Err(failed(last.join(" ")))
}

/// Where a file of a wheel goes, if it is wanted.
fn kept(entry: &str, kind: Kind) -> Option<PathBuf> {
    if let Some(header) = entry.strip_prefix("torch/include/") {
        return Some(Path::new("include").join(header));
    }
    let is_library =
        |name: &str| !name.contains('/') && (name.contains(".so") || name.ends_with(".dylib"));
    if let Some(name) = entry
        .strip_prefix("torch/lib/")
        .filter(|name| is_library(name))
    {
        return (!dropped(name, kind)).then(|| Path::new("lib").join(name));
    }
    // All NVIDIA libraries go beside torch's, which look for them there, too.
    let rest = entry.strip_prefix("nvidia/")?;
    let (_, name) = rest.split_once("/lib/")?;
    is_library(name).then(|| Path::new("lib").join(name))
}

/// Libraries of the wheel that are Python's, or of no use without a GPU.
fn dropped(name: &str, kind: Kind) -> bool {
    let pythons = ["libtorch_python", "libshm"];
    let gpus = [
        "libtorch_cuda",
        "libc10_cuda",
        "libcaffe2_nvrtc",
        "libtorch_nvshmem",
        "libtorch_global_deps",
        // Loads libtorch_cuda.so, and has nothing in it; see `without_cuda`.
        "libtorch.so",
    ];
    let begins = |begin: &&str| name.starts_with(begin);
    pythons.iter().any(begins) || kind == Kind::Cpu && gpus.iter().any(begins)
}

/// `libtorch.so` of a wheel with CUDA asks for `libtorch_cuda.so`. It has no code of its own, so that
/// `libtorch_cpu.so` under its name does the same for a CPU.
fn without_cuda(lib: &Path) -> Result<(), LibtorchError> {
    #[cfg(target_os = "linux")]
    {
        let link = lib.join("libtorch.so");
        std::os::unix::fs::symlink("libtorch_cpu.so", &link).map_err(LibtorchError::io(&link))?;
    }
    #[cfg(not(target_os = "linux"))]
    let _ = lib;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::Version;
    use super::*;

    fn place(kind: Kind) -> Place {
        Place::new(Path::new("cache"), kind, Version::V2_9_0)
    }

    fn report(names: &[&str]) -> Report {
        let items: Vec<String> = names
            .iter()
            .map(|name| {
                format!(
                    r#"{{"download_info": {{"url": "https://index/a/{name}-1.whl",
                         "archive_info": {{"hashes": {{"sha256": "abc"}}}}}},
                         "metadata": {{"name": "{name}", "version": "1"}}}}"#
                )
            })
            .collect();
        serde_json::from_str(&format!(r#"{{"install": [{}]}}"#, items.join(","))).unwrap()
    }

    #[test]
    fn a_cpu_needs_two_wheels_beside_torch() {
        let all = [
            "nvidia-cudnn-cu12",
            "nvidia-cuda-cupti-cu12",
            "nvidia-cuda-runtime-cu12",
            "sympy",
            "triton",
            "torch",
        ];
        let names = |kind| -> Vec<String> {
            let wheels = chosen(report(&all), &place(kind)).unwrap();
            wheels.into_iter().map(|wheel| wheel.name).collect()
        };
        assert_eq!(
            names(Kind::Cpu),
            [
                "torch",
                "nvidia-cuda-cupti-cu12",
                "nvidia-cuda-runtime-cu12"
            ]
        );
        assert_eq!(names(Kind::Cuda).len(), 4);
        assert!(chosen(report(&["sympy"]), &place(Kind::Cpu)).is_err());
    }

    #[test]
    fn the_hash_of_our_own_stands_above_the_one_of_the_index() {
        let wheels = chosen(report(&["torch", "nvidia-cuda-cupti"]), &place(Kind::Cpu)).unwrap();
        let known = Version::V2_9_0.wheel_sha256();
        assert_eq!(wheels[0].sha256, known.unwrap_or("abc"));
        assert_eq!(wheels[1].sha256, "abc");
        assert_eq!(wheels[1].file, "nvidia-cuda-cupti-1.whl");
    }

    #[test]
    fn keeps_libraries_and_headers_and_drops_pythons() {
        let check = |entry: &str, cpu: Option<&str>, cuda: Option<&str>| {
            let path = |place: Option<&str>| place.map(PathBuf::from);
            assert_eq!(kept(entry, Kind::Cpu), path(cpu), "{entry} for the CPU");
            assert_eq!(kept(entry, Kind::Cuda), path(cuda), "{entry} for CUDA");
        };
        let (cpu, cuda) = (Some("lib/libtorch_cpu.so"), Some("lib/libtorch_cuda.so"));
        check("torch/lib/libtorch_cpu.so", cpu, cpu);
        check("torch/lib/libtorch_cuda.so", None, cuda);
        check("torch/lib/libtorch.so", None, Some("lib/libtorch.so"));
        check("torch/lib/libtorch_python.so", None, None);
        check("torch/lib/libshm/manager.so", None, None);
        check("torch/nn/functional.py", None, None);
        let header = Some("include/ATen/ATen.h");
        check("torch/include/ATen/ATen.h", header, header);
        let cudart = Some("lib/libcudart.so.12");
        check("nvidia/cuda_runtime/lib/libcudart.so.12", cudart, cudart);
        check("nvidia/cuda_runtime/include/cuda.h", None, None);
    }
}
