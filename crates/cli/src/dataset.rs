//! Finds the reviews and says, so that nobody overlooks it, when they are only the sample, and what was
//! passed over in reading them.

use std::path::Path;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use recurrent_data::{
    ACL_IMDB, Dataset, DatasetChoice, ENVIRONMENT, HttpDownload, InvalidUtf8, Limits, PassedOver,
    ReadOptions, locate,
};

use crate::error::CliError;
use crate::{print, say};

/// How a data set is read.
#[derive(clap::Args)]
#[command(next_help_heading = "Reading the data set")]
pub(crate) struct ReadArguments {
    /// Follow symbolic links inside a folder of reviews; they may lead out of it.
    #[arg(long)]
    follow_links: bool,
    /// For reviews that are not UTF-8: error, or replace (invalid bytes become U+FFFD).
    #[arg(long, default_value_t)]
    invalid_utf8: InvalidUtf8,
    /// Maximum size of a review.
    #[arg(long, value_name = "BYTES", default_value_t = Limits::default().max_entry_bytes)]
    max_entry_bytes: u64,
    /// Maximum size of all reviews together, and of a zip file.
    #[arg(long, value_name = "BYTES", default_value_t = Limits::default().max_total_bytes)]
    max_total_bytes: u64,
    /// Maximum number of files and folders in a data set.
    #[arg(long, value_name = "COUNT", default_value_t = Limits::default().max_entries)]
    max_entries: usize,
    /// Maximum ratio of content to archive, for content over 64 MiB.
    #[arg(long, value_name = "FACTOR", default_value_t = Limits::default().max_ratio)]
    max_ratio: u64,
}

impl ReadArguments {
    pub(crate) fn options(&self) -> ReadOptions<'static> {
        ReadOptions {
            limits: Limits {
                max_entry_bytes: self.max_entry_bytes,
                max_total_bytes: self.max_total_bytes,
                max_entries: self.max_entries,
                max_ratio: self.max_ratio,
            },
            follow_links: self.follow_links,
            invalid_utf8: self.invalid_utf8,
            ..ReadOptions::default()
        }
    }
}

/// Says what was passed over, where there was anything.
pub(crate) fn note_passed_over(passed_over: &PassedOver) {
    if passed_over.count() > 0 {
        say(&format!("note: skipped {passed_over}"));
    }
}

/// The data set for `choice`, downloaded into `folder` if it must be; that it is only the sample is printed, or, where
/// nothing but notes is wanted, noted.
pub(crate) fn find(
    choice: &DatasetChoice,
    folder: &Path,
    quiet: bool,
) -> Result<Dataset, CliError> {
    let bar = match quiet {
        true => ProgressBar::hidden(),
        false => ProgressBar::no_length(),
    };
    if let Ok(style) =
        ProgressStyle::with_template("download {bytes}/{total_bytes} [{bar:30}] {eta} left")
    {
        bar.set_style(style);
    }
    let progress = |done: u64, total: u64| {
        bar.set_length(total);
        bar.set_position(done);
        bar.tick();
    };
    bar.enable_steady_tick(Duration::from_millis(500));
    let environment = std::env::var_os(ENVIRONMENT);
    let download = HttpDownload::new(&ACL_IMDB).with_progress(&progress);
    let found = locate(choice, folder, environment.as_deref(), &download);
    bar.finish_and_clear();
    let dataset = found?;
    if let Some(reason) = &dataset.fallback {
        say(&format!("Could not get the reviews: {reason}"));
    }
    match (dataset.sample, quiet) {
        (true, true) => say(&format!("note: {SAMPLE_NOTE}")),
        (true, false) => print(&banner())?,
        (false, _) => {}
    }
    Ok(dataset)
}

/// What every result file says that comes from the sample.
pub(crate) const SAMPLE_NOTE: &str = "This is the bundled sample, not the IMDB reviews: its texts are \
    made by a grammar, and its figures say nothing about real reviews.";

/// What stands above and below everything on screen that comes from the sample.
pub(crate) fn banner() -> String {
    let line = "!".repeat(72);
    format!(
        "{line}\n\
         !!  THIS IS THE BUNDLED SAMPLE, NOT THE IMDB REVIEWS.\n\
         !!  Its texts are made by a grammar; figures say nothing about real reviews.\n\
         !!  Put imdb.zip into datasets/, or set IMDB_ARCHIVE, for the real thing.\n\
         {line}"
    )
}
