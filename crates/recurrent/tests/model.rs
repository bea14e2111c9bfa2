//! The folder of a model: it comes back as it was, and never as anything else.

// What clippy.toml allows in tests does not reach the functions that tests share.
#![allow(clippy::panic, clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};

use burn::tensor::{Device, Int, Tensor, TensorData};
use recurrent::{Model, ModelConfig, ModelError, Provenance};
use recurrent_models::weights::WeightsError;
use recurrent_models::{Network, NetworkKind, Preset, SequenceClassifier as _};
use recurrent_vectorizer::{TextVectorizer, VectorizerParams};

const PARTS: [&str; 4] = [
    "config.json",
    "vectorizer.cbor",
    "vocabulary",
    "weights.safetensors",
];

fn vectorizer(texts: &[&str]) -> TextVectorizer {
    VectorizerParams::new()
        .max_tokens(12)
        .output_sequence_length(5)
        .check()
        .unwrap()
        .fit(texts)
        .unwrap()
}

fn config(network: &str) -> ModelConfig {
    ModelConfig {
        network: Preset {
            network: network.parse().unwrap(),
            embeddings: 13,
            embedding_width: 4,
            units: 3,
            hidden: 2,
            time: 5,
        }
        .config()
        .into(),
        loss: recurrent::Loss::BinaryCrossEntropy,
        trained: None,
        classes: vec!["neg".to_owned(), "pos".to_owned()],
        cleaned: true,
        cut: recurrent::Cut::Beginning,
        provenance: Provenance {
            dataset: "mine".to_owned(),
            dataset_sha256: "12ab".to_owned(),
            sample: false,
            note: Some("a note".to_owned()),
        },
    }
}

fn network(config: &ModelConfig, seed: u64) -> Network {
    let network = config.network.network().unwrap();
    network.init(seed, &Device::flex())
}

const TEXTS: [&str; 2] = ["a good film", "a bad film and a long one"];

fn save(folder: &Path, seed: u64) -> String {
    let config = config("lstm");
    Model::save(
        folder,
        &config,
        &network(&config, seed),
        &vectorizer(&TEXTS),
    )
    .unwrap()
}

fn load(folder: &Path) -> Result<Model, ModelError> {
    Model::load(folder, &Device::flex())
}

/// The logits of a text.
fn logits(model: &Model, text: &str) -> Vec<f32> {
    let width = model.config.network.time().unwrap();
    let mut ids = vec![0; width];
    model.ids_into(text.as_bytes(), &mut ids);
    let data = TensorData::new(ids, [1, width]);
    let ids = Tensor::<2, Int>::from_data(data, &Device::flex());
    model
        .network()
        .unwrap()
        .forward(ids)
        .into_data()
        .iter()
        .collect()
}

/// Everything in a folder, by name.
fn content(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            (name, fs::read(path).unwrap())
        })
        .collect();
    files.sort();
    files
}

#[test]
fn a_model_comes_back_as_it_was_and_equal_ones_have_equal_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let [one, two] = ["one", "two"].map(|name| folder.path().join(name));
    for kind in NetworkKind::all() {
        let config = config(&kind.name());
        let network = network(&config, 3);
        let checksum = Model::save(&one, &config, &network, &vectorizer(&TEXTS)).unwrap();
        assert_eq!(
            Model::save(&two, &config, &network, &vectorizer(&TEXTS)).unwrap(),
            checksum
        );
        assert_eq!(content(&one), content(&two), "{kind}");
        let names: Vec<String> = content(&one).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, PARTS, "{kind}");
        let model = load(&one).unwrap();
        assert_eq!((&model.config, &model.checksum), (&config, &checksum));
        assert_eq!(model.vectorizer(), &vectorizer(&TEXTS));
        let before = Model {
            config,
            body: recurrent::Body::Network {
                network,
                vectorizer: vectorizer(&TEXTS).into_fixed_width().unwrap(),
            },
            checksum,
        };
        for text in TEXTS {
            assert_eq!(logits(&model, text), logits(&before, text), "{kind}");
        }
    }
}

