//! Vectorizers of trained networks, configurations of Keras' tutorials, and what both do to `<br />`.

use std::fs;

use burn::tensor::Device;
use recurrent::{Model, ModelConfig, Provenance};
use recurrent_models::{NetworkKind, Preset};
use recurrent_vectorizer::VectorizerParams;
use serde_json::json;

use crate::shell::{Folder, fail, feed, succeed};

const TEXTS: [&str; 4] = [
    "The film was good.<br /><br />The end",
    "good<br />film, caf\u{e9}!",
    "",
    "a film that is longer than the network reads, by far, good film",
];

/// A network with its vectorizer, untrained, in the folder `network`.
fn network(folder: &Folder, cleaned: bool) -> Model {
    let params = VectorizerParams::new()
        .max_tokens(8)
        .output_sequence_length(6)
        .check()
        .unwrap();
    let vectorizer = params.fit(TEXTS).unwrap();
    let kind: NetworkKind = "dense".parse().unwrap();
    let network = Preset {
        time: 6,
        embeddings: 9,
        ..Preset::notebook(kind)
    }
    .config();
    let config = ModelConfig {
        network: network.clone().into(),
        loss: recurrent_training::Loss::BinaryCrossEntropy,
        trained: None,
        classes: vec!["neg".to_owned(), "pos".to_owned()],
        cleaned,
        cut: recurrent::Cut::Beginning,
        provenance: Provenance::default(),
    };
    let device = Device::default();
    let path = folder.path().join("network");
    Model::save(&path, &config, &network.init(0, &device), &vectorizer).unwrap();
    Model::load(&path, &device).unwrap()
}

#[test]
fn a_network_gets_the_ids_that_are_written() {
    for cleaned in [true, false] {
        let folder = Folder::new();
        let model = network(&folder, cleaned);
        let lines: String = TEXTS.iter().map(|text| format!("{text}\n")).collect();
        folder.write("t.txt", lines);
        let apply = [
            "apply", "--model", "network", "--input", "t.txt", "--output", "-",
        ];
        let rows = crate::rows(&succeed(&mut folder.run(&apply)));
        for (text, row) in TEXTS.iter().zip(&rows) {
            let mut ids = vec![0; 6];
            let text = if cleaned {
                recurrent_data::clean(text)
            } else {
                (*text).into()
            };
            model
                .vectorizer()
                .vectorize_bytes_into(text.as_bytes(), &mut ids);
            assert_eq!(*row, json!(ids), "{text}");
        }
        // A network's vectorizer is not replaced by another.
        folder.write("config.json", "{}");
        let fit = [
            "fit",
            "--config",
            "config.json",
            "--input",
            "t.txt",
            "--output",
            "network",
        ];
        let stderr = fail(&mut folder.run(&fit), 1);
        assert!(stderr.contains("has a trained network in it"), "{stderr}");
        // Nor is it believed when it is another network's.
        let path = folder.path().join("network/vectorizer.cbor");
        let mut bytes = fs::read(&path).unwrap();
        let last = bytes.len() - 1;
        bytes[last] ^= 1;
        fs::write(&path, bytes).unwrap();
        let stderr = fail(&mut folder.run(&apply), 1);
        assert!(stderr.contains("vectorizer.cbor"), "{stderr}");
    }
}

