//! Counting, fitting and transforming on a pool of rayon: the current one, so that a program has one pool
//! and no more threads than it wants. What is computed, and in which parts, is written elsewhere.

use crate::threads::Sharing;
use crate::{Output, TextVectorizer, TokenCounts, ValidParams, VectorizerError};

/// Counts are merged part by part, so there is one part for each thread.
const COUNT: Sharing = Sharing::Pool(1);

/// Rows only have to be put together: smaller parts even out texts of different lengths.
pub(crate) const TRANSFORM: Sharing = Sharing::Pool(4);

impl ValidParams {
    /// As [`fit`](Self::fit), on the current pool of rayon: the global one, or the one that was
    /// `install`ed. The result does not depend on its size.
    ///
    /// # Errors
    /// Those of [`fit`](Self::fit).
    pub fn par_fit<T: AsRef<[u8]> + Sync>(
        &self,
        texts: &[T],
    ) -> Result<TextVectorizer, VectorizerError> {
        let mut counts = TokenCounts::new(self);
        counts.add_shared(texts, COUNT)?;
        counts.finish(self)
    }
}

impl TextVectorizer {
    /// As [`transform`](Self::transform), on the current pool of rayon: one row for each text, the same
    /// whatever the size of the pool.
    #[must_use]
    pub fn par_transform<T: AsRef<[u8]> + Sync>(&self, texts: &[T]) -> Output {
        self.transform_shared(texts, TRANSFORM)
    }
}

impl TokenCounts {
    /// As [`add`](Self::add), on the current pool of rayon: each thread counts its texts alone, and the
    /// counts are merged. The limit holds before and after, not in between.
    ///
    /// Below the [limit](Self::with_limit) the counts do not depend on the size of the pool; beyond it
    /// they keep what [`loss`](Self::loss) promises.
    ///
    /// # Errors
    /// Those of [`merge`](Self::merge), which is not known to refuse counts made like these.
    pub fn par_add<T: AsRef<[u8]> + Sync>(&mut self, texts: &[T]) -> Result<(), VectorizerError> {
        self.add_shared(texts, COUNT)
    }
}
