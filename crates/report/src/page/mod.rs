//! The page: what stands on it, in the order of its template. Nothing is written here.

mod rows;
#[cfg(test)]
mod tests;
mod texts;

use std::borrow::Cow;

use askama::Template;

use recurrent_metrics::Report;
use recurrent_runs::Evaluation;

use self::rows::{Measured, Row, figure, grouped};
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
    /// As it is on a wide page.
    pub(crate) svg: String,
    narrow: String,
    title: String,
}

impl Picture {
    fn of(name: &str, lines: &chart::Lines) -> Result<Self, ReportError> {
        Ok(Self {
            name: name.to_owned(),
            title: lines.title.clone(),
            svg: lines.svg()?,
            narrow: lines.narrow().svg()?,
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
    title: String,
    /// The result in a sentence or two.
    result: String,
    runs: &'a [Run],
    sample: Option<String>,
    notes: &'a [String],
    rows: Vec<Row>,
    measured: &'a [Measured],
    /// The one that says what always predicting the same is worth, where that is one thing for all.
    baseline: Option<&'a Measured>,
    /// Whether a row is the mean of several runs.
    means: bool,
    /// What epochs were evaluated on, and what the trained networks were.
    held_out: &'a str,
    split: &'a str,
    epochs: Vec<EpochRow<'a>>,
    curves: Vec<Picture>,
    confusion: Vec<Picture>,
    calibration: Vec<Picture>,
    gradients: Vec<Picture>,
    /// Texts that the gradients were taken over.
    gradient_texts: usize,
    wrong: Vec<Wrong<'a>>,
    readings: Vec<Reading<'a>>,
    /// What the two ends of a shade are, where all networks know the same two classes.
    two: Option<[Cow<'a, str>; 2]>,
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
    let (measured, reports): (Vec<Measured>, Vec<Report>) =
        groups.iter().filter_map(rows::measured).unzip();
    let page = page(runs, &groups, (&measured, &reports), &notes)?;
    let charts = page.curves.iter().chain(&page.confusion);
    let mut pictures: Vec<(String, String)> = charts
        .chain(&page.calibration)
        .chain(&page.gradients)
        .map(|picture| (picture.name.clone(), picture.svg.clone()))
        .collect();
    pictures.push(("curves".to_owned(), chart::curves(runs)?));
    for (place, reading) in page.readings.iter().enumerate() {
        pictures.push((format!("words-{}", place + 1), reading.charts[0].clone()));
    }
    let html = plain(&page.render()?).into_owned();
    Ok(Drawn {
        html,
        pictures,
        notes,
    })
}

/// Pixels of a page's width.
const WIDTH: u32 = 1136;

fn page<'a>(
    runs: &'a [Run],
    groups: &'a [Group<'a>],
    (measured, reports): (&'a [Measured], &[Report]),
    notes: &'a [String],
) -> Result<Page<'a>, ReportError> {
    // Of each group, the first run's: predictions of single texts cannot be averaged.
    let evaluations: Vec<(&str, &Evaluation)> = groups
        .iter()
        .filter_map(|group| {
            let mut of_runs = group.runs.iter();
            let evaluation = of_runs.find_map(|run| run.evaluations.get(group.network))?;
            Some((group.label.as_str(), evaluation))
        })
        .collect();
    // Whether all were asked the same.
    let alike = evaluations
        .windows(2)
        .all(|pair| pair[0].1.classes == pair[1].1.classes && pair[0].1.labels == pair[1].1.labels);
    let split = same(evaluations.iter().map(|(_, of)| of.split())).unwrap_or("held-out");
    let felt: Vec<_> = evaluations
        .iter()
        .filter_map(|(label, evaluation)| Some((*label, evaluation.gradient.as_ref()?)))
        .collect();
    let gradients = match felt.is_empty() {
        true => Vec::new(),
        false => vec![Picture::of("gradient", &chart::gradients(&felt))?],
    };
    let (confusion, calibration) = match measured.is_empty() {
        true => (Vec::new(), Vec::new()),
        false => judged(split, &evaluations, measured, reports)?,
    };
    let two = shades(&evaluations);
    Ok(Page {
        title: title(runs, groups),
        result: result(groups, measured, split, alike),
        runs,
        sample: sample(runs),
        notes,
        rows: rows::rows(groups),
        means: groups.iter().any(|group| group.runs.len() > 1),
        held_out: chart::held_out(runs),
        split,
        epochs: epochs(runs),
        curves: vec![
            Picture::of("loss", &chart::loss(runs))?,
            Picture::of("accuracy", &chart::accuracy(runs))?,
        ],
        confusion,
        calibration,
        gradients,
        gradient_texts: felt.iter().map(|(_, curve)| curve.texts).max().unwrap_or(0),
        wrong: texts::wrong(&evaluations),
        readings: texts::readings(&evaluations, two.is_some())?,
        two,
        dense: evaluations
            .iter()
            .any(|(_, evaluation)| evaluation.network == "dense"),
        measured,
        baseline: measured.first().filter(|_| alike),
        dark: chart::style::dark_rules("svg "),
    })
}

/// The matrices, and how far probabilities can be relied on.
fn judged(
    split: &str,
    evaluations: &[(&str, &Evaluation)],
    measured: &[Measured],
    reports: &[Report],
) -> Result<(Vec<Picture>, Vec<Picture>), ReportError> {
    let named = measured.iter().zip(reports);
    let confused: Vec<chart::Confused<'_>> = named
        .clone()
        .filter_map(|(measured, report)| {
            let (label, evaluation) = evaluations
                .iter()
                .find(|(label, _)| *label == measured.label)?;
            Some(chart::Confused {
                label,
                classes: &evaluation.classes,
                report,
            })
        })
        .collect();
    let confusion = Picture {
        name: "confusion".to_owned(),
        title: "Confusion matrices".to_owned(),
        svg: chart::confusion(split, &confused, WIDTH)?,
        narrow: chart::confusion(split, &confused, chart::NARROW)?,
    };
    let calibrated: Vec<(&str, &Report)> = named
        .map(|(measured, report)| (measured.label.as_str(), report))
        .collect();
    let calibration = Picture::of("calibration", &chart::calibration(split, &calibrated))?;
    Ok((vec![confusion], vec![calibration]))
}

/// What all agree in.
fn same<'a>(mut all: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let first = all.next()?;
    all.all(|other| other == first).then_some(first)
}

/// "Three networks on imdb".
fn title(runs: &[Run], groups: &[Group<'_>]) -> String {
    const WORDS: [&str; 6] = ["One", "Two", "Three", "Four", "Five", "Six"];
    let subject = match groups {
        [one] => one.label.clone(),
        _ => match WORDS.get(groups.len().saturating_sub(1)) {
            Some(number) => format!("{number} networks"),
            None => format!("{} networks", groups.len()),
        },
    };
    match same(runs.iter().map(|run| run.info.dataset.as_str())) {
        Some(dataset) if !dataset.is_empty() => {
            format!("{subject} on {}", text::cut(dataset, text::LABEL))
        }
        _ => subject,
    }
}

/// The result in a sentence or two.
fn result(groups: &[Group<'_>], measured: &[Measured], split: &str, alike: bool) -> String {
    let mean =
        |of: &Measured| of.accuracies.iter().sum::<f64>() / of.accuracies.len().max(1) as f64;
    let best = measured.iter().max_by(|a, b| mean(a).total_cmp(&mean(b)));
    let Some(best) = best else {
        return "No predictions were kept, so that there are only the figures of the epochs."
            .to_owned();
    };
    if !alike {
        return "These networks were evaluated on other texts or other classes: each figure stands for itself."
            .to_owned();
    }
    let (class, share) = &best.majority;
    let which = match groups.len() {
        1 => best.label.clone(),
        several => format!("The best of {several} networks, {},", best.label),
    };
    let runs = match best.accuracies.len() {
        1 => String::new(),
        runs => format!(" (mean of {runs} runs)"),
    };
    format!(
        "{which} classifies {:.1} % of {} {split} texts correctly{runs}. Always predicting {class} would be correct for {:.1} %.",
        100.0 * mean(best),
        grouped(best.texts),
        100.0 * share
    )
}

/// What the two ends of a shade stand for.
fn shades<'a>(evaluations: &[(&'a str, &'a Evaluation)]) -> Option<[Cow<'a, str>; 2]> {
    let (_, first) = evaluations.first()?;
    let alike = evaluations
        .iter()
        .all(|(_, other)| other.classes == first.classes);
    (alike && first.classes.len() == 2).then(|| [0, 1].map(|label| texts::class(first, label)))
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
