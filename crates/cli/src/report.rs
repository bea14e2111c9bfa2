//! `recurrent report`: the page and the pictures of runs, from the files they left.

use std::path::{Path, PathBuf};
use std::time::Instant;

use recurrent_report::Run;

use crate::error::CliError;
use crate::terminal::printable;
use crate::{print, say};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Folders that `train` or `reproduce` wrote, such as target/reproduce. Several are shown together: a mean over
    /// those that differ in their seed alone, the others side by side.
    #[arg(required = true, value_name = "DIR")]
    runs: Vec<PathBuf>,
    /// Directory for the report [default: that of the run, if there is only one; else target/report].
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), CliError> {
    let out = match (&arguments.out, arguments.runs.as_slice()) {
        (Some(out), _) => out.clone(),
        (None, [only]) => only.clone(),
        (None, _) => PathBuf::from("target/report"),
    };
    print(&write(&arguments.runs, &out)?)
}

/// Writes the page of the run in `folder` into it, without pictures beside it, and prints where it is.
pub(crate) fn write_page_and_say(folder: &Path) -> Result<(), CliError> {
    let start = Instant::now();
    let (page, notes) = recurrent_report::write_page(&[Run::load(folder)?], folder)?;
    for note in &notes {
        say(&format!("note: {}", printable(note)));
    }
    print(&format!(
        "\nReport: {}, in {:.1} s",
        printable(&page.display().to_string()),
        start.elapsed().as_secs_f64()
    ))
}

/// Writes the report of the runs in `folders` into `out`, and says where it is.
pub(crate) fn write(folders: &[PathBuf], out: &Path) -> Result<String, CliError> {
    let start = Instant::now();
    let runs = folders
        .iter()
        .map(|folder| Run::load(folder))
        .collect::<Result<Vec<_>, _>>()?;
    let written = recurrent_report::write(&runs, out)?;
    for note in &written.notes {
        say(&format!("note: {}", printable(note)));
    }
    Ok(format!(
        "\nReport: {} and {} pictures beside it, in {:.1} s",
        printable(&written.page.display().to_string()),
        written.pictures.len(),
        start.elapsed().as_secs_f64()
    ))
}
