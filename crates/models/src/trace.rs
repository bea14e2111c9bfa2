//! Watching a network read: what it believes after each word, what its layers hold, and how strongly
//! its verdict still feels each step.
//!
//! Shape letters: B batch, T time, U units (of a layer, one way). This is not for training, and knows
//! neither words nor labels.

use burn::module::Module;
use burn::tensor::{Int, Tensor};

use crate::layers::{Dense, Embedding, Recurrent, RecurrentLayer, Sequence};
use crate::network::{Network, SequenceClassifier, judge};
use crate::recurrence::{Cell, Direction, States};

/// A recurrent layer, one way through time, while it reads.
#[derive(Clone, Debug)]
pub struct LayerTrace {
    /// Its name, as in the names of weights: `recurrent`, or `recurrent_1/backward`.
    pub name: String,
    /// State after each step, `[B, T, U]`; of a layer that reads backwards, after it has read from
    /// the end down to there.
    pub states: Tensor<3>,
    /// How far each gate is open at each step, by its name (LSTM: `input`, `forget`, `output`; GRU:
    /// `update`, `reset`), `[B, T, U]` each, between 0 and 1.
    pub gates: Vec<(&'static str, Tensor<3>)>,
}

/// How strongly the logit at the end feels the states of a layer, one way through time.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerGradients {
    /// As in [`LayerTrace`].
    pub name: String,
    /// Euclidean norm of d logit / d h\_t, text by text: B rows of T. The derivative is the total one:
    /// through every later step that h\_t reaches.
    ///
    /// The norm of the gradient of a loss is that times |d loss / d logit|, which for binary
    /// cross-entropy is |σ(logit) − label|.
    pub norms: Vec<f64>,
}

/// The logits `[B, T]` after each step of the texts `ids` `[B, T]`: what the network would say if the
/// text ended there. The last of a row is what [`SequenceClassifier::forward`] gives, except for the
/// dense network, whose logit at a step is its verdict on that token alone.
pub fn beliefs(network: &Network, ids: Tensor<2, Int>) -> Tensor<2> {
    let [batch, time] = ids.dims();
    let Some(parts) = Parts::of(network) else {
        return network.forward(ids);
    };
    if parts.layers.iter().any(|layer| layer.ways().len() > 1) {
        // What a layer that reads backwards holds depends on where the text ends.
        let logits = (1..=time).map(|end| network.forward(ids.clone().narrow(1, 0, end)));
        return Tensor::cat(logits.collect(), 1);
    }
    let mut sequence = parts.sequence(ids);
    for layer in &parts.layers {
        sequence = layer.all(&sequence);
    }
    parts.judge(sequence.into_vectors()).reshape([batch, time])
}

/// States and gates of every recurrent layer while it reads the texts `ids` `[B, T]`; none of the
/// dense network.
pub fn layers(network: &Network, ids: Tensor<2, Int>) -> Vec<LayerTrace> {
    let [batch, time] = ids.dims();
    let Some(parts) = Parts::of(network) else {
        return Vec::new();
    };
    let mut sequence = parts.sequence(ids);
    let mut traces = Vec::new();
    for (place, layer) in parts.layers.iter().enumerate() {
        let mut side_by_side = Vec::new();
        for (direction, weights) in layer.ways() {
            let states = weights.run(&sequence, direction, States::All);
            let shape = [batch, time, states.dims()[1]];
            let gates = weights.gates(&sequence, direction, states.clone());
            traces.push(LayerTrace {
                name: parts.name(place, direction),
                states: states.clone().reshape(shape),
                gates: gate_names(weights.cell)
                    .iter()
                    .zip(gates)
                    .map(|(name, gate)| (*name, gate.reshape(shape)))
                    .collect(),
            });
            side_by_side.push(states);
        }
        sequence = sequence.replaced(Tensor::cat(side_by_side, 1));
    }
    traces
}

