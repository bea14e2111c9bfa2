//! The tables that are generated into pages.

use super::record::{Epoch, QUANTITIES, Record, Run, moments};
use crate::quality::RUNGS;

/// The networks of the notebook, in its order.
pub(super) const NETWORKS: [&str; 3] = ["dense", "simple_rnn", "lstm"];

/// Epochs of the lesson's own runs.
const EPOCHS: usize = 4;

/// The block of this name; none where there is none.
pub(super) fn block(name: &str, record: &Record) -> Option<String> {
    Some(match name {
        "means" => means(record),
        "own means" => own_means(record),
        "seeds" => seeds(record),
        "seeds of simple_rnn" => seeds_of_simple_rnn(record),
        "hashes" => hashes(record),
        "stopping" => stopping(record),
        "held" => held(record),
        "words" => words(record),
        "length" => length(record),
        "gradient" => gradient(record),
        "ladder" => ladder(record),
        "rungs" => rungs(record),
        "trials" => trials(record),
        "sets" => sets(record),
        _ => return None,
    })
}

fn row(cells: impl IntoIterator<Item = String>) -> String {
    let cells: Vec<String> = cells.into_iter().collect();
    format!("| {} |\n", cells.join(" | "))
}

fn head(cells: &[&str]) -> String {
    let names = row(cells.iter().map(ToString::to_string));
    names + "|" + &"---|".repeat(cells.len()) + "\n"
}

/// Mean ± deviation of each quantity after the last epoch.
fn of(runs: &[Run]) -> impl Iterator<Item = String> + '_ {
    QUANTITIES.iter().map(|quantity| {
        let last = runs.iter().filter_map(|run| run.last().get(quantity));
        let (mean, deviation) = moments(&last.collect::<Vec<f64>>());
        format!("{mean:.4} ± {deviation:.4}")
    })
}

/// Mean ± deviation; of one value the value.
fn spread(values: &[f64]) -> String {
    let (mean, deviation) = moments(values);
    match values.len() {
        1 => format!("{mean:.4}"),
        _ => format!("{mean:.4} ± {deviation:.4}"),
    }
}

/// The rungs, what was known, what was aimed at, and what was reached.
fn ladder(record: &Record) -> String {
    let columns = [
        "rung",
        "input and model",
        "known",
        "aim",
        "test accuracy",
        "seeds",
        "training, s",
    ];
    let mut out = head(&columns);
    for rung in &RUNGS {
        let reached = record.quality.rungs.get(&rung.number.to_string());
        let cells = reached.map(|reached| {
            let (seconds, _) = moments(&reached.each(|seed| seed.seconds));
            let accuracies = reached.each(|seed| seed.accuracy);
            [
                spread(&accuracies),
                accuracies.len().to_string(),
                format!("{seconds:.0}"),
            ]
        });
        let cells = cells.unwrap_or_else(|| ["–"; 3].map(str::to_owned));
        let first = [
            rung.number.to_string(),
            rung.title.to_owned(),
            rung.known.to_owned(),
            rung.aim.map_or("–".to_owned(), |aim| format!("{aim:.3}")),
        ];
        out += &row(first.into_iter().chain(cells));
    }
    out
}

/// Every seed of every rung.
fn rungs(record: &Record) -> String {
    let columns = [
        "rung",
        "seed",
        "accuracy",
        "log loss",
        "calibration error",
        "training, s",
        "weights",
    ];
    let mut out = head(&columns);
    for (rung, reached) in &record.quality.rungs {
        for seed in &reached.seeds {
            let weights: Vec<&str> = seed
                .weights
                .iter()
                .map(|hash| hash.get(..12).unwrap_or(hash))
                .collect();
            out += &row([
                rung.clone(),
                seed.seed.to_string(),
                format!("{:.4}", seed.accuracy),
                format!("{:.4}", seed.log_loss),
                format!("{:.4}", seed.calibration),
                format!("{:.0}", seed.seconds),
                format!("`{}`", weights.join("` `")),
            ]);
        }
    }
    out
}

/// What was tried, and how it did on the validation texts.
fn trials(record: &Record) -> String {
    let mut out = head(&["rung", "tried", "validation accuracy", "best epoch"]);
    for trial in &record.quality.trials {
        out += &row([
            trial.rung.to_string(),
            trial.what.clone(),
            spread(&trial.accuracies),
            trial.epoch.to_string(),
        ]);
    }
    out
}

