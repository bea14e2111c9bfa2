//! Fitting and applying a vocabulary on the same text in memory: this project, Keras, scikit-learn,
//! HF tokenizers and polars.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use serde::{Deserialize, Serialize};

use super::machine::Machine;
use super::subject::Process;
use super::{memory, table};
use crate::cargo;
use crate::error::Error;
use crate::inputs::Inputs;

/// The package of the benchmark, and its name.
pub(super) const BUILD: (&str, &str) = ("recurrent-vectorizer", "vectorize");
pub(super) const OURS: &str = "recurrent";

/// Who is compared.
#[derive(Debug, PartialEq, Eq)]
struct Subject {
    name: &'static str,
    /// On how many threads; each number is a process of its own.
    threads: &'static [usize],
    /// Whether it learns bigrams with tf-idf, too.
    bigrams: bool,
    /// In a quick run it gets every so-manieth text.
    quick_every: usize,
}

const SUBJECTS: [Subject; 5] = [
    Subject {
        name: OURS,
        threads: &[1, 2],
        bigrams: true,
        quick_every: 1,
    },
    Subject {
        name: "polars",
        threads: &[1, 2],
        bigrams: false,
        quick_every: 8,
    },
    Subject {
        name: "keras",
        threads: &[1, 2],
        bigrams: true,
        quick_every: 32,
    },
    Subject {
        name: "tokenizers",
        threads: &[1, 2],
        bigrams: false,
        quick_every: 64,
    },
    Subject {
        name: "scikit-learn",
        threads: &[1],
        bigrams: true,
        quick_every: 64,
    },
];

/// What is done by processes that are started for it. The first of each is fitting, whose memory is
/// measured in a process that has done nothing before.
const STAGES: [&[&str]; 2] = [&["fit", "transform", "transform_whole"], &["fit_bigrams"]];

/// What to run, on which part of the text, how often at most, and for how long.
#[derive(Clone, Debug, Serialize)]
struct Request {
    work: &'static str,
    threads: usize,
    every: usize,
    repeats: usize,
    seconds: f64,
    /// Whether to say what came out.
    summary: bool,
}

/// What came of it.
#[derive(Clone, Debug, Deserialize)]
struct Answer {
    /// Milliseconds of each run.
    ms: Vec<f64>,
    /// How much text that was.
    bytes: u64,
    /// The most frequent words in order, where the subject knows them.
    #[serde(default)]
    words: Vec<String>,
    /// How many terms were learned, or ids or entries came out.
    #[serde(default)]
    count: u64,
}

/// The text that is measured on.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct Text {
    corpus: String,
    texts: u64,
    bytes: u64,
}

/// One line of the results.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Row {
    pub(super) subject: &'static str,
    pub(super) work: &'static str,
    pub(super) threads: usize,
    /// Millions of bytes of text per second, in the fastest run.
    pub(super) mb_per_second: f64,
    /// The same in the median run.
    pub(super) mb_per_second_median: f64,
    /// Millions of bytes of text.
    pub(super) text_mb: f64,
    /// Millions of bytes by which memory grew at most; of fitting the whole text only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) peak_mb: Option<f64>,
    /// How many terms were learned, or ids or entries came out.
    pub(super) count: u64,
    /// The same of ours from the same text.
    pub(super) count_of_ours: u64,
    /// Whether the ten most frequent words are those of ours, where the subject knows them.
    pub(super) words_of_ours: bool,
}

/// What `--json` writes.
#[derive(Debug, Serialize)]
struct Results {
    machine: Machine,
    text: Text,
    rows: Vec<Row>,
}

/// A subject on some threads, with what it has said of one piece of work.
struct Part {
    subject: &'static Subject,
    threads: usize,
    every: usize,
    process: Process,
    /// Of the first fit.
    grown: Option<u64>,
    ms: Vec<f64>,
}

