//! What is minimized, and its slope.
//!
//! A weight of the model is the product of what naive Bayes says of an n-gram, which stays, and of what is learned, which
//! begins at zero. In what follows, *weights* are what is learned: `[columns, outputs]`, then a bias for each output.

use rayon::prelude::*;

use crate::{Linear, LinearConfig, LinearError, MOST_WEIGHTS, Rows};

/// Texts whose losses are summed together, before the sums are: the order of a sum depends on no thread.
const CHUNK: usize = 4096;

#[derive(Debug)]
pub(crate) struct Problem<'a> {
    rows: &'a Rows,
    texts_of: Rows,
    labels: &'a [usize],
    costs: Vec<f64>,
    outputs: usize,
    /// Naive Bayes' `[columns, outputs]`.
    ratios: Vec<f64>,
    strength: f64,
}

impl<'a> Problem<'a> {
    pub(crate) fn new(
        rows: &'a Rows,
        labels: &'a [usize],
        weights: &[f32],
        config: &LinearConfig,
    ) -> Result<Self, LinearError> {
        let classes = weights.len();
        let wrong = |reason: String| Err(LinearError::Texts(reason));
        if rows.is_empty() || rows.len() != labels.len() {
            return wrong(format!("{} texts and {} labels", rows.len(), labels.len()));
        }
        if classes < 2 {
            return wrong(format!(
                "they are of {classes} class, where at least two are needed"
            ));
        }
        if let Some(label) = labels.iter().find(|label| **label >= classes) {
            return wrong(format!("label {label}, where there are {classes} classes"));
        }
        if weights
            .iter()
            .any(|weight| !weight.is_finite() || *weight < 0.0)
        {
            return wrong("a class has a weight below 0, or one that is no number".to_owned());
        }
        let outputs = if classes == 2 { 1 } else { classes };
        if rows.width().saturating_mul(outputs) > MOST_WEIGHTS {
            return Err(LinearError::TooMany {
                columns: rows.width(),
                outputs,
                most: MOST_WEIGHTS,
            });
        }
        let texts_of = rows.transposed();
        let ratios = ratios(&texts_of, labels, classes, outputs, config.smoothing);
        Ok(Self {
            rows,
            texts_of,
            labels,
            costs: labels
                .iter()
                .map(|label| f64::from(weights[*label]))
                .collect(),
            outputs,
            ratios,
            strength: config.strength,
        })
    }

    /// How many numbers are learned.
    pub(crate) fn size(&self) -> usize {
        self.ratios.len() + self.outputs
    }

    /// How many logits all texts have.
    pub(crate) fn logits(&self) -> usize {
        self.rows.len() * self.outputs
    }

    /// The model that these weights are.
    pub(crate) fn model(&self, weights: &[f64]) -> Linear {
        let (learned, bias) = weights.split_at(self.ratios.len());
        let kernel = learned.iter().zip(&self.ratios);
        let kernel = kernel.map(|(learned, ratio)| (learned * ratio) as f32);
        let bias = bias.iter().map(|bias| *bias as f32).collect();
        Linear::of(self.outputs, kernel.collect(), bias)
    }

    /// The logits of all texts, `[texts, outputs]`.
    pub(crate) fn forward(&self, weights: &[f64]) -> Vec<f64> {
        let outputs = self.outputs;
        let (learned, bias) = weights.split_at(self.ratios.len());
        // Both factors at once are half of what is fetched at random.
        let products: Vec<f64> = learned
            .par_iter()
            .zip(&self.ratios)
            .map(|(learned, ratio)| learned * ratio)
            .collect();
        let mut logits = vec![0.0; self.logits()];
        logits
            .par_chunks_exact_mut(outputs)
            .enumerate()
            .for_each(|(row, out)| {
                out.copy_from_slice(bias);
                for column in self.rows.row(row) {
                    let start = *column as usize * outputs;
                    let products = &products[start..start + outputs];
                    for (out, product) in out.iter_mut().zip(products) {
                        *out += product;
                    }
                }
            });
        logits
    }

