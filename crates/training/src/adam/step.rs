//! A step as one backend operation: in place and in one pass on Flex, in as few operations as there are on
//! libtorch, in ordinary ones elsewhere.

#![cfg_attr(
    feature = "libtorch",
    allow(deprecated, reason = "burn-tch is, and the macro names it")
)]

use burn::backend::flex::FlexTensor;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Flex, TensorMetadata, backend_extension};
use burn::tensor::{DType, Shape};

use super::update::{AdamStep, Operands, update};

/// Adam on a backend.
#[backend_extension(Flex, LibTorch: cfg(feature = "libtorch"))]
pub(super) trait AdamBackend: Backend {
    /// Parameter, mean and mean of squares after a step; the moments are flat.
    fn adam_step(
        parameter: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        mean: FloatTensor<Self>,
        square: FloatTensor<Self>,
        step: AdamStep,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        by_operations::<Self>(parameter, gradient, mean, square, step)
    }
}

impl AdamBackend for Flex {
    fn adam_step(
        parameter: FlexTensor,
        gradient: FlexTensor,
        mean: FlexTensor,
        square: FlexTensor,
        step: AdamStep,
    ) -> (FlexTensor, FlexTensor, FlexTensor) {
        if parameter.dtype() != DType::F32 {
            return by_operations::<Flex>(parameter, gradient, mean, square, step);
        }
        // A contiguous tensor may be a part of a larger buffer, which must not be written to.
        let own = |tensor: FlexTensor| {
            let whole = tensor.is_contiguous()
                && tensor.bytes().len() == tensor.shape().num_elements() * size_of::<f32>();
            if whole {
                tensor
            } else {
                FlexTensor::from_data(tensor.into_data())
            }
        };
        let [mut parameter, mut mean, mut square] = [parameter, mean, square].map(own);
        let gradient = own(gradient);
        let operands = Operands {
            parameter: parameter.storage_mut(),
            gradient: gradient.storage(),
            mean: mean.storage_mut(),
            square: square.storage_mut(),
        };
        update(operands.checked(), step);
        (parameter, mean, square)
    }
}

/// In seven operations that compute; `lerp` and `addcdiv` round less often than the formula's own. tch has
/// no `_fused_adam_`.
#[cfg(feature = "libtorch")]
impl AdamBackend for burn::backend::LibTorch {
    fn adam_step(
        parameter: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        mean: FloatTensor<Self>,
        square: FloatTensor<Self>,
        step: AdamStep,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        use burn::backend::libtorch::TchTensor;

        let shape = parameter.tensor.size();
        let gradient = gradient.tensor.reshape([-1]);
        let mean = mean.tensor.lerp(&gradient, f64::from(step.one_minus_beta1));
        let squared = &gradient * &gradient;
        let square = square
            .tensor
            .lerp(&squared, f64::from(step.one_minus_beta2));
        let mut root = square.sqrt();
        root += f64::from(step.epsilon);
        root *= -1.0 / f64::from(step.alpha);
        let moved = parameter
            .tensor
            .addcdiv(&mean.reshape(&shape), &root.reshape(&shape));
        (
            TchTensor::new(moved),
            TchTensor::new(mean),
            TchTensor::new(square),
        )
    }
}

fn by_operations<B: Backend>(
    parameter: FloatTensor<B>,
    gradient: FloatTensor<B>,
    mean: FloatTensor<B>,
    square: FloatTensor<B>,
    step: AdamStep,
) -> (FloatTensor<B>, FloatTensor<B>, FloatTensor<B>) {
    let shape = parameter.shape();
    let gradient = B::float_reshape(gradient, Shape::new([shape.num_elements()]));
    let towards = |from: FloatTensor<B>, to: FloatTensor<B>, share: f32| {
        let way = B::float_mul_scalar(B::float_sub(to, from.clone()), share.into());
        B::float_add(from, way)
    };
    let mean = towards(mean, gradient.clone(), step.one_minus_beta1);
    let squared = B::float_mul(gradient.clone(), gradient);
    let square = towards(square, squared, step.one_minus_beta2);
    let root = B::float_add_scalar(B::float_sqrt(square.clone()), step.epsilon.into());
    let way = B::float_div(B::float_mul_scalar(mean.clone(), step.alpha.into()), root);
    (
        B::float_sub(parameter, B::float_reshape(way, shape)),
        mean,
        square,
    )
}

#[cfg(test)]
mod tests {
    #![cfg_attr(feature = "libtorch", allow(deprecated, reason = "burn-tch is"))]

    use super::*;

    fn tensor<B: Backend>(salt: u32, shape: &[usize]) -> FloatTensor<B> {
        let count = shape.iter().product::<usize>() as u32;
        let values: Vec<f32> = (0..count)
            .map(|x| ((x * 7 + salt) % 13) as f32 / 13.0)
            .collect();
        let data = burn::tensor::TensorData::new(values, shape.to_vec());
        B::float_from_data(data, &Default::default())
    }

    const STEP: AdamStep = AdamStep {
        alpha: 0.01,
        one_minus_beta1: 0.1,
        one_minus_beta2: 0.001,
        epsilon: 1e-7,
    };

    type Tensors<B> = (FloatTensor<B>, FloatTensor<B>, FloatTensor<B>);

    /// Parameter, mean and mean of squares, as numbers.
    fn after<B: Backend>(step: impl FnOnce([FloatTensor<B>; 4]) -> Tensors<B>) -> [Vec<f32>; 3] {
        let (parameter, mean, square) = step([
            tensor::<B>(1, &[5, 7]),
            tensor::<B>(2, &[5, 7]),
            tensor::<B>(3, &[35]),
            tensor::<B>(4, &[35]),
        ]);
        assert_eq!(parameter.shape().to_vec(), [5, 7]);
        [parameter, mean, square].map(|tensor| {
            let data = burn::tensor::read_sync(B::float_into_data(tensor)).unwrap();
            data.iter().collect()
        })
    }

    #[test]
    fn one_pass_and_many_agree() {
        let one = after::<Flex>(|[p, g, m, v]| Flex::adam_step(p, g, m, v, STEP));
        let many = after::<Flex>(|[p, g, m, v]| by_operations::<Flex>(p, g, m, v, STEP));
        assert_eq!(one, many);
    }

    #[test]
    #[cfg(feature = "libtorch")]
    fn libtorch_agrees() {
        use burn::backend::LibTorch;

        let flex = after::<Flex>(|[p, g, m, v]| Flex::adam_step(p, g, m, v, STEP));
        let libtorch = after::<LibTorch>(|[p, g, m, v]| LibTorch::adam_step(p, g, m, v, STEP));
        for (flex, libtorch) in flex.iter().flatten().zip(libtorch.iter().flatten()) {
            // Numbers below 1 of at most three roundings each, in another order; the step, where there are
            // more, is a hundredth of that.
            assert!((flex - libtorch).abs() < 2e-7, "{flex} {libtorch}");
        }
    }
}