/// What version 0.1 wrote loads for ever, and answers what it answered then.
#[test]
fn models_of_0_1_load_and_answer_as_they_did() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/0.1");
    for name in ["dense", "lstm"] {
        let model = load(&golden.join(name)).unwrap();
        assert!(model.checksum.is_empty());
        assert!(model.config.cleaned);
        let text = fs::read_to_string(golden.join(name).join("evaluation.json")).unwrap();
        let evaluation: serde_json::Value = serde_json::from_str(&text).unwrap();
        let traces = evaluation["traces"].as_array().unwrap();
        assert_eq!(traces.len(), 3);
        for trace in traces {
            let words: Vec<&str> = trace["words"]
                .as_array()
                .unwrap()
                .iter()
                .map(|word| word.as_str().unwrap())
                .collect();
            let logits = logits(&model, &words.join(" "));
            let each = logits.iter().map(|x| 1.0 / (1.0 + f64::from(-x).exp()));
            let probability = each.sum::<f64>() / logits.len() as f64;
            let recorded = trace["probability"].as_f64().unwrap();
            // Instruction sets round each in its own way.
            assert!(
                (probability - recorded).abs() < 1e-6,
                "{name}: {probability} {recorded}"
            );
        }
    }
}

/// What version 2 wrote, committed: it loads for ever, too.
#[test]
fn models_of_version_2_load_and_answer_as_they_did() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/2");
    let model = load(&golden).unwrap();
    assert_eq!(model.config, config("lstm"));
    let recorded = fs::read_to_string(golden.join("logits.txt")).unwrap();
    for (text, recorded) in TEXTS.iter().zip(recorded.lines()) {
        let recorded: f32 = recorded.parse().unwrap();
        let [logit] = logits(&model, text)[..] else {
            panic!("one logit a text")
        };
        assert!((logit - recorded).abs() < 1e-6, "{logit} {recorded}");
    }
}

/// What this version wrote, committed: three classes, layers as data, and how it was trained.
#[test]
fn models_of_version_3_load_and_answer_as_they_did() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/3");
    let model = recurrent::TextClassifier::load(&golden).unwrap();
    assert_eq!(model.classes(), ["billing", "login", "shipping"]);
    let trained = model.config().trained.clone().unwrap();
    assert_eq!((trained.epoch, trained.history.len()), (6, 6));
    assert_eq!(trained.config.layers.len(), 4);
    let recorded = fs::read_to_string(golden.join("predictions.jsonl")).unwrap();
    for line in recorded.lines() {
        let recorded: serde_json::Value = serde_json::from_str(line).unwrap();
        let scores = model.scores(&[recorded["text"].as_str().unwrap()]).unwrap();
        let text = scores.iter().next().unwrap();
        assert_eq!(text.prediction().class, recorded["label"]);
        for (class, score) in text.by_class() {
            let before = recorded["scores"][class].as_f64().unwrap();
            assert!((score - before).abs() < 1e-6, "{class}: {score} {before}");
        }
    }
}

/// Every byte of every part: a bit of it flipped, the model is refused.
#[test]
fn no_flipped_bit_passes() {
    let folder = tempfile::tempdir().unwrap();
    save(folder.path(), 0);
    let expected = logits(&load(folder.path()).unwrap(), TEXTS[0]);
    for part in PARTS {
        let path = folder.path().join(part);
        let bytes = fs::read(&path).unwrap();
        let mut accepted = 0;
        for place in 0..bytes.len() {
            let mut flipped = bytes.clone();
            flipped[place] ^= 1 << (place % 8);
            fs::write(&path, &flipped).unwrap();
            if let Ok(model) = load(folder.path()) {
                // White space between the words of a description means nothing.
                accepted += 1;
                assert_eq!(part, "config.json", "byte {place}");
                assert_eq!(logits(&model, TEXTS[0]), expected);
                assert_eq!(model.config, config("lstm"));
            }
        }
        assert!(accepted < bytes.len() / 8, "{part}: {accepted}");
        fs::write(&path, &bytes).unwrap();
    }
    load(folder.path()).unwrap();
}

