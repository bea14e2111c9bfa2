//! Which error each recorded failure of Keras is here, and that a call that fails changes nothing.

use recurrent_vectorizer::keras::Layer;
use recurrent_vectorizer::{Functions, OutputMode, VectorizerError};
use serde_json::{Value, json};

use crate::{cases, json};

fn layer(config: &Value) -> Result<Layer, VectorizerError> {
    Layer::from_config(&config.to_string(), None, &Functions::new())
}

#[test]
fn refuses_what_keras_refuses() {
    let cases = json(&cases().join("errors.json"));
    let expected = [
        (
            "max_tokens_1",
            VectorizerError::MaxTokensTooSmall { received: 1 },
        ),
        (
            "osl_with_count",
            VectorizerError::OutputSequenceLengthNotInt {
                received: 3,
                mode: OutputMode::Count,
            },
        ),
        (
            "ragged_with_count",
            VectorizerError::RaggedNotInt {
                mode: OutputMode::Count,
            },
        ),
        (
            "sparse_with_int",
            VectorizerError::SparseWithoutColumns {
                mode: OutputMode::Int,
            },
        ),
        (
            "pad_without_max_tokens",
            VectorizerError::PadWithoutMaxTokens,
        ),
        (
            "idf_with_int",
            VectorizerError::UnexpectedIdf {
                mode: OutputMode::Int,
            },
        ),
        ("vocab_tf_idf_without_weights", VectorizerError::MissingIdf),
        (
            "vocab_idf_length",
            VectorizerError::IdfLength {
                tokens: 1,
                weights: 2,
            },
        ),
        ("vocab_empty", VectorizerError::EmptyVocabulary),
        (
            "vocab_repeated",
            VectorizerError::RepeatedToken {
                token: "a".to_owned(),
                first: 0,
                second: 2,
            },
        ),
        (
            "vocab_mask_token_first",
            VectorizerError::MisplacedPaddingToken { position: 0 },
        ),
        (
            "vocab_too_large",
            VectorizerError::VocabularyTooLarge {
                size: 6,
                terms: 4,
                limit: 5,
            },
        ),
        ("adapt_after_vocabulary", VectorizerError::VocabularyIsGiven),
        ("call_before_adapt_int", VectorizerError::NoVocabulary),
        ("adapt_no_documents", VectorizerError::NoTexts),
        (
            "adapt_all_blank_then_call",
            VectorizerError::NoTokens { texts: 2 },
        ),
        (
            "adapt_max_tokens_2_int_learns_nothing",
            VectorizerError::NothingToLearn {
                texts: 1,
                distinct: 2,
                max_tokens: Some(2),
            },
        ),
        (
            "adapt_twice_count_other_size",
            VectorizerError::FrozenSize {
                frozen: 3,
                received: 4,
            },
        ),
    ];
    for (name, error) in expected {
        let cases = cases.as_array().unwrap();
        let case = cases.iter().find(|case| case["name"] == name).unwrap();
        assert_eq!(run(case), Err(error), "{name}");
    }
}

fn strings(value: &Value) -> Vec<&str> {
    let texts = value.as_array().unwrap().iter();
    texts.map(|text| text.as_str().unwrap()).collect()
}

fn run(case: &Value) -> Result<(), VectorizerError> {
    let mut layer = layer(&case["config"])?;
    for step in case["steps"].as_array().unwrap() {
        if step[0] == "adapt" {
            layer.adapt(strings(&step[1]))?;
        } else {
            layer.call(&strings(&step[1]))?;
        }
    }
    Ok(())
}

#[test]
fn vocabulary_files_are_checked() {
    let config = r#"{"vocabulary": "v.txt"}"#;
    let error = |file: Option<&[u8]>, config: &str| {
        Layer::from_config(config, file, &Functions::new()).unwrap_err()
    };
    let path = "v.txt".to_owned();
    assert_eq!(
        error(None, config),
        VectorizerError::MissingVocabularyFile { path: path.clone() }
    );
    assert_eq!(error(Some(b""), config), VectorizerError::EmptyVocabulary);
    let empty = |line| VectorizerError::EmptyLine { line };
    assert_eq!(error(Some(b"a\n\nb\n"), config), empty(2));
    assert_eq!(error(Some(b"a\n\n"), config), empty(2));
    assert_eq!(error(Some(b"\n"), config), empty(1));
    assert_eq!(error(Some(b"a\r\n\r\n"), config), empty(2));
    let tf_idf = r#"{"vocabulary": "v.txt", "output_mode": "tf_idf", "idf_weights": [1.0]}"#;
    assert_eq!(
        error(Some(b"a\n"), tf_idf),
        VectorizerError::VocabularyFileForTfIdf { path }
    );
    let layer = Layer::from_config(config, Some(b"a\r\r\nb"), &Functions::new()).unwrap();
    assert_eq!(layer.get_vocabulary(false).unwrap(), ["a\r", "b"]);
}

#[test]
fn arguments_of_the_wrong_kind_are_named() {
    for (config, said) in [
        (json!({"max_tokens": 1.5}), "`max_tokens` must be"),
        (json!({"max_tokens": -1}), "`max_tokens` must be"),
        (json!({"ngrams": [1.5]}), "`ngrams` must be"),
        (json!({"ngrams": [0, 1]}), "n-grams have at least one token"),
        (json!({"output_mode": "one_hot"}), "`output_mode` must be"),
        (json!({"split": "words"}), "`split` must be"),
        (json!({"standardize": ["lower"]}), "`standardize` must be"),
        (json!({"dtype": "int64"}), "`dtype` must be"),
        (json!({"vocabulary": [1, 2]}), "`vocabulary` must be"),
        (json!({"vocabulary": 3}), "`vocabulary` must be"),
        (json!({"max_token": 3}), "unknown field `max_token`"),
        (json!({"split": "callable:mine"}), "the function \"mine\""),
        (json!([]), "it is not an object"),
    ] {
        let error = layer(&config).unwrap_err().to_string();
        assert!(error.contains(said), "{error}");
    }
    let none = Layer::from_config("{", None, &Functions::new()).unwrap_err();
    assert!(matches!(none, VectorizerError::BadConfig { .. }), "{none}");
}

#[test]
fn what_fails_leaves_the_layer_as_it_was() {
    let mut layer = layer(&json!({"output_mode": "tf_idf"})).unwrap();
    layer.adapt(["a b", "a"]).unwrap();
    let before = layer.vectorizer().unwrap().clone();
    assert!(layer.adapt(["a b c"]).is_err());
    assert!(layer.adapt([" ", ""]).is_err());
    assert!(layer.set_vocabulary(["x", "y"], None).is_err());
    assert!(layer.set_vocabulary(["x", "y"], Some(&[1.0])).is_err());
    assert!(layer.set_vocabulary(["x"], Some(&[1.0])).is_err());
    assert_eq!(layer.vectorizer().unwrap(), &before);
    layer.set_vocabulary(["x", "y"], Some(&[1.0, 2.0])).unwrap();
    assert_eq!(layer.get_vocabulary(true).unwrap(), ["[UNK]", "x", "y"]);
}
