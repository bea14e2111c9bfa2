//! `recurrent predict`: label and probability for raw text.

use std::io::{BufRead, IsTerminal};
use std::path::PathBuf;

use recurrent::Model;
use recurrent_data::clean;
use recurrent_training::{Encoded, probabilities};
use recurrent_vectorizer::Vectorize;
use serde::Serialize;

use crate::backend::Backend;
use crate::error::CliError;
use crate::print;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// A directory written by `reproduce`, such as target/reproduce/lstm.
    #[arg(long)]
    model: PathBuf,
    /// Texts to judge; without any, standard input is read, one text a line.
    text: Vec<String>,
    /// Print one JSON object a line.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Verdict<'a> {
    text: &'a str,
    label: &'a str,
    probability: f64,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), CliError> {
    let (_, device) = Backend::Flex.open()?;
    let model = Model::load(&arguments.model, &device)?;
    if model.config.provenance.sample {
        eprintln!("note: this model was trained on the bundled sample, not on real reviews");
    }
    if !arguments.text.is_empty() {
        return arguments
            .text
            .iter()
            .try_for_each(|text| judge(&model, text, arguments.json));
    }
    if std::io::stdin().is_terminal() {
        eprintln!("reading texts from standard input, one a line");
    }
    for line in std::io::stdin().lock().lines() {
        judge(&model, &line.map_err(CliError::Input)?, arguments.json)?;
    }
    Ok(())
}

fn judge(model: &Model, text: &str, json: bool) -> Result<(), CliError> {
    let (_, device) = Backend::Flex.open()?;
    let width = model.vectorizer.width();
    let mut ids = vec![0; width];
    model.vectorizer.vectorize_into(&clean(text), &mut ids);
    let row = Encoded::new(ids, width, vec![0.0], &device)?;
    let second = probabilities(&model.network, &row, 1)[0];
    let (label, probability) = if second > 0.5 {
        (1, second)
    } else {
        (0, 1.0 - second)
    };
    let verdict = Verdict {
        text,
        label: &model.config.classes[label],
        probability,
    };
    if json {
        let line =
            serde_json::to_string(&verdict).map_err(|error| CliError::Output(error.into()))?;
        print(&line)
    } else {
        print(&format!(
            "{} {:.4}  {text}",
            verdict.label, verdict.probability
        ))
    }
}
