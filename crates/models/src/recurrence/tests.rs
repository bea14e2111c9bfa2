//! The kernels and ATen's layers against the same layer in tensor operations, under burn's own autodiff.

#![cfg_attr(feature = "libtorch", allow(deprecated, reason = "burn-tch is"))]

use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Flex, TensorMetadata};
use burn::tensor::TensorData;

use super::{
    Cell, Direction, Layer, Operands, Precision, RecordedBackend, Source, States, Tape, steps,
};

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

fn floats<B: Backend>(shape: &[usize], salt: u64) -> FloatTensor<B> {
    let data = TensorData::new(numbers(shape.iter().product(), salt), shape.to_vec());
    B::float_from_data(data, &Default::default())
}

fn host<B: Backend>(tensor: FloatTensor<B>) -> Vec<f32> {
    let data = burn::tensor::read_sync(B::float_into_data(tensor)).unwrap();
    data.iter().collect()
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

fn operands<B: Backend>(layer: Layer, [batch, time, units]: [usize; 3]) -> Operands<B> {
    let (vocabulary, inputs) = (6, 5);
    // Zeros at the end, at the beginning and in between.
    let ids: Vec<i32> = numbers(batch * time, 9)
        .iter()
        .map(|x| ((x + 0.5) * vocabulary as f32) as i32)
        .collect();
    let ids = B::int_from_data(TensorData::new(ids, [batch, time]), &Default::default());
    let rows = match layer.source {
        Source::Tokens => vocabulary,
        Source::Positions => batch * time,
    };
    let width = layer.cell.gates() * units;
    Operands {
        features: floats::<B>(&[rows, inputs], 1),
        ids,
        kernel: floats::<B>(&[inputs, width], 2),
        recurrent_kernel: floats::<B>(&[units, width], 3),
        bias: floats::<B>(&[layer.cell.biases() * width], 4),
    }
}

const SIZES: [[usize; 3]; 5] = [[1, 1, 1], [3, 1, 2], [1, 2, 5], [4, 7, 3], [2, 30, 8]];

/// Output and gradients of one layer, by some backend, against Flex' tensor operations.
fn agrees<B: RecordedBackend>(
    layer: Layer,
    size: [usize; 3],
    run: impl Fn(Operands<B>, Layer) -> (FloatTensor<B>, Option<Tape<B>>),
) {
    let what = format!("{layer:?} {size:?}");
    let (fast, tape) = run(operands::<B>(layer, size), layer);
    let slow = steps::run::<Flex>(operands(layer, size), layer);
    let shape: Vec<usize> = fast.shape().to_vec();
    close(&host::<B>(fast), &host::<Flex>(slow), &what);

    let fast = B::back(tape.unwrap(), floats::<B>(&shape, 7));
    let slow = steps::back::<Flex>(operands(layer, size), layer, floats::<Flex>(&shape, 7));
    for (name, (fast, slow)) in ["features", "kernel", "recurrent kernel", "bias"]
        .iter()
        .zip(fast.into_iter().zip(slow))
    {
        assert_eq!(fast.shape(), slow.shape(), "{what} by {name}");
        let (fast, slow) = (host::<B>(fast), host::<Flex>(slow));
        close(&fast, &slow, &format!("{what} by {name}"));
    }
}

#[test]
fn kernels_and_tensor_operations_agree() {
    for layer in layers() {
        for size in SIZES {
            agrees::<Flex>(layer, size, |operands, layer| {
                Flex::run(operands, layer, true)
            });
        }
    }
}

#[cfg(feature = "libtorch")]
mod on_libtorch {
    use burn::backend::LibTorch;

    use super::super::libtorch::{aten, by_kernels};
    use super::*;

    #[test]
    fn atens_layers_and_tensor_operations_agree() {
        for layer in layers() {
            for size in SIZES {
                agrees::<LibTorch>(layer, size, |operands, layer| {
                    aten::run(operands, layer, true)
                });
            }
        }
    }

    #[test]
    fn kernels_on_tensors_of_libtorch_and_tensor_operations_agree() {
        for layer in layers() {
            for size in SIZES {
                agrees::<LibTorch>(layer, size, |operands, layer| {
                    by_kernels(operands, layer, true)
                });
            }
        }
    }

    /// What a backend without layers of its own would do, on libtorch.
    #[test]
    fn tensor_operations_on_libtorch_and_on_flex_agree() {
        for layer in layers() {
            agrees::<LibTorch>(layer, [4, 7, 3], |operands, layer| {
                let output = steps::run::<LibTorch>(operands.clone(), layer);
                (output, Some(Tape::Operands(operands, layer)))
            });
        }
    }

    #[test]
    fn a_run_without_a_tape_gives_the_same() {
        for layer in layers() {
            let run = |record| {
                let operands = operands::<LibTorch>(layer, [4, 7, 3]);
                host::<LibTorch>(aten::run(operands, layer, record).0)
            };
            close(&run(false), &run(true), &format!("{layer:?}"));
        }
    }

    fn doubled<B: Backend>(tensor: FloatTensor<B>) -> FloatTensor<B> {
        B::float_mul_scalar(tensor, 2.0f32.into())
    }

    /// burn reuses the memory of tensors that nobody else holds; a layer's output is held by its graph.
    #[test]
    fn the_output_may_be_worked_on_before_the_way_back() {
        let layer = layers().nth(48).unwrap();
        let run = || aten::run(operands::<LibTorch>(layer, [4, 7, 3]), layer, true);
        let back = |tape: Option<Tape<LibTorch>>| {
            let gradient = floats::<LibTorch>(&[4, 3], 7);
            LibTorch::back(tape.unwrap(), gradient).map(host::<LibTorch>)
        };
        let (_output, tape) = run();
        let expected = back(tape);
        let (output, tape) = run();
        let _ = doubled::<LibTorch>(output);
        assert_eq!(back(tape), expected);
    }
}
