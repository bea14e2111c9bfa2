//! The page: what stands on it, in the order of its template. Nothing is written here.

mod rows;
#[cfg(test)]
mod tests;
mod texts;

use std::borrow::Cow;

use askama::Template;

use recurrent_runs::Evaluation;

use self::rows::{Row, figure};
use self::texts::{Reading, Wrong};
use crate::groups::{Group, groups};
use crate::run::Run;
use crate::text::{self, plain};
use crate::{ReportError, chart};

/// Characters of a note.
const NOTE: usize = 1000;

/// A chart, and its file's name without extension.
pub(crate) struct Picture {
    pub(crate) name: String,
    pub(crate) svg: String,
    title: String,
}

impl Picture {
    fn of(name: &str, lines: &chart::Lines) -> Result<Self, ReportError> {
        Ok(Self {
            name: name.to_owned(),
            title: lines.title.clone(),
            svg: lines.svg()?,
        })
    }
}

/// An epoch of the long table.
struct EpochRow<'a> {
    network: Cow<'a, str>,
    run: usize,
    epoch: usize,
    figures: [String; 4],
}

#[derive(Template)]
#[template(path = "report.html")]
struct Page<'a> {
    runs: &'a [Run],
    sample: Option<String>,
    notes: &'a [String],
    rows: Vec<Row>,
    /// Whether a row is the mean of several runs.
    means: bool,
    epochs: Vec<EpochRow<'a>>,
    curves: Vec<Picture>,
    verdicts: Vec<Picture>,
    gradients: Vec<Picture>,
    /// Texts that the gradients were taken over.
    gradient_texts: usize,
    wrong: Vec<Wrong<'a>>,
    readings: Vec<Reading<'a>>,
    classes: [Cow<'a, str>; 2],
    dense: bool,
    dark: String,
}

/// A report in memory.
pub(crate) struct Drawn {
    /// The page.
    pub(crate) html: String,
    /// All pictures: those on it, and one of both curves for those who want a single picture of a run.
    pub(crate) pictures: Vec<(String, String)>,
    /// What a reader must know of the figures, as whole sentences.
    pub(crate) notes: Vec<String>,
}

/// Draws the report of runs that are all different.
pub(crate) fn draw(runs: &[Run]) -> Result<Drawn, ReportError> {
    let groups = groups(runs);
    let notes = notes(runs, &groups);
    // Of each group, the first run's: verdicts on single texts cannot be averaged.
    let evaluations: Vec<(&str, &Evaluation)> = groups
        .iter()
        .filter_map(|group| {
            let mut of_runs = group.runs.iter();
            let evaluation = of_runs.find_map(|run| run.evaluations.get(group.network))?;
            Some((group.label.as_str(), evaluation))
        })
        .collect();
    let page = page(runs, &groups, &evaluations, &notes)?;
    let charts = page.curves.iter().chain(&page.verdicts);
    let mut pictures: Vec<(String, String)> = charts
        .chain(&page.gradients)
        .map(|picture| (picture.name.clone(), picture.svg.clone()))
        .collect();
    pictures.push(("curves".to_owned(), chart::curves(runs)?));
    for (place, reading) in page.readings.iter().enumerate() {
        pictures.push((format!("words-{}", place + 1), reading.chart.clone()));
    }
    let html = plain(&page.render()?).into_owned();
    Ok(Drawn {
        html,
        pictures,
        notes,
    })
}