impl Part {
    fn request(&self, work: &'static str) -> Request {
        Request {
            work,
            threads: self.threads,
            every: self.every,
            repeats: 1,
            seconds: 0.0,
            summary: false,
        }
    }
}

/// Starts processes.
struct Starter<'a> {
    bench: PathBuf,
    script: PathBuf,
    python: &'a Path,
    text: PathBuf,
    quick: bool,
}

impl Starter<'_> {
    /// Everyone who takes part in a stage, and their versions.
    fn start(&self, stage: &[&str]) -> Result<(Vec<Part>, Vec<String>), Error> {
        let mut parts = Vec::new();
        for subject in &SUBJECTS {
            if stage.contains(&"fit_bigrams") && !subject.bigrams {
                continue;
            }
            for &threads in subject.threads {
                let mut command = if subject.name == OURS {
                    let mut command = Command::new(&self.bench);
                    command.arg("--serve");
                    command
                } else {
                    let mut command = Command::new(self.python);
                    command.arg(&self.script).arg(subject.name);
                    command.arg(threads.to_string());
                    command
                };
                parts.push(Part {
                    subject,
                    threads,
                    every: if self.quick { subject.quick_every } else { 1 },
                    process: Process::start(command.arg(&self.text))?,
                    grown: None,
                    ms: Vec::new(),
                });
            }
        }
        // All are starting at the same time.
        let mut versions = Vec::new();
        for part in &mut parts {
            let shown = format!("{} {}", part.subject.name, part.process.version()?);
            if part.subject.name != OURS && !versions.contains(&shown) {
                versions.push(shown);
            }
        }
        Ok((parts, versions))
    }
}

