//! The head on Flex: the kernels' products, in double precision.

use burn::backend::Flex;
use burn::backend::TensorMetadata;
use burn::backend::flex::FlexTensor;
use burn::tensor::{FloatDType, TensorData};
use recurrent_kernels::{Isa, Transposed, column_sums, dense, matmul};

use super::{Kept, RecordedHead};
use crate::host::{matrix, refuse, relu, relu_back, tensor, values};

impl RecordedHead for Flex {
    fn there(operands: [FlexTensor; 5]) -> (FlexTensor, Kept<Self>) {
        let given = operands[0].dtype().into();
        let [texts, inputs] = operands[0].shape().dims();
        let [_, units] = operands[1].shape().dims();
        let [_, classes] = operands[3].shape().dims();
        let [states, kernel, bias, output_kernel, output_bias] = operands.map(doubles);
        let layer = |input: &[f64], width, kernel: &[f64], units, bias: &[f64]| {
            let input = matrix(input, texts, width);
            let kernel = matrix(kernel, width, units);
            let sums = dense(Isa::best(), input, kernel, bias);
            rounded(&sums.unwrap_or_else(|error| refuse(&error)), given)
        };
        let mut hidden = layer(&states, inputs, &kernel, units, &bias);
        relu(&mut hidden);
        let logits = layer(&hidden, units, &output_kernel, classes, &output_bias);
        let double = |values, rows, columns| tensor(TensorData::new(values, [rows, columns]));
        let kept = Kept {
            states: double(states, texts, inputs),
            kernel: double(kernel, inputs, units),
            hidden: double(hidden, texts, units),
            output_kernel: double(output_kernel, units, classes),
            given,
        };
        (precise(&logits, &[texts, classes], given), kept)
    }

    fn back(kept: Kept<Self>, gradient: FlexTensor) -> [FlexTensor; 5] {
        let given = kept.given;
        let [texts, inputs] = kept.states.shape().dims();
        let [_, units] = kept.kernel.shape().dims();
        let [_, classes] = kept.output_kernel.shape().dims();
        let states = matrix(values::<f64>(&kept.states), texts, inputs);
        let kernel = matrix(values::<f64>(&kept.kernel), inputs, units);
        let hidden = matrix(values::<f64>(&kept.hidden), texts, units);
        let output_kernel = matrix(values::<f64>(&kept.output_kernel), units, classes);
        let product = |left, right, transposed| {
            matmul(Isa::best(), left, right, transposed).unwrap_or_else(|error| refuse(&error))
        };
        let gradient = doubles(gradient);
        let gradient = matrix(&gradient, texts, classes);
        let of_output_kernel = product(hidden, gradient, Transposed::Left);
        let of_output_bias = column_sums(gradient);
        let back = product(gradient, output_kernel, Transposed::Right);
        let mut back = rounded(&back, given);
        relu_back(&mut back, hidden.values());
        let back = matrix(&back, texts, units);
        let of_states = product(back, kernel, Transposed::Right);
        let of_kernel = product(states, back, Transposed::Left);
        let of_bias = column_sums(back);
        [
            precise(&of_states, &[texts, inputs], given),
            precise(&of_kernel, &[inputs, units], given),
            precise(&of_bias, &[units], given),
            precise(&of_output_kernel, &[units, classes], given),
            precise(&of_output_bias, &[classes], given),
        ]
    }
}

/// The elements in double precision.
fn doubles(tensor: FlexTensor) -> Vec<f64> {
    let tensor = tensor.to_contiguous();
    match tensor.as_slice::<f32>() {
        Some(singles) => singles.iter().map(|x| f64::from(*x)).collect(),
        None => match tensor.as_slice::<f64>() {
            Some(doubles) => doubles.to_vec(),
            None => tensor.into_data().iter().collect(),
        },
    }
}

/// Rounded to the precision that goes in and out, as doubles.
fn rounded(values: &[f64], given: FloatDType) -> Vec<f64> {
    match given {
        FloatDType::F32 => values.iter().map(|x| f64::from(*x as f32)).collect(),
        _ => values.to_vec(),
    }
}

/// A tensor in the precision that goes in and out.
fn precise(values: &[f64], shape: &[usize], given: FloatDType) -> FlexTensor {
    match given {
        FloatDType::F32 => {
            let singles: Vec<f32> = values.iter().map(|x| *x as f32).collect();
            tensor(TensorData::new(singles, shape.to_vec()))
        }
        _ => tensor(TensorData::new(values.to_vec(), shape.to_vec())),
    }
}
