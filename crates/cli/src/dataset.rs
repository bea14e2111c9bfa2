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
    /// Follow symbolic links inside of a folder of reviews; they may lead out of it.
    #[arg(long)]
    follow_links: bool,
    /// What to do with reviews that are not UTF-8: error, or replace (what is not, by U+FFFD).
    #[arg(long, default_value_t)]
    invalid_utf8: InvalidUtf8,
    /// Most bytes that one review may have.
    #[arg(long, value_name = "BYTES", default_value_t = Limits::default().max_entry_bytes)]
    max_entry_bytes: u64,
    /// Most bytes that all reviews may have, and most that a zip file may.
    #[arg(long, value_name = "BYTES", default_value_t = Limits::default().max_total_bytes)]
    max_total_bytes: u64,
    /// Most files and folders that a data set may list.
    #[arg(long, value_name = "COUNT", default_value_t = Limits::default().max_entries)]
    max_entries: usize,
    /// How many times as large as an archive its content may be, where that is over 64 MiB.
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
        say(&format!("note: passed over {passed_over}"));
    }
}

/// The data set for `choice`, downloaded into `folder` if it must be.
pub(crate) fn find(choice: &DatasetChoice, folder: &Path) -> Result<Dataset, CliError> {
    let bar = ProgressBar::no_length();
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
        say(&format!("The reviews could not be had: {reason}"));
    }
    if dataset.sample {
        print(&banner())?;
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
