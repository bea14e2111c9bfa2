//! A model reads texts, and everything it believes on the way is written down.
//!
//! What `trace` prints, `serve` shows and the report draws. Not for verdicts alone: that is `predict`.

use burn::tensor::{Device, Int, Tensor, TensorData};
use recurrent_models::{NetworkKind, SequenceClassifier as _, trace};
use recurrent_runs::TracedReview;
use recurrent_training::sigmoid;
use recurrent_vectorizer::Vectorize;
use serde::Serialize;

use crate::{predict, texts};
use recurrent::Model;

/// What to write down beside the beliefs.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Wanted {
    /// The states after each step, and the gates.
    pub(crate) states: bool,
    /// How strongly the loss at the end feels each step; of which class, or else of the verdict's own.
    pub(crate) gradient: Option<Option<usize>>,
}

/// A text as a network read it, step by step; padding is read, too.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Reading {
    /// Which of the models: its label among them. The network's name where there is one model only.
    pub(crate) model: String,
    pub(crate) network: String,
    /// What is not UTF-8 in it is shown as U+FFFD, in the tokens, too.
    pub(crate) text: String,
    /// The verdict: as `predict` gives it.
    pub(crate) label: String,
    /// Of the verdict.
    pub(crate) probability: f64,
    /// Beliefs speak for the second.
    pub(crate) classes: Vec<String>,
    /// The words read; after them comes padding.
    pub(crate) words: usize,
    /// Words that came too late to be read.
    pub(crate) unread: usize,
    /// At each step; empty for padding.
    pub(crate) tokens: Vec<String>,
    /// At each step; 0 is padding, 1 `[UNK]`.
    pub(crate) ids: Vec<i32>,
    /// Whether the step's word became `[UNK]`.
    pub(crate) unknown: Vec<bool>,
    /// Probability of the second class after each step; of the dense network, of the step's word alone.
    pub(crate) beliefs: Vec<f64>,
    /// The class whose loss the gradients are of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) loss_label: Option<String>,
    /// One for each recurrent layer and direction.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) layers: Vec<LayerReading>,
}

/// A recurrent layer, one way, while it read.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct LayerReading {
    pub(crate) name: String,
    /// Norm of d loss / d h after each step.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) gradient: Vec<f64>,
    /// The state after each step, unit by unit.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) states: Vec<Vec<f32>>,
    /// How far each gate was open at each step, unit by unit.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) gates: Vec<GateReading>,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct GateReading {
    pub(crate) name: &'static str,
    pub(crate) open: Vec<Vec<f32>>,
}

impl Reading {
    /// Probability of the second class for the whole text.
    pub(crate) fn second(&self) -> f64 {
        if self.label == self.classes[1] {
            self.probability
        } else {
            1.0 - self.probability
        }
    }

    /// Whether there is anything to judge: a token that is no padding.
    pub(crate) fn has_words(&self) -> bool {
        self.ids.iter().any(|id| *id != 0)
    }

    /// Whether every number is one. Where weights are too large some are not, and mean nothing.
    pub(crate) fn is_finite(&self) -> bool {
        let layers = self.layers.iter().all(|layer| {
            let gates = layer.gates.iter().flat_map(|gate| &gate.open);
            let mut units = layer.states.iter().chain(gates).flatten();
            layer.gradient.iter().all(|x| x.is_finite()) && units.all(|x| x.is_finite())
        });
        layers && self.probability.is_finite() && self.beliefs.iter().all(|x| x.is_finite())
    }

    /// The words alone, without padding, for a report.
    pub(crate) fn traced(&self, path: &str, label: Option<u8>) -> TracedReview {
        TracedReview {
            path: path.to_owned(),
            label,
            words: self.tokens[..self.words].to_vec(),
            unknown: self.unknown[..self.words].to_vec(),
            beliefs: self.beliefs[..self.words].to_vec(),
            probability: self.second(),
        }
    }
}

/// Lets a model read texts, all at once.
pub(crate) fn read<T: AsRef<[u8]>>(
    model: &Model,
    texts: &[T],
    wanted: Wanted,
    device: &Device,
) -> Vec<Reading> {
    read_while(model, texts, wanted, device, &|| true).unwrap_or_default()
}

