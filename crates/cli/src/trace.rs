//! `recurrent trace`: what networks believe after each word, and what reaches back in time.

use std::collections::BTreeMap;
use std::io::{BufRead as _, IsTerminal as _};
use std::path::{Path, PathBuf};

use anstyle::{Color, RgbColor, Style};
use burn::tensor::Device;
use clap::value_parser;
use indicatif::{ProgressBar, ProgressStyle};
use recurrent_data::{DatasetChoice, ReadOptions, Review, Split, read};
use recurrent_report::chart;
use recurrent_runs::GradientCurve;
use recurrent_training::write_json;

use crate::backend::Backend;
use crate::dataset::find;
use crate::error::CliError;
use crate::evaluation::gradients;
use crate::reading::{self, Reading, Wanted};
use crate::terminal::{printable, printable_json};
use crate::{print, say};
use recurrent::Model;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// A directory written by `reproduce`, such as target/reproduce/lstm; may be given several times.
    #[arg(long, required = true)]
    model: Vec<PathBuf>,
    /// Texts to read; without any, standard input is read, one text a line.
    text: Vec<String>,
    /// Print one JSON object for each text and model, one a line.
    #[arg(long)]
    json: bool,
    /// With the state and the gates of every unit after each word (in JSON).
    #[arg(long, requires = "json")]
    states: bool,
    /// With the norm of d loss / d h after each word: how strongly the end still feels it.
    #[arg(long)]
    gradient: bool,
    /// The class whose loss is meant; without, each text's own verdict, or the label it has.
    #[arg(long, requires = "gradient")]
    label: Option<String>,
    /// Take the gradients over the whole test split and draw them by distance from the end.
    #[arg(long, requires = "gradient", conflicts_with_all = ["text", "json", "label"])]
    test_split: bool,
    /// The reviews for --test-split: auto, imdb, sample, or the path of an archive or folder.
    #[arg(long, default_value = "auto")]
    dataset: DatasetChoice,
    /// Where archives are looked for and downloaded to.
    #[arg(long, default_value = "datasets")]
    datasets: PathBuf,
    /// At most so many reviews of the test split, spread evenly over it.
    #[arg(long, value_parser = value_parser!(u32).range(1..), requires = "test_split")]
    reviews: Option<u32>,
    /// Draw, too: words.svg of what all models believe of the last text, or gradient.svg; each as PNG and
    /// the gradients as JSON.
    #[arg(long, required_if_eq("test_split", "true"))]
    out: Option<PathBuf>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), CliError> {
    let (_, device) = Backend::Flex.open()?;
    let models = arguments
        .model
        .iter()
        .map(|folder| Model::load(folder, &device))
        .collect::<Result<Vec<_>, _>>()?;
    if models.iter().any(|model| model.config.provenance.sample) {
        say("note: trained on the bundled sample, not on real reviews");
    }
    if let (true, Some(out)) = (arguments.test_split, &arguments.out) {
        return over_test_split(arguments, &models, out, &device);
    }
    if !arguments.text.is_empty() {
        return arguments
            .text
            .iter()
            .try_for_each(|text| trace(arguments, &models, text, &device));
    }
    if std::io::stdin().is_terminal() {
        say("reading texts from standard input, one a line");
    }
    for line in std::io::stdin().lock().lines() {
        trace(arguments, &models, &line.map_err(CliError::Input)?, &device)?;
    }
    Ok(())
}

fn trace(
    arguments: &Arguments,
    models: &[Model],
    text: &str,
    device: &Device,
) -> Result<(), CliError> {
    let mut traced = Vec::new();
    for (model, folder) in models.iter().zip(&arguments.model) {
        let label = arguments
            .label
            .as_deref()
            .map(|label| class(model, folder, label))
            .transpose()?;
        let wanted = Wanted {
            states: arguments.states,
            gradient: arguments.gradient.then_some(label),
        };
        for reading in reading::read(model, &[text], wanted, device) {
            if arguments.json {
                let line = serde_json::to_string(&reading)
                    .map_err(|error| CliError::Output(error.into()))?;
                print(&printable_json(&line))?;
            } else if std::io::stdout().is_terminal() && !arguments.gradient {
                print_shaded(&reading)?;
            } else {
                print(&table(&reading))?;
            }
            traced.push(reading.traced("", None));
        }
    }
    let Some(out) = &arguments.out else {
        return Ok(());
    };
    let names = names(models, &arguments.model);
    let named: Vec<_> = names.iter().map(String::as_str).zip(&traced).collect();
    draw(
        out,
        "words",
        &chart::beliefs("Belief after each word", &named),
    )
}

