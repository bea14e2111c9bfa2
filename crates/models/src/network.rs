//! A network that was built from its configuration, and the seam that training is generic over.

mod evidence;
mod module;

use burn::module::Module;
use burn::tensor::activation::relu;
use burn::tensor::{Device, Int, Tensor};

use crate::config::{Activation, Pooling, Returns};
use crate::head::classify;
use crate::layers::{Dense, Embedding, Evidence, Folds, Ngrams, RecurrentLayer, Sequence};
use crate::noise::Noise;
use crate::per_token::classify_tokens;
use crate::pool::pooled;
use crate::recurrence::{Kernels, States};

/// A network from token ids to logits: what a training loop needs to know of a model.
pub trait SequenceClassifier: Module {
    /// Logits `[batch, positions, classes]` for token ids `[batch, time]`.
    ///
    /// `positions` is 1 for a network that classifies a text, and `time` for one that classifies every token. The last
    /// axis is 1 where the logit of the second of two classes is all there is. Loss and accuracy are means over
    /// `batch · positions`.
    fn forward(&self, ids: Tensor<2, Int>) -> Tensor<3>;

    /// As [`forward`](Self::forward), in a training step: what is drawn at random, such as dropout, is drawn from
    /// `noise`. A network that draws nothing need not have it.
    fn forward_training(&self, ids: Tensor<2, Int>, noise: &mut Noise) -> Tensor<3> {
        let _ = noise;
        self.forward(ids)
    }

    /// Whether padding behind a text (token 0) makes no difference to any bit of its logits, so that it can be cut off.
    fn passes_over_padding(&self) -> bool {
        false
    }

    /// The table of token vectors `[V, D]`, which an adversary may move ([`Noise::nudge`] says where to); `None` where
    /// there is none, or where a training step does not heed it.
    fn token_vectors(&self) -> Option<Tensor<2>> {
        None
    }
}

/// A network as its [`NetworkConfig`](crate::NetworkConfig) describes it.
#[derive(Clone, Debug)]
pub struct Network {
    /// Token vectors.
    pub embedding: Embedding,
    /// What stands between them and the head, from below.
    pub layers: Vec<NamedLayer>,
    /// The head: the logits.
    pub output: Dense,
    /// Whether token 0 is masked.
    pub mask_zero: bool,
    /// The share of tokens whose vector is dropped in a training step.
    pub dropout: f32,
}

/// A layer of a network, by the name that its weights have.
#[derive(Clone, Debug)]
pub struct NamedLayer {
    /// `recurrent`, `hidden`.
    pub name: String,
    /// The layer.
    pub layer: BodyLayer,
}

/// A layer between the embedding and the head.
#[derive(Clone, Debug)]
#[allow(
    clippy::large_enum_variant,
    reason = "there are a few of them in a program, not thousands"
)]
pub enum BodyLayer {
    /// A recurrent layer.
    Recurrent {
        /// Its weights.
        layer: RecurrentLayer,
        /// Which states it gives.
        returns: Returns,
        /// The share of recurrent weights that are dropped in a training step.
        dropout: f32,
    },
    /// The vectors of n-grams, behind those of the tokens.
    Ngrams {
        /// Its table.
        table: Ngrams,
        /// How many tokens an n-gram has.
        widths: Vec<usize>,
        /// The share of buckets whose vector is zero in a training step.
        dropout: f32,
    },
    /// What a linear model says of the n-grams of each step, behind the vectors of the tokens.
    Evidence {
        /// Its weights.
        table: Evidence,
        /// How many tokens an n-gram has.
        widths: Vec<usize>,
        /// The weights that a training step reads texts with; none where there is no training.
        folds: Option<Folds>,
    },
    /// One vector a text.
    Pool(Pooling),
    /// The share of elements that are dropped in a training step.
    Dropout(f32),
    /// A dense layer.
    Dense {
        /// Its weights.
        layer: Dense,
        /// What is done with its sums.
        activation: Activation,
    },
}

/// What goes from one layer to the next.
#[allow(clippy::large_enum_variant, reason = "it is passed on at once")]
pub(crate) enum Flow {
    /// A vector at every step.
    Steps(Sequence),
    /// A vector for every text, `[B, D]`.
    Texts(Tensor<2>),
}

