//! `recurrent trace`: what networks believe after each word, and what reaches back in time.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::IsTerminal as _;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use anstyle::{Color, RgbColor, Style};
use burn::tensor::Device;
use clap::value_parser;
use indicatif::{ProgressBar, ProgressStyle};
use recurrent_data::{DatasetChoice, Split, read};
use recurrent_report::chart;
use recurrent_runs::{GradientCurve, Quantiles, TracedReview};
use recurrent_training::write_json;
use serde::Serialize;

use crate::backend::Backend;
use crate::dataset::{ReadArguments, find, note_passed_over};
use crate::error::CliError;
use crate::lines::Lines;
use crate::named::{self, Named};
use crate::terminal::{printable, some_of};
use crate::texts::{self, NO_WORDS, NOTHING};
use crate::{print, say};
use recurrent::evaluation::gradients;
use recurrent::reading::{self, Reading, Wanted};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// A model's directory, or a run's (all its models); then texts. Without texts, standard input is read, one text per
    /// line. A text that looks like an option stands after `--`.
    #[arg(value_name = "MODEL [TEXT]", num_args = 0..)]
    words: Vec<OsString>,
    /// A model's directory (may be repeated); everything else is then text.
    #[arg(long, hide_short_help = true)]
    model: Vec<PathBuf>,
    /// Print one JSON object per line for each text and model; what is not UTF-8 is shown as U+FFFD.
    #[arg(long)]
    json: bool,
    /// With --json: the state and gates of every unit after each word.
    #[arg(long, requires = "json")]
    states: bool,
    /// Print the norm of d loss / d h after each word.
    #[arg(long)]
    gradient: bool,
    /// Compute the loss against this class [default: the predicted one].
    #[arg(long, requires = "gradient")]
    label: Option<String>,
    /// Take the gradients over the test split and draw them by distance from the end.
    #[arg(long, requires = "gradient", conflicts_with_all = ["json", "label"])]
    test_split: bool,
    /// The reviews for --test-split: auto, imdb, sample, or the path of an archive or folder.
    #[arg(long, default_value = "auto")]
    dataset: DatasetChoice,
    /// Directory for downloaded archives.
    #[arg(
        long,
        alias = "datasets",
        default_value = "datasets",
        value_name = "DIR"
    )]
    data_dir: PathBuf,
    /// Use at most N reviews, spread evenly over the test split.
    #[arg(long, value_parser = value_parser!(u32).range(1..), requires = "test_split")]
    reviews: Option<u32>,
    /// Write charts to DIR: words.svg and .png of the last text; with --test-split, gradient.svg, .png and .json.
    #[arg(long, required_if_eq("test_split", "true"), value_name = "DIR")]
    out: Option<PathBuf>,
    #[command(flatten)]
    reading: ReadArguments,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), CliError> {
    let (folders, words) = match (arguments.model.as_slice(), arguments.words.as_slice()) {
        ([], []) => return Err(CliError::NoModelNamed),
        ([], [model, words @ ..]) => (vec![PathBuf::from(model)], words),
        (models, words) => (models.to_vec(), words),
    };
    let texts = texts::of_arguments("trace", words)?;
    if let (true, [text, ..]) = (arguments.test_split, texts.as_slice()) {
        return Err(CliError::TextsAndTestSplit {
            text: String::from_utf8_lossy(text).into_owned(),
        });
    }
    let (_, device) = Backend::Flex.open()?;
    let models = named::load(&folders, &device)?;
    if let (true, Some(out)) = (arguments.test_split, &arguments.out) {
        return over_test_split(arguments, &models, out, &device);
    }
    let mut tracer = Tracer {
        arguments,
        labels: models
            .iter()
            .map(|named| arguments.label.as_deref().map(|label| class(named, label)))
            .map(Option::transpose)
            .collect::<Result<_, _>>()?,
        models,
        device,
        noted: false,
        last: Vec::new(),
    };
    if texts.is_empty() {
        tracer.standard_input()?;
    } else {
        tracer.arguments(&texts)?;
    }
    tracer.draw()
}

/// Prints what models believe of one text after the other.
struct Tracer<'a> {
    arguments: &'a Arguments,
    models: Vec<Named>,
    /// The class of each model whose loss is meant, if one was named.
    labels: Vec<Option<usize>>,
    device: Device,
    /// Whether the first text has been looked at for padding.
    noted: bool,
    /// What the models believe of the last text with words, by their labels.
    last: Vec<Traced>,
}

/// What a model makes of a text.
struct Traced {
    label: String,
    /// The class that the probabilities are of.
    class: String,
    trace: TracedReview,
}

/// What `--json` prints of a text in which there is nothing to judge.
#[derive(Serialize)]
struct Unjudged<'a> {
    model: &'a str,
    network: &'a str,
    text: &'a str,
    label: Option<&'a str>,
    probability: Option<f64>,
    reason: &'static str,
    words: usize,
}