/// A save that is interrupted after any of its steps leaves the model before or the one after.
#[test]
fn an_interrupted_save_leaves_a_whole_model() {
    let folder = tempfile::tempdir().unwrap();
    let [old, new] = ["old", "new"].map(|name| folder.path().join(name));
    let (old_sum, new_sum) = (save(&old, 1), save(&new, 2));
    let texts = ["other words here", "and here"];
    let other = vectorizer(&texts);
    let config = config("lstm");
    let new_sum_again = Model::save(&new, &config, &network(&config, 2), &other).unwrap();
    assert_ne!(new_sum, new_sum_again);
    let parts = ["vectorizer.cbor", "vocabulary", "weights.safetensors"];
    let half = folder.path().join("half");
    let pending = |name: &str| half.join(format!("{name}.new"));
    let begin = |written: usize| {
        let _ = fs::remove_dir_all(&half);
        fs::create_dir(&half).unwrap();
        for part in PARTS {
            fs::copy(old.join(part), half.join(part)).unwrap();
        }
        for part in &parts[..written] {
            fs::copy(new.join(part), pending(part)).unwrap();
        }
    };
    for written in 0..=3 {
        begin(written);
        assert_eq!(load(&half).unwrap().checksum, old_sum);
    }
    for renamed in 0..=3 {
        begin(3);
        fs::copy(new.join("config.json"), half.join("config.json")).unwrap();
        for part in &parts[..renamed] {
            fs::rename(pending(part), half.join(part)).unwrap();
        }
        let model = load(&half).unwrap();
        assert_eq!(model.checksum, new_sum_again);
        assert_eq!(model.vectorizer(), &other);
    }
    // The next save cleans up.
    begin(2);
    save(&half, 1);
    assert_eq!(content(&half).len(), PARTS.len());
}

#[test]
fn a_save_that_fails_leaves_what_was_there_and_nothing_else() {
    for part in PARTS {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("model");
        fs::create_dir_all(folder.join(part).join("full")).unwrap();
        let config = config("lstm");
        let error = Model::save(&folder, &config, &network(&config, 1), &vectorizer(&TEXTS));
        let error = error.unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1, "{part}");
    }
}

#[test]
fn parts_of_two_models_are_no_model() {
    let folder = tempfile::tempdir().unwrap();
    let [one, two] = ["one", "two"].map(|name| folder.path().join(name));
    save(&one, 1);
    save(&two, 2);
    for part in ["config.json", "weights.safetensors"] {
        let kept = fs::read(one.join(part)).unwrap();
        fs::copy(two.join(part), one.join(part)).unwrap();
        let error = load(&one).unwrap_err();
        assert!(matches!(error, ModelError::Part { .. }), "{part}: {error}");
        fs::write(one.join(part), kept).unwrap();
    }
    fs::remove_file(one.join("weights.safetensors")).unwrap();
    let error = load(&one).unwrap_err();
    assert!(error.to_string().contains("weights.safetensors"), "{error}");
}

/// A copy of a model of 0.1 with a change to its description.
fn changed(name: &str, from: &str, to: &str) -> (tempfile::TempDir, PathBuf) {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/0.1");
    let folder = tempfile::tempdir().unwrap();
    for part in ["config.json", "vocabulary", "weights.safetensors"] {
        fs::copy(golden.join(name).join(part), folder.path().join(part)).unwrap();
    }
    let path = folder.path().join("config.json");
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{text}");
    fs::write(&path, text.replace(from, to)).unwrap();
    let path = folder.path().to_owned();
    (folder, path)
}

