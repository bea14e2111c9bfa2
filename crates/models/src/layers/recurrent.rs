//! The recurrent layers: weights by their names, one way and both ways, all on one operation.

use burn::module::{Module, ModuleDisplay, Param};
use burn::tensor::Tensor;

use super::Sequence;
use crate::config::Reads;
use crate::initializers::Init;
use crate::recurrence::{self, Cell, Direction, Layer, Precision, States, Weighted};

/// The weights of one recurrent cell of G gates; the bias is flat.
#[derive(Clone, Debug)]
pub(crate) struct CellWeights {
    pub(crate) cell: Cell,
    pub(crate) kernel: Tensor<2>,
    pub(crate) recurrent_kernel: Tensor<2>,
    pub(crate) bias: Tensor<1>,
}

impl CellWeights {
    /// A hundred steps of a SimpleRNN amplify rounding as they amplify everything else: in single
    /// precision it leaves the reference's trajectory. Gates hold the others on it.
    fn precision(&self) -> Precision {
        match self.cell {
            Cell::SimpleRnn => Precision::DoubleSweep,
            Cell::Lstm | Cell::Gru => Precision::Own,
        }
    }

    fn layer(&self, sequence: &Sequence, direction: Direction, output: States) -> Layer {
        Layer {
            cell: self.cell,
            direction,
            source: sequence.source,
            mask_zero: sequence.mask_zero,
            output,
            precision: self.precision(),
        }
    }

    fn operands(&self, sequence: &Sequence) -> Weighted {
        Weighted {
            features: sequence.vectors.clone(),
            ids: sequence.ids.clone(),
            kernel: self.kernel.clone(),
            recurrent_kernel: self.recurrent_kernel.clone(),
            bias: self.bias.clone(),
        }
    }

    /// States, `[B, U]` or `[B · T, U]`.
    pub(crate) fn run(
        &self,
        sequence: &Sequence,
        direction: Direction,
        output: States,
    ) -> Tensor<2> {
        recurrence::layer(
            sequence.vectors.clone(),
            sequence.ids.clone(),
            self.kernel.clone(),
            self.recurrent_kernel.clone(),
            self.bias.clone(),
            self.layer(sequence, direction, output),
        )
    }

    /// All states `[B · T, U]`, the inputs of the gates moved: see [`recurrence::nudged_inputs`].
    pub(crate) fn run_nudged(
        &self,
        sequence: &Sequence,
        direction: Direction,
        nudge: Tensor<2>,
    ) -> Tensor<2> {
        let layer = self.layer(sequence, direction, States::All);
        recurrence::nudged_inputs(&self.operands(sequence), layer, nudge)
    }

    /// All states `[B · T, U]`, each moved by hand: see [`recurrence::nudged_states`].
    #[cfg(test)]
    pub(crate) fn run_moved(
        &self,
        sequence: &Sequence,
        direction: Direction,
        nudges: Vec<Tensor<2>>,
    ) -> Tensor<2> {
        let layer = self.layer(sequence, direction, States::All);
        recurrence::nudged_states(self.operands(sequence), layer, nudges)
    }

    /// The gates of each step, given all states: see [`recurrence::gates`].
    pub(crate) fn gates(
        &self,
        sequence: &Sequence,
        direction: Direction,
        states: Tensor<2>,
    ) -> Vec<Tensor<2>> {
        let layer = self.layer(sequence, direction, States::All);
        recurrence::gates(&self.operands(sequence), layer, states)
    }
}

/// A recurrent layer, one way or both ways through time.
pub trait Recurrent: Module {
    /// U: the width of its states.
    fn units(&self) -> usize;

    /// The states that `output` asks for, `[B, U]` or, time after time for each text, `[B · T, U]`.
    fn states(&self, sequence: &Sequence, output: States) -> Tensor<2>;

    /// The state after the last step, `[B, U]`.
    fn last(&self, sequence: &Sequence) -> Tensor<2> {
        self.states(sequence, States::Last)
    }

    /// The state after every step, for the next layer to read: Keras' `return_sequences`. Steps
    /// that are masked here are masked there.
    fn all(&self, sequence: &Sequence) -> Sequence {
        sequence.replaced(self.states(sequence, States::All))
    }
}

/// The weights of a SimpleRNN's or an LSTM's cell; G is 1 or 4 (i, f, c, o).
#[derive(Module, Debug)]
pub struct RecurrentCell {
    /// Input kernel `[D, G · U]`, Glorot uniform.
    pub kernel: Param<Tensor<2>>,
    /// Recurrent kernel `[U, G · U]`, orthogonal.
    pub recurrent_kernel: Param<Tensor<2>>,
    /// `[G · U]`.
    pub bias: Param<Tensor<1>>,
}

impl RecurrentCell {
    fn weights(&self, cell: Cell) -> CellWeights {
        CellWeights {
            cell,
            kernel: self.kernel.val(),
            recurrent_kernel: self.recurrent_kernel.val(),
            bias: self.bias.val(),
        }
    }
}

