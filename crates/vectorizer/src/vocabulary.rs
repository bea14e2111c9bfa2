//! Which token has which id, in both directions, and the plain-text form of that list.
//! Learning a vocabulary is not done here, and neither is reading files.

use std::borrow::Cow;
use std::fmt;

use crate::VectorizerError;
use crate::key::{Token, TokenMap};

/// The id that pads short rows.
pub const PADDING_ID: i32 = 0;
/// The id of every token that is not in the vocabulary.
pub const UNKNOWN_ID: i32 = 1;
/// What stands in the vocabulary at [`PADDING_ID`]: the empty token.
pub const PADDING_TOKEN: &[u8] = b"";
/// What stands in the vocabulary at [`UNKNOWN_ID`].
pub const UNKNOWN_TOKEN: &[u8] = b"[UNK]";

/// The special tokens, which come first.
const SPECIAL: [&[u8]; 2] = [PADDING_TOKEN, UNKNOWN_TOKEN];

/// Tokens by id, and ids by token.
///
/// Index 0 is the padding token `""`, index 1 `[UNK]`, and the terms follow: what Keras'
/// `get_vocabulary()` lists in `int` mode. Tokens are bytes and need not be valid UTF-8. There is
/// always at least one term.
#[derive(Clone)]
pub struct Vocabulary {
    tokens: Vec<Box<[u8]>>,
    ids: TokenMap<i32>,
}

impl Vocabulary {
    /// The vocabulary of a list of terms, in the order of their ids (the list form of Keras'
    /// `vocabulary` argument).
    ///
    /// A list that begins with exactly `""`, `"[UNK]"` has these two recognized as the special
    /// tokens. Otherwise nothing is removed: `[UNK]` elsewhere is an ordinary term. Terms are taken
    /// as they are, not standardized: `Hello` is accepted and, as texts are lower-cased, never met.
    ///
    /// # Errors
    /// In this order: [`VectorizerError::EmptyVocabulary`], [`VectorizerError::RepeatedToken`],
    /// [`VectorizerError::MisplacedPaddingToken`], [`VectorizerError::OnlySpecialTokens`], and
    /// [`VectorizerError::VocabularyTooLarge`] beyond `i32::MAX` tokens.
    pub fn from_tokens(
        tokens: impl IntoIterator<Item = impl AsRef<[u8]>>,
    ) -> Result<Self, VectorizerError> {
        let mut terms: Vec<Box<[u8]>> = tokens
            .into_iter()
            .map(|token| token.as_ref().into())
            .collect();
        if terms.is_empty() {
            return Err(VectorizerError::EmptyVocabulary);
        }
        if terms.iter().map(AsRef::as_ref).take(2).eq(SPECIAL) {
            terms.drain(..2);
        }
        Self::from_terms(terms)
    }

    /// The vocabulary of these terms, which follow the special tokens.
    pub(crate) fn from_terms(
        terms: impl IntoIterator<Item = impl Into<Box<[u8]>>>,
    ) -> Result<Self, VectorizerError> {
        let first = SPECIAL.len();
        let mut tokens: Vec<Box<[u8]>> = SPECIAL.iter().map(|&token| token.into()).collect();
        tokens.extend(terms.into_iter().map(Into::into));
        let size = tokens.len();
        let limit = i32::MAX as usize;
        if size > limit {
            let terms = size - first;
            return Err(VectorizerError::VocabularyTooLarge { size, terms, limit });
        }
        let mut ids = TokenMap::<i32>::new();
        let mut padding: Option<usize> = None;
        for (token, id) in tokens.iter().zip(0..).skip(first) {
            let position = id as usize - first;
            let earlier = match Token::new(token) {
                None => padding.replace(position),
                Some(key) => {
                    let earlier = ids.get(key).map(|id| id as usize - first);
                    ids.update(key, |value| *value = id);
                    earlier
                }
            };
            if let Some(earlier) = earlier {
                return Err(VectorizerError::RepeatedToken {
                    token: lossy(token),
                    first: earlier,
                    second: position,
                });
            }
        }
        if let Some(position) = padding {
            return Err(VectorizerError::MisplacedPaddingToken { position });
        }
        if size == first {
            return Err(VectorizerError::OnlySpecialTokens);
        }
        Ok(Self { tokens, ids })
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
        for (index, special) in SPECIAL.into_iter().enumerate() {
            let received = lines.get(index).copied();
            if received != Some(special) {
                let received = received.map(lossy);
                return Err(VectorizerError::MissingSpecialTokens {
                    line: index + 1,
                    received,
                });
            }
        }
        Self::from_terms(lines.into_iter().skip(SPECIAL.len()))
    }

    /// All tokens in the order of their ids, special ones included, each followed by 0x0A; the
    /// first line is therefore empty. [`from_lines`](Self::from_lines) reads them back unchanged.
    ///
    /// # Errors
    /// [`VectorizerError::LineBreakInToken`] if a token contains 0x0A. Splitting at white space
    /// never yields one; a given vocabulary may have it.
    pub fn to_lines(&self) -> Result<Vec<u8>, VectorizerError> {
        let mut lines = Vec::with_capacity(self.tokens.iter().map(|token| token.len() + 1).sum());
        for (index, token) in self.tokens.iter().enumerate() {
            if token.contains(&b'\n') {
                return Err(VectorizerError::LineBreakInToken {
                    index,
                    token: lossy(token),
                });
            }
            lines.extend_from_slice(token);
            lines.push(b'\n');
        }
        Ok(lines)
    }

    /// The number of ids, padding and `[UNK]` included; at least 3.
    #[must_use]
    pub fn size(&self) -> usize {
        self.tokens.len()
    }

    /// The token with this id.
    #[must_use]
    pub fn token(&self, id: usize) -> Option<&[u8]> {
        self.tokens.get(id).map(AsRef::as_ref)
    }

    /// The token with this id as text, invalid UTF-8 shown as U+FFFD. For display only.
    #[must_use]
    pub fn token_lossy(&self, id: usize) -> Option<Cow<'_, str>> {
        self.token(id).map(String::from_utf8_lossy)
    }

    /// All tokens in the order of their ids, special ones included.
    pub fn tokens(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        self.tokens.iter().map(AsRef::as_ref)
    }

    /// The id of a token as it would appear after standardization: 0 for the empty token, 1 for a
    /// token that is not in the vocabulary.
    #[must_use]
    pub fn id(&self, token: &[u8]) -> i32 {
        Token::new(token).map_or(PADDING_ID, |token| self.lookup(token))
    }

    /// Where a token stands in the vocabulary, `None` if nowhere. The special tokens are found at
    /// 0 and 1, but `[UNK]` at its own place where it was given as an ordinary term.
    #[must_use]
    pub fn position(&self, token: &[u8]) -> Option<usize> {
        let id = self.id(token);
        (id != UNKNOWN_ID || token == UNKNOWN_TOKEN).then_some(id as usize)
    }

    /// The id of a token that the splitter found.
    #[inline]
    pub(crate) fn lookup(&self, token: Token<'_>) -> i32 {
        self.ids.get(token).unwrap_or(UNKNOWN_ID)
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
        self.tokens == other.tokens
    }
}

impl Eq for Vocabulary {}

/// Bytes as text for messages.
fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
