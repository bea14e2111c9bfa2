//! `recurrent predict`: class and probability for raw text, from the command line, a pipe, or a file of any length.

use std::borrow::Cow;
use std::ffi::OsString;
use std::io::{IsTerminal as _, Write};
use std::ops::ControlFlow;
use std::path::PathBuf;

use recurrent::{Added, Rows, ScoredWriter, Scores, TextClassifier, TextScores};
use recurrent_files::FileError;
use serde::Serialize;

use crate::backend::Backend;
use crate::error::CliError;
use crate::lines::Lines;
use crate::named::{self, Named};
use crate::say;
use crate::tables::TextArguments;
use crate::terminal::printable;
use crate::texts::{self, NO_WORDS, NOTHING};

/// Lines of standard input, or texts of a command line, that are judged together.
const BATCH: usize = 256;

/// Rows of a file that are judged together.
const ROWS: usize = 8192;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// A model's directory, or a run's (all its models); then texts. Without texts and `--input`, standard input is read,
    /// one text per line. A text that looks like an option stands after `--`.
    #[arg(value_name = "MODEL [TEXT]", num_args = 0..)]
    words: Vec<OsString>,
    /// The folder of the model; all that stands alone is then text.
    #[arg(long, hide = true)]
    model: Option<PathBuf>,
    /// Classify the rows of a file: CSV, TSV, JSON lines or plain lines, compressed or not, of any length.
    #[arg(long)]
    input: Option<PathBuf>,
    /// Write the rows with the columns `prediction` and `probability` added to this file [default: standard output].
    #[arg(long, alias = "output", requires = "input")]
    out: Option<PathBuf>,
    /// Add the probability of every class: a column each in a file, `scores` in JSON.
    #[arg(long)]
    probabilities: bool,
    #[command(flatten)]
    table: TextArguments,
    /// Print one JSON object per line; what is not UTF-8 is shown as U+FFFD.
    #[arg(long, conflicts_with = "input")]
    json: bool,
}

/// What `--json` prints.
#[derive(Serialize)]
struct Verdict<'a> {
    text: Cow<'a, str>,
    /// None where there is nothing to judge.
    label: Option<&'a str>,
    probability: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scores: Option<serde_json::Map<String, serde_json::Value>>,
    /// Why there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), CliError> {
    let (folder, words) = match (&arguments.model, arguments.words.as_slice()) {
        (Some(model), words) => (model.clone(), words),
        (None, [model, words @ ..]) => (PathBuf::from(model), words),
        (None, []) => return Err(CliError::NoModelNamed),
    };
    let texts = texts::of_arguments("predict", words)?;
    if let (Some(input), [text, ..]) = (&arguments.input, texts.as_slice()) {
        return Err(CliError::TextsAndInput {
            path: input.clone(),
            text: String::from_utf8_lossy(text).into_owned(),
        });
    }
    let (_, device) = Backend::Flex.open()?;
    let models = named::load(&[folder], &device)?;
    if let (Some(out), true) = (&arguments.out, models.len() > 1) {
        return Err(CliError::OneOutput {
            path: out.clone(),
            models: models.into_iter().map(|named| named.label).collect(),
        });
    }
    for named in models {
        let mut judge = Judge::new(named, arguments);
        match &arguments.input {
            Some(input) => judge.file(input, arguments)?,
            None if texts.is_empty() => judge.standard_input()?,
            None => judge.arguments(&texts)?,
        }
    }
    Ok(())
}

/// Judges texts, batch by batch.
struct Judge {
    folder: PathBuf,
    classifier: TextClassifier,
    json: bool,
    probabilities: bool,
    /// Whether the first texts have been looked at for padding.
    noted: bool,
}

impl Judge {
    fn new(named: Named, arguments: &Arguments) -> Self {
        Self {
            folder: named.folder,
            classifier: TextClassifier::from(named.model),
            json: arguments.json,
            probabilities: arguments.probabilities,
            noted: false,
        }
    }

    fn arguments(&mut self, texts: &[&[u8]]) -> Result<(), CliError> {
        if let [text] = texts
            && self.ids(text).iter().all(|id| *id == 0)
        {
            return Err(CliError::NothingToJudge {
                text: String::from_utf8_lossy(text).into_owned(),
            });
        }
        for batch in texts.chunks(BATCH) {
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
            let batch = lines.batch(BATCH)?;
            if batch.is_empty() || self.batch(&batch)?.is_break() {
                return Ok(());
            }
        }
    }

    /// Writes the rows of a file again, with what is said of each.
    fn file(&mut self, input: &std::path::Path, arguments: &Arguments) -> Result<(), CliError> {
        let rows = Rows::open(input, &arguments.table.options())?;
        match &arguments.out {
            Some(path) => {
                let mut out = recurrent_files::replace(path)?;
                self.rows(rows, &mut out, path)?;
                out.commit()?;
                Ok(())
            }
            None => {
                let mut out = std::io::stdout().lock();
                match self.rows(rows, &mut out, std::path::Path::new("standard output")) {
                    // A reader that has gone away (`| head`) is no error.
                    Err(error) if error.is_broken_pipe() => Ok(()),
                    result => result,
                }
            }
        }
    }