pub(crate) fn run(
    root: &Path,
    inputs: &Inputs,
    python: &Path,
    quick: bool,
    json: Option<&Path>,
) -> Result<ExitCode, Error> {
    let starter = Starter {
        bench: super::build(BUILD)?,
        script: super::peer_script(root, "vectorizer.py")?,
        python,
        text: root.join("target").join("vectorizer-texts.bin"),
        quick,
    };
    let mut write = Command::new(&starter.bench);
    inputs.set(&mut write);
    let text = written(write.arg("--write").arg(&starter.text))?;
    let mut machine = Machine::look();
    let mut rows = Vec::new();
    for (number, stage) in STAGES.into_iter().enumerate() {
        let (mut parts, versions) = starter.start(stage)?;
        if number == 0 {
            machine.peers = versions;
            println!("{}", machine.sheet());
            println!(
                "{}: {} texts, {:.1} MB\n\n{}",
                text.corpus,
                text.texts,
                text.bytes as f64 / 1e6,
                table::HEADER
            );
        }
        for &work in stage {
            let of_work = measure(&mut parts, work, quick)?;
            print!("{}", table::lines(&of_work));
            rows.extend(of_work);
        }
    }
    println!("\n{}", table::LEGEND);
    if let Some(path) = json {
        let results = Results {
            machine,
            text,
            rows,
        };
        super::write_json(path, &results)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Runs the command that checks our answers and writes the text.
fn written(command: &mut Command) -> Result<Text, Error> {
    let name = cargo::shown(command);
    let mut said = String::new();
    let status = cargo::lines(command, |line| said.push_str(line))?;
    if !status.success() {
        return Err(Error::Failed {
            command: name,
            status: status.to_string(),
        });
    }
    serde_json::from_str(&said).map_err(|source| Error::Json {
        command: name,
        source,
    })
}

/// One piece of work by everyone, in turn, round after round.
fn measure(parts: &mut [Part], work: &'static str, quick: bool) -> Result<Vec<Row>, Error> {
    let (rounds, repeats, seconds) = if quick { (2, 5, 0.2) } else { (3, 10, 1.0) };
    for part in parts.iter_mut() {
        part.ms.clear();
        // The texts come into memory, and the first run is not timed.
        let (load, first) = (part.request("load"), part.request(work));
        let _: Answer = part.process.ask(&load)?;
        let ask = |process: &mut Process| process.ask::<Answer>(&first);
        let (_, grown) = memory::growth(&mut part.process, ask)?;
        part.grown = grown.filter(|_| work.starts_with("fit") && part.every == 1);
    }
    let mut answers = Vec::new();
    for round in 1..=rounds {
        answers.clear();
        for part in parts.iter_mut() {
            let request = Request {
                repeats,
                seconds,
                summary: round == rounds,
                ..part.request(work)
            };
            let answer: Answer = part.process.ask(&request)?;
            part.ms.extend(&answer.ms);
            answers.push(answer);
        }
    }
    let mut rows = Vec::with_capacity(parts.len());
    for (place, theirs) in answers.iter().enumerate() {
        let request = Request {
            summary: true,
            ..parts[place].request(work)
        };
        let ours = parts[0].process.ask(&request)?;
        let part = &parts[place];
        rows.push(Row {
            peak_mb: part.grown.map(|bytes| bytes as f64 / 1e6),
            ..row(
                part.subject.name,
                work,
                part.threads,
                &part.ms,
                theirs,
                &ours,
            )
        });
    }
    Ok(rows)
}

fn row(
    subject: &'static str,
    work: &'static str,
    threads: usize,
    ms: &[f64],
    theirs: &Answer,
    ours: &Answer,
) -> Row {
    let mut ms = ms.to_vec();
    ms.sort_by(f64::total_cmp);
    let rate = |ms: f64| theirs.bytes as f64 / ms / 1e3;
    Row {
        subject,
        work,
        threads,
        mb_per_second: rate(ms[0]),
        mb_per_second_median: rate(ms[ms.len() / 2]),
        text_mb: theirs.bytes as f64 / 1e6,
        peak_mb: None,
        count: theirs.count,
        count_of_ours: ours.count,
        words_of_ours: theirs.words == ours.words,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(words: &[&str], count: u64) -> Answer {
        Answer {
            ms: Vec::new(),
            bytes: 4_000_000,
            words: words.iter().map(|&word| word.to_owned()).collect(),
            count,
        }
    }

    #[test]
    fn a_rate_is_millions_of_bytes_per_second() {
        let theirs = answer(&["the"], 10);
        let row = row("keras", "fit", 2, &[200.0, 100.0, 400.0], &theirs, &theirs);
        assert_eq!((row.mb_per_second, row.mb_per_second_median), (40.0, 20.0));
        assert_eq!(row.text_mb, 4.0);
    }

    #[test]
    fn answers_are_compared() {
        let compared = |theirs| {
            let ours = answer(&["the", "and"], 10);
            let row = row("keras", "fit", 1, &[1.0], &theirs, &ours);
            (row.count, row.count_of_ours, row.words_of_ours)
        };
        assert_eq!(compared(answer(&["the", "and"], 11)), (11, 10, true));
        assert_eq!(compared(answer(&["and", "the"], 10)), (10, 10, false));
    }

    #[test]
    fn everyone_is_compared_with_us_on_as_many_threads() {
        // Ours comes first: `measure` asks the first for what the others are compared with.
        assert_eq!(SUBJECTS[0].name, OURS);
        let ours = SUBJECTS[0].threads;
        let threads = SUBJECTS.iter().flat_map(|subject| subject.threads);
        assert!(threads.into_iter().all(|number| ours.contains(number)));
    }

    #[test]
    fn every_stage_begins_with_fitting() {
        assert!(STAGES.iter().all(|stage| stage[0].starts_with("fit")));
    }

    #[test]
    fn an_answer_may_lack_its_summary() {
        let answer: Answer = serde_json::from_str(r#"{"ms": [1.5], "bytes": 7}"#).unwrap();
        assert_eq!((answer.bytes, answer.count, answer.words.len()), (7, 0, 0));
    }
}
