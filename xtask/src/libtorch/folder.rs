//! What a folder must have to be a libtorch. Changes nothing.

use std::path::Path;

use super::{Kind, LibtorchError};

/// What a folder says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Contents {
    pub(super) version: String,
}

/// The libraries without which nothing links, by the systems' conventions.
const LIBRARIES: [&str; 3] = if cfg!(target_os = "macos") {
    ["libtorch_cpu.dylib", "libtorch.dylib", "libc10.dylib"]
} else if cfg!(windows) {
    ["torch_cpu.lib", "torch.lib", "c10.lib"]
} else {
    ["libtorch_cpu.so", "libtorch.so", "libc10.so"]
};
const CUDA_LIBRARY: &str = if cfg!(windows) {
    "torch_cuda.lib"
} else {
    "libtorch_cuda.so"
};
/// Where the version is defined, by version: the older place includes the newer one today.
const HEADERS: [&str; 2] = [
    "include/torch/headeronly/version.h",
    "include/torch/csrc/api/include/torch/version.h",
];
const REMEDY: &str =
    "name a whole one in LIBTORCH, or remove what is there and unset LIBTORCH to have it fetched";

/// The contents of a folder, if it is a libtorch of that kind. One with CUDA serves a CPU as well.
pub(super) fn check(folder: &Path, kind: Kind) -> Result<Contents, LibtorchError> {
    let missing = |missing| LibtorchError::Missing {
        path: folder.to_owned(),
        missing,
        remedy: REMEDY,
    };
    for library in LIBRARIES {
        if !folder.join("lib").join(library).exists() {
            return Err(missing(library));
        }
    }
    if kind == Kind::Cuda && !folder.join("lib").join(CUDA_LIBRARY).exists() {
        return Err(LibtorchError::NoCuda {
            path: folder.to_owned(),
            library: CUDA_LIBRARY,
        });
    }
    let mut headers = HEADERS
        .iter()
        .filter_map(|header| std::fs::read_to_string(folder.join(header)).ok())
        .peekable();
    if headers.peek().is_none() {
        return Err(missing("its version.h"));
    }
    let version = headers
        .find_map(|header| version(&header))
        .ok_or_else(|| missing("the version in its version.h"))?;
    Ok(Contents { version })
}

/// The version that `version.h` defines.
fn version(header: &str) -> Option<String> {
    let part = |name: &str| {
        header
            .lines()
            .find_map(|line| line.strip_prefix("#define ")?.strip_prefix(name))
            .and_then(|value| value.trim().parse::<u32>().ok())
    };
    Some(format!(
        "{}.{}.{}",
        part("TORCH_VERSION_MAJOR ")?,
        part("TORCH_VERSION_MINOR ")?,
        part("TORCH_VERSION_PATCH ")?
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_version_of_the_header() {
        let header = "#pragma once\n#define TORCH_VERSION_MAJOR 2\n#define TORCH_VERSION_MINOR 9\n\
                      #define TORCH_VERSION_PATCH 0\n#define TORCH_VERSION \"2.9.0\"\n";
        assert_eq!(version(header), Some("2.9.0".to_owned()));
        assert_eq!(version("#define TORCH_VERSION_MAJOR 2\n"), None);
    }

    #[test]
    fn the_version_is_found_where_torch_2_11_has_it() {
        let folder = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        for library in LIBRARIES {
            write(&format!("lib/{library}"), "");
        }
        let [newer, older] = HEADERS;
        write(older, "#include <torch/headeronly/version.h>\n");
        assert!(check(folder.path(), Kind::Cpu).is_err());
        let parts = ["MAJOR 2", "MINOR 11", "PATCH 0"];
        let text: String = parts
            .iter()
            .map(|part| format!("#define TORCH_VERSION_{part}\n"))
            .collect();
        write(newer, &text);
        let found = check(folder.path(), Kind::Cpu).unwrap();
        assert_eq!(found.version, "2.11.0");
    }
}
