//! Keras' layer: configurations in and out.

use recurrent_vectorizer::keras::{Config, Layer, reference_functions};
use recurrent_vectorizer::{Functions, OutputMode, VectorizerError, VectorizerParams};
use serde_json::Value;

use crate::{json, results};

fn load(config: &str) -> Layer {
    Layer::from_config(config, None, &reference_functions()).unwrap()
}

/// What a layer exports makes the same vectorizer again, in every recorded configuration.
#[test]
fn an_exported_layer_comes_back() {
    let mut exported = 0;
    for file in results() {
        let case = json(&file);
        if !case["adapt"].is_array() || case["config"]["vocabulary"].is_array() {
            continue;
        }
        let mut layer = load(&case["config"].to_string());
        let texts = case["adapt"].as_array().unwrap().iter();
        let texts: Vec<&str> = texts.map(|text| text.as_str().unwrap()).collect();
        if layer.adapt(texts).is_err() {
            continue;
        }
        let config = layer.get_config().unwrap();
        let again = load(&config);
        assert_eq!(again.vectorizer(), layer.vectorizer(), "{}", case["name"]);
        assert_eq!(again.get_config().unwrap(), config);
        exported += 1;
    }
    assert!(exported > 60, "only {exported} cases");
}

#[test]
fn reads_a_serialized_layer_and_the_list_saved_beside_it() {
    // As Keras 3 writes it, the policy of its dtype and all.
    let layer = r#"{"module": "keras.layers", "class_name": "TextVectorization", "config":
        {"name": "text_vectorization", "trainable": true, "dtype": {"module": "keras",
        "class_name": "DTypePolicy", "config": {"name": "float32"}, "registered_name": null},
        "max_tokens": 100, "standardize": "lower_and_strip_punctuation", "split": "whitespace",
        "ngrams": null, "output_mode": "int", "output_sequence_length": 4,
        "pad_to_max_tokens": false, "sparse": false, "ragged": false, "vocabulary": null,
        "idf_weights": null, "encoding": "utf-8", "vocabulary_size": 4},
        "registered_name": null}"#;
    let file = b"\n[UNK]\nfilm\nthe\n";
    let layer = Layer::from_config(layer, Some(file), &Functions::new()).unwrap();
    let vectorizer = layer.into_vectorizer().unwrap();
    assert_eq!(vectorizer.vectorize("The film!"), [3, 2, 0, 0]);
}

#[test]
fn a_layer_without_vocabulary_has_its_special_tokens() {
    let layer = load(r#"{"output_mode": "count"}"#);
    assert_eq!(layer.vocabulary_size(), 1);
    assert_eq!(layer.get_vocabulary(true).unwrap(), ["[UNK]"]);
    assert!(layer.get_vocabulary(false).unwrap().is_empty());
    let config: Value = serde_json::from_str(&layer.get_config().unwrap()).unwrap();
    assert_eq!(config["vocabulary"], Value::Null);
    assert_eq!(layer.call(&["a"]), Err(VectorizerError::NoVocabulary));
    // Tokens need none.
    assert!(load(r#"{"output_mode": null}"#).call(&["a"]).is_ok());
}

#[test]
fn a_token_that_is_no_text_cannot_be_listed_or_exported() {
    let params = VectorizerParams::new().check().unwrap();
    let layer = Layer::of(params.fit([b"a \xFF"]).unwrap());
    let expected = VectorizerError::NotInEncoding {
        index: 2,
        token: "\u{FFFD}".to_owned(),
        encoding: "utf-8".to_owned(),
    };
    assert_eq!(layer.get_vocabulary(true), Err(expected.clone()));
    assert_eq!(layer.get_config(), Err(expected));
    let unicode = VectorizerParams::unicode().check().unwrap();
    let layer = Layer::of(unicode.fit(["a"]).unwrap());
    assert!(matches!(
        layer.get_config(),
        Err(VectorizerError::NotInKeras { .. })
    ));
}

#[test]
fn defaults_are_keras() {
    let config = Config::from_json("{}").unwrap();
    let params = config.params(&Functions::new()).unwrap();
    assert_eq!(params, VectorizerParams::new().check().unwrap());
    let nulls = r#"{"standardize": null, "split": null, "output_mode": null, "ngrams": null}"#;
    let params = Config::from_json(nulls).unwrap();
    let params = params.params(&Functions::new()).unwrap();
    assert_eq!(params.output_mode(), OutputMode::Tokens);
    assert_eq!(params.tokens("A b!"), [b"A b!"]);
}
