//! A program outside of the workspace, with a manifest of its own, trains, saves, loads and asks a classifier from four
//! threads at once.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::fs;
use std::path::Path;
use std::process::Command;

const PROGRAM: &str = r#"
use recurrent::{NoopObserver, TextClassifier, TextCorpus, TrainConfig};

fn send_and_sync<T: Send + Sync>(value: T) -> T {
    value
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let topics = ["sport goal match team", "money bank market price", "star planet moon orbit"];
    let texts = (0..90).map(|n| {
        let words: Vec<&str> = topics[n % 3].split(' ').collect();
        (format!("the {} and the {} {n}", words[n % 4], words[(n / 3) % 4]), words[0])
    });
    let corpus = TextCorpus::from_pairs(texts)?;
    let config = TrainConfig { length: 8, epochs: 12, patience: None, ..TrainConfig::default() };
    let model = TextClassifier::train(&corpus, &config, &mut NoopObserver)?;
    model.save("model")?;
    let model = send_and_sync(TextClassifier::load("model")?);
    assert_eq!(model.classes(), ["money", "sport", "star"]);
    let texts = ["the goal of the team", "a bank and its price", "moon and orbit"];
    let alone: Vec<f64> = model.scores(&texts)?.as_slice().to_vec();
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| {
                let scores: Vec<_> = (0..20).map(|_| model.scores(&texts).unwrap().as_slice().to_vec()).collect();
                scores.into_iter().all(|scores| scores == alone)
            }))
            .collect();
        assert!(threads.into_iter().all(|thread| thread.join().unwrap()));
    });
    let classes: Vec<&str> = model.predict(texts)?.iter().map(|one| one.class).collect();
    assert_eq!(classes, ["sport", "money", "star"]);
    let report = model.evaluate(corpus.train().iter())?;
    assert!(report.accuracy > 0.95, "{}", report.accuracy);
    let reading = model.trace(texts[0])?;
    assert_eq!(reading.beliefs_of.as_deref(), Some("sport"));
    assert_eq!(reading.words, 5);
    println!("all is well");
    Ok(())
}
"#;

#[test]
fn a_program_outside_trains_saves_loads_and_asks() {
    let folder = tempfile::tempdir().unwrap();
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let workspace = here.parent().unwrap().parent().unwrap();
    fs::create_dir(folder.path().join("src")).unwrap();
    fs::write(folder.path().join("src/main.rs"), PROGRAM).unwrap();
    // With the features and the profile that the workspace's builds have, so that they are taken; that the library asks
    // for all that it needs is a step of `cargo xtask ci`.
    let manifest = format!(
        "[package]\nname = \"outside-program\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n\
         [dependencies]\nrecurrent = {{ path = {:?} }}\n\
         unified = {{ path = {:?}, features = [\"command\"] }}\n\n[workspace]\n",
        here.display().to_string(),
        workspace.join("crates/unified").display().to_string()
    );
    // Our own crates are built again, because their folders are outside of this program's workspace: quickly.
    let ours = ["kernels", "models", "training", "vectorizer"]
        .map(|name| format!("[profile.release.package.recurrent-{name}]\nopt-level = 1\n"));
    let manifest = manifest + &profiles(&workspace.join("Cargo.toml")) + &ours.concat();
    fs::write(folder.path().join("Cargo.toml"), manifest).unwrap();
    // The versions that the workspace has, so that nothing need be fetched.
    fs::copy(
        workspace.join("Cargo.lock"),
        folder.path().join("Cargo.lock"),
    )
    .unwrap();
    // Where this test was built, so that what both need is built once.
    let own = std::env::current_exe().unwrap();
    let target = own.ancestors().nth(3).unwrap();
    let mut command = Command::new(env!("CARGO"));
    command
        .args(["run", "--quiet", "--release", "--offline"])
        .current_dir(folder.path())
        .env("CARGO_TARGET_DIR", target);
    // What cargo told this test about its package: build scripts that look at it (ring's does) would run anew, and with
    // them what stands on them, here and in the next build.
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        if [
            "CARGO_PKG_",
            "CARGO_MANIFEST_",
            "CARGO_CRATE_",
            "CARGO_BIN_",
        ]
        .iter()
        .any(|prefix| name.starts_with(prefix))
        {
            command.env_remove(name);
        }
    }
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert_eq!(
        String::from_utf8_lossy(&output.stdout).trim(),
        "all is well"
    );
}

/// The sections of a manifest that say how single dependencies are optimized.
fn profiles(manifest: &Path) -> String {
    let text = fs::read_to_string(manifest).unwrap();
    let mut profiles = String::new();
    let mut wanted = false;
    for line in text.lines() {
        if line.starts_with('[') {
            wanted = line.starts_with("[profile.release.package.") && !line.contains("xtask");
        }
        if wanted {
            profiles += &format!("{line}\n");
        }
    }
    profiles
}