    /// The sum of the texts' losses, each as much as it counts.
    pub(crate) fn loss(&self, logits: &[f64]) -> f64 {
        let outputs = self.outputs;
        let chunks: Vec<f64> = logits
            .par_chunks(CHUNK * outputs)
            .zip(self.labels.par_chunks(CHUNK))
            .zip(self.costs.par_chunks(CHUNK))
            .map(|((logits, labels), costs)| {
                let each = logits.chunks_exact(outputs).zip(labels).zip(costs);
                each.map(|((logits, label), cost)| cost * loss(logits, *label))
                    .sum()
            })
            .collect();
        chunks.iter().sum()
    }

    /// Mean loss, every text counting the same, and the share of texts whose class is right.
    pub(crate) fn score(&self, logits: &[f64]) -> (f64, f64) {
        let each = logits.chunks_exact(self.outputs).zip(self.labels);
        let (mut losses, mut right) = (0.0, 0usize);
        for (logits, label) in each {
            losses += loss(logits, *label);
            right += usize::from(decided(logits) == *label);
        }
        let texts = self.labels.len() as f64;
        (losses / texts, right as f64 / texts)
    }

    /// What is minimized, half the square of the learned weights being `half_square`.
    pub(crate) fn objective(&self, logits: &[f64], half_square: f64) -> f64 {
        self.strength * self.loss(logits) + half_square
    }

    /// Its gradient at these weights, which give these logits.
    pub(crate) fn gradient(&self, weights: &[f64], logits: &[f64]) -> Vec<f64> {
        let outputs = self.outputs;
        let mut slopes = vec![0.0; logits.len()];
        slopes
            .par_chunks_exact_mut(outputs)
            .zip(logits.par_chunks_exact(outputs))
            .zip(self.labels.par_iter().zip(&self.costs))
            .for_each(|((out, logits), (label, cost))| {
                slopes_into(logits, *label, out);
                for slope in out {
                    *slope *= cost * self.strength;
                }
            });
        let mut gradient = vec![0.0; self.size()];
        let (learned, bias) = gradient.split_at_mut(self.ratios.len());
        learned
            .par_chunks_exact_mut(outputs)
            .zip(self.ratios.par_chunks_exact(outputs))
            .zip(weights[..self.ratios.len()].par_chunks_exact(outputs))
            .enumerate()
            .for_each(|(column, ((out, ratios), weights))| {
                for text in self.texts_of.row(column) {
                    let start = *text as usize * outputs;
                    let slopes = &slopes[start..start + outputs];
                    for (out, slope) in out.iter_mut().zip(slopes) {
                        *out += slope;
                    }
                }
                for (out, (ratio, weight)) in out.iter_mut().zip(ratios.iter().zip(weights)) {
                    *out = *out * ratio + weight;
                }
            });
        for slopes in slopes.chunks_exact(outputs) {
            for (out, slope) in bias.iter_mut().zip(slopes) {
                *out += slope;
            }
        }
        gradient
    }

    /// Half the square of what is learned, the biases left out.
    pub(crate) fn half_square(&self, weights: &[f64]) -> f64 {
        let learned = &weights[..self.ratios.len()];
        0.5 * dot(learned, learned)
    }

    /// The product of two directions, the biases left out.
    pub(crate) fn dot_learned(&self, one: &[f64], other: &[f64]) -> f64 {
        let count = self.ratios.len();
        dot(&one[..count], &other[..count])
    }
}

#[cfg(test)]
impl Problem<'_> {
    pub(crate) fn ratios(&self) -> &[f64] {
        &self.ratios
    }

    /// An ordinary logistic regression.
    pub(crate) fn without_ratios(&mut self) {
        self.ratios.fill(1.0);
    }
}

