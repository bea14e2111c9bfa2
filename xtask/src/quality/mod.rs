//! `cargo xtask quality`: the ladder of docs/quality.md, one rung at a time.
//!
//! A rung is a recipe in `crates/recurrent/recipes`, or several whose predictions are averaged. With `--validation` it is
//! trained and judged by the texts that are held out of the training texts: for choosing. Without, it is trained and the test
//! texts are read, once: what they say is recorded in docs/quality.json with the hash of each recipe, and from then on the rung
//! stands. Another recipe is refused, and the same one is held against what is recorded.

mod record;
mod run;

use std::path::Path;
use std::process::{Command, ExitCode};

use crate::bench::Machine;
use crate::cargo;
use crate::error::Error;
use crate::inputs::Inputs;
use crate::reproduce;
pub(crate) use record::{Quality, RungRecord};
use run::{Trained, train};

/// Where the recipes lie.
const RECIPES: &str = "crates/recurrent/recipes";

/// Where what is trained is kept.
const KEPT: &str = "target/quality";

/// What `cargo xtask quality` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The rung, 0 to 5, or with --validation the name of a recipe
    rung: String,
    /// Seeds, from 0
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=20))]
    seeds: u32,
    /// Do not read the test texts: say how it does on those held out of the training texts
    #[arg(long)]
    validation: bool,
    /// A program that is built already, instead of a build
    #[arg(long, value_name = "PATH")]
    program: Option<std::path::PathBuf>,
}

/// A rung of the ladder.
pub(crate) struct Rung {
    pub(crate) number: u32,
    /// What it reads and is.
    pub(crate) title: &'static str,
    /// What was known before.
    pub(crate) known: &'static str,
    /// What it is to reach, where it is a rung.
    pub(crate) aim: Option<f64>,
    /// Its recipes, with the weight of each in the mean of their log-odds; one weight, and it is 1, for one recipe.
    pub(crate) members: &'static [(&'static str, f64)],
}

/// The ladder, and before it the linear model that every rung has to beat.
pub(crate) const RUNGS: [Rung; 6] = [
    Rung {
        number: 0,
        title: "naive-Bayes-weighted logistic regression over words, pairs and triples",
        known: "NB-SVM trigrams 0.918",
        aim: None,
        members: &[("nb_linear", 1.0)],
    },
    Rung {
        number: 1,
        title: "1,000 words, the first 100 of a review",
        known: "Keras 0.785, logistic regression 0.796",
        aim: Some(0.82),
        members: &[("notebook", 1.0)],
    },
    Rung {
        number: 2,
        title: "1,000 words, whole reviews",
        known: "logistic regression 0.858",
        aim: Some(0.875),
        members: &[("thousand", 1.0)],
    },
    Rung {
        number: 3,
        title: "any words, whole reviews, one plain recurrent network",
        known: "keras.io's BiLSTM 0.878, DAN 0.894",
        aim: Some(0.905),
        members: &[("plain", 1.0)],
    },
    Rung {
        number: 4,
        title: "one recurrent network with what helps",
        known: "fastText bigrams 0.906, oh-2LSTMp 0.919",
        aim: Some(0.92),
        members: &[("best", 1.0)],
    },
    Rung {
        number: 5,
        title: "the linear model and rungs 3 and 4 together",
        known: "–",
        aim: Some(0.93),
        members: &[("nb_linear", 0.4), ("plain", 0.3), ("best", 0.3)],
    },
];

/// Trains, judges, prints, and records.
pub(crate) fn run(root: &Path, inputs: &Inputs, arguments: &Arguments) -> Result<ExitCode, Error> {
    inputs.check()?;
    if !inputs.have_reviews() {
        return Err(Error::NoReviews);
    }
    let named;
    let rung = match arguments.rung.parse::<u32>() {
        Ok(6) => return Err(Error::NoUnlabelled),
        Ok(number) => RUNGS.iter().find(|rung| rung.number == number),
        Err(_) if arguments.validation => {
            named = [(arguments.rung.as_str(), 1.0)];
            return validated(root, inputs, arguments, &named);
        }
        Err(_) => None,
    };
    let rung = rung.ok_or_else(|| Error::NoSuchRung(arguments.rung.clone()))?;
    if arguments.validation {
        return validated(root, inputs, arguments, rung.members);
    }
    let mut quality = Quality::read(root)?;
    let recipes = rung
        .members
        .iter()
        .map(|(name, weight)| Ok((format!("{name} × {weight}"), run::sha256_of(root, name)?)))
        .collect::<Result<_, Error>>()?;
    let before = quality.rungs.get(&rung.number.to_string()).cloned();
    if before
        .as_ref()
        .is_some_and(|before| before.recipes != recipes)
    {
        return Err(Error::RungChosen(rung.number));
    }
    let program = program(arguments)?;
    let machine = Machine::look();
    let mut record = before.unwrap_or_else(|| RungRecord {
        recipes,
        date: machine.date,
        machine: format!("{}, {} threads", machine.cpu, machine.threads),
        seeds: Vec::new(),
    });
    println!("rung {}: {}", rung.number, rung.title);
    for seed in 0..arguments.seeds {
        let trained = each(root, inputs, &program, rung.members, seed, false)?;
        let seed = run::judged(seed, &trained, rung.members)?;
        println!("{}", seed.line());
        match record.seeds.iter().find(|before| before.seed == seed.seed) {
            Some(before) if seed.is_as(before) => println!("as recorded"),
            Some(before) => {
                println!("it was recorded otherwise: {}", before.line());
                return Ok(ExitCode::FAILURE);
            }
            // At once: what was read has been read.
            None => {
                record.seeds.push(seed);
                quality
                    .rungs
                    .insert(rung.number.to_string(), record.clone());
                quality.write(root)?;
            }
        }
    }
    println!("{}", record.line());
    Ok(ExitCode::SUCCESS)
}

/// How recipes do on the validation texts, seed by seed; nothing is recorded.
fn validated(
    root: &Path,
    inputs: &Inputs,
    arguments: &Arguments,
    members: &[(&str, f64)],
) -> Result<ExitCode, Error> {
    let program = program(arguments)?;
    let mut accuracies = Vec::new();
    for seed in 0..arguments.seeds {
        let trained = each(root, inputs, &program, members, seed, true)?;
        let seed = run::judged(seed, &trained, members)?;
        println!("{}", seed.line());
        accuracies.push(seed.accuracy);
    }
    let (mean, deviation) = crate::results::moments(&accuracies);
    println!("validation accuracy {mean:.4} ± {deviation:.4}");
    Ok(ExitCode::SUCCESS)
}

fn each(
    root: &Path,
    inputs: &Inputs,
    program: &Path,
    members: &[(&str, f64)],
    seed: u32,
    validation: bool,
) -> Result<Vec<Trained>, Error> {
    let one = |(name, _): &(&str, f64)| train(root, inputs, program, name, seed, validation);
    members.iter().map(one).collect()
}

fn program(arguments: &Arguments) -> Result<std::path::PathBuf, Error> {
    match &arguments.program {
        Some(program) => Ok(program.clone()),
        None => cargo::build_release(reproduce::PACKAGE, reproduce::PROGRAM),
    }
}

/// A command of the program, with the data.
fn command(inputs: &Inputs, program: &Path) -> Command {
    let mut command = Command::new(program);
    inputs.set(&mut command);
    command
}
