//! The layers in scalar Rust, to read and to test against: no tiles, no threads, no intrinsics.
//!
//! One row at a time, one step at a time, each equation as it stands in the papers. Operands are
//! those of the fast version; what does not fit makes it panic, as an oracle should.

use crate::element::Element;
use crate::types::{Cell, Direction, Gradients, Input, Output, Shape, Upstream, Weights};

/// What one step of one row leaves behind.
#[derive(Clone, Debug)]
struct Step<E> {
    t: usize,
    /// Row of the features.
    source: usize,
    previous: Vec<E>,
    /// The cell state before the step.
    cell_state: Vec<E>,
    /// The gates after their functions, `[G · H]`.
    gates: Vec<E>,
    /// The state's part of the pre-activations, `[G · H]`.
    recurrent: Vec<E>,
}

/// A run with all its steps.
#[derive(Clone, Debug)]
pub struct Run<'a, E> {
    shape: Shape,
    weights: Weights<'a, E>,
    input: Input<'a, E>,
    /// What the layer gives, all states included.
    pub output: Output<E>,
    /// By row, in the order of processing.
    steps: Vec<Vec<Step<E>>>,
}

fn sigmoid<E: Element>(x: E) -> E {
    E::ONE / (E::ONE + (-x).exp())
}

/// `out[j] += Σ_k x[k] · matrix[k, j]`.
fn add_product<E: Element>(out: &mut [E], x: &[E], matrix: &[E]) {
    for (x, row) in x.iter().zip(matrix.chunks_exact(out.len())) {
        for (out, weight) in out.iter_mut().zip(row) {
            *out += *x * *weight;
        }
    }
}

/// `out[k] += Σ_j matrix[k, j] · x[j]`.
fn add_transposed_product<E: Element>(out: &mut [E], matrix: &[E], x: &[E]) {
    for (out, row) in out.iter_mut().zip(matrix.chunks_exact(x.len())) {
        for (x, weight) in x.iter().zip(row) {
            *out += *x * *weight;
        }
    }
}

/// `matrix[k, j] += x[k] · y[j]`.
fn add_outer<E: Element>(matrix: &mut [E], x: &[E], y: &[E]) {
    for (x, row) in x.iter().zip(matrix.chunks_exact_mut(y.len())) {
        add_scaled(row, *x, y);
    }
}

/// `out[j] += x · y[j]`.
fn add_scaled<E: Element>(out: &mut [E], x: E, y: &[E]) {
    for (out, y) in out.iter_mut().zip(y) {
        *out += x * *y;
    }
}

/// Runs a layer.
pub fn run<'a, E: Element>(
    shape: &Shape,
    weights: &Weights<'a, E>,
    input: &Input<'a, E>,
) -> Run<'a, E> {
    let Shape {
        cell,
        direction,
        rows,
        time,
        inputs,
        units,
    } = *shape;
    let width = cell.gates() * units;
    let zeros = |count: usize| vec![E::default(); count];
    let mut output = Output {
        hidden: zeros(rows * units),
        cell_state: zeros(if cell.has_cell_state() {
            rows * units
        } else {
            0
        }),
        states: Some(zeros(rows * time * units)),
    };
    let mut all_steps = Vec::new();
    for row in 0..rows {
        let of_row = row * units..(row + 1) * units;
        let initial =
            |values: Option<&[E]>| values.map_or(zeros(units), |v| v[of_row.clone()].to_vec());
        let mut h = initial(input.hidden);
        let mut c = initial(input.cell_state);
        let length = input.lengths.map_or(time, |lengths| lengths[row] as usize);
        let mut steps = Vec::new();
        let mut states = zeros(time * units);
        for step in 0..length {
            let t = match direction {
                Direction::Forward => step,
                Direction::Reverse => length - 1 - step,
            };
            let source = input
                .index
                .map_or(row * time + t, |index| index[row * time + t] as usize);
            let x = &input.features[source * inputs..(source + 1) * inputs];
            let mut z = weights.bias[..width].to_vec();
            add_product(&mut z, x, weights.kernel);
            let mut recurrent = match cell {
                Cell::Gru => weights.bias[width..].to_vec(),
                Cell::SimpleRnn | Cell::Lstm => zeros(width),
            };
            add_product(&mut recurrent, &h, weights.recurrent_kernel);
            let (previous, cell_state) = (h.clone(), c.clone());
            let mut gates = zeros(width);
            for u in 0..units {
                let at = |gate: usize| gate * units + u;
                let sum = |gate: usize| z[at(gate)] + recurrent[at(gate)];
                match cell {
                    Cell::SimpleRnn => {
                        gates[u] = sum(0).tanh();
                        h[u] = gates[u];
                    }
                    Cell::Lstm => {
                        for gate in [0, 1, 3] {
                            gates[at(gate)] = sigmoid(sum(gate));
                        }
                        gates[at(2)] = sum(2).tanh();
                        c[u] = gates[at(1)] * cell_state[u] + gates[at(0)] * gates[at(2)];
                        h[u] = gates[at(3)] * c[u].tanh();
                    }
                    Cell::Gru => {
                        gates[at(0)] = sigmoid(sum(0));
                        gates[at(1)] = sigmoid(sum(1));
                        gates[at(2)] = (z[at(2)] + gates[at(1)] * recurrent[at(2)]).tanh();
                        h[u] = gates[at(0)] * previous[u] + (E::ONE - gates[at(0)]) * gates[at(2)];
                    }
                }
            }
            states[t * units..(t + 1) * units].copy_from_slice(&h);
            steps.push(Step {
                t,
                source,
                previous,
                cell_state,
                gates,
                recurrent,
            });
        }
        if direction == Direction::Forward {
            for padding in states[length * units..].chunks_exact_mut(units) {
                padding.copy_from_slice(&h);
            }
        }
        output.hidden[of_row.clone()].copy_from_slice(&h);
        if cell.has_cell_state() {
            output.cell_state[of_row].copy_from_slice(&c);
        }
        if let Some(all) = &mut output.states {
            all[row * time * units..(row + 1) * time * units].copy_from_slice(&states);
        }
        all_steps.push(steps);
    }
    Run {
        shape: *shape,
        weights: *weights,
        input: *input,
        output,
        steps: all_steps,
    }
}

