//! Every instruction set of this machine against the scalar reference.

#![allow(clippy::panic, clippy::unwrap_used)]

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use recurrent_kernels::{
    Cell, Direction, Gradients, Input, Isa, Options, Output, Precision, Real, Shape, Upstream,
    Weights, forward, forward_recorded, reference,
};

const CELLS: [Cell; 3] = [Cell::SimpleRnn, Cell::Lstm, Cell::Gru];
const DIRECTIONS: [Direction; 2] = [Direction::Forward, Direction::Reverse];

/// Operands of one shape, all optional ones given.
struct Case<E> {
    shape: Shape,
    features: Vec<E>,
    kernel: Vec<E>,
    recurrent_kernel: Vec<E>,
    bias: Vec<E>,
    index: Option<Vec<u32>>,
    lengths: Option<Vec<u32>>,
    hidden: Vec<E>,
    cell_state: Vec<E>,
    by_hidden: Vec<E>,
    by_cell_state: Vec<E>,
    by_states: Vec<E>,
}

impl<E: Real> Case<E> {
    fn new(shape: Shape, tokens: Option<usize>, padded: bool, seed: u64) -> Self {
        let mut generator = ChaCha8Rng::seed_from_u64(seed);
        let mut draw = |count: usize, scale: f64| -> Vec<E> {
            (0..count)
                .map(|_| E::from_f64(generator.random_range(-scale..scale)))
                .collect()
        };
        let Shape {
            cell,
            rows,
            time,
            inputs,
            units,
            ..
        } = shape;
        let width = cell.gates() * units;
        let steep = 1.0 / (units as f64).sqrt();
        let mut case = Self {
            shape,
            features: draw(tokens.unwrap_or(rows * time) * inputs, 1.0),
            kernel: draw(inputs * width, 1.0 / (inputs as f64).sqrt()),
            recurrent_kernel: draw(units * width, steep),
            bias: draw(cell.biases() * width, 0.5),
            index: None,
            lengths: None,
            hidden: draw(rows * units, 1.0),
            cell_state: draw(rows * units, 1.0),
            by_hidden: draw(rows * units, 1.0),
            by_cell_state: draw(rows * units, 1.0),
            by_states: draw(rows * time * units, 0.1),
        };
        case.index = tokens.map(|tokens| {
            (0..rows * time)
                .map(|_| generator.random_range(0..tokens as u32))
                .collect()
        });
        case.lengths = padded.then(|| {
            // 0, 1 and T first, then anything.
            (0..rows)
                .map(|row| match row {
                    0 => 0,
                    1 => 1.min(time as u32),
                    2 => time as u32,
                    _ => generator.random_range(0..=time as u32),
                })
                .collect()
        });
        case
    }

    fn weights(&self) -> Weights<'_, E> {
        Weights {
            kernel: &self.kernel,
            recurrent_kernel: &self.recurrent_kernel,
            bias: &self.bias,
        }
    }

    fn input(&self) -> Input<'_, E> {
        Input {
            features: &self.features,
            index: self.index.as_deref(),
            lengths: self.lengths.as_deref(),
            hidden: Some(&self.hidden),
            cell_state: Some(&self.cell_state),
        }
    }

    fn upstream(&self) -> Upstream<'_, E> {
        Upstream {
            hidden: Some(&self.by_hidden),
            cell_state: self
                .shape
                .cell
                .has_cell_state()
                .then_some(&self.by_cell_state),
            states: Some(&self.by_states),
        }
    }

    fn fast(&self, isa: Isa) -> (Output<E>, Gradients<E>) {
        self.run(isa, Precision::Own)
    }

    fn run(&self, isa: Isa, precision: Precision) -> (Output<E>, Gradients<E>) {
        let options = Options {
            isa,
            all_states: true,
            precision,
        };
        let (output, tape) =
            forward_recorded(&self.shape, &self.weights(), &self.input(), &options).unwrap();
        let unrecorded = forward(&self.shape, &self.weights(), &self.input(), &options).unwrap();
        assert_eq!(
            bits(&output.hidden),
            bits(&unrecorded.hidden),
            "kept or not"
        );
        assert_eq!(
            bits(output.states.as_ref().unwrap()),
            bits(unrecorded.states.as_ref().unwrap())
        );
        let gradients = tape.backward(&self.upstream()).unwrap();
        (output, gradients)
    }

    fn slow(&self) -> (Output<E>, Gradients<E>) {
        let run = reference::run(&self.shape, &self.weights(), &self.input());
        let gradients = run.backward(&self.upstream());
        (run.output, gradients)
    }
}