/// The recipes on other sets.
fn sets(record: &Record) -> String {
    let columns = [
        "set",
        "texts",
        "classes",
        "largest class",
        "recipe",
        "accuracy",
        "balanced accuracy",
    ];
    let mut out = head(&columns);
    for set in &record.quality.sets {
        out += &row([
            set.name.clone(),
            set.texts.to_string(),
            set.classes.to_string(),
            format!("{:.3}", set.majority),
            set.recipe.clone(),
            spread(&set.accuracies),
            spread(&set.balanced),
        ]);
    }
    out
}

fn means(record: &Record) -> String {
    let columns = [
        "network",
        "program",
        "train loss",
        "train accuracy",
        "test loss",
        "test accuracy",
    ];
    let mut out = head(&columns);
    for network in NETWORKS {
        for (program, runs) in [("Recurrent", &record.recurrent), ("Keras", &record.keras)] {
            if let Some(runs) = runs.get(network) {
                out += &row([network.to_owned(), program.to_owned()]
                    .into_iter()
                    .chain(of(runs)));
            }
        }
    }
    out
}

fn own_means(record: &Record) -> String {
    let mut out = head(&[
        "network",
        "train loss",
        "train accuracy",
        "test loss",
        "test accuracy",
    ]);
    for network in NETWORKS {
        if let Some(runs) = record.recurrent.get(network) {
            out += &row([network.to_owned()].into_iter().chain(of(runs)));
        }
    }
    out
}

/// The last test accuracy, and the best of all epochs.
fn last_and_best(run: &Run) -> String {
    format!("{:.4} ({:.4})", run.last().test_accuracy, run.best())
}

fn seed_names(runs: &[Run], first: &str) -> Vec<String> {
    let number = |(place, run): (usize, &Run)| match place {
        0 => format!("{first}{}", run.seed),
        _ => run.seed.to_string(),
    };
    runs.iter().enumerate().map(number).collect()
}

fn seeds(record: &Record) -> String {
    let Some(runs) = record.recurrent.get(NETWORKS[0]) else {
        return String::new();
    };
    let mut columns = vec!["network".to_owned(), "program".to_owned()];
    columns.extend(seed_names(runs, "seed "));
    let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
    let mut out = head(&columns);
    for (program, runs) in [("Recurrent", &record.recurrent), ("Keras", &record.keras)] {
        for network in NETWORKS {
            if let Some(runs) = runs.get(network) {
                let names = [network.to_owned(), program.to_owned()];
                out += &row(names.into_iter().chain(runs.iter().map(last_and_best)));
            }
        }
    }
    out
}

fn seeds_of_simple_rnn(record: &Record) -> String {
    let Some(runs) = record.recurrent.get("simple_rnn") else {
        return String::new();
    };
    let columns = seed_names(runs, "seed ");
    let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
    head(&columns) + &row(runs.iter().map(last_and_best))
}

fn hashes(record: &Record) -> String {
    let mut out = head(&["network", "file", "SHA-256, seed 0, ten epochs"]);
    for network in NETWORKS {
        let runs = record.recurrent.get(network).into_iter().flatten();
        for run in runs.filter(|run| run.seed == 0) {
            let weights = (
                "weights.safetensors",
                run.weights.as_deref().unwrap_or_default(),
            );
            let parts = run
                .parts
                .iter()
                .map(|(name, hash)| (name.as_str(), hash.as_str()));
            for (name, hash) in std::iter::once(weights).chain(parts) {
                let what = match name {
                    super::CHECKPOINT => format!("`{name}`, its tensors"),
                    _ => format!("`{name}`"),
                };
                out += &row([network.to_owned(), what, format!("`{hash}`")]);
            }
        }
    }
    out
}

fn stopping(record: &Record) -> String {
    let runs = record.recurrent.get("lstm").map_or(&[][..], Vec::as_slice);
    let last: Vec<f64> = runs.iter().map(|run| run.last().test_accuracy).collect();
    let best: Vec<f64> = runs.iter().map(Run::best).collect();
    let line =
        |what: &str, values: &[f64]| row([what.to_owned(), format!("{:.4}", moments(values).0)]);
    head(&["", "test accuracy, mean over seeds 0 to 4"])
        + &line("after the tenth epoch", &last)
        + &line(
            "at the best epoch of each run, as the *test split* says",
            &best,
        )
}

fn held(record: &Record) -> String {
    let mut out = head(&[
        "seed",
        "epoch that the 5,000 chose",
        "test accuracy, stopped there",
        "the same run, gone on to epoch 10",
    ]);
    for seed in 0..2 {
        let value = |what: &str| record.measured.get(&format!("held-{seed}-{what}")).copied();
        let (Some(epoch), Some(stopped), Some(gone_on)) =
            (value("epoch"), value("stopped"), value("gone-on"))
        else {
            continue;
        };
        let cells = [
            format!("{epoch}"),
            format!("{stopped:.4}"),
            format!("{gone_on:.4}"),
        ];
        out += &row([seed.to_string()].into_iter().chain(cells));
    }
    out
}

