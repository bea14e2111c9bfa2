//! What a layer does inside, for those who watch it: its gates, and its states moved by hand.
//!
//! In tensor operations, on any backend. Not for training: see [`super::layer`].

use burn::backend::Dispatch;
use burn::tensor::{Int, Tensor};

use super::{Direction, Layer, Operands, States, steps};

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

/// All states `[B · T, U]` of a layer whose state after step t is moved by `nudges[t]`, `[B, U]`.
/// Differentiable in the nudges, step by step in ordinary operations.
pub(crate) fn nudged(operands: Weighted, layer: Layer, nudges: Vec<Tensor<2>>) -> Tensor<2> {
    let [batch, time] = operands.ids.dims();
    let [units, _] = operands.recurrent_kernel.dims();
    let operands = Operands::<Dispatch> {
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
    let states = steps::run_nudged::<Dispatch>(operands, layer, &nudges);
    Tensor::<3>::from_dispatch(states).reshape([batch * time, units])
}

/// How far each gate is open at each step, `[B · T, U]` a gate, given all states of the layer. Order:
/// the LSTM's input, forget and output gate; the GRU's update and reset gate.
pub(crate) fn gates(operands: Weighted, layer: Layer, states: Tensor<2>) -> Vec<Tensor<2>> {
    let [batch, time] = operands.ids.dims();
    let [units, width] = operands.recurrent_kernel.dims();
    let vectors = match layer.source {
        super::Source::Tokens => {
            let ids = operands.ids.reshape([batch * time]);
            operands.features.select(0, ids)
        }
        super::Source::Positions => operands.features,
    };
    let bias = operands.bias.reshape([layer.cell.biases(), width]);
    let x = vectors.matmul(operands.kernel) + bias.clone().narrow(0, 0, 1);

    // The state before a step is that after the step before it, in the layer's own direction.
    let states = states.reshape([batch, time, units]);
    let start = Tensor::zeros([batch, 1, units], &states.device());
    let before = match layer.direction {
        Direction::Forward => vec![start, states.narrow(1, 0, time - 1)],
        Direction::Reverse => vec![states.narrow(1, 1, time - 1), start],
    };
    let before = Tensor::cat(before, 1).reshape([batch * time, units]);
    let mut fed_back = before.matmul(operands.recurrent_kernel);
    if layer.cell.biases() > 1 {
        fed_back = fed_back + bias.narrow(0, 1, 1);
    }
    steps::gates::<Dispatch>(
        layer.cell,
        &x.into_dispatch(),
        &fed_back.into_dispatch(),
        units,
    )
    .into_iter()
    .map(Tensor::from_dispatch)
    .collect()
}
