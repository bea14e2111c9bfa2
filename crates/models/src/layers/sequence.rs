//! What goes into a layer that reads step by step.

use burn::tensor::{FloatDType, Int, Tensor, TensorData};

use super::{Embedding, map_tokens};
use crate::host::constant;
use crate::recurrence::Source;

/// What a recurrent layer reads: a vector at each step of each text.
#[derive(Clone, Debug)]
pub struct Sequence {
    pub(super) vectors: Tensor<2>,
    pub(super) ids: Tensor<2, Int>,
    pub(super) source: Source,
    pub(super) mask_zero: bool,
}

impl Sequence {
    /// The embedded tokens `ids` `[B, T]`. With `mask_zero`, a step whose id is 0 is masked, as
    /// behind Keras' `Embedding(…, mask_zero=True)`; without, padding is input like any other.
    pub fn tokens(embedding: &Embedding, ids: Tensor<2, Int>, mask_zero: bool) -> Self {
        Self {
            vectors: embedding.embeddings.val(),
            ids,
            source: Source::Tokens,
            mask_zero,
        }
    }

    /// The vectors `[B, T, D]`, none of them masked.
    pub fn vectors(vectors: Tensor<3>) -> Self {
        let [batch, time, width] = vectors.dims();
        let ids = Tensor::zeros([batch, time], &vectors.device().without_autodiff());
        Self {
            vectors: vectors.reshape([batch * time, width]),
            ids,
            source: Source::Positions,
            mask_zero: false,
        }
    }

    /// B, T and D.
    pub fn dims(&self) -> [usize; 3] {
        let [batch, time] = self.ids.dims();
        [batch, time, self.vectors.dims()[1]]
    }

    /// Whether each step `[B · T]` is masked.
    pub(crate) fn mask(&self) -> Vec<bool> {
        let ids = self.ids.clone().into_data();
        ids.iter::<i64>()
            .map(|id| self.mask_zero && id == 0)
            .collect()
    }

    /// The same steps, with `f` of the table of vectors, or of the vectors, in its place.
    pub(crate) fn map_table(self, f: impl FnOnce(Tensor<2>) -> Tensor<2>) -> Self {
        Self {
            vectors: f(self.vectors),
            ..self
        }
    }

    /// The vectors `f` of those at the steps, `[B · T, D]`. Behind tokens `f`, a function of one vector alone, runs once
    /// over the different tokens: see [`Embedding::map_tokens`].
    pub(crate) fn map_steps(self, f: impl FnOnce(Tensor<2>) -> Tensor<2>) -> Self {
        let vectors = match self.source {
            Source::Positions => f(self.vectors.clone()),
            Source::Tokens => {
                let [batch, time] = self.ids.dims();
                let given = self.vectors.dtype();
                let ids = self.ids.clone().reshape([batch * time]);
                map_tokens(self.vectors.clone(), ids, f).cast(FloatDType::from(given))
            }
        };
        self.replaced(vectors)
    }

    /// The same with zeros at the steps that are masked.
    pub(crate) fn without_masked(self) -> Self {
        let mask: Vec<f32> = self
            .mask()
            .into_iter()
            .map(|masked| if masked { 0.0 } else { 1.0 })
            .collect();
        let data = TensorData::new(mask, [self.vectors.dims()[0], 1]);
        let kept: Tensor<2> = constant(data, &self.vectors.device());
        let vectors = self.vectors.clone() * kept;
        self.replaced(vectors)
    }

    /// What it was made of: `[B · T, D]`, or the whole table `[V, D]` behind tokens.
    pub(crate) fn into_vectors(self) -> Tensor<2> {
        self.vectors
    }

    /// The same steps masked, with other vectors `[B · T, D]`.
    pub(crate) fn replaced(&self, vectors: Tensor<2>) -> Self {
        Self {
            vectors,
            source: Source::Positions,
            ..self.clone()
        }
    }
}