/// Test accuracies of the first epochs, and the training accuracy of the last of them.
fn course(run: &Run) -> Vec<String> {
    let epochs = &run.epochs[..run.epochs.len().min(EPOCHS)];
    let mut cells: Vec<String> = epochs
        .iter()
        .map(|epoch| format!("{:.4}", epoch.test_accuracy))
        .collect();
    let last = epochs.last().copied().unwrap_or_else(Epoch::default);
    cells.push(format!("{:.4}", last.train_accuracy));
    cells
}

/// A run of the lesson, or of the notebook, whose first epochs are those of a shorter run.
fn run<'a>(record: &'a Record, name: &str, network: &str, seed: u32) -> Option<&'a Run> {
    match record.lesson.get(name).and_then(|runs| runs.get(network)) {
        Some(run) => Some(run),
        None if name.is_empty() => record
            .recurrent
            .get(network)?
            .iter()
            .find(|run| run.seed == seed),
        None => None,
    }
}

fn words(record: &Record) -> String {
    let mut out = head(&["words", "seed", "epoch 1", "2", "3", "4", "training, 4"]);
    for (words, name) in [
        ("1,000", ""),
        ("5,000", "words-5000"),
        ("20,000", "words-20000"),
    ] {
        for seed in 0..2 {
            let name = if name.is_empty() {
                String::new()
            } else {
                format!("{name}-{seed}")
            };
            if let Some(run) = run(record, &name, "lstm", seed) {
                out += &row([words.to_owned(), seed.to_string()]
                    .into_iter()
                    .chain(course(run)));
            }
        }
    }
    out
}

fn length(record: &Record) -> String {
    let columns = [
        "network",
        "words",
        "length",
        "seed",
        "epoch 1",
        "2",
        "3",
        "4",
        "training, 4",
    ];
    let mut out = head(&columns);
    for (network, words, length, seed, name) in [
        ("lstm", "1,000", 100, 0, ""),
        ("lstm", "1,000", 200, 0, "length-200-0"),
        ("lstm", "1,000", 400, 0, "length-400-0"),
        ("lstm_masked", "1,000", 100, 0, "masked-100-0"),
        ("lstm_masked", "1,000", 200, 0, "length-200-0"),
        ("lstm_masked", "1,000", 400, 0, "length-400-0"),
        ("lstm_masked", "1,000", 400, 1, "length-400-1"),
        ("lstm_masked", "20,000", 400, 0, "both-0"),
        ("lstm_masked", "20,000", 400, 1, "both-1"),
    ] {
        if let Some(run) = run(record, name, network, seed) {
            let cells = [
                network.to_owned(),
                words.to_owned(),
                length.to_string(),
                seed.to_string(),
            ];
            out += &row(cells.into_iter().chain(course(run)));
        }
    }
    out
}

/// Two significant digits.
fn short(value: f64) -> String {
    let magnitude = value.abs().log10().floor() as i32;
    let decimals = usize::try_from(1 - magnitude).unwrap_or(0);
    format!("{value:.decimals$}")
}

fn gradient(record: &Record) -> String {
    let Some(steps) = record.gradient.values().next() else {
        return String::new();
    };
    let mut columns = vec!["steps before the end".to_owned()];
    columns.extend(steps.keys().map(ToString::to_string));
    let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
    let mut out = head(&columns);
    for network in NETWORKS {
        if let Some(norms) = record.gradient.get(network) {
            let cells = norms.values().map(|norm| short(*norm));
            out += &row([network.to_owned()].into_iter().chain(cells));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::record::tests::record;
    use super::*;

    #[test]
    fn tables_have_a_row_for_each_run() {
        let means = block("means", &record()).unwrap();
        assert!(
            means.contains("| lstm | Recurrent | 0.2500 ± 0.0000 |"),
            "{means}"
        );
        assert!(means.contains("| lstm | Keras |"), "{means}");
        let stopping = block("stopping", &record()).unwrap();
        assert!(
            stopping.contains("| after the tenth epoch | 0.8000 |"),
            "{stopping}"
        );
        assert!(stopping.ends_with("| 0.8500 |\n"), "{stopping}");
        assert!(block("other", &record()).is_none());
    }

    #[test]
    fn two_significant_digits() {
        let printed = [0.6123, 0.0371, 1.44, 0.000_26, 12.3].map(short);
        assert_eq!(printed, ["0.61", "0.037", "1.4", "0.00026", "12"]);
    }
}
