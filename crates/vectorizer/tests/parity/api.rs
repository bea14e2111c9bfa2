//! What a caller meets beyond ids: parameter limits, given vocabularies, lines, the trait.

use recurrent_vectorizer::{
    Output, OutputMode, TextVectorizer, Vectorize, VectorizerError, VectorizerParams, Vocabulary,
};

use crate::defaults;

fn given(list: &[&str]) -> Result<Vocabulary, VectorizerError> {
    Vocabulary::from_tokens(OutputMode::Int, list)
}

#[test]
fn parameter_limits() {
    for received in [0, 1] {
        let error = VectorizerParams::new().max_tokens(received).check();
        assert_eq!(error, Err(VectorizerError::MaxTokensTooSmall { received }));
    }
    assert!(
        VectorizerParams::new()
            .max_tokens(2)
            .output_sequence_length(0)
            .check()
            .is_ok()
    );
    let limit = i32::MAX as usize;
    let error = VectorizerParams::new()
        .output_sequence_length(limit + 1)
        .check();
    let expected = VectorizerError::OutputSequenceLengthTooLarge {
        received: limit + 1,
        limit,
    };
    assert_eq!(error, Err(expected));
}

#[test]
fn width_zero_keeps_its_rows() {
    let vectorizer = VectorizerParams::new()
        .output_sequence_length(0)
        .check()
        .unwrap()
        .fit(["a"])
        .unwrap();
    let Output::Ids(matrix) = vectorizer.transform(&["a b", "c"]) else {
        panic!("not ids");
    };
    assert_eq!(
        (matrix.rows(), matrix.width(), matrix.ids().len()),
        (2, 0, 0)
    );
    assert_eq!(matrix.row(1), Some(&[][..]));
    assert_eq!(matrix.row(2), None);
    assert!(matrix.into_ids().is_empty());
}

#[test]
fn only_a_fixed_width_feeds_training() {
    let ragged = defaults().fit(["a b"]).unwrap();
    assert_eq!(
        ragged.into_fixed_width(),
        Err(VectorizerError::NoFixedWidth)
    );
    let params = VectorizerParams::new()
        .output_sequence_length(3)
        .check()
        .unwrap();
    let fixed = params.fit(["a b a"]).unwrap().into_fixed_width().unwrap();
    let seam: &(dyn Vectorize + Sync) = &fixed;
    let mut row = [9; 3];
    seam.vectorize_into("B, x", &mut row);
    assert_eq!(
        (row, seam.width(), seam.vocabulary_size()),
        ([3, 1, 0], 3, 4)
    );
    assert_eq!(fixed.vectorizer().params(), &params);
}

#[test]
fn writing_into_a_dirty_row_pads_it() {
    let vectorizer = defaults().fit(["a"]).unwrap();
    let mut row = [9; 4];
    vectorizer.vectorize_bytes_into(b"a", &mut row);
    assert_eq!(row, [2, 0, 0, 0]);
    vectorizer.vectorize_bytes_into(b"", &mut row);
    assert_eq!(row, [0; 4]);
    vectorizer.vectorize_bytes_into(b"a a", &mut []);
}

#[test]
fn specials_in_a_given_list() {
    let tokens = |list: &[&str]| {
        let vectorizer = TextVectorizer::from_vocabulary(defaults(), list)?;
        Ok(vectorizer
            .vocabulary()
            .tokens()
            .map(<[u8]>::to_vec)
            .collect::<Vec<_>>())
    };
    let expected = |list: &[&str]| Ok(list.iter().map(|token| token.as_bytes().to_vec()).collect());
    assert_eq!(tokens(&["", "[UNK]", "a"]), expected(&["", "[UNK]", "a"]));
    assert_eq!(
        tokens(&["[UNK]", "a"]),
        expected(&["", "[UNK]", "[UNK]", "a"])
    );
    assert_eq!(
        tokens(&["", "[UNK]"]),
        Err(VectorizerError::OnlySpecialTokens)
    );
    let misplaced = |position| Err(VectorizerError::MisplacedPaddingToken { position });
    assert_eq!(tokens(&["a", ""]), misplaced(1));
    assert_eq!(tokens(&["", "[UNK]", ""]), misplaced(0));
    let repeated = |token: &str, first, second| {
        Err(VectorizerError::RepeatedToken {
            token: token.to_owned(),
            first,
            second,
        })
    };
    // Repeats are looked for before misplaced padding.
    assert_eq!(tokens(&["", "a", "a"]), repeated("a", 1, 2));
    assert_eq!(tokens(&["", "a", ""]), repeated("", 0, 2));
}