    fn rows(
        &mut self,
        mut rows: Rows,
        out: &mut impl Write,
        path: &std::path::Path,
    ) -> Result<(), CliError> {
        let classes = self.classifier.classes().to_vec();
        let columns: Vec<String> = classes
            .iter()
            .map(|class| format!("probability_{class}"))
            .collect();
        let mut added = vec!["prediction", "probability"];
        if self.probabilities {
            added.extend(columns.iter().map(String::as_str));
        }
        let mut writer = ScoredWriter::new(out, path, &rows, &added)?;
        let mut values = Vec::with_capacity(added.len());
        loop {
            let batch = rows.next_batch(ROWS)?;
            if batch.is_empty() {
                break;
            }
            let texts: Vec<&str> = batch.iter().map(|row| row.text.as_str()).collect();
            let scores = self.scores(&texts)?;
            for (row, scores) in batch.iter().zip(scores.iter()) {
                let prediction = scores.prediction();
                values.clear();
                if scores.has_words {
                    values.push(Added::Text(prediction.class));
                    values.push(Added::Single(prediction.probability as f32));
                } else {
                    values.extend([Added::Missing, Added::Missing]);
                }
                if self.probabilities {
                    let each = scores.probabilities.iter();
                    values.extend(each.map(|probability| match scores.has_words {
                        true => Added::Single(*probability as f32),
                        false => Added::Missing,
                    }));
                }
                writer.write(row, &values)?;
            }
        }
        writer.finish()?.flush().map_err(FileError::write(path))?;
        Ok(())
    }

    fn scores<T: AsRef<[u8]> + Sync>(&self, texts: &[T]) -> Result<Scores<'_>, CliError> {
        self.classifier.scores(texts).map_err(|error| match error {
            recurrent::ClassifierError::NotFinite { text } => CliError::NotFinite {
                folder: self.folder.clone(),
                text: texts.get(text).map_or_else(String::new, |text| {
                    String::from_utf8_lossy(text.as_ref()).into_owned()
                }),
            },
            error => error.into(),
        })
    }

    fn ids(&self, text: &[u8]) -> Vec<i32> {
        self.classifier.model().ids(text)
    }

    /// Prints the verdicts on texts, in their order.
    fn batch<T: AsRef<[u8]> + Sync>(&mut self, texts: &[T]) -> Result<ControlFlow<()>, CliError> {
        self.note_padding(texts);
        let scores = match self.scores(texts) {
            Err(error @ CliError::NotFinite { .. }) if texts.len() > 1 => {
                // Those before it have their verdicts.
                let (half, rest) = texts.split_at(texts.len() / 2);
                if self.batch(half)?.is_break() {
                    return Ok(ControlFlow::Break(()));
                }
                return match self.batch(rest) {
                    // Which of them it is.
                    Err(CliError::NotFinite { folder, text }) => {
                        Err(CliError::NotFinite { folder, text })
                    }
                    Ok(_) => Err(error),
                    result => result,
                };
            }
            result => result?,
        };
        let lines = texts
            .iter()
            .zip(scores.iter())
            .map(|(text, scores)| self.line(text.as_ref(), scores))
            .collect::<Result<Vec<_>, _>>()?;
        texts::print_lines(&lines.join("\n"))
    }

    /// Says on the first texts with words, once, what padding does to them.
    fn note_padding<T: AsRef<[u8]>>(&mut self, texts: &[T]) {
        if self.noted {
            return;
        }
        let (mut words, mut positions) = (0, 0);
        for text in texts {
            let ids = self.ids(text.as_ref());
            let known = ids.iter().filter(|id| **id != 0).count();
            words += known;
            positions += if known > 0 { ids.len() } else { 0 };
        }
        if positions == 0 {
            return;
        }
        self.noted = true;
        let network = self.classifier.config().network.network();
        if let Some(note) =
            network.and_then(|network| texts::padding_note(network, words, positions))
        {
            say(&note);
        }
    }

    fn line(&self, text: &[u8], scores: TextScores<'_, '_>) -> Result<String, CliError> {
        let text = String::from_utf8_lossy(text);
        let prediction = scores.has_words.then(|| scores.prediction());
        if self.json {
            let by_class = || {
                let each = scores.by_class();
                each.map(|(class, probability)| (class.to_owned(), probability.into()))
                    .collect()
            };
            return texts::json(&Verdict {
                text,
                label: prediction.map(|prediction| prediction.class),
                probability: prediction.map(|prediction| prediction.probability),
                scores: (self.probabilities && scores.has_words).then(by_class),
                reason: prediction.is_none().then_some(NO_WORDS),
            });
        }
        let Some(prediction) = prediction else {
            return Ok(NOTHING.to_owned());
        };
        let mut line = format!(
            "{} {:.4}  {}",
            printable(prediction.class),
            prediction.probability,
            printable(&text)
        );
        if self.probabilities {
            let each: Vec<String> = scores
                .by_class()
                .map(|(class, probability)| format!("{} {probability:.4}", printable(class)))
                .collect();
            line = format!("{line}  ({})", each.join(", "));
        }
        Ok(line)
    }
}
