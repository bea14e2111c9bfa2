//! The texts of a corpus, as a vectorizer and a training take them.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::LazyLock;

use rayon::prelude::*;
use recurrent_corpus::{LabelledText, Part, TextCorpus};
use recurrent_vectorizer::{
    FixedWidth, TextVectorizer, ValidParams, Vectorize as _, VectorizerParams,
};
use regex::Regex;

use crate::{ClassifierError, Cut, ModelConfig, TrainConfig};

/// The vectorizer of the training texts for a network.
pub(crate) fn fitted(
    corpus: &TextCorpus,
    config: &TrainConfig,
) -> Result<TextVectorizer, ClassifierError> {
    let params = VectorizerParams::new()
        .max_tokens(config.max_tokens)
        .output_sequence_length(config.length)
        .check()?;
    fitted_as(&params, corpus, config)
}

/// The vectorizer of the training texts with these parameters.
pub(crate) fn fitted_as(
    params: &ValidParams,
    corpus: &TextCorpus,
    config: &TrainConfig,
) -> Result<TextVectorizer, ClassifierError> {
    let texts: Vec<_> = corpus
        .train()
        .iter()
        .map(|text| crate::model::cleaned(config.clean, text.text.as_bytes()))
        .collect();
    let threads = rayon::current_num_threads();
    Ok(params.fit_threads(&texts, threads)?)
}

/// The ids and the labels of a part of a corpus, vectorized on all threads.
pub(crate) fn ids_and_labels(
    corpus: &TextCorpus,
    part: Part,
    config: &ModelConfig,
    vectorizer: &FixedWidth,
) -> Result<(Vec<i32>, Vec<usize>), ClassifierError> {
    let texts = corpus.part(part);
    if texts.is_empty() {
        return Err(ClassifierError::EmptyPart { part });
    }
    let width = vectorizer.width();
    let labelled: Vec<LabelledText<'_>> = texts.iter().collect();
    let mut ids = vec![0; labelled.len() * width];
    labelled
        .par_iter()
        .zip(ids.par_chunks_exact_mut(width))
        .for_each(|(text, row)| {
            let text = crate::model::cleaned(config.cleaned, text.text.as_bytes());
            ids_into(vectorizer.vectorizer(), config.cut, &text, row);
        });
    Ok((ids, labelled.iter().map(|text| text.label).collect()))
}

/// The ids of a cleaned text into `row`: all of them, padded with 0, or those that `cut` says.
pub(crate) fn ids_into(vectorizer: &TextVectorizer, cut: Cut, text: &[u8], row: &mut [i32]) {
    match cut {
        Cut::Beginning => vectorizer.vectorize_bytes_into(text, row),
        Cut::Ends => {
            // Where the last place is padding, nothing was cut off.
            let mut ids = vec![0; 4 * row.len() + 1];
            loop {
                vectorizer.vectorize_bytes_into(text, &mut ids);
                match ids.last() {
                    Some(0) | None => break,
                    Some(_) => ids.resize(4 * ids.len(), 0),
                }
            }
            let words = ids
                .iter()
                .rposition(|id| *id != 0)
                .map_or(0, |last| last + 1);
            let [first, last] = ends(words, row.len());
            row.fill(0);
            row[..first.len()].copy_from_slice(&ids[first.clone()]);
            row[first.len()..first.len() + last.len()].copy_from_slice(&ids[last]);
        }
    }
}

/// Which of `words` are read by who takes `width` of them from both ends.
pub(crate) fn ends(words: usize, width: usize) -> [Range<usize>; 2] {
    if words <= width {
        return [0..words, words..words];
    }
    let last = width / 2;
    [0..width - last, words - last..words]
}

/// Takes off what is padding in all rows: the width that is left.
pub(crate) fn without_padding(ids: &mut Vec<i32>, width: usize) -> usize {
    let words = |row: &[i32]| {
        row.iter()
            .rposition(|id| *id != 0)
            .map_or(1, |last| last + 1)
    };
    let longest = ids.chunks_exact(width).map(words).max().unwrap_or(width);
    if longest < width {
        let rows = ids.len() / width;
        for row in 0..rows {
            ids.copy_within(row * width..row * width + longest, row * longest);
        }
        ids.truncate(rows * longest);
    }
    longest
}

/// A text to show to others, with `[e-mail address]` in the place of every e-mail address: some writers of reviews give
/// theirs. Only for showing; what is learned from keeps them.
///
/// ```
/// let text = "Write to jane.doe@mail.example.com, please.";
/// assert_eq!(recurrent::without_addresses(text), "Write to [e-mail address], please.");
/// ```
#[must_use]
pub fn without_addresses(text: &str) -> Cow<'_, str> {
    static ADDRESS: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"[\w+-][\w.+-]*@[\w-]+(?:\.[\w-]+)+").ok());
    match &*ADDRESS {
        Some(address) => address.replace_all(text, "[e-mail address]"),
        None => Cow::Borrowed(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ends_of_a_long_text_are_read() {
        for (words, width, expected) in [
            (3, 4, [0..3, 3..3]),
            (4, 4, [0..4, 4..4]),
            (9, 4, [0..2, 7..9]),
            (9, 5, [0..3, 7..9]),
            (9, 1, [0..1, 9..9]),
            (0, 3, [0..0, 0..0]),
        ] {
            assert_eq!(ends(words, width), expected, "{words} of {width}");
        }
        let params = VectorizerParams::new().output_sequence_length(4);
        let vectorizer = params.check().unwrap().fit(["a b c d e f g"]).unwrap();
        let read = |cut, text: &[u8]| {
            let mut row = [9; 4];
            ids_into(&vectorizer, cut, text, &mut row);
            let token = |id: i32| vectorizer.vocabulary().token(id as usize).unwrap().to_vec();
            row.map(|id| String::from_utf8(token(id)).unwrap())
        };
        assert_eq!(read(Cut::Beginning, b"a b c d e f g"), ["a", "b", "c", "d"]);
        assert_eq!(read(Cut::Ends, b"a b c d e f g"), ["a", "b", "f", "g"]);
        assert_eq!(read(Cut::Ends, b"a b"), ["a", "b", "", ""]);
        let long = "a b ".repeat(5000) + "f g";
        assert_eq!(read(Cut::Ends, long.as_bytes()), ["a", "b", "f", "g"]);
    }

    #[test]
    fn addresses_are_not_shown_and_all_else_is() {
        let check = |text: &str, expect: &str| assert_eq!(without_addresses(text), expect);
        check("no address @ all, 4 @home", "no address @ all, 4 @home");
        check(
            "a@b.com and c_d+e@f-g.co.uk!",
            "[e-mail address] and [e-mail address]!",
        );
        // Words that somebody made harmless, and a channel.
        check("cr@p, tight-@ss, nick@night", "cr@p, tight-@ss, nick@night");
    }
}
