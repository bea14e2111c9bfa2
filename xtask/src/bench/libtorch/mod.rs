//! Training on libtorch beside PyTorch on the same libtorch's processor, in the same run.

mod operations;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use serde::Serialize;

pub(super) use self::operations::run as operations;
use super::lstm::{self, Answer, Case, Row};
use super::machine::Machine;
use super::subject::Process;
use crate::error::Error;
use crate::libtorch::{self, Kind, Libtorch, Version};

/// Texts of an epoch of the notebook.
const EPOCH: f64 = 25_000.0;
const NOTEBOOK: Case = ("lstm", "train", 32, 100, 64);

/// Who is measured, under which name, where, and as which subject of its process.
struct Subject {
    name: &'static str,
    backend: &'static str,
    asked: &'static str,
}

const fn subject(name: &'static str, backend: &'static str, asked: &'static str) -> Subject {
    Subject {
        name,
        backend,
        asked,
    }
}

/// On a CPU, the kernels and ATen's layers, and Flex for comparison.
const ON_CPU: [Subject; 5] = [
    subject("ours", "libtorch-cpu", "recurrent"),
    subject("ours, ATen", "libtorch-cpu-aten", "recurrent"),
    subject("ours, Flex", "flex", "recurrent"),
    subject("burn", "libtorch-cpu", "burn"),
    subject("pytorch", "cpu", "pytorch"),
];
/// On a GPU, PyTorch also with CUDA graphs.
const ON_CUDA: [Subject; 3] = [
    subject("ours", "libtorch-cuda", "recurrent"),
    subject("pytorch", "cuda", "pytorch"),
    subject("pytorch-graphs", "cuda", "pytorch-graphs"),
];

/// What to run, how often at most, and for how long. The processes read what concerns them.
#[derive(Clone, Debug, Serialize)]
struct Request {
    subject: &'static str,
    network: &'static str,
    mode: &'static str,
    batch: usize,
    time: usize,
    hidden: usize,
    /// Of our process.
    backend: &'static str,
    /// Of PyTorch.
    device: &'static str,
    /// Steps before the device is waited for: a GPU is kept busy as in training.
    runs: usize,
    repeats: usize,
    seconds: f64,
}

/// The version that PyTorch has in the environment of the peers.
const VERSION: Version = Version::V2_9_0;

/// Builds our process with a libtorch.
fn build(libtorch: &Libtorch) -> Result<PathBuf, Error> {
    // The second package has the loss and Adam, which need the feature as well.
    let args = [
        "bench",
        "-p",
        "recurrent-models",
        "-p",
        "recurrent-training",
        "--bench",
        lstm::BENCH,
        "--features",
        "recurrent-training/libtorch",
        "--no-run",
    ];
    crate::cargo::build_with(&args, lstm::BENCH, |command| libtorch.set(command))
}

/// What `--json` writes.
#[derive(Debug, Serialize)]
struct Results {
    machine: Machine,
    gpu: Option<String>,
    libtorch: String,
    rows: Vec<Row>,
}

/// The notebook's shape first, and the others.
pub(super) fn cases(quick: bool) -> Vec<Case> {
    let mut cases = vec![NOTEBOOK];
    if !quick {
        for time in [100, 400] {
            for hidden in [64, 128, 256] {
                for batch in [32, 128, 1024] {
                    cases.push(("lstm", "train", batch, time, hidden));
                }
            }
        }
        cases.dedup();
    }
    cases
}

/// The shapes whose operations are counted. A SimpleRNN on a CPU has as many as it has steps of time.
pub(super) fn counted(quick: bool) -> Vec<Case> {
    let networks: &[_] = if quick {
        &["lstm"]
    } else {
        &["lstm", "simple_rnn"]
    };
    let case = |network: &&'static str| (*network, "train", 32, 100, 64);
    networks.iter().map(case).collect()
}

/// Stock burn takes minutes for a step of the large shapes.
fn takes_part(subject: &Subject, (_, _, batch, time, hidden): Case) -> bool {
    subject.asked != "burn" || batch * time * hidden <= 32 * 100 * 128
}