/// Were anything of these sizes allocated, the test would not end.
#[test]
fn sizes_are_held_against_the_weights_before_anything_is_allocated() {
    for (from, to) in [
        ("\"hidden\": 64", "\"hidden\": 9223372036854775808"),
        ("\"units\": 64", "\"units\": 4294967296"),
        ("\"units\": 64", "\"units\": 100000"),
        (
            "\"embedding_width\": 128",
            "\"embedding_width\": 2147483648",
        ),
        ("\"embeddings\": 41", "\"embeddings\": 4294967296"),
        ("\"max_tokens\": 40", "\"max_tokens\": 18446744073709551615"),
        ("\"time\": 12", "\"time\": 2147483647"),
        ("\"time\": 12", "\"time\": 0"),
        ("\"network\": \"lstm\"", "\"network\": \"gru\""),
        ("\"pos\"", "\"neg\""),
        ("\"pos\"", "\"\\u001b[31m\""),
    ] {
        let (_folder, path) = changed("lstm", from, to);
        let error = load(&path).unwrap_err();
        let text = error.to_string();
        assert!(
            matches!(
                error,
                ModelError::Config { .. } | ModelError::Disagree { .. } | ModelError::Weights(_)
            ),
            "{to}: {text}"
        );
        assert!(!text.contains('\u{1b}') && text.len() < 500, "{text}");
    }
    let (_folder, path) = changed("lstm", "\"max_tokens\": 40", "\"max_tokens\": 10000000");
    let text = fs::read_to_string(path.join("config.json")).unwrap();
    let text = text.replace("\"embeddings\": 41", "\"embeddings\": 10000001");
    fs::write(path.join("config.json"), text).unwrap();
    let error = load(&path).unwrap_err();
    assert!(matches!(error, ModelError::Disagree { .. }), "{error}");
}

#[test]
fn weights_that_are_not_finite_are_refused_by_name() {
    let (_folder, path) = changed("dense", "\"neg\"", "\"neg\"");
    let weights = path.join("weights.safetensors");
    let mut bytes = fs::read(&weights).unwrap();
    let place = bytes.len() - 4;
    for value in [f32::NAN, f32::INFINITY] {
        bytes[place..].copy_from_slice(&value.to_le_bytes());
        fs::write(&weights, &bytes).unwrap();
        let error = load(&path).unwrap_err();
        assert!(
            matches!(error, ModelError::Weights(WeightsError::NotFinite { .. })),
            "{error}"
        );
        assert!(error.to_string().contains("kernel"), "{error}");
    }
}

#[test]
fn a_folder_that_is_no_model_is_named_for_what_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path().join("run");
    save(&run.join("lstm"), 1);
    let what = |path: &Path| load(path).unwrap_err();
    assert!(matches!(what(&run), ModelError::NoModel { .. }));
    fs::write(run.join("run.json"), "{}").unwrap();
    let error = what(&run);
    assert!(matches!(error, ModelError::RunFolder { .. }));
    assert!(error.to_string().contains("lstm"), "{error}");
    assert!(matches!(
        what(&run.join("gru")),
        ModelError::NoFolder { .. }
    ));
    assert!(matches!(
        what(&run.join("run.json")),
        ModelError::NoFolder { .. }
    ));
    let fitted = folder.path().join("fitted");
    fs::create_dir(&fitted).unwrap();
    fs::write(fitted.join("vectorizer.cbor"), "").unwrap();
    assert!(matches!(what(&fitted), ModelError::VectorizerFolder { .. }));
    fs::write(fitted.join("config.json"), r#"{"standardize": "lower"}"#).unwrap();
    assert!(matches!(what(&fitted), ModelError::VectorizerFolder { .. }));
    let text = fs::read_to_string(run.join("lstm/config.json")).unwrap();
    let text = text.replace("\"version\": 3", "\"version\": 4");
    fs::write(run.join("lstm/config.json"), text).unwrap();
    let error = what(&run.join("lstm"));
    assert!(
        matches!(error, ModelError::NewerVersion { version: 4, .. }),
        "{error}"
    );
}
