//! The tokens of a piece of text, one behind the other with one space between them, so that an n-gram is
//! a slice like any token. Only holds them: how they are found is not its concern.

use super::block::BLOCK;
use crate::table::Run;

/// How many bytes can be written from where the next goes, however few were asked for.
pub(super) const WINDOW: usize = 4 * BLOCK;

/// Tokens in order; a buffer to use again and again.
#[derive(Clone)]
pub(crate) struct Tokens {
    /// Every finished token and one space behind it, then the unfinished one. Its length is what was
    /// needed so far, not what is filled.
    pub(super) bytes: Vec<u8>,
    /// Where in `bytes` each token ends, behind one for a token before the first, which ends one byte
    /// before the beginning: token `i` is `bytes[bounds[i] + 1..bounds[i + 1]]`. Only `count + 1` of
    /// these are valid.
    pub(super) bounds: Vec<usize>,
    /// How many tokens are finished.
    pub(super) count: usize,
    /// Where the unfinished token begins.
    pub(super) start: usize,
    /// Where it ends so far.
    pub(super) filled: usize,
}

impl Default for Tokens {
    fn default() -> Self {
        Self {
            bytes: Vec::new(),
            bounds: vec![usize::MAX],
            count: 0,
            start: 0,
            filled: 0,
        }
    }
}

impl Tokens {
    /// Forgets all tokens.
    pub(crate) fn clear(&mut self) {
        (self.count, self.start, self.filled) = (0, 0, 0);
    }

    /// Forgets the finished tokens and keeps the unfinished one.
    pub(super) fn clear_finished(&mut self) {
        self.bytes.copy_within(self.start..self.filled, 0);
        (self.count, self.start, self.filled) = (0, 0, self.filled - self.start);
    }

    /// Makes room for the tokens of `length` bytes of text, so that at any of them [`WINDOW`] bytes can
    /// be written, and the bounds of a block's tokens.
    pub(super) fn reserve(&mut self, length: usize) {
        // A separator takes the place of a byte of the text, but for the one at its end.
        let bytes = self.filled + length + 1 + WINDOW;
        if self.bytes.len() < bytes {
            self.bytes.resize(bytes + bytes / 2, 0);
        }
        let bounds = self.count + length / 2 + 3 + BLOCK;
        if self.bounds.len() < bounds {
            self.bounds.resize(bounds + bounds / 2, 0);
        }
    }

    /// Adds a whole token, which may be empty.
    pub(super) fn push(&mut self, token: &[u8]) {
        self.reserve(token.len());
        self.bytes[self.filled..self.filled + token.len()].copy_from_slice(token);
        self.filled += token.len();
        self.finish();
    }

    /// Ends the unfinished token, even an empty one.
    fn finish(&mut self) {
        self.count += 1;
        self.bounds[self.count] = self.filled;
        self.bytes[self.filled] = b' ';
        self.filled += 1;
        self.start = self.filled;
    }

    /// Ends the unfinished token if it has any bytes.
    pub(super) fn finish_word(&mut self) {
        if self.filled > self.start {
            self.reserve(0);
            self.finish();
        }
    }

    /// How many tokens are finished.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// All runs of `width` (at least 1) tokens, each joined with one space.
    #[inline(always)]
    pub(super) fn runs(&self, width: usize) -> Run<'_> {
        let bounds = &self.bounds[..=self.count];
        Run::new(&self.bytes, bounds, bounds.get(width..).unwrap_or_default())
    }
}
