//! The charts of a report: which numbers go into which lines.

use super::lines::{Axis, Line, Lines, SHORT, Scale};
use super::style::{GRID, Ink, PAPER, SERIES, ink};
use super::{reason, svg};
use recurrent_runs::{EpochRecord, Evaluation, GradientCurve, TracedReview};

use crate::ReportError;
use crate::groups::groups;
use crate::run::Run;
use crate::stats::calibration as reliability;
use crate::text::cut;

const SIZE: (u32, u32) = (680, 400);

/// More words than this do not fit under a chart.
const WORDS_UNDER_CHART: usize = 40;

/// Words of a text in a chart's description, and characters of each.
const WORDS_DESCRIBED: (usize, usize) = (200, 24);

/// Loss of all networks, train (dashes) and test, over the epochs.
pub fn loss(runs: &[Run]) -> Lines {
    let losses = |epoch: &EpochRecord| (epoch.train_loss, epoch.test_loss);
    over_epochs(runs, "Loss", "binary cross-entropy, nats", losses)
}

/// Accuracy of all networks, train (dashes) and test, over the epochs.
pub fn accuracy(runs: &[Run]) -> Lines {
    let accuracies = |epoch: &EpochRecord| (epoch.train_accuracy, epoch.test_accuracy);
    over_epochs(runs, "Accuracy", "share of right verdicts", accuracies)
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
    let (width, height) = loss.size;
    let size = (width, 2 * height);
    svg(
        "Loss and accuracy over the epochs",
        &description,
        size,
        |canvas| {
            canvas.fill(&PAPER.color()).map_err(reason)?;
            let (above, below) = canvas.split_vertically(height);
            loss.draw(&above)?;
            accuracy.draw(&below)
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
                name: Some(if test {
                    group.label.clone()
                } else {
                    format!("{}, train", group.label)
                }),
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
                "{}{of} ends at {} on train and {} on test",
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
    let lines = Lines {
        title: format!("{title}: test (line) and train (dashes)"),
        description: format!("{}.{spread}", described.join("; ")),
        x: Axis {
            name: "epoch".to_owned(),
            range: (1.0, epochs as f64),
            scale: Scale::Whole,
        },
        y: Axis::linear(unit, padded(all)),
        lines,
        size: SIZE,
    };
    roomy(lines)
}

/// The chart with room for all the names at its lines' ends.
fn roomy(mut lines: Lines) -> Lines {
    // So many names have room in every chart.
    const USUAL: usize = 16;
    let more = lines.longest_name().saturating_sub(SHORT) as u32;
    lines.size.0 += 7 * more;
    let named = lines.lines.iter().filter(|line| line.name.is_some());
    lines.size.1 += 15 * named.count().saturating_sub(USUAL) as u32;
    lines
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

/// What networks believe of one text, word by word.
pub fn beliefs(title: &str, traces: &[(&str, &TracedReview)]) -> Lines {
    let longest = traces.iter().max_by_key(|(_, trace)| trace.words.len());
    let words = longest.map_or(&[][..], |(_, trace)| &trace.words);
    let few = words.len() <= WORDS_UNDER_CHART;
    let names: Vec<&str> = traces.iter().map(|(name, _)| *name).collect();
    let lines = traces.iter().map(|(network, trace)| Line {
        name: Some((*network).to_owned()),
        ink: ink(network, &names),
        dashed: false,
        points: few,
        values: numbered(&trace.beliefs),
        band: None,
    });
    let half = vec![(0.0, 0.5), (words.len().saturating_sub(1) as f64, 0.5)];
    let ends: Vec<String> = traces
        .iter()
        .filter_map(|(network, trace)| {
            Some(format!("{network} ends at {:.2}", trace.beliefs.last()?))
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
    roomy(Lines {
        title: title.to_owned(),
        description: format!(
            "{}. The text: {}{more}",
            ends.join("; "),
            described.join(" ")
        ),
        x: Axis {
            name: if few {
                String::new()
            } else {
                "words read".to_owned()
            },
            range: (0.0, (words.len().saturating_sub(1) as f64).max(1.0)),
            scale: if few {
                Scale::Words(words.to_vec())
            } else {
                Scale::Linear
            },
        },
        y: Axis::linear("probability of the positive class", (0.0, 1.0)),
        lines: std::iter::once(reference(half, None))
            .chain(lines)
            .collect(),
        size: (if few { 900 } else { SIZE.0 }, SIZE.1),
    })
}

/// How far probabilities can be taken at their word, in ten intervals; each evaluation beside its name.
pub fn calibration(evaluations: &[(&str, &Evaluation)]) -> Lines {
    let mut described = Vec::new();
    let names: Vec<&str> = evaluations.iter().map(|(name, _)| *name).collect();
    let lines: Vec<Line> = evaluations
        .iter()
        .map(|(name, evaluation)| {
            let (bins, error) = reliability(evaluation, 10);
            described.push(format!(
                "{name}: expected calibration error {:.1} points",
                100.0 * error
            ));
            Line {
                name: Some((*name).to_owned()),
                ink: ink(name, &names),
                dashed: false,
                points: true,
                values: bins
                    .iter()
                    .map(|bin| (bin.predicted, bin.observed))
                    .collect(),
                band: None,
            }
        })
        .collect();
    let diagonal = reference(vec![(0.0, 0.0), (1.0, 1.0)], Some("calibrated"));
    roomy(Lines {
        title: "Calibration on the test split".to_owned(),
        description: format!("{}.", described.join("; ")),
        x: Axis::linear("predicted probability of the positive class", (0.0, 1.0)),
        y: Axis::linear("share that is positive", (0.0, 1.0)),
        lines: std::iter::once(diagonal).chain(lines).collect(),
        size: (560, 460),
    })
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
    roomy(Lines {
        title: "How strongly the loss still feels a step".to_owned(),
        description: format!(
            "{}. Mean over {texts} texts; 80 % of them lie in the band.",
            described.join("; ")
        ),
        x: Axis::linear(
            "steps before the end",
            (0.0, time.unwrap_or(2).max(2) as f64 - 1.0),
        ),
        y: Axis {
            name: "norm of d loss / d h".to_owned(),
            // One more power of ten below the lowest mean; what of a band lies deeper is cut there.
            range: ((low / 10.0).max(1e-30), high * 3.0),
            scale: Scale::Log10,
        },
        lines,
        size: SIZE,
    })
}

fn numbered(values: &[f64]) -> Vec<(f64, f64)> {
    values
        .iter()
        .enumerate()
        .map(|(x, y)| (x as f64, *y))
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
