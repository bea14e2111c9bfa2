//! `recurrent predict`: label and probability for raw text.

use std::borrow::Cow;
use std::ffi::OsString;
use std::io::IsTerminal as _;
use std::ops::ControlFlow;
use std::path::PathBuf;

use burn::tensor::Device;
use recurrent_training::{Encoded, probabilities};
use recurrent_vectorizer::Vectorize;
use serde::Serialize;

use crate::backend::Backend;
use crate::error::CliError;
use crate::lines::Lines;
use crate::named::{self, Named};
use crate::say;
use crate::terminal::printable;
use crate::texts::{self, NO_WORDS, NOTHING};

/// Tokens that are judged together, padding included: what a batch keeps in memory grows with them.
const BATCH_TOKENS: usize = 25_600;

/// The most texts that are judged together.
const BATCH_TEXTS: usize = 256;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// A directory written by `reproduce`, such as target/reproduce/lstm.
    #[arg(long)]
    model: PathBuf,
    /// Texts to judge; without any, standard input is read, one text a line. A text may begin with a dash; one that
    /// looks like an option stands after `--`.
    text: Vec<OsString>,
    /// Print one JSON object a line; what is not UTF-8 in a text is shown as U+FFFD there.
    #[arg(long)]
    json: bool,
}

/// What `--json` prints.
#[derive(Serialize)]
struct Verdict<'a> {
    text: Cow<'a, str>,
    /// None where there is nothing to judge.
    label: Option<&'a str>,
    probability: Option<f64>,
    /// Why there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), CliError> {
    let texts = texts::of_arguments("predict", &arguments.text)?;
    let (_, device) = Backend::Flex.open()?;
    for named in named::load(std::slice::from_ref(&arguments.model), &device)? {
        let mut judge = Judge {
            named,
            device: device.clone(),
            json: arguments.json,
            noted: false,
        };
        if texts.is_empty() {
            judge.standard_input()?;
        } else {
            judge.arguments(&texts)?;
        }
    }
    Ok(())
}

/// Judges texts, batch by batch.
struct Judge {
    named: Named,
    device: Device,
    json: bool,
    /// Whether the first texts have been looked at for padding.
    noted: bool,
}

impl Judge {
    fn arguments(&mut self, texts: &[&[u8]]) -> Result<(), CliError> {
        if let [text] = texts
            && self.ids(text).iter().all(|id| *id == 0)
        {
            return Err(CliError::NothingToJudge {
                text: String::from_utf8_lossy(text).into_owned(),
            });
        }
        for batch in texts.chunks(self.most()) {
            if self.batch(batch)?.is_break() {
                break;
            }
        }
        Ok(())
    }

    fn standard_input(&mut self) -> Result<(), CliError> {
        let input = std::io::stdin();
        if input.is_terminal() {
            say("reading texts from standard input, one a line");
        }
        let mut lines = Lines::new(input.lock());
        loop {
            let batch = lines.batch(self.most())?;
            if batch.is_empty() || self.batch(&batch)?.is_break() {
                return Ok(());
            }
        }
    }

    /// The most texts of a batch.
    fn most(&self) -> usize {
        let width = self.named.model.vectorizer.width();
        (BATCH_TOKENS / width.max(1)).clamp(1, BATCH_TEXTS)
    }

    fn ids(&self, text: &[u8]) -> Vec<i32> {
        let model = &self.named.model;
        let mut ids = vec![0; model.vectorizer.width()];
        let vectorizer = model.vectorizer.vectorizer();
        vectorizer.vectorize_bytes_into(&texts::cleaned(model, text), &mut ids);
        ids
    }

    /// Prints the verdicts on texts, in their order.
    fn batch<T: AsRef<[u8]>>(&mut self, texts: &[T]) -> Result<ControlFlow<()>, CliError> {
        let rows: Vec<Vec<i32>> = texts.iter().map(|text| self.ids(text.as_ref())).collect();
        let has_words = |row: &&Vec<i32>| row.iter().any(|id| *id != 0);
        let judged: Vec<i32> = rows.iter().filter(has_words).flatten().copied().collect();
        self.note_padding(&judged);
        let mut seconds = self.probabilities(judged)?.into_iter();
        let mut lines = Vec::with_capacity(texts.len());
        for (text, row) in texts.iter().zip(&rows) {
            // The probabilities are those of the rows with words, in the same order.
            let second = has_words(&row).then(|| seconds.next()).flatten();
            match self.line(text.as_ref(), second) {
                Ok(line) => lines.push(line),
                Err(error) => {
                    // Those before it have their verdicts.
                    if !lines.is_empty() {
                        texts::print_lines(&lines.join("\n"))?.is_break();
                    }
                    return Err(error);
                }
            }
        }
        texts::print_lines(&lines.join("\n"))
    }

    /// Probabilities of the second class, for rows of ids.
    fn probabilities(&self, ids: Vec<i32>) -> Result<Vec<f64>, CliError> {
        let width = self.named.model.vectorizer.width();
        let count = ids.len() / width.max(1);
        if count == 0 {
            return Ok(Vec::new());
        }
        let rows = Encoded::new(ids, width, vec![0.0; count], &self.device)?;
        Ok(probabilities(&self.named.model.network, &rows, count))
    }

    fn note_padding(&mut self, ids: &[i32]) {
        if self.noted || ids.is_empty() {
            return;
        }
        self.noted = true;
        let words = ids.iter().filter(|id| **id != 0).count();
        let kind = self.named.model.config.network.network;
        if let Some(note) = texts::padding_note(kind, words, ids.len()) {
            say(&note);
        }
    }

    fn line(&self, text: &[u8], second: Option<f64>) -> Result<String, CliError> {
        let text = String::from_utf8_lossy(text);
        if second.is_some_and(|second| !second.is_finite()) {
            return Err(self.named.not_finite(&text));
        }
        let verdict = second.map(|second| {
            let (label, probability) = verdict(second);
            (&*self.named.model.config.classes[label], probability)
        });
        if self.json {
            return texts::json(&Verdict {
                text,
                label: verdict.map(|(label, _)| label),
                probability: verdict.map(|(_, probability)| probability),
                reason: verdict.is_none().then_some(NO_WORDS),
            });
        }
        Ok(verdict.map_or_else(
            || NOTHING.to_owned(),
            |(label, probability)| {
                format!(
                    "{} {probability:.4}  {}",
                    printable(label),
                    printable(&text)
                )
            },
        ))
    }
}

/// The class that a probability of the second class speaks for, and the probability of that one.
pub(crate) fn verdict(second: f64) -> (usize, f64) {
    if second > 0.5 {
        (1, second)
    } else {
        (0, 1.0 - second)
    }
}
