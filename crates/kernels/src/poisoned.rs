//! Whole runs on buffers that are NaN until they are written ([`crate::buffer::Buffer::stale`]): what a missed
//! write, or a read of padding that nobody has cleared, would leave in a result.
//!
//! The tests beside the crate see the library without this, where it was built in release mode.

use crate::{
    Cell, Direction, Input, Isa, Options, Precision, Shape, Upstream, Weights, forward,
    forward_recorded, reference,
};

fn numbers(count: usize, salt: usize) -> Vec<f32> {
    (0..count)
        .map(|i| ((i * 7919 + salt * 104_729) % 1009) as f32 / 1009.0 - 0.5)
        .collect()
}

fn near(fast: &[f32], slow: &[f32], what: &str) {
    assert_eq!(fast.len(), slow.len(), "{what}");
    for (place, (a, b)) in fast.iter().zip(slow).enumerate() {
        // NaN is not near to anything. Sums of some dozens of terms of size one.
        assert!((a - b).abs() <= 1e-4, "{what}[{place}]: {a}, not {b}");
    }
}

fn check(isa: Isa, shape: Shape, precision: Precision, all_states: bool) {
    let Shape {
        cell,
        rows,
        time,
        inputs,
        units,
        ..
    } = shape;
    let width = cell.gates() * units;
    let (features, kernel) = (numbers(5 * inputs, 1), numbers(inputs * width, 2));
    let (recurrent_kernel, bias) = (numbers(units * width, 3), numbers(cell.biases() * width, 4));
    let (hidden, cell_state) = (numbers(rows * units, 5), numbers(rows * units, 6));
    let states = numbers(rows * time * units, 7);
    let index: Vec<u32> = (0..rows * time).map(|i| (i * 3 % 5) as u32).collect();
    // Some of no steps, some of all.
    let lengths: Vec<u32> = (0..rows).map(|row| (row * 2 % (time + 1)) as u32).collect();
    let weights = Weights {
        kernel: &kernel,
        recurrent_kernel: &recurrent_kernel,
        bias: &bias,
    };
    let input = Input {
        lengths: Some(&lengths),
        hidden: Some(&hidden),
        cell_state: Some(&cell_state),
        ..Input::tokens(&features, &index)
    };
    let options = Options {
        isa,
        all_states,
        precision,
    };
    let upstream = Upstream {
        hidden: Some(&hidden),
        cell_state: cell.has_cell_state().then_some(&cell_state),
        states: all_states.then_some(&states),
    };
    let what = format!("{} {precision:?} {shape:?}", isa.name());
    let slow = reference::run(&shape, &weights, &input);
    let alone = forward(&shape, &weights, &input, &options).unwrap();
    let (output, tape) = forward_recorded(&shape, &weights, &input, &options).unwrap();
    assert_eq!(alone, output, "{what}");
    near(&output.hidden, &slow.output.hidden, &what);
    near(&output.cell_state, &slow.output.cell_state, &what);
    if let (Some(fast), Some(slow)) = (&output.states, &slow.output.states) {
        near(fast, slow, &what);
    }
    let (fast, slow) = (tape.backward(&upstream).unwrap(), slow.backward(&upstream));
    near(&fast.features, &slow.features, &what);
    near(&fast.kernel, &slow.kernel, &what);
    near(&fast.recurrent_kernel, &slow.recurrent_kernel, &what);
    near(&fast.bias, &slow.bias, &what);
    near(&fast.hidden, &slow.hidden, &what);
    near(&fast.cell_state, &slow.cell_state, &what);
}

/// Units of one register and a bit more, whose padding differs between single and double precision on each
/// instruction set, and rows of more than one chunk.
#[test]
fn no_number_that_is_left_over_reaches_a_result() {
    let (rows, units) = if cfg!(miri) {
        (4, &[5, 9][..])
    } else {
        (35, &[1, 5, 9, 17, 33][..])
    };
    for isa in Isa::available() {
        for cell in [Cell::SimpleRnn, Cell::Lstm, Cell::Gru] {
            for direction in [Direction::Forward, Direction::Reverse] {
                for precision in [Precision::Own, Precision::Double, Precision::DoubleSweep] {
                    for (units, all_states) in units.iter().zip([true, false].into_iter().cycle()) {
                        let shape = Shape {
                            cell,
                            direction,
                            rows,
                            time: 3,
                            inputs: 3,
                            units: *units,
                        };
                        check(isa, shape, precision, all_states);
                    }
                }
            }
        }
    }
}
