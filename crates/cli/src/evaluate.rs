//! `recurrent evaluate`: how models do on labelled files.

use std::fmt::Write as _;
use std::path::PathBuf;

use recurrent::metrics::Report;
use recurrent::{Part, TextClassifier};
use serde::Serialize;

use crate::backend::Backend;
use crate::error::CliError;
use crate::tables::{self, TableArguments};
use crate::terminal::{printable, shortened};
use crate::{named, print};

/// Classes of which a table shows the confusion: more do not fit beside each other.
const SHOWN: usize = 12;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// A model's directory, or a run's (all its models).
    model: PathBuf,
    /// CSV, TSV, JSON lines or Parquet, or a folder with one folder of texts per class. Of a folder with splits, only the
    /// test split is read.
    #[arg(required = true)]
    input: Vec<PathBuf>,
    #[command(flatten)]
    table: TableArguments,
    /// Print the measures as JSON, one object per model and line.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Entry<'a> {
    model: &'a str,
    classes: &'a [String],
    #[serde(flatten)]
    report: &'a Report,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), CliError> {
    let (_, device) = Backend::Flex.open()?;
    for named in named::load(std::slice::from_ref(&arguments.model), &device)? {
        let classes = named.model.config.classes.clone();
        let options = arguments.table.options(Some(classes), None);
        let parts = [(Part::Test, arguments.input.as_slice())];
        let (corpus, _) = tables::read(&parts, &options)?;
        let classifier = TextClassifier::from(named.model);
        let report = classifier.evaluate(corpus.test().iter())?;
        if arguments.json {
            let entry = Entry {
                model: &named.label,
                classes: classifier.classes(),
                report: &report,
            };
            print(&crate::texts::json(&entry)?)?;
        } else {
            print(&table(&named.label, classifier.classes(), &report))?;
        }
    }
    Ok(())
}

/// Measures, classes and confusion, for a terminal.
pub(crate) fn table(title: &str, classes: &[String], report: &Report) -> String {
    let mut text = String::new();
    // Writing to a string does not fail.
    let _ = writeln!(text, "{title}: {} texts", report.texts);
    let majority = &classes[report.majority.class];
    let auc = report.auc.map_or("-".to_owned(), |auc| format!("{auc:.4}"));
    let baseline = format!(
        "   (always {}: {:.4})",
        printable(majority),
        report.majority.share
    );
    for (name, value, note) in [
        (
            "accuracy",
            format!("{:.4}", report.accuracy),
            baseline.as_str(),
        ),
        (
            "balanced accuracy",
            format!("{:.4}", report.balanced_accuracy),
            "",
        ),
        ("macro F1", format!("{:.4}", report.macro_f1), ""),
        ("AUC", auc, ""),
        ("log loss", format!("{:.4}", report.log_loss), ""),
        (
            "calibration error",
            format!("{:.4}", report.calibration.expected_error),
            "",
        ),
    ] {
        let _ = writeln!(text, "  {name:<20}{value:>8}{note}");
    }
    let width = classes.iter().map(|class| shortened(class).chars().count());
    let width = width.max().unwrap_or(0).max(8) + 2;
    let _ = writeln!(
        text,
        "\n  {:<width$}{:>10}{:>10}{:>10}{:>10}",
        "class", "precision", "recall", "F1", "texts"
    );
    for (class, of) in classes.iter().zip(&report.per_class) {
        let _ = writeln!(
            text,
            "  {:<width$}{:>10.4}{:>10.4}{:>10.4}{:>10}",
            shortened(class),
            of.precision,
            of.recall,
            of.f1,
            of.support
        );
    }
    if classes.len() <= SHOWN {
        let _ = writeln!(text, "\n  classes (rows) by what was predicted (columns)");
        let _ = write!(text, "  {:<width$}", "");
        for class in classes {
            let shown: String = printable(class).chars().take(9).collect();
            let _ = write!(text, "{shown:>10}");
        }
        for (class, row) in classes.iter().zip(&report.confusion) {
            let _ = write!(text, "\n  {:<width$}", shortened(class));
            for count in row {
                let _ = write!(text, "{count:>10}");
            }
        }
    }
    text.trim_end().to_owned()
}
