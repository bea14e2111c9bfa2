//! What is serialized comes back the same, in a readable format and in a binary one that does not describe
//! itself; what does not fit together is refused.
#![cfg(feature = "serde")]
#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may stop at the first surprise"
)]

use std::fmt::Debug;

use recurrent_vectorizer::{
    CsrMatrix, DenseMatrix, Functions, IdMatrix, Ngrams, Output, OutputMode, RaggedIds,
    RaggedTokens, Split, Standardize, TextVectorizer, TokenCounts, ValidParams, VectorizerParams,
    keras,
};
use serde::{Serialize, de::DeserializeOwned};

/// Through JSON, through a JSON value, and through postcard.
fn round_trip<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T) {
    let json = serde_json::to_string(value).unwrap();
    assert_eq!(&serde_json::from_str::<T>(&json).unwrap(), value, "{json}");
    let tree = serde_json::to_value(value).unwrap();
    assert_eq!(&serde_json::from_value::<T>(tree).unwrap(), value);
    let bytes = postcard::to_allocvec(value).unwrap();
    assert_eq!(&postcard::from_bytes::<T>(&bytes).unwrap(), value);
}

/// The message with which JSON is refused as a `T`.
fn refusal<T: DeserializeOwned + Debug>(json: &str) -> String {
    serde_json::from_str::<T>(json).unwrap_err().to_string()
}

fn check(params: VectorizerParams) -> ValidParams {
    params.check().unwrap()
}

#[test]
fn modes_have_the_names_of_keras() {
    let modes = [
        (OutputMode::Tokens, "null"),
        (OutputMode::Int, "\"int\""),
        (OutputMode::MultiHot, "\"multi_hot\""),
        (OutputMode::Count, "\"count\""),
        (OutputMode::TfIdf, "\"tf_idf\""),
    ];
    for (mode, json) in modes {
        assert_eq!(serde_json::to_string(&mode).unwrap(), json);
        round_trip(&mode);
    }
    let alias = serde_json::from_str::<OutputMode>("\"binary\"").unwrap();
    assert_eq!(alias, OutputMode::MultiHot);
    assert!(refusal::<OutputMode>("\"counts\"").contains("\"counts\""));
}

#[test]
fn n_grams_look_as_in_keras() {
    let ngrams = [
        (Ngrams::Off, "null"),
        (Ngrams::UpTo(0), "0"),
        (Ngrams::UpTo(3), "3"),
        (Ngrams::Widths(vec![]), "[]"),
        (Ngrams::Widths(vec![2, 1, 2]), "[2,1,2]"),
    ];
    for (ngrams, json) in ngrams {
        assert_eq!(serde_json::to_string(&ngrams).unwrap(), json);
        round_trip(&ngrams);
    }
    assert_eq!(
        serde_json::from_str::<Ngrams>("-1").unwrap(),
        Ngrams::UpTo(0)
    );
    for json in ["\"2\"", "1.5", "[1,-2]", "{}", "true"] {
        refusal::<Ngrams>(json);
    }
}

fn all_params() -> Vec<ValidParams> {
    let new = VectorizerParams::new;
    let mut params = vec![
        check(new()),
        check(new().max_tokens(9).output_sequence_length(4)),
        check(new().ragged(true).ngrams([2, 3])),
        check(
            new()
                .output_mode(OutputMode::Tokens)
                .standardize(Standardize::None),
        ),
        check(new().split(Split::None).standardize(Standardize::Lower)),
        check(
            new()
                .split(Split::Character)
                .standardize(Standardize::StripPunctuation),
        ),
    ];
    for mode in [OutputMode::MultiHot, OutputMode::Count, OutputMode::TfIdf] {
        let columns = new().output_mode(mode).max_tokens(8);
        params.push(check(columns.clone().pad_to_max_tokens(true)));
        params.push(check(columns.sparse(true)));
    }
    params
}

