//! Training and inference of recurrent networks: the kernels alone, this project's networks, burn's
//! own layers, PyTorch and Keras.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, ExitCode};

use serde::{Deserialize, Serialize};

use super::machine::Machine;
use super::subject::Process;
use crate::error::Error;

pub(super) const BENCH: &str = "lstm_throughput";

/// Its package and name.
pub(super) const BUILD: (&str, &str) = ("recurrent-models", BENCH);

/// What to run, how often at most, and for how long.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Request {
    pub(super) subject: &'static str,
    pub(super) network: &'static str,
    pub(super) mode: &'static str,
    pub(super) batch: usize,
    pub(super) time: usize,
    pub(super) hidden: usize,
    pub(super) repeats: usize,
    pub(super) seconds: f64,
}

/// What a run took.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Answer {
    /// Milliseconds of each run.
    pub(super) ms: Vec<f64>,
    /// Floating-point operations of a run, where the process counts them.
    pub(super) flop: Option<f64>,
}

/// One line of the results.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Row {
    pub(super) network: &'static str,
    pub(super) mode: &'static str,
    pub(super) batch: usize,
    pub(super) time: usize,
    pub(super) hidden: usize,
    pub(super) subject: &'static str,
    pub(super) ms_min: f64,
    pub(super) ms_median: f64,
    pub(super) samples_per_second: f64,
    /// Billions of floating-point operations per second; of the kernels only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) gflops: Option<f64>,
}

/// What `--json` writes.
#[derive(Debug, Serialize)]
struct Results {
    machine: Machine,
    /// A product of two 1024 × 1024 matrices in PyTorch, measured in every round.
    gemm_gflops: f64,
    rows: Vec<Row>,
}

/// The shape of a case: network, mode, batch, time, hidden.
pub(super) type Case = (&'static str, &'static str, usize, usize, usize);

/// Which of the shapes to measure; where nothing is said, all.
#[derive(Clone, Debug, Default, clap::Args)]
#[group(skip)]
#[command(next_help_heading = "Shapes of `lstm`, all if not said; several with commas")]
pub(crate) struct Selection {
    /// Networks, by name
    #[arg(long, value_delimiter = ',', conflicts_with = "quick")]
    network: Vec<String>,
    /// `train`, `infer`
    #[arg(long, value_delimiter = ',', conflicts_with = "quick")]
    mode: Vec<String>,
    /// Texts of a batch
    #[arg(long, value_delimiter = ',', conflicts_with = "quick")]
    batch: Vec<usize>,
    /// Tokens of a text
    #[arg(long, value_delimiter = ',', conflicts_with = "quick")]
    time: Vec<usize>,
    /// Units of the layer
    #[arg(long, value_delimiter = ',', conflicts_with = "quick")]
    units: Vec<usize>,
}

impl Selection {
    /// Whether nothing is said.
    pub(super) fn is_empty(&self) -> bool {
        let words = self.network.is_empty() && self.mode.is_empty();
        words && self.batch.is_empty() && self.time.is_empty() && self.units.is_empty()
    }

    /// The cases selected.
    pub(super) fn of(&self, cases: Vec<Case>) -> Result<Vec<Case>, Error> {
        fn has<T: PartialEq<U>, U>(among: &[T], value: U) -> bool {
            among.is_empty() || among.iter().any(|one| *one == value)
        }
        let selected: Vec<Case> = cases
            .into_iter()
            .filter(|(network, mode, batch, time, units)| {
                has(&self.network, *network)
                    && has(&self.mode, *mode)
                    && has(&self.batch, *batch)
                    && has(&self.time, *time)
                    && has(&self.units, *units)
            })
            .collect();
        if selected.is_empty() {
            return Err(Error::NoSuchShape);
        }
        Ok(selected)
    }
}

/// The shapes measured, in order.
pub(super) fn cases(quick: bool) -> Vec<Case> {
    let mut cases = Vec::new();
    for mode in ["train", "infer"] {
        if quick {
            cases.extend([
                ("lstm", mode, 32, 100, 64),
                ("simple_rnn", mode, 32, 100, 64),
            ]);
            continue;
        }
        for time in [100, 400] {
            for hidden in [64, 128, 256] {
                let batches: &[usize] = if time == 100 {
                    &[1, 32, 128, 1024]
                } else {
                    &[32]
                };
                cases.extend(
                    batches
                        .iter()
                        .map(|batch| ("lstm", mode, *batch, time, hidden)),
                );
            }
        }
        for network in ["simple_rnn", "gru"] {
            for batch in [32, 128] {
                cases.push((network, mode, batch, 100, 64));
            }
        }
    }
    cases
}

/// Whether a subject takes part: stock burn has an LSTM only here, and takes minutes for a step of
/// the large shapes; Keras goes on to the moderate ones.
fn takes_part(subject: &str, (network, _, batch, time, hidden): Case) -> bool {
    let size = batch * time * hidden;
    match subject {
        "burn" => network == "lstm" && size <= 128 * 100 * 64,
        "keras" => size <= 128 * 100 * 256,
        _ => true,
    }
}

