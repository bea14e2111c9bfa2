//! The page and the pictures beside it.

use std::path::{Path, PathBuf};

use askama::Template;

use recurrent_files::FileError;
use recurrent_runs::{EpochRecord, Evaluation, TracedReview};

use crate::run::Run;
use crate::{ReportError, chart};

/// Pixels of a PNG for one unit of its SVG.
const PNG_SCALE: f32 = 2.0;

/// What [`write()`] left behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The page.
    pub page: PathBuf,
    /// The pictures, SVG and PNG.
    pub pictures: Vec<PathBuf>,
}

/// A chart on the page, and its file's name without extension.
struct Picture {
    name: String,
    title: String,
    svg: String,
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

/// A line of the table of networks; figures are means over the runs, with their spread.
struct Row {
    network: String,
    parameters: String,
    runs: usize,
    train_loss: String,
    train_accuracy: String,
    test_loss: String,
    test_accuracy: String,
    best: String,
    seconds: String,
}

/// What a network got most wrong.
struct Wrong<'a> {
    network: &'a str,
    reviews: Vec<WrongReview<'a>>,
}

struct WrongReview<'a> {
    path: &'a str,
    text: &'a str,
    label: &'a str,
    verdict: String,
}

/// A text, word by word.
struct Reading<'a> {
    path: &'a str,
    label: Option<&'a str>,
    chart: String,
    networks: Vec<Shaded<'a>>,
}

struct Shaded<'a> {
    network: &'a str,
    verdict: String,
    words: Vec<Word<'a>>,
}

struct Word<'a> {
    text: &'a str,
    unknown: bool,
    /// 0 (surely the first class) to 10 (surely the second).
    shade: usize,
    belief: String,
}

#[derive(Template)]
#[template(path = "report.html")]
struct Page<'a> {
    runs: &'a [Run],
    rows: Vec<Row>,
    curves: Vec<Picture>,
    verdicts: Vec<Picture>,
    gradients: Vec<Picture>,
    /// Texts that the gradients were taken over.
    gradient_texts: usize,
    wrong: Vec<Wrong<'a>>,
    readings: Vec<Reading<'a>>,
    classes: [&'a str; 2],
    dense: bool,
    dark: String,
}

/// The name of the page in its folder.
pub const PAGE: &str = "report.html";

/// Writes `report.html` and its pictures into `out`: of one run, or of several together (seeds as mean
/// and spread, backends side by side). Verdicts on single texts are those of the first run that has any.
/// Each file is written beside its place and renamed.
///
/// # Errors
/// [`ReportError::File`] where a file cannot be written; [`ReportError::Empty`] without runs.
pub fn write(runs: &[Run], out: &Path) -> Result<Written, ReportError> {
    let Some(first) = runs.first() else {
        return Err(ReportError::Empty {
            path: out.to_owned(),
        });
    };
    std::fs::create_dir_all(out).map_err(FileError::write(out))?;
    let shown = runs
        .iter()
        .find(|run| !run.evaluations.is_empty())
        .unwrap_or(first);
    let evaluations: Vec<&Evaluation> = shown
        .networks()
        .into_iter()
        .filter_map(|network| shown.evaluations.get(network))
        .collect();
    let page = page(runs, &evaluations)?;
    let mut pictures = Vec::new();
    let readings = page
        .readings
        .iter()
        .enumerate()
        .map(|(place, reading)| (format!("words-{}", place + 1), reading.chart.as_str()));
    let charts = page
        .curves
        .iter()
        .chain(&page.verdicts)
        .chain(&page.gradients);
    let charts = charts.map(|picture| (picture.name.clone(), picture.svg.as_str()));
    // Not on the page, which shows its halves: for those who want one picture of a run.
    let curves = chart::curves(runs)?;
    let charts = charts.chain([("curves".to_owned(), curves.as_str())]);
    for (name, svg) in charts.chain(readings) {
        pictures.extend(save_chart(out, &name, svg)?);
    }
    let path = out.join(PAGE);
    recurrent_files::write(&path, page.render()?.as_bytes())?;
    Ok(Written {
        page: path,
        pictures,
    })
}