#[test]
fn positions_and_ids_of_tokens() {
    let vocabulary = given(&["a", "a\0"]).unwrap();
    assert_eq!(vocabulary.size(), 4);
    assert_eq!(vocabulary.token(3), Some(&b"a\0"[..]));
    assert_eq!(vocabulary.token_lossy(1).as_deref(), Some("[UNK]"));
    assert_eq!(vocabulary.token(4), None);
    let ids: [(&[u8], i32, Option<usize>); 5] = [
        (b"", 0, Some(0)),
        (b"[UNK]", 1, Some(1)),
        (b"a", 2, Some(2)),
        (b"a\0", 3, Some(3)),
        (b"b", 1, None),
    ];
    for (token, id, position) in ids {
        assert_eq!(
            (vocabulary.id(token), vocabulary.position(token)),
            (Some(id), position)
        );
    }
    let ordinary = given(&["x", "[UNK]"]).unwrap();
    assert_eq!(
        (ordinary.id(b"[UNK]"), ordinary.position(b"[UNK]")),
        (Some(3), Some(3))
    );
    // Where the output has columns there is no padding, and the empty token has no index.
    let columns = Vocabulary::from_tokens(OutputMode::Count, ["[UNK]", "a"]).unwrap();
    assert_eq!((columns.specials(), columns.size()), (1, 2));
    let ids = [&b""[..], b"[UNK]", b"a", b"b"].map(|token| columns.id(token));
    assert_eq!(ids, [None, Some(0), Some(1), Some(0)]);
    assert_eq!(columns.position(b""), None);
}

#[test]
fn lines_come_back_unchanged() {
    let lists: [&[&[u8]]; 3] = [
        &[b"a"],
        &[b"[UNK]", b"x"],
        &[b"\xFF\r", b"\xC2\x85", b"a b", b"\x0B"],
    ];
    for list in lists {
        let vocabulary = Vocabulary::from_tokens(OutputMode::Int, list).unwrap();
        let lines = vocabulary.to_lines().unwrap();
        assert_eq!(Vocabulary::from_lines(&lines), Ok(vocabulary));
    }
    let vocabulary = defaults().fit(["b a a"]).unwrap().vocabulary().clone();
    assert_eq!(
        vocabulary.to_lines().as_deref(),
        Ok(&b"\n[UNK]\na\nb\n"[..])
    );
}

#[test]
fn damaged_lines_are_refused() {
    let error = |lines: &[u8]| Vocabulary::from_lines(lines).unwrap_err();
    let missing = |line, received: Option<&str>| VectorizerError::MissingSpecialTokens {
        line,
        received: received.map(str::to_owned),
    };
    assert_eq!(error(b""), missing(1, None));
    assert_eq!(error(b"a\nb\n"), missing(1, Some("a")));
    assert_eq!(error(b"\n"), missing(2, None));
    assert_eq!(error(b"\r\n[UNK]\r\na\r\n"), missing(1, Some("\r")));
    assert_eq!(error(b"\n[UNK]\n"), VectorizerError::OnlySpecialTokens);
    assert_eq!(
        error(b"\n[UNK]\na\nb"),
        VectorizerError::UnterminatedLine {
            received: "b".to_owned()
        }
    );
    assert_eq!(
        error(b"\n[UNK]\na\n\n"),
        VectorizerError::MisplacedPaddingToken { position: 1 }
    );
    let broken = given(&["a\nb"]).unwrap().to_lines();
    let expected = VectorizerError::LineBreakInToken {
        index: 2,
        token: "a\nb".to_owned(),
    };
    assert_eq!(broken, Err(expected));
}

#[test]
fn a_vocabulary_must_fit_its_parameters() {
    let params = VectorizerParams::new().max_tokens(3).check().unwrap();
    let vocabulary = given(&["a", "b"]).unwrap();
    let error = TextVectorizer::with_vocabulary(params, vocabulary).unwrap_err();
    assert_eq!(
        error,
        VectorizerError::VocabularyTooLarge {
            size: 4,
            terms: 2,
            limit: 3
        }
    );
    assert_eq!(
        error.to_string(),
        "the vocabulary has 4 tokens (2 terms and 2 special), but max_tokens is 3"
    );
}

