//! Threads, budgets and progress, as every kind of source needs them.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::error::DataError;
use crate::lists::InvalidText;
use crate::options::{Limits, Progress};

/// How many files lie between two calls of the progress function.
const STEP: usize = 1000;

/// A pool of worker threads for one job.
pub(crate) fn pool(threads: Option<usize>) -> Result<ThreadPool, DataError> {
    let threads = threads
        .or_else(|| std::thread::available_parallelism().ok().map(usize::from))
        .unwrap_or(1)
        .max(1);
    ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .map_err(|error| DataError::Threads {
            threads,
            reason: error.to_string(),
        })
}

/// All values, or the error that stands first: the same one for every number of threads.
///
/// An exhausted budget comes later, since when it strikes depends on the threads; reviews that are not
/// UTF-8 come last and are told all together.
pub(crate) fn first_error<T>(found: Vec<Result<T, DataError>>) -> Result<Vec<T>, DataError> {
    let mut values = Vec::with_capacity(found.len());
    let mut exhausted = None;
    let mut not_utf8: Option<(PathBuf, Vec<InvalidText>)> = None;
    for result in found {
        match result {
            Ok(value) => values.push(value),
            Err(error @ (DataError::TotalTooLarge { .. } | DataError::RatioTooLarge { .. })) => {
                exhausted = Some(error)
            }
            Err(DataError::NotUtf8 { archive, files }) => match &mut not_utf8 {
                Some((_, all)) => all.extend(files),
                None => not_utf8 = Some((archive, files)),
            },
            Err(error) => return Err(error),
        }
    }
    if let Some(error) = exhausted {
        return Err(error);
    }
    match not_utf8 {
        Some((archive, files)) => Err(DataError::NotUtf8 { archive, files }),
        None => Ok(values),
    }
}

/// The bytes that may still come out of an archive, shared by all threads.
#[derive(Debug)]
pub(crate) struct Budget {
    archive: PathBuf,
    limits: Limits,
    /// What the size of the archive allows; no bound where there is no archive.
    ratio_bytes: u64,
    used: AtomicU64,
}

impl Budget {
    /// The budget of an archive of `packed` bytes, or of a folder.
    pub(crate) fn new(archive: &Path, limits: &Limits, packed: Option<u64>) -> Self {
        Self {
            archive: archive.to_path_buf(),
            limits: *limits,
            ratio_bytes: packed.map_or(u64::MAX, |packed| limits.ratio_bytes(packed)),
            used: AtomicU64::new(0),
        }
    }

    /// Takes `bytes` out of the budget.
    pub(crate) fn take(&self, bytes: u64) -> Result<(), DataError> {
        let before = self.used.fetch_add(bytes, Ordering::Relaxed);
        let used = before.saturating_add(bytes);
        if used > self.limits.max_total_bytes {
            Err(DataError::TotalTooLarge {
                archive: self.archive.clone(),
                limit: self.limits.max_total_bytes,
            })
        } else if used > self.ratio_bytes {
            Err(DataError::RatioTooLarge {
                archive: self.archive.clone(),
                limit: self.ratio_bytes,
                ratio: self.limits.max_ratio,
            })
        } else {
            Ok(())
        }
    }

    /// Whether nothing more may come out: there is no use in going on.
    pub(crate) fn check(&self) -> Result<(), DataError> {
        self.take(0)
    }

    /// The most bytes one review may have.
    pub(crate) fn entry_limit(&self) -> u64 {
        self.limits.max_entry_bytes
    }
}

/// Counts files and now and then says how many are done.
pub(crate) struct Ticker<'a> {
    done: AtomicUsize,
    total: usize,
    progress: Option<Progress<'a>>,
}

impl<'a> Ticker<'a> {
    pub(crate) fn new(total: usize, progress: Option<Progress<'a>>) -> Self {
        Self {
            done: AtomicUsize::new(0),
            total,
            progress,
        }
    }

    /// One more file is done.
    pub(crate) fn tick(&self) {
        if let Some(progress) = self.progress {
            let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
            if done.is_multiple_of(STEP) || done == self.total {
                progress(done, self.total);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exhausted() -> DataError {
        DataError::TotalTooLarge {
            archive: PathBuf::new(),
            limit: 1,
        }
    }

    #[test]
    fn the_first_error_is_told_and_an_exhausted_budget_last() {
        let missing = |name: &str| DataError::NotFound { path: name.into() };
        let found = vec![
            Err(exhausted()),
            Ok(1),
            Err(missing("a")),
            Err(missing("b")),
        ];
        assert!(matches!(
            first_error(found),
            Err(DataError::NotFound { path }) if path == Path::new("a")
        ));
        assert!(matches!(
            first_error(vec![Ok(1), Err(exhausted())]),
            Err(DataError::TotalTooLarge { .. })
        ));
        assert_eq!(first_error(vec![Ok(1), Ok(2)]).unwrap(), [1, 2]);
        let not_utf8 = |entry: &str| DataError::NotUtf8 {
            archive: PathBuf::new(),
            files: vec![InvalidText {
                entry: entry.to_owned(),
                offset: 0,
                utf16: false,
            }],
        };
        let found = vec![Err::<(), _>(not_utf8("a")), Ok(()), Err(not_utf8("b"))];
        assert!(matches!(
            first_error(found),
            Err(DataError::NotUtf8 { files, .. }) if files.len() == 2
        ));
        let found = vec![
            Err::<(), _>(not_utf8("a")),
            Err(exhausted()),
            Err(missing("c")),
        ];
        assert!(matches!(
            first_error(found),
            Err(DataError::NotFound { .. })
        ));
    }
}