impl Activation {
    fn of(self, sums: Tensor<2>) -> Tensor<2> {
        match self {
            Self::Relu => relu(sums),
            Self::Linear => sums,
        }
    }
}

impl Network {
    /// The layer of that name.
    pub fn layer_mut(&mut self, name: &str) -> Option<&mut BodyLayer> {
        let mut layers = self.layers.iter_mut();
        let named = layers.find(|layer| layer.name == name);
        named.map(|layer| &mut layer.layer)
    }

    /// The recurrent layer of that name.
    pub fn recurrent_mut(&mut self, name: &str) -> Option<&mut RecurrentLayer> {
        match self.layer_mut(name)? {
            BodyLayer::Recurrent { layer, .. } => Some(layer),
            _ => None,
        }
    }

    /// The dense layer of that name.
    pub fn dense_mut(&mut self, name: &str) -> Option<&mut Dense> {
        match self.layer_mut(name)? {
            BodyLayer::Dense { layer, .. } => Some(layer),
            _ => None,
        }
    }

    /// Whether the logits are of texts, not of tokens.
    pub(crate) fn gives_texts(&self) -> bool {
        self.layers.iter().any(|named| match &named.layer {
            BodyLayer::Recurrent { returns, .. } => *returns == Returns::Last,
            BodyLayer::Pool(_) => true,
            BodyLayer::Ngrams { .. }
            | BodyLayer::Evidence { .. }
            | BodyLayer::Dropout(_)
            | BodyLayer::Dense { .. } => false,
        })
    }

    /// How many layers below all others read token ids: n-grams, and evidence that stands beside them.
    pub(crate) fn ngrams(&self) -> usize {
        let reads_ids = |named: &NamedLayer| {
            matches!(
                named.layer,
                BodyLayer::Ngrams { .. } | BodyLayer::Evidence { .. }
            )
        };
        let mut layers = self.layers.iter();
        let other = layers.position(|named| !reads_ids(named));
        other.unwrap_or(self.layers.len())
    }

    /// The embedded tokens, with their n-grams: what the layer at [`Self::ngrams`] reads.
    pub(crate) fn embedded(&self, ids: Tensor<2, Int>, mut noise: Option<&mut Noise>) -> Sequence {
        let mut sequence = Sequence::tokens(&self.embedding, ids, self.mask_zero);
        if let Some(noise) = noise.as_deref_mut() {
            if let Some(nudge) = noise.nudge() {
                sequence = sequence.map_table(|table| table + nudge);
            }
            if self.dropout > 0.0 {
                sequence = sequence.map_table(|table| {
                    let [rows, _] = table.dims();
                    let kept = noise.mask([rows, 1], self.dropout, &table.device());
                    table * kept
                });
            }
        }
        for named in &self.layers[..self.ngrams()] {
            sequence = match &named.layer {
                BodyLayer::Ngrams {
                    table,
                    widths,
                    dropout,
                } => {
                    let dropped = noise.as_deref_mut().filter(|_| *dropout > 0.0);
                    let dropped = dropped.map(|noise| (noise, *dropout));
                    table.beside(sequence, widths, dropped)
                }
                BodyLayer::Evidence {
                    table,
                    widths,
                    folds,
                } => {
                    let folds = folds.as_ref().filter(|_| noise.is_some());
                    table.beside(sequence, widths, folds)
                }
                _ => sequence,
            };
        }
        sequence
    }

    fn run(&self, ids: Tensor<2, Int>, mut noise: Option<&mut Noise>) -> Tensor<3> {
        let changed = |noise: &Noise| self.dropout > 0.0 || noise.nudge().is_some();
        let changed = noise.as_deref().is_some_and(changed);
        if !changed && let Some(layers) = self.per_token(&ids.device()) {
            return classify_tokens(&self.embedding, layers, ids);
        }
        let in_training = noise.is_some();
        let sequence = self.embedded(ids.clone(), noise.as_deref_mut());
        let logits = self.run_from(self.ngrams(), Flow::Steps(sequence), noise);
        self.with_evidence(logits, ids, in_training)
    }