impl<E: Element> Run<'_, E> {
    /// Back-propagation through time.
    pub fn backward(&self, upstream: &Upstream<'_, E>) -> Gradients<E> {
        let Shape {
            cell,
            direction,
            rows,
            time,
            inputs,
            units,
        } = self.shape;
        let width = cell.gates() * units;
        let zeros = |count: usize| vec![E::default(); count];
        let mut out = Gradients {
            features: zeros(self.input.features.len()),
            kernel: zeros(inputs * width),
            recurrent_kernel: zeros(units * width),
            bias: zeros(cell.biases() * width),
            hidden: zeros(rows * units),
            cell_state: zeros(self.output.cell_state.len()),
        };
        for (row, steps) in self.steps.iter().enumerate() {
            let of_row = row * units..(row + 1) * units;
            let given =
                |values: Option<&[E]>| values.map_or(zeros(units), |v| v[of_row.clone()].to_vec());
            let mut dh = given(upstream.hidden);
            let mut dc = given(upstream.cell_state);
            let of_step = |t: usize| (row * time + t) * units..(row * time + t + 1) * units;
            if let (Some(states), Direction::Forward) = (upstream.states, direction) {
                for t in steps.len()..time {
                    add_scaled(&mut dh, E::ONE, &states[of_step(t)]);
                }
            }
            for step in steps.iter().rev() {
                if let Some(states) = upstream.states {
                    add_scaled(&mut dh, E::ONE, &states[of_step(step.t)]);
                }
                let (by_input, by_state, beside) = self.cell_backward(step, &dh, &mut dc);
                let x = &self.input.features[step.source * inputs..(step.source + 1) * inputs];
                let dx = &mut out.features[step.source * inputs..(step.source + 1) * inputs];
                add_transposed_product(dx, self.weights.kernel, &by_input);
                add_outer(&mut out.kernel, x, &by_input);
                add_outer(&mut out.recurrent_kernel, &step.previous, &by_state);
                add_scaled(&mut out.bias[..width], E::ONE, &by_input);
                if cell == Cell::Gru {
                    add_scaled(&mut out.bias[width..], E::ONE, &by_state);
                }
                dh = beside;
                add_transposed_product(&mut dh, self.weights.recurrent_kernel, &by_state);
            }
            out.hidden[of_row.clone()].copy_from_slice(&dh);
            if cell.has_cell_state() {
                out.cell_state[of_row].copy_from_slice(&dc);
            }
        }
        out
    }

    /// The gradients of the pre-activations by their input's and their state's part, and of the
    /// previous state beside the products. `dc` goes from after the step to before it.
    fn cell_backward(&self, step: &Step<E>, dh: &[E], dc: &mut [E]) -> (Vec<E>, Vec<E>, Vec<E>) {
        let units = self.shape.units;
        let one = E::ONE;
        let mut by_input = vec![E::default(); step.gates.len()];
        let mut by_state = by_input.clone();
        let mut beside = vec![E::default(); units];
        for u in 0..units {
            let at = |gate: usize| gate * units + u;
            let gate = |gate: usize| step.gates[at(gate)];
            match self.shape.cell {
                Cell::SimpleRnn => by_input[u] = dh[u] * (one - gate(0) * gate(0)),
                Cell::Lstm => {
                    let [i, f, g, o] = [gate(0), gate(1), gate(2), gate(3)];
                    let squashed = (f * step.cell_state[u] + i * g).tanh();
                    let through = dc[u] + dh[u] * o * (one - squashed * squashed);
                    by_input[at(0)] = through * g * i * (one - i);
                    by_input[at(1)] = through * step.cell_state[u] * f * (one - f);
                    by_input[at(2)] = through * i * (one - g * g);
                    by_input[at(3)] = dh[u] * squashed * o * (one - o);
                    dc[u] = through * f;
                }
                Cell::Gru => {
                    let [z, r, candidate] = [gate(0), gate(1), gate(2)];
                    let by_candidate = dh[u] * (one - z) * (one - candidate * candidate);
                    by_input[at(0)] = dh[u] * (step.previous[u] - candidate) * z * (one - z);
                    by_input[at(1)] = by_candidate * step.recurrent[at(2)] * r * (one - r);
                    by_input[at(2)] = by_candidate;
                    by_state[at(2)] = by_candidate * r;
                    beside[u] = dh[u] * z;
                }
            }
        }
        let shared = match self.shape.cell {
            Cell::Gru => 2 * units,
            Cell::SimpleRnn | Cell::Lstm => by_input.len(),
        };
        by_state[..shared].copy_from_slice(&by_input[..shared]);
        (by_input, by_state, beside)
    }
}