impl Case<f32> {
    /// The same numbers in double precision.
    fn widened(&self) -> Case<f64> {
        let wide = |values: &[f32]| values.iter().map(|x| f64::from(*x)).collect();
        Case {
            shape: self.shape,
            features: wide(&self.features),
            kernel: wide(&self.kernel),
            recurrent_kernel: wide(&self.recurrent_kernel),
            bias: wide(&self.bias),
            index: self.index.clone(),
            lengths: self.lengths.clone(),
            hidden: wide(&self.hidden),
            cell_state: wide(&self.cell_state),
            by_hidden: wide(&self.by_hidden),
            by_cell_state: wide(&self.by_cell_state),
            by_states: wide(&self.by_states),
        }
    }
}

fn bits<E: Real>(values: &[E]) -> Vec<u64> {
    values.iter().map(|x| x.to_f64().to_bits()).collect()
}

/// All values with their names.
fn named<E: Real>(output: &Output<E>, gradients: &Gradients<E>) -> Vec<(&'static str, Vec<E>)> {
    vec![
        ("hidden", output.hidden.clone()),
        ("cell_state", output.cell_state.clone()),
        ("states", output.states.clone().unwrap()),
        ("by features", gradients.features.clone()),
        ("by kernel", gradients.kernel.clone()),
        ("by recurrent kernel", gradients.recurrent_kernel.clone()),
        ("by bias", gradients.bias.clone()),
        ("by first hidden", gradients.hidden.clone()),
        ("by first cell_state", gradients.cell_state.clone()),
    ]
}

/// The fast result lies within `tolerance` of the slow one, relative to the largest value of each
/// kind.
///
/// A value is a sum of up to some thousand terms of the size of the largest, through up to 33 steps;
/// each contributes a rounding of half an epsilon: 200 epsilons are ten times what is seen.
fn check<E: Real>(case: &Case<E>, isa: Isa, epsilon: f64) {
    let (output, gradients) = case.fast(isa);
    let (expected_output, expected_gradients) = case.slow();
    let fast = named(&output, &gradients);
    for ((name, fast), (_, slow)) in fast
        .iter()
        .zip(named(&expected_output, &expected_gradients))
    {
        assert_eq!(fast.len(), slow.len(), "{name}");
        let largest = slow.iter().map(|x| x.to_f64().abs()).fold(0.0, f64::max);
        for (place, (a, b)) in fast.iter().zip(&slow).enumerate() {
            let distance = (a.to_f64() - b.to_f64()).abs();
            assert!(
                distance <= 200.0 * epsilon * largest.max(1.0),
                "{} {:?} {name}[{place}]: {a:?}, not {b:?}",
                isa.name(),
                case.shape
            );
        }
    }
}

fn shape(cell: Cell, direction: Direction, [rows, time, inputs, units]: [usize; 4]) -> Shape {
    Shape {
        cell,
        direction,
        rows,
        time,
        inputs,
        units,
    }
}

/// A debug build, as sanitizers have it: the same code on fewer steps and units, or it would take minutes.
const DEBUG: bool = cfg!(debug_assertions);

/// Each size at each of its edges, the others small; and all of them large.
fn sizes() -> Vec<[usize; 4]> {
    let mut sizes = if DEBUG {
        vec![[33, 3, 7, 33]]
    } else {
        vec![[33, 33, 33, 33], [32, 20, 128, 64]]
    };
    for place in 0..4 {
        for edge in if DEBUG {
            &[1, 9, 33][..]
        } else {
            &[1, 7, 8, 9, 31, 32, 33]
        } {
            let mut size = [4, 3, 5, 6];
            size[place] = *edge;
            sizes.push(size);
        }
    }
    sizes
}

