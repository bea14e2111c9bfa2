//! The backward pass through a recorded run. Its operands have been checked.

use std::marker::PhantomData;

use super::convert::{by_rank, by_row, convert, convert_buffer};
use crate::cell::{Pointwise, with_cell};
use crate::checked::CheckedUpstream;
use crate::panel::Panels;
use crate::parallel::{self, Shared, even};
use crate::pool::{Buffer, Number};
use crate::positions::Chunk;
use crate::product::{rows_product, transposed_product};
use crate::recording::{Recording, Scanned};
use crate::sweep::{Backward, accumulates_in_other_precision};
use crate::tokens::BySlot;
use crate::types::{Direction, Gradients, Shape, Upstream};

/// Runs a tape backward. Behind [`crate::Real`], as `forward::run_layer` is.
pub(crate) fn run_back<E: Number>(checked: &CheckedUpstream<'_, E>) -> Gradients<E> {
    let upstream = checked.upstream();
    parallel::together(|| match &checked.tape().0 {
        Scanned::Own(recording) => recording.backward(upstream),
        Scanned::Double(recording) => recording.backward(upstream),
        Scanned::DoubleSweep(recording) => recording.backward(upstream),
    })
}

/// Sums over all positions, added to chunk by chunk.
struct Sums<E: Number> {
    /// Of the gates' input part, `[tokens, W]`; set as far as `tokens`.
    by_token: Buffer<E>,
    tokens: usize,
    recurrent: Panels<E>,
    /// Of the gates' recurrent part, `[W]`; of use to the GRU alone.
    state_bias: Buffer<E>,
}

impl<E: Number, S: Number, K: Number> Recording<E, S, K> {
    fn backward(&self, upstream: &Upstream<'_, E>) -> Gradients<E> {
        with_cell!(self.shape.cell, C => self.run::<C>(upstream))
    }

    fn run<C: Pointwise + Send + Sync>(&self, upstream: &Upstream<'_, E>) -> Gradients<E> {
        let Shape { units, inputs, .. } = self.shape;
        let (padded, width) = (self.scanned.padded(), self.summed.width);
        let last = self.last_state_gradient(upstream);
        let last = last.as_deref().or(upstream.hidden);
        let mut hidden = by_rank::<E, S>(&self.layout, units, padded, last);
        let cell_state = upstream.cell_state.filter(|_| C::HAS_CELL_STATE);
        let mut carry = by_rank::<E, S>(&self.layout, units, padded, cell_state);
        let all = upstream.states.map(convert::<E, S>);
        let mut sums = Sums {
            by_token: Buffer::stale(self.tokens.rows.len() * width),
            tokens: 0,
            recurrent: Panels::zeroed(units, self.summed),
            state_bias: Buffer::zeroed(width),
        };
        let longest = self.layout.chunks.iter().map(Chunk::positions).max();
        let positions = longest.unwrap_or(0);
        let converts = accumulates_in_other_precision::<S, K>();
        let places = if converts {
            2 * self
                .layout
                .chunks
                .iter()
                .map(|chunk| chunk.rows().len())
                .max()
                .unwrap_or(0)
        } else {
            positions
        };
        let separate = usize::from(C::SEPARATE_RECURRENT_GRAD);
        let mut input_grad = Buffer::<S>::stale(places * width);
        let mut recurrent_grad = Buffer::<S>::stale(separate * places * width);
        let size = if converts { positions * width } else { 0 };
        let mut summed_input = Buffer::<K>::stale(size);
        let mut summed_recurrent = Buffer::<K>::stale(separate * size);
        let mut first_rank = 0;
        for chunk in &self.layout.chunks {
            let ranks = first_rank * padded..(first_rank + chunk.rows().len()) * padded;
            first_rank += chunk.rows().len();
            let input = Shared::new(&mut input_grad);
            let recurrent = if C::SEPARATE_RECURRENT_GRAD {
                Shared::new(&mut recurrent_grad)
            } else {
                input
            };
            let summed = [&mut summed_input, &mut summed_recurrent].map(|part| Shared::new(part));
            self.scan::<C>(
                chunk,
                all.as_deref(),
                [input, recurrent],
                summed,
                &mut hidden[ranks.clone()],
                &mut carry[ranks],
            );
            let (input, recurrent) = match (K::same(&input_grad), K::same(&recurrent_grad)) {
                (Some(input), Some(recurrent)) => (input, recurrent),
                _ => (&summed_input[..], &summed_recurrent[..]),
            };
            let recurrent = if C::SEPARATE_RECURRENT_GRAD {
                recurrent
            } else {
                input
            };
            self.add::<C>(chunk, input, recurrent, &mut sums);
        }
        let tokens = self.tokens.rows.len();
        let sum_of_bias = || {
            let mut bias = Buffer::zeroed(width);
            let one_slot = BySlot::new(&vec![0; tokens], 1);
            one_slot.add(self.isa, &sums.by_token, width, 1, &mut bias);
            self.bias_gradient(&bias, &sums.state_bias)
        };
        let unpack = || convert(&sums.recurrent.unpack()).into_owned();
        let (bias, recurrent_kernel) = parallel::both(sum_of_bias, unpack);
        let by_token = convert_buffer::<K, E>(sums.by_token);
        let product = || {
            let mut kernel = Panels::zeroed(inputs, self.dense.gates);
            transposed_product(
                self.isa,
                parallel::threads(),
                &self.gathered,
                inputs,
                &by_token,
                tokens,
                &mut kernel,
            );
            kernel.unpack()
        };
        let (kernel, features) = parallel::both(product, || self.features_gradient(&by_token));
        Gradients {
            features,
            kernel,
            recurrent_kernel,
            bias,
            hidden: by_row(&self.layout, units, padded, &hidden),
            cell_state: if C::HAS_CELL_STATE {
                by_row(&self.layout, units, padded, &carry)
            } else {
                Vec::new()
            },
        }
    }

