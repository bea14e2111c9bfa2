//! What does not fit is refused with a name; what is not a number passes through.

#![allow(clippy::unwrap_used)]

use recurrent_kernels::{
    Cell, Direction, Input, Isa, KernelError, Options, Shape, Upstream, Weights, forward,
    forward_recorded, reference,
};

const SHAPE: Shape = Shape {
    cell: Cell::Gru,
    direction: Direction::Forward,
    rows: 2,
    time: 3,
    inputs: 4,
    units: 5,
};

struct Operands {
    features: Vec<f32>,
    kernel: Vec<f32>,
    recurrent_kernel: Vec<f32>,
    bias: Vec<f32>,
    index: Vec<u32>,
}

impl Operands {
    fn new(cell: Cell) -> Self {
        let numbers = |count: usize| (0..count).map(|i| (i % 7) as f32 / 7.0 - 0.4).collect();
        let width = cell.gates() * SHAPE.units;
        Self {
            features: numbers(6 * SHAPE.inputs),
            kernel: numbers(SHAPE.inputs * width),
            recurrent_kernel: numbers(SHAPE.units * width),
            bias: numbers(cell.biases() * width),
            index: vec![0, 1, 2, 3, 4, 5],
        }
    }

    fn weights(&self) -> Weights<'_, f32> {
        Weights {
            kernel: &self.kernel,
            recurrent_kernel: &self.recurrent_kernel,
            bias: &self.bias,
        }
    }
}

fn refused(change: impl FnOnce(&mut Operands, &mut Shape, &mut Vec<u32>)) -> KernelError {
    let mut operands = Operands::new(SHAPE.cell);
    let mut shape = SHAPE;
    let mut lengths = vec![3, 1];
    change(&mut operands, &mut shape, &mut lengths);
    let input = Input {
        lengths: Some(&lengths),
        ..Input::tokens(&operands.features, &operands.index)
    };
    forward(&shape, &operands.weights(), &input, &Options::default()).unwrap_err()
}

#[test]
fn operands_that_disagree_are_refused() {
    for (error, says) in [
        (
            refused(|operands, _, _| {
                _ = operands.kernel.pop();
            }),
            "the kernel has 59 elements",
        ),
        (
            refused(|operands, _, _| {
                _ = operands.recurrent_kernel.pop();
            }),
            "the recurrent kernel",
        ),
        (
            refused(|operands, _, _| operands.bias.truncate(15)),
            "the bias has 15 elements",
        ),
        (
            refused(|operands, _, _| {
                _ = operands.features.pop();
            }),
            "the features have 23 elements, but the shape [N, D] has 20 here",
        ),
        (
            refused(|operands, _, _| {
                _ = operands.index.pop();
            }),
            "the index has 5 elements",
        ),
        (
            refused(|_, shape, _| shape.rows = 3),
            "the index has 6 elements",
        ),
        (
            refused(|_, shape, _| shape.units = 0),
            "H, the number of units, is 0, but must be at least 1",
        ),
        (
            refused(|_, _, lengths| {
                _ = lengths.pop();
            }),
            "the lengths have 1 element, but the shape [B] has 2 here",
        ),
        (refused(|_, _, lengths| lengths[1] = 4), "length 4 of row 1"),
        (
            refused(|operands, _, _| operands.index[4] = 6),
            "index 6 at position 4",
        ),
    ] {
        assert!(error.to_string().contains(says), "{error}");
    }
    let operands = Operands::new(SHAPE.cell);
    let input = Input::tokens(&operands.features, &operands.index);
    let (_, tape) =
        forward_recorded(&SHAPE, &operands.weights(), &input, &Options::default()).unwrap();
    let error = tape.backward(&Upstream::last(&[0.0; 9])).unwrap_err();
    assert!(
        error.to_string().contains("gradient has 9 elements"),
        "{error}"
    );
    // States whose gradient is given were not asked for; not even an empty one may be read.
    for states in [&[0.0; 30][..], &[]] {
        let upstream = Upstream {
            states: Some(states),
            ..Upstream::last(&[0.0; 10])
        };
        let error = tape.backward(&upstream).unwrap_err();
        assert_eq!(error, KernelError::NotAllStates);
        assert!(error.to_string().contains("set `Options::all_states`"));
    }
    // They were asked for, but there are others.
    let options = Options {
        all_states: true,
        ..Options::default()
    };
    let (_, tape) = forward_recorded(&SHAPE, &operands.weights(), &input, &options).unwrap();
    for states in [&[0.0; 29][..], &[]] {
        let upstream = Upstream {
            states: Some(states),
            ..Upstream::last(&[0.0; 10])
        };
        let error = tape.backward(&upstream).unwrap_err().to_string();
        assert!(error.starts_with("the states' gradient has"), "{error}");
    }
}