/// The sum of products, in an order that depends on no thread.
pub(crate) fn dot(one: &[f64], other: &[f64]) -> f64 {
    let chunks: Vec<f64> = one
        .par_chunks(CHUNK)
        .zip(other.par_chunks(CHUNK))
        .map(|(one, other)| one.iter().zip(other).map(|(a, b)| a * b).sum())
        .collect();
    chunks.iter().sum()
}

/// Naive Bayes' log-count ratios `[columns, outputs]`: of each class against the others (of two classes, of the second
/// against the first), `log((p / ‖p‖₁) / (q / ‖q‖₁))`, where p and q are the numbers of texts with each n-gram, and α.
/// Source: Wang and Manning, 2012, section 2.1, with a text's n-grams counted once each.
fn ratios(
    texts_of: &Rows,
    labels: &[usize],
    classes: usize,
    outputs: usize,
    smoothing: f64,
) -> Vec<f64> {
    let columns = texts_of.len();
    let mut counts = vec![0u32; columns * classes];
    counts
        .par_chunks_exact_mut(classes)
        .enumerate()
        .for_each(|(column, counts)| {
            for text in texts_of.row(column) {
                counts[labels[*text as usize]] += 1;
            }
        });
    // Whole numbers, so that the order of the sum makes no difference.
    let mut of_class = vec![0u64; classes];
    for counts in counts.chunks_exact(classes) {
        for (sum, count) in of_class.iter_mut().zip(counts) {
            *sum += u64::from(*count);
        }
    }
    let all: u64 = of_class.iter().sum();
    let smooth = smoothing * columns as f64;
    let norms: Vec<[f64; 2]> = of_class
        .iter()
        .map(|own| [*own, all - own].map(|sum| sum as f64 + smooth))
        .collect();
    let mut ratios = vec![0.0; columns * outputs];
    ratios
        .par_chunks_exact_mut(outputs)
        .zip(counts.par_chunks_exact(classes))
        .for_each(|(out, counts)| {
            let all: u32 = counts.iter().sum();
            let first = classes - outputs;
            for (class, out) in out.iter_mut().enumerate() {
                let class = class + first;
                let own = f64::from(counts[class]) + smoothing;
                let other = f64::from(all - counts[class]) + smoothing;
                let [own_norm, other_norm] = norms[class];
                *out = libm::log((own / own_norm) / (other / other_norm));
            }
        });
    ratios
}

/// The cross-entropy of a text's logits, nats.
pub(crate) fn loss(logits: &[f64], label: usize) -> f64 {
    if let [logit] = logits {
        // log(1 + exp(−m)) for the margin m, without overflow.
        let margin = if label == 1 { *logit } else { -logit };
        return (-margin).max(0.0) + libm::log1p(libm::exp(-margin.abs()));
    }
    let largest = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let sum: f64 = logits.iter().map(|x| libm::exp(x - largest)).sum();
    largest + libm::log(sum) - logits[label]
}

/// The derivative of the loss with regard to each logit.
fn slopes_into(logits: &[f64], label: usize, out: &mut [f64]) {
    if let ([logit], [out]) = (logits, &mut *out) {
        let positive = 1.0 / (1.0 + libm::exp(-logit));
        *out = positive - label as f64;
        return;
    }
    let largest = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut sum = 0.0;
    for (out, logit) in out.iter_mut().zip(logits) {
        *out = libm::exp(logit - largest);
        sum += *out;
    }
    for out in &mut *out {
        *out /= sum;
    }
    out[label] -= 1.0;
}

/// The class of the largest logit, the first of equals.
fn decided(logits: &[f64]) -> usize {
    if let [logit] = logits {
        return usize::from(*logit > 0.0);
    }
    let better = |best: usize, class: usize| {
        if logits[class] > logits[best] {
            class
        } else {
            best
        }
    };
    (0..logits.len()).fold(0, better)
}