fn page<'a>(runs: &'a [Run], evaluations: &[&'a Evaluation]) -> Result<Page<'a>, ReportError> {
    let mut verdicts = Vec::new();
    if evaluations
        .iter()
        .any(|evaluation| !evaluation.labels.is_empty())
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
        .filter_map(|evaluation| Some((evaluation.network.as_str(), evaluation.gradient.as_ref()?)))
        .collect();
    let gradients = match felt.is_empty() {
        true => Vec::new(),
        false => vec![Picture::of("gradient", &chart::gradients(&felt))?],
    };
    let classes = evaluations
        .first()
        .map(|evaluation| evaluation.classes.as_slice());
    let classes = match classes {
        Some([first, second]) => [first.as_str(), second.as_str()],
        _ => ["0", "1"],
    };
    Ok(Page {
        runs,
        rows: rows(runs),
        curves: vec![
            Picture::of("loss", &chart::loss(runs))?,
            Picture::of("accuracy", &chart::accuracy(runs))?,
        ],
        verdicts,
        gradients,
        gradient_texts: felt.iter().map(|(_, curve)| curve.texts).max().unwrap_or(0),
        wrong: wrong(evaluations, classes),
        readings: readings(evaluations, classes)?,
        classes,
        dense: evaluations
            .iter()
            .any(|evaluation| evaluation.network == "dense"),
        dark: chart::style::dark_rules("svg "),
    })
}

fn rows(runs: &[Run]) -> Vec<Row> {
    let mut names: Vec<&str> = Vec::new();
    for network in runs.iter().flat_map(Run::networks) {
        if !names.contains(&network) {
            names.push(network);
        }
    }
    let rows = names.into_iter().map(|network| {
        let of_runs: Vec<Vec<&EpochRecord>> = runs
            .iter()
            .map(|run| run.epochs(network).collect::<Vec<_>>())
            .filter(|epochs| !epochs.is_empty())
            .collect();
        let last = |value: fn(&EpochRecord) -> f64| -> Vec<f64> {
            of_runs
                .iter()
                .filter_map(|epochs| epochs.last())
                .map(|epoch| value(epoch))
                .collect()
        };
        let best = |epochs: &Vec<&EpochRecord>| {
            let accuracies = epochs.iter().map(|epoch| epoch.test_accuracy);
            accuracies.fold(f64::NEG_INFINITY, f64::max)
        };
        let seconds = |epochs: &Vec<&EpochRecord>| epochs.iter().map(|epoch| epoch.seconds).sum();
        let parameters = runs
            .iter()
            .find_map(|run| run.evaluations.get(network))
            .map_or("–".to_owned(), |evaluation| {
                grouped(evaluation.parameters)
            });
        Row {
            network: network.to_owned(),
            parameters,
            runs: of_runs.len(),
            train_loss: figure(&last(|epoch| epoch.train_loss), 4),
            train_accuracy: figure(&last(|epoch| epoch.train_accuracy), 4),
            test_loss: figure(&last(|epoch| epoch.test_loss), 4),
            test_accuracy: figure(&last(|epoch| epoch.test_accuracy), 4),
            best: figure(&of_runs.iter().map(best).collect::<Vec<_>>(), 4),
            seconds: figure(&of_runs.iter().map(seconds).collect::<Vec<_>>(), 1),
        }
    });
    rows.collect()
}

/// 144705 as 144,705.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The mean, with the standard deviation (n − 1) of several.
fn figure(values: &[f64], decimals: usize) -> String {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count.max(1.0);
    if values.len() < 2 {
        return format!("{mean:.decimals$}");
    }
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    format!(
        "{mean:.decimals$} ± {:.decimals$}",
        (squares / (count - 1.0)).sqrt()
    )
}

fn wrong<'a>(evaluations: &[&'a Evaluation], classes: [&'a str; 2]) -> Vec<Wrong<'a>> {
    let networks = evaluations.iter().map(|evaluation| Wrong {
        network: &evaluation.network,
        reviews: evaluation
            .worst
            .iter()
            .map(|review| WrongReview {
                path: &review.path,
                text: &review.text,
                label: classes[usize::from(review.label > 0)],
                verdict: verdict(review.probability, classes),
            })
            .collect(),
    });
    networks
        .filter(|network| !network.reviews.is_empty())
        .collect()
}

fn verdict(probability: f64, classes: [&str; 2]) -> String {
    let (class, sure) = match probability > 0.5 {
        true => (classes[1], probability),
        false => (classes[0], 1.0 - probability),
    };
    format!("{class}, {:.1} % sure", 100.0 * sure)
}

fn readings<'a>(
    evaluations: &[&'a Evaluation],
    classes: [&'a str; 2],
) -> Result<Vec<Reading<'a>>, ReportError> {
    let Some(first) = evaluations.first() else {
        return Ok(Vec::new());
    };
    let readings = first.traces.iter().map(|trace| {
        let of_networks: Vec<(&str, &TracedReview)> = evaluations
            .iter()
            .filter_map(|evaluation| {
                let same = |other: &&TracedReview| other.path == trace.path;
                Some((
                    evaluation.network.as_str(),
                    evaluation.traces.iter().find(same)?,
                ))
            })
            .collect();
        Ok(Reading {
            path: &trace.path,
            label: trace.label.map(|label| classes[usize::from(label > 0)]),
            chart: chart::beliefs("Belief after each word", &of_networks).svg()?,
            networks: of_networks
                .into_iter()
                .map(|(network, trace)| Shaded {
                    network,
                    verdict: verdict(trace.probability, classes),
                    words: shaded(trace),
                })
                .collect(),
        })
    });
    readings.collect()
}

fn shaded(trace: &TracedReview) -> Vec<Word<'_>> {
    let words = trace.words.iter().zip(&trace.unknown).zip(&trace.beliefs);
    words
        .map(|((text, unknown), belief)| Word {
            text,
            unknown: *unknown,
            shade: (belief * 10.0).round().clamp(0.0, 10.0) as usize,
            belief: format!("{belief:.2}"),
        })
        .collect()
}

/// Writes a chart into `folder`, as `NAME.svg` and `NAME.png`, and says where they are.
///
/// # Errors
/// [`ReportError::File`], and what was there before stays; [`ReportError::Chart`] for what is no SVG.
pub fn save_chart(folder: &Path, name: &str, svg: &str) -> Result<[PathBuf; 2], ReportError> {
    let [vector, pixels] = ["svg", "png"].map(|end| folder.join(format!("{name}.{end}")));
    recurrent_files::write(&vector, svg.as_bytes())?;
    recurrent_files::write(&pixels, &chart::png(svg, PNG_SCALE)?)?;
    Ok([vector, pixels])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_means_with_their_spread() {
        assert_eq!(figure(&[0.5], 3), "0.500");
        assert_eq!(figure(&[1.0, 2.0, 3.0], 1), "2.0 ± 1.0");
        assert_eq!(grouped(144_705), "144,705");
        assert_eq!(grouped(65), "65");
        assert_eq!(grouped(1_000), "1,000");
    }

    #[test]
    fn a_verdict_names_the_class_and_how_sure() {
        assert_eq!(verdict(0.25, ["neg", "pos"]), "neg, 75.0 % sure");
        assert_eq!(verdict(0.999, ["neg", "pos"]), "pos, 99.9 % sure");
    }
}
