//! What a recorded run keeps, and the way back through it.

use std::marker::PhantomData;

use crate::buffer::Buffer;
use crate::cell::{Gru, Lstm, Pointwise, SimpleRnn};
use crate::checked::CheckedUpstream;
use crate::error::KernelError;
use crate::isa::Isa;
use crate::layer::{Cell, Direction, Shape};
use crate::layout::{Chunk, Layout, even};
use crate::orders::{Orders, saved};
use crate::panel::{Columns, Panels};
use crate::parallel::{self, Shared};
use crate::product::{rows_product, transposed_product};
use crate::run::{by_rank, by_row, convert, reorder};
use crate::sweep::{Backward, apart};
use crate::tokens::{BySlot, Tokens};
use crate::vector::Real;

/// A recorded run of a layer. It owns all that its gradients need, the weights included.
#[derive(Debug)]
pub struct Tape<E: Real>(Swept<E>);

/// A recording by what the sweep was computed in.
#[derive(Debug)]
enum Swept<E: Real> {
    Own(Recording<E, E, E>),
    Double(Recording<E, f64, f64>),
    DoubleSweep(Recording<E, f64, E>),
}

/// What a run with dense products in `E`, a sweep in `S` and sums over positions in `K` leaves behind.
///
/// Its buffers have the sizes of `shape`, `layout`, `tokens` and the orders, as `run` makes them, and nobody changes
/// them. The way back multiplies these sizes again: `CheckedLayer` has found the products to fit. Its kernels assert
/// what they follow pointers by.
#[derive(Debug)]
pub(crate) struct Recording<E: Real, S: Real, K: Real> {
    pub(crate) shape: Shape,
    pub(crate) isa: Isa,
    /// Inside orders of the dense products, and of the sweep.
    pub(crate) dense: Orders,
    pub(crate) swept: Orders,
    /// Of the gates, in the sums over positions.
    pub(crate) summed: Columns,
    /// N.
    pub(crate) features: usize,
    pub(crate) lengths: Option<Vec<u32>>,
    /// `Uᵀ`.
    pub(crate) transposed: Panels<S>,
    /// `Wᵀ`.
    pub(crate) kernel_transposed: Panels<E>,
    pub(crate) layout: Layout,
    pub(crate) tokens: Tokens,
    /// The features in use, `[tokens, D]`.
    pub(crate) gathered: Buffer<E>,
    /// What the cell kept of each position.
    pub(crate) saved: Buffer<S>,
    /// The state before each position, `[positions, H']`, where the cell or the sums read it.
    pub(crate) states: Buffer<S>,
    /// The same for the sums, where they are in another precision.
    pub(crate) kept: Option<Buffer<K>>,
    pub(crate) all_states: bool,
}

/// The gradients of what a layer gave; what is absent is zero.
#[derive(Clone, Copy, Debug)]
pub struct Upstream<'a, E> {
    /// Of the last state, `[B, H]`.
    pub hidden: Option<&'a [E]>,
    /// Of the last memory, `[B, H]`.
    pub memory: Option<&'a [E]>,
    /// Of all states, `[B, T, H]`.
    pub states: Option<&'a [E]>,
}

impl<'a, E> Upstream<'a, E> {
    /// A gradient of the last state alone.
    pub fn last(hidden: &'a [E]) -> Self {
        Self {
            hidden: Some(hidden),
            memory: None,
            states: None,
        }
    }
}

/// The gradients of what a layer was given.
#[derive(Clone, Debug, PartialEq)]
pub struct Gradients<E> {
    /// Of the features, `[N, D]`; zero where the batch does not use a row.
    pub features: Vec<E>,
    /// Of the kernel, `[D, G · H]`.
    pub kernel: Vec<E>,
    /// Of the recurrent kernel, `[H, G · H]`.
    pub recurrent_kernel: Vec<E>,
    /// Of the bias, in its shape.
    pub bias: Vec<E>,
    /// Of the first state, `[B, H]`.
    pub hidden: Vec<E>,
    /// Of the first memory, `[B, H]`; empty without a memory.
    pub memory: Vec<E>,
}

/// Sums over all positions, added to chunk by chunk.
struct Sums<E: Real> {
    /// Of the gates' input part, `[tokens, W]`; set as far as `tokens`.
    by_token: Buffer<E>,
    tokens: usize,
    recurrent: Panels<E>,
    /// Of the gates' state part, `[W]`; of use to the GRU alone.
    state_bias: Buffer<E>,
}

impl<E: Real> Tape<E> {
    pub(crate) fn own(recording: Recording<E, E, E>) -> Self {
        Self(Swept::Own(recording))
    }

    pub(crate) fn double(recording: Recording<E, f64, f64>) -> Self {
        Self(Swept::Double(recording))
    }

    pub(crate) fn double_sweep(recording: Recording<E, f64, E>) -> Self {
        Self(Swept::DoubleSweep(recording))
    }

    /// Back-propagation through time. The tape stays as it is.
    ///
    /// # Errors
    /// [`KernelError::Length`] where a gradient has not the shape of what it is the gradient of;
    /// [`KernelError::NotAllStates`] where it is that of all states, and the run gave the last alone.
    pub fn backward(&self, upstream: &Upstream<'_, E>) -> Result<Gradients<E>, KernelError> {
        Ok(E::run_back(&CheckedUpstream::new(self, upstream)?))
    }

    /// See [`Self::backward`]; behind [`Real`] as `run::run_layer` is.
    pub(crate) fn run_back(checked: &CheckedUpstream<'_, E>) -> Gradients<E> {
        let upstream = checked.upstream();
        parallel::together(|| match &checked.tape().0 {
            Swept::Own(recording) => recording.backward(upstream),
            Swept::Double(recording) => recording.backward(upstream),
            Swept::DoubleSweep(recording) => recording.backward(upstream),
        })
    }