/// What models are called in pictures: their networks; with the folder, where two are of one network.
fn names(models: &[Model], folders: &[PathBuf]) -> Vec<String> {
    let networks: Vec<String> = models
        .iter()
        .map(|model| model.config.network.network.name())
        .collect();
    let alike = |network: &String| networks.iter().filter(|other| *other == network).count() > 1;
    networks
        .iter()
        .zip(folders)
        .map(|(network, folder)| {
            if alike(network) {
                format!("{network}, {}", folder.display())
            } else {
                network.clone()
            }
        })
        .collect()
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

fn class(model: &Model, folder: &Path, label: &str) -> Result<usize, CliError> {
    let classes = &model.config.classes;
    let place = classes.iter().position(|class| class == label);
    place.ok_or_else(|| CliError::Label {
        label: label.to_owned(),
        model: folder.to_owned(),
        first: classes[0].clone(),
        second: classes[1].clone(),
    })
}

fn verdict(reading: &Reading) -> String {
    let unread = match reading.unread {
        0 => String::new(),
        unread => format!(", {unread} more words were not read"),
    };
    format!(
        "{}: {} {:.4} after {} words and {} steps of padding{unread}",
        reading.network,
        printable(&reading.label),
        reading.probability,
        reading.words,
        reading.tokens.len() - reading.words
    )
}

/// The words on the colour of what is believed after them: orange for the first class, blue for the
/// second, the deeper the surer; what the vocabulary lacks is underlined.
fn print_shaded(reading: &Reading) -> Result<(), CliError> {
    let mut line = String::new();
    for place in 0..reading.words {
        let style = shade(reading.beliefs[place]);
        let style = if reading.unknown[place] {
            style.underline()
        } else {
            style
        };
        let word = printable(&reading.tokens[place]);
        line.push_str(&format!("{style}{word}{style:#} "));
    }
    let plain = matches!(
        anstream::AutoStream::choice(&std::io::stdout()),
        anstream::ColorChoice::Never
    );
    if plain {
        return print(&table(reading));
    }
    print(&format!("{line}\n{}\n", verdict(reading)))
}

fn shade(belief: f64) -> Style {
    // From white to the colour of the class, never so dark that black is hard to read on it.
    let strength = (2.0 * (belief - 0.5).abs()).clamp(0.0, 1.0);
    let (r, g, b) = if belief > 0.5 {
        (92.0, 178.0, 242.0)
    } else {
        (255.0, 158.0, 92.0)
    };
    let mix = |channel: f64| (255.0 + (channel - 255.0) * strength) as u8;
    Style::new()
        .fg_color(Some(Color::Rgb(RgbColor(0, 0, 0))))
        .bg_color(Some(Color::Rgb(RgbColor(mix(r), mix(g), mix(b)))))
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
        printable(&reading.classes[1]),
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
    models: &[Model],
    out: &Path,
    device: &Device,
) -> Result<(), CliError> {
    let dataset = find(&arguments.dataset, &arguments.datasets)?;
    let corpus = read(&dataset.path, &ReadOptions::default())?;
    let all = corpus.reviews(Split::Test);
    let most = arguments.reviews.map_or(all.len(), |most| most as usize);
    let reviews: Vec<&Review> = all
        .iter()
        .step_by(all.len().div_ceil(most.max(1)).max(1))
        .collect();
    let mut curves: Vec<(String, GradientCurve)> = Vec::new();
    for (model, name) in models.iter().zip(names(models, &arguments.model)) {
        let network = printable(&name);
        let bar = ProgressBar::new(reviews.len() as u64);
        if let Ok(style) =
            ProgressStyle::with_template("{prefix} {pos}/{len} [{bar:30}] {eta} left")
        {
            bar.set_style(style);
        }
        bar.set_prefix(network.to_string());
        let curve = gradients(model, &reviews, device, &mut |done| {
            bar.set_position(done as u64)
        });
        bar.finish_and_clear();
        if let Some(curve) = curve {
            let at = |place: usize| curve.by_distance.get(place).map_or(f64::NAN, |q| q.mean);
            print(&format!(
                "{network}: mean norm of d loss / d h over {} reviews: {:.2e} at the last step, \
                 {:.2e} ten before, {:.2e} at the first",
                curve.texts,
                at(0),
                at(10),
                at(curve.by_distance.len().saturating_sub(1))
            ))?;
            curves.push((name, curve));
        }
    }
    if curves.is_empty() {
        return Err(CliError::NoGradient);
    }
    let named: Vec<_> = curves
        .iter()
        .map(|(name, curve)| (name.as_str(), curve))
        .collect();
    draw(out, "gradient", &chart::gradients(&named))?;
    let by_network: BTreeMap<_, _> = named.into_iter().collect();
    Ok(write_json(&out.join("gradient.json"), &by_network)?)
}
