//! Counts tokens over a corpus, piece by piece; pieces merge in any order. Learning a vocabulary from
//! the counts is the last step, and the only one that knows of ids.

pub(crate) mod rank;
mod save;

use crate::table::{Token, TokenTable};
use crate::text::{Analyzer, Workspace};
use crate::threads::Sharing;
use crate::{OutputMode, TextVectorizer, ValidParams, VectorizerError};

/// How often each token occurs in the texts seen so far: what fitting needs to know of a corpus.
///
/// Counts of parts of a corpus, made on other threads, machines or days, [`merge`](Self::merge) into the
/// counts of the whole. In whatever order and partition that is done, the result is the same to the
/// byte, as long as no [limit](Self::with_limit) is exceeded. Occurrences are counted up to 2⁶⁴,
/// documents with a token up to 2³².
///
/// ```
/// use recurrent_vectorizer::{TokenCounts, VectorizerError, VectorizerParams};
///
/// # fn main() -> Result<(), VectorizerError> {
/// let params = VectorizerParams::new().max_tokens(1000).check()?;
/// let mut here = TokenCounts::new(&params);
/// here.add(["The film was good."]);
/// let mut there = TokenCounts::new(&params);
/// there.add(["The film wasn't!"]);
/// here.merge(&TokenCounts::from_bytes(&there.to_bytes()?)?)?;
/// assert_eq!(here.finish(&params)?, params.fit(["The film wasn't!", "The film was good."])?);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct TokenCounts {
    /// Only what concerns texts matters here.
    params: ValidParams,
    analyzer: Analyzer,
    table: Table,
    texts: u64,
    limit: Option<usize>,
    loss: Option<Loss>,
    work: Workspace,
}

/// What pruning to a [limit](TokenCounts::with_limit) may have cost.
///
/// Every count is exact or too low by at most `undercount`, and a token that is missing altogether
/// occurred at most that often. So each token that occurred more often is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Loss {
    /// How many occurrences of any one token may be missing from its count.
    pub undercount: u64,
    /// How many entries were dropped; a token that came back and was dropped again counts twice.
    pub dropped: u64,
}

/// Counts alone, or with what tf-idf needs.
#[derive(Clone)]
enum Table {
    Counts(TokenTable<u64>),
    Documents(TokenTable<Tally>),
}

/// Of a token: how often it occurs, in how many documents, and in which of them it was met last. Small,
/// so that with its token it fills half a cache line.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) count: u64,
    pub(crate) documents: u32,
    last: u32,
}

impl Tally {
    /// Counts an occurrence in this document.
    #[inline(always)]
    fn meet(&mut self, document: u32) {
        self.count += 1;
        let first = u32::from(self.last != document);
        self.documents = self.documents.saturating_add(first);
        self.last = document;
    }
}

impl TokenCounts {
    /// Nothing counted yet. Of the parameters only `standardize`, `split` and `ngrams` matter, and
    /// whether the output is tf-idf: then it is also counted in how many documents a token occurs.
    #[must_use]
    pub fn new(params: &ValidParams) -> Self {
        Self {
            params: params.clone(),
            analyzer: Analyzer::new(params),
            table: if params.output_mode() == OutputMode::TfIdf {
                Table::Documents(TokenTable::new())
            } else {
                Table::Counts(TokenTable::new())
            },
            texts: 0,
            limit: None,
            loss: None,
            work: Workspace::default(),
        }
    }

    /// Nothing counted yet, with the same parameters and limit.
    #[cfg(feature = "polars")]
    pub(crate) fn emptied(&self) -> Self {
        let limit = self.limit;
        Self {
            limit,
            ..Self::new(&self.params)
        }
    }

