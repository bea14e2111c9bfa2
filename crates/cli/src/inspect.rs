//! `recurrent inspect`: what a model is, how it was trained, and how well it knows the words of a file.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use recurrent::{Model, Rows, TableOptions};

use crate::backend::Backend;
use crate::error::CliError;
use crate::tables::TextArguments;
use crate::terminal::{printable, shortened};
use crate::{named, print};

/// Tokens of the vocabulary that are shown.
const TOP: usize = 20;

/// Rows that are read at a time.
const BATCH: usize = 4096;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// A model's directory, or a run's (all its models).
    model: PathBuf,
    /// Count the share of this file's words that the model does not know.
    input: Option<PathBuf>,
    #[command(flatten)]
    table: TextArguments,
    /// Print the configuration alone, as `recurrent train --config` reads it.
    #[arg(long)]
    config: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), CliError> {
    let (_, device) = Backend::Flex.open()?;
    for named in named::load(std::slice::from_ref(&arguments.model), &device)? {
        let model = &named.model;
        if arguments.config {
            let trained = model.config.trained.as_ref();
            let trained = trained.ok_or_else(|| CliError::NotTrainedHere {
                path: named.folder.clone(),
            })?;
            let json = serde_json::to_string_pretty(&trained.config);
            print(&json.map_err(|error| CliError::Output(error.into()))?)?;
            continue;
        }
        print(&described(&named.label, model))?;
        if let Some(input) = &arguments.input {
            print(&known_words(model, input, &arguments.table.options())?)?;
        }
    }
    Ok(())
}

fn described(label: &str, model: &Model) -> String {
    let config = &model.config;
    let mut text = String::new();
    let classes: Vec<_> = config
        .classes
        .iter()
        .map(|class| printable(class))
        .collect();
    let _ = writeln!(text, "{label}: {}", classes.join(", "));
    let _ = writeln!(text, "{}", config.network.summary());
    let data = &config.provenance;
    let _ = writeln!(text, "trained on     {}", printable(&data.dataset));
    if let Some(trained) = &config.trained {
        let _ = writeln!(
            text,
            "texts          {} ({} epochs, the weights of epoch {})",
            trained.counts.iter().sum::<usize>(),
            trained.history.len(),
            trained.epoch
        );
        let report = &trained.validation;
        let _ = writeln!(
            text,
            "validation     accuracy {:.4}, balanced {:.4}, log loss {:.4} on {} texts",
            report.accuracy, report.balanced_accuracy, report.log_loss, report.texts
        );
    }
    let vocabulary = model.vectorizer().vocabulary();
    let _ = writeln!(text, "vocabulary     {} tokens", vocabulary.size());
    let first = vocabulary.specials();
    let top: Vec<String> = (first..first + TOP)
        .filter_map(|index| vocabulary.token(index))
        .map(|token| printable(&String::from_utf8_lossy(token)).into_owned())
        .collect();
    let _ = write!(text, "most frequent  {}", top.join(" "));
    for (class, terms) in model.strongest(TOP) {
        let terms: Vec<_> = terms.iter().map(|term| printable(term)).collect();
        let _ = write!(text, "\nfor {:<10} {}", shortened(class), terms.join(", "));
    }
    text
}

/// The share of a file's words that the model does not know.
fn known_words(model: &Model, input: &Path, options: &TableOptions) -> Result<String, CliError> {
    let mut rows = Rows::open(input, options)?;
    let (mut texts, mut words, mut unknown, mut cut) = (0usize, 0usize, 0usize, 0usize);
    let width = model.config.network.time();
    loop {
        let batch = rows.next_batch(BATCH)?;
        if batch.is_empty() {
            break;
        }
        for row in &batch {
            let ids = model.ids(row.text.as_bytes());
            texts += 1;
            words += ids.iter().filter(|id| **id != 0).count();
            unknown += ids.iter().filter(|id| **id == 1).count();
            cut += usize::from(ids.last().is_some_and(|id| *id != 0));
        }
    }
    let share = |count: usize, of: usize| 100.0 * count as f64 / of.max(1) as f64;
    let (unknown, file) = (
        share(unknown, words),
        printable(&input.display().to_string()).into_owned(),
    );
    Ok(match width {
        Some(width) => format!(
            "unknown words  {unknown:.2} % of {words} in {texts} texts of {file}; {:.1} % of the texts fill all {width} tokens",
            share(cut, texts)
        ),
        None => format!("unknown n-grams {unknown:.2} % of {words} in {texts} texts of {file}"),
    })
}