#[test]
#[cfg_attr(miri, ignore = "hours; `poisoned` in the library has small shapes")]
fn every_isa_agrees_with_the_reference() {
    for isa in Isa::available() {
        for cell in CELLS {
            for direction in DIRECTIONS {
                for (seed, size) in sizes().into_iter().enumerate() {
                    for (tokens, padded) in [(None, false), (Some(11), true)] {
                        let shape = shape(cell, direction, size);
                        let seed = seed as u64;
                        let single = Case::<f32>::new(shape, tokens, padded, seed);
                        check(&single, isa, f64::from(f32::EPSILON));
                        let double = Case::<f64>::new(shape, tokens, padded, seed);
                        check(&double, isa, f64::EPSILON);
                    }
                }
            }
        }
    }
}

/// A sweep in double precision lies nearer to the exact result than any in single can be sure to.
#[test]
#[cfg_attr(miri, ignore = "hours; `poisoned` in the library has small shapes")]
fn a_double_sweep_over_single_operands() {
    for isa in Isa::available() {
        // With AVX2, 33 units have another padding in double than in single precision, and 31 the same.
        for (cell, units) in CELLS.into_iter().flat_map(|cell| [(cell, 33), (cell, 31)]) {
            let shape = shape(cell, Direction::Forward, [33, 33, 9, units]);
            let single = Case::<f32>::new(shape, Some(11), true, 3);
            let (output, gradients) = single.run(isa, Precision::Double);
            let (exact_output, exact_gradients) = single.widened().slow();
            let fast = named(&output, &gradients);
            let slow = named(&exact_output, &exact_gradients);
            // What is summed over 33 · 33 positions, in single precision and in pieces.
            let sums = ["by features", "by kernel", "by recurrent kernel", "by bias"];
            let (apart, by_apart) = single.run(isa, Precision::DoubleSweep);
            for ((name, double), (_, apart)) in fast.iter().zip(named(&apart, &by_apart)) {
                if !sums.contains(name) {
                    assert_eq!(bits(double), bits(&apart), "{} {cell:?} {name}", isa.name());
                    continue;
                }
                let largest = double
                    .iter()
                    .fold(0.0f32, |largest, x| largest.max(x.abs()));
                for (a, b) in apart.iter().zip(double) {
                    let tolerance = 16.0 * f32::EPSILON * largest.max(1.0);
                    assert!(
                        (a - b).abs() <= tolerance,
                        "{} {cell:?} {name}: {a} {b}",
                        isa.name()
                    );
                }
            }
            for ((name, fast), (_, slow)) in fast.iter().zip(slow) {
                let largest = slow.iter().fold(0.0f64, |largest, x| largest.max(x.abs()));
                for (a, b) in fast.iter().zip(&slow) {
                    // The projections of 9 inputs are rounded to single, and so is the result.
                    let distance = (f64::from(*a) - b).abs();
                    let tolerance = 4.0 * f64::from(f32::EPSILON) * largest.max(1.0);
                    assert!(
                        distance <= tolerance,
                        "{} {cell:?} {name}: {a} {b}",
                        isa.name()
                    );
                }
            }
        }
    }
}

#[test]
#[cfg_attr(miri, ignore = "rayon's threads are not for Miri")]
fn threads_do_not_change_a_bit() {
    for isa in Isa::available() {
        for cell in CELLS {
            for padded in [false, true] {
                let [time, inputs] = if DEBUG { [2, 3] } else { [9, 20] };
                let shape = shape(cell, Direction::Forward, [70, time, inputs, 33]);
                let case = Case::<f32>::new(shape, Some(40), padded, 1);
                let runs: Vec<_> = [1, 2, 3, 7]
                    .map(|threads| {
                        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
                        let (output, gradients) = pool.build().unwrap().install(|| case.fast(isa));
                        named(&output, &gradients)
                            .into_iter()
                            .map(|(_, values)| bits(&values))
                            .collect::<Vec<_>>()
                    })
                    .into_iter()
                    .collect();
                for run in &runs[1..] {
                    assert!(*run == runs[0], "{} {cell:?}", isa.name());
                }
            }
        }
    }
}
