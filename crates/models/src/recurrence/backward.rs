//! Puts a sweep into burn's autodiff graph as one node.

use std::marker::PhantomData;

use burn::backend::Autodiff;
use burn::backend::Backend;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;

use super::Sweep;

#[derive(Debug)]
struct BackwardSweep<S>(PhantomData<S>);

impl<B: Backend, S: Sweep> Backward<B, 2> for BackwardSweep<S> {
    type State = S::Tape<B>;

    fn backward(
        self,
        ops: Ops<Self::State, 2>,
        grads: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let last = grads.consume::<B>(&ops.node);
        let (projected, recurrent_kernel) = S::backward::<B>(ops.state, last);
        let [projected_node, kernel_node] = ops.parents;
        if let Some(node) = projected_node {
            grads.register::<B>(node.id, projected);
        }
        if let Some(node) = kernel_node {
            grads.register::<B>(node.id, recurrent_kernel);
        }
    }
}

/// Runs the sweep `S`, keeping its tape only where a gradient will be asked for.
pub(super) fn differentiable<B: Backend, C: CheckpointStrategy, S: Sweep>(
    projected: FloatTensor<Autodiff<B, C>>,
    recurrent_kernel: FloatTensor<Autodiff<B, C>>,
) -> FloatTensor<Autodiff<B, C>> {
    let step = BackwardSweep::<S>(PhantomData)
        .prepare::<C>([projected.node(), recurrent_kernel.node()])
        .compute_bound()
        .stateful();
    let (projected, kernel) = (
        projected.into_primitive(),
        recurrent_kernel.into_primitive(),
    );
    match step {
        OpsKind::Tracked(prepared) => {
            let (last, tape) = S::forward::<B>(projected, kernel, true);
            match tape {
                Some(tape) => prepared.finish(tape, last),
                None => unreachable!("a forward sweep that keeps gives a tape"),
            }
        }
        OpsKind::UnTracked(prepared) => {
            prepared.finish(S::forward::<B>(projected, kernel, false).0)
        }
    }
}
