//! The command with libtorch in it, as its users run it. Needs the feature `libtorch`.

// What clippy.toml allows in tests does not reach these, which another harness runs.
#![allow(clippy::panic, clippy::unwrap_used, reason = "see above")]

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Output};

use outside::Outside;
use serde_json::Value;

fn main() -> ExitCode {
    let no_gpu = !said(&recurrent().arg("doctor").output().unwrap())
        .0
        .contains("libtorch-cuda   available");
    let no_gpu = Outside::new("a machine without a GPU", no_gpu.then(PathBuf::new));
    outside::run(vec![
        outside::trial("the_doctor_finds_libtorch", &[], the_doctor_finds_libtorch),
        outside::trial(
            "an_epoch_on_libtorch_is_that_on_flex",
            &[],
            an_epoch_on_libtorch_is_that_on_flex,
        ),
        outside::trial(
            "a_gpu_that_libtorch_cannot_use_is_refused",
            &[&no_gpu],
            a_gpu_that_libtorch_cannot_use_is_refused,
        ),
    ])
}

/// Without a search path: the command finds libtorch by itself.
fn recurrent() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_recurrent"));
    command.env_remove("LD_LIBRARY_PATH").env_remove("LIBTORCH");
    command
}

fn said(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (text(&output.stdout), text(&output.stderr))
}

fn the_doctor_finds_libtorch() {
    let output = recurrent().arg("doctor").output().unwrap();
    let (stdout, stderr) = said(&output);
    assert!(output.status.success(), "{stderr}");
    assert!(
        stdout.contains("libtorch-cpu    available: libtorch 2."),
        "{stdout}"
    );
}

/// One epoch on the sample by `backend`; its record in `history.json`.
fn epoch(backend: &str) -> Value {
    let out = tempfile::tempdir().unwrap();
    let datasets = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../datasets");
    let output = recurrent()
        .args([
            "reproduce",
            "--dataset",
            "sample",
            "--networks",
            "lstm",
            "--epochs",
            "1",
        ])
        .args(["--backend", backend, "--datasets"])
        .arg(datasets)
        .arg("--out")
        .arg(out.path())
        .output()
        .unwrap();
    let (stdout, stderr) = said(&output);
    assert!(output.status.success(), "{stdout}\n{stderr}");
    let read = |name: &str| -> Value {
        let text = std::fs::read_to_string(out.path().join(name)).unwrap();
        serde_json::from_str(&text).unwrap()
    };
    assert_eq!(read("run.json")["backend"], backend);
    read("history.json")[0].clone()
}

fn an_epoch_on_libtorch_is_that_on_flex() {
    let flex = epoch("flex");
    for backend in ["libtorch-cpu", "libtorch-cpu-aten"] {
        let libtorch = epoch(backend);
        let loss = |record: &Value| record["test_loss"].as_f64().unwrap();
        let distance = (loss(&libtorch) - loss(&flex)).abs();
        assert!(distance < 1e-3, "{flex} {libtorch}");
    }
}

fn a_gpu_that_libtorch_cannot_use_is_refused() {
    let output = recurrent()
        .args([
            "reproduce",
            "--dataset",
            "sample",
            "--backend",
            "libtorch-cuda",
        ])
        .output()
        .unwrap();
    let (stdout, stderr) = said(&output);
    assert_eq!(output.status.code(), Some(1), "{stdout}");
    assert!(stderr.starts_with("error: "), "{stderr}");
    assert!(!stdout.contains("Epoch"), "{stdout}");
}
