//! The network that judges every token by itself, as one operation on Flex with its gradient by hand.
//!
//! What depends on the token alone is computed once for each different token, forward and backward, by the kernels'
//! products. The logits are handed out to the positions; their gradients are added up by token in double precision,
//! position after position, since the gradient of a token that occurs a thousand times is a sum of a thousand numbers
//! whose rounding errors in single precision all point one way.
//!
//! Shape letters: B texts, T tokens of each, V vocabulary, N different tokens, D width of an embedding, U units, H
//! hidden units, C logits.

use std::sync::Arc;

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::flex::FlexTensor;
use burn::backend::tensor::{FloatTensor, IntTensor};
use burn::backend::{Autodiff, Backend, Dispatch, Flex, TensorMetadata, backend_extension};
use burn::tensor::{DType, Element, Int, Tensor, TensorData};
use recurrent_kernels::{
    Buffer, Isa, Matrix, Real, Transposed, column_sums, dense, matmul, together,
};

use crate::host::{matrix, refuse, relu, relu_back, tensor, values};
use crate::layers::{Dense, Embedding, distinct_of};
use crate::recurrence::host_ids;

/// The logits of every token `[B, T, C]`: `output(relu(hidden(relu(first(embedding)))))`. On Flex alone.
///
/// # Panics
/// If an id names no row of the embedding, or shapes do not fit, as burn's own operations do.
pub(crate) fn classify_tokens(
    embedding: &Embedding,
    [first, hidden, output]: [&Dense; 3],
    ids: Tensor<2, Int>,
) -> Tensor<3> {
    Tensor::from_dispatch(Dispatch::per_token(
        embedding.embeddings.val().into_dispatch(),
        ids.into_dispatch(),
        first.kernel.val().into_dispatch(),
        first.bias.val().into_dispatch(),
        hidden.kernel.val().into_dispatch(),
        hidden.bias.val().into_dispatch(),
        output.kernel.val().into_dispatch(),
        output.bias.val().into_dispatch(),
    ))
}

/// The network on a backend.
#[backend_extension(Flex, Autodiff)]
trait PerTokenBackend: Backend {
    /// Logits `[B, T, C]` of ids `[B, T]`, with embeddings `[V, D]`, kernels `[D, U]`, `[U, H]`, `[H, C]` and their biases.
    #[allow(clippy::too_many_arguments, reason = "the operands of three layers")]
    fn per_token(
        embeddings: FloatTensor<Self>,
        ids: IntTensor<Self>,
        first_kernel: FloatTensor<Self>,
        first_bias: FloatTensor<Self>,
        hidden_kernel: FloatTensor<Self>,
        hidden_bias: FloatTensor<Self>,
        output_kernel: FloatTensor<Self>,
        output_bias: FloatTensor<Self>,
    ) -> FloatTensor<Self>;
}

/// A backend that has the backward pass.
trait RecordedPerToken: Backend {
    /// Logits, and what the backward pass needs: of embeddings, three kernels and three biases.
    fn forward(
        floats: [FloatTensor<Self>; 7],
        ids: IntTensor<Self>,
    ) -> (FloatTensor<Self>, Arc<Recorded>);

    /// The gradients of the operands, given that of the logits.
    fn backward(recorded: &Recorded, gradient: FloatTensor<Self>) -> [FloatTensor<Self>; 7];
}

/// What the forward pass leaves for the backward pass.
#[derive(Debug)]
enum Recorded {
    Single(Pass<f32>),
    Double(Pass<f64>),
}

/// The forward pass of the different tokens.
#[derive(Debug)]
struct Pass<E: Real> {
    /// Rows of the embedding, V.
    vocabulary: usize,
    sizes: Sizes,
    /// Each different token, ascending.
    tokens: Vec<i64>,
    /// Which of them stands at each position.
    places: Vec<i64>,
    /// Their vectors, `[N, D]`.
    vectors: Buffer<E>,
    /// After the first layer's relu, `[N, U]`, and the hidden layer's, `[N, H]`.
    layers: [Buffer<E>; 2],
    kernels: [Vec<E>; 3],
}

