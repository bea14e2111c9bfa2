//! A model reads texts, and everything it believes on the way is written down.
//!
//! For those who want to look inside. Verdicts alone are [`TextClassifier::predict`](crate::TextClassifier::predict)'s.

use burn::tensor::{Device, Int, Tensor, TensorData};
use recurrent_models::{Network, SequenceClassifier as _, trace};
use recurrent_runs::TracedReview;
use recurrent_training::{Loss, sigmoid};
use serde::Serialize;

use crate::evaluation::loss_gradients;
use crate::scores::largest;
use crate::texts::ends;
use crate::{Architecture, Body, Cut, Model, linear};

/// What to write down beside the beliefs.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted {
    /// The states after each step, and the gates.
    pub states: bool,
    /// How strongly the loss at the end feels each step; of which class, or else of the verdict's own.
    pub gradient: Option<Option<usize>>,
}

/// A text as a network read it, step by step; padding is read, too.
#[derive(Clone, Debug, Serialize)]
pub struct Reading {
    /// Which of the models: its label among them. The network's name where there is one model only.
    pub model: String,
    /// The network's name.
    pub network: String,
    /// The text. What is not UTF-8 in it is shown as U+FFFD, in the tokens, too.
    pub text: String,
    /// The class that the model decides for.
    pub label: String,
    /// Of the verdict.
    pub probability: f64,
    /// All classes.
    pub classes: Vec<String>,
    /// The probability of each class, in that order, for the whole text; in JSON an object by their names.
    pub scores: ByClass,
    /// Whether the network skips padding.
    #[serde(skip)]
    pub masked: bool,
    /// The words read; after them comes padding.
    pub words: usize,
    /// Words that came too late to be read, or, where both ends of a text are read, stand between them.
    pub unread: usize,
    /// How many of the words that are read stand before those that are not, where words behind them are read, too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gap: Option<usize>,
    /// At each step; empty for padding.
    pub tokens: Vec<String>,
    /// At each step; 0 is padding, 1 `[UNK]`.
    pub ids: Vec<i32>,
    /// Whether the step's word became `[UNK]`.
    pub unknown: Vec<bool>,
    /// The class that beliefs speak for, where there are more than two: [`Self::label`]. Of two it is the second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub beliefs_of: Option<String>,
    /// Probability of that class after each step; of a network that judges every token, of the step's word alone.
    pub beliefs: Vec<f64>,
    /// The class whose loss the gradients are of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loss_label: Option<String>,
    /// One for each recurrent layer and direction.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub layers: Vec<LayerReading>,
}

/// The probability of each class, by its name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ByClass(pub Vec<(String, f64)>);

impl Serialize for ByClass {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(class, score)| (class, score)))
    }
}

/// A recurrent layer, one way, while it read.
#[derive(Clone, Debug, Default, Serialize)]
pub struct LayerReading {
    /// As in the names of weights: `recurrent`, `recurrent_0/backward`.
    pub name: String,
    /// Norm of d loss / d h after each step.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub gradient: Vec<f64>,
    /// The state after each step, unit by unit.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub states: Vec<Vec<f32>>,
    /// How far each gate was open at each step, unit by unit.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub gates: Vec<GateReading>,
}

/// A gate of a layer while it read.
#[derive(Clone, Debug, Serialize)]
pub struct GateReading {
    /// `input`, `forget`, `output`; `update`, `reset`.
    pub name: &'static str,
    /// From 0 to 1, at each step, unit by unit.
    pub open: Vec<Vec<f32>>,
}

impl Reading {
    /// Probability of the class that [beliefs](Self::beliefs) speak for, for the whole text: of two classes, of the
    /// second.
    pub fn believed(&self) -> f64 {
        match (&self.beliefs_of, self.classes.as_slice()) {
            (None, [first, _]) if *first == self.label => 1.0 - self.probability,
            _ => self.probability,
        }
    }

    /// Whether there is anything to judge: a token that is no padding.
    pub fn has_words(&self) -> bool {
        self.ids.iter().any(|id| *id != 0)
    }

    /// Whether every number is one. Where weights are too large some are not, and mean nothing.
    pub fn is_finite(&self) -> bool {
        let layers = self.layers.iter().all(|layer| {
            let gates = layer.gates.iter().flat_map(|gate| &gate.open);
            let mut units = layer.states.iter().chain(gates).flatten();
            layer.gradient.iter().all(|x| x.is_finite()) && units.all(|x| x.is_finite())
        });
        layers && self.probability.is_finite() && self.beliefs.iter().all(|x| x.is_finite())
    }

