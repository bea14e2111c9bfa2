//! The fuzz targets' bodies over their committed corpus: what a fuzzer once found stays mended.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

#[path = "../fuzz/bodies.rs"]
mod bodies;

fn each(target: &str, run: fn(&[u8])) {
    let folder = format!("{}/fuzz/corpus/{target}", env!("CARGO_MANIFEST_DIR"));
    let mut files = 0;
    for entry in std::fs::read_dir(&folder).unwrap() {
        run(&std::fs::read(entry.unwrap().path()).unwrap());
        files += 1;
    }
    assert!(files >= 5, "{folder} has {files} files");
}

#[test]
fn fit() {
    each("fit", bodies::fit);
}

#[test]
fn apply() {
    each("apply", bodies::apply);
}

#[test]
fn load() {
    each("load", bodies::load);
}