pub(crate) fn run(
    root: &Path,
    python: &Path,
    cases: &[Case],
    quick: bool,
    json: Option<&Path>,
) -> Result<ExitCode, Error> {
    let binary = super::build(BUILD)?;
    let script = super::peer_script(root, "lstm.py")?;
    let mut machine = Machine::look();
    let mut ours = Process::start(Command::new(binary).arg("--serve"))?;
    let mut peer = |name: &str| -> Result<Process, Error> {
        let mut command = Command::new(python);
        command
            .arg(&script)
            .arg(name)
            .arg(machine.threads.to_string());
        let mut process = Process::start(&mut command)?;
        let version = process.version()?;
        machine.peers.push(format!("{name} {version}"));
        Ok(process)
    };
    let mut pytorch = peer("pytorch")?;
    let mut keras = peer("keras")?;
    println!("{}\n", machine.sheet());
    println!("{HEADER}");

    let (rounds, repeats, seconds) = if quick { (5, 40, 0.25) } else { (3, 20, 0.5) };
    let mut gemm = f64::INFINITY;
    let mut rows = Vec::new();
    for case in cases.iter().copied() {
        let (network, mode, batch, time, hidden) = case;
        let mut times: BTreeMap<usize, Vec<f64>> = BTreeMap::new();
        let mut flop = None;
        let subjects = ["kernels", "recurrent", "pytorch", "keras", "burn"];
        for _ in 0..rounds {
            for (place, subject) in subjects.into_iter().enumerate() {
                if !takes_part(subject, case) {
                    continue;
                }
                let process = match subject {
                    "pytorch" => &mut pytorch,
                    "keras" => &mut keras,
                    _ => &mut ours,
                };
                let answer: Answer = process.ask(&Request {
                    subject,
                    network,
                    mode,
                    batch,
                    time,
                    hidden,
                    repeats,
                    seconds,
                })?;
                // The first runs of a round find the caches as the others left them.
                let warm = answer.ms.len().min(3) - 1;
                times.entry(place).or_default().extend(&answer.ms[warm..]);
                flop = flop.or(answer.flop);
            }
            let request = Request {
                subject: "gemm",
                network,
                mode,
                batch,
                time,
                hidden,
                repeats: 8,
                seconds: 0.2,
            };
            let answer: Answer = pytorch.ask(&request)?;
            gemm = answer.ms.into_iter().fold(gemm, f64::min);
        }
        let of_case: Vec<Row> = times
            .into_iter()
            .map(|(place, ms)| row(case, subjects[place], ms, flop))
            .collect();
        print!("{}", lines(&of_case));
        rows.extend(of_case);
    }
    let results = Results {
        machine,
        gemm_gflops: 2.0 * 1024f64.powi(3) / gemm / 1e6,
        rows,
    };
    println!(
        "\nsgemm 1024³ in PyTorch: {:.0} GFLOP/s. Times are minimum and median over {rounds} rounds.",
        results.gemm_gflops
    );
    if let Some(path) = json {
        super::write_json(path, &results)?;
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) fn row(case: Case, subject: &'static str, mut ms: Vec<f64>, flop: Option<f64>) -> Row {
    ms.sort_by(f64::total_cmp);
    let (network, mode, batch, time, hidden) = case;
    let (ms_min, ms_median) = (ms[0], ms[ms.len() / 2]);
    Row {
        network,
        mode,
        batch,
        time,
        hidden,
        subject,
        ms_min,
        ms_median,
        samples_per_second: batch as f64 / ms_min * 1e3,
        gflops: flop
            .filter(|_| subject == "kernels")
            .map(|flop| flop / ms_min / 1e6),
    }
}

pub(super) const HEADER: &str = "network     mode     B    T    H  subject      min ms   med ms   samples/s  PyTorch ÷ it  GFLOP/s";

/// A case's lines; how many times PyTorch's time each subject's is, by minimum and by median.
pub(super) fn lines(rows: &[Row]) -> String {
    let pytorch = rows.iter().find(|row| row.subject == "pytorch");
    rows.iter()
        .map(|row| {
            let ratio = pytorch.map_or_else(String::new, |pytorch| {
                format!(
                    "{:.2} {:.2}",
                    pytorch.ms_min / row.ms_min,
                    pytorch.ms_median / row.ms_median
                )
            });
            let gflops = row.gflops.map_or_else(String::new, |g| format!("{g:.0}"));
            format!(
                "{:<11} {:<5} {:>4} {:>4} {:>4}  {:<10} {:>8.2} {:>8.2} {:>11.0}  {:>12}  {:>7}\n",
                row.network,
                row.mode,
                row.batch,
                row.time,
                row.hidden,
                row.subject,
                row.ms_min,
                row.ms_median,
                row.samples_per_second,
                ratio,
                gflops
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_has_minimum_median_and_rate() {
        let case = ("lstm", "train", 32, 100, 64);
        let ours = row(case, "kernels", vec![3.0, 2.0, 4.0], Some(5e8));
        assert_eq!((ours.ms_min, ours.ms_median), (2.0, 3.0));
        assert_eq!(ours.samples_per_second, 16_000.0);
        assert_eq!(ours.gflops, Some(250.0));
        let peer = row(case, "pytorch", vec![8.0, 9.0, 7.0], Some(5e8));
        assert_eq!(peer.gflops, None);
        let lines = lines(&[ours, peer]);
        assert!(lines.contains("3.50 2.67"), "{lines}");
    }

    #[test]
    fn shapes_are_selected_by_what_they_have() {
        let selection = Selection {
            network: vec!["lstm".to_owned()],
            batch: vec![32, 128],
            units: vec![64],
            time: vec![100],
            ..Selection::default()
        };
        let selected = selection.of(cases(false)).unwrap();
        let batches: Vec<_> = selected.iter().map(|case| (case.1, case.2)).collect();
        let expected = [("train", 32), ("train", 128), ("infer", 32), ("infer", 128)];
        assert_eq!(batches, expected);
        let nothing = Selection {
            batch: vec![33],
            ..Selection::default()
        };
        assert!(nothing.of(cases(false)).is_err());
    }

    #[test]
    fn the_quick_run_keeps_to_one_shape() {
        assert_eq!(cases(true).len(), 4);
        assert!(
            cases(true)
                .iter()
                .all(|case| (case.2, case.3, case.4) == (32, 100, 64))
        );
        assert_eq!(cases(false).len(), 38);
    }
}
