//! Finds the reviews and says, so that nobody overlooks it, when they are only the sample.

use std::path::Path;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use recurrent_data::{ACL_IMDB, Dataset, DatasetChoice, ENVIRONMENT, HttpDownload, locate};

use crate::error::CliError;
use crate::print;

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
        eprintln!("The reviews could not be had: {reason}");
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
