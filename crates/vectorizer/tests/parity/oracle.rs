//! The specification written down slowly, step by step: texts to tokens to counts to numbers.

use std::collections::{BTreeMap, BTreeSet};

use recurrent_vectorizer::{Ngrams, OutputMode, Split, Standardize, ValidParams};

/// What a vectorizer should be.
pub(crate) struct Oracle {
    params: ValidParams,
    /// All tokens by index.
    pub(crate) vocabulary: Vec<Vec<u8>>,
    /// Weights in double precision; that of `[UNK]`, whose last bits depend on the order of a sum, is
    /// a plain mean.
    pub(crate) idf: Vec<f64>,
}

/// All terms of a text.
pub(crate) fn terms(params: &ValidParams, text: &[u8]) -> Vec<Vec<u8>> {
    let lower = matches!(
        params.standardize(),
        Standardize::Lower | Standardize::LowerAndStripPunctuation
    );
    let strip = matches!(
        params.standardize(),
        Standardize::StripPunctuation | Standardize::LowerAndStripPunctuation
    );
    let lowered: Vec<u8> = text
        .iter()
        .map(|&b| match b {
            0x41..=0x5A if lower => b + 0x20,
            _ => b,
        })
        .collect();
    let is_punctuation =
        |b: &u8| matches!(b, 0x21..=0x2F | 0x3A..=0x40 | 0x5B..=0x60 | 0x7B..=0x7E);
    let clean: Vec<u8> = lowered
        .into_iter()
        .filter(|b| !(strip && is_punctuation(b)))
        .collect();
    let tokens: Vec<Vec<u8>> = match params.split() {
        Split::None => vec![clean],
        Split::Character => String::from_utf8_lossy(&clean)
            .chars()
            .map(|character| character.to_string().into_bytes())
            .collect(),
        _ => clean
            .split(|b| matches!(b, 0x09..=0x0D | 0x20))
            .filter(|token| !token.is_empty())
            .map(<[u8]>::to_vec)
            .collect(),
    };
    let widths = match params.ngrams() {
        Ngrams::Off => vec![1],
        Ngrams::UpTo(widest) => (1..=*widest).collect(),
        Ngrams::Widths(widths) => widths.clone(),
    };
    let mut terms = Vec::new();
    for width in widths {
        for start in 0..tokens.len() {
            if start + width <= tokens.len() {
                terms.push(tokens[start..start + width].join(&b' '));
            }
        }
    }
    terms
}

impl Oracle {
    /// Count, sort all by count and bytes, both descending, cut. `None` if there is nothing to learn.
    pub(crate) fn fit(params: &ValidParams, texts: &[Vec<u8>]) -> Option<Self> {
        let columns = params.output_mode().has_columns();
        let special = [b"".to_vec(), b"[UNK]".to_vec()];
        let special = &special[usize::from(columns)..];
        let mut counts = BTreeMap::<Vec<u8>, usize>::new();
        let mut documents = BTreeMap::<Vec<u8>, u64>::new();
        for text in texts {
            let terms = terms(params, text);
            for term in terms.iter().collect::<BTreeSet<_>>() {
                *documents.entry(term.clone()).or_default() += 1;
            }
            for term in terms {
                *counts.entry(term).or_default() += 1;
            }
        }
        counts.remove(&b""[..]);
        counts.remove(&b"[UNK]"[..]);
        let mut ranked: Vec<_> = counts.iter().map(|(term, count)| (count, term)).collect();
        ranked.sort();
        ranked.reverse();
        let room = params.max_tokens().unwrap_or(usize::MAX) - special.len();
        let learned: Vec<Vec<u8>> = ranked
            .into_iter()
            .take(room)
            .map(|(_, term)| term.clone())
            .collect();
        if learned.is_empty() {
            return None;
        }
        let weight =
            |term: &Vec<u8>| (1.0 + texts.len() as f64 / (1.0 + documents[term] as f64)).ln();
        let weights: Vec<f64> = learned.iter().map(weight).collect();
        let mut idf = vec![weights.iter().sum::<f64>() / weights.len() as f64];
        idf.extend(weights);
        Some(Self {
            params: params.clone(),
            vocabulary: special.iter().cloned().chain(learned).collect(),
            idf,
        })
    }

    /// The index of each term; where the output has columns, of those that have one.
    pub(crate) fn ids(&self, text: &[u8]) -> Vec<i32> {
        let columns = self.params.output_mode().has_columns();
        let first = if columns { 1 } else { 2 };
        terms(&self.params, text)
            .into_iter()
            .filter(|term| !(columns && term.is_empty()))
            .map(|term| {
                let mut known = self.vocabulary.iter().enumerate().skip(first);
                let found = known.find(|(_, known)| **known == term);
                let id = found.map_or(first - 1, |(id, _)| id);
                if term.is_empty() {
                    0
                } else {
                    i32::try_from(id).unwrap()
                }
            })
            .collect()
    }

    /// A row of columns.
    pub(crate) fn columns(&self, text: &[u8]) -> Vec<f64> {
        let padded = self
            .params
            .max_tokens()
            .filter(|_| self.params.pad_to_max_tokens());
        let mut row = vec![0.0; padded.unwrap_or(self.vocabulary.len())];
        for id in self.ids(text) {
            row[usize::try_from(id).unwrap()] += 1.0;
        }
        for (column, value) in row.iter_mut().enumerate() {
            match self.params.output_mode() {
                OutputMode::MultiHot => *value = f64::min(*value, 1.0),
                OutputMode::TfIdf => *value *= self.idf.get(column).copied().unwrap_or(0.0),
                _ => {}
            }
        }
        row
    }
}