impl Tracer<'_> {
    fn arguments(&mut self, texts: &[&[u8]]) -> Result<(), CliError> {
        for text in texts {
            if self.text(text, texts.len() == 1)?.is_break() {
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
        while let Some(line) = lines.batch(1)?.first() {
            if self.text(line, false)?.is_break() {
                break;
            }
        }
        Ok(())
    }

    /// Prints what every model believes of a text. In one without words there is nothing to judge: an error if it is
    /// the only one.
    fn text(&mut self, text: &[u8], only: bool) -> Result<ControlFlow<()>, CliError> {
        let mut traced = Vec::new();
        for (named, label) in self.models.iter().zip(&self.labels) {
            let wanted = Wanted {
                states: self.arguments.states,
                gradient: self.arguments.gradient.then_some(*label),
            };
            for mut reading in reading::read(&named.model, &[text], wanted, &self.device) {
                reading.model.clone_from(&named.label);
                if only && !reading.has_words() {
                    return Err(CliError::NothingToJudge { text: reading.text });
                }
                if reading.has_words() && !reading.is_finite() {
                    return Err(named.not_finite(&reading.text));
                }
                if !self.noted {
                    let network = named.model.config.network.network();
                    let note = network.and_then(|network| {
                        texts::padding_note(network, reading.words, reading.ids.len())
                    });
                    self.noted = note.inspect(|note| say(note)).is_some();
                }
                if texts::print_lines(&self.shown(&reading)?)?.is_break() {
                    return Ok(ControlFlow::Break(()));
                }
                if reading.has_words() {
                    traced.push(Traced {
                        label: named.label.clone(),
                        class: believed_class(&reading).to_owned(),
                        trace: reading.traced("", None),
                    });
                }
            }
        }
        // A text without words says nothing of those that follow.
        self.noted |= !traced.is_empty();
        if !traced.is_empty() {
            self.last = traced;
        }
        Ok(ControlFlow::Continue(()))
    }

    fn shown(&self, reading: &Reading) -> Result<String, CliError> {
        match (reading.has_words(), self.arguments.json) {
            (true, true) => texts::json(reading),
            (false, true) => texts::json(&Unjudged {
                model: &reading.model,
                network: &reading.network,
                text: &reading.text,
                label: None,
                probability: None,
                reason: NO_WORDS,
                words: 0,
            }),
            (false, false) => Ok(format!("{}: {NOTHING}\n", printable(&reading.model))),
            (true, false) => {
                let colours = std::io::stdout().is_terminal()
                    && !self.arguments.gradient
                    && anstream::AutoStream::choice(&std::io::stdout())
                        != anstream::ColorChoice::Never;
                Ok(match colours {
                    true => shaded(reading),
                    false => table(reading),
                })
            }
        }
    }

    /// Draws the last text, where that was asked for.
    fn draw(&self) -> Result<(), CliError> {
        let Some(out) = self
            .arguments
            .out
            .as_ref()
            .filter(|_| !self.last.is_empty())
        else {
            return Ok(());
        };
        let named: Vec<_> = self
            .last
            .iter()
            .map(|traced| chart::Followed {
                label: &traced.label,
                class: &traced.class,
                trace: &traced.trace,
            })
            .collect();
        let chart = chart::beliefs("Probability after each word", &named);
        draw(out, "words", &chart)
    }
}

/// Writes a chart into `out`, as SVG and PNG.
fn draw(out: &Path, name: &str, lines: &chart::Lines) -> Result<(), CliError> {
    std::fs::create_dir_all(out).map_err(CliError::write(out))?;
    let [path, _] = recurrent_report::save_chart(out, name, &lines.svg()?)?;
    // Standard output may be read by a program.
    say(&format!(
        "Drawn: {}",
        printable(&path.display().to_string())
    ));
    Ok(())
}

fn class(named: &Named, label: &str) -> Result<usize, CliError> {
    let classes = &named.model.config.classes;
    let place = classes.iter().position(|class| class == label);
    place.ok_or_else(|| CliError::Label {
        label: label.to_owned(),
        model: named.folder.clone(),
        classes: some_of(classes),
    })
}

fn verdict(reading: &Reading) -> String {
    let unread = match reading.unread {
        0 => String::new(),
        unread => format!(", {unread} more words were not read"),
    };
    format!(
        "{}: {} {:.4} after {} words and {} steps of padding{unread}",
        printable(&reading.model),
        printable(&reading.label),
        reading.probability,
        reading.words,
        reading.tokens.len() - reading.words
    )
}

/// The words on the colour of the prediction after them: orange for the first class, blue for the second, the deeper the
/// higher its probability; what the vocabulary lacks is underlined.
fn shaded(reading: &Reading) -> String {
    let mut line = String::new();
    for place in 0..reading.words {
        let style = shade(reading.beliefs[place]).unwrap_or_default();
        let style = if reading.unknown[place] {
            style.underline()
        } else {
            style
        };
        let token = printable(&reading.tokens[place]);
        line.push_str(&format!("{style}{token}{style:#} "));
    }
    let class = printable(believed_class(reading));
    let sign = |probability: f64, text: &str| match shade(probability) {
        Some(style) => format!("{style} {text} {style:#}"),
        None => text.to_owned(),
    };
    let legend = format!(
        "{} 0.5 {}   {}underlined{}: not in the vocabulary",
        sign(0.0, &format!("p({class}) 0")),
        sign(1.0, "1"),
        Style::new().underline(),
        Style::new().underline().render_reset()
    );
    format!("{line}\n{legend}\n{}\n", verdict(reading))
}

/// None where neither class is more probable than the other, so that the word stays as it is on any terminal.
fn shade(belief: f64) -> Option<Style> {
    // From white to the colour of the class, never so dark that black is hard to read on it.
    let strength = (2.0 * (belief - 0.5).abs()).clamp(0.0, 1.0);
    if strength < 0.1 {
        return None;
    }
    let (r, g, b) = if belief > 0.5 {
        (92.0, 178.0, 242.0)
    } else {
        (255.0, 158.0, 92.0)
    };
    let mix = |channel: f64| (255.0 + (channel - 255.0) * strength) as u8;
    let style = Style::new()
        .fg_color(Some(Color::Rgb(RgbColor(0, 0, 0))))
        .bg_color(Some(Color::Rgb(RgbColor(mix(r), mix(g), mix(b)))));
    Some(style)
}

/// The class that a reading's probabilities after each word are of.
fn believed_class(reading: &Reading) -> &str {
    reading.beliefs_of.as_ref().unwrap_or(&reading.classes[1])
}

/// A line a word: number, belief, gradients, word.
fn table(reading: &Reading) -> String {
    let layers: Vec<_> = reading
        .layers
        .iter()
        .filter(|layer| !layer.gradient.is_empty())
        .collect();
    let mut lines = vec![verdict(reading)];
    if let Some(label) = &reading.loss_label {
        let names: Vec<&str> = layers.iter().map(|layer| layer.name.as_str()).collect();
        lines.push(format!(
            "gradients: of the loss if {} were right; layers: {}",
            printable(label),
            names.join(", ")
        ));
    }
    lines.push(format!(
        "step  p({})  {}word",
        printable(believed_class(reading)),
        "gradient  ".repeat(layers.len())
    ));
    for place in 0..reading.words {
        let gradients: String = layers
            .iter()
            .map(|layer| format!("{:<10.1e}", layer.gradient[place]))
            .collect();
        let unknown = if reading.unknown[place] {
            "  [UNK]"
        } else {
            ""
        };
        lines.push(format!(
            "{:>4}  {:.4}  {gradients}{}{unknown}",
            place + 1,
            reading.beliefs[place],
            printable(&reading.tokens[place])
        ));
    }
    lines.push(String::new());
    lines.join("\n")
}

/// The curve of every recurrent model, drawn and written down.
fn over_test_split(
    arguments: &Arguments,
    models: &[Named],
    out: &Path,
    device: &Device,
) -> Result<(), CliError> {
    let dataset = find(&arguments.dataset, &arguments.data_dir, false)?;
    let corpus = read(&dataset.path, &arguments.reading.options())?;
    note_passed_over(corpus.passed_over());
    let all = corpus.reviews(Split::Test);
    let most = arguments.reviews.map_or(all.len(), |most| most as usize);
    let reviews: Vec<(&str, usize)> = all
        .iter()
        .step_by(all.len().div_ceil(most.max(1)).max(1))
        .map(|review| (review.text.as_str(), review.label))
        .collect();
    let mut curves: Vec<(&str, GradientCurve)> = Vec::new();
    for named in models {
        let shown = printable(&named.label).into_owned();
        let bar = ProgressBar::new(reviews.len() as u64);
        if let Ok(style) =
            ProgressStyle::with_template("{prefix} {pos}/{len} [{bar:30}] {eta} left")
        {
            bar.set_style(style);
        }
        bar.set_prefix(shown.clone());
        let curve = gradients(&named.model, &reviews, device, &mut |done| {
            bar.set_position(done as u64)
        });
        bar.finish_and_clear();
        if let Some(curve) = curve {
            let finite = |quantiles: &Quantiles| quantiles.mean.is_finite();
            if !curve.by_distance.iter().all(finite) {
                return Err(named.not_finite("the test split"));
            }
            let last = curve.by_distance.len().saturating_sub(1);
            let places = [
                (0, "at the last step"),
                (10, "ten before"),
                (last, "at the first"),
            ];
            let norms = places.iter().filter_map(|(place, name)| {
                let quantiles = curve.by_distance.get(*place)?;
                Some(format!("{:.2e} {name}", quantiles.mean))
            });
            print(&format!(
                "{shown}: mean norm of d loss / d h over {} reviews: {}",
                curve.texts,
                norms.collect::<Vec<_>>().join(", ")
            ))?;
            curves.push((&named.label, curve));
        }
    }
    if curves.is_empty() {
        return Err(CliError::NoGradient);
    }
    let named: Vec<_> = curves
        .iter()
        .map(|(label, curve)| (*label, curve))
        .collect();
    draw(out, "gradient", &chart::gradients(&named))?;
    let by_model: BTreeMap<_, _> = named.into_iter().collect();
    Ok(write_json(&out.join("gradient.json"), &by_model)?)
}
