//! The head on libtorch: all weights cast at once, biases added by the products, no rounding in between.

use burn::backend::LibTorch;
use burn::backend::libtorch::TchTensor;
use burn::backend::tensor::FloatTensor;
use tch::{Kind, Tensor};

use super::{HeadBackend, Kept, RecordedHead};

impl HeadBackend for LibTorch {
    fn head(
        states: FloatTensor<Self>,
        kernel: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        output_kernel: FloatTensor<Self>,
        output_bias: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        Self::there([states, kernel, bias, output_kernel, output_bias]).0
    }
}

impl RecordedHead for LibTorch {
    fn there(operands: [TchTensor; 5]) -> (TchTensor, Kept<Self>) {
        use burn::backend::TensorMetadata as _;

        let given = operands[0].dtype().into();
        let [states, weights @ ..] = operands;
        let kind = states.tensor.kind();
        // Double already, it is the same memory, on which burn then must not work in place.
        let states = TchTensor::from_existing(states.tensor.to_kind(Kind::Double), states.storage);
        let weights = weights.map(|weight| weight.tensor);
        let [kernel, bias, output_kernel, output_bias] = cast(&weights, Kind::Double);
        let hidden = bias.addmm(&states.tensor, &kernel).relu();
        let logits = output_bias.addmm(&hidden, &output_kernel).to_kind(kind);
        let [kernel, hidden, output_kernel] = [kernel, hidden, output_kernel].map(TchTensor::new);
        let kept = Kept {
            states,
            kernel,
            hidden,
            output_kernel,
            given,
        };
        (TchTensor::new(logits), kept)
    }

    fn back(kept: Kept<Self>, gradient: TchTensor) -> [TchTensor; 5] {
        let kind = gradient.tensor.kind();
        let [states, kernel, hidden, output_kernel] =
            [kept.states, kept.kernel, kept.hidden, kept.output_kernel].map(|kept| kept.tensor);
        let gradient = gradient.tensor.to_kind(Kind::Double);
        let of_bias =
            |gradient: &Tensor| gradient.sum_dim_intlist([0].as_slice(), false, None::<Kind>);
        let of_output_bias = of_bias(&gradient);
        let of_output_kernel = hidden.tr().mm(&gradient);
        let back = hidden.threshold_backward(&gradient.mm(&output_kernel.tr()), 0.0);
        let of_states = back.mm(&kernel.tr()).to_kind(kind);
        let of_kernel = states.tr().mm(&back);
        let weights = [of_kernel, of_bias(&back), of_output_kernel, of_output_bias];
        let [a, b, c, d] = cast(&weights, kind);
        [of_states, a, b, c, d].map(TchTensor::new)
    }
}

/// Tensors of another precision, cast as one.
fn cast(tensors: &[Tensor; 4], kind: Kind) -> [Tensor; 4] {
    let flat = tensors.each_ref().map(|tensor| tensor.reshape([-1]));
    let whole = Tensor::cat(&flat, 0).to_kind(kind);
    let mut start = 0;
    tensors.each_ref().map(|tensor| {
        let count = tensor.numel() as i64;
        start += count;
        whole.narrow(0, start - count, count).view_(tensor.size())
    })
}
