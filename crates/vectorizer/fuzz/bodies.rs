//! What each fuzz target does with arbitrary bytes. The same functions run over the committed corpus in
//! an ordinary test, so that a finding stays found without a fuzzer.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a panic is what a fuzzer looks for"
)]

use minicbor::Encoder;
use recurrent_vectorizer::keras::{Layer, check, reference_functions};
use recurrent_vectorizer::{
    Ngrams, Output, OutputMode, Split, Standardize, TextVectorizer, TokenCounts, UnicodeRules,
    ValidParams, VectorizerParams,
};

/// Parameters from the first six bytes, texts from the rest; `None` if they do not go together.
fn read(data: &[u8]) -> Option<(ValidParams, Vec<&[u8]>)> {
    let (&[standardize, split, ngrams, mode, flags, max_tokens], rest) =
        data.split_first_chunk()?;
    let params = VectorizerParams::new()
        .standardize(match standardize % 5 {
            0 => Standardize::None,
            1 => Standardize::Lower,
            2 => Standardize::StripPunctuation,
            3 => Standardize::LowerAndStripPunctuation,
            _ => Standardize::Unicode(UnicodeRules::default()),
        })
        .split(match split % 5 {
            0 => Split::Whitespace,
            1 => Split::Character,
            2 => Split::None,
            3 => Split::UnicodeWhitespace,
            _ => Split::UnicodeWords,
        })
        .ngrams(match ngrams % 4 {
            0 => Ngrams::Off,
            1 => Ngrams::UpTo(usize::from(ngrams / 4 % 5)),
            2 => Ngrams::Widths(vec![usize::from(ngrams / 4)]),
            _ => Ngrams::Widths(vec![2, usize::from(ngrams / 4 % 8)]),
        })
        .output_mode(match mode % 5 {
            0 => OutputMode::Tokens,
            1 => OutputMode::Int,
            2 => OutputMode::MultiHot,
            3 => OutputMode::Count,
            _ => OutputMode::TfIdf,
        })
        .output_sequence_length((flags & 1 > 0).then_some(usize::from(flags >> 4)))
        .pad_to_max_tokens(flags & 2 > 0)
        .sparse(flags & 4 > 0)
        .ragged(flags & 8 > 0)
        .max_tokens((max_tokens > 0).then_some(usize::from(max_tokens)));
    let texts = rest.split(|&byte| byte == 0xFE).collect();
    Some((params.check().ok()?, texts))
}

/// Fitting whole, in parts, and through bytes is the same.
pub(crate) fn fit(data: &[u8]) {
    let Some((params, texts)) = read(data) else {
        return;
    };
    let mut whole = TokenCounts::new(&params);
    whole.add(&texts);
    let (left, right) = texts.split_at(texts.len() / 2);
    let mut parts = TokenCounts::new(&params);
    parts.add(right);
    let mut others = TokenCounts::new(&params);
    others.add(left);
    let others = TokenCounts::from_bytes(&others.to_bytes().unwrap()).unwrap();
    parts.merge(&others).unwrap();
    assert_eq!(parts.to_bytes().unwrap(), whole.to_bytes().unwrap());
    assert_eq!(parts.finish(&params), params.fit(&texts));

    let mut limited = TokenCounts::new(&params).with_limit(3);
    limited.add(&texts);
    let loss = limited.loss().map_or(0, |loss| loss.undercount);
    for token in texts.iter().flat_map(|text| params.tokens(text)) {
        let (truth, held) = (whole.count(&token), limited.count(&token));
        assert!(held <= truth && truth <= held + loss);
    }
}

/// Transforming gives rows of the promised shape, the same for any number of threads.
pub(crate) fn apply(data: &[u8]) {
    let Some((params, texts)) = read(data) else {
        return;
    };
    let Ok(vectorizer) = params.fit(&texts[..texts.len().div_ceil(2)]) else {
        return;
    };
    let output = vectorizer.transform(&texts);
    assert_eq!(output.rows(), texts.len());
    assert_eq!(vectorizer.transform_threads(&texts, 3), output);
    let parts: Vec<[&[u8]; 1]> = texts.iter().map(|&text| [text]).collect();
    assert_eq!(vectorizer.transform_parts(&parts), output);
    let size = vectorizer.vocabulary().size();
    match output {
        Output::Ids(matrix) => {
            assert_eq!(matrix.ids().len(), texts.len() * matrix.width());
            assert!(matrix.ids().iter().all(|&id| (id as usize) < size));
        }
        Output::RaggedIds(rows) => {
            for (row, text) in rows.iter().zip(&texts) {
                assert_eq!(row.len(), params.tokens(text).len());
            }
        }
        Output::Dense(matrix) => {
            assert_eq!(matrix.values().len(), texts.len() * vectorizer.columns());
        }
        Output::Sparse(matrix) => {
            let columns = vectorizer.columns();
            assert!(matrix.indices().iter().all(|&c| (c as usize) < columns));
        }
        Output::Tokens(rows) => {
            for (row, text) in rows.iter().zip(&texts) {
                assert!(row.eq(params.tokens(text)));
            }
        }
        _ => {}
    }
}

/// Whatever is loaded is an error or comes back unchanged.
pub(crate) fn load(data: &[u8]) {
    loaded(data);
    // With a valid seal around it, so that what is inside is read, too.
    for kind in ["recurrent-vectorizer", "recurrent-vectorizer counts"] {
        let mut envelope = Encoder::new(Vec::new());
        envelope.array(4).unwrap().str(kind).unwrap();
        envelope.u32(1).unwrap().u32(crc32fast::hash(data)).unwrap();
        envelope.bytes(data).unwrap();
        loaded(&envelope.into_writer());
    }
    if let Ok(text) = std::str::from_utf8(data) {
        let functions = reference_functions();
        let _ = check(text, &functions);
        if let Ok(layer) = Layer::from_config(text, None, &functions)
            && let Ok(config) = layer.get_config()
        {
            let again = Layer::from_config(&config, None, &functions).unwrap();
            assert_eq!(again.params(), layer.params());
            assert_eq!(again.vectorizer(), layer.vectorizer());
        }
    }
}

fn loaded(bytes: &[u8]) {
    if let Ok(vectorizer) = TextVectorizer::from_bytes(bytes) {
        let again = TextVectorizer::from_bytes(&vectorizer.to_bytes().unwrap());
        assert_eq!(again.unwrap(), vectorizer);
    }
    if let Ok(counts) = TokenCounts::from_bytes(bytes) {
        let saved = counts.to_bytes().unwrap();
        let again = TokenCounts::from_bytes(&saved).unwrap();
        assert_eq!(again.to_bytes().unwrap(), saved);
    }
}
