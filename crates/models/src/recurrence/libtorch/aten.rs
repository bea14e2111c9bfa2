//! ATen's recurrent layers with Keras' weights.
//!
//! | | Keras | ATen |
//! |---|---|---|
//! | kernels | `[D, G · U]` | `[G · U, D]` |
//! | LSTM's gates | i, f, c, o | i, f, g, o: the same, by another name |
//! | GRU's gates | z, r, h | r, z, n |
//! | biases of SimpleRNN and LSTM | one | two, of which the second is zero here |
//! | of the GRU (`reset_after`) | two | two |
//!
//! The weights are copied into one buffer, in the order in which cuDNN wants them, so that it need not
//! copy them again. The backward pass is ATen's own autodiff over the layer alone, whose graph is the tape.
//!
//! A layer that passes over steps moves the others together, runs, and takes for each time the state
//! after as many steps as were not masked until then: all on the device, nothing is read back.
//!
//! Shape letters: B batch, T time, V vectors, D inputs, U units, G gates.

use std::sync::{Arc, Mutex, PoisonError};

use burn::backend::LibTorch;
use burn::backend::libtorch::TchTensor;
use tch::{Kind, Tensor};

use super::super::{Cell, Direction, Layer, Operands, Precision, Source, States, Tape};

/// ATen's graph of one way through a layer.
#[derive(Clone, Debug)]
pub struct Graph(Arc<Mutex<Recorded>>);

#[derive(Debug)]
struct Recorded {
    /// Vectors and weights, in ATen's layout.
    leaves: Leaves,
    /// What was given out.
    output: Tensor,
    /// The tensors whose memory the graph shares. burn works in place on what nobody else holds.
    _shared: [TchTensor; 2],
    cell: Cell,
    /// The precision of what goes in and out.
    given: Kind,
}

/// What a layer is a function of.
#[derive(Debug)]
struct Leaves {
    features: Tensor,
    weights: Weights,
}

/// A cell's weights in ATen's layout.
#[derive(Debug)]
struct Weights {
    /// `[G · U, D]`.
    input: Tensor,
    /// `[G · U, U]`.
    state: Tensor,
    /// `[G · U]`, two of them.
    biases: [Tensor; 2],
}

/// Runs a layer; keeps its graph if `record`.
pub(in crate::recurrence) fn run(
    operands: Operands<LibTorch>,
    layer: Layer,
    record: bool,
) -> (TchTensor, Option<Tape<LibTorch>>) {
    let given = operands.features.tensor.kind();
    let computed = match layer.precision {
        Precision::Own => given,
        Precision::Double | Precision::DoubleSweep => Kind::Double,
    };
    let weights = tch::no_grad(|| Weights::of_keras(&operands, layer.cell, computed));
    let ids = &operands.ids.tensor;
    if !record {
        let output = tch::no_grad(|| {
            let features = &operands.features.tensor;
            states(features, ids, &weights, layer, computed).to_kind(given)
        });
        return (TchTensor::new(output), None);
    }
    let leaves = Leaves {
        features: leaf(&operands.features.tensor),
        weights: weights.into_leaves(),
    };
    let output = states(&leaves.features, ids, &leaves.weights, layer, computed).to_kind(given);
    let given_out = TchTensor::new(output.detach());
    let graph = Graph(Arc::new(Mutex::new(Recorded {
        leaves,
        output,
        _shared: [operands.features, given_out.clone()],
        cell: layer.cell,
        given,
    })));
    (given_out, Some(Tape::Aten(graph)))
}

fn leaf(tensor: &Tensor) -> Tensor {
    tensor.detach().set_requires_grad(true)
}

impl Graph {
    /// The gradients of features, kernel, recurrent kernel and bias, as Keras lays them out.
    pub(super) fn back(&self, gradient: TchTensor) -> [TchTensor; 4] {
        let recorded = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Leaves { features, weights } = &recorded.leaves;
        let biases = recorded.cell.biases();
        let mut leaves = vec![features, &weights.input, &weights.state];
        leaves.extend(&weights.biases[..biases]);
        // tch starts from ones, which the product's own backward pass makes what came in.
        let weighted = &recorded.output * gradient.tensor;
        let gradients = Tensor::run_backward(&[weighted], &leaves, false, false);
        tch::no_grad(|| {
            let cell = recorded.cell;
            let keras = |matrix: &Tensor| joined(&swapped(cell, matrix), 0).tr();
            let bias: Vec<Tensor> = gradients[3..]
                .iter()
                .flat_map(|bias| swapped(cell, bias))
                .collect();
            [
                gradients[0].shallow_clone(),
                keras(&gradients[1]),
                keras(&gradients[2]),
                joined(&bias, 0),
            ]
            .map(|gradient| TchTensor::new(gradient.to_kind(recorded.given)))
        })
    }
}

