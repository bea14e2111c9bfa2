//! The recorded error cases that the crate can express: each fails, and with the error named here.
//! What Keras refuses and this crate cannot even write (a negative length, fitting a finished
//! vectorizer, applying one that was never fitted) has no case.

use recurrent_vectorizer::{TextVectorizer, VectorizerError};
use serde_json::Value;

use crate::{json, params, reference, strings};

#[test]
fn refuses_what_keras_refuses() {
    let Some(folder) = reference() else { return };
    let cases = json(&folder.join("visible_errors.json"));
    let expected = [
        (
            "max_tokens_1",
            VectorizerError::MaxTokensTooSmall { received: 1 },
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
        ("adapt_no_documents", VectorizerError::NoTexts),
        // Keras notices at the call that nothing was learned; here `fit` says so.
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
    ];
    for (name, error) in expected {
        let case = cases
            .as_array()
            .unwrap()
            .iter()
            .find(|case| case["name"] == name)
            .unwrap();
        assert_eq!(run(case), Err(error), "{name}");
    }
}

fn run(case: &Value) -> Result<(), VectorizerError> {
    let params = params(&case["config"]).unwrap().check()?;
    if case["config"]["vocabulary"].is_array() {
        let list = strings(&case["config"]["vocabulary"]);
        TextVectorizer::from_vocabulary(params.clone(), list)?;
    }
    for step in case["steps"].as_array().unwrap() {
        if step[0] == "adapt" {
            params.fit(strings(&step[1]))?;
        }
    }
    Ok(())
}