    /// The layers of the per-token network, where it is one and its one operation is there.
    fn per_token(&self, device: &Device) -> Option<[&Dense; 3]> {
        fn relu(named: &NamedLayer) -> Option<&Dense> {
            match &named.layer {
                BodyLayer::Dense {
                    layer,
                    activation: Activation::Relu,
                } => Some(layer),
                _ => None,
            }
        }
        let [first, hidden] = self.layers.as_slice() else {
            return None;
        };
        let own = Kernels::of(device) == Kernels::Own;
        let layers = relu(first).zip(relu(hidden)).filter(|_| own);
        layers.map(|(first, hidden)| [first, hidden, &self.output])
    }

    /// Whether the states at masked steps of the layer at `place`, which reads both ways, are seen by another kind of
    /// layer: there they are zero, as Keras' `Bidirectional` has them (`zero_output_for_mask`). A recurrent layer passes
    /// over them anyway.
    pub(crate) fn shows_masked_states(&self, place: usize) -> bool {
        let both = matches!(
            &self.layers[place].layer,
            BodyLayer::Recurrent {
                layer: RecurrentLayer::Bidirectional(_),
                ..
            }
        );
        let mut above = self.layers[place + 1..].iter().map(|named| &named.layer);
        let next = above.find(|layer| !matches!(layer, BodyLayer::Dropout(_)));
        self.mask_zero && both && !matches!(next, Some(BodyLayer::Recurrent { .. }))
    }

    /// From the layer at `place` upward to the logits.
    pub(crate) fn run_from(
        &self,
        place: usize,
        mut flow: Flow,
        mut noise: Option<&mut Noise>,
    ) -> Tensor<3> {
        let mut place = place;
        while let Some(NamedLayer { layer, .. }) = self.layers.get(place) {
            let is_last = place + 1 == self.layers.len();
            place += 1;
            flow = match (layer, flow) {
                (
                    BodyLayer::Recurrent {
                        layer,
                        returns,
                        dropout,
                    },
                    Flow::Steps(sequence),
                ) => {
                    let dropped = noise.as_deref_mut().filter(|_| *dropout > 0.0);
                    let dropped = dropped.map(|it| (it, *dropout));
                    let flow = recurrent(layer, *returns, &sequence, dropped);
                    match flow {
                        Flow::Steps(states) if self.shows_masked_states(place - 1) => {
                            Flow::Steps(states.without_masked())
                        }
                        flow => flow,
                    }
                }
                (
                    BodyLayer::Evidence {
                        table,
                        widths,
                        folds,
                    },
                    Flow::Steps(sequence),
                ) => {
                    let folds = folds.as_ref().filter(|_| noise.is_some());
                    Flow::Steps(table.beside(sequence, widths, folds))
                }
                (BodyLayer::Pool(over), Flow::Steps(sequence)) => {
                    Flow::Texts(pooled(*over, sequence))
                }
                (BodyLayer::Dropout(rate), flow) => match noise.as_deref_mut() {
                    Some(noise) if *rate > 0.0 => flow.map(|vectors| {
                        let mask = noise.mask(vectors.dims(), *rate, &vectors.device());
                        vectors * mask
                    }),
                    _ => flow,
                },
                (
                    BodyLayer::Dense {
                        layer,
                        activation: Activation::Relu,
                    },
                    Flow::Texts(vectors),
                ) if is_last => return texts(classify(layer, &self.output, vectors)),
                (BodyLayer::Dense { .. }, Flow::Steps(sequence)) => {
                    // Dense layers upon each other are one function of what stands at a step.
                    let above = self.layers[place..].iter();
                    let count = above
                        .take_while(|named| matches!(named.layer, BodyLayer::Dense { .. }))
                        .count();
                    let dense = &self.layers[place - 1..place + count];
                    place += count;
                    let all = place == self.layers.len();
                    let dims = sequence.dims();
                    let sequence = sequence.map_steps(|vectors| {
                        let vectors = dense.iter().fold(vectors, |x, layer| layer.layer.dense(x));
                        if all {
                            self.output.forward(vectors)
                        } else {
                            vectors
                        }
                    });
                    if all {
                        return steps(sequence, dims);
                    }
                    Flow::Steps(sequence)
                }
                (layer @ BodyLayer::Dense { .. }, Flow::Texts(vectors)) => {
                    Flow::Texts(layer.dense(vectors))
                }
                // `NetworkConfig::check` refuses these; a layer that has nothing to do leaves what there is.
                (
                    BodyLayer::Ngrams { .. }
                    | BodyLayer::Evidence { .. }
                    | BodyLayer::Recurrent { .. }
                    | BodyLayer::Pool(_),
                    flow,
                ) => flow,
            };
        }
        match flow {
            Flow::Texts(vectors) => texts(self.output.forward(vectors)),
            Flow::Steps(sequence) => {
                let dims = sequence.dims();
                let sequence = sequence.map_steps(|vectors| self.output.forward(vectors));
                steps(sequence, dims)
            }
        }
    }
}

