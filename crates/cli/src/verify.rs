//! `recurrent verify`: replays reference trajectories. Exit status 1 when a quantity is out of its
//! tolerance, 2 when a file cannot be read as a reference.
//!
//! Where a training ends elsewhere than Keras', as one whose relus are within rounding of their kinks may on another
//! processor or backend, it is held against what rounding alone does.

use std::path::PathBuf;
use std::process::ExitCode;

use recurrent_models::weights::TensorFile;
use recurrent_training::TrainingError;
use recurrent_training::replay::{Report, replay_judged};
use serde::Serialize;

use crate::backend::Backend;
use crate::{complain, print, say};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Reference files (safetensors).
    #[arg(required = true)]
    references: Vec<PathBuf>,
    /// Compute backend.
    #[arg(long, default_value = "flex")]
    backend: Backend,
    /// Print the comparison as JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Entry {
    file: PathBuf,
    holds: bool,
    #[serde(flatten)]
    report: Report,
}

pub(crate) fn run(arguments: &Arguments) -> ExitCode {
    let device = match arguments.backend.open() {
        Ok((_, device)) => device,
        Err(error) => {
            complain(&error);
            return ExitCode::FAILURE;
        }
    };
    let mut entries = Vec::new();
    let mut unreadable = false;
    for path in &arguments.references {
        let report = TensorFile::read(path)
            .map_err(TrainingError::from)
            .and_then(|file| {
                replay_judged(&file, &device, || {
                    say("finding out what rounding alone does to where this training ends …");
                })
            });
        match report {
            Ok(report) => {
                if !arguments.json && print(&table(path, &report)).is_err() {
                    return ExitCode::FAILURE;
                }
                entries.push(Entry {
                    file: path.clone(),
                    holds: report.holds(),
                    report,
                });
            }
            Err(error) => {
                unreadable = true;
                complain(&error);
            }
        }
    }
    if arguments.json {
        match serde_json::to_string_pretty(&entries) {
            Ok(text) if print(&text).is_ok() => {}
            _ => return ExitCode::FAILURE,
        }
    }
    if unreadable {
        ExitCode::from(2)
    } else if entries.iter().all(|entry| entry.holds) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn table(path: &std::path::Path, report: &Report) -> String {
    let mut lines = vec![format!(
        "{}: {}, {} steps, {}",
        path.display(),
        report.network,
        report.steps,
        match report.horizon {
            Some(step) => format!("chaotic from step {step}"),
            None => "no horizon".to_owned(),
        }
    )];
    for check in &report.checks {
        let tolerance = check
            .tolerance
            .map_or("-".to_owned(), |tolerance| format!("{tolerance:.2e}"));
        let verdict = match (check.tolerance, check.holds, check.spread) {
            (None, ..) => "not compared".to_owned(),
            (_, true, None) => "holds".to_owned(),
            (_, true, Some(spread)) => format!("holds: rounding alone moves it by {spread:.2e}"),
            (_, false, None) => "DIFFERS".to_owned(),
            (_, false, Some(spread)) => format!("DIFFERS: rounding alone moves it by {spread:.2e}"),
        };
        lines.push(format!(
            "  {:<62} {:>9.2e}  {tolerance:>9}  {verdict}",
            check.quantity, check.distance
        ));
    }
    lines.join("\n")
}
