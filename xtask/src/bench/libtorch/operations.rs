//! How many operations of ATen a training step starts, ours beside PyTorch's.
//!
//! What a step starts does not depend on the machine, and on a GPU it is what a small network's time goes into.
//! A library of a page of C++ is preloaded into both processes and counts; each runs ten steps and twenty, and
//! the difference is what ten steps have.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use serde::Serialize;

use super::{Answer, Case, Kind, Process, Request, VERSION};
use crate::cargo;
use crate::error::Error;
use crate::libtorch;

const SOURCE: &str = include_str!("operations.cpp");
/// Names the counts' file to the preloaded library.
const VARIABLE: &str = "RECURRENT_OPERATIONS";
const STEPS: usize = 10;

/// How often each operation was run.
type Counts = BTreeMap<String, usize>;

/// A process, how to ask it, and what counts in it.
struct Column<'a> {
    name: &'static str,
    backend: &'static str,
    asked: &'static str,
    program: &'a dyn Fn() -> Command,
    counter: &'a Path,
}

/// What `--json` writes of a shape: for each subject, how many of each operation a step starts.
#[derive(Debug, Serialize)]
struct Counted {
    network: &'static str,
    mode: &'static str,
    batch: usize,
    time: usize,
    hidden: usize,
    operations: BTreeMap<&'static str, BTreeMap<String, f64>>,
}