    /// The words, without padding, for a report.
    pub fn traced(&self, path: &str, label: Option<usize>) -> TracedReview {
        let class = match &self.beliefs_of {
            Some(name) => self.classes.iter().position(|class| class == name),
            None => Some(1),
        };
        TracedReview {
            path: path.to_owned(),
            label: label.map(|label| label as u32),
            words: self.tokens[..self.words].to_vec(),
            unknown: self.unknown[..self.words].to_vec(),
            padding: match self.masked {
                true => 0,
                false => self.tokens.len() - self.words,
            },
            beliefs_of: class.unwrap_or(1) as u32,
            beliefs: self.beliefs[..self.words].to_vec(),
            scores: self.scores.0.iter().map(|(_, score)| *score).collect(),
        }
    }
}

/// Lets a model read texts, all at once.
pub fn read<T: AsRef<[u8]>>(
    model: &Model,
    texts: &[T],
    wanted: Wanted,
    device: &Device,
) -> Vec<Reading> {
    read_while(model, texts, wanted, device, &|| true).unwrap_or_default()
}

/// As [`read`], given up with `None` once `go_on` says so. A network that reads both ways may take minutes for a long
/// text, and is asked after each of its words.
pub fn read_while<T: AsRef<[u8]>>(
    model: &Model,
    texts: &[T],
    wanted: Wanted,
    device: &Device,
    go_on: &dyn Fn() -> bool,
) -> Option<Vec<Reading>> {
    if texts.is_empty() {
        return Some(Vec::new());
    }
    let (network, time) = match (&model.body, &model.config.network) {
        (Body::Network { network, .. }, Architecture::Network(config)) => (network, config.time),
        _ => {
            let readings = texts
                .iter()
                .map(|text| go_on().then(|| linear::reading(model, text.as_ref()))?);
            return readings.collect();
        }
    };
    let cleaned: Vec<_> = texts
        .iter()
        .map(|text| model.cleaned(text.as_ref()))
        .collect();
    let mut ids = vec![0; texts.len() * time];
    for (text, row) in texts.iter().zip(ids.chunks_exact_mut(time)) {
        model.ids_into(text.as_ref(), row);
    }
    let data = TensorData::new(ids.clone(), [texts.len(), time]);
    let tensor = Tensor::<2, Int>::from_data(data, device);
    let logits = beliefs(model, network, tensor.clone(), go_on)?;
    let [_, _, outputs] = logits.dims();
    let logits: Vec<f32> = logits.into_data().iter().collect();
    let mut readings: Vec<Reading> = texts
        .iter()
        .zip(&cleaned)
        .zip(
            ids.chunks_exact(time)
                .zip(logits.chunks_exact(time * outputs)),
        )
        .map(|((text, cleaned), (ids, logits))| reading(model, text.as_ref(), cleaned, ids, logits))
        .collect();
    if wanted.states {
        add_states(network, tensor.clone(), &mut readings);
    }
    if let Some(label) = wanted.gradient.filter(|_| go_on()) {
        add_gradients(model, network, tensor, label, &mut readings);
    }
    go_on().then_some(readings)
}

/// [`trace::beliefs`], given up once `go_on` says so.
fn beliefs(
    model: &Model,
    network: &Network,
    ids: Tensor<2, Int>,
    go_on: &dyn Fn() -> bool,
) -> Option<Tensor<3>> {
    match model.config.network.reads_anew() {
        true => {
            // As `trace::beliefs` does it: the text is read anew for each of its ends.
            let [_, time] = ids.dims();
            let mut logits = Vec::with_capacity(time);
            for end in 1..=time {
                if !go_on() {
                    return None;
                }
                logits.push(network.forward(ids.clone().narrow(1, 0, end)));
            }
            Some(Tensor::cat(logits, 1))
        }
        false => go_on().then(|| trace::beliefs(network, ids)),
    }
}

