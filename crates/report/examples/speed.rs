//! Draws the README's chart of speed from what `cargo xtask bench lstm --json FILE` wrote:
//! `cargo run --release -p recurrent-report --example speed -- FILE.json CHART.svg` (or CHART.png)

use std::error::Error;
use std::path::Path;

use recurrent_report::chart::{Bars, png};
use serde::Deserialize;

/// The file, as far as it is drawn.
#[derive(Deserialize)]
struct Results {
    machine: Machine,
    rows: Vec<Row>,
}

#[derive(Deserialize)]
struct Machine {
    cpu: String,
    threads: usize,
    features: Vec<String>,
    date: String,
    peers: Vec<String>,
}

#[derive(Deserialize)]
struct Row {
    network: String,
    mode: String,
    batch: usize,
    time: usize,
    hidden: usize,
    subject: String,
    ms_median: f64,
}

/// The shape of the notebook: batch, steps, units.
const SHAPE: (usize, usize, usize) = (32, 100, 64);

/// Subjects as the file calls them, and as they are called; ours first.
const SUBJECTS: [(&str, &str); 3] = [
    ("recurrent", "Recurrent"),
    ("pytorch", "PyTorch"),
    ("keras", "Keras"),
];

/// What is drawn: network, mode, and what that is. Not the SimpleRNN: its gradients vanish into numbers that are too small
/// to be normal, which some libraries compute with slowly and others do not.
const WORK: [(&str, &str, &str); 2] = [
    ("lstm", "train", "LSTM, one training step"),
    ("lstm", "infer", "LSTM, prediction"),
];

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(from), Some(to)) = (arguments.next(), arguments.next()) else {
        return Err("give the file of results and the chart to write".into());
    };
    let results: Results = serde_json::from_slice(&std::fs::read(&from)?)?;
    let value = |network: &str, mode: &str, subject: &str| {
        results.rows.iter().find_map(|row| {
            let shape = (row.batch, row.time, row.hidden);
            let wanted = row.network == network && row.mode == mode && row.subject == subject;
            (wanted && shape == SHAPE).then_some(row.ms_median)
        })
    };
    let mut groups = Vec::new();
    for (network, mode, name) in WORK {
        let bars = SUBJECTS.iter().filter_map(|(subject, name)| {
            let value = value(network, mode, subject)?;
            Some(((*name).to_owned(), value))
        });
        let bars: Vec<(String, f64)> = bars.collect();
        if bars.len() == SUBJECTS.len() {
            groups.push((name.to_owned(), bars));
        }
    }
    if groups.is_empty() {
        return Err(format!("{from}: no row of the notebook's shape").into());
    }
    let machine = &results.machine;
    let chart = Bars {
        title: "Milliseconds for a batch of 32 texts of 100 tokens, 64 units (median)".to_owned(),
        note: vec![
            format!(
                "{}, {} threads, {}, {}",
                machine.cpu,
                machine.threads,
                machine.features.join(" "),
                machine.date
            ),
            format!("beside {}", machine.peers.join(" and ")),
        ],
        groups,
    };
    let svg = chart.draw(720)?;
    let to = Path::new(&to);
    match to.extension().is_some_and(|kind| kind == "png") {
        true => recurrent_files::write(to, &png(&svg, 2.0)?)?,
        false => recurrent_files::write(to, svg.as_bytes())?,
    }
    Ok(())
}