/// `h = tanh(x · W + h · R + b)` through time, from a zero state. Source: Elman, "Finding Structure
/// in Time", 1990.
#[derive(Module, Debug)]
pub struct SimpleRnn {
    /// The cell's weights, one gate.
    pub simple_rnn_cell: RecurrentCell,
}

impl SimpleRnn {
    /// A layer of `units` over inputs of width `inputs`.
    pub fn new(init: &mut Init, inputs: usize, units: usize) -> Self {
        Self {
            simple_rnn_cell: RecurrentCell {
                kernel: init.glorot_uniform([inputs, units]),
                recurrent_kernel: init.orthogonal([units, units]),
                bias: init.zeros([units]),
            },
        }
    }
}

/// Long short-term memory from a zero state.
///
/// `z = x · W + h · R + b`, gates i, f, c, o; `c = σ(f) · c + σ(i) · tanh(c̃)`, `h = σ(o) · tanh(c)`.
/// One bias of `4 · U`, as in Keras. Source: Hochreiter and Schmidhuber, "Long Short-Term Memory",
/// 1997, with the forget gate of Gers et al., 2000.
#[derive(Module, Debug)]
pub struct Lstm {
    /// The cell's weights, four gates.
    pub lstm_cell: RecurrentCell,
}

impl Lstm {
    /// A layer of `units` over inputs of width `inputs`.
    pub fn new(init: &mut Init, inputs: usize, units: usize) -> Self {
        Self {
            lstm_cell: RecurrentCell {
                kernel: init.glorot_uniform([inputs, 4 * units]),
                recurrent_kernel: init.orthogonal([units, 4 * units]),
                bias: init.unit_forget_bias(units),
            },
        }
    }
}

/// The weights of a GRU's cell, gates z, r, h.
#[derive(Module, Debug)]
pub struct GruCell {
    /// Input kernel `[D, 3 · U]`, Glorot uniform.
    pub kernel: Param<Tensor<2>>,
    /// Recurrent kernel `[U, 3 · U]`, orthogonal.
    pub recurrent_kernel: Param<Tensor<2>>,
    /// `[2, 3 · U]`: for the input, then for the state.
    pub bias: Param<Tensor<2>>,
}

/// Gated recurrent unit from a zero state, the reset gate after the product (Keras' `reset_after`).
///
/// `h̃ = tanh(x + r · (h · R + b))`, `h = z · h + (1 − z) · h̃`. Source: Cho et al., "Learning Phrase
/// Representations using RNN Encoder–Decoder for Statistical Machine Translation", 2014.
#[derive(Module, Debug)]
pub struct Gru {
    /// The cell's weights, three gates.
    pub gru_cell: GruCell,
}

impl Gru {
    /// A layer of `units` over inputs of width `inputs`.
    pub fn new(init: &mut Init, inputs: usize, units: usize) -> Self {
        Self {
            gru_cell: GruCell {
                kernel: init.glorot_uniform([inputs, 3 * units]),
                recurrent_kernel: init.orthogonal([units, 3 * units]),
                bias: init.zeros([2, 3 * units]),
            },
        }
    }
}

/// A recurrent layer of any cell, chosen at run time.
#[derive(Module, Debug)]
pub enum AnyRecurrent {
    /// See [`SimpleRnn`].
    SimpleRnn(SimpleRnn),
    /// See [`Lstm`].
    Lstm(Lstm),
    /// See [`Gru`].
    Gru(Gru),
}

impl AnyRecurrent {
    /// A layer of `units` over inputs of width `inputs`.
    pub fn new(cell: Cell, init: &mut Init, inputs: usize, units: usize) -> Self {
        match cell {
            Cell::SimpleRnn => Self::SimpleRnn(SimpleRnn::new(init, inputs, units)),
            Cell::Lstm => Self::Lstm(Lstm::new(init, inputs, units)),
            Cell::Gru => Self::Gru(Gru::new(init, inputs, units)),
        }
    }
}

/// A layer that has one cell, and so can be run either way.
pub trait OneWay: Module {
    /// U.
    fn units_one_way(&self) -> usize;

    /// The states that `output` asks for, run in `direction`.
    fn run(&self, sequence: &Sequence, direction: Direction, output: States) -> Tensor<2>;
}

macro_rules! one_way {
    ($layer:ident, $self:ident => $weights:expr) => {
        impl OneWay for $layer {
            fn units_one_way(&self) -> usize {
                let $self = self;
                $weights.recurrent_kernel.dims()[0]
            }

            fn run(&self, sequence: &Sequence, direction: Direction, output: States) -> Tensor<2> {
                let $self = self;
                $weights.run(sequence, direction, output)
            }
        }

        impl Recurrent for $layer {
            fn units(&self) -> usize {
                self.units_one_way()
            }

            fn states(&self, sequence: &Sequence, output: States) -> Tensor<2> {
                self.run(sequence, Direction::Forward, output)
            }
        }
    };
}