/// D, U, H and C.
#[derive(Clone, Copy, Debug)]
struct Sizes {
    inputs: usize,
    units: usize,
    hidden: usize,
    classes: usize,
}

impl<E: Real + Element + bytemuck::Pod> Pass<E> {
    /// The pass, and the logits of the positions.
    fn new(floats: &[FlexTensor; 7], ids: &FlexTensor) -> (Self, Vec<E>) {
        let [vocabulary, inputs] = floats[0].shape().dims();
        let [_, units] = floats[1].shape().dims();
        let [_, hidden] = floats[3].shape().dims();
        let [_, classes] = floats[5].shape().dims();
        let operands = floats.each_ref().map(FlexTensor::to_contiguous);
        let [
            embeddings,
            first_kernel,
            first_bias,
            hidden_kernel,
            hidden_bias,
            output_kernel,
            output_bias,
        ] = operands.each_ref().map(values::<E>);
        let ids: Vec<i64> = host_ids(ids).into_iter().map(i64::from).collect();
        let (tokens, places) = distinct_of(&ids);
        let count = tokens.len();
        let mut vectors = Buffer::zeroed(count * inputs);
        for (vector, token) in vectors.chunks_exact_mut(inputs.max(1)).zip(&tokens) {
            if *token as usize >= vocabulary {
                unknown(*token, vocabulary);
            }
            let first = *token as usize * inputs;
            vector.copy_from_slice(&embeddings[first..first + inputs]);
        }
        let layer = |input: &[E], width, kernel, units, bias| {
            let (input, kernel) = (matrix(input, count, width), matrix(kernel, width, units));
            dense(Isa::best(), input, kernel, bias).unwrap_or_else(|error| refuse(&error))
        };
        let mut first = layer(&vectors, inputs, first_kernel, units, first_bias);
        relu(&mut first);
        let mut second = layer(&first, units, hidden_kernel, hidden, hidden_bias);
        relu(&mut second);
        let logits = layer(&second, hidden, output_kernel, classes, output_bias);
        let of_token = |place: &i64| &logits[*place as usize * classes..][..classes];
        let of_positions = places.iter().flat_map(of_token).copied().collect();
        let pass = Self {
            vocabulary,
            sizes: Sizes {
                inputs,
                units,
                hidden,
                classes,
            },
            tokens,
            places,
            vectors,
            layers: [first, second],
            kernels: [first_kernel, hidden_kernel, output_kernel].map(<[E]>::to_vec),
        };
        (pass, of_positions)
    }

    /// The gradients of the operands, given those of the logits.
    fn backward(&self, gradient: &FlexTensor) -> [FlexTensor; 7] {
        let Sizes {
            inputs,
            units,
            hidden,
            classes,
        } = self.sizes;
        let count = self.tokens.len();
        let mut sums = vec![0.0f64; count * classes];
        let gradient = gradient.to_contiguous();
        let gradients = values::<E>(&gradient).chunks_exact(classes.max(1));
        for (place, gradient) in self.places.iter().zip(gradients) {
            let sums = &mut sums[*place as usize * classes..][..classes];
            for (sum, gradient) in sums.iter_mut().zip(gradient) {
                *sum += gradient.to_f64();
            }
        }
        let of_logits: Vec<E> = sums.into_iter().map(E::from_f64).collect();
        let [first, second] = &self.layers;
        let [first_kernel, hidden_kernel, output_kernel] = &self.kernels;
        let output = LayerBack::new(
            matrix(second, count, hidden),
            matrix(output_kernel, hidden, classes),
            matrix(&of_logits, count, classes),
        );
        let mut of_second = output.input;
        relu_back(&mut of_second, second);
        let middle = LayerBack::new(
            matrix(first, count, units),
            matrix(hidden_kernel, units, hidden),
            matrix(&of_second, count, hidden),
        );
        let mut of_first = middle.input;
        relu_back(&mut of_first, first);
        let bottom = LayerBack::new(
            matrix(&self.vectors, count, inputs),
            matrix(first_kernel, inputs, units),
            matrix(&of_first, count, units),
        );
        let mut embeddings = vec![E::default(); self.vocabulary * inputs];
        for (token, row) in self.tokens.iter().zip(bottom.input.chunks_exact(inputs)) {
            let first = *token as usize * inputs;
            embeddings[first..first + inputs].copy_from_slice(row);
        }
        let data = |values, shape: &[usize]| tensor(TensorData::new(values, shape.to_vec()));
        [
            data(embeddings, &[self.vocabulary, inputs]),
            data(bottom.kernel.to_vec(), &[inputs, units]),
            data(bottom.bias, &[units]),
            data(middle.kernel.to_vec(), &[units, hidden]),
            data(middle.bias, &[hidden]),
            data(output.kernel.to_vec(), &[hidden, classes]),
            data(output.bias, &[classes]),
        ]
    }
}

