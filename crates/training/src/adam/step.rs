//! A step over one parameter as one backend operation: in place and in one pass on Flex, in ordinary
//! tensor operations elsewhere.

use burn::backend::flex::FlexTensor;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Flex, TensorMetadata, backend_extension};
use burn::tensor::{DType, Shape};
use recurrent_kernels::{AdamStep, Isa, KernelError, adam};

/// Adam on a backend.
#[backend_extension(Flex)]
pub(super) trait AdamBackend: Backend {
    /// Parameter, mean and mean of squares after a step; the moments are flat.
    fn adam_step(
        parameter: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        mean: FloatTensor<Self>,
        square: FloatTensor<Self>,
        step: AdamStep<f32>,
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
        step: AdamStep<f32>,
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
        adam(
            Isa::best(),
            parameter.storage_mut(),
            gradient.storage(),
            mean.storage_mut(),
            square.storage_mut(),
            step,
        )
        .unwrap_or_else(|error| refuse(&error));
        (parameter, mean, square)
    }
}

/// A gradient has its parameter's shape, and the moments were made for it or come from a checkpoint
/// of the same network.
#[allow(clippy::panic)]
fn refuse(error: &KernelError) -> ! {
    panic!("Adam: {error}")
}

fn by_operations<B: Backend>(
    parameter: FloatTensor<B>,
    gradient: FloatTensor<B>,
    mean: FloatTensor<B>,
    square: FloatTensor<B>,
    step: AdamStep<f32>,
) -> (FloatTensor<B>, FloatTensor<B>, FloatTensor<B>) {
    let shape = parameter.shape();
    let gradient = B::float_reshape(gradient, Shape::new([shape.num_elements()]));
    let towards = |from: FloatTensor<B>, to: FloatTensor<B>, share: f32| {
        let way = B::float_mul_scalar(B::float_sub(to, from.clone()), share.into());
        B::float_add(from, way)
    };
    let mean = towards(mean, gradient.clone(), step.mean_share);
    let squared = B::float_mul(gradient.clone(), gradient);
    let square = towards(square, squared, step.square_share);
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
    use super::*;

    fn tensor(salt: u32, shape: &[usize]) -> FlexTensor {
        let count = shape.iter().product::<usize>() as u32;
        let values: Vec<f32> = (0..count)
            .map(|x| ((x * 7 + salt) % 13) as f32 / 13.0)
            .collect();
        FlexTensor::from_data(burn::tensor::TensorData::new(values, shape.to_vec()))
    }

    #[test]
    fn one_pass_and_many_agree() {
        let step = AdamStep {
            alpha: 0.01,
            mean_share: 0.1,
            square_share: 0.001,
            epsilon: 1e-7,
        };
        let operands = || {
            (
                tensor(1, &[5, 7]),
                tensor(2, &[5, 7]),
                tensor(3, &[35]),
                tensor(4, &[35]),
            )
        };
        let (p, g, m, v) = operands();
        let one = Flex::adam_step(p, g, m, v, step);
        let (p, g, m, v) = operands();
        let many = by_operations::<Flex>(p, g, m, v, step);
        let host = |tensor: FlexTensor| -> Vec<f32> { tensor.into_data().iter().collect() };
        assert_eq!(host(one.0), host(many.0));
        assert_eq!(host(one.1), host(many.1));
        assert_eq!(host(one.2), host(many.2));
    }
}
