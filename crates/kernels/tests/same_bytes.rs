//! The same bits on every instruction set and for any number of threads, and those that are committed here.
//!
//! The golden hashes were recorded once; whatever processor runs this test, on each instruction set that it has, must
//! come to them. To record them anew after a change of the arithmetic: `GOLDEN=print cargo test -p recurrent-kernels
//! --release --test same_bytes -- --nocapture`.

// What clippy.toml allows in tests does not reach the functions that tests share.
#![allow(clippy::print_stdout, clippy::unwrap_used)]

use recurrent_kernels::{
    Cell, Direction, Input, Isa, Matrix, Options, Precision, Real, Shape, Transposed, Upstream,
    Weights, column_sums, dense, forward_recorded, matmul,
};
use sha2::{Digest, Sha256};

/// Numbers between −0.5 and 0.5 by integer arithmetic and one division, which rounds the same everywhere.
fn numbers<E: Real>(count: usize, salt: usize) -> Vec<E> {
    (0..count)
        .map(|i| E::from_f64(((i * 7919 + salt * 104_729) % 100_003) as f64 / 100_003.0 - 0.5))
        .collect()
}

/// Adds numbers to a hash, as doubles, which hold every single exactly.
fn add<E: Real>(hash: &mut Sha256, values: &[E]) {
    for value in values {
        hash.update(value.to_f64().to_bits().to_le_bytes());
    }
}

fn hex(hash: Sha256) -> String {
    hash.finalize()
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// Output and all gradients of a layer, hashed over some sizes: units of less than a register and of several blocks,
/// rows of more than one chunk, lengths, first states.
fn layers<E: Real>(isa: Isa, cell: Cell, direction: Direction, precision: Precision) -> String {
    let mut hash = Sha256::new();
    for (rows, time, inputs, units) in [(1, 2, 1, 1), (5, 4, 3, 7), (35, 3, 20, 17), (9, 6, 17, 70)]
    {
        let width = cell.gates() * units;
        let features = numbers::<E>(11 * inputs, 1);
        let kernel = numbers::<E>(inputs * width, 2);
        let recurrent_kernel = numbers::<E>(units * width, 3);
        let bias = numbers::<E>(cell.biases() * width, 4);
        let (hidden, cell_state) = (numbers::<E>(rows * units, 5), numbers::<E>(rows * units, 6));
        let states = numbers::<E>(rows * time * units, 7);
        let index: Vec<u32> = (0..rows * time).map(|i| (i * 3 % 11) as u32).collect();
        let lengths: Vec<u32> = (0..rows).map(|row| (row * 2 % (time + 1)) as u32).collect();
        let shape = Shape {
            cell,
            direction,
            rows,
            time,
            inputs,
            units,
        };
        let weights = Weights {
            kernel: &kernel,
            recurrent_kernel: &recurrent_kernel,
            bias: &bias,
        };
        let input = Input {
            lengths: (rows > 1).then_some(&lengths[..]),
            hidden: Some(&hidden),
            cell_state: Some(&cell_state),
            ..Input::tokens(&features, &index)
        };
        let options = Options {
            isa,
            all_states: true,
            precision,
        };
        let (output, tape) = forward_recorded(&shape, &weights, &input, &options).unwrap();
        let gradients = tape
            .backward(&Upstream {
                hidden: Some(&hidden),
                cell_state: cell.has_cell_state().then_some(&cell_state),
                states: Some(&states),
            })
            .unwrap();
        add(&mut hash, &output.hidden);
        add(&mut hash, &output.cell_state);
        add(&mut hash, &output.states.unwrap());
        for gradient in [
            &gradients.features,
            &gradients.kernel,
            &gradients.recurrent_kernel,
            &gradients.bias,
            &gradients.hidden,
            &gradients.cell_state,
        ] {
            add(&mut hash, gradient);
        }
    }
    hex(hash)
}

/// Dense products of all three kinds, hashed over some sizes.
fn products<E: Real>(isa: Isa) -> String {
    let mut hash = Sha256::new();
    for [rows, depth, columns] in [[1, 1, 1], [3, 5, 2], [70, 33, 64], [130, 128, 65]] {
        let matrix = |values, rows, columns| Matrix::new(values, rows, columns).unwrap();
        let (a, b) = (
            numbers::<E>(rows * depth, 1),
            numbers::<E>(depth * columns, 2),
        );
        let bias = numbers::<E>(columns, 3);
        let left = matrix(&a, rows, depth);
        let right = matrix(&b, depth, columns);
        add(&mut hash, &dense(isa, left, right, &bias).unwrap());
        let turned = matrix(&b, columns, depth);
        add(
            &mut hash,
            &matmul(isa, left, turned, Transposed::Right).unwrap(),
        );
        let standing = matrix(&a, depth, rows);
        add(
            &mut hash,
            &matmul(isa, standing, right, Transposed::Left).unwrap(),
        );
        add(&mut hash, &column_sums(left));
    }
    hex(hash)
}

/// Every kind of work, by name.
fn all(isa: Isa) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for cell in [Cell::SimpleRnn, Cell::Lstm, Cell::Gru] {
        for direction in [Direction::Forward, Direction::Reverse] {
            for precision in [Precision::Own, Precision::Double, Precision::DoubleSweep] {
                let name = format!("{cell:?} {direction:?} {precision:?}");
                found.push((
                    format!("{name}, single"),
                    layers::<f32>(isa, cell, direction, precision),
                ));
            }
            let name = format!("{cell:?} {direction:?}, double");
            found.push((name, layers::<f64>(isa, cell, direction, Precision::Own)));
        }
    }
    found.push(("products, single".to_owned(), products::<f32>(isa)));
    found.push(("products, double".to_owned(), products::<f64>(isa)));
    found
}