/// The gradients of a dense layer's operands.
struct LayerBack<E: Real> {
    input: Buffer<E>,
    kernel: Buffer<E>,
    bias: Vec<E>,
}

impl<E: Real> LayerBack<E> {
    fn new(input: Matrix<'_, E>, kernel: Matrix<'_, E>, gradient: Matrix<'_, E>) -> Self {
        let product = |left, right, transposed| {
            matmul(Isa::best(), left, right, transposed).unwrap_or_else(|error| refuse(&error))
        };
        Self {
            input: product(gradient, kernel, Transposed::Right),
            kernel: product(input, gradient, Transposed::Left),
            bias: column_sums(gradient),
        }
    }
}

/// An id without a vector is the caller's mistake; burn's operations have no other way to say so.
#[allow(clippy::panic)]
fn unknown(token: i64, vocabulary: usize) -> ! {
    panic!("token id {token} names no row of the embedding, which has {vocabulary}")
}

impl RecordedPerToken for Flex {
    fn forward(floats: [FlexTensor; 7], ids: FlexTensor) -> (FlexTensor, Arc<Recorded>) {
        let [batch, time]: [usize; 2] = ids.shape().dims();
        let [_, classes] = floats[5].shape().dims();
        match floats[0].dtype() {
            DType::F64 => {
                let (pass, logits) = together(|| Pass::<f64>::new(&floats, &ids));
                let logits = tensor(TensorData::new(logits, [batch, time, classes]));
                (logits, Arc::new(Recorded::Double(pass)))
            }
            _ => {
                let (pass, logits) = together(|| Pass::<f32>::new(&floats, &ids));
                let logits = tensor(TensorData::new(logits, [batch, time, classes]));
                (logits, Arc::new(Recorded::Single(pass)))
            }
        }
    }

    fn backward(recorded: &Recorded, gradient: FlexTensor) -> [FlexTensor; 7] {
        match recorded {
            Recorded::Single(pass) => together(|| pass.backward(&gradient)),
            Recorded::Double(pass) => together(|| pass.backward(&gradient)),
        }
    }
}

impl PerTokenBackend for Flex {
    fn per_token(
        embeddings: FlexTensor,
        ids: FlexTensor,
        first_kernel: FlexTensor,
        first_bias: FlexTensor,
        hidden_kernel: FlexTensor,
        hidden_bias: FlexTensor,
        output_kernel: FlexTensor,
        output_bias: FlexTensor,
    ) -> FlexTensor {
        let floats = [
            embeddings,
            first_kernel,
            first_bias,
            hidden_kernel,
            hidden_bias,
            output_kernel,
            output_bias,
        ];
        <Self as RecordedPerToken>::forward(floats, ids).0
    }
}

#[derive(Debug)]
struct PerTokenBackward;

impl<B: RecordedPerToken> Backward<B, 7> for PerTokenBackward {
    type State = Arc<Recorded>;

    fn backward(
        self,
        ops: Ops<Self::State, 7>,
        grads: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let gradient = grads.consume::<B>(&ops.node);
        let gradients = B::backward(&ops.state, gradient);
        for (node, gradient) in ops.parents.into_iter().zip(gradients) {
            if let Some(node) = node {
                grads.register::<B>(node.id, gradient);
            }
        }
    }
}

