//! Your own files on the command line: what their columns are called, and what reading them found.

use std::path::{Path, PathBuf};

use recurrent::{Format, Part, ReadReport, TableOptions, TextCorpus, read_parts};

use crate::error::CliError;
use crate::say;
use crate::terminal::printable;

/// How labelled tables are read; the same for every command.
#[derive(clap::Args)]
pub(crate) struct TableArguments {
    #[command(flatten)]
    texts: TextArguments,
    /// The column with the class. By default the one whose name says so (label, sentiment, category …).
    #[arg(long)]
    label: Option<String>,
}

/// How tables are read of which the texts alone are wanted.
#[derive(clap::Args)]
pub(crate) struct TextArguments {
    /// The column with the text; several, separated by commas, are joined by a space. By default the one whose name says
    /// so (text, review, body …).
    #[arg(long, alias = "field", alias = "column", value_delimiter = ',')]
    text: Vec<String>,
    /// csv, tsv, jsonl, parquet or txt, where the name of a file does not say it.
    #[arg(long, value_parser = format)]
    format: Option<Format>,
    /// The first row is no header; columns are then called 1, 2 and so on.
    #[arg(long)]
    no_header: bool,
    /// Replace what is not UTF-8 by U+FFFD; otherwise it is an error.
    #[arg(long)]
    lossy: bool,
}

fn format(name: &str) -> Result<Format, String> {
    let path = format!("file.{name}");
    let known = Format::of(Path::new(&path));
    known.ok_or_else(|| "the formats are csv, tsv, jsonl, parquet and txt".to_owned())
}

impl TableArguments {
    /// Whether a column of texts was named.
    pub(crate) fn names_text(&self) -> bool {
        !self.texts.text.is_empty()
    }

    /// Whether a column of labels was named.
    pub(crate) fn names_label(&self) -> bool {
        self.label.is_some()
    }

    /// With the classes that labels must be of, where they are known, and the column that says which part a row is of.
    pub(crate) fn options(
        &self,
        classes: Option<Vec<String>>,
        split: Option<String>,
    ) -> TableOptions {
        TableOptions {
            label: self.label.clone(),
            split,
            classes,
            ..self.texts.options()
        }
    }
}

impl TextArguments {
    /// How the file of texts is read.
    pub(crate) fn options(&self) -> TableOptions {
        TableOptions {
            format: self.format,
            text: self.text.clone(),
            header: !self.no_header,
            lossy: self.lossy,
            ..TableOptions::default()
        }
    }
}

/// Reads files, and says on standard error what was found and what was passed over.
///
/// # Errors
/// [`CliError::Corpus`].
pub(crate) fn read(
    parts: &[(Part, &[PathBuf])],
    options: &TableOptions,
) -> Result<(TextCorpus, ReadReport), CliError> {
    let (corpus, report) = read_parts(parts, options)?;
    say(&printable(&report.to_string()));
    Ok((corpus, report))
}
