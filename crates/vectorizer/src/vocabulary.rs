//! Which token has which index, in both directions, and the plain-text forms of that list.
//! Learning a vocabulary is not done here, and neither is reading files.

use std::borrow::Cow;
use std::fmt;

use crate::table::{Run, Token, TokenTable};
use crate::{OutputMode, VectorizerError, ends};

/// The id that pads short rows.
pub const PADDING_ID: i32 = 0;
/// The id of every token that is not in the vocabulary. (Its column, where the output has columns, is 0.)
pub const UNKNOWN_ID: i32 = 1;
/// What stands in the vocabulary at [`PADDING_ID`]: the empty token.
pub const PADDING_TOKEN: &[u8] = b"";
/// What stands in the vocabulary at [`UNKNOWN_ID`].
pub const UNKNOWN_TOKEN: &[u8] = b"[UNK]";

/// The special tokens, which come first: padding only where there are ids.
pub(crate) fn specials(mode: OutputMode) -> &'static [&'static [u8]] {
    const SPECIALS: [&[u8]; 2] = [PADDING_TOKEN, UNKNOWN_TOKEN];
    &SPECIALS[usize::from(mode.has_columns())..]
}

/// Tokens by index, and indices by token: what Keras' `get_vocabulary()` lists.
///
/// Where the output has ids (or tokens), index 0 is the padding token `""`, index 1 `[UNK]`, and the
/// terms follow. Where it has columns there is no padding: index 0 is `[UNK]`, and the terms follow.
/// Tokens are bytes and need not be valid UTF-8. There is always at least one term.
#[derive(Clone)]
pub struct Vocabulary {
    specials: &'static [&'static [u8]],
    /// All tokens, one behind the other.
    bytes: Vec<u8>,
    /// Where each ends.
    ends: Vec<usize>,
    ids: TokenTable<i32>,
}

impl Vocabulary {
    /// The vocabulary of a list of terms, in the order of their indices (the list form of Keras'
    /// `vocabulary` argument), for output in this mode.
    ///
    /// A list that begins with exactly the special tokens of the mode has these recognized. Otherwise
    /// nothing is removed: `[UNK]` elsewhere is an ordinary term. Terms are taken as they are, not
    /// standardized: `Hello` is accepted and, as texts are lower-cased, never met.
    ///
    /// # Errors
    /// In this order: [`VectorizerError::EmptyVocabulary`], [`VectorizerError::RepeatedToken`],
    /// [`VectorizerError::MisplacedPaddingToken`], [`VectorizerError::OnlySpecialTokens`], and
    /// [`VectorizerError::VocabularyTooLarge`] beyond `i32::MAX` tokens.
    pub fn from_tokens(
        mode: OutputMode,
        tokens: impl IntoIterator<Item = impl AsRef<[u8]>>,
    ) -> Result<Self, VectorizerError> {
        let specials = specials(mode);
        let mut tokens = tokens.into_iter();
        let first: Vec<_> = tokens.by_ref().take(specials.len()).collect();
        if first.is_empty() {
            return Err(VectorizerError::EmptyVocabulary);
        }
        let begins_with_specials = first.iter().map(AsRef::as_ref).eq(specials.iter().copied());
        let first = first.into_iter().filter(|_| !begins_with_specials);
        Self::from_terms(mode, first.chain(tokens))
    }

