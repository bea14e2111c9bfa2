//! The official archive of libtorch, where the wheel cannot be had.

use std::path::PathBuf;

use super::{Kind, LibtorchError, Place, Source, Version, curl, unpack};

const HOST: &str = "https://download.pytorch.org/libtorch";

/// Puts it together in the place's partial folder.
pub(super) fn fetch(place: &Place) -> Result<Vec<Source>, LibtorchError> {
    let path = address(place.kind, place.version)
        .ok_or_else(|| LibtorchError::NoArchive(place.version.name()))?;
    std::fs::create_dir_all(&place.downloads).map_err(LibtorchError::io(&place.downloads))?;
    let archive = place.downloads.join("libtorch.zip");
    if !archive.exists() {
        curl::fetch(&format!("{HOST}/{path}"), &archive, "https")?;
    }
    place.empty_partial()?;
    unpack::unpack(&archive, &place.partial, kept)?;
    Ok(vec![Source {
        file: path.rsplit('/').next().unwrap_or_default().to_owned(),
        sha256: unpack::sha256(&archive)?,
        checked_against: "nothing but the connection: no hash is published for it".to_owned(),
    }])
}

/// Path of the archive below the host.
fn address(kind: Kind, version: Version) -> Option<String> {
    let number = version.name();
    let build = match (kind, version) {
        (Kind::Cpu, _) => "cpu",
        (Kind::Cuda, Version::V2_9_0) => "cu128",
        (Kind::Cuda, Version::V2_11_0) => "cu130",
    };
    let name = match (std::env::consts::OS, std::env::consts::ARCH, kind) {
        ("linux", "x86_64", _) => format!("libtorch-shared-with-deps-{number}%2B{build}"),
        ("windows", "x86_64", _) => format!("libtorch-win-shared-with-deps-{number}%2B{build}"),
        ("macos", "aarch64", Kind::Cpu) => format!("libtorch-macos-arm64-{number}"),
        _ => return None,
    };
    Some(format!("{build}/{name}.zip"))
}

/// Where a file of the archive goes, if it is wanted.
fn kept(entry: &str) -> Option<PathBuf> {
    let inner = entry.strip_prefix("libtorch/")?;
    let wanted =
        inner.starts_with("lib/") || inner.starts_with("include/") || inner == "build-version";
    wanted.then(|| PathBuf::from(inner))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(all(target_os = "linux", target_arch = "x86_64"))]
    fn names_the_archive_of_this_system() {
        assert_eq!(
            address(Kind::Cpu, Version::V2_9_0).as_deref(),
            Some("cpu/libtorch-shared-with-deps-2.9.0%2Bcpu.zip")
        );
        assert_eq!(
            address(Kind::Cuda, Version::V2_9_0).as_deref(),
            Some("cu128/libtorch-shared-with-deps-2.9.0%2Bcu128.zip")
        );
    }

    #[test]
    fn keeps_libraries_and_headers() {
        assert_eq!(kept("libtorch/lib/libc10.so"), Some("lib/libc10.so".into()));
        assert_eq!(kept("libtorch/share/cmake/Torch.cmake"), None);
        assert_eq!(kept("other/lib/libc10.so"), None);
    }
}