    /// The last state's gradient with that of the padding, which repeats it; none where no padding
    /// has one.
    fn last_state_gradient(&self, upstream: &Upstream<'_, E>) -> Option<Vec<E>> {
        let Shape {
            direction,
            rows,
            time,
            units,
            ..
        } = self.shape;
        let (Some(states), Some(lengths)) = (upstream.states, &self.lengths) else {
            return None;
        };
        if direction == Direction::Reverse {
            return None;
        }
        let zeros = || vec![E::default(); rows * units];
        let mut last = upstream.hidden.map_or_else(zeros, <[E]>::to_vec);
        let by_row = states.chunks_exact(time * units).zip(lengths);
        for (sum, (row, length)) in last.chunks_exact_mut(units).zip(by_row) {
            for padding in row[*length as usize * units..].chunks_exact(units) {
                for (sum, value) in sum.iter_mut().zip(padding) {
                    *sum += *value;
                }
            }
        }
        Some(last)
    }

    /// The gradients of a chunk's gates.
    fn scan<C: Pointwise + Send + Sync>(
        &self,
        chunk: &Chunk,
        all: Option<&[S]>,
        [input_grad, recurrent_grad]: [Shared<'_, S>; 2],
        summed_grads: [Shared<'_, K>; 2],
        hidden: &mut [S],
        carry: &mut [S],
    ) {
        let padded = self.scanned.padded();
        let saved_width = padded * C::SAVED;
        let positions = chunk.first()..chunk.first() + chunk.positions();
        let previous = if C::READS_PREV_STATE {
            &self.states[positions.start * padded..positions.end * padded]
        } else {
            &[]
        };
        let (hidden, carry) = (Shared::new(hidden), Shared::new(carry));
        let tasks = even(chunk.rows().len(), parallel::threads()).collect();
        parallel::run(tasks, |ranks| {
            let backward = Backward::<S, K, C> {
                chunk,
                ranks,
                transposed: &self.transposed,
                padded,
                saved: &self.saved[positions.start * saved_width..positions.end * saved_width],
                previous,
                input_grad,
                recurrent_grad,
                summed_grads,
                hidden,
                carry,
                all,
                time: self.shape.time,
                cell: PhantomData,
            };
            // SAFETY: the ranges of `even` do not overlap.
            unsafe { S::dispatch(self.isa, backward) };
        });
    }

    /// Adds what a chunk's gates give to the sums over all positions.
    fn add<C: Pointwise>(&self, chunk: &Chunk, input: &[K], recurrent: &[K], sums: &mut Sums<K>) {
        let padded = self.summed.padded_units;
        let width = self.summed.width;
        let positions = chunk.positions();
        let states = match &self.summed_states {
            Some(states) => states,
            None => K::same::<S>(&self.states).unwrap_or_default(),
        };
        transposed_product(
            self.isa,
            parallel::threads(),
            &states[chunk.first() * padded..],
            padded,
            recurrent,
            positions,
            &mut sums.recurrent,
        );
        // Slots are numbered as they occur: a chunk adds to those before it, and has new ones after them.
        let slots = BySlot::new(self.tokens.slots_of(chunk), self.tokens.rows.len());
        slots.add(self.isa, input, width, sums.tokens, &mut sums.by_token);
        sums.tokens = sums.tokens.max(slots.end());
        if C::SEPARATE_RECURRENT_GRAD {
            let all = BySlot::new(&vec![0; positions], 1);
            all.add(self.isa, recurrent, width, 1, &mut sums.state_bias);
        }
    }

    /// `dP · Wᵀ` for the rows in use, and zero for the others.
    fn features_gradient(&self, by_token: &[E]) -> Vec<E> {
        let inputs = self.shape.inputs;
        let columns = self.dense.inputs;
        let tokens = self.tokens.rows.len();
        let mut product = Buffer::stale(tokens * columns.width);
        rows_product(
            self.isa,
            parallel::threads(),
            by_token,
            tokens,
            &self.kernel_transposed,
            None,
            &mut product,
        );
        let mut gradient = vec![E::default(); self.features * inputs];
        let product = product.chunks_exact(columns.width);
        for (from, row) in product.zip(&self.tokens.rows) {
            let to = *row as usize * inputs;
            gradient[to..to + inputs].copy_from_slice(&from[..inputs]);
        }
        gradient
    }

    fn bias_gradient(&self, input: &[K], state: &[K]) -> Vec<E> {
        let gates = self.summed;
        let width = gates.gates * gates.units;
        let mut bias = vec![K::default(); self.shape.cell.biases() * width];
        for (to, from) in bias.chunks_exact_mut(width).zip([input, state]) {
            gates.unpack_row(from, to);
        }
        convert(&bias).into_owned()
    }
}