    /// Bounds the memory: whenever more than `distinct` (at least 1) tokens are held, the rarest are
    /// dropped, all tokens of one count together, so that at most half remain.
    ///
    /// Below the limit counts are exact. Beyond it [`loss`](Self::loss) says by how much they may be
    /// off. A token takes 24 to 40 bytes twice over, and what is longer than fifteen bytes its bytes.
    #[must_use]
    pub fn with_limit(mut self, distinct: usize) -> Self {
        self.limit = Some(distinct.max(1));
        self
    }

    /// Counts the tokens of texts, each a document of its own.
    pub fn add(&mut self, texts: impl IntoIterator<Item = impl AsRef<[u8]>>) {
        for text in texts {
            self.add_parts([text.as_ref()]);
        }
    }

    /// Counts the tokens of one document that comes in parts: each part is standardized and split on
    /// its own, and n-grams run across them. With [`Split::None`](crate::Split::None) that is a document
    /// whose tokens are given (in Keras a row of an input of shape `[N, M]`).
    pub fn add_parts<'t>(&mut self, parts: impl IntoIterator<Item = &'t [u8]>) {
        self.texts = self.texts.saturating_add(1);
        let document = self.texts as u32;
        let (analyzer, work) = (&self.analyzer, &mut self.work);
        match &mut self.table {
            Table::Counts(table) => analyzer.terms(parts, usize::MAX, work, |terms| {
                table.update_all(terms, |count| *count += 1);
            }),
            Table::Documents(table) => analyzer.terms(parts, usize::MAX, work, |terms| {
                table.update_all(terms, |tally| tally.meet(document));
            }),
        }
        self.prune();
    }

    /// As [`add`](Self::add), on several threads: the first part is counted here, each other one in
    /// counts of its own, which are merged.
    pub(crate) fn add_shared<T: AsRef<[u8]> + Sync>(
        &mut self,
        texts: &[T],
        sharing: Sharing,
    ) -> Result<(), VectorizerError> {
        let chunks = texts.chunks(sharing.share(texts.len()));
        let rest = chunks.clone().skip(1);
        let mut others: Vec<Self> = rest.map(|_| Self::new(&self.params)).collect();
        let all = std::iter::once(&mut *self).chain(&mut others);
        sharing.out(chunks.zip(all), |(texts, counts)| counts.add(texts));
        others.iter().try_for_each(|other| self.merge(other))
    }

    /// Adds the counts of other texts.
    ///
    /// # Errors
    /// [`VectorizerError::CountsOfOtherParams`] if the other texts were standardized, split or joined
    /// otherwise, and [`VectorizerError::NoDocumentCounts`] if only one of the two has what tf-idf
    /// needs. Nothing is changed then.
    pub fn merge(&mut self, other: &Self) -> Result<(), VectorizerError> {
        self.check_analyzer(&other.analyzer, &other.params)?;
        match (&mut self.table, &other.table) {
            (Table::Counts(table), Table::Counts(other)) => {
                table.merge(other, |sum, count| *sum = sum.saturating_add(count));
            }
            (Table::Documents(table), Table::Documents(other)) => {
                table.merge(other, |sum, tally| {
                    sum.count = sum.count.saturating_add(tally.count);
                    sum.documents = sum.documents.saturating_add(tally.documents);
                });
            }
            _ => return Err(VectorizerError::NoDocumentCounts),
        }
        // What was loaded may say anything.
        self.texts = self.texts.saturating_add(other.texts);
        if let Some(other) = other.loss {
            self.lose(other);
        }
        self.prune();
        Ok(())
    }

    /// Learns the vocabulary, and the idf weights where the output is tf-idf.
    ///
    /// Tokens are ranked by descending count, equal counts by descending bytes, and the first
    /// `max_tokens`, less the special tokens, enter the vocabulary. The order of the texts does not
    /// matter. The counts remain and can go on.
    ///
    /// # Errors
    /// [`VectorizerError::CountsOfOtherParams`] and [`VectorizerError::NoDocumentCounts`] if `params`
    /// need other counts, [`VectorizerError::NoTexts`], [`VectorizerError::NoTokens`] if all texts are
    /// blank (Keras then says nothing and fails at the first call), and
    /// [`VectorizerError::NothingToLearn`] if no token may enter the vocabulary.
    pub fn finish(&self, params: &ValidParams) -> Result<TextVectorizer, VectorizerError> {
        self.check_analyzer(&Analyzer::new(params), params)?;
        let needs_documents = params.output_mode() == OutputMode::TfIdf;
        if needs_documents && matches!(self.table, Table::Counts(_)) {
            return Err(VectorizerError::NoDocumentCounts);
        }
        let (texts, distinct) = (self.texts, self.distinct());
        if texts == 0 {
            return Err(VectorizerError::NoTexts);
        }
        if distinct == 0 {
            return Err(VectorizerError::NoTokens { texts });
        }
        let max_tokens = params.max_tokens();
        let specials = crate::vocabulary::specials(params.output_mode()).len();
        let limit = max_tokens.map_or(usize::MAX, |tokens| tokens.saturating_sub(specials));
        let tallies = |tally: Tally| (tally.count, tally.documents.into());
        let terms = match &self.table {
            Table::Counts(table) => rank::most_frequent(table.iter(), |count| (count, 0), limit),
            Table::Documents(table) => rank::most_frequent(table.iter(), tallies, limit),
        };
        if terms.is_empty() {
            return Err(VectorizerError::NothingToLearn {
                texts,
                distinct,
                max_tokens,
            });
        }
        TextVectorizer::learned(params, &terms, texts)
    }

    /// How many texts were counted, blank ones included.
    #[must_use]
    pub fn texts(&self) -> u64 {
        self.texts
    }

    /// How many different tokens are held.
    #[must_use]
    pub fn distinct(&self) -> usize {
        match &self.table {
            Table::Counts(table) => table.len(),
            Table::Documents(table) => table.len(),
        }
    }

    /// How often a token, as it is after standardization, was counted.
    #[must_use]
    pub fn count(&self, token: &[u8]) -> u64 {
        let token = Token::new(token);
        let count = match &self.table {
            Table::Counts(table) => table.get(token),
            Table::Documents(table) => table.get(token).map(|tally| tally.count),
        };
        count.unwrap_or(0)
    }

    /// What pruning to the limit may have cost; `None` if nothing was dropped and all counts are exact.
    #[must_use]
    pub fn loss(&self) -> Option<Loss> {
        self.loss
    }

    fn lose(&mut self, more: Loss) {
        let loss = self.loss.get_or_insert(Loss {
            undercount: 0,
            dropped: 0,
        });
        loss.undercount = loss.undercount.saturating_add(more.undercount);
        loss.dropped = loss.dropped.saturating_add(more.dropped);
    }

    fn check_analyzer(
        &self,
        other: &Analyzer,
        params: &ValidParams,
    ) -> Result<(), VectorizerError> {
        if self.analyzer == *other {
            return Ok(());
        }
        Err(VectorizerError::CountsOfOtherParams {
            ours: self.params.analysis(),
            theirs: params.analysis(),
        })
    }

    /// Drops the rarest tokens if there are more than the limit allows. What was counted of a dropped
    /// token is at most the count at the cut, so the cuts' sum bounds what any token may miss, however
    /// often it comes and goes.
    fn prune(&mut self) {
        let Some(limit) = self.limit.filter(|&limit| self.distinct() > limit) else {
            return;
        };
        let loss = match &mut self.table {
            Table::Counts(table) => rank::prune(table, |count| count, limit),
            Table::Documents(table) => rank::prune(table, |tally| tally.count, limit),
        };
        self.lose(loss);
    }
}

impl std::fmt::Debug for TokenCounts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TokenCounts")
            .field("texts", &self.texts)
            .field("distinct", &self.distinct())
            .field("limit", &self.limit)
            .field("loss", &self.loss)
            .finish_non_exhaustive()
    }
}
