//! Watching a network read: its logit after each word, the states and gates of its layers, and the gradient norm of
//! the logit with regard to the state of each step.
//!
//! Shape letters: B batch, T time, U units (of a layer, one way), C logits. This is not for training, and knows
//! neither words nor labels.

use std::ops::Range;

use burn::module::Module;
use burn::tensor::{Int, Tensor, TensorData};
use recurrent_kernels::{Isa, Transposed, matmul};

use crate::config::Returns;
use crate::host::{constant, matrix, refuse};
use crate::layers::{CellWeights, Recurrent, RecurrentLayer, Sequence};
use crate::network::{BodyLayer, Flow, NamedLayer, Network, SequenceClassifier};
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

/// The gradient of the chosen logit at the end with regard to the states of a layer, one way through time.
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

/// The logits `[B, T, C]` after each step of the texts `ids` `[B, T]`: what the network would say if the
/// text ended there. The last of a row is what [`SequenceClassifier::forward`] gives, except for a network that judges
/// every token, whose logits at a step are its verdict there.
pub fn beliefs(network: &Network, ids: Tensor<2, Int>) -> Tensor<3> {
    let [batch, time] = ids.dims();
    let parts = Parts::of(network);
    if parts.reads_forward_to_the_last() && !network.has_evidence() {
        let mut sequence = network.embedded(ids, None);
        for part in &parts.layers {
            sequence = part.layer.all(&sequence);
        }
        let states = Flow::Texts(sequence.into_vectors());
        let logits = network.run_from(parts.above, states, None);
        let [_, _, classes] = logits.dims();
        return logits.reshape([batch, time, classes]);
    }
    let whole = network.forward(ids.clone());
    if whole.dims()[1] == time && !network.gives_texts() {
        return whole;
    }
    // What a layer that reads backwards holds, or a mean, depends on where the text ends.
    let logits = (1..=time).map(|end| network.forward(ids.clone().narrow(1, 0, end)));
    Tensor::cat(logits.collect(), 1)
}