/// Logits `[B, C]` as `[B, 1, C]`.
fn texts(logits: Tensor<2>) -> Tensor<3> {
    let [batch, classes] = logits.dims();
    logits.reshape([batch, 1, classes])
}

/// Logits at each step as `[B, T, C]`.
fn steps(logits: Sequence, [batch, time, _]: [usize; 3]) -> Tensor<3> {
    let logits = logits.into_vectors();
    let [_, classes] = logits.dims();
    logits.reshape([batch, time, classes])
}

/// A recurrent layer's states, weights of its recurrent kernel dropped.
fn recurrent(
    layer: &RecurrentLayer,
    returns: Returns,
    sequence: &Sequence,
    dropped: Option<(&mut Noise, f32)>,
) -> Flow {
    let output = match returns {
        Returns::Last => States::Last,
        Returns::All => States::All,
    };
    let mut ways = layer.ways();
    if let Some((noise, rate)) = dropped {
        for (_, weights) in &mut ways {
            let kernel = weights.recurrent_kernel.clone();
            let mask = noise.mask(kernel.dims(), rate, &kernel.device());
            weights.recurrent_kernel = kernel * mask;
        }
    }
    let mut states: Vec<_> = ways
        .iter()
        .map(|(direction, weights)| weights.run(sequence, *direction, output))
        .collect();
    let states = match states.len() {
        1 => states.remove(0),
        _ => Tensor::cat(states, 1),
    };
    match returns {
        Returns::Last => Flow::Texts(states),
        Returns::All => Flow::Steps(sequence.replaced(states)),
    }
}

impl Flow {
    fn map(self, f: impl FnOnce(Tensor<2>) -> Tensor<2>) -> Self {
        match self {
            Self::Texts(vectors) => Self::Texts(f(vectors)),
            // Each position for itself, also those that have one token.
            Self::Steps(sequence) => {
                let sequence = sequence.map_steps(|vectors| vectors);
                let vectors = f(sequence.clone().into_vectors());
                Self::Steps(sequence.replaced(vectors))
            }
        }
    }
}

impl BodyLayer {
    /// A dense layer's output; of any other what goes in.
    fn dense(&self, vectors: Tensor<2>) -> Tensor<2> {
        match self {
            Self::Dense { layer, activation } => activation.of(layer.forward(vectors)),
            _ => vectors,
        }
    }
}

impl SequenceClassifier for Network {
    fn forward(&self, ids: Tensor<2, Int>) -> Tensor<3> {
        self.run(ids, None)
    }

    fn forward_training(&self, ids: Tensor<2, Int>, noise: &mut Noise) -> Tensor<3> {
        self.run(ids, Some(noise))
    }

    fn passes_over_padding(&self) -> bool {
        let sees = |named: &NamedLayer| {
            matches!(&named.layer, BodyLayer::Pool(Pooling::Last | Pooling::Max))
        };
        self.mask_zero && self.gives_texts() && !self.layers.iter().any(sees)
    }

    fn token_vectors(&self) -> Option<Tensor<2>> {
        Some(self.embedding.embeddings.val())
    }
}

#[cfg(test)]
mod tests;