#[test]
fn parameters_come_back() {
    for params in all_params() {
        round_trip(&params);
        round_trip(&VectorizerParams::from(params.clone()));
        // Keras' configuration has the same names.
        let json = serde_json::to_string(&params).unwrap();
        let config = keras::Config::from_json(&json).unwrap();
        assert_eq!(config.params(&Functions::new()).unwrap(), params, "{json}");
    }
    let json = serde_json::to_string(&all_params()[1]).unwrap();
    assert_eq!(
        json,
        r#"{"max_tokens":9,"standardize":"lower_and_strip_punctuation","split":"whitespace","ngrams":null,"output_mode":"int","output_sequence_length":4,"pad_to_max_tokens":false,"sparse":false,"ragged":false}"#
    );
}

#[test]
fn absent_parameters_have_the_defaults_of_keras() {
    assert_eq!(
        serde_json::from_str::<ValidParams>("{}").unwrap(),
        ValidParams::default()
    );
    let params: ValidParams = serde_json::from_str(r#"{"standardize": null}"#).unwrap();
    assert_eq!(params.standardize(), &Standardize::None);
}

#[test]
fn wrong_parameters_are_refused() {
    let refusals = [
        (r#"{"max_token": 5}"#, "max_token"),
        (r#"{"max_tokens": 1}"#, "greater than 1"),
        (r#"{"max_tokens": -5}"#, "-5"),
        (r#"{"standardize": "upper"}"#, "\"upper\""),
        (r#"{"standardize": "unicode:nfd"}"#, "\"unicode:nfd\""),
        (r#"{"split": "words"}"#, "\"words\""),
        (r#"{"sparse": true}"#, "`sparse`"),
        (r#"{"ngrams": [0]}"#, "at least one token"),
    ];
    for (json, expect) in refusals {
        let message = refusal::<ValidParams>(json);
        assert!(message.contains(expect), "{json}: {message}");
    }
    // Unchecked parameters are checked later.
    let unchecked: VectorizerParams = serde_json::from_str(r#"{"max_tokens": 1}"#).unwrap();
    assert!(unchecked.check().is_err());
}

#[cfg(feature = "unicode")]
#[test]
fn rules_of_unicode_come_back() {
    use recurrent_vectorizer::{Normalization, UnicodeRules};

    round_trip(&check(VectorizerParams::unicode()));
    for normalization in [Normalization::None, Normalization::Nfc, Normalization::Nfkc] {
        for (lower, strip_punctuation) in
            [(false, false), (false, true), (true, false), (true, true)]
        {
            let rules = Standardize::Unicode(UnicodeRules {
                normalization,
                lower,
                strip_punctuation,
            });
            let params = VectorizerParams::new().standardize(rules);
            round_trip(&check(params.split(Split::UnicodeWhitespace)));
        }
    }
    let json = r#"{"standardize": "unicode"}"#;
    let params: ValidParams = serde_json::from_str(json).unwrap();
    assert_eq!(
        params.standardize(),
        &Standardize::Unicode(UnicodeRules::default())
    );
}

#[test]
fn functions_of_the_user_are_refused() {
    let standardize = Standardize::custom("shout", |text, out| out.extend_from_slice(text));
    let split = Split::custom("halves", |text, token| token(text));
    for (params, name) in [
        (VectorizerParams::new().standardize(standardize), "shout"),
        (VectorizerParams::new().split(split), "halves"),
    ] {
        let params = check(params);
        let error = serde_json::to_string(&params).unwrap_err().to_string();
        assert!(error.contains(name), "{error}");
        assert!(postcard::to_allocvec(&params).is_err());
        // A whole vectorizer holds the name, which alone does not bring the function back.
        let json = serde_json::to_string(&params.fit(["a b"]).unwrap()).unwrap();
        let error = refusal::<TextVectorizer>(&json);
        assert!(error.contains(name), "{error}");
    }
}

const TEXTS: [&str; 4] = ["The film was good.", "", "Film, film: a film!", "\u{85} é"];

#[test]
fn vectorizers_and_counts_come_back() {
    for params in all_params() {
        let vectorizer = params.fit(TEXTS).unwrap();
        round_trip(&vectorizer);
        let mut counts = TokenCounts::new(&params).with_limit(100);
        counts.add(TEXTS);
        let saved = counts.to_bytes().unwrap();
        let json = serde_json::to_string(&counts).unwrap();
        let loaded: TokenCounts = serde_json::from_str(&json).unwrap();
        assert_eq!(loaded.to_bytes().unwrap(), saved);
        let bytes = postcard::to_allocvec(&counts).unwrap();
        // Nothing but the length stands before the format's own bytes.
        assert!(bytes.ends_with(&saved) && bytes.len() <= saved.len() + 10);
        let loaded: TokenCounts = postcard::from_bytes(&bytes).unwrap();
        assert_eq!(loaded.to_bytes().unwrap(), saved);
    }
    let message = refusal::<TextVectorizer>("[1, 2, 3]");
    assert!(message.contains("not a saved"), "{message}");
    let message = refusal::<TokenCounts>("\"text\"");
    assert!(message.contains("`to_bytes`"), "{message}");
}

#[test]
fn outputs_come_back() {
    for params in all_params() {
        let vectorizer = params.fit(TEXTS).unwrap();
        for texts in [&TEXTS[..], &[], &[""]] {
            match vectorizer.transform(texts) {
                Output::Ids(matrix) => round_trip(&matrix),
                Output::RaggedIds(rows) => round_trip(&rows),
                Output::Dense(matrix) => round_trip(&matrix),
                Output::Sparse(matrix) => round_trip(&matrix),
                Output::Tokens(rows) => round_trip(&rows),
                other => panic!("{other:?}"),
            }
        }
    }
}

#[test]
fn outputs_whose_parts_do_not_fit_are_refused() {
    let matrices = [
        r#"{"rows":2,"width":2,"ids":[1,2,3]}"#,
        r#"{"rows":0,"width":2,"ids":[1]}"#,
        r#"{"rows":18446744073709551615,"width":2,"ids":[]}"#,
        r#"{"rows":1,"width":1}"#,
        r#"{"rows":1,"width":1,"ids":[1],"more":0}"#,
    ];
    for json in matrices {
        refusal::<IdMatrix>(json);
        refusal::<DenseMatrix>(&json.replace("width", "columns").replace("ids", "values"));
    }
    for (columns, offsets, indices, values) in [
        (3, "[]", "[]", "[]"),
        (3, "[1]", "[]", "[]"),
        (3, "[0,1]", "[0,1]", "[1,1]"),
        (3, "[0,2,1,2]", "[0,1]", "[1,1]"),
        (3, "[0,2]", "[0,1]", "[1]"),
        (3, "[0,2]", "[1,0]", "[1,1]"),
        (3, "[0,2]", "[1,1]", "[1,1]"),
        (3, "[0,1]", "[3]", "[1]"),
        (3, "[0,18446744073709551615]", "[0]", "[1]"),
    ] {
        refusal::<CsrMatrix>(&format!(
            r#"{{"columns":{columns},"offsets":{offsets},"indices":{indices},"values":{values}}}"#
        ));
    }
    for ends in ["[1]", "[3]", "[2,1,2]", "[]", "[-1,2]"] {
        refusal::<RaggedIds>(&format!(r#"{{"ids":[1,2],"ends":{ends}}}"#));
        refusal::<RaggedTokens>(&format!(
            r#"{{"bytes":[97,98],"token_ends":{ends},"ends":[2]}}"#
        ));
        refusal::<RaggedTokens>(&format!(
            r#"{{"bytes":[97,98],"token_ends":[1,2],"ends":{ends}}}"#
        ));
    }
}
