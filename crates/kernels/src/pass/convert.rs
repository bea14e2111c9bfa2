//! Numbers in another precision, and rows of the batch in another order.

use std::borrow::Cow;

use crate::element::Element;
use crate::parallel::{self, even};
use crate::pool::{Buffer, Number, same};
use crate::positions::Layout;

/// The same numbers in another precision; the numbers themselves where it is the same.
pub(crate) fn convert<A: Element, B: Element>(values: &[A]) -> Cow<'_, [B]> {
    match B::same(values) {
        Some(same) => Cow::Borrowed(same),
        None => values.iter().map(|x| B::from_f64(x.to_f64())).collect(),
    }
}

/// [`convert`] for a buffer, whose layout does not depend on the precision.
pub(crate) fn convert_buffer<A: Number, B: Number>(values: Buffer<A>) -> Buffer<B> {
    let values = match same(values) {
        Ok(same) => return same,
        Err(values) => values,
    };
    let mut converted = Buffer::stale(values.len());
    let tasks = even(values.len(), parallel::threads())
        .scan(&mut converted[..], |rest, range| {
            let (mine, others) = std::mem::take(rest).split_at_mut(range.len());
            *rest = others;
            Some((&values[range], mine))
        })
        .collect();
    parallel::run(tasks, |(from, to): (&[A], &mut [B])| {
        for (to, from) in to.iter_mut().zip(from) {
            *to = B::from_f64(from.to_f64());
        }
    });
    converted
}

/// `[B, H]` by row as `[B, H']` by rank, chunk after chunk; zeros without values.
pub(crate) fn by_rank<E: Number, S: Number>(
    layout: &Layout,
    units: usize,
    padded: usize,
    values: Option<&[E]>,
) -> Buffer<S> {
    let rows = layout.chunks.iter().flat_map(|chunk| chunk.rows());
    let mut ranked = Buffer::<S>::zeroed(rows.clone().count() * padded);
    if let Some(values) = values {
        for (to, row) in ranked.chunks_exact_mut(padded).zip(rows) {
            for (to, from) in to.iter_mut().zip(&values[row * units..(row + 1) * units]) {
                *to = S::from_f64(from.to_f64());
            }
        }
    }
    ranked
}

/// `[B, H']` by rank as `[B, H]` by row.
pub(crate) fn by_row<E: Number, S: Number>(
    layout: &Layout,
    units: usize,
    padded: usize,
    ranked: &[S],
) -> Vec<E> {
    let rows = layout.chunks.iter().flat_map(|chunk| chunk.rows());
    let mut values = vec![E::default(); ranked.len() / padded * units];
    for (from, row) in ranked.chunks_exact(padded).zip(rows) {
        for (to, from) in values[row * units..(row + 1) * units].iter_mut().zip(from) {
            *to = E::from_f64(from.to_f64());
        }
    }
    values
}
