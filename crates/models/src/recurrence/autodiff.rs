//! Puts a recurrent layer into burn's autodiff graph as one node.

use burn::backend::Autodiff;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::{FloatTensor, IntTensor};

use super::{Layer, Operands, RecordedBackend, RecurrentBackend, Tape};

#[derive(Debug)]
struct BackThroughTime;

impl<B: RecordedBackend> Backward<B, 4> for BackThroughTime {
    type State = Tape<B>;

    fn backward(
        self,
        ops: Ops<Self::State, 4>,
        grads: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let gradient = grads.consume::<B>(&ops.node);
        let gradients = B::back(ops.state, gradient);
        for (node, gradient) in ops.parents.into_iter().zip(gradients) {
            if let Some(node) = node {
                grads.register::<B>(node.id, gradient);
            }
        }
    }
}

impl<B: RecurrentBackend + RecordedBackend, C: CheckpointStrategy> RecurrentBackend
    for Autodiff<B, C>
{
    fn recurrent_layer(
        features: FloatTensor<Self>,
        ids: IntTensor<Self>,
        kernel: FloatTensor<Self>,
        recurrent_kernel: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        layer: Layer,
    ) -> FloatTensor<Self> {
        let step = BackThroughTime
            .prepare::<C>([
                features.node(),
                kernel.node(),
                recurrent_kernel.node(),
                bias.node(),
            ])
            .compute_bound()
            .stateful();
        let operands = Operands {
            features: features.into_primitive(),
            ids,
            kernel: kernel.into_primitive(),
            recurrent_kernel: recurrent_kernel.into_primitive(),
            bias: bias.into_primitive(),
        };
        match step {
            OpsKind::Tracked(prepared) => match B::run(operands, layer, true) {
                (output, Some(tape)) => prepared.finish(tape, output),
                (_, None) => unreachable!("a recorded run has a tape"),
            },
            OpsKind::UnTracked(prepared) => prepared.finish(B::run(operands, layer, false).0),
        }
    }
}
