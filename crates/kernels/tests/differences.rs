//! Every named gradient against central differences, in double precision.

#![allow(clippy::unwrap_used)]

use recurrent_kernels::{
    Cell, Direction, Input, Options, Shape, Upstream, Weights, forward, forward_recorded,
};

const DIRECTIONS: [Direction; 2] = [Direction::Forward, Direction::Reverse];
const LENGTHS: [u32; 3] = [5, 0, 3];
const INDEX: [u32; 15] = [0, 1, 2, 1, 3, 0, 0, 0, 0, 0, 2, 3, 3, 0, 0];

/// All operands in one row, in the order of [`NAMES`].
struct Operands([Vec<f64>; 6]);

const NAMES: [&str; 6] = [
    "features",
    "kernel",
    "recurrent kernel",
    "bias",
    "first state",
    "first cell_state",
];

fn numbers(count: usize, salt: usize) -> Vec<f64> {
    (0..count)
        .map(|i| ((i * 7919 + salt * 104_729) % 1009) as f64 / 1009.0 - 0.5)
        .collect()
}

/// A number that depends on everything a layer gives.
fn value(shape: &Shape, operands: &Operands) -> f64 {
    let (weights, input) = views(operands);
    let options = Options {
        all_states: true,
        ..Options::default()
    };
    let output = forward(shape, &weights, &input, &options).unwrap();
    let weigh = |values: &[f64], salt: usize| -> f64 {
        let weights = numbers(values.len(), salt);
        values.iter().zip(weights).map(|(x, w)| x * w).sum()
    };
    weigh(&output.hidden, 21)
        + weigh(&output.cell_state, 22)
        + weigh(output.states.as_ref().unwrap(), 23)
}

fn views(operands: &Operands) -> (Weights<'_, f64>, Input<'_, f64>) {
    let [features, kernel, recurrent_kernel, bias, hidden, cell_state] = &operands.0;
    let weights = Weights {
        kernel,
        recurrent_kernel,
        bias,
    };
    let input = Input {
        features,
        index: Some(&INDEX),
        lengths: Some(&LENGTHS),
        hidden: Some(hidden),
        cell_state: Some(cell_state),
    };
    (weights, input)
}

#[test]
#[cfg_attr(miri, ignore = "thousands of runs")]
fn gradients_are_those_of_finite_differences() {
    let (rows, time, inputs, units) = (3, 5, 3, 6);
    for cell in [Cell::SimpleRnn, Cell::Lstm, Cell::Gru] {
        for direction in DIRECTIONS {
            let shape = Shape {
                cell,
                direction,
                rows,
                time,
                inputs,
                units,
            };
            let width = cell.gates() * units;
            let mut operands = Operands([
                numbers(4 * inputs, 1),
                numbers(inputs * width, 2),
                numbers(units * width, 3),
                numbers(cell.biases() * width, 4),
                numbers(rows * units, 5),
                numbers(rows * units, 6),
            ]);
            let gradients = {
                let (weights, input) = views(&operands);
                let options = Options {
                    all_states: true,
                    ..Options::default()
                };
                let (output, tape) = forward_recorded(&shape, &weights, &input, &options).unwrap();
                let states = numbers(output.states.unwrap().len(), 23);
                let cell_state = numbers(rows * units, 22);
                let upstream = Upstream {
                    hidden: Some(&numbers(output.hidden.len(), 21)),
                    cell_state: cell.has_cell_state().then_some(&cell_state),
                    states: Some(&states),
                };
                tape.backward(&upstream).unwrap()
            };
            let named = [
                gradients.features,
                gradients.kernel,
                gradients.recurrent_kernel,
                gradients.bias,
                gradients.hidden,
                gradients.cell_state,
            ];
            for (place, gradient) in named.iter().enumerate() {
                if gradient.is_empty() {
                    assert!(!cell.has_cell_state() && place == 5);
                    continue;
                }
                for i in 0..gradient.len() {
                    // The error is h² times a third derivative of order one, and ε / h of rounding.
                    let h = 1e-5;
                    let kept = operands.0[place][i];
                    operands.0[place][i] = kept + h;
                    let above = value(&shape, &operands);
                    operands.0[place][i] = kept - h;
                    let below = value(&shape, &operands);
                    operands.0[place][i] = kept;
                    let difference = (above - below) / (2.0 * h);
                    assert!(
                        (difference - gradient[i]).abs() < 1e-8,
                        "{cell:?} {direction:?} {}[{i}]: {} by difference {difference}",
                        NAMES[place],
                        gradient[i]
                    );
                }
            }
        }
    }
}
