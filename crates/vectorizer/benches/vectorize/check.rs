//! Whether the answers are right: against a slow count that shares no code with what is measured.

use std::collections::{BTreeMap, HashMap, HashSet};

use recurrent_vectorizer::{Output, OutputMode, TextVectorizer};

use crate::work::{Kind, Work};

/// Compares what is learned from `texts`, and what they become by it, with the slow count; and one
/// thread with two.
pub(crate) fn check<T: AsRef<[u8]> + Sync>(work: &Work, texts: &[T]) {
    let params = work.params();
    let fitted = params.fit(texts).unwrap();
    assert_eq!(fitted, params.fit_threads(texts, 2).unwrap());
    let widest = if params.ngrams() == &2.into() { 2 } else { 1 };
    let slow = Slow::count(texts, widest);
    let specials = fitted.vocabulary().specials();
    let most = params.max_tokens().map_or(usize::MAX, |n| n - specials);
    let terms = &slow.ranked[..slow.ranked.len().min(most)];
    let learned = fitted.vocabulary().terms();
    assert!(learned.eq(terms), "{}: vocabulary", work.title);
    if let Some(weights) = fitted.idf_weights() {
        for (term, &weight) in terms.iter().zip(&weights[specials..]) {
            let documents = slow.documents[term] as f64;
            let expected = (1.0 + texts.len() as f64 / (1.0 + documents)).ln();
            // Rounded to single precision once.
            let difference = (f64::from(weight) - expected).abs();
            assert!(difference <= expected * f64::from(f32::EPSILON));
        }
    }
    if work.kind == Kind::Transform {
        let output = fitted.transform(texts);
        assert!(
            output == fitted.transform_threads(texts, 2),
            "{}",
            work.title
        );
        check_rows(&output, &fitted, texts, terms, widest);
    }
}

/// Row by row.
fn check_rows<T: AsRef<[u8]>>(
    output: &Output,
    fitted: &TextVectorizer,
    texts: &[T],
    terms: &[Vec<u8>],
    widest: usize,
) {
    let params = fitted.params();
    let specials = fitted.vocabulary().specials();
    let known: HashMap<&[u8], usize> = terms.iter().map(Vec::as_slice).zip(specials..).collect();
    // The last of the special tokens stands for unknown words.
    let id = |term: &Vec<u8>| known.get(&term[..]).copied().unwrap_or(specials - 1);
    let mut seen = HashSet::new();
    for (row, text) in texts.iter().enumerate() {
        let ids = slow_terms(text.as_ref(), widest);
        let mut ids: Vec<i32> = ids
            .iter()
            .map(|term| i32::try_from(id(term)).unwrap())
            .collect();
        seen.extend(ids.iter().copied());
        match output {
            Output::Ids(matrix) => {
                ids.resize(matrix.width(), 0);
                assert_eq!(matrix.row(row).unwrap(), ids);
            }
            Output::RaggedIds(rows) => assert_eq!(rows.row(row).unwrap(), ids),
            Output::Sparse(matrix) => {
                let mut counts = BTreeMap::<u32, f32>::new();
                for id in ids {
                    *counts.entry(id.cast_unsigned()).or_default() += 1.0;
                }
                if params.output_mode() == OutputMode::TfIdf {
                    let weights = fitted.idf_weights().unwrap();
                    for (&column, count) in &mut counts {
                        *count *= weights[column as usize];
                    }
                }
                let (columns, values) = matrix.row(row).unwrap();
                assert!(columns.iter().zip(values).eq(&counts));
            }
            _ => unreachable!("no work has such output"),
        }
    }
    assert!(seen.len() > 100, "a trivial corpus");
}

/// What a corpus holds, counted slowly.
struct Slow {
    /// Most frequent first, equal counts by descending bytes.
    ranked: Vec<Vec<u8>>,
    /// How many texts have the term.
    documents: HashMap<Vec<u8>, u64>,
}

impl Slow {
    fn count<T: AsRef<[u8]>>(texts: &[T], widest: usize) -> Self {
        let mut counts = HashMap::<Vec<u8>, u64>::new();
        let mut documents = HashMap::<Vec<u8>, u64>::new();
        for text in texts {
            let terms = slow_terms(text.as_ref(), widest);
            for term in terms.iter().collect::<HashSet<_>>() {
                *documents.entry(term.clone()).or_default() += 1;
            }
            for term in terms {
                *counts.entry(term).or_default() += 1;
            }
        }
        let mut ranked: Vec<_> = counts.into_iter().map(|(term, n)| (n, term)).collect();
        ranked.sort_unstable_by(|a, b| b.cmp(a));
        Self {
            ranked: ranked.into_iter().map(|(_, term)| term).collect(),
            documents,
        }
    }
}

/// Lower case, no punctuation, split at white space; then all words, then all pairs of neighbours.
fn slow_terms(text: &[u8], widest: usize) -> Vec<Vec<u8>> {
    let kept = text.iter().filter(|byte| !byte.is_ascii_punctuation());
    let clean: Vec<u8> = kept.map(u8::to_ascii_lowercase).collect();
    let words: Vec<&[u8]> = clean
        .split(|&byte| byte.is_ascii_whitespace() || byte == 0x0B)
        .filter(|word| !word.is_empty())
        .collect();
    let widths = 1..=widest;
    widths
        .flat_map(|width| words.windows(width).map(|run| run.join(&b" "[..])))
        .collect()
}