impl Weights {
    /// From Keras' layout, all in one buffer: input kernel, recurrent kernel, both biases.
    fn of_keras(operands: &Operands<LibTorch>, cell: Cell, kind: Kind) -> Self {
        let kernel = operands.kernel.tensor.tr();
        let recurrent = operands.recurrent_kernel.tensor.tr();
        let bias = &operands.bias.tensor;
        let (width, inputs, units) = (kernel.size()[0], kernel.size()[1], recurrent.size()[1]);
        let second = match cell.biases() {
            2 => bias.narrow(0, width, width),
            _ => Tensor::zeros([width], (bias.kind(), bias.device())),
        };
        let parts: Vec<Tensor> = [&kernel, &recurrent, &bias.narrow(0, 0, width), &second]
            .into_iter()
            .flat_map(|part| swapped(cell, part))
            .map(|part| part.reshape([-1]))
            .collect();
        let buffer = Tensor::cat(&parts, 0).to_kind(kind);
        let (first, second) = (width * inputs, width * units);
        Self {
            input: buffer.narrow(0, 0, first).view([width, inputs]),
            state: buffer.narrow(0, first, second).view([width, units]),
            biases: [0, 1].map(|place| buffer.narrow(0, first + second + place * width, width)),
        }
    }

    /// With gradients; they share their buffer still.
    fn into_leaves(self) -> Self {
        Self {
            input: leaf(&self.input),
            state: leaf(&self.state),
            biases: self.biases.each_ref().map(leaf),
        }
    }
}

/// The gates, rows of `[G · U, …]`, in the other framework's order: the first two of a GRU change places.
/// It is its own inverse.
fn swapped(cell: Cell, rows: &Tensor) -> Vec<Tensor> {
    if cell != Cell::Gru {
        return vec![rows.shallow_clone()];
    }
    let units = rows.size()[0] / 3;
    [1, 0, 2]
        .map(|gate| rows.narrow(0, gate * units, units))
        .into()
}

/// Tensors side by side; of one, itself.
fn joined(parts: &[Tensor], axis: i64) -> Tensor {
    match parts {
        [part] => part.shallow_clone(),
        parts => Tensor::cat(parts, axis),
    }
}

/// The states that a layer gives, `[B, U]` or `[B, T, U]`.
fn states(features: &Tensor, ids: &Tensor, weights: &Weights, layer: Layer, kind: Kind) -> Tensor {
    let (batch, time) = (ids.size()[0], ids.size()[1]);
    let reverse = layer.direction == Direction::Reverse;
    let in_order = |sequence: Tensor, axis: i64| match reverse {
        true => sequence.flip([axis]),
        false => sequence,
    };
    let rows = match layer.source {
        Source::Tokens => ids.shallow_clone(),
        Source::Positions => {
            Tensor::arange(batch * time, (Kind::Int64, ids.device())).view([batch, time])
        }
    };
    let mut rows = in_order(rows, 1);
    let mut passed = None;
    if layer.mask_zero {
        let skipped = in_order(ids.eq(0), 1);
        rows = rows.gather(1, &skipped.argsort_stable(true, 1, false), false);
        passed = Some(skipped.logical_not().cumsum(1, Kind::Int64));
    }
    // Time first, as the layers want it.
    let x = Tensor::embedding(&features.to_kind(kind), &rows.tr(), -1, false, false);
    let (all, last) = sweep(layer.cell, &x, weights);
    let Some(passed) = passed else {
        return match layer.output {
            States::Last => last.squeeze_dim(0),
            States::All => in_order(all, 0).transpose(0, 1),
        };
    };
    // For each time, how many steps the state that stands then has seen.
    let seen = match layer.output {
        States::Last => passed.narrow(1, time - 1, 1).tr(),
        States::All => passed.tr(),
    };
    let units = all.size()[2];
    let seen = seen.unsqueeze(2);
    let size = [seen.size()[0], batch, units];
    let place = (&seen - 1).clamp_min(0).expand(size, false);
    let standing = all.gather(0, &place, false) * seen.gt(0).to_kind(kind);
    match layer.output {
        States::Last => standing.squeeze_dim(0),
        States::All => in_order(standing, 0).transpose(0, 1),
    }
}

/// The layer over `x` `[T, B, D]` from a zero state: all states `[T, B, U]`, and the last `[1, B, U]`.
fn sweep(cell: Cell, x: &Tensor, weights: &Weights) -> (Tensor, Tensor) {
    let units = weights.state.size()[1];
    let zeros = Tensor::zeros([1, x.size()[1], units], (x.kind(), x.device()));
    let Weights {
        input,
        state,
        biases: [first, second],
    } = weights;
    let params = [input, state, first, second];
    // One layer, one way, time first, without dropout. cuDNN keeps what its backward pass needs only if told
    // that this is training.
    let train = input.requires_grad();
    match cell {
        Cell::SimpleRnn => x.rnn_tanh(&zeros, &params, true, 1, 0.0, train, false, false),
        Cell::Lstm => {
            let start = [&zeros, &zeros];
            let (all, last, _) = x.lstm(&start, &params, true, 1, 0.0, train, false, false);
            (all, last)
        }
        Cell::Gru => x.gru(&zeros, &params, true, 1, 0.0, train, false, false),
    }
}
