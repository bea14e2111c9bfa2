//! Dense products of matrices, in one order of additions.

use crate::checked::CheckedProduct;
use crate::element::Element;
use crate::isa::Isa;
use crate::layouts::{PLAIN, lanes};
use crate::panel::{Columns, Panels};
use crate::parallel;
use crate::pool::{Buffer, Number};
use crate::product::{rows_product, transposed_product};
use crate::types::{Matrix, Transposed};

/// Rows that are summed one after another before their sum is added to the whole, so that the rounding of a long sum
/// grows with its root's length only. A part of the arithmetic, like the order of a product.
const RUN: usize = 32;

/// The sums of all columns: in runs of 32 rows, from the first to the last.
pub fn column_sums<E: Element>(matrix: Matrix<'_, E>) -> Vec<E> {
    let mut sums = vec![E::default(); matrix.columns()];
    if matrix.columns() == 0 {
        return sums;
    }
    let mut run = sums.clone();
    for rows in matrix.values().chunks(RUN * matrix.columns()) {
        run.fill(E::default());
        for row in rows.chunks_exact(matrix.columns()) {
            for (sum, value) in run.iter_mut().zip(row) {
                *sum += *value;
            }
        }
        for (sum, run) in sums.iter_mut().zip(&run) {
            *sum += *run;
        }
    }
    sums
}

/// See [`crate::matmul`]; behind [`crate::Real`], as a layer's passes are.
pub(crate) fn run_product<E: Number>(checked: &CheckedProduct<'_, E>) -> Buffer<E> {
    let (rows, depth, columns) = checked.sizes();
    if rows.saturating_mul(depth).saturating_mul(columns) < INLINE {
        product(checked, 1)
    } else {
        parallel::together(|| product(checked, parallel::threads()))
    }
}

/// Multiply-adds that are done before another thread has woken.
const INLINE: usize = 1 << 19;

/// The product on so many threads at most.
fn product<E: Number>(checked: &CheckedProduct<'_, E>, threads: usize) -> Buffer<E> {
    let (left, right, isa) = (checked.left(), checked.right(), checked.isa());
    match checked.transposed() {
        Transposed::Neither => rows_times(
            isa,
            threads,
            left,
            right.values(),
            right.columns(),
            checked.bias(),
        ),
        Transposed::Right => {
            let turned = turned(right);
            rows_times(isa, threads, left, &turned, right.rows(), None)
        }
        Transposed::Left => {
            let columns = Columns::new(right.columns(), 1, lanes::<E>(isa), PLAIN);
            let mut out = Panels::zeroed(left.columns(), columns);
            let padded;
            let values = if columns.width == right.columns() {
                right.values()
            } else {
                padded = with_padding(right, columns.width);
                &padded
            };
            transposed_product(
                isa,
                threads,
                left.values(),
                left.columns(),
                values,
                right.rows(),
                &mut out,
            );
            let mut unpacked = Buffer::stale(left.columns() * right.columns());
            out.unpack_into(&mut unpacked);
            unpacked
        }
    }
}

/// `left · right + bias`, where `right` has `width` columns.
fn rows_times<E: Number>(
    isa: Isa,
    threads: usize,
    left: Matrix<'_, E>,
    right: &[E],
    width: usize,
    bias: Option<&[E]>,
) -> Buffer<E> {
    let columns = Columns::new(width, 1, lanes::<E>(isa), PLAIN);
    let panels = if left.columns() == 0 {
        Panels::zeroed(0, columns)
    } else {
        Panels::pack(right, columns)
    };
    let bias = bias.map(|bias| columns.pack_row(bias));
    let mut padded = Buffer::stale(left.rows() * columns.width);
    rows_product(
        isa,
        threads,
        left.values(),
        left.rows(),
        &panels,
        bias.as_deref(),
        &mut padded,
    );
    if columns.width == width {
        return padded;
    }
    let mut out = Buffer::stale(left.rows() * width);
    let rows = padded.chunks_exact(columns.width.max(1));
    for (to, row) in out.chunks_exact_mut(width.max(1)).zip(rows) {
        to.copy_from_slice(&row[..width]);
    }
    out
}

/// The transpose, row by row.
fn turned<E: Number>(matrix: Matrix<'_, E>) -> Buffer<E> {
    let mut turned = Buffer::stale(matrix.values().len());
    for (column, line) in turned.chunks_exact_mut(matrix.rows().max(1)).enumerate() {
        for (to, row) in line
            .iter_mut()
            .zip(matrix.values().chunks_exact(matrix.columns()))
        {
            *to = row[column];
        }
    }
    turned
}

/// The rows, each padded with zeros to `width`.
fn with_padding<E: Number>(matrix: Matrix<'_, E>, width: usize) -> Buffer<E> {
    let mut padded = Buffer::zeroed(matrix.rows() * width);
    let rows = matrix.values().chunks_exact(matrix.columns().max(1));
    for (to, row) in padded.chunks_exact_mut(width.max(1)).zip(rows) {
        to[..matrix.columns()].copy_from_slice(row);
    }
    padded
}
