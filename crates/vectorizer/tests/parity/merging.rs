//! Counts that are merged, limited, refused.

use recurrent_vectorizer::{
    Loss, OutputMode, Split, TokenCounts, ValidParams, VectorizerError, VectorizerParams,
};

use crate::defaults;

fn tf_idf() -> ValidParams {
    VectorizerParams::new()
        .output_mode(OutputMode::TfIdf)
        .check()
        .unwrap()
}

fn counted<'t>(params: &ValidParams, texts: impl IntoIterator<Item = &'t str>) -> TokenCounts {
    let mut counts = TokenCounts::new(params);
    counts.add(texts);
    counts
}

#[test]
fn counts_that_see_other_tokens_do_not_merge() {
    let mut ours = counted(&defaults(), ["a b"]);
    let before = ours.to_bytes().unwrap();
    let other = VectorizerParams::new()
        .split(Split::Character)
        .check()
        .unwrap();
    let error = ours.merge(&counted(&other, ["a"])).unwrap_err();
    assert!(matches!(error, VectorizerError::CountsOfOtherParams { .. }));
    assert!(
        error.to_string().contains("`split` \"character\""),
        "{error}"
    );
    assert_eq!(
        ours.merge(&counted(&tf_idf(), ["a"])),
        Err(VectorizerError::NoDocumentCounts)
    );
    assert_eq!(ours.to_bytes().unwrap(), before);
    assert!(matches!(
        ours.finish(&other),
        Err(VectorizerError::CountsOfOtherParams { .. })
    ));
    assert_eq!(
        ours.finish(&tf_idf()),
        Err(VectorizerError::NoDocumentCounts)
    );
}

#[test]
fn one_count_serves_several_outputs() {
    let counts = counted(&tf_idf(), ["a b a", "b", "c"]);
    let int = VectorizerParams::new().max_tokens(4).check().unwrap();
    let finished = counts.finish(&int).unwrap();
    assert_eq!(finished, int.fit(["a b a", "b", "c"]).unwrap());
}

#[test]
fn documents_go_on_counting_after_a_merge() {
    let mut ours = counted(&tf_idf(), ["a a", "b"]);
    ours.merge(&counted(&tf_idf(), ["a", "a c"])).unwrap();
    ours.add(["a a", "c c"]);
    let whole = counted(&tf_idf(), ["a a", "b", "a", "a c", "a a", "c c"]);
    assert_eq!(ours.to_bytes().unwrap(), whole.to_bytes().unwrap());
}

/// What the limit promises, on a stream that comes back to tokens after they were dropped.
#[test]
fn a_limit_bounds_the_memory_and_says_what_it_cost() {
    let mut limited = TokenCounts::new(&defaults()).with_limit(300);
    let mut exact = TokenCounts::new(&defaults());
    let mut state = 1_u64;
    for _ in 0..4000 {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        // The n-th word about 1/n as often as the first.
        let uniform = (state >> 11) as f64 / (1_u64 << 53) as f64;
        let word = format!("w{}", 3000_f64.powf(uniform) as u64);
        limited.add([&word]);
        exact.add([&word]);
        assert!(limited.distinct() <= 300);
    }
    assert_eq!(exact.loss(), None);
    let loss = limited.loss().unwrap();
    assert!(loss.dropped > 100, "{loss:?}");
    let mut missing = 0;
    for word in 1..3000 {
        let word = format!("w{word}");
        let (truth, held) = (exact.count(word.as_bytes()), limited.count(word.as_bytes()));
        assert!(held <= truth && truth <= held + loss.undercount, "{word}");
        missing += u64::from(held < truth);
    }
    assert!(missing > 50, "nothing was pruned");
    // The bound is worth something: the most frequent word is far above it.
    assert!(exact.count(b"w1") > 4 * loss.undercount, "{loss:?}");

    let saved = TokenCounts::from_bytes(&limited.to_bytes().unwrap()).unwrap();
    assert_eq!(saved.loss(), Some(loss));
    exact.merge(&saved).unwrap();
    assert_eq!(exact.loss(), Some(loss));
}

#[test]
fn below_the_limit_nothing_is_lost() {
    let mut limited = TokenCounts::new(&defaults()).with_limit(3);
    limited.add(["a b c", "a b c"]);
    assert_eq!(limited.loss(), None);
    limited.add(["d"]);
    // All but the new word occurred twice: the cut falls through them all.
    let expected = Loss {
        undercount: 2,
        dropped: 4,
    };
    assert_eq!((limited.loss(), limited.distinct()), (Some(expected), 0));
    let nothing = limited.finish(&defaults()).unwrap_err();
    assert_eq!(nothing, VectorizerError::NoTokens { texts: 3 });
}

#[test]
fn a_document_in_parts_has_one_sequence_of_tokens() {
    let params = VectorizerParams::new()
        .split(Split::None)
        .ngrams(2)
        .check()
        .unwrap();
    let mut counts = TokenCounts::new(&params);
    counts.add_parts(["New York", "is", "is"].map(str::as_bytes));
    let vectorizer = counts.finish(&params).unwrap();
    assert!(vectorizer.vocabulary().terms().eq([
        &b"is"[..],
        b"new york is",
        b"new york",
        b"is is"
    ]));
}
