//! The charts of a report: which numbers go into which lines.

use super::lines::{Axis, Line, Lines, Scale};
use super::style::{GRID, Ink, PAPER, SERIES, ink};
use super::{reason, svg};
use recurrent_metrics::Report;
use recurrent_runs::{EpochRecord, GradientCurve, TracedReview};

use crate::ReportError;
use crate::groups::groups;
use crate::run::Run;
use crate::text::{LABEL, cut};

/// Pixels of a chart, two of which fit side by side on a page.
const SIZE: (u32, u32) = (560, 320);

/// Pixels of a chart that has a page's width for itself.
const WIDE: (u32, u32) = (1136, 340);

/// More words than this do not fit under a chart.
const WORDS_UNDER_CHART: usize = 70;

/// Words of a text in a chart's description, and characters of each.
const WORDS_DESCRIBED: (usize, usize) = (200, 24);

/// Loss of all networks, train (dashes) and test, over the epochs.
pub fn loss(runs: &[Run]) -> Lines {
    let losses = |epoch: &EpochRecord| (epoch.train_loss, epoch.test_loss);
    over_epochs(runs, "Loss", "cross-entropy, nats", losses)
}

/// Accuracy of all networks, train (dashes) and test, over the epochs.
pub fn accuracy(runs: &[Run]) -> Lines {
    let accuracies = |epoch: &EpochRecord| (epoch.train_accuracy, epoch.test_accuracy);
    over_epochs(runs, "Accuracy", "accuracy", accuracies)
}

/// [`loss`] and [`accuracy`] as one picture.
///
/// # Errors
/// [`ReportError::Chart`] if the drawing library fails.
pub fn curves(runs: &[Run]) -> Result<String, ReportError> {
    let (loss, accuracy) = (loss(runs), accuracy(runs));
    let description = format!(
        "Loss: {} Accuracy: {}",
        loss.description, accuracy.description
    );
    let (width, height) = loss.whole_size();
    let size = (width, height + accuracy.whole_size().1);
    svg(
        "Loss and accuracy over the epochs",
        &description,
        size,
        |canvas| {
            canvas.fill(&PAPER.color()).map_err(reason)?;
            let (above, below) = canvas.split_vertically(height);
            let mut tips = loss.draw(&above)?;
            tips.extend(accuracy.draw(&below)?);
            Ok(tips)
        },
    )
}

/// One line for every group of runs that differ in their seed alone, as far as all of them go.
fn over_epochs(
    runs: &[Run],
    title: &str,
    unit: &str,
    values: impl Fn(&EpochRecord) -> (f64, f64),
) -> Lines {
    let mut lines = Vec::new();
    let mut described = Vec::new();
    let mut epochs: usize = 1;
    let held_out = held_out(runs);
    let groups = groups(runs);
    let labels: Vec<&str> = groups.iter().map(|group| group.label.as_str()).collect();
    for group in &groups {
        let common = group.common_epochs();
        epochs = epochs.max(common);
        let of_runs = group.epochs();
        let mut ends = Vec::new();
        for test in [false, true] {
            let mut means = Vec::new();
            let mut band = Vec::new();
            for epoch in 0..common {
                let found: Vec<f64> = of_runs
                    .iter()
                    .filter_map(|records| records.get(epoch))
                    .map(|record| {
                        let (train, of_test) = values(record);
                        if test { of_test } else { train }
                    })
                    .collect();
                let (mean, spread) = mean_and_spread(&found);
                let x = (epoch + 1) as f64;
                means.push((x, mean));
                band.push((x, mean - spread, mean + spread));
            }
            if let Some((_, last)) = means.last() {
                ends.push(*last);
            }
            lines.push(Line {
                name: test.then(|| group.label.clone()),
                ink: ink(&group.label, &labels),
                dashed: !test,
                points: common == 1,
                values: means,
                band: (group.runs.len() > 1).then_some(band),
            });
        }
        if let [train, test] = ends[..] {
            let of = match group.runs.len() {
                1 => String::new(),
                runs => format!(", mean of {runs} runs,"),
            };
            described.push(format!(
                "{}{of} ends at {} on train and {} on {held_out}",
                group.label,
                worded(train),
                worded(test)
            ));
        }
    }
    let all = lines.iter().flat_map(|line| {
        let band = line
            .band
            .iter()
            .flatten()
            .flat_map(|(_, low, high)| [*low, *high]);
        line.values.iter().map(|(_, y)| *y).chain(band)
    });
    let spread = if groups.iter().any(|group| group.runs.len() > 1) {
        " A band is one standard deviation each way."
    } else {
        ""
    };
    Lines {
        title: format!("{title}: {held_out} (solid) and train (dashed)"),
        description: format!("{}.{spread}", described.join("; ")),
        x: Axis {
            name: "epoch".to_owned(),
            range: (1.0, epochs as f64),
            scale: Scale::Whole,
        },
        y: Axis::linear(unit, padded(all)),
        places: (1..=epochs).map(|epoch| format!("epoch {epoch}")).collect(),
        lines,
        size: SIZE,
    }
}