pub(super) fn run(
    root: &Path,
    python: &Path,
    kind: Kind,
    cases: &[Case],
    quick: bool,
    json: Option<&Path>,
) -> Result<ExitCode, Error> {
    let gpu = libtorch::driver();
    if kind == Kind::Cuda && gpu.is_none() {
        return Err(Error::NoGpu);
    }
    let libtorch = libtorch::ensure(kind, VERSION)?;
    let binary = build(&libtorch)?;
    let script = super::peer_script(root, "lstm.py")?;
    let mut machine = Machine::look();
    let mut ours = Command::new(binary);
    libtorch.set_search_path(ours.arg("--serve"));
    let mut ours = Process::start(&mut ours)?;
    let threads = machine.threads.to_string();
    let mut pytorch = Process::start(
        Command::new(python)
            .arg(&script)
            .args(["pytorch", &threads]),
    )?;
    machine
        .peers
        .push(format!("pytorch {}", pytorch.version()?));
    println!("{}", machine.sheet());
    let on = gpu.as_deref().filter(|_| kind == Kind::Cuda);
    println!(
        "{}; {}\n",
        libtorch.describe(),
        on.unwrap_or("no GPU is used")
    );
    println!("{}", lstm::HEADER);

    let (subjects, runs) = match kind {
        Kind::Cpu => (ON_CPU.as_slice(), 1),
        Kind::Cuda => (ON_CUDA.as_slice(), 20),
    };
    let (rounds, repeats, seconds) = if quick { (5, 40, 0.5) } else { (3, 20, 0.5) };
    let mut rows = Vec::new();
    for case in cases.iter().copied() {
        let taking: Vec<&Subject> = subjects
            .iter()
            .filter(|subject| takes_part(subject, case))
            .collect();
        let mut times = vec![Vec::new(); taking.len()];
        let (network, mode, batch, time, hidden) = case;
        for _ in 0..rounds {
            for (subject, ms) in taking.iter().zip(&mut times) {
                let process = match subject.asked {
                    "recurrent" | "burn" => &mut ours,
                    _ => &mut pytorch,
                };
                let answer: Answer = process.ask(&Request {
                    subject: subject.asked,
                    network,
                    mode,
                    batch,
                    time,
                    hidden,
                    backend: subject.backend,
                    device: subject.backend,
                    runs,
                    repeats,
                    seconds,
                })?;
                // The first runs of a round find the caches as the others left them.
                let warm = answer.ms.len().min(3) - 1;
                ms.extend(answer.ms[warm..].iter().map(|ms| ms / runs as f64));
            }
        }
        let of_case: Vec<Row> = taking
            .iter()
            .zip(times)
            .map(|(subject, ms)| lstm::row(case, subject.name, ms, None))
            .collect();
        print!("{}", lstm::lines(&of_case));
        rows.extend(of_case);
    }
    println!("\n{}", epochs(&rows));
    if let Some(path) = json {
        let libtorch = libtorch.describe();
        let gpu = on.map(str::to_owned);
        super::write_json(
            path,
            &Results {
                machine,
                gpu,
                libtorch,
                rows,
            },
        )?;
    }
    Ok(ExitCode::SUCCESS)
}

/// What the notebook's shape means for an epoch of its training, without evaluation.
fn epochs(rows: &[Row]) -> String {
    let of_notebook = rows
        .iter()
        .filter(|row| (row.network, row.mode, row.batch, row.time, row.hidden) == NOTEBOOK);
    let each: Vec<String> = of_notebook
        .map(|row| format!("{} {:.2} s", row.subject, EPOCH / row.samples_per_second))
        .collect();
    format!(
        "An epoch of {EPOCH} reviews at the notebook's shape: {}.",
        each.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_notebooks_shape_comes_first_and_once() {
        assert_eq!(cases(true), [NOTEBOOK]);
        let all = cases(false);
        assert_eq!(all.len(), 18);
        assert_eq!(all[0], NOTEBOOK);
        assert_eq!(all.iter().filter(|case| **case == NOTEBOOK).count(), 1);
    }

    #[test]
    fn an_epoch_is_as_long_as_its_reviews() {
        let row = lstm::row(NOTEBOOK, "ours", vec![3.2], None);
        assert_eq!(
            epochs(&[row]),
            "An epoch of 25000 reviews at the notebook's shape: ours 2.50 s."
        );
    }
}
