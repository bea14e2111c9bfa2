//! What a layer does inside, for those who watch it: its gates, and what goes into them moved by hand.
//!
//! In tensor operations, on any backend. Not for training: see [`super::layer`].

#[cfg(test)]
use burn::backend::Dispatch;
use burn::tensor::{Int, Tensor, TensorData};

use super::{Cell, Direction, Layer, Source, States};
use crate::dense::dense;

/// The operands of [`super::layer`], as tensors.
#[derive(Clone, Debug)]
pub(crate) struct Weighted {
    /// `[V, D]` or `[B · T, D]`.
    pub(crate) features: Tensor<2>,
    /// `[B, T]`.
    pub(crate) ids: Tensor<2, Int>,
    /// `[D, G · U]`.
    pub(crate) kernel: Tensor<2>,
    /// `[U, G · U]`.
    pub(crate) recurrent_kernel: Tensor<2>,
    /// `[G · U]`, twice that for the GRU.
    pub(crate) bias: Tensor<1>,
}

impl Weighted {
    /// What the gates get of the inputs, bias included, `[B · T, G · U]`.
    fn projected(&self, layer: Layer) -> Tensor<2> {
        let [batch, time] = self.ids.dims();
        let [_, width] = self.recurrent_kernel.dims();
        let vectors = match layer.source {
            Source::Tokens => {
                let ids = self.ids.clone().reshape([batch * time]);
                self.features.clone().select(0, ids)
            }
            Source::Positions => self.features.clone(),
        };
        dense(
            vectors,
            self.kernel.clone(),
            self.bias.clone().narrow(0, 0, width),
        )
    }

    /// The bias of the recurrent part, `[G · U]`: that of the GRU, zeros of the others.
    fn recurrent_bias(&self, layer: Layer) -> Tensor<1> {
        let [_, width] = self.recurrent_kernel.dims();
        if layer.cell.biases() > 1 {
            self.bias.clone().narrow(0, width, width)
        } else {
            Tensor::zeros([width], &self.bias.device())
        }
    }
}

/// All states `[B · T, U]` of a layer whose projected inputs are moved by `nudge`, `[B · T, G · U]`: a
/// nudge of zero changes nothing, and its gradient is that of what goes into the gates.
///
/// The projection is taken out of the layer, whose own kernel is then the identity.
pub(crate) fn nudged_inputs(operands: &Weighted, layer: Layer, nudge: Tensor<2>) -> Tensor<2> {
    let projected = operands.projected(layer) + nudge;
    let [_, width] = projected.dims();
    let device = projected.device();
    let none = Tensor::<1>::zeros([width], &device);
    let bias = if layer.cell.biases() > 1 {
        Tensor::cat(vec![none, operands.recurrent_bias(layer)], 0)
    } else {
        none
    };
    super::layer(
        projected,
        operands.ids.clone(),
        Tensor::eye(width, &device),
        operands.recurrent_kernel.clone(),
        bias,
        Layer {
            source: Source::Positions,
            output: States::All,
            ..layer
        },
    )
}

/// How far each gate is open at each step, `[B · T, U]` a gate, given all states of the layer. Order:
/// the LSTM's input, forget and output gate; the GRU's update and reset gate.
pub(crate) fn gates(operands: &Weighted, layer: Layer, states: Tensor<2>) -> Vec<Tensor<2>> {
    let [batch, time] = operands.ids.dims();
    let [units, _] = operands.recurrent_kernel.dims();
    // The state before a step is that after the step before it, in the layer's own direction.
    let states = states.reshape([batch, time, units]);
    let start = Tensor::zeros([batch, 1, units], &states.device());
    let before = match layer.direction {
        Direction::Forward => Tensor::cat(vec![start, states], 1).narrow(1, 0, time),
        Direction::Reverse => Tensor::cat(vec![states, start], 1).narrow(1, 1, time),
    };
    let before = before.reshape([batch * time, units]);
    let recurrent_bias = operands.recurrent_bias(layer);
    let fed_back = dense(before, operands.recurrent_kernel.clone(), recurrent_bias);
    let pre_activations = operands.projected(layer) + fed_back;
    let columns: &[usize] = match layer.cell {
        Cell::SimpleRnn => &[],
        Cell::Lstm => &[0, 1, 3],
        Cell::Gru => &[0, 1],
    };
    let gate = |gate: &usize| {
        let z = pre_activations.clone().narrow(1, gate * units, units);
        let (shape, device) = (z.dims(), z.device());
        let open: Vec<f32> = z.into_data().iter().map(sigmoid).collect();
        Tensor::from_data(TensorData::new(open, shape), &device)
    };
    columns.iter().map(gate).collect()
}

/// The logistic function by the crate `libm`, which gives the same bits everywhere.
fn sigmoid(x: f32) -> f32 {
    (1.0 / (1.0 + libm::exp(-f64::from(x)))) as f32
}

/// All states `[B · T, U]` of a layer whose state after step t is moved by `nudges[t]`, `[B, U]`: for
/// finite differences.
#[cfg(test)]
pub(crate) fn nudged_states(operands: Weighted, layer: Layer, nudges: Vec<Tensor<2>>) -> Tensor<2> {
    let [batch, time] = operands.ids.dims();
    let [units, _] = operands.recurrent_kernel.dims();
    let operands = super::Operands::<Dispatch> {
        features: operands.features.into_dispatch(),
        ids: operands.ids.into_dispatch(),
        kernel: operands.kernel.into_dispatch(),
        recurrent_kernel: operands.recurrent_kernel.into_dispatch(),
        bias: operands.bias.into_dispatch(),
    };
    let nudges: Vec<_> = nudges.into_iter().map(Tensor::into_dispatch).collect();
    let layer = Layer {
        output: States::All,
        ..layer
    };
    let states = super::steps::run_nudged::<Dispatch>(operands, layer, &nudges);
    Tensor::<3>::from_dispatch(states).reshape([batch * time, units])
}