fn page<'a>(
    runs: &'a [Run],
    groups: &[Group<'a>],
    evaluations: &[(&'a str, &'a Evaluation)],
    notes: &'a [String],
) -> Result<Page<'a>, ReportError> {
    let mut verdicts = Vec::new();
    if evaluations
        .iter()
        .any(|(_, evaluation)| !evaluation.labels.is_empty())
    {
        verdicts.push(Picture {
            name: "confusion".to_owned(),
            title: "Confusion matrices".to_owned(),
            svg: chart::confusion(evaluations)?,
        });
        verdicts.push(Picture::of(
            "calibration",
            &chart::calibration(evaluations),
        )?);
    }
    let felt: Vec<_> = evaluations
        .iter()
        .filter_map(|(label, evaluation)| Some((*label, evaluation.gradient.as_ref()?)))
        .collect();
    let gradients = match felt.is_empty() {
        true => Vec::new(),
        false => vec![Picture::of("gradient", &chart::gradients(&felt))?],
    };
    Ok(Page {
        runs,
        sample: sample(runs),
        notes,
        rows: rows::rows(groups),
        means: groups.iter().any(|group| group.runs.len() > 1),
        epochs: epochs(runs),
        curves: vec![
            Picture::of("loss", &chart::loss(runs))?,
            Picture::of("accuracy", &chart::accuracy(runs))?,
        ],
        verdicts,
        gradients,
        gradient_texts: felt.iter().map(|(_, curve)| curve.texts).max().unwrap_or(0),
        wrong: texts::wrong(evaluations),
        readings: texts::readings(evaluations)?,
        classes: shades(evaluations),
        dense: evaluations
            .iter()
            .any(|(_, evaluation)| evaluation.network == "dense"),
        dark: chart::style::dark_rules("svg "),
    })
}

/// What the two colours stand for.
fn shades<'a>(evaluations: &[(&'a str, &'a Evaluation)]) -> [Cow<'a, str>; 2] {
    let mut all = evaluations.iter().map(|(_, evaluation)| *evaluation);
    match all.next() {
        Some(first) if all.all(|other| other.classes == first.classes) => texts::classes(first),
        _ => ["the first class".into(), "the second class".into()],
    }
}

fn epochs(runs: &[Run]) -> Vec<EpochRow<'_>> {
    let records = runs.iter().enumerate();
    let records = records.flat_map(|(place, run)| run.history.iter().map(move |r| (place, r)));
    let row = |(place, record): (usize, &'_ recurrent_runs::EpochRecord)| {
        let figures = [
            record.train_loss,
            record.train_accuracy,
            record.test_loss,
            record.test_accuracy,
        ];
        (
            place + 1,
            record.epoch,
            figures.map(|value| figure(&[value], 4)),
        )
    };
    records
        .map(|(place, record)| {
            let (run, epoch, figures) = row((place, record));
            EpochRow {
                network: text::cut(&record.network, text::LABEL),
                run,
                epoch,
                figures,
            }
        })
        .collect()
}

/// What is said of figures of the bundled sample.
fn sample(runs: &[Run]) -> Option<String> {
    let of_sample = runs.iter().filter(|run| run.info.sample);
    let run = of_sample.clone().next()?;
    let which = if of_sample.count() == runs.len() {
        "These figures"
    } else {
        "Some of these figures"
    };
    let note = text::cut(run.info.note.as_deref().unwrap_or_default(), NOTE);
    Some(format!(
        "{which} come from the bundled sample, not from real reviews. {note}"
    ))
}

/// What a reader must know of the figures.
fn notes(runs: &[Run], groups: &[Group<'_>]) -> Vec<String> {
    let left_out = runs.iter().flat_map(|run| &run.left_out);
    let mut notes: Vec<String> = left_out
        .map(|note| text::cut(note, NOTE).into_owned())
        .collect();
    for group in groups {
        let lengths: Vec<usize> = group.epochs().iter().map(Vec::len).collect();
        let common = group.common_epochs();
        if let Some(most) = lengths.iter().max().filter(|most| **most > common) {
            notes.push(format!(
                "{}: not all runs have {most} epochs; means end after epoch {common}, which all have.",
                group.label
            ));
        }
        for (run, records) in group.runs.iter().zip(group.epochs()) {
            let lost = records.iter().find(|record| !record.has_losses());
            if let Some(record) = lost {
                notes.push(format!(
                    "{}: a loss is not finite at epoch {} in {}, so that curves have gaps.",
                    group.label,
                    record.epoch,
                    run.folder.display()
                ));
            }
        }
    }
    notes
}
