//! The fused kernels on Flex: the tensors' own memory in, fresh tensors out.

use std::sync::Arc;

use burn::backend::flex::FlexTensor;
use burn::backend::{Flex, TensorMetadata};
use burn::tensor::{DType, Element, TensorData};
use recurrent_kernels::{
    Input, Options, Real, Shape, Upstream, Weights, forward, forward_recorded,
};

use super::{Layer, Operands, RecordedBackend, Source, States, Tape};
use crate::host::{refuse, tensor, values};

/// What the kernels kept, in the precision they ran in.
#[derive(Debug)]
pub struct KernelTape {
    tape: Precise,
    /// Shapes of features, kernel, recurrent kernel and bias.
    shapes: [burn::tensor::Shape; 4],
    steps: Steps,
    output: States,
}

#[derive(Debug)]
enum Precise {
    Single(recurrent_kernels::Tape<f32>),
    Double(recurrent_kernels::Tape<f64>),
}

impl RecordedBackend for Flex {
    fn run(
        operands: Operands<Self>,
        layer: Layer,
        record: bool,
    ) -> (FlexTensor, Option<Tape<Self>>) {
        match operands.features.dtype() {
            DType::F64 => run::<f64>(operands, layer, record, Precise::Double),
            _ => run::<f32>(operands, layer, record, Precise::Single),
        }
    }

    fn back(tape: Tape<Self>, gradient: FlexTensor) -> [FlexTensor; 4] {
        let Tape::Kernel(tape) = tape else {
            unreachable!("the tapes of this backend are the kernels'")
        };
        match &tape.tape {
            Precise::Single(single) => back(&tape, single, gradient),
            Precise::Double(double) => back(&tape, double, gradient),
        }
    }
}

fn run<E: Real + Element + bytemuck::Pod>(
    operands: Operands<Flex>,
    layer: Layer,
    record: bool,
    precise: impl FnOnce(recurrent_kernels::Tape<E>) -> Precise,
) -> (FlexTensor, Option<Tape<Flex>>) {
    let [batch, time] = operands.ids.shape().dims();
    let [units, _] = operands.recurrent_kernel.shape().dims();
    let [_, inputs] = operands.features.shape().dims();
    let tensors = [
        operands.features,
        operands.kernel,
        operands.recurrent_kernel,
        operands.bias,
    ];
    let shapes = tensors.each_ref().map(TensorMetadata::shape);
    let tensors = tensors.map(|tensor| tensor.to_contiguous());
    let [features, kernel, recurrent_kernel, bias] = tensors.each_ref().map(values::<E>);
    let steps = Steps::new(&operands.ids, [batch, time], layer);
    let shape = Shape {
        cell: layer.cell,
        direction: layer.direction,
        rows: batch,
        time,
        inputs,
        units,
    };
    let weights = Weights {
        kernel,
        recurrent_kernel,
        bias,
    };
    let input = Input {
        features,
        index: Some(&steps.index),
        lengths: steps.lengths.as_deref(),
        hidden: None,
        cell_state: None,
    };
    let options = Options {
        all_states: layer.output == States::All,
        precision: layer.precision,
        ..Options::default()
    };
    let (output, tape) = if record {
        let (output, tape) = forward_recorded(&shape, &weights, &input, &options)
            .unwrap_or_else(|error| refuse(&error));
        (output, Some(tape))
    } else {
        let output =
            forward(&shape, &weights, &input, &options).unwrap_or_else(|error| refuse(&error));
        (output, None)
    };
    let output = match output.states {
        Some(states) => {
            let states = steps.spread(states, units);
            tensor(TensorData::new(states, [batch, time, units]))
        }
        None => tensor(TensorData::new(output.hidden, [batch, units])),
    };
    let tape = tape.map(|tape| {
        Tape::Kernel(Arc::new(KernelTape {
            tape: precise(tape),
            shapes,
            steps,
            output: layer.output,
        }))
    });
    (output, tape)
}

fn back<E: Real + Element + bytemuck::Pod>(
    kept: &KernelTape,
    tape: &recurrent_kernels::Tape<E>,
    gradient: FlexTensor,
) -> [FlexTensor; 4] {
    let gradient = gradient.to_contiguous();
    let gathered;
    let upstream = match kept.output {
        States::Last => Upstream::last(values::<E>(&gradient)),
        States::All => {
            let [_, _, units] = gradient.shape().dims();
            gathered = kept.steps.gather(values::<E>(&gradient), units);
            Upstream {
                hidden: None,
                cell_state: None,
                states: Some(&gathered[..]),
            }
        }
    };
    let gradients = tape
        .backward(&upstream)
        .unwrap_or_else(|error| refuse(&error));
    let [features, kernel, recurrent_kernel, bias] = kept.shapes.clone();
    [
        tensor(TensorData::new(gradients.features, features)),
        tensor(TensorData::new(gradients.kernel, kernel)),
        tensor(TensorData::new(
            gradients.recurrent_kernel,
            recurrent_kernel,
        )),
        tensor(TensorData::new(gradients.bias, bias)),
    ]
}

