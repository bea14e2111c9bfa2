//! What is measured: fitting and transforming, each by its name. Takes no time itself.

use std::hint::black_box;

use recurrent_vectorizer::{
    Ngrams, Output, OutputMode, TextVectorizer, ValidParams, VectorizerParams,
};

/// Fitting or applying what was fitted before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Fit,
    Transform,
}

/// A piece of work.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Work {
    /// How `cargo xtask bench vectorizer` asks for it.
    pub(crate) name: &'static str,
    /// The same in words.
    pub(crate) title: &'static str,
    pub(crate) kind: Kind,
    params: fn() -> VectorizerParams,
}

/// All of it.
pub(crate) const ALL: [Work; 8] = [
    Work {
        name: "fit_1000",
        title: "fit, 1000 tokens",
        kind: Kind::Fit,
        params: || VectorizerParams::new().max_tokens(1000),
    },
    Work {
        name: "fit_all",
        title: "fit, all tokens",
        kind: Kind::Fit,
        params: VectorizerParams::new,
    },
    Work {
        name: "fit",
        title: "fit, 20000 tokens",
        kind: Kind::Fit,
        params: whole_texts,
    },
    Work {
        name: "fit_bigrams",
        title: "fit, bigrams with tf-idf, 20000 terms",
        kind: Kind::Fit,
        params: bigrams,
    },
    Work {
        name: "transform",
        title: "transform, 1000 tokens, width 100",
        kind: Kind::Transform,
        params: || {
            VectorizerParams::new()
                .max_tokens(1000)
                .output_sequence_length(100)
        },
    },
    Work {
        name: "transform_whole",
        title: "transform, 20000 tokens, whole texts",
        kind: Kind::Transform,
        params: whole_texts,
    },
    Work {
        name: "transform_counts",
        title: "transform, counts, 20000 tokens, sparse",
        kind: Kind::Transform,
        params: || {
            VectorizerParams::new()
                .max_tokens(20_000)
                .output_mode(OutputMode::Count)
                .sparse(true)
        },
    },
    Work {
        name: "transform_bigrams",
        title: "transform, bigrams with tf-idf, 20000 terms, sparse",
        kind: Kind::Transform,
        params: bigrams,
    },
];

fn whole_texts() -> VectorizerParams {
    VectorizerParams::new().max_tokens(20_000).ragged(true)
}

fn bigrams() -> VectorizerParams {
    VectorizerParams::new()
        .max_tokens(20_000)
        .ngrams(2)
        .output_mode(OutputMode::TfIdf)
        .sparse(true)
}

impl Work {
    /// The work of that name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        ALL.into_iter().find(|work| work.name == name)
    }

    /// Its parameters, checked.
    pub(crate) fn params(&self) -> ValidParams {
        (self.params)().check().unwrap()
    }

    /// How many words the longest of its terms have.
    pub(crate) fn widest(&self) -> usize {
        match self.params().ngrams() {
            Ngrams::Off => 1,
            Ngrams::UpTo(widest) => *widest,
            Ngrams::Widths(widths) => widths.iter().copied().max().unwrap(),
        }
    }

    /// Makes it ready for `texts`: what transforms is fitted.
    pub(crate) fn prepare<'t, T: AsRef<[u8]> + Sync>(&self, texts: &'t [T]) -> Ready<'t, T> {
        let params = self.params();
        let vectorizer = match self.kind {
            Kind::Fit => None,
            Kind::Transform => Some(params.fit_threads(texts, 2).unwrap()),
        };
        Ready {
            texts,
            params,
            vectorizer,
        }
    }
}

/// Work that can be done again and again.
pub(crate) struct Ready<'t, T> {
    texts: &'t [T],
    params: ValidParams,
    /// What was fitted, where it is to be applied.
    vectorizer: Option<TextVectorizer>,
}

impl<T: AsRef<[u8]> + Sync> Ready<'_, T> {
    /// Does it, to the end: what came out is dropped.
    pub(crate) fn run(&self, threads: usize) {
        let texts = black_box(self.texts);
        if let Some(vectorizer) = &self.vectorizer {
            black_box(vectorizer.transform_threads(texts, threads));
        } else {
            black_box(self.params.fit_threads(texts, threads).unwrap());
        }
    }

    /// What other programs compare theirs with.
    pub(crate) fn summary(&self) -> Summary {
        match &self.vectorizer {
            None => {
                let fitted = self.params.fit(self.texts).unwrap();
                let words = fitted.vocabulary().terms().take(10);
                Summary {
                    words: words
                        .map(|word| String::from_utf8_lossy(word).into_owned())
                        .collect(),
                    count: fitted.vocabulary().terms().count(),
                }
            }
            Some(vectorizer) => Summary {
                words: Vec::new(),
                count: match vectorizer.transform_threads(self.texts, 2) {
                    // Padding is no id.
                    Output::Ids(ids) => ids.ids().iter().filter(|&&id| id != 0).count(),
                    Output::RaggedIds(rows) => rows.ids().len(),
                    Output::Sparse(matrix) => matrix.values().len(),
                    other => other.rows(),
                },
            },
        }
    }
}

/// An answer in short.
pub(crate) struct Summary {
    /// The ten most frequent words; of fitting.
    pub(crate) words: Vec<String>,
    /// How many terms were learned, or how many ids or entries came out.
    pub(crate) count: usize,
}
