//! Says to the tests whether there is a curl: what needs one is ignored where there is none.

#![allow(
    clippy::print_stdout,
    reason = "what it prints is how cargo hears of it"
)]

use std::process::Command;

fn main() {
    println!("cargo::rerun-if-env-changed=PATH");
    println!("cargo::rustc-check-cfg=cfg(curl)");
    if Command::new("curl").arg("--version").output().is_ok() {
        println!("cargo::rustc-cfg=curl");
    }
}