/// Which row of the features stands at each step that is not masked.
///
/// A masked step leaves the state as it is, so the steps that remain are moved together: the
/// kernels then see rows of different length, and padding costs nothing wherever it stands.
#[derive(Debug)]
struct Steps {
    /// `[B, T]`: row of the features at each step, first those that are not masked.
    index: Vec<u32>,
    /// How many are not masked; absent if none is.
    lengths: Option<Vec<u32>>,
    /// Where each of them stood, `[B, T]`; absent if they have not been moved.
    moved_from: Option<Vec<u32>>,
    time: usize,
    reverse: bool,
}

impl Steps {
    fn new(ids: &FlexTensor, [batch, time]: [usize; 2], layer: Layer) -> Self {
        let ids = host_ids(ids);
        let row = |position: usize| match layer.source {
            Source::Tokens => ids[position],
            Source::Positions => position as u32,
        };
        let reverse = layer.direction == super::Direction::Reverse;
        if !layer.mask_zero {
            return Self {
                index: (0..batch * time).map(row).collect(),
                lengths: None,
                moved_from: None,
                time,
                reverse,
            };
        }
        let mut index = vec![0; batch * time];
        let mut moved_from = vec![0; batch * time];
        let mut lengths = Vec::with_capacity(batch);
        let mut moved = false;
        for start in (0..batch * time).step_by(time.max(1)) {
            let mut length = 0;
            for t in 0..time {
                if ids[start + t] != 0 {
                    index[start + length] = row(start + t);
                    moved_from[start + length] = t as u32;
                    moved |= t != length;
                    length += 1;
                }
            }
            lengths.push(length as u32);
        }
        Self {
            index,
            lengths: Some(lengths),
            moved_from: moved.then_some(moved_from),
            time,
            reverse,
        }
    }

    /// The state that stands at time `t` of `row` after spreading: that of a step before it that
    /// was not masked, in the direction of the layer; none if there is none.
    fn standing(&self, row: usize) -> Option<impl Iterator<Item = Option<usize>> + '_> {
        let moved_from = self.moved_from.as_ref()?;
        let length = self.lengths.as_ref()?[row] as usize;
        let from = &moved_from[row * self.time..row * self.time + length];
        let (reverse, time) = (self.reverse, self.time);
        Some((0..time).map(move |t| {
            if reverse {
                let later = from.partition_point(|stood| (*stood as usize) < t);
                (later < length).then_some(later)
            } else {
                from.partition_point(|stood| *stood as usize <= t)
                    .checked_sub(1)
            }
        }))
    }

    /// States of steps moved together, `[B, T, U]`, back to where the steps stood.
    fn spread<E: Real>(&self, states: Vec<E>, units: usize) -> Vec<E> {
        if self.moved_from.is_none() {
            return states;
        }
        let mut spread = vec![E::default(); states.len()];
        let size = self.time * units;
        let rows = spread.chunks_exact_mut(size).zip(states.chunks_exact(size));
        for (row, (to, from)) in rows.enumerate() {
            let standing = self.standing(row).into_iter().flatten();
            for (to, state) in to.chunks_exact_mut(units).zip(standing) {
                if let Some(state) = state {
                    to.copy_from_slice(&from[state * units..(state + 1) * units]);
                }
            }
        }
        spread
    }

    /// The gradient of [`Self::spread`].
    fn gather<E: Real>(&self, gradient: &[E], units: usize) -> Vec<E> {
        if self.moved_from.is_none() {
            return gradient.to_vec();
        }
        let mut gathered = vec![E::default(); gradient.len()];
        let size = self.time * units;
        let rows = gathered
            .chunks_exact_mut(size)
            .zip(gradient.chunks_exact(size));
        for (row, (to, from)) in rows.enumerate() {
            let standing = self.standing(row).into_iter().flatten();
            for (from, state) in from.chunks_exact(units).zip(standing) {
                if let Some(state) = state {
                    let to = &mut to[state * units..(state + 1) * units];
                    for (to, from) in to.iter_mut().zip(from) {
                        *to += *from;
                    }
                }
            }
        }
        gathered
    }
}

/// Token ids as the kernels take them. A negative one becomes one too large, which they refuse.
pub(crate) fn host_ids(ids: &FlexTensor) -> Vec<u32> {
    let ids = ids.to_contiguous();
    let too_large = u32::MAX;
    if let Some(ids) = ids.as_slice::<i32>() {
        return ids
            .iter()
            .map(|id| u32::try_from(*id).unwrap_or(too_large))
            .collect();
    }
    if let Some(ids) = ids.as_slice::<i64>() {
        return ids
            .iter()
            .map(|id| u32::try_from(*id).unwrap_or(too_large))
            .collect();
    }
    let data: Vec<i64> = ids.into_data().iter().collect();
    data.iter()
        .map(|id| u32::try_from(*id).unwrap_or(too_large))
        .collect()
}
