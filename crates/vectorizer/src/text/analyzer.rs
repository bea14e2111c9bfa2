//! The whole way of a text: standardize, split, form n-grams. What is done with the tokens is the
//! caller's business.

use super::tokens::Tokens;
use super::words::{self, Ascii};
use crate::table::Run;
use crate::{CustomStandardize, Ngrams, RaggedTokens, Split, Standardize, ValidParams};

/// How many bytes of a text are split before their tokens are used: what the nearest cache holds.
const SEGMENT: usize = 1 << 13;

/// Buffers to use again for every text.
#[derive(Clone, Default)]
pub(crate) struct Workspace {
    /// A standardized text.
    clean: Vec<u8>,
    /// A buffer on the way to it.
    other: Vec<u8>,
    tokens: Tokens,
}

/// Finds the tokens of texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Analyzer {
    before: Before,
    ascii: Ascii,
    split: Split,
    ngrams: Ngrams,
}

/// What is done before the ASCII rules.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Before {
    Nothing,
    Custom(CustomStandardize),
    #[cfg(feature = "unicode")]
    Unicode(crate::UnicodeRules),
}

impl Analyzer {
    /// As the parameters say.
    pub(crate) fn new(params: &ValidParams) -> Self {
        let ascii = |lower, strip| (Before::Nothing, Ascii { lower, strip });
        let (before, ascii) = match params.standardize() {
            Standardize::None => ascii(false, false),
            Standardize::Lower => ascii(true, false),
            Standardize::StripPunctuation => ascii(false, true),
            Standardize::LowerAndStripPunctuation => ascii(true, true),
            Standardize::Custom(custom) => (Before::Custom(custom.clone()), Ascii::default()),
            #[cfg(feature = "unicode")]
            Standardize::Unicode(rules) => (Before::Unicode(*rules), Ascii::default()),
        };
        Self {
            before,
            ascii,
            split: params.split().clone(),
            ngrams: params.ngrams().clone(),
        }
    }

    /// Calls `visit` with the terms of a document, run by run: its tokens, or all n-grams of one width
    /// and then those of the next. The document comes in parts, which are standardized and split each
    /// on its own and together have one sequence of tokens. After `limit` terms the rest may be
    /// left out.
    #[inline(always)]
    pub(crate) fn terms<'t>(
        &self,
        parts: impl IntoIterator<Item = &'t [u8]>,
        limit: usize,
        work: &mut Workspace,
        mut visit: impl FnMut(Run<'_>),
    ) {
        work.tokens.clear();
        let words = self.split == Split::Whitespace && self.before == Before::Nothing;
        if words && self.ngrams == Ngrams::Off {
            let mut left = limit;
            for part in parts {
                self.words(part, &mut left, &mut work.tokens, &mut visit);
            }
            return;
        }
        let Some(before_last) = self.ngrams.widest().checked_sub(1) else {
            return;
        };
        // The first width alone fills the limit if there are this many tokens.
        let enough = limit.saturating_add(before_last);
        for part in parts {
            if work.tokens.count() >= enough {
                break;
            }
            self.split(part, work);
        }
        let tokens = &work.tokens;
        self.ngrams
            .widths(tokens.count(), |width| visit(tokens.runs(width)));
    }

    /// All terms of documents that come in parts.
    pub(crate) fn rows<'t, D: IntoIterator<Item = &'t [u8]>>(
        &self,
        documents: impl IntoIterator<Item = D>,
    ) -> RaggedTokens {
        let mut rows = RaggedTokens::default();
        let mut work = Workspace::default();
        for parts in documents {
            let push = |terms: Run<'_>| terms.slices().for_each(|term| rows.push(term));
            self.terms(parts, usize::MAX, &mut work, push);
            rows.close_row();
        }
        rows
    }

    /// All terms of one text on their own.
    pub(crate) fn tokens(&self, text: &[u8]) -> Vec<Vec<u8>> {
        let rows = self.rows([[text]]);
        rows.row(0)
            .into_iter()
            .flatten()
            .map(<[u8]>::to_vec)
            .collect()
    }

    /// The words of one part, a cacheful at a time.
    #[inline(always)]
    fn words(
        &self,
        part: &[u8],
        left: &mut usize,
        tokens: &mut Tokens,
        visit: &mut impl FnMut(Run<'_>),
    ) {
        let mut rest = part;
        while *left > 0 && !rest.is_empty() {
            // Words of six bytes with their separators: a whole number of blocks of 64.
            let length = (*left)
                .saturating_mul(6)
                .clamp(64, SEGMENT)
                .next_multiple_of(64);
            let (segment, after) = rest.split_at(length.min(rest.len()));
            words::append(self.ascii, segment, tokens);
            rest = after;
            if rest.is_empty() {
                tokens.finish_word();
            }
            visit(tokens.runs(1));
            *left = left.saturating_sub(tokens.count());
            tokens.clear_finished();
        }
    }

    /// Adds the tokens of one part.
    fn split(&self, part: &[u8], work: &mut Workspace) {
        let Workspace {
            clean,
            other,
            tokens,
        } = work;
        let text = match &self.before {
            Before::Nothing => part,
            Before::Custom(custom) => {
                clean.clear();
                custom.call(part, clean);
                clean
            }
            #[cfg(feature = "unicode")]
            Before::Unicode(rules) => {
                clean.clear();
                super::unicode::standardize(*rules, part, clean);
                clean
            }
        };
        if self.split == Split::Whitespace {
            words::append(self.ascii, text, tokens);
            tokens.finish_word();
            return;
        }
        other.clear();
        other.extend(text.iter().filter_map(|&byte| self.ascii.change(byte)));
        match &self.split {
            Split::Whitespace => {}
            Split::None => tokens.push(other),
            Split::Character => {
                for chunk in other.utf8_chunks() {
                    for character in chunk.valid().chars() {
                        tokens.push(character.encode_utf8(&mut [0; 4]).as_bytes());
                    }
                    if !chunk.invalid().is_empty() {
                        tokens.push("\u{FFFD}".as_bytes());
                    }
                }
            }
            Split::Custom(custom) => custom.call(other, &mut |token| tokens.push(token)),
            #[cfg(feature = "unicode")]
            Split::UnicodeWhitespace => {
                super::unicode::whitespace(other, |token| tokens.push(token))
            }
            #[cfg(feature = "unicode")]
            Split::UnicodeWords => super::unicode::words(other, |token| tokens.push(token)),
        }
    }
}