/// What epochs were evaluated on.
pub(crate) fn held_out(runs: &[Run]) -> &str {
    let mut names = runs.iter().map(|run| run.info.held_out());
    match names.next() {
        Some(first) if names.all(|name| name == first) => first,
        Some(_) => "held out",
        None => "test",
    }
}

fn worded(value: f64) -> String {
    if value.is_finite() {
        format!("{value:.3}")
    } else {
        "no finite value".to_owned()
    }
}

/// Mean and standard deviation (n − 1).
fn mean_and_spread(values: &[f64]) -> (f64, f64) {
    let count = values.len().max(1) as f64;
    let mean = values.iter().sum::<f64>() / count;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (mean, (squares / (count - 1.0).max(1.0)).sqrt())
}

/// The ends of finite values, and a little more.
fn padded(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let (low, high) = values
        .filter(|value| value.is_finite())
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
            (low.min(value), high.max(value))
        });
    if low > high {
        return (0.0, 1.0);
    }
    let space = ((high - low) * 0.05).max(0.01);
    (low - space, high + space)
}

/// A text as a network read it, for a chart.
#[derive(Clone, Copy, Debug)]
pub struct Followed<'a> {
    /// What the network is called.
    pub label: &'a str,
    /// The class that its probabilities are of.
    pub class: &'a str,
    /// The text.
    pub trace: &'a TracedReview,
}