#[test]
fn options_that_do_not_go_together() {
    let error = |params: VectorizerParams| params.check().unwrap_err();
    let new = VectorizerParams::new;
    let mode = OutputMode::Tokens;
    assert_eq!(
        error(new().output_mode(mode).output_sequence_length(3)),
        VectorizerError::OutputSequenceLengthNotInt { received: 3, mode }
    );
    assert_eq!(
        error(new().output_mode(mode).sparse(true)),
        VectorizerError::SparseWithoutColumns { mode }
    );
    assert_eq!(
        error(new().ragged(true).output_sequence_length(0)),
        VectorizerError::RaggedWithLength { received: 0 }
    );
    assert_eq!(
        error(new().ngrams([2, 0])),
        VectorizerError::NgramWidthZero {
            received: vec![2, 0]
        }
    );
    assert_eq!(
        error(new().pad_to_max_tokens(true)),
        VectorizerError::PadWithoutMaxTokens
    );
    let limit = i32::MAX as usize;
    assert_eq!(
        error(new().max_tokens(limit + 1)),
        VectorizerError::MaxTokensTooLarge {
            received: limit + 1,
            limit
        }
    );
    // A weight is kept for each column, of padding too: `max_tokens` alone would take 8 GB.
    let weights = |tokens: usize, pad| {
        let params = new().max_tokens(tokens).pad_to_max_tokens(pad);
        params.output_mode(OutputMode::TfIdf)
    };
    assert_eq!(
        error(weights(limit, true)),
        VectorizerError::MaxTokensTooLarge {
            received: limit,
            limit: 1 << 26
        }
    );
    assert!(weights(limit, false).check().is_ok());
    assert!(weights(1 << 26, true).check().is_ok());
}

#[test]
fn ngrams_wider_than_any_text_cost_nothing() {
    let params = VectorizerParams::new().ngrams(usize::MAX).check().unwrap();
    assert_eq!(params.tokens("a b"), [&b"a"[..], b"b", b"a b"]);
    let params = VectorizerParams::new().ngrams([usize::MAX, 1]);
    assert_eq!(params.check().unwrap().tokens("a b"), [b"a", b"b"]);
}

#[test]
fn a_vocabulary_must_be_of_the_mode() {
    let params = VectorizerParams::new().output_mode(OutputMode::Count);
    let mode = OutputMode::Count;
    let vocabulary = given(&["a"]).unwrap();
    assert_eq!(
        TextVectorizer::with_vocabulary(params.check().unwrap(), vocabulary),
        Err(VectorizerError::VocabularyOfOtherMode { mode })
    );
}

#[test]
fn keras_files_come_back_unchanged() {
    let vocabulary = given(&["a", "b c", "[UNK]", "\u{85}", "é"]).unwrap();
    let file = vocabulary.to_keras_file().unwrap();
    assert_eq!(file, "a\nb c\n[UNK]\n\u{85}\né\n".as_bytes());
    assert_eq!(
        Vocabulary::from_keras_file(OutputMode::Int, &file),
        Ok(vocabulary)
    );
    for term in ["a\nb", "a\r"] {
        let error = given(&[term]).unwrap().to_keras_file().unwrap_err();
        let expected = VectorizerError::LineBreakInToken {
            index: 2,
            token: term.to_owned(),
        };
        assert_eq!(error, expected);
    }
}

#[test]
fn an_absent_term_with_a_negative_weight_is_minus_zero_only_in_dense_rows() {
    let params = VectorizerParams::new().output_mode(OutputMode::TfIdf);
    let dense = params.clone().check().unwrap();
    let weights = [-1.0, f64::NAN, 0.0];
    let dense = TextVectorizer::from_vocabulary_and_idf(dense, ["a", "b", "c"], &weights).unwrap();
    let Output::Dense(matrix) = dense.transform(&["c"]) else {
        panic!("not dense");
    };
    let row = matrix.row(0).unwrap();
    assert!(row[0].is_nan() && row[2].is_nan(), "{row:?}");
    assert_eq!(row[1].to_bits(), (-0.0_f32).to_bits());
    let sparse = params.sparse(true).check().unwrap();
    let sparse =
        TextVectorizer::from_vocabulary_and_idf(sparse, ["a", "b", "c"], &weights).unwrap();
    let Output::Sparse(csr) = sparse.transform(&["c"]) else {
        panic!("not sparse");
    };
    // The term that is there stays, with its weight 0.
    assert_eq!((csr.indices(), csr.values()), (&[3][..], &[0.0][..]));
}