/// Counts the operations of a step of each of `cases`, and prints them.
pub(in crate::bench) fn run(
    root: &Path,
    python: &Path,
    kind: Kind,
    cases: &[Case],
    json: Option<&Path>,
) -> Result<ExitCode, Error> {
    if !cfg!(target_os = "linux") {
        return Err(Error::NotLinux);
    }
    if kind == Kind::Cuda && libtorch::driver().is_none() {
        return Err(Error::NoGpu);
    }
    let libtorch = libtorch::ensure(kind, VERSION)?;
    let binary = super::build(&libtorch)?;
    let script = crate::bench::peer_script(root, "lstm.py")?;
    let counters = [
        compile(root, "ours", libtorch.folder())?,
        compile(root, "pytorch", &folder_of_pytorch(python)?)?,
    ];
    let ours = || {
        let mut command = Command::new(&binary);
        libtorch.set_search_path(command.arg("--serve"));
        command
    };
    let pytorch = || {
        let mut command = Command::new(python);
        command.arg(&script).args(["pytorch", "1"]);
        command
    };
    let of_ours = |name, backend| Column {
        name,
        backend,
        asked: "recurrent",
        program: &ours,
        counter: &counters[0],
    };
    let of_pytorch = |device| Column {
        name: "pytorch",
        backend: device,
        asked: "pytorch",
        program: &pytorch,
        counter: &counters[1],
    };
    let columns = match kind {
        Kind::Cpu => vec![
            of_ours("ours", "libtorch-cpu"),
            of_ours("ours, as on a GPU", "libtorch-cpu-aten"),
            of_pytorch("cpu"),
        ],
        Kind::Cuda => vec![of_ours("ours", "libtorch-cuda"), of_pytorch("cuda")],
    };
    println!("{}", libtorch.describe());
    let mut results = Vec::new();
    for case in cases {
        let mut counted = Vec::new();
        for column in &columns {
            let few = count(root, column, *case, STEPS)?;
            let many = count(root, column, *case, 2 * STEPS)?;
            counted.push((column.name, difference(&few, &many)));
        }
        let (network, mode, batch, time, hidden) = *case;
        println!(
            "\n{network}, {mode}, B = {batch}, T = {time}, H = {hidden}: operations of a step\n"
        );
        print!("{}", table(&counted));
        results.push(Counted {
            network,
            mode,
            batch,
            time,
            hidden,
            operations: counted.into_iter().collect(),
        });
    }
    if let Some(path) = json {
        crate::bench::write_json(path, &results)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Where a Python's torch lies; its libraries and headers are in there.
fn folder_of_pytorch(python: &Path) -> Result<PathBuf, Error> {
    let mut command = Command::new(python);
    command.args([
        "-c",
        "import os, torch; print(os.path.dirname(torch.__file__))",
    ]);
    let mut folder = None;
    let status = cargo::lines(&mut command, |line| folder = Some(PathBuf::from(line)))?;
    folder
        .filter(|_| status.success())
        .ok_or_else(|| Error::Failed {
            command: cargo::shown(&command),
            status: status.to_string(),
        })
}

/// Builds the library that counts in a process with the libtorch in `folder`.
fn compile(root: &Path, name: &str, folder: &Path) -> Result<PathBuf, Error> {
    let out = root.join("target").join("operations");
    std::fs::create_dir_all(&out).map_err(Error::io(&out))?;
    let source = out.join("operations.cpp");
    std::fs::write(&source, SOURCE).map_err(Error::io(&source))?;
    let library = out.join(format!("{name}.so"));
    let libraries = folder.join("lib");
    let mut compiler = Command::new("c++");
    compiler.args(["-std=c++17", "-O1", "-shared", "-fPIC", "-o"]);
    compiler.arg(&library).arg(&source);
    compiler.arg("-I").arg(folder.join("include"));
    compiler
        .arg("-L")
        .arg(&libraries)
        .args(["-ltorch_cpu", "-lc10"]);
    compiler
        .args(["-Xlinker", "-rpath", "-Xlinker"])
        .arg(&libraries);
    cargo::must(&mut compiler)?;
    Ok(library)
}

/// What a process counts that runs so many steps.
fn count(
    root: &Path,
    column: &Column,
    (network, mode, batch, time, hidden): Case,
    steps: usize,
) -> Result<Counts, Error> {
    let path = root.join("target").join("operations").join("counts");
    if path.exists() {
        std::fs::remove_file(&path).map_err(Error::io(&path))?;
    }
    let mut command = (column.program)();
    command
        .env("LD_PRELOAD", column.counter)
        .env(VARIABLE, &path);
    let mut process = Process::start(&mut command)?;
    if column.asked.starts_with("pytorch") {
        process.version()?;
    }
    let _: Answer = process.ask(&Request {
        subject: column.asked,
        network,
        mode,
        batch,
        time,
        hidden,
        backend: column.backend,
        device: column.backend,
        runs: 1,
        repeats: steps,
        // No end but the steps'.
        seconds: 1e6,
    })?;
    // It writes when it ends.
    drop(process);
    let text = std::fs::read_to_string(&path).map_err(Error::io(&path))?;
    let counts = text.lines().filter_map(|line| {
        let (count, name) = line.split_once(' ')?;
        Some((name.to_owned(), count.parse().ok()?))
    });
    Ok(counts.collect())
}

/// What one step has, given what some steps and as many again have.
fn difference(few: &Counts, many: &Counts) -> BTreeMap<String, f64> {
    let each = many.iter().map(|(name, count)| {
        let before = few.get(name).copied().unwrap_or_default();
        let more = count.saturating_sub(before);
        (name.clone(), more as f64 / STEPS as f64)
    });
    each.filter(|(_, count)| *count > 0.0).collect()
}

/// The sums, and below them each operation, the most frequent first.
fn table(columns: &[(&str, BTreeMap<String, f64>)]) -> String {
    let mut names: Vec<&String> = columns
        .iter()
        .flat_map(|(_, counts)| counts.keys())
        .collect();
    names.sort_unstable();
    names.dedup();
    let of = |counts: &BTreeMap<String, f64>, name: &str| counts.get(name).copied().unwrap_or(0.0);
    let most = |name: &&String| {
        let counts = columns.iter().map(|(_, counts)| of(counts, name));
        counts.fold(0.0, f64::max)
    };
    names.sort_by(|a, b| most(b).total_cmp(&most(a)));
    let line = |name: &str, numbers: &[String]| {
        let numbers: Vec<String> = numbers
            .iter()
            .map(|number| format!("{number:>20}"))
            .collect();
        format!("{name:<36}{}\n", numbers.concat())
    };
    let row = |name: &str, of: &dyn Fn(&BTreeMap<String, f64>) -> f64| {
        let numbers: Vec<String> = columns
            .iter()
            .map(|(_, counts)| shown(of(counts)))
            .collect();
        line(name, &numbers)
    };
    let heads: Vec<String> = columns.iter().map(|(name, _)| (*name).to_owned()).collect();
    let mut out = line("", &heads);
    out += &row("all", &|counts| counts.values().sum());
    for name in names {
        out += &row(name, &|counts| of(counts, name));
    }
    out
}

/// A count; with a digit behind the point where steps differ.
fn shown(count: f64) -> String {
    if count == 0.0 {
        "-".to_owned()
    } else if count.fract() == 0.0 {
        format!("{count:.0}")
    } else {
        format!("{count:.1}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(of: &[(&str, usize)]) -> Counts {
        of.iter()
            .map(|(name, count)| ((*name).to_owned(), *count))
            .collect()
    }

    #[test]
    fn what_comes_once_is_no_part_of_a_step() {
        let few = counts(&[("add", 23), ("copy_", 100)]);
        let many = counts(&[("add", 43), ("copy_", 100), ("mul", 5)]);
        let step = difference(&few, &many);
        assert_eq!(step.len(), 2);
        assert_eq!((step["add"], step["mul"]), (2.0, 0.5));
    }

    #[test]
    fn the_table_has_the_sum_first_and_says_where_there_is_none() {
        let ours = difference(&counts(&[]), &counts(&[("add", 20), ("mul", 5)]));
        let theirs = difference(&counts(&[]), &counts(&[("mm", 30)]));
        let table = table(&[("ours", ours), ("pytorch", theirs)]);
        let words: Vec<Vec<&str>> = table
            .lines()
            .map(|line| line.split_whitespace().collect())
            .collect();
        assert_eq!(words[1], ["all", "2.5", "3"]);
        assert_eq!(words[2], ["mm", "-", "3"]);
        assert_eq!(words[4], ["mul", "0.5", "-"]);
    }
}
