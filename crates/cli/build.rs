//! With the feature `libtorch`, has the command find libtorch where it was built against it, keeps the
//! linker from leaving CUDA out, and notes for `recurrent doctor` what it was built with.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "this is how a build script talks to cargo"
)]

#[path = "src/libtorch_version.rs"]
mod libtorch_version;

use std::path::PathBuf;

fn main() {
    println!("cargo::rerun-if-env-changed=LIBTORCH");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=src/libtorch_version.rs");
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
    for header in libtorch_version::headers(&folder) {
        println!("cargo::rerun-if-changed={}", header.display());
    }
    if let Some(version) = libtorch_version::version(&folder) {
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