    /// The vocabulary of these terms, which follow the special tokens.
    pub(crate) fn from_terms(
        mode: OutputMode,
        terms: impl IntoIterator<Item = impl AsRef<[u8]>>,
    ) -> Result<Self, VectorizerError> {
        let specials = specials(mode);
        let mut vocabulary = Self {
            specials,
            bytes: Vec::new(),
            ends: Vec::new(),
            ids: TokenTable::new(),
        };
        for special in specials {
            vocabulary.push(special);
        }
        let limit = i32::MAX as usize;
        let mut padding: Option<usize> = None;
        for (position, term) in terms.into_iter().enumerate() {
            let term = term.as_ref();
            let id = specials.len() + position;
            if id >= limit {
                return Err(VectorizerError::VocabularyTooLarge {
                    size: id + 1,
                    terms: position + 1,
                    limit,
                });
            }
            let token = Token::new(term);
            let earlier = if token.is_empty() {
                padding.replace(position)
            } else {
                // What is kept is how far a term is above `[UNK]`.
                let earlier = vocabulary.ids.get(token);
                vocabulary
                    .ids
                    .update(token, |above| *above = position as i32 + 1);
                earlier.map(|above| above as usize - 1)
            };
            if let Some(earlier) = earlier {
                return Err(VectorizerError::RepeatedToken {
                    token: lossy(term),
                    first: earlier,
                    second: position,
                });
            }
            vocabulary.push(term);
        }
        if let Some(position) = padding {
            return Err(VectorizerError::MisplacedPaddingToken { position });
        }
        if vocabulary.size() == specials.len() {
            return Err(VectorizerError::OnlySpecialTokens);
        }
        Ok(vocabulary)
    }

    fn push(&mut self, token: &[u8]) {
        self.bytes.extend_from_slice(token);
        self.ends.push(self.bytes.len());
    }

    /// The vocabulary of a file as Keras' argument `vocabulary` takes it: one term a line, for output in
    /// this mode. Lines end with 0x0A, one 0x0D before which is dropped; the last may lack it. The
    /// special tokens are not recognized: a line `[UNK]` is an ordinary term.
    ///
    /// # Errors
    /// [`VectorizerError::EmptyVocabulary`], [`VectorizerError::EmptyLine`],
    /// [`VectorizerError::RepeatedToken`] and [`VectorizerError::VocabularyTooLarge`] beyond `i32::MAX`
    /// tokens.
    pub fn from_keras_file(mode: OutputMode, bytes: &[u8]) -> Result<Self, VectorizerError> {
        if bytes.is_empty() {
            return Err(VectorizerError::EmptyVocabulary);
        }
        let lines = bytes.strip_suffix(b"\n").unwrap_or(bytes);
        let lines = lines.split(|&byte| byte == b'\n');
        let terms: Vec<&[u8]> = lines
            .map(|line| line.strip_suffix(b"\r").unwrap_or(line))
            .collect();
        if let Some(index) = terms.iter().position(|term| term.is_empty()) {
            return Err(VectorizerError::EmptyLine { line: index + 1 });
        }
        Self::from_terms(mode, terms)
    }

    /// The terms as Keras' argument `vocabulary` takes them from a file: one a line, without the special
    /// tokens. [`from_keras_file`](Self::from_keras_file) reads them back.
    ///
    /// # Errors
    /// [`VectorizerError::LineBreakInToken`] if a term contains 0x0A, or ends with 0x0D.
    pub fn to_keras_file(&self) -> Result<Vec<u8>, VectorizerError> {
        let mut lines = Vec::with_capacity(self.bytes.len() + self.ends.len());
        for (index, token) in self.tokens().enumerate().skip(self.specials.len()) {
            if token.contains(&b'\n') || token.ends_with(b"\r") {
                return Err(line_break(index, token));
            }
            lines.extend_from_slice(token);
            lines.push(b'\n');
        }
        Ok(lines)
    }

    /// The vocabulary that [`to_lines`](Self::to_lines) wrote.
    ///
    /// Lines end with 0x0A and are taken as they are: a carriage return is part of its token.
    ///
    /// # Errors
    /// [`VectorizerError::MissingSpecialTokens`] where the first two lines are not `""` and
    /// `[UNK]`, [`VectorizerError::UnterminatedLine`] where the end was cut off, and those of
    /// [`from_tokens`](Self::from_tokens).
    pub fn from_lines(bytes: &[u8]) -> Result<Self, VectorizerError> {
        let mut lines: Vec<&[u8]> = bytes.split(|&byte| byte == b'\n').collect();
        match lines.pop() {
            None | Some(b"") => {}
            Some(rest) => {
                return Err(VectorizerError::UnterminatedLine {
                    received: lossy(rest),
                });
            }
        }
        let specials = specials(OutputMode::Int);
        for (index, &special) in specials.iter().enumerate() {
            let received = lines.get(index).copied();
            if received != Some(special) {
                let received = received.map(lossy);
                return Err(VectorizerError::MissingSpecialTokens {
                    line: index + 1,
                    received,
                });
            }
        }
        Self::from_terms(OutputMode::Int, lines.into_iter().skip(specials.len()))
    }