/// The probability that networks give a class after each word of a text. Where a network reads padding after the words,
/// the last place is what it predicts in the end.
pub fn beliefs(title: &str, followed: &[Followed<'_>]) -> Lines {
    let longest = followed.iter().max_by_key(|of| of.trace.words.len());
    let words = longest.map_or(&[][..], |of| &of.trace.words);
    let padding = followed
        .iter()
        .map(|of| of.trace.padding)
        .max()
        .unwrap_or(0);
    let few = words.len() <= WORDS_UNDER_CHART;
    let names: Vec<&str> = followed.iter().map(|of| of.label).collect();
    let class = followed.first().map_or("", |of| of.class);
    let same_class = followed.iter().all(|of| of.class == class);
    let lines = followed.iter().map(|of| {
        let mut values = numbered(&of.trace.beliefs);
        if let Some(end) = of.trace.scores.get(of.trace.beliefs_of as usize)
            && padding > 0
            && !values.is_empty()
        {
            values.push((words.len() as f64 + 1.0, *end));
        }
        Line {
            name: Some(match same_class {
                true => of.label.to_owned(),
                false => format!("{}: {}", of.label, cut(of.class, LABEL)),
            }),
            ink: ink(of.label, &names),
            dashed: false,
            points: few,
            values,
            band: None,
        }
    });
    let places = words.len() + usize::from(padding > 0);
    let end = (places as f64).max(2.0);
    // Of two classes, above one half is the one, below it the other.
    let half = followed
        .first()
        .filter(|of| of.trace.scores.len() == 2)
        .map(|_| reference(vec![(1.0, 0.5), (end, 0.5)], None));
    let ends: Vec<String> = followed
        .iter()
        .filter_map(|of| {
            let last = of.trace.beliefs.last()?;
            let class = cut(of.class, LABEL);
            Some(format!(
                "{}: {class} {last:.2} after the last word",
                of.label
            ))
        })
        .collect();
    let described: Vec<_> = words
        .iter()
        .take(WORDS_DESCRIBED.0)
        .map(|word| cut(word, WORDS_DESCRIBED.1))
        .collect();
    let more = match words.len() - described.len() {
        0 => String::new(),
        more => format!(" … and {more} more words"),
    };
    let padded = (padding > 0).then(|| format!("padding ×{padding}"));
    let mut at: Vec<String> = words
        .iter()
        .enumerate()
        .map(|(n, word)| format!("{} {}", n + 1, cut(word, 24)))
        .collect();
    at.extend(padded.clone());
    let written = words.iter().cloned().chain(padded.clone()).collect();
    Lines {
        title: title.to_owned(),
        description: format!(
            "{}. The text: {}{more}",
            ends.join("; "),
            described.join(" ")
        ),
        x: Axis {
            name: match (few, padding) {
                (true, _) => String::new(),
                (false, 0) => "words read".to_owned(),
                (false, padding) => {
                    format!("words read; the last point is after {padding} steps of padding")
                }
            },
            range: (1.0, end),
            scale: match few {
                true => Scale::Words(written),
                false => Scale::Linear,
            },
        },
        y: Axis::linear(
            &match same_class {
                true => format!("probability of {}", cut(class, LABEL)),
                false => "probability".to_owned(),
            },
            (0.0, 1.0),
        ),
        lines: half.into_iter().chain(lines).collect(),
        places: at,
        size: WIDE,
    }
}

/// Whether networks are right as often as they say, in ten intervals of the predicted class's probability.
///
/// Source: Guo et al., "On Calibration of Modern Neural Networks", 2017.
pub fn calibration(split: &str, reports: &[(&str, &Report)]) -> Lines {
    let mut described = Vec::new();
    let names: Vec<&str> = reports.iter().map(|(name, _)| *name).collect();
    let lines: Vec<Line> = reports
        .iter()
        .map(|(name, report)| {
            described.push(format!(
                "{name}: expected calibration error {:.1} points",
                100.0 * report.calibration.expected_error
            ));
            let bins = report.calibration.bins.iter().filter(|bin| bin.texts > 0);
            Line {
                name: Some((*name).to_owned()),
                ink: ink(name, &names),
                dashed: false,
                points: true,
                values: bins.map(|bin| (bin.confidence, bin.accuracy)).collect(),
                band: None,
            }
        })
        .collect();
    let values = || lines.iter().flat_map(|line| &line.values);
    let low = values().fold(0.5, |low, (x, y)| f64::min(low, x.min(*y)));
    let low = (low * 10.0).floor() / 10.0;
    let diagonal = reference(vec![(low, low), (1.0, 1.0)], Some("calibrated"));
    Lines {
        title: format!("Calibration on the {split} texts"),
        description: format!("{}.", described.join("; ")),
        x: Axis::linear("probability of the predicted class", (low, 1.0)),
        y: Axis::linear("share that is right", (low, 1.0)),
        lines: std::iter::once(diagonal).chain(lines).collect(),
        places: Vec::new(),
        size: SIZE,
    }
}

/// How strongly the loss at the end still feels each step: mean over texts, and where 80 % of them lie.
pub fn gradients(curves: &[(&str, &GradientCurve)]) -> Lines {
    let texts = curves
        .iter()
        .map(|(_, curve)| curve.texts)
        .max()
        .unwrap_or(0);
    let time = curves
        .iter()
        .map(|(_, curve)| curve.by_distance.len())
        .max();
    let mut described = Vec::new();
    let mut lines = Vec::new();
    let names: Vec<&str> = curves.iter().map(|(name, _)| *name).collect();
    for (name, curve) in curves {
        let points = curve.by_distance.iter().enumerate();
        let at = |x: usize| x as f64;
        if let [first, .., last] = curve.by_distance[..] {
            described.push(format!(
                "{name}: of {:.1e} at the last step, {:.1e} is left at the first",
                first.mean, last.mean
            ));
        }
        lines.push(Line {
            name: Some((*name).to_owned()),
            ink: ink(name, &names),
            dashed: false,
            points: false,
            values: points.clone().map(|(x, q)| (at(x), q.mean)).collect(),
            band: Some(points.map(|(x, q)| (at(x), q.low, q.high)).collect()),
        });
    }
    let values = lines.iter().flat_map(|line| &line.values).map(|(_, y)| *y);
    let (low, high) = values
        .filter(|value| *value > 0.0 && value.is_finite())
        .fold((1.0f64, 1e-12f64), |(low, high), y| {
            (low.min(y), high.max(y))
        });
    Lines {
        title: "How strongly the loss feels each step".to_owned(),
        description: format!(
            "{}. Mean over {texts} texts; the band holds the middle 80 % of them.",
            described.join("; ")
        ),
        x: Axis::linear(
            "steps before the end",
            (0.0, time.unwrap_or(2).max(2) as f64 - 1.0),
        ),
        y: Axis {
            name: "norm of d loss / d h".to_owned(),
            // Whole powers of ten, one more below the lowest mean; what of a band lies deeper is cut there.
            range: (
                10f64.powf(low.log10().floor() - 1.0).max(1e-30),
                10f64.powf(high.log10().ceil()),
            ),
            scale: Scale::Log10,
        },
        lines,
        places: Vec::new(),
        size: SIZE,
    }
}

fn numbered(values: &[f64]) -> Vec<(f64, f64)> {
    values
        .iter()
        .enumerate()
        .map(|(place, y)| (place as f64 + 1.0, *y))
        .collect()
}

/// A line that is not data.
fn reference(values: Vec<(f64, f64)>, name: Option<&str>) -> Line {
    let last: Ink = SERIES[SERIES.len() - 1];
    Line {
        name: name.map(str::to_owned),
        ink: if name.is_some() { last } else { GRID },
        dashed: true,
        points: false,
        values,
        band: None,
    }
}