/// How strongly the logit of each of the texts `ids` `[B, T]` feels every state on the way, for every
/// recurrent layer; none of the dense network.
///
/// The network is run once more, step by step under autodiff: some ten times as slow as training.
pub fn logit_gradients(network: &Network, ids: Tensor<2, Int>) -> Vec<LayerGradients> {
    let [batch, time] = ids.dims();
    // On a device that records, but recording nothing of the weights: the nudges alone are asked for.
    let network = network.valid().train().no_grad();
    let Some(parts) = Parts::of(&network) else {
        return Vec::new();
    };
    let ids = ids.autodiff();
    let device = ids.device();
    let mut sequence = parts.sequence(ids);
    let mut names = Vec::new();
    let mut nudges: Vec<Vec<Tensor<2>>> = Vec::new();
    for (place, layer) in parts.layers.iter().enumerate() {
        let mut side_by_side = Vec::new();
        for (direction, weights) in layer.ways() {
            let shape = [batch, weights.units()];
            let zeros = || Tensor::zeros(shape, &device).require_grad();
            let zeros: Vec<_> = (0..time).map(|_| zeros()).collect();
            side_by_side.push(weights.run_nudged(&sequence, direction, zeros.clone()));
            names.push(parts.name(place, direction));
            nudges.push(zeros);
        }
        sequence = sequence.replaced(Tensor::cat(side_by_side, 1));
    }
    let gradients = parts.judge(parts.last(sequence)).sum().backward();
    names
        .into_iter()
        .zip(nudges)
        .map(|(name, nudges)| {
            let by_step: Vec<Vec<f64>> = nudges
                .iter()
                .map(|nudge| row_norms(nudge.grad(&gradients), batch))
                .collect();
            let by_text = (0..batch).flat_map(|row| by_step.iter().map(move |step| step[row]));
            LayerGradients {
                name,
                norms: by_text.collect(),
            }
        })
        .collect()
}

/// Euclidean norm of each of the rows; 0 where there is no gradient.
fn row_norms(gradient: Option<Tensor<2>>, rows: usize) -> Vec<f64> {
    let Some(gradient) = gradient else {
        return vec![0.0; rows];
    };
    let [_, width] = gradient.dims();
    let values: Vec<f32> = gradient.into_data().iter().collect();
    // The squares of what a hundred forget gates leave are too small for single precision.
    let norm = |row: &[f32]| row.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>();
    values
        .chunks_exact(width)
        .map(|row| norm(row).sqrt())
        .collect()
}

fn gate_names(cell: Cell) -> &'static [&'static str] {
    match cell {
        Cell::SimpleRnn => &[],
        Cell::Lstm => &["input", "forget", "output"],
        Cell::Gru => &["update", "reset"],
    }
}

/// The parts of a recurrent network: what it reads, its layers from below, its head.
struct Parts<'a> {
    embedding: &'a Embedding,
    layers: Vec<&'a RecurrentLayer>,
    hidden: &'a Dense,
    output: &'a Dense,
    mask_zero: bool,
}

impl<'a> Parts<'a> {
    fn of(network: &'a Network) -> Option<Self> {
        match network {
            Network::Dense(_) => None,
            Network::Recurrent(network) => Some(Self {
                embedding: &network.embedding,
                layers: vec![&network.recurrent],
                hidden: &network.hidden,
                output: &network.output,
                mask_zero: network.mask_zero,
            }),
            Network::Stacked(network) => Some(Self {
                embedding: &network.embedding,
                layers: vec![&network.recurrent_0, &network.recurrent_1],
                hidden: &network.hidden,
                output: &network.output,
                mask_zero: network.mask_zero,
            }),
        }
    }

    fn sequence(&self, ids: Tensor<2, Int>) -> Sequence {
        Sequence::tokens(self.embedding, ids, self.mask_zero)
    }

    /// One logit a state, `[N, U]` to `[N, 1]`.
    fn judge(&self, states: Tensor<2>) -> Tensor<2> {
        judge(self.hidden, self.output, states)
    }

    /// The state after the last step each way, `[B, U]`, of the uppermost layer's states.
    fn last(&self, states: Sequence) -> Tensor<2> {
        let [batch, time, width] = states.dims();
        let states = states.into_vectors().reshape([batch, time, width]);
        let ways = self.layers.last().map_or(1, |layer| layer.ways().len());
        let units = width / ways;
        let last = |way: usize, step: usize| {
            states
                .clone()
                .narrow(2, way * units, units)
                .narrow(1, step, 1)
                .reshape([batch, units])
        };
        match ways {
            1 => last(0, time - 1),
            _ => Tensor::cat(vec![last(0, time - 1), last(1, 0)], 1),
        }
    }

    fn name(&self, place: usize, direction: Direction) -> String {
        let layer = match self.layers.len() {
            1 => "recurrent".to_owned(),
            _ => format!("recurrent_{place}"),
        };
        match (self.layers[place].ways().len(), direction) {
            (1, _) => layer,
            (_, Direction::Forward) => format!("{layer}/forward"),
            (_, Direction::Reverse) => format!("{layer}/backward"),
        }
    }
}

#[cfg(test)]
mod tests;