    /// All tokens in the order of their ids, special ones included, each followed by 0x0A; the
    /// first line is therefore empty where there is padding. [`from_lines`](Self::from_lines) reads
    /// them back unchanged.
    ///
    /// # Errors
    /// [`VectorizerError::LineBreakInToken`] if a token contains 0x0A. Splitting at white space
    /// never yields one; a given vocabulary may have it.
    pub fn to_lines(&self) -> Result<Vec<u8>, VectorizerError> {
        let mut lines = Vec::with_capacity(self.bytes.len() + self.ends.len());
        for (index, token) in self.tokens().enumerate() {
            if token.contains(&b'\n') {
                return Err(line_break(index, token));
            }
            lines.extend_from_slice(token);
            lines.push(b'\n');
        }
        Ok(lines)
    }

    /// The number of indices, special tokens included; at least 2.
    #[must_use]
    pub fn size(&self) -> usize {
        self.ends.len()
    }

    /// How many special tokens come first: 2 where there is padding, else 1.
    #[must_use]
    pub fn specials(&self) -> usize {
        self.specials.len()
    }

    /// The token with this index.
    #[must_use]
    pub fn token(&self, index: usize) -> Option<&[u8]> {
        self.bytes.get(ends::range(&self.ends, index)?)
    }

    /// The token with this index as text, invalid UTF-8 shown as U+FFFD. For display only.
    #[must_use]
    pub fn token_lossy(&self, index: usize) -> Option<Cow<'_, str>> {
        self.token(index).map(String::from_utf8_lossy)
    }

    /// All tokens in the order of their indices, special ones included.
    pub fn tokens(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        ends::ranges(&self.ends).map(|range| &self.bytes[range])
    }

    /// The terms in the order of their indices, without the special tokens.
    pub fn terms(&self) -> impl Iterator<Item = &[u8]> {
        self.tokens().skip(self.specials.len())
    }

    /// The index that a token has as it would appear after standardization: that of `[UNK]` for a token
    /// that is not in the vocabulary. `None` for the empty token where there is no padding.
    #[must_use]
    pub fn id(&self, token: &[u8]) -> Option<i32> {
        let token = Token::new(token);
        let above = self.ids.get(token).unwrap_or_default();
        let id = self.unknown() + above - i32::from(token.is_empty());
        (id >= 0).then_some(id)
    }

    /// Where a token stands in the vocabulary, `None` if nowhere. The special tokens are found at
    /// their places, but `[UNK]` at another where it was given as an ordinary term.
    #[must_use]
    pub fn position(&self, token: &[u8]) -> Option<usize> {
        let id = self.id(token)?;
        (id != self.unknown() || token == UNKNOWN_TOKEN).then_some(id as usize)
    }

    /// The index of `[UNK]`.
    fn unknown(&self) -> i32 {
        self.specials.len() as i32 - 1
    }

    /// Calls `each` with the index of every token, in order; -1 for the empty one where there is no
    /// padding.
    #[inline(always)]
    pub(crate) fn lookup_all(&self, tokens: Run<'_>, mut each: impl FnMut(i32)) {
        let unknown = self.unknown();
        self.ids.get_all(tokens, |above, empty| {
            // What is not there is nothing above `[UNK]`; the empty token is one below it.
            each(unknown + above - i32::from(empty));
        });
    }
}

impl fmt::Debug for Vocabulary {
    /// The tokens in order, as text.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.tokens().map(String::from_utf8_lossy))
            .finish()
    }
}

impl PartialEq for Vocabulary {
    fn eq(&self, other: &Self) -> bool {
        // The ids follow from the tokens.
        self.specials.len() == other.specials.len()
            && self.ends == other.ends
            && self.bytes == other.bytes
    }
}

impl Eq for Vocabulary {}

fn line_break(index: usize, token: &[u8]) -> VectorizerError {
    VectorizerError::LineBreakInToken {
        index,
        token: lossy(token),
    }
}

/// Bytes as text for messages.
fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
