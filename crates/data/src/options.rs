//! How to read: threads, limits, links, cleaning and progress.

use std::fmt;
use std::str::FromStr;

/// Called with the number of files done and the number of files in all; the latter is 0 where it
/// is not known beforehand, as in a tar file.
///
/// Calls come from worker threads, about once per thousand files and once at the end.
pub type Progress<'a> = &'a (dyn Fn(usize, usize) + Sync);

/// Bytes that may come out of every archive, however small: [`Limits::max_ratio`] is held against
/// what comes after them.
pub(crate) const FREE_OF_RATIO: u64 = 64 << 20;

/// What an archive or a folder may ask of this machine.
///
/// The limits are held against the bytes that really come out of the archive, not only against
/// the sizes that it declares. The defaults let through data sets ten times as large as IMDB (84 MB
/// packed, 66 MB of labelled text) and stop an archive of a megabyte that unpacks to a gigabyte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Most bytes one review may have. 16 MiB unless told otherwise.
    pub max_entry_bytes: u64,
    /// Most bytes that may come out of one archive or folder in all, and most bytes a zip file itself
    /// may have. 1 GiB unless told otherwise.
    pub max_total_bytes: u64,
    /// Most files and folders an archive or a folder may list. One million unless told otherwise.
    pub max_entries: usize,
    /// How many times as large as the packed archive its content may be, where that is more than 64
    /// MiB. 200 unless told otherwise; English text is packed about 3 to 1, and deflate cannot pack
    /// anything better than 1,032 to 1.
    pub max_ratio: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_entry_bytes: 16 << 20,
            max_total_bytes: 1 << 30,
            max_entries: 1_000_000,
            max_ratio: 200,
        }
    }
}

impl Limits {
    /// The most bytes that may come out of an archive of `packed` bytes because of the ratio.
    pub(crate) fn ratio_bytes(&self, packed: u64) -> u64 {
        packed.saturating_mul(self.max_ratio).max(FREE_OF_RATIO)
    }
}

/// What to do with a review that is not UTF-8.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum InvalidUtf8 {
    /// Read nothing; the error lists all such reviews.
    #[default]
    Error,
    /// Replace what is not UTF-8 by U+FFFD. (Keras keeps the bytes; tokens that hold any differ from
    /// its.) A review that is UTF-16 is an error all the same, since nothing of it would be left.
    Replace,
}

impl FromStr for InvalidUtf8 {
    type Err = String;

    /// `error` or `replace`.
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "error" => Ok(Self::Error),
            "replace" => Ok(Self::Replace),
            _ => Err("expected error or replace".to_owned()),
        }
    }
}

impl fmt::Display for InvalidUtf8 {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Error => "error",
            Self::Replace => "replace",
        })
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
    /// What to do with reviews that are not UTF-8. Unpacking does not look.
    pub invalid_utf8: InvalidUtf8,
    /// Whether symbolic links inside of a folder are followed. They may lead out of the folder: for
    /// folders of your own. Links in archives are never followed.
    pub follow_links: bool,
    /// Told how far the work is.
    pub progress: Option<Progress<'a>>,
}

impl Default for ReadOptions<'_> {
    fn default() -> Self {
        Self {
            threads: None,
            limits: Limits::default(),
            clean: true,
            invalid_utf8: InvalidUtf8::Error,
            follow_links: false,
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
            .field("invalid_utf8", &self.invalid_utf8)
            .field("follow_links", &self.follow_links)
            .field("progress", &self.progress.is_some())
            .finish()
    }
}
