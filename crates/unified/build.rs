//! Does nothing, but without a build script cargo would not look at the manifest's build dependencies.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
}