/// States and gates of the recurrent layers next to the embedding while they read the texts `ids` `[B, T]`; none of a
/// network that has none there.
pub fn layers(network: &Network, ids: Tensor<2, Int>) -> Vec<LayerTrace> {
    let [batch, time] = ids.dims();
    let parts = Parts::of(network);
    let mut sequence = network.embedded(ids, None);
    let mut traces = Vec::new();
    for (place, part) in parts.layers.iter().enumerate() {
        let mut side_by_side = Vec::new();
        for (direction, weights) in part.layer.ways() {
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

/// The gradient norms of the logit of each of the texts `ids` `[B, T]` with regard to every state on the way, for the
/// layers that [`layers`] shows. Where there are several logits, it is that of the class that the network decides for;
/// where every token has one, that of the last.
///
/// One forward and one backward pass of the fused layers give the gradients of what goes into the gates, and
/// those give the states'.
pub fn logit_gradients(network: &Network, ids: Tensor<2, Int>) -> Vec<LayerGradients> {
    gradients(network, ids, chosen)
}

/// As [`logit_gradients`], of the sum of all logits `[B, positions, C]`, each times its weight: with the derivatives of a
/// loss with regard to the logits as `weights`, row by row, it is the gradient of that loss.
///
/// # Panics
/// If there are not as many weights as logits.
pub fn weighted_gradients(
    network: &Network,
    ids: Tensor<2, Int>,
    weights: Vec<f32>,
) -> Vec<LayerGradients> {
    gradients(network, ids, |logits| {
        let shape @ [batch, _, _] = logits.dims();
        assert_eq!(
            weights.len(),
            shape.iter().product::<usize>(),
            "a weight for each logit"
        );
        let weights: Tensor<3> = constant(TensorData::new(weights, shape), &logits.device());
        (logits * weights).sum_dim(2).sum_dim(1).reshape([batch])
    })
}

fn gradients(
    network: &Network,
    ids: Tensor<2, Int>,
    scalar: impl FnOnce(Tensor<3>) -> Tensor<1>,
) -> Vec<LayerGradients> {
    let [batch, time] = ids.dims();
    // On a device that records, but recording nothing of the weights: the nudges alone are asked for.
    let network = network.valid().train().no_grad();
    let parts = Parts::of(&network);
    let Some(top) = parts.layers.last() else {
        return Vec::new();
    };
    let ids = ids.autodiff();
    let device = ids.device();
    let zeros = |shape: [usize; 2]| Tensor::<2>::zeros(shape, &device).require_grad();
    let mut sequence = network.embedded(ids.clone(), None);
    let masked = sequence.mask();
    let mut passes = Vec::new();
    for part in &parts.layers {
        let mut ways = Vec::new();
        let mut side_by_side = Vec::new();
        for (direction, weights) in part.layer.ways() {
            let [units, width] = weights.recurrent_kernel.dims();
            let nudge = zeros([batch * time, width]);
            let states = weights.run_nudged(&sequence, direction, nudge.clone());
            let gates = match weights.cell {
                Cell::Gru => weights.gates(&sequence, direction, states.clone()),
                Cell::SimpleRnn | Cell::Lstm => Vec::new(),
            };
            side_by_side.push(states);
            ways.push(LayerPass {
                direction,
                weights,
                nudge,
                gates: gates.into_iter().map(|gate| host(gate.inner())).collect(),
                units,
            });
        }
        passes.push(ways);
        sequence = sequence.replaced(Tensor::cat(side_by_side, 1));
    }
    let last = top.returns == Returns::Last;
    let states = match last {
        true => top.last(sequence.clone()),
        false => sequence.clone().into_vectors(),
    };
    let nudge = zeros(states.dims());
    let nudged = states + nudge.clone();
    let flow = match last {
        true => Flow::Texts(nudged),
        false => {
            let states = sequence.replaced(nudged);
            Flow::Steps(match network.shows_masked_states(top.place) {
                true => states.without_masked(),
                false => states,
            })
        }
    };
    let logits = network.run_from(parts.above, flow, None);
    let logits = network.with_evidence(logits, ids, false);
    let gradients = scalar(logits).sum().backward();
    let gradient = |nudge: &Tensor<2>| {
        let zeros = || nudge.clone().inner().zeros_like();
        nudge.grad(&gradients).unwrap_or_else(zeros)
    };

    // From the head down: a layer's upstream gradient, then that through its own later steps.
    let mut upstream = match last {
        true => Upstream::Last(gradient(&nudge)),
        false => Upstream::All(gradient(&nudge)),
    };
    let mut traces = Vec::new();
    for (place, ways) in passes.iter().enumerate().rev() {
        let mut below: Option<Tensor<2>> = None;
        let mut norms = Vec::new();
        let mut column = 0;
        for way in ways {
            let inputs = gradient(&way.nudge);
            let direct_grad = upstream.of(column..column + way.units, way.direction, [batch, time]);
            let states = way.states(&inputs, direct_grad, &masked, [batch, time]);
            norms.push(LayerGradients {
                name: parts.name(place, way.direction),
                norms: row_norms(&states, way.units),
            });
            let kernel = way.weights.kernel.clone().inner();
            let of_inputs = times_transposed(inputs.clone(), kernel);
            below = Some(match below {
                Some(sum) => sum + of_inputs,
                None => of_inputs,
            });
            column += way.units;
        }
        traces.splice(0..0, norms);
        if let Some(below) = below {
            upstream = Upstream::All(below);
        }
    }
    traces
}

/// The gradient of a layer's states from those who read them: from the head that of the last ones, `[B, U]`, from the
/// layer above that of all, `[B · T, U]`; both ways side by side.
enum Upstream {
    Last(Tensor<2>),
    All(Tensor<2>),
}

impl Upstream {
    /// The part of one way, `[B, T, U]` on the host.
    fn of(
        &self,
        columns: Range<usize>,
        direction: Direction,
        [batch, time]: [usize; 2],
    ) -> Vec<f64> {
        let units = columns.len();
        match self {
            Self::All(gradient) => host(gradient.clone().narrow(1, columns.start, units)),
            Self::Last(gradient) => {
                let gradient = host(gradient.clone().narrow(1, columns.start, units));
                let mut all = vec![0.0; batch * time * units];
                let last = match direction {
                    Direction::Forward => time - 1,
                    Direction::Reverse => 0,
                };
                for (row, gradient) in gradient.chunks_exact(units).enumerate() {
                    let at = (row * time + last) * units;
                    all[at..at + units].copy_from_slice(gradient);
                }
                all
            }
        }
    }
}

/// A layer, one way, that has been run with a nudge on its gates' inputs.
struct LayerPass {
    direction: Direction,
    weights: CellWeights,
    nudge: Tensor<2>,
    /// The GRU's update and reset gate, `[B, T, U]` each.
    gates: Vec<Vec<f64>>,
    units: usize,
}

impl LayerPass {
    /// The total gradients of the states `[B, T, U]`, from those of the gates' inputs `[B · T, G · U]` and
    /// from the upstream gradient `direct_grad`.
    ///
    /// A state acts through the gates of the next step, dh = dz · Rᵀ. In the GRU it acts twice more: on the candidate
    /// through the reset gate, and directly where the update gate lets it pass. A masked step hands on all of it.
    fn states(
        &self,
        inputs: &Tensor<2>,
        mut direct_grad: Vec<f64>,
        masked: &[bool],
        [batch, time]: [usize; 2],
    ) -> Vec<f64> {
        let units = self.units;
        let fed_back = match self.gates.get(1) {
            None => inputs.clone(),
            Some(reset) => {
                let shape = [batch * time, units];
                let reset: Vec<f32> = reset.iter().map(|open| *open as f32).collect();
                let reset = Tensor::from_data(TensorData::new(reset, shape), &inputs.device());
                let (gates, candidate) = (
                    inputs.clone().narrow(1, 0, 2 * units),
                    inputs.clone().narrow(1, 2 * units, units),
                );
                Tensor::cat(vec![gates, candidate * reset], 1)
            }
        };
        let kernel = self.weights.recurrent_kernel.clone().inner();
        let carried = host(times_transposed(fed_back, kernel));
        for row in 0..batch {
            for back in 1..time {
                let (step, next) = match self.direction {
                    Direction::Forward => (time - 1 - back, time - back),
                    Direction::Reverse => (back, back - 1),
                };
                let (at, after) = ((row * time + step) * units, (row * time + next) * units);
                for unit in 0..units {
                    let passes = match self.gates.first() {
                        _ if masked[row * time + next] => 1.0,
                        Some(update) => update[after + unit],
                        None => 0.0,
                    };
                    direct_grad[at + unit] +=
                        carried[after + unit] + passes * direct_grad[after + unit];
                }
            }
        }
        direct_grad
    }
}

/// On the host, in double precision: what a hundred forget gates leave is too small to be squared in
/// single.
fn host(tensor: Tensor<2>) -> Vec<f64> {
    tensor.into_data().iter::<f32>().map(f64::from).collect()
}

/// `left · rightᵀ` by the kernels, on the host: the same bits on every backend and processor.
fn times_transposed(left: Tensor<2>, right: Tensor<2>) -> Tensor<2> {
    let ([rows, depth], [columns, _]) = (left.dims(), right.dims());
    let device = left.device();
    let [left, right] =
        [left, right].map(|side| side.into_data().iter::<f32>().collect::<Vec<f32>>());
    let product = matmul(
        Isa::best(),
        matrix(&left, rows, depth),
        matrix(&right, columns, depth),
        Transposed::Right,
    );
    let product = product.unwrap_or_else(|error| refuse(&error));
    Tensor::from_data(TensorData::new(product.to_vec(), [rows, columns]), &device)
}

/// Euclidean norm of each row of `width`.
fn row_norms(values: &[f64], width: usize) -> Vec<f64> {
    let norm = |row: &[f64]| row.iter().map(|x| x * x).sum::<f64>().sqrt();
    values.chunks_exact(width).map(norm).collect()
}

fn gate_names(cell: Cell) -> &'static [&'static str] {
    match cell {
        Cell::SimpleRnn => &[],
        Cell::Lstm => &["input", "forget", "output"],
        Cell::Gru => &["update", "reset"],
    }
}

/// One logit a text, `[B]`: at the last position, of the class with the largest.
fn chosen(logits: Tensor<3>) -> Tensor<1> {
    let [batch, positions, classes] = logits.dims();
    let last = logits.narrow(1, positions - 1, 1).reshape([batch, classes]);
    if classes == 1 {
        return last.reshape([batch]);
    }
    let values: Vec<f32> = last.clone().inner().into_data().iter().collect();
    let mut mask = vec![0.0f32; values.len()];
    for (row, mask) in values
        .chunks_exact(classes)
        .zip(mask.chunks_exact_mut(classes))
    {
        let first = |best: usize, class: usize| if row[class] > row[best] { class } else { best };
        mask[(0..classes).fold(0, first)] = 1.0;
    }
    let mask: Tensor<2> = constant(TensorData::new(mask, [batch, classes]), &last.device());
    (last * mask).sum_dim(1).reshape([batch])
}

/// The recurrent layers next to the embedding, from below, and where the layers above them begin.
struct Parts<'a> {
    layers: Vec<Part<'a>>,
    above: usize,
    /// Whether there are only dense layers above.
    dense_above: bool,
}

/// One of them.
struct Part<'a> {
    /// Which of the network's layers it is.
    place: usize,
    layer: &'a RecurrentLayer,
    returns: Returns,
}

