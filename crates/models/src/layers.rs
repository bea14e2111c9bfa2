//! The layers the networks are made of, named and shaped as Keras names and shapes them.
//!
//! Field names are the weight names of the reference files (`recurrent/lstm_cell/kernel` and so
//! on), so that a path through a module *is* the name of a weight.
//!
//! Shape letters: B batch, T time, V vocabulary, D inputs of a layer, U units.

use burn::module::{Module, Param};
use burn::tensor::{FloatDType, Int, Tensor, activation::relu};

use crate::initializers::{EMBEDDING_LIMIT, Init};
use crate::recurrence;

/// A table `[V, D]` of one vector per token id.
#[derive(Module, Debug)]
pub struct Embedding {
    /// The table, `[V, D]`.
    pub embeddings: Param<Tensor<2>>,
}

impl Embedding {
    /// Draws a table of `vocabulary` rows of `width`.
    pub fn new(init: &mut Init, vocabulary: usize, width: usize) -> Self {
        Self {
            embeddings: init.uniform([vocabulary, width], EMBEDDING_LIMIT),
        }
    }

    /// Applies `f`, a function of one token's vector alone, to the tokens `ids` `[N]`; the result is
    /// in double precision.
    ///
    /// What depends on the token alone need not be computed at every position: where positions
    /// outnumber the vocabulary, `f` runs once over the table and its rows are gathered, which
    /// gives the same values for a fraction of the work (forward and backward).
    ///
    /// The gradient of a token that occurs a thousand times is a sum of a thousand rows. Added one
    /// by one in single precision their errors all point one way, and training visibly leaves the
    /// reference's trajectory; so rows are gathered, and their gradients added, in double.
    pub fn map_tokens(
        &self,
        ids: Tensor<1, Int>,
        f: impl FnOnce(Tensor<2>) -> Tensor<2>,
    ) -> Tensor<2> {
        let table = self.embeddings.val();
        let single = table.dtype();
        if ids.dims()[0] > table.dims()[0] {
            f(table).cast(FloatDType::F64).select(0, ids)
        } else {
            f(table.cast(FloatDType::F64).select(0, ids).cast(single)).cast(FloatDType::F64)
        }
    }
}

/// A fully connected layer: `x · kernel + bias`.
#[derive(Module, Debug)]
pub struct Dense {
    /// `[D, U]`, Glorot uniform.
    pub kernel: Param<Tensor<2>>,
    /// `[U]`, zeros.
    pub bias: Param<Tensor<1>>,
}

impl Dense {
    /// A layer of `units` outputs over `inputs` inputs.
    pub fn new(init: &mut Init, inputs: usize, units: usize) -> Self {
        Self {
            kernel: init.glorot_uniform([inputs, units]),
            bias: init.zeros(units),
        }
    }

    /// `[N, D]` to `[N, U]`.
    pub fn forward(&self, input: Tensor<2>) -> Tensor<2> {
        project(input, &self.kernel, &self.bias)
    }

    /// As [`Self::forward`], its sums (and those of its gradients) taken in double precision and
    /// rounded once. For small layers behind a chaotic one, where rounding decides on which side of
    /// its kink a relu is.
    pub fn forward_in_double(&self, input: Tensor<2>) -> Tensor<2> {
        let single = input.dtype();
        let [input, kernel] = [input, self.kernel.val()].map(|x| x.cast(FloatDType::F64));
        let bias = self.bias.val().cast(FloatDType::F64);
        (input.matmul(kernel) + bias.unsqueeze()).cast(single)
    }
}

/// `relu(dense(x))`, `[N, D]` to `[N, U]`.
pub(crate) fn dense_relu(dense: &Dense, input: Tensor<2>) -> Tensor<2> {
    relu(dense.forward(input))
}

/// The weights of one recurrent cell; `G` is 1 (SimpleRNN) or 4 (LSTM: i, f, c, o).
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
    /// `x · W + b` of every position at once: ids `[B, T]` to `[T, B, G · U]`, time first, so that
    /// a step of the recurrence reads one contiguous block. In double precision, as gathered.
    fn project(&self, embedding: &Embedding, ids: Tensor<2, Int>) -> Tensor<3> {
        let [batch, time] = ids.dims();
        let by_time = ids.swap_dims(0, 1).reshape([batch * time]);
        let projected = embedding.map_tokens(by_time, |x| project(x, &self.kernel, &self.bias));
        let [_, columns] = projected.dims();
        projected.reshape([time, batch, columns])
    }
}

/// `h = tanh(x · W + h · R + b)` through time, from a zero state; gives the last state.
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
                bias: init.zeros(units),
            },
        }
    }

    /// Reads the embedded tokens `ids` `[B, T]`; the state after the last step, `[B, U]`.
    ///
    /// A hundred steps of this layer amplify rounding as they amplify everything else, so it runs in
    /// double precision from gathering to the last state, which is rounded once.
    pub fn forward(&self, embedding: &Embedding, ids: Tensor<2, Int>) -> Tensor<2> {
        let cell = &self.simple_rnn_cell;
        let kernel = cell.recurrent_kernel.val();
        let single = kernel.dtype();
        let projected = cell.project(embedding, ids);
        recurrence::simple_rnn(projected, kernel.cast(FloatDType::F64)).cast(single)
    }
}

/// Long short-term memory from a zero state; gives the last hidden state.
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

    /// Reads the embedded tokens `ids` `[B, T]`; the hidden state after the last step, `[B, U]`.
    pub fn forward(&self, embedding: &Embedding, ids: Tensor<2, Int>) -> Tensor<2> {
        let cell = &self.lstm_cell;
        let kernel = cell.recurrent_kernel.val();
        let projected = cell.project(embedding, ids).cast(kernel.dtype());
        recurrence::lstm(projected, kernel)
    }
}

fn project(input: Tensor<2>, kernel: &Param<Tensor<2>>, bias: &Param<Tensor<1>>) -> Tensor<2> {
    input.matmul(kernel.val()) + bias.val().unsqueeze()
}
