//! A recurrent layer as one backend operation, with gradients by hand.
//!
//! [`layer`] takes vectors, which of them stands at each step, and a layer's weights, and gives the
//! last state or all of them. For burn it is *one* operation ([`RecurrentBackend`]): autodiff records
//! one node, and a backend may bring a fast implementation without the layers knowing. Flex has the
//! fused kernels (`flex`), libtorch has ATen's layers ([`libtorch`]); any other backend falls back to ordinary tensor operations (`steps`).
//!
//! This is not the place for weights and their names: those are the layers'.

#![cfg_attr(
    feature = "libtorch",
    allow(deprecated, reason = "burn-tch is, and the macro names it")
)]

mod autodiff;
mod flex;
#[cfg(feature = "libtorch")]
pub mod libtorch;
mod steps;
mod traced;

use burn::backend::tensor::{FloatTensor, IntTensor};
use burn::backend::{Backend, Dispatch, DispatchDevice, Flex, backend_extension};
use burn::tensor::{Device, Int, Tensor};

pub(crate) use flex::host_ids;
pub use recurrent_kernels::{Cell, Direction, Precision};
#[cfg(test)]
pub(crate) use traced::nudged_states;
pub(crate) use traced::{Weighted, gates, nudged_inputs};

/// Which layer, and how it reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layer {
    /// The cell.
    pub cell: Cell,
    /// The direction.
    pub direction: Direction,
    /// What stands at a step.
    pub source: Source,
    /// Whether a step whose token id is 0 is masked: the state stays as it is (Keras'
    /// `mask_zero`).
    pub mask_zero: bool,
    /// What to give.
    pub output: States,
    /// What the sweep through time is computed in.
    pub precision: Precision,
}

/// What a layer reads at a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The vector of the step's token: features `[V, D]`.
    Tokens,
    /// A vector of its own: features `[B · T, D]`.
    Positions,
}

/// Which states a layer gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum States {
    /// After the last step: `[B, U]`.
    Last,
    /// After every step: `[B, T, U]`. A masked step repeats the state before it, or is
    /// zero where there is none yet.
    All,
}

/// The recurrent operation of a backend; the default is made of its tensor operations.
///
/// Shape letters: B batch, T time (at least 1), V vectors, D inputs, U units, G gates. All float
/// operands have the same precision, and so has everything that is computed from them.
#[backend_extension(Flex, LibTorch: cfg(feature = "libtorch"), Autodiff)]
pub trait RecurrentBackend: Backend {
    /// A layer through time from a zero state: features `[V, D]` or `[B · T, D]`, ids `[B, T]`,
    /// kernel `[D, G · U]`, recurrent kernel `[U, G · U]`, bias `[G · U]` (the GRU's `[2, 3 · U]`).
    ///
    /// # Panics
    /// If an id names no row of the features, or shapes do not fit, as burn's own operations do.
    fn recurrent_layer(
        features: FloatTensor<Self>,
        ids: IntTensor<Self>,
        kernel: FloatTensor<Self>,
        recurrent_kernel: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        layer: Layer,
    ) -> FloatTensor<Self>;
}

/// The operands of [`RecurrentBackend::recurrent_layer`].
#[derive(Clone, Debug)]
pub struct Operands<B: Backend> {
    /// Vectors.
    pub features: FloatTensor<B>,
    /// Token ids, `[B, T]`.
    pub ids: IntTensor<B>,
    /// Kernel.
    pub kernel: FloatTensor<B>,
    /// Recurrent kernel.
    pub recurrent_kernel: FloatTensor<B>,
    /// Bias.
    pub bias: FloatTensor<B>,
}

/// A backend that has a layer's backward pass. The default runs the layer again, in tensor
/// operations under autodiff; a backend with kernels of its own brings its own tape.
pub trait RecordedBackend: Backend {
    /// Runs a layer; keeps a tape if `record`.
    fn run(
        operands: Operands<Self>,
        layer: Layer,
        record: bool,
    ) -> (FloatTensor<Self>, Option<Tape<Self>>) {
        let output = steps::run::<Self>(operands.clone(), layer);
        (output, record.then_some(Tape::Operands(operands, layer)))
    }

    /// The gradients of features, kernel, recurrent kernel and bias, given that of the output.
    fn back(tape: Tape<Self>, gradient: FloatTensor<Self>) -> [FloatTensor<Self>; 4] {
        match tape {
            Tape::Operands(operands, layer) => steps::back::<Self>(operands, layer, gradient),
            _ => unreachable!("a backend with kernels has a backward pass of its own"),
        }
    }
}

/// What the backward pass needs of the forward pass.
#[derive(Clone, Debug)]
pub enum Tape<B: Backend> {
    /// Nothing but the operands: the layer is run again.
    Operands(Operands<B>, Layer),
    /// What the kernels recorded.
    Kernel(std::sync::Arc<flex::KernelTape>),
    /// ATen's graph.
    #[cfg(feature = "libtorch")]
    Aten(libtorch::aten::Graph),
}

/// How a device reaches the fused kernels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kernels {
    /// They work on its tensors' own memory.
    Own,
    /// They work on copies, which a CPU makes for less than they save.
    Copies,
    /// Not at all, as on a GPU. Reading from such a device waits for it, and every operation costs its
    /// start: few and large ones are wanted, and nothing that the host would have to know.
    None,
}

impl Kernels {
    /// Those of a device, which may record gradients.
    pub fn of(device: &Device) -> Self {
        match device.clone().without_autodiff().as_dispatch() {
            DispatchDevice::Flex(_) => Self::Own,
            #[cfg(feature = "libtorch")]
            DispatchDevice::LibTorch(device) if libtorch::has_kernels(*device) => Self::Copies,
            _ => Self::None,
        }
    }
}

impl RecurrentBackend for Flex {
    fn recurrent_layer(
        features: FloatTensor<Self>,
        ids: IntTensor<Self>,
        kernel: FloatTensor<Self>,
        recurrent_kernel: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        layer: Layer,
    ) -> FloatTensor<Self> {
        let operands = Operands {
            features,
            ids,
            kernel,
            recurrent_kernel,
            bias,
        };
        Self::run(operands, layer, false).0
    }
}

/// One way through a recurrent layer from a zero state. Differentiable in all but the ids.
///
/// Shapes as in [`RecurrentBackend::recurrent_layer`], the bias flat. The result has the last state,
/// `[B, U]`, or all states, `[B · T, U]`.
///
/// # Panics
/// If an id names no row of the features, or shapes do not fit.
pub fn layer(
    features: Tensor<2>,
    ids: Tensor<2, Int>,
    kernel: Tensor<2>,
    recurrent_kernel: Tensor<2>,
    bias: Tensor<1>,
    layer: Layer,
) -> Tensor<2> {
    let [batch, time] = ids.dims();
    let [units, _] = recurrent_kernel.dims();
    let output = Dispatch::recurrent_layer(
        features.into_dispatch(),
        ids.into_dispatch(),
        kernel.into_dispatch(),
        recurrent_kernel.into_dispatch(),
        bias.into_dispatch(),
        layer,
    );
    match layer.output {
        States::Last => Tensor::from_dispatch(output),
        States::All => Tensor::<3>::from_dispatch(output).reshape([batch * time, units]),
    }
}

#[cfg(test)]
mod tests;
