//! Token vectors moved to where the loss is larger.

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Gradients, Tensor};
use recurrent_models::SequenceClassifier;

/// `ε g / ‖g‖`, `[V, D]`, for the gradient g of the token vectors; `None` where there are none, or their gradient is zero or
/// no number. The norm is taken in double precision, element after element.
pub(crate) fn nudge<M: SequenceClassifier>(
    network: &M,
    gradients: &Gradients,
    length: f64,
) -> Option<Tensor<2>> {
    let gradient = network.token_vectors()?.grad(gradients)?;
    let values = gradient.clone().into_data();
    let squares = values.iter::<f32>().map(|x| f64::from(x) * f64::from(x));
    let norm = squares.sum::<f64>().sqrt();
    let moves = norm.is_finite() && norm > 0.0;
    moves.then(|| gradient.mul_scalar((length / norm) as f32).autodiff())
}

/// Puts the mean of both into `gradients`, parameter by parameter.
pub(crate) fn average<M: Module>(module: &M, gradients: &mut Gradients, others: &mut Gradients) {
    struct Average<'a> {
        gradients: &'a mut Gradients,
        others: &'a mut Gradients,
    }
    impl ModuleVisitor for Average<'_> {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            let tensor = param.val();
            let own = tensor.grad(self.gradients);
            let other = tensor.grad_remove(self.others);
            if let (Some(own), Some(other)) = (own, other) {
                tensor.grad_replace(self.gradients, (own + other).mul_scalar(0.5));
            }
        }
    }
    module.visit(&mut Average { gradients, others });
}