    /// The run's shape, and whether it gave all states.
    pub(crate) fn gave(&self) -> (Shape, bool) {
        match &self.0 {
            Swept::Own(recording) => (recording.shape, recording.all_states),
            Swept::Double(recording) => (recording.shape, recording.all_states),
            Swept::DoubleSweep(recording) => (recording.shape, recording.all_states),
        }
    }
}

impl<E: Real, S: Real, K: Real> Recording<E, S, K> {
    fn backward(&self, upstream: &Upstream<'_, E>) -> Gradients<E> {
        match self.shape.cell {
            Cell::SimpleRnn => self.run::<SimpleRnn>(upstream),
            Cell::Lstm => self.run::<Lstm>(upstream),
            Cell::Gru => self.run::<Gru>(upstream),
        }
    }

    fn run<C: Pointwise + Send + Sync>(&self, upstream: &Upstream<'_, E>) -> Gradients<E> {
        let Shape { units, inputs, .. } = self.shape;
        let (padded, width) = (self.swept.padded(), self.summed.width);
        let last = self.last_state_gradient(upstream);
        let last = last.as_deref().or(upstream.hidden);
        let mut hidden = by_rank::<E, S>(&self.layout, units, padded, last);
        let memory = upstream.memory.filter(|_| C::MEMORY);
        let mut carry = by_rank::<E, S>(&self.layout, units, padded, memory);
        let all = upstream.states.map(convert::<E, S>);
        let mut sums = Sums {
            by_token: Buffer::stale(self.tokens.rows.len() * width),
            tokens: 0,
            recurrent: Panels::zeroed(units, self.summed),
            state_bias: Buffer::zeroed(width),
        };
        let longest = self.layout.chunks.iter().map(Chunk::positions).max();
        let positions = longest.unwrap_or(0);
        let apart = apart::<S, K>();
        let places = if apart {
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
        let place = self.swept.gates.width;
        let mut by_input = Buffer::<S>::stale(places * place);
        let mut by_state = Buffer::<S>::stale(if C::SPLIT { places * place } else { 0 });
        let size = if apart { positions * width } else { 0 };
        // Registers of fewer lanes need not reach all of the padding, which meets the zeros of Wᵀ's padding: what
        // is left over might be infinite, and zero times that is not zero.
        let buffer = if padded == self.summed.padded_units {
            Buffer::<K>::stale
        } else {
            Buffer::<K>::zeroed
        };
        let mut sums_input = buffer(size);
        let mut sums_state = buffer(if C::SPLIT { size } else { 0 });
        let mut first_rank = 0;
        for chunk in &self.layout.chunks {
            let ranks = first_rank * padded..(first_rank + chunk.rows().len()) * padded;
            first_rank += chunk.rows().len();
            let input = Shared::new(&mut by_input);
            let state = if C::SPLIT {
                Shared::new(&mut by_state)
            } else {
                input
            };
            let apart = [&mut sums_input, &mut sums_state].map(|part| Shared::new(part));
            self.sweep::<C>(
                chunk,
                all.as_deref(),
                [input, state],
                apart,
                &mut hidden[ranks.clone()],
                &mut carry[ranks],
            );
            let (input, state) = match (K::same(&by_input), K::same(&by_state)) {
                (Some(input), Some(state)) => (input, state),
                _ => (&sums_input[..], &sums_state[..]),
            };
            let state = if C::SPLIT { state } else { input };
            self.add::<C>(chunk, input, state, &mut sums);
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
        let by_token = reorder::<K, E>(sums.by_token, self.summed, self.dense.gates);
        let product = || {
            let mut kernel = Panels::zeroed(inputs, self.dense.gates);
            transposed_product(
                self.isa,
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
            memory: if C::MEMORY {
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
    fn sweep<C: Pointwise + Send + Sync>(
        &self,
        chunk: &Chunk,
        all: Option<&[S]>,
        [by_input, by_state]: [Shared<'_, S>; 2],
        sums: [Shared<'_, K>; 2],
        hidden: &mut [S],
        carry: &mut [S],
    ) {
        let padded = self.swept.padded();
        let order = self.swept.gates;
        let saved_width = order.blocks * saved(self.shape.cell) * order.lanes;
        let positions = chunk.first()..chunk.first() + chunk.positions();
        let previous = if C::PREVIOUS {
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
                by_input,
                by_state,
                sums,
                summed: self.summed,
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
    fn add<C: Pointwise>(&self, chunk: &Chunk, by_input: &[K], by_state: &[K], sums: &mut Sums<K>) {
        let padded = self.summed.padded_units;
        let width = self.summed.width;
        let positions = chunk.positions();
        let states = match &self.kept {
            Some(kept) => kept,
            None => K::same::<S>(&self.states).unwrap_or_default(),
        };
        transposed_product(
            self.isa,
            &states[chunk.first() * padded..],
            padded,
            by_state,
            positions,
            &mut sums.recurrent,
        );
        // Slots are numbered as they occur: a chunk adds to those before it, and has new ones after them.
        let slots = BySlot::new(self.tokens.slots_of(chunk), self.tokens.rows.len());
        slots.add(self.isa, by_input, width, sums.tokens, &mut sums.by_token);
        sums.tokens = sums.tokens.max(slots.end());
        if C::SPLIT {
            let all = BySlot::new(&vec![0; positions], 1);
            all.add(self.isa, by_state, width, 1, &mut sums.state_bias);
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
