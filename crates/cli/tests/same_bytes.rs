//! The notebook's three networks after one epoch of the bundled sample: the same files on every instruction set, for any
//! number of threads, and those whose hashes are committed here.
//!
//! To record them anew after a change of the arithmetic: `GOLDEN=print cargo test -p recurrent-cli --release --test
//! same_bytes -- --nocapture`.

// What clippy.toml allows in tests does not reach the functions that tests share.
#![allow(clippy::print_stdout, clippy::unwrap_used)]

mod common;

use std::fs;
use std::path::Path;

use recurrent_kernels::Isa;
use serde_json::Value;
use sha2::{Digest, Sha256};

use common::{datasets, recurrent, succeed};

fn hash(bytes: &[u8]) -> String {
    let hash = Sha256::digest(bytes);
    hash.iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// Without the times that a run took, and without the checksum of a description whose own hash is among these.
fn timeless(path: &Path) -> String {
    fn strip(value: &mut Value) {
        match value {
            Value::Object(fields) => {
                fields.remove("seconds");
                fields.remove("model");
                fields.values_mut().for_each(strip);
            }
            Value::Array(items) => items.iter_mut().for_each(strip),
            _ => {}
        }
    }
    let mut value: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    strip(&mut value);
    value.to_string()
}

/// Every file of a run that the promise speaks of, by name.
fn run(isa: Isa, threads: usize) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    succeed(
        recurrent()
            .args([
                "reproduce",
                "--dataset",
                "sample",
                "--epochs",
                "1",
                "--seed",
                "0",
            ])
            .arg("--datasets")
            .arg(datasets())
            .arg("--out")
            .arg(&out)
            .env(Isa::VARIABLE, isa.name())
            .env("RAYON_NUM_THREADS", threads.to_string()),
    );
    let mut found = vec![format!(
        "history.json: {}",
        hash(timeless(&out.join("history.json")).as_bytes())
    )];
    for network in ["dense", "simple_rnn", "lstm"] {
        for file in [
            "weights.safetensors",
            "vectorizer.cbor",
            "vocabulary",
            "config.json",
        ] {
            let bytes = fs::read(out.join(network).join(file)).unwrap();
            found.push(format!("{network}/{file}: {}", hash(&bytes)));
        }
        let evaluation = timeless(&out.join(network).join("evaluation.json"));
        found.push(format!(
            "{network}/evaluation.json: {}",
            hash(evaluation.as_bytes())
        ));
    }
    found
}

#[test]
fn a_run_leaves_the_same_files_everywhere() {
    if std::env::var_os("GOLDEN").is_some() {
        println!("{}", run(Isa::best(), 2).join("\n"));
        return;
    }
    let golden: Vec<&str> = include_str!("same_bytes.txt").lines().collect();
    // The portable path is slow; what its threads do is what those of the others do.
    let mut runs = vec![(Isa::PORTABLE, 2)];
    for isa in Isa::available() {
        if isa != Isa::PORTABLE {
            runs.push((isa, 1));
        }
    }
    runs.extend([2, 3, 7].map(|threads| (Isa::best(), threads)));
    for (isa, threads) in runs {
        assert_eq!(
            run(isa, threads),
            golden,
            "{} on {threads} threads",
            isa.name()
        );
    }
}