impl<'a> Parts<'a> {
    fn of(network: &'a Network) -> Self {
        let mut layers = Vec::new();
        let mut above = 0;
        for (place, named) in network.layers.iter().enumerate() {
            match &named.layer {
                BodyLayer::Recurrent { layer, returns, .. } => layers.push(Part {
                    place,
                    layer,
                    returns: *returns,
                }),
                // `Network::embedded` has them, and nothing happens in dropout but in training.
                BodyLayer::Ngrams { .. } | BodyLayer::Dropout(_) => {}
                BodyLayer::Evidence { .. } if place < network.ngrams() => {}
                BodyLayer::Evidence { .. } | BodyLayer::Pool(_) | BodyLayer::Dense { .. } => break,
            }
            above = place + 1;
        }
        let dense = |named: &NamedLayer| {
            matches!(named.layer, BodyLayer::Dense { .. } | BodyLayer::Dropout(_))
        };
        Self {
            layers,
            above,
            dense_above: network.layers[above..].iter().all(dense),
        }
    }

    /// Whether what is said of a text after a step is a function of the last layer's state there.
    fn reads_forward_to_the_last(&self) -> bool {
        let forward = |part: &Part<'_>| matches!(part.layer, RecurrentLayer::Forward(_));
        let last = self.layers.last();
        let last = last.is_some_and(|part| part.returns == Returns::Last);
        last && self.dense_above && self.layers.iter().all(forward)
    }

    fn name(&self, place: usize, direction: Direction) -> String {
        let layer = match self.layers.len() {
            1 => "recurrent".to_owned(),
            _ => format!("recurrent_{place}"),
        };
        match (self.layers[place].layer.ways().len(), direction) {
            (1, _) => layer,
            (_, Direction::Forward) => format!("{layer}/forward"),
            (_, Direction::Reverse) => format!("{layer}/backward"),
        }
    }
}

impl Part<'_> {
    /// The state after the last step each way, `[B, U]`, of its states.
    fn last(&self, states: Sequence) -> Tensor<2> {
        let [batch, time, width] = states.dims();
        let states = states.into_vectors().reshape([batch, time, width]);
        let ways = self.layer.ways();
        let units = width / ways.len().max(1);
        let last = ways.iter().enumerate().map(|(way, (direction, _))| {
            let step = match direction {
                Direction::Forward => time - 1,
                Direction::Reverse => 0,
            };
            let states = states.clone().narrow(2, way * units, units);
            states.narrow(1, step, 1).reshape([batch, units])
        });
        let mut last: Vec<_> = last.collect();
        match last.len() {
            1 => last.remove(0),
            _ => Tensor::cat(last, 1),
        }
    }
}

#[cfg(test)]
mod tests;
