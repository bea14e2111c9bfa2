//! The kernels against the same layer in tensor operations, under burn's own autodiff.

use burn::backend::Flex;
use burn::tensor::TensorData;

use super::{Cell, Direction, Layer, Operands, Precision, RecordedBackend, Source, States, steps};

/// Numbers without structure, the same each time.
fn numbers(count: usize, salt: u64) -> Vec<f32> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(salt + 1);
    (0..count)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 40) as f32 / (1u64 << 24) as f32 - 0.5
        })
        .collect()
}

fn floats(shape: &[usize], salt: u64) -> burn::backend::tensor::FloatTensor<Flex> {
    let data = TensorData::new(numbers(shape.iter().product(), salt), shape.to_vec());
    <Flex as burn::backend::ops::FloatTensorOps<Flex>>::float_from_data(data, &Default::default())
}

fn host(tensor: burn::backend::tensor::FloatTensor<Flex>) -> Vec<f32> {
    tensor.to_contiguous().into_data().iter().collect()
}

fn close(fast: &[f32], slow: &[f32], what: &str) {
    assert_eq!(fast.len(), slow.len(), "{what}");
    for (place, (a, b)) in fast.iter().zip(slow).enumerate() {
        // Sums of at most some 60 terms of order one, in another order.
        assert!(
            (a - b).abs() <= 2e-6 + 1e-5 * b.abs(),
            "{what}[{place}]: {a} {b}"
        );
    }
}

fn layers() -> impl Iterator<Item = Layer> {
    [Cell::SimpleRnn, Cell::Lstm, Cell::Gru]
        .into_iter()
        .flat_map(|cell| {
            (0..48).map(move |choice| Layer {
                cell,
                direction: if choice & 1 == 0 {
                    Direction::Forward
                } else {
                    Direction::Reverse
                },
                source: if choice & 2 == 0 {
                    Source::Tokens
                } else {
                    Source::Positions
                },
                mask_zero: choice & 4 != 0,
                precision: match choice / 16 {
                    0 => Precision::Own,
                    1 => Precision::Double,
                    _ => Precision::DoubleSweep,
                },
                output: if choice & 8 == 0 {
                    States::Last
                } else {
                    States::All
                },
            })
        })
}

fn operands(layer: Layer, [batch, time, units]: [usize; 3]) -> Operands<Flex> {
    let (vocabulary, inputs) = (6, 5);
    // Zeros at the end, at the beginning and in between.
    let ids: Vec<i32> = numbers(batch * time, 9)
        .iter()
        .map(|x| ((x + 0.5) * vocabulary as f32) as i32)
        .collect();
    let ids = <Flex as burn::backend::ops::IntTensorOps<Flex>>::int_from_data(
        TensorData::new(ids, [batch, time]),
        &Default::default(),
    );
    let rows = match layer.source {
        Source::Tokens => vocabulary,
        Source::Positions => batch * time,
    };
    let width = layer.cell.gates() * units;
    Operands {
        features: floats(&[rows, inputs], 1),
        ids,
        kernel: floats(&[inputs, width], 2),
        recurrent_kernel: floats(&[units, width], 3),
        bias: floats(&[layer.cell.biases() * width], 4),
    }
}

#[test]
fn kernels_and_tensor_operations_agree() {
    for layer in layers() {
        for size in [[1, 1, 1], [3, 1, 2], [1, 2, 5], [4, 7, 3], [2, 30, 8]] {
            let operands = operands(layer, size);
            let (fast, tape) = Flex::run(operands.clone(), layer, true);
            let slow = steps::run::<Flex>(operands.clone(), layer);
            let what = format!("{layer:?} {size:?}");
            close(&host(fast.clone()), &host(slow), &what);

            let shape: Vec<usize> = burn::backend::TensorMetadata::shape(&fast).to_vec();
            let gradient = floats(&shape, 7);
            let fast = Flex::back(tape.unwrap(), gradient.clone());
            let slow = steps::back::<Flex>(operands, layer, gradient);
            for (name, (fast, slow)) in ["features", "kernel", "recurrent kernel", "bias"]
                .iter()
                .zip(fast.into_iter().zip(slow))
            {
                close(&host(fast), &host(slow), &format!("{what} by {name}"));
            }
        }
    }
}
