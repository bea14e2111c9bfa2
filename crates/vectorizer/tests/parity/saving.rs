//! Saved vectorizers and counts: what survives, and what damaged ones say.

use recurrent_vectorizer::{
    Functions, OutputMode, Split, Standardize, TextVectorizer, TokenCounts, VectorizerError,
    VectorizerParams,
};

use crate::defaults;

fn saved() -> Vec<u8> {
    let params = VectorizerParams::new().output_mode(OutputMode::TfIdf);
    let vectorizer = params.check().unwrap().fit(["the film", "a film"]).unwrap();
    vectorizer.to_bytes().unwrap()
}

#[test]
fn any_token_survives() {
    let tokens: [&[u8]; 6] = [
        b"a\nb",
        b"\r",
        "\u{85}".as_bytes(),
        "\u{2028}".as_bytes(),
        b"\xFF\xC3",
        b"\0",
    ];
    let vectorizer = TextVectorizer::from_vocabulary(defaults(), tokens).unwrap();
    let loaded = TextVectorizer::from_bytes(&vectorizer.to_bytes().unwrap()).unwrap();
    assert!(loaded.vocabulary().terms().eq(tokens));
}

#[test]
fn every_changed_byte_and_every_cut_is_noticed() {
    let bytes = saved();
    assert!(TextVectorizer::from_bytes(&bytes).is_ok());
    for at in 0..bytes.len() {
        let cut = TextVectorizer::from_bytes(&bytes[..at]);
        assert!(cut.is_err(), "cut at {at}");
        for flip in [1, 0x80, 0xFF] {
            let mut changed = bytes.clone();
            changed[at] ^= flip;
            let read = TextVectorizer::from_bytes(&changed);
            assert!(read.is_err(), "byte {at} changed by {flip}");
        }
    }
    let longer = [&bytes[..], b"\0"].concat();
    let error = TextVectorizer::from_bytes(&longer).unwrap_err();
    assert!(error.to_string().contains("something follows"), "{error}");
    let error = TextVectorizer::from_bytes(&bytes[..bytes.len() - 1]).unwrap_err();
    assert!(error.to_string().contains("ends too early"), "{error}");
}

#[test]
fn other_kinds_and_newer_versions_are_named() {
    let counts = TokenCounts::new(&defaults()).to_bytes().unwrap();
    let error = TextVectorizer::from_bytes(&counts).unwrap_err();
    assert!(matches!(error, VectorizerError::NotSaved { .. }), "{error}");
    let mut newer = saved();
    // The kind is a text of twenty bytes behind two of headers; the version follows.
    let version = 2 + "recurrent-vectorizer".len();
    assert_eq!(newer[version], 1);
    newer[version] = 2;
    assert_eq!(
        TextVectorizer::from_bytes(&newer),
        Err(VectorizerError::NewerVersion {
            kind: "recurrent-vectorizer",
            received: 2,
            known: 1,
        })
    );
}

#[test]
fn functions_are_found_by_name() {
    let upper = |text: &[u8], out: &mut Vec<u8>| out.extend(text.to_ascii_uppercase());
    let halves = |text: &[u8], token: &mut dyn FnMut(&[u8])| {
        let (left, right) = text.split_at(text.len() / 2);
        token(left);
        token(right);
    };
    let params = VectorizerParams::new()
        .standardize(Standardize::custom("upper", upper))
        .split(Split::custom("halves", halves));
    let vectorizer = params.check().unwrap().fit(["abab", "abx"]).unwrap();
    assert_eq!(vectorizer.tokens("abx"), [&b"A"[..], b"BX"]);
    let bytes = vectorizer.to_bytes().unwrap();
    let missing = |does, name: &str| {
        Err(VectorizerError::MissingFunction {
            does,
            name: name.to_owned(),
        })
    };
    assert_eq!(
        TextVectorizer::from_bytes(&bytes),
        missing("standardizes", "upper")
    );
    let functions = Functions::new().standardize("upper", upper);
    assert_eq!(
        TextVectorizer::from_bytes_with(&bytes, &functions),
        missing("splits", "halves")
    );
    let functions = functions.split("halves", halves);
    let loaded = TextVectorizer::from_bytes_with(&bytes, &functions).unwrap();
    assert_eq!(loaded, vectorizer);
    assert_eq!(loaded.vectorize("abab"), vectorizer.vectorize("abab"));
}

#[test]
fn rules_of_unicode_survive() {
    let fitted = VectorizerParams::unicode()
        .check()
        .unwrap()
        .fit(["École! ÇA", "école"])
        .unwrap();
    assert!(
        fitted
            .vocabulary()
            .terms()
            .eq(["école", "ça"].map(str::as_bytes))
    );
    let loaded = TextVectorizer::from_bytes(&fitted.to_bytes().unwrap()).unwrap();
    assert_eq!(loaded, fitted);
    assert_eq!(loaded.vectorize("ÉCOLE — ça"), [2, 3]);
}