fn reading(model: &Model, text: &[u8], cleaned: &[u8], ids: &[i32], logits: &[f32]) -> Reading {
    let tokens = model.vectorizer().tokens(cleaned);
    let words = tokens.len().min(ids.len());
    let unread = tokens.len() - words;
    let [first, last] = match model.config.cut {
        Cut::Beginning => [0..words, words..words],
        Cut::Ends => ends(tokens.len(), ids.len()),
    };
    let gap = (!last.is_empty()).then_some(first.len());
    let mut tokens: Vec<String> = tokens[first]
        .iter()
        .chain(&tokens[last])
        .map(|token| String::from_utf8_lossy(token).into_owned())
        .collect();
    tokens.resize(ids.len(), String::new());
    let (label, scores, beliefs) = judged(model, logits);
    let network = model.config.network.name().to_owned();
    Reading {
        model: network.clone(),
        network,
        text: String::from_utf8_lossy(text).into_owned(),
        label: model.config.classes[label].clone(),
        probability: scores[label],
        classes: model.config.classes.clone(),
        scores: ByClass(model.config.classes.iter().cloned().zip(scores).collect()),
        masked: model.config.network.is_masked(),
        words,
        unread,
        gap,
        tokens,
        ids: ids.to_vec(),
        unknown: ids.iter().map(|id| *id == 1).collect(),
        beliefs_of: (model.config.classes.len() > 2).then(|| model.config.classes[label].clone()),
        beliefs,
        loss_label: None,
        layers: Vec::new(),
    }
}

/// The predicted class, the probabilities of all, and the probability after each step of the class that beliefs
/// speak for, from the logits `[T, C]` after each step.
pub(crate) fn judged(model: &Model, logits: &[f32]) -> (usize, Vec<f64>, Vec<f64>) {
    let whole_text = !model.config.network.is_per_token();
    let config = &model.config;
    if config.loss == Loss::BinaryCrossEntropy {
        let beliefs: Vec<f64> = logits.iter().copied().map(sigmoid).collect();
        let second = match whole_text {
            true => beliefs.last().copied().unwrap_or(0.5),
            false => beliefs.iter().sum::<f64>() / beliefs.len() as f64,
        };
        return (
            usize::from(second > 0.5),
            vec![1.0 - second, second],
            beliefs,
        );
    }
    let classes = config.classes.len();
    let rows = logits.chunks_exact(classes);
    let decided = match whole_text {
        true => rows.clone().next_back().unwrap_or(logits),
        false => logits,
    };
    let mut scores = vec![0.0; classes];
    config
        .objective()
        .probabilities_into(decided, classes, &mut scores);
    let label = largest(&scores);
    let mut at_step = vec![0.0; classes];
    // Of two classes always the second.
    let followed = if classes == 2 { 1 } else { label };
    let belief = |row: &[f32]| {
        config
            .objective()
            .probabilities_into(row, classes, &mut at_step);
        at_step[followed]
    };
    let beliefs = rows.map(belief).collect();
    (label, scores, beliefs)
}

/// The part of `[B, T, U]` that is one text's, step by step.
fn of_text(tensor: &Tensor<3>, row: usize) -> Vec<Vec<f32>> {
    let [_, _, units] = tensor.dims();
    let values: Vec<f32> = tensor
        .clone()
        .narrow(0, row, 1)
        .into_data()
        .iter()
        .collect();
    values.chunks_exact(units).map(<[f32]>::to_vec).collect()
}

fn add_states(network: &Network, ids: Tensor<2, Int>, readings: &mut [Reading]) {
    let layers = trace::layers(network, ids);
    for (row, reading) in readings.iter_mut().enumerate() {
        let of_layer = |layer: &trace::LayerTrace| LayerReading {
            name: layer.name.clone(),
            states: of_text(&layer.states, row),
            gates: layer
                .gates
                .iter()
                .map(|(name, gate)| GateReading {
                    name,
                    open: of_text(gate, row),
                })
                .collect(),
            ..LayerReading::default()
        };
        reading.layers = layers.iter().map(of_layer).collect();
    }
}

fn add_gradients(
    model: &Model,
    network: &Network,
    ids: Tensor<2, Int>,
    label: Option<usize>,
    readings: &mut [Reading],
) {
    let [_, time] = ids.dims();
    let labels: Vec<usize> = readings
        .iter()
        .map(|reading| {
            let predicted = reading.classes.iter().position(|c| *c == reading.label);
            label.or(predicted).unwrap_or_default()
        })
        .collect();
    let layers = loss_gradients(model, network, ids, &labels);
    for ((row, reading), label) in readings.iter_mut().enumerate().zip(labels) {
        reading.loss_label = Some(reading.classes[label].clone());
        reading.layers.resize(layers.len(), LayerReading::default());
        for (layer, gradients) in reading.layers.iter_mut().zip(&layers) {
            let norms = &gradients.norms[row * time..(row + 1) * time];
            layer.name.clone_from(&gradients.name);
            layer.gradient = norms.to_vec();
        }
    }
}
