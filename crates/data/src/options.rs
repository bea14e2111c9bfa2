//! How to read: threads, limits, cleaning and progress.

use std::fmt;

/// Called with the number of files done and the number of files in all; the latter is 0 where it
/// is not known beforehand, as in a tar file.
///
/// Calls come from worker threads, about once per thousand files and once at the end.
pub type Progress<'a> = &'a (dyn Fn(usize, usize) + Sync);

/// What an archive may ask of this machine.
///
/// The limits are held against the bytes that really come out of the archive, not only against
/// the sizes that it declares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Most bytes one review may have. 16 MiB unless told otherwise.
    pub max_entry_bytes: u64,
    /// Most bytes that may come out of one archive in all, and most bytes the archive itself may
    /// have. 4 GiB unless told otherwise.
    pub max_total_bytes: u64,
    /// Most files and folders an archive may list. One million unless told otherwise.
    pub max_entries: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_entry_bytes: 16 << 20,
            max_total_bytes: 4 << 30,
            max_entries: 1_000_000,
        }
    }
}

/// How [`read`](crate::read) and [`Extracted::unpack`](crate::Extracted::unpack) go to work.
#[derive(Clone, Copy)]
pub struct ReadOptions<'a> {
    /// Number of threads; `None` takes as many as the machine offers. The result is the same for
    /// every number.
    pub threads: Option<usize>,
    /// What the archive may ask for.
    pub limits: Limits,
    /// Whether every `<br />` becomes one space. Unpacking never cleans.
    pub clean: bool,
    /// Told how far the work is.
    pub progress: Option<Progress<'a>>,
}

impl Default for ReadOptions<'_> {
    fn default() -> Self {
        Self {
            threads: None,
            limits: Limits::default(),
            clean: true,
            progress: None,
        }
    }
}

impl fmt::Debug for ReadOptions<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ReadOptions")
            .field("threads", &self.threads)
            .field("limits", &self.limits)
            .field("clean", &self.clean)
            .field("progress", &self.progress.is_some())
            .finish()
    }
}