#[test]
fn networks_of_0_1_have_a_vectorizer_as_well() {
    let folder = Folder::new();
    fs::create_dir(folder.path().join("old")).unwrap();
    let config = json!({
        "network": {"network": "dense", "embeddings": 9, "embedding_width": 4, "units": 4, "hidden": 4, "time": 3},
        "max_tokens": 8, "classes": ["neg", "pos"], "dataset": "sample", "sample": true,
    });
    folder.write("old/config.json", config.to_string());
    folder.write("old/weights.safetensors", "");
    folder.write("old/vocabulary", "\n[UNK]\nfilm\ngood\n");
    folder.write("t.txt", "good<br />film\n");
    let apply = [
        "apply", "--model", "old", "--input", "t.txt", "--output", "-",
    ];
    assert_eq!(succeed(&mut folder.run(&apply)), "[3,2,0]\n");
    // Its vocabulary can be given to a vectorizer, special tokens or not.
    folder.write("config.json", r#"{"vocabulary": "old/vocabulary"}"#);
    let fit = ["fit", "--config", "config.json", "--output", "model"];
    assert_eq!(succeed(&mut folder.run(&fit)), "a vocabulary of 4 tokens\n");
    assert_eq!(folder.text("model/vocabulary.txt"), "film\ngood\n");
    let apply = [
        "apply", "--model", "model", "--input", "t.txt", "--output", "-",
    ];
    assert_eq!(succeed(&mut folder.run(&apply)), "[1,2]\n");
    assert_eq!(succeed(folder.run(&apply).arg("--clean")), "[3,2]\n");
}

#[test]
fn a_function_of_keras_is_named_with_what_to_do() {
    let folder = Folder::new();
    folder.write("t.txt", "A good<br />film!\n");
    for standardize in [
        json!({"module": "builtins", "class_name": "function", "config": "custom_standardization",
               "registered_name": "function"}),
        json!("callable:custom_standardization"),
    ] {
        folder.write(
            "config.json",
            json!({ "standardize": standardize }).to_string(),
        );
        let fit = [
            "fit",
            "--config",
            "config.json",
            "--output",
            "model",
            "--input",
            "t.txt",
        ];
        let stderr = fail(&mut folder.run(&fit), 1);
        assert!(
            stderr.contains("the function \"custom_standardization\""),
            "{stderr}"
        );
        assert!(
            stderr.contains("lower_and_strip_punctuation") && stderr.contains("--clean"),
            "{stderr}"
        );
    }
    folder.write("config.json", "{}");
    let fit = [
        "fit",
        "--config",
        "config.json",
        "--output",
        "model",
        "--input",
        "t.txt",
        "--clean",
    ];
    succeed(&mut folder.run(&fit));
    assert_eq!(folder.text("model/vocabulary.txt"), "good\nfilm\na\n");
    folder.write("config.json", r#"{"split": "callable:mine"}"#);
    let stderr = fail(folder.run(&fit).arg("--skip-invalid"), 1);
    assert!(
        stderr.contains("`split` is the function \"mine\""),
        "{stderr}"
    );
}

#[test]
fn a_folder_without_a_vectorizer_says_so() {
    let folder = Folder::new();
    folder.write("t.txt", "film\n");
    fs::create_dir(folder.path().join("empty")).unwrap();
    for model in ["empty", "nowhere"] {
        let apply = [
            "apply", "--model", model, "--input", "t.txt", "--output", "-",
        ];
        let stderr = fail(&mut folder.run(&apply), 1);
        assert!(
            stderr.contains(model) && stderr.contains("`recurrent vectorize fit`"),
            "{stderr}"
        );
    }
}

#[test]
fn options_stand_for_a_configuration_and_override_one() {
    let folder = Folder::new();
    folder.write("texts.txt", TEXTS.join("\n"));
    folder.write(
        "config.json",
        r#"{"max_tokens": 8, "output_sequence_length": 3, "ngrams": 2, "output_mode": "int"}"#,
    );
    let fit = |name: &str, options: &[&str]| -> Vec<u8> {
        let arguments = ["fit", "--input", "texts.txt", "--out", name];
        succeed(folder.run(&arguments).args(options));
        folder.read(&format!("{name}/vectorizer.cbor"))
    };
    let of_file = fit("file", &["--config", "config.json"]);
    let of_options = [
        "--max-tokens",
        "8",
        "--length",
        "3",
        "--ngrams",
        "2",
        "--mode",
        "int",
    ];
    assert_eq!(fit("options", &of_options), of_file);
    let longer = fit("longer", &["--config", "config.json", "--length", "5"]);
    assert_ne!(longer, of_file);
    // A layer as Keras writes it has its arguments inside.
    folder.write(
        "layer.json",
        r#"{"class_name": "TextVectorization", "config": {"max_tokens": 8, "ngrams": 2}}"#,
    );
    let layer = ["--config", "layer.json", "--length", "5"];
    assert_eq!(fit("layer", &layer), longer);
    // What is wrong is said of the command line, or of the file.
    let refused = |options: &[&str]| {
        let arguments = ["fit", "--input", "texts.txt", "--out", "x"];
        fail(folder.run(&arguments).args(options), 1)
    };
    let said = refused(&["--max-tokens", "1", "--mode", "int"]);
    assert!(said.contains("the command line"), "{said}");
    folder.write("wrong.json", r#"{"max_token": 8}"#);
    let said = refused(&["--config", "wrong.json", "--length", "5"]);
    assert!(
        said.contains("wrong.json") && said.contains("max_token"),
        "{said}"
    );
}

#[test]
fn what_is_piped_in_is_read_and_what_comes_out_is_printed() {
    let folder = Folder::new();
    let said = feed(
        &mut folder.run(&["fit", "--out", "model"]),
        b"a film\na good film\n",
    );
    assert_eq!(
        said,
        "2 texts, 3 distinct tokens; a vocabulary of 5 tokens\n"
    );
    let ids = feed(
        &mut folder.run(&["apply", "--model", "model"]),
        b"good film\n",
    );
    assert!(ids.contains('['), "{ids}");
}
