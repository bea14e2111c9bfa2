//! Whether the answers are right: against a slow count that shares no code with what is measured.

use std::collections::{BTreeMap, HashMap, HashSet};

use recurrent_vectorizer::{Output, OutputMode, TextVectorizer};

use crate::work::{Kind, Work};

/// Compares what is learned from `texts`, and what they become by it, with the slow count; and one
/// thread with two.
pub(crate) fn check_all<T: AsRef<[u8]> + Sync>(works: &[Work], texts: &[T]) {
    for widest in [1, 2] {
        let ranked = slow_count(texts, widest);
        for work in works {
            if work.widest() == widest {
                check(work, texts, &ranked);
            }
        }
    }
}

fn check<T: AsRef<[u8]> + Sync>(work: &Work, texts: &[T], ranked: &[Slow]) {
    let params = work.params();
    let fitted = params.fit(texts).unwrap();
    assert_eq!(fitted, params.fit_threads(texts, 2).unwrap());
    let specials = fitted.vocabulary().specials();
    let most = params.max_tokens().map_or(usize::MAX, |n| n - specials);
    let terms = &ranked[..ranked.len().min(most)];
    let learned = fitted.vocabulary().terms();
    assert!(
        learned.eq(terms.iter().map(|slow| &slow.term)),
        "{}: vocabulary",
        work.title
    );
    if let Some(weights) = fitted.idf_weights() {
        for (slow, &weight) in terms.iter().zip(&weights[specials..]) {
            let expected = (1.0 + texts.len() as f64 / (1.0 + slow.documents as f64)).ln();
            // Rounded to single precision once.
            let difference = (f64::from(weight) - expected).abs();
            assert!(difference <= expected * f64::from(f32::EPSILON));
        }
    }
    if work.kind == Kind::Transform {
        let output = fitted.transform(texts);
        let parallel = fitted.transform_threads(texts, 2);
        assert!(output == parallel, "{}", work.title);
        check_rows(&output, &fitted, texts, work.widest());
    }
}

/// Row by row.
fn check_rows<T: AsRef<[u8]>>(
    output: &Output,
    fitted: &TextVectorizer,
    texts: &[T],
    widest: usize,
) {
    let params = fitted.params();
    let specials = fitted.vocabulary().specials();
    let terms = fitted.vocabulary().terms();
    let known: HashMap<&[u8], usize> = terms.zip(specials..).collect();
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

/// A term of a corpus, counted slowly.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Slow {
    count: u64,
    term: Vec<u8>,
    /// How many texts have it.
    documents: u64,
}

/// The terms of a corpus, most frequent first, equal counts by descending bytes.
fn slow_count<T: AsRef<[u8]>>(texts: &[T], widest: usize) -> Vec<Slow> {
    let mut counts = HashMap::<Vec<u8>, (u64, u64)>::new();
    for text in texts {
        let mut in_text = HashMap::<Vec<u8>, u64>::new();
        for term in slow_terms(text.as_ref(), widest) {
            *in_text.entry(term).or_default() += 1;
        }
        for (term, count) in in_text {
            let (sum, documents) = counts.entry(term).or_default();
            *sum += count;
            *documents += 1;
        }
    }
    let counts = counts.into_iter();
    let mut ranked: Vec<Slow> = counts
        .map(|(term, (count, documents))| Slow {
            count,
            term,
            documents,
        })
        .collect();
    ranked.sort_unstable_by(|a, b| b.cmp(a));
    ranked
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