/// No product of a shape's sizes wraps, in whatever build: there is an error of a name, and no operand is read.
#[test]
fn sizes_whose_product_no_number_holds_are_refused() {
    let half = 1usize << (usize::BITS / 2);
    let all = [1, half, usize::MAX, 3, half / 2, usize::MAX / 2 + 1];
    let sizes = &all[..if cfg!(miri) { 3 } else { all.len() }];
    let one = [0.5f32; 1];
    for cell in [Cell::SimpleRnn, Cell::Lstm, Cell::Gru] {
        let (kernel, bias) = ([0.5f32; 4], [0.5f32; 6]);
        let width = cell.gates();
        let weights = Weights {
            kernel: &kernel[..width],
            recurrent_kernel: &kernel[..width],
            bias: &bias[..cell.biases() * width],
        };
        for place in 0..sizes.len().pow(4) {
            let at = |power: u32| sizes[place / sizes.len().pow(power) % sizes.len()];
            let [rows, time, inputs, units] = [at(0), at(1), at(2), at(3)];
            let shape = Shape {
                cell,
                direction: Direction::Forward,
                rows,
                time,
                inputs,
                units,
            };
            for input in [Input::sequence(&one), Input::tokens(&one, &[0])] {
                let options = Options::default();
                let output = forward(&shape, &weights, &input, &options);
                let recorded = forward_recorded(&shape, &weights, &input, &options);
                assert_eq!(output.is_err(), place != 0, "{shape:?}");
                assert_eq!(recorded.err(), output.err());
            }
        }
    }
    let refused = |rows, time, units| {
        refused(|_, shape, _| {
            *shape = Shape {
                rows,
                time,
                units,
                ..SHAPE
            }
        })
    };
    for (error, says) in [
        (
            refused(half, half, 5),
            "the index, [B, T], would take more than the",
        ),
        (
            refused(2, 3, usize::MAX / 2),
            "the kernel, [D, G · H], would take more than the",
        ),
        #[cfg(target_pointer_width = "64")]
        (
            refused(half / 2, 4, 5),
            "positions, B · T: 8589934592 are more than the 4294967295",
        ),
    ] {
        assert!(error.to_string().contains(says), "{error}");
    }
}

fn alike(fast: &[f32], slow: &[f32], what: &str) {
    for (place, (a, b)) in fast.iter().zip(slow).enumerate() {
        let same = a.is_nan() && b.is_nan() || a == b || (a - b).abs() < 1e-4;
        assert!(same, "{what}[{place}]: {a}, not {b}");
    }
}

/// A row with a number that is none gives none, and leaves the other rows alone; an infinite input
/// saturates its gates.
#[test]
fn nan_and_infinity_pass_through_as_in_the_reference() {
    for cell in [Cell::SimpleRnn, Cell::Lstm, Cell::Gru] {
        for special in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            for isa in Isa::available() {
                let mut operands = Operands::new(cell);
                // One feature of one token of the first row, and nothing to cancel it.
                operands.features[5] = special;
                for weight in &mut operands.kernel {
                    *weight = weight.abs() + 0.1;
                }
                let shape = Shape { cell, ..SHAPE };
                let input = Input::tokens(&operands.features, &operands.index);
                let weights = operands.weights();
                let options = Options {
                    isa,
                    all_states: true,
                    ..Options::default()
                };
                let slow = reference::run(&shape, &weights, &input);
                let (fast, tape) = forward_recorded(&shape, &weights, &input, &options).unwrap();
                let what = format!("{cell:?} {special} {}", isa.name());
                alike(&fast.hidden, &slow.output.hidden, &what);
                alike(
                    fast.states.as_ref().unwrap(),
                    slow.output.states.as_ref().unwrap(),
                    &what,
                );
                assert!(fast.hidden[5..].iter().all(|x| x.is_finite()), "{what}");
                let upstream = Upstream::last(&[0.5; 10]);
                let fast = tape.backward(&upstream).unwrap();
                let slow = slow.backward(&upstream);
                alike(&fast.hidden, &slow.hidden, &what);
                alike(&fast.recurrent_kernel, &slow.recurrent_kernel, &what);
                alike(&fast.bias, &slow.bias, &what);
            }
        }
    }
}
