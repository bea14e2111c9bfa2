//! The norm of all gradients together.

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Gradients, Tensor};

/// What every gradient is multiplied with so that all of them together are no longer than `norm`:
/// `norm / max(‖g‖, norm)`, as TensorFlow's `clip_by_global_norm`. The norm is taken in double precision, element after
/// element.
pub(super) fn scale<M: Module>(module: &M, gradients: &Gradients, norm: f64) -> f32 {
    struct Squares<'a> {
        gradients: &'a Gradients,
        sum: f64,
    }
    impl ModuleVisitor for Squares<'_> {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            if let Some(gradient) = param.val().grad(self.gradients) {
                let values = gradient.into_data();
                let squares = values.iter::<f32>().map(|x| f64::from(x) * f64::from(x));
                self.sum += squares.sum::<f64>();
            }
        }
    }
    let mut squares = Squares {
        gradients,
        sum: 0.0,
    };
    module.visit(&mut squares);
    (norm / squares.sum.sqrt().max(norm)) as f32
}