/// As [`read`], given up with `None` once `go_on` says so. A network that reads both ways may take minutes for a long
/// text, and is asked after each of its words.
pub(crate) fn read_while<T: AsRef<[u8]>>(
    model: &Model,
    texts: &[T],
    wanted: Wanted,
    device: &Device,
    go_on: &dyn Fn() -> bool,
) -> Option<Vec<Reading>> {
    if texts.is_empty() {
        return Some(Vec::new());
    }
    let time = model.vectorizer.width();
    let cleaned: Vec<_> = texts
        .iter()
        .map(|text| texts::cleaned(model, text.as_ref()))
        .collect();
    let mut ids = vec![0; texts.len() * time];
    for (text, row) in cleaned.iter().zip(ids.chunks_exact_mut(time)) {
        let vectorizer = model.vectorizer.vectorizer();
        vectorizer.vectorize_bytes_into(text, row);
    }
    let data = TensorData::new(ids.clone(), [texts.len(), time]);
    let tensor = Tensor::<2, Int>::from_data(data, device);
    let beliefs: Vec<f64> = beliefs(model, tensor.clone(), go_on)?
        .into_data()
        .iter::<f32>()
        .map(sigmoid)
        .collect();
    let mut readings: Vec<Reading> = texts
        .iter()
        .zip(&cleaned)
        .zip(ids.chunks_exact(time).zip(beliefs.chunks_exact(time)))
        .map(|((text, cleaned), (ids, beliefs))| {
            reading(model, text.as_ref(), cleaned, ids, beliefs)
        })
        .collect();
    if wanted.states {
        add_states(model, tensor.clone(), &mut readings);
    }
    if let Some(label) = wanted.gradient.filter(|_| go_on()) {
        add_gradients(model, tensor, label, &mut readings);
    }
    go_on().then_some(readings)
}

/// [`trace::beliefs`], given up once `go_on` says so.
fn beliefs(model: &Model, ids: Tensor<2, Int>, go_on: &dyn Fn() -> bool) -> Option<Tensor<2>> {
    match model.config.network.network {
        NetworkKind::Recurrent(kind) if kind.bidirectional => {
            // As `trace::beliefs` does it: the text is read anew for each of its ends.
            let [_, time] = ids.dims();
            let mut logits = Vec::with_capacity(time);
            for end in 1..=time {
                if !go_on() {
                    return None;
                }
                logits.push(model.network.forward(ids.clone().narrow(1, 0, end)));
            }
            Some(Tensor::cat(logits, 1))
        }
        _ => go_on().then(|| trace::beliefs(&model.network, ids)),
    }
}

fn reading(model: &Model, text: &[u8], cleaned: &[u8], ids: &[i32], beliefs: &[f64]) -> Reading {
    let tokens = model.vectorizer.vectorizer().tokens(cleaned);
    let words = tokens.len().min(ids.len());
    let unread = tokens.len() - words;
    let mut tokens: Vec<String> = tokens
        .iter()
        .take(words)
        .map(|token| String::from_utf8_lossy(token).into_owned())
        .collect();
    tokens.resize(ids.len(), String::new());
    let second = match model.config.network.network {
        NetworkKind::Dense => beliefs.iter().sum::<f64>() / beliefs.len() as f64,
        NetworkKind::Recurrent(_) => beliefs.last().copied().unwrap_or(0.5),
    };
    let (label, probability) = predict::verdict(second);
    let network = model.config.network.network.name();
    Reading {
        model: network.clone(),
        network,
        text: String::from_utf8_lossy(text).into_owned(),
        label: model.config.classes[label].clone(),
        probability,
        classes: model.config.classes.clone(),
        words,
        unread,
        tokens,
        ids: ids.to_vec(),
        unknown: ids.iter().map(|id| *id == 1).collect(),
        beliefs: beliefs.to_vec(),
        loss_label: None,
        layers: Vec::new(),
    }
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

fn add_states(model: &Model, ids: Tensor<2, Int>, readings: &mut [Reading]) {
    let layers = trace::layers(&model.network, ids);
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
    ids: Tensor<2, Int>,
    label: Option<usize>,
    readings: &mut [Reading],
) {
    let time = model.vectorizer.width();
    let layers = trace::logit_gradients(&model.network, ids);
    for (row, reading) in readings.iter_mut().enumerate() {
        let second = reading.second();
        let label = label.unwrap_or(usize::from(second > 0.5));
        // d loss / d logit of binary cross-entropy.
        let scale = (second - label as f64).abs();
        reading.loss_label = Some(reading.classes[label].clone());
        reading.layers.resize(layers.len(), LayerReading::default());
        for (layer, gradients) in reading.layers.iter_mut().zip(&layers) {
            let norms = &gradients.norms[row * time..(row + 1) * time];
            layer.name.clone_from(&gradients.name);
            layer.gradient = norms.iter().map(|norm| norm * scale).collect();
        }
    }
}
