//! The layers the networks are made of, named and shaped as Keras names and shapes them.
//!
//! Field names are the weight names of the reference files (`recurrent/lstm_cell/kernel` and so
//! on), so that a path through a module *is* the name of a weight.
//!
//! Shape letters: B batch, T time, V vocabulary, D inputs of a layer, U units.

mod evidence;
mod ngrams;
mod recurrent;
mod sequence;

use burn::module::{Module, Param};
use burn::tensor::{FloatDType, Int, Tensor, TensorData};

use crate::dense::dense;
use crate::initializers::{EMBEDDING_LIMIT, Init};
use crate::recurrence::Kernels;

pub use evidence::{Evidence, Folds};
pub use ngrams::Ngrams;
pub(crate) use recurrent::CellWeights;
pub use recurrent::{
    AnyRecurrent, Bidirectional, Gru, GruCell, Lstm, OneWay, Recurrent, RecurrentCell,
    RecurrentLayer, SimpleRnn,
};
pub use sequence::Sequence;

/// A table `[V, D]` of one vector per token id.
#[derive(Module, Debug)]
pub struct Embedding {
    /// The table, `[V, D]`.
    pub embeddings: Param<Tensor<2>>,
}

impl Embedding {
    /// Draws a table of `vocabulary` rows of `width`.
    pub fn new(init: &mut Init, vocabulary: usize, width: usize) -> Self {
        Self {
            embeddings: init.uniform([vocabulary, width], EMBEDDING_LIMIT),
        }
    }

    /// Applies `f`, a function of one token's vector alone, to the tokens `ids` `[N]`; the result is
    /// in double precision.
    ///
    /// What depends on the token alone need not be computed at every position: `f` runs once over the
    /// different tokens and its rows are gathered, which gives the same values for a fraction of the
    /// work (forward and backward).
    ///
    /// The gradient of a token that occurs a thousand times is a sum of a thousand rows. Added one
    /// by one in single precision their errors all point one way, and training visibly leaves the
    /// reference's trajectory; so rows are gathered, and their gradients added, in double.
    pub fn map_tokens(
        &self,
        ids: Tensor<1, Int>,
        f: impl FnOnce(Tensor<2>) -> Tensor<2>,
    ) -> Tensor<2> {
        map_tokens(self.embeddings.val(), ids, f)
    }
}

/// See [`Embedding::map_tokens`]; `table` is `[V, D]`.
fn map_tokens(
    table: Tensor<2>,
    ids: Tensor<1, Int>,
    f: impl FnOnce(Tensor<2>) -> Tensor<2>,
) -> Tensor<2> {
    let (vectors, places) = if Kernels::of(&ids.device()) == Kernels::None {
        // Where asking which tokens differ means waiting, f runs over all there are.
        (table, ids)
    } else {
        let (tokens, places) = distinct(ids);
        (table.select(0, tokens), places)
    };
    f(vectors).cast(FloatDType::F64).select(0, places)
}

/// The different ids, ascending, and the place of each position's among them.
fn distinct(ids: Tensor<1, Int>) -> (Tensor<1, Int>, Tensor<1, Int>) {
    let device = ids.device();
    let ids: Vec<i64> = ids.into_data().iter().collect();
    let (tokens, places) = distinct_of(&ids);
    let tensor = |values: Vec<i64>| {
        let count = values.len();
        Tensor::from_data(TensorData::new(values, [count]), &device)
    };
    (tensor(tokens), tensor(places))
}

pub(crate) fn distinct_of(ids: &[i64]) -> (Vec<i64>, Vec<i64>) {
    let largest = ids.iter().copied().max().unwrap_or(0);
    let smallest = ids.iter().copied().min().unwrap_or(0);
    // A mark for each id there could be, as long as these are not many times those that there are. What is no
    // row of the table is left to it to refuse.
    if smallest < 0 || largest >= MARKS * ids.len() as i64 {
        let mut tokens = ids.to_vec();
        tokens.sort_unstable();
        tokens.dedup();
        let place = |id: &i64| tokens.partition_point(|token| token < id) as i64;
        let places = ids.iter().map(place).collect();
        return (tokens, places);
    }
    let mut place_of = vec![0i64; largest as usize + 1];
    for id in ids {
        place_of[*id as usize] = 1;
    }
    let mut tokens = Vec::new();
    for (id, place) in place_of.iter_mut().enumerate() {
        if *place > 0 {
            *place = tokens.len() as i64;
            tokens.push(id as i64);
        }
    }
    let places = ids.iter().map(|id| place_of[*id as usize]).collect();
    (tokens, places)
}

/// Beyond as many a token, ids are sorted instead of marked.
const MARKS: i64 = 64;

/// A fully connected layer: `x · kernel + bias`.
#[derive(Module, Debug)]
pub struct Dense {
    /// `[D, U]`, Glorot uniform.
    pub kernel: Param<Tensor<2>>,
    /// `[U]`, zeros.
    pub bias: Param<Tensor<1>>,
}

impl Dense {
    /// A layer of `units` outputs over `inputs` inputs.
    pub fn new(init: &mut Init, inputs: usize, units: usize) -> Self {
        Self {
            kernel: init.glorot_uniform([inputs, units]),
            bias: init.zeros([units]),
        }
    }

    /// `[N, D]` to `[N, U]`.
    pub fn forward(&self, input: Tensor<2>) -> Tensor<2> {
        dense(input, self.kernel.val(), self.bias.val())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distinct_tokens_and_their_places() {
        for (ids, tokens, places) in [
            (vec![7, 0, 7, 3], vec![0, 3, 7], vec![2, 0, 2, 1]),
            (vec![999, 2, 999], vec![2, 999], vec![1, 0, 1]),
            (vec![5, -1], vec![-1, 5], vec![1, 0]),
            (vec![], vec![], vec![]),
        ] {
            assert_eq!(distinct_of(&ids), (tokens, places));
        }
    }
}