fn golden() -> Vec<(String, String)> {
    include_str!("same_bytes.txt")
        .lines()
        .filter_map(|line| line.rsplit_once(": "))
        .map(|(name, hash)| (name.to_owned(), hash.to_owned()))
        .collect()
}

#[test]
#[cfg_attr(miri, ignore = "hundreds of thousands of numbers")]
fn every_instruction_set_and_number_of_threads_gives_the_golden_bits() {
    let golden = golden();
    let print = std::env::var_os("GOLDEN").is_some();
    // Who emulates a processor says which instruction set is its fastest: else plain Rust alone might be tested unnoticed.
    if let Ok(fastest) = std::env::var("FASTEST") {
        assert_eq!(Isa::available().pop().map(Isa::name), Some(&*fastest));
    }
    for threads in [1, 2, 3, 7] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        pool.unwrap().install(|| {
            for isa in Isa::available() {
                let found = all(isa);
                if print {
                    for (name, hash) in &found {
                        println!("{name}: {hash}");
                    }
                    std::process::exit(0);
                }
                assert_eq!(found, golden, "{} on {threads} threads", isa.name());
            }
        });
    }
}

/// A product in plain Rust, as its documentation says.
fn plain<E: Real>(left: &[E], right: &[E], depth: usize, columns: usize, bias: &[E]) -> Vec<E> {
    let mut out = Vec::new();
    for row in left.chunks_exact(depth) {
        for column in 0..columns {
            let mut sum = bias[column];
            for (k, factor) in row.iter().enumerate() {
                sum = factor.mul_add(right[k * columns + column], sum);
            }
            out.push(sum);
        }
    }
    out
}

#[test]
fn a_product_is_a_loop_over_mul_add() {
    for isa in Isa::available() {
        for [rows, depth, columns] in [[1, 1, 1], [4, 7, 5], [13, 40, 33]] {
            let (a, b) = (
                numbers::<f32>(rows * depth, 1),
                numbers::<f32>(depth * columns, 2),
            );
            let bias = numbers::<f32>(columns, 3);
            let fast = dense(
                isa,
                Matrix::new(&a, rows, depth).unwrap(),
                Matrix::new(&b, depth, columns).unwrap(),
                &bias,
            );
            assert_eq!(
                fast.unwrap()[..],
                plain(&a, &b, depth, columns, &bias),
                "{}",
                isa.name()
            );
        }
    }
}

/// Matrices without rows, columns or depth have products as well: empty ones, or the bias alone.
#[test]
fn products_of_nothing_are_empty_or_zero() {
    fn matrix(values: &[f32], rows: usize, columns: usize) -> Matrix<'_, f32> {
        Matrix::new(values, rows, columns).unwrap()
    }
    for isa in Isa::available() {
        let product = |left, right, transposed| matmul(isa, left, right, transposed).unwrap();
        let numbers = [1.0; 6];
        let (three_by_two, none) = (matrix(&numbers, 3, 2), matrix(&[], 2, 0));
        assert!(product(three_by_two, none, Transposed::Neither).is_empty());
        assert!(product(none, matrix(&numbers, 2, 3), Transposed::Left).is_empty());
        assert!(product(matrix(&[], 0, 2), three_by_two, Transposed::Right).is_empty());
        let (wide, tall) = (matrix(&[], 2, 0), matrix(&[], 0, 3));
        assert_eq!(product(wide, tall, Transposed::Neither)[..], [0.0; 6]);
        assert_eq!(
            product(tall, matrix(&[], 0, 2), Transposed::Left)[..],
            [0.0; 6]
        );
        let bias = [1.0, 2.0, 3.0];
        assert_eq!(
            dense(isa, wide, tall, &bias).unwrap()[..],
            [1.0, 2.0, 3.0, 1.0, 2.0, 3.0]
        );
    }
    assert!(column_sums(matrix(&[], 0, 2)) == [0.0, 0.0]);
    assert!(column_sums(matrix(&[], 2, 0)).is_empty());
}

/// The fused multiply-add of the portable path against the exact result, rounded once: where the plain product is
/// rounded before it is added, these come out otherwise.
#[test]
fn a_multiply_add_rounds_once() {
    use recurrent_kernels::Element;

    let tiny = f32::EPSILON;
    // (1 + ε)² − (1 + 2ε) = ε².
    let fused = Element::mul_add(1.0 + tiny, 1.0 + tiny, -(1.0 + 2.0 * tiny));
    assert_eq!(fused, tiny * tiny);
    let tiny = f64::EPSILON;
    let fused = Element::mul_add(1.0 + tiny, 1.0 + tiny, -(1.0 + 2.0 * tiny));
    assert_eq!(fused, tiny * tiny);
    // In software, whatever this processor has.
    for (x, y, z) in [
        (1.1f32, -2.3, 1e-9),
        (3e38, 2.0, -3e38),
        (1e-30, 1e-12, 1e-42),
    ] {
        assert_eq!(
            libm::fmaf(x, y, z).to_bits(),
            f32::mul_add(x, y, z).to_bits()
        );
    }
}