impl<B: PerTokenBackend + RecordedPerToken, C: CheckpointStrategy> PerTokenBackend
    for Autodiff<B, C>
{
    fn per_token(
        embeddings: FloatTensor<Self>,
        ids: IntTensor<Self>,
        first_kernel: FloatTensor<Self>,
        first_bias: FloatTensor<Self>,
        hidden_kernel: FloatTensor<Self>,
        hidden_bias: FloatTensor<Self>,
        output_kernel: FloatTensor<Self>,
        output_bias: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        let floats = [
            embeddings,
            first_kernel,
            first_bias,
            hidden_kernel,
            hidden_bias,
            output_kernel,
            output_bias,
        ];
        let step = PerTokenBackward
            .prepare::<C>(floats.each_ref().map(|operand| operand.node()))
            .compute_bound()
            .stateful();
        let floats = floats.map(|operand| operand.into_primitive());
        let (logits, recorded) = B::forward(floats, ids);
        match step {
            OpsKind::Tracked(prepared) => prepared.finish(recorded, logits),
            OpsKind::UnTracked(prepared) => prepared.finish(logits),
        }
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;
    use burn::tensor::activation::relu;

    use super::*;
    use crate::initializers::Init;

    fn host<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
        tensor.into_data().iter().collect()
    }

    /// Logits and all gradients against burn's own operations, position by position, under its own autodiff.
    #[test]
    fn logits_and_gradients_are_those_of_three_dense_layers() {
        let device = Device::flex().autodiff();
        let init = &mut Init::new(3, &device);
        let embedding = Embedding::new(init, 12, 5);
        let layers =
            [(5, 9), (9, 4), (4, 2)].map(|(inputs, units)| Dense::new(init, inputs, units));
        let ids = TensorData::new(vec![3, 1, 0, 0, 11, 3, 3, 7], [2, 4]);
        let ids = Tensor::<2, Int>::from_data(ids, &device);
        let upstream: Vec<f32> = (1..=16).map(|x| x as f32 / 16.0 - 0.4).collect();
        let upstream = Tensor::<3>::from_data(TensorData::new(upstream, [2, 4, 2]), &device);
        let gradients = |logits: &Tensor<3>| {
            let gradients = (logits.clone() * upstream.clone()).sum().backward();
            let mut found = vec![host(embedding.embeddings.val().grad(&gradients).unwrap())];
            for layer in &layers {
                found.push(host(layer.kernel.val().grad(&gradients).unwrap()));
                found.push(host(layer.bias.val().grad(&gradients).unwrap()));
            }
            found
        };
        let [first, hidden, output] = &layers;
        let ours = classify_tokens(&embedding, [first, hidden, output], ids.clone());
        let vectors = embedding.embeddings.val().select(0, ids.reshape([8]));
        let product = |layer: &Dense, x: Tensor<2>| {
            x.matmul(layer.kernel.val()) + layer.bias.val().unsqueeze()
        };
        let theirs = relu(product(hidden, relu(product(first, vectors))));
        let theirs = product(output, theirs).reshape([2, 4, 2]);
        let close = |ours: &[f32], theirs: &[f32]| {
            assert_eq!(ours.len(), theirs.len());
            for (ours, theirs) in ours.iter().zip(theirs) {
                // Numbers of about one, and sums of a dozen.
                assert!((ours - theirs).abs() < 1e-6, "{ours} {theirs}");
            }
        };
        for (ours, theirs) in gradients(&ours).iter().zip(gradients(&theirs)) {
            close(ours, &theirs);
        }
        close(&host(ours.inner()), &host(theirs.inner()));
    }

    #[test]
    #[should_panic(expected = "token id 12 names no row of the embedding, which has 12")]
    fn an_id_beyond_the_embedding_is_refused() {
        let init = &mut Init::new(3, &Device::flex());
        let embedding = Embedding::new(init, 12, 2);
        let layers =
            [(2, 2), (2, 2), (2, 1)].map(|(inputs, units)| Dense::new(init, inputs, units));
        let ids = Tensor::from_data(TensorData::new(vec![12], [1, 1]), &Device::flex());
        classify_tokens(&embedding, layers.each_ref(), ids);
    }
}
