//! With the feature `libtorch`, has the command find libtorch where it was built against it, keeps the
//! linker from leaving CUDA out, and notes for `recurrent doctor` what it was built with.

use std::path::{Path, PathBuf};

fn main() {
    println!("cargo::rerun-if-env-changed=LIBTORCH");
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var_os("CARGO_FEATURE_LIBTORCH").is_none() {
        return;
    }
    // Without it the crates that link libtorch look elsewhere themselves, and say so if they find nothing.
    let Some(folder) = std::env::var_os("LIBTORCH").map(PathBuf::from) else {
        return;
    };
    let lib = folder.join("lib");
    let cuda = lib.join("libtorch_cuda.so").exists();
    println!("cargo::rustc-env=RECURRENT_LIBTORCH={}", folder.display());
    println!("cargo::rustc-env=RECURRENT_LIBTORCH_CUDA={cuda}");
    if let Some(version) = version(&folder) {
        println!("cargo::rustc-env=RECURRENT_LIBTORCH_VERSION={version}");
    }
    if std::env::var("CARGO_CFG_TARGET_FAMILY").is_ok_and(|family| family == "unix") {
        println!("cargo::rustc-link-arg=-Wl,-rpath,{}", lib.display());
    }
    if cuda {
        // No symbol of it is named anywhere: it announces itself when it is loaded.
        println!("cargo::rustc-link-arg=-Wl,--no-as-needed");
        println!("cargo::rustc-link-arg=-ltorch_cuda");
        println!("cargo::rustc-link-arg=-Wl,--as-needed");
    }
}

/// The version that the folder's headers say.
fn version(folder: &Path) -> Option<String> {
    let header = folder.join("include/torch/csrc/api/include/torch/version.h");
    println!("cargo::rerun-if-changed={}", header.display());
    let text = std::fs::read_to_string(header).ok()?;
    let parts: Option<Vec<&str>> = ["MAJOR ", "MINOR ", "PATCH "]
        .into_iter()
        .map(|part| {
            let name = format!("#define TORCH_VERSION_{part}");
            text.lines()
                .find_map(|line| line.strip_prefix(&name))
                .map(str::trim)
        })
        .collect();
    Some(parts?.join("."))
}