one_way!(SimpleRnn, layer => layer.simple_rnn_cell.weights(Cell::SimpleRnn));
one_way!(Lstm, layer => layer.lstm_cell.weights(Cell::Lstm));
one_way!(Gru, layer => layer.gru_cell.weights());
one_way!(AnyRecurrent, layer => layer.weights());

impl GruCell {
    fn weights(&self) -> CellWeights {
        let [rows, width] = self.bias.dims();
        CellWeights {
            cell: Cell::Gru,
            kernel: self.kernel.val(),
            recurrent_kernel: self.recurrent_kernel.val(),
            bias: self.bias.val().reshape([rows * width]),
        }
    }
}

impl AnyRecurrent {
    fn weights(&self) -> CellWeights {
        match self {
            Self::SimpleRnn(layer) => layer.simple_rnn_cell.weights(Cell::SimpleRnn),
            Self::Lstm(layer) => layer.lstm_cell.weights(Cell::Lstm),
            Self::Gru(layer) => layer.gru_cell.weights(),
        }
    }
}

/// A layer run both ways, its states side by side: `[forward, backward]`, width `2 · U` (Keras'
/// `Bidirectional`). The last state is that after the last step each way. Source: Schuster and
/// Paliwal, "Bidirectional Recurrent Neural Networks", 1997.
#[derive(Module, Debug)]
pub struct Bidirectional<L> {
    /// From the first step to the last.
    pub forward: L,
    /// From the last step to the first.
    pub backward: L,
}

impl<L: OneWay + ModuleDisplay> Recurrent for Bidirectional<L> {
    fn units(&self) -> usize {
        self.forward.units_one_way() + self.backward.units_one_way()
    }

    fn states(&self, sequence: &Sequence, output: States) -> Tensor<2> {
        let forward = self.forward.run(sequence, Direction::Forward, output);
        let backward = self.backward.run(sequence, Direction::Reverse, output);
        Tensor::cat(vec![forward, backward], 1)
    }
}

/// A recurrent layer of any cell, one way or both ways, chosen at run time.
#[derive(Module, Debug)]
#[allow(
    clippy::large_enum_variant,
    reason = "there are two of them in a program, not thousands"
)]
pub enum RecurrentLayer {
    /// From the first step to the last.
    Forward(AnyRecurrent),
    /// From the last step to the first.
    Backward(AnyRecurrent),
    /// Both ways.
    Bidirectional(Bidirectional<AnyRecurrent>),
}

impl RecurrentLayer {
    /// A layer of `units` (each way) over inputs of width `inputs`.
    pub fn new(cell: Cell, reads: Reads, init: &mut Init, inputs: usize, units: usize) -> Self {
        let mut one_way = || AnyRecurrent::new(cell, init, inputs, units);
        match reads {
            Reads::Forward => Self::Forward(one_way()),
            Reads::Backward => Self::Backward(one_way()),
            Reads::Both => Self::Bidirectional(Bidirectional {
                forward: one_way(),
                backward: one_way(),
            }),
        }
    }
}

impl RecurrentLayer {
    /// What it is made of, one way each, in the order in which states stand side by side.
    pub(crate) fn ways(&self) -> Vec<(Direction, CellWeights)> {
        match self {
            Self::Forward(layer) => vec![(Direction::Forward, layer.weights())],
            Self::Backward(layer) => vec![(Direction::Reverse, layer.weights())],
            Self::Bidirectional(both) => vec![
                (Direction::Forward, both.forward.weights()),
                (Direction::Reverse, both.backward.weights()),
            ],
        }
    }
}

impl Recurrent for RecurrentLayer {
    fn units(&self) -> usize {
        match self {
            Self::Forward(layer) | Self::Backward(layer) => layer.units(),
            Self::Bidirectional(layer) => layer.units(),
        }
    }

    fn states(&self, sequence: &Sequence, output: States) -> Tensor<2> {
        match self {
            Self::Forward(layer) => layer.states(sequence, output),
            Self::Backward(layer) => layer.run(sequence, Direction::Reverse, output),
            Self::Bidirectional(layer) => layer.states(sequence, output),
        }
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;

    /// Another network: vectors instead of tokens, two kinds of layers, both ways.
    #[test]
    fn layers_combine_by_hand() {
        let device = Device::flex().autodiff();
        let init = &mut Init::new(1, &device);
        let first = Bidirectional {
            forward: Gru::new(init, 3, 4),
            backward: Gru::new(init, 3, 4),
        };
        let second = Lstm::new(init, 8, 5);
        let vectors = Tensor::<3>::ones([2, 6, 3], &device).require_grad();
        let states = first.all(&Sequence::vectors(vectors.clone()));
        assert_eq!((states.dims(), first.units()), ([2, 6, 8], 8));
        let last = second.last(&states);
        assert_eq!(last.dims(), [2, 5]);
        let gradients = last.sum().backward();
        let gradient: Vec<f32> = vectors
            .grad(&gradients)
            .unwrap()
            .into_data()
            .iter()
            .collect();
        assert!(gradient.iter().all(|x| *x != 0.0 && x.is_finite()));
    }
}
