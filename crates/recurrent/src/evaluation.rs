//! What a trained model predicts for labelled texts, with everything that a report shows of it.

use burn::tensor::{Device, Int, Tensor, TensorData};
use rand::SeedableRng;
use rand::seq::{IndexedRandom as _, IteratorRandom as _};
use rand_chacha::ChaCha8Rng;
use recurrent_models::{Network, SequenceClassifier as _, trace};
use recurrent_runs::{self as runs, Evaluation, GradientCurve, JudgedReview, Quantiles, RunInfo};
use recurrent_training::{Loss, sigmoid};

use crate::reading::{self, Wanted};
use crate::scores::largest;
use crate::texts::without_addresses;
use crate::{Model, ModelConfig};

/// Texts that a report shows of those a network got most wrong.
const WORST: usize = 3;

/// Classes of which a report follows a text word by word.
const TRACED: usize = 3;

/// The longest texts, in tokens, that a network which reads backwards is followed through.
const FOLLOWED_BOTH_WAYS: usize = 1000;

/// Texts that the gradients of a report are taken over, spread evenly over all: nobody is to wait for every one.
const FELT: usize = 128;

/// Texts whose gradients are taken together, and tokens, padding included: of longer texts it is fewer.
const GRADIENT_BATCH: usize = 128;
const GRADIENT_TOKENS: usize = 100 * GRADIENT_BATCH;

/// A text with its class, and what it is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example<'a> {
    /// Where it comes from.
    pub path: String,
    /// The text, as it was trained on.
    pub text: &'a str,
    /// Its class.
    pub label: usize,
}

/// Evaluates a model of `run` on `examples`, the texts of `split`, for which it has the probabilities `scores`, text by
/// text and class by class.
///
/// The run's seed chooses a text of each of the first three classes, the same ones for every network of a run, to be
/// followed word by word; with one more that the model gets wrong.
///
/// # Panics
/// If there are not as many scores as examples and classes.
pub fn evaluate(
    model: &Model,
    examples: &[Example<'_>],
    scores: &[f64],
    split: &str,
    run: &RunInfo,
    device: &Device,
) -> Evaluation {
    let classes = model.config.classes.len();
    assert_eq!(
        scores.len(),
        examples.len() * classes,
        "a score for each class"
    );
    let of = |place: usize| &scores[place * classes..(place + 1) * classes];
    // Of the class that it is of: what is missing of certainty is what is wrong.
    let wrongness = |place: &usize| 1.0 - of(*place)[examples[*place].label];
    let is_wrong = |place: &usize| largest(of(*place)) != examples[*place].label;
    let mut wrong: Vec<usize> = (0..examples.len()).filter(is_wrong).collect();
    wrong.sort_by(|a, b| wrongness(b).total_cmp(&wrongness(a)));
    let worst = wrong.iter().take(WORST).map(|place| JudgedReview {
        path: examples[*place].path.clone(),
        text: without_addresses(examples[*place].text).into_owned(),
        label: examples[*place].label as u32,
        scores: of(*place).to_vec(),
    });
    let followed: Vec<&Example<'_>> = followed(examples, &wrong, classes, run.seed);
    // A network that reads backwards reads a text anew for each of its words: of long ones nobody waits for that.
    let time = model.config.network.time();
    let is_slow =
        model.config.network.reads_anew() && time.is_some_and(|time| time > FOLLOWED_BOTH_WAYS);
    let followed = if is_slow { Vec::new() } else { followed };
    let texts: Vec<&str> = followed.iter().map(|example| example.text).collect();
    let readings = reading::read(model, &texts, Wanted::default(), device);
    let step = examples.len().div_ceil(FELT).max(1);
    let felt: Vec<(&str, usize)> = examples
        .iter()
        .step_by(step)
        .map(|example| (example.text, example.label))
        .collect();
    Evaluation {
        version: runs::VERSION,
        run: run.identity(),
        model: model.checksum.clone(),
        network: model.config.network.name().to_owned(),
        parameters: parameters(&model.config),
        split: split.to_owned(),
        classes: model.config.classes.clone(),
        labels: examples
            .iter()
            .map(|example| example.label as u32)
            .collect(),
        scores: (0..classes)
            .map(|class| {
                scores
                    .chunks_exact(classes)
                    .map(|of| of[class] as f32)
                    .collect()
            })
            .collect(),
        worst: worst.collect(),
        traces: readings
            .iter()
            .zip(&followed)
            .map(|(reading, example)| reading.traced(&example.path, Some(example.label)))
            .collect(),
        gradient: gradients(model, &felt, device, &mut |_| {}),
    }
}

/// A text of each of the first classes, and one of the `wrong` ones.
fn followed<'e, 't>(
    examples: &'e [Example<'t>],
    wrong: &[usize],
    classes: usize,
    seed: u64,
) -> Vec<&'e Example<'t>> {
    let mut generator = ChaCha8Rng::seed_from_u64(seed);
    let mut followed: Vec<&Example<'_>> = Vec::new();
    for class in 0..classes.min(TRACED) {
        let of_class = examples.iter().filter(|example| example.label == class);
        followed.extend(of_class.choose(&mut generator));
    }
    let others: Vec<&Example<'_>> = wrong
        .iter()
        .map(|place| &examples[*place])
        .filter(|example| !followed.contains(example))
        .collect();
    followed.extend(others.choose(&mut generator).copied());
    followed
}

/// How many numbers a model has, of those that there can be.
pub(crate) fn parameters(config: &ModelConfig) -> usize {
    let count = config.network.parameters().unwrap_or(u64::MAX);
    usize::try_from(count).unwrap_or(usize::MAX)
}

/// How strongly the loss at the end of texts, given with their classes, feels the states on the way there: those of the
/// uppermost layer that reads forwards. None for a network without recurrent layers. `done` is told how many texts are
/// through.
pub fn gradients(
    model: &Model,
    texts: &[(&str, usize)],
    device: &Device,
    done: &mut dyn FnMut(usize),
) -> Option<GradientCurve> {
    let network = model.network()?;
    let time = model.config.network.time()?;
    let mut all = Vec::with_capacity(texts.len() * time);
    let most = (GRADIENT_TOKENS / time.max(1)).clamp(1, GRADIENT_BATCH);
    for (place, texts) in texts.chunks(most).enumerate() {
        let mut ids = vec![0; texts.len() * time];
        for ((text, _), row) in texts.iter().zip(ids.chunks_exact_mut(time)) {
            model.ids_into(text.as_bytes(), row);
        }
        let ids = Tensor::<2, Int>::from_data(TensorData::new(ids, [texts.len(), time]), device);
        let labels: Vec<usize> = texts.iter().map(|(_, label)| *label).collect();
        let layers = loss_gradients(model, network, ids, &labels);
        let layer = layers
            .into_iter()
            .rev()
            .find(|layer| !layer.name.ends_with("/backward"))?;
        all.extend(layer.norms);
        done(place * most + texts.len());
    }
    Some(gradient_curve(&all, time))
}

/// The norms of the gradient of each text's loss, if it were of the class in `labels`, with regard to every state.
pub(crate) fn loss_gradients(
    model: &Model,
    network: &Network,
    ids: Tensor<2, Int>,
    labels: &[usize],
) -> Vec<trace::LayerGradients> {
    let [_, time] = ids.dims();
    let logits = network.forward(ids.clone());
    let [_, positions, outputs] = logits.dims();
    let logits: Vec<f32> = logits.into_data().iter().collect();
    let rows = logits.chunks_exact(positions * outputs);
    if model.config.loss == Loss::BinaryCrossEntropy {
        // d loss / d logit is σ(logit) − label. Of a network that classifies every token, it is the last one's.
        let slopes = rows
            .zip(labels)
            .map(|(row, label)| (sigmoid(row[row.len() - 1]) - *label as f64).abs());
        let mut layers = trace::logit_gradients(network, ids);
        for layer in &mut layers {
            for (norms, slope) in layer.norms.chunks_exact_mut(time).zip(slopes.clone()) {
                norms.iter_mut().for_each(|norm| *norm *= slope);
            }
        }
        return layers;
    }
    // d loss / d logits is what is predicted less what is true.
    let mut weights = vec![0.0; logits.len()];
    let mut predicted = vec![0.0; outputs];
    for ((row, weights), label) in rows
        .zip(weights.chunks_exact_mut(positions * outputs))
        .zip(labels)
    {
        let last = (positions - 1) * outputs;
        let objective = model.config.objective();
        objective.probabilities_into(&row[last..], outputs, &mut predicted);
        for (class, (weight, probability)) in weights[last..].iter_mut().zip(&predicted).enumerate()
        {
            let truth = f64::from(u8::from(class == *label));
            *weight = (probability - truth) as f32;
        }
    }
    trace::weighted_gradients(network, ids, weights)
}

/// Mean and quantiles at each distance from the end, of norms `[texts, time]`, row by row.
fn gradient_curve(norms: &[f64], time: usize) -> GradientCurve {
    let time = time.max(1);
    let rows: Vec<&[f64]> = norms.chunks_exact(time).collect();
    let by_distance = (0..time).rev().map(|step| {
        let mut column: Vec<f64> = rows.iter().map(|row| row[step]).collect();
        column.sort_by(f64::total_cmp);
        Quantiles {
            mean: column.iter().sum::<f64>() / column.len().max(1) as f64,
            low: quantile(&column, 0.1),
            median: quantile(&column, 0.5),
            high: quantile(&column, 0.9),
        }
    });
    GradientCurve {
        texts: rows.len(),
        by_distance: match rows.is_empty() {
            true => Vec::new(),
            false => by_distance.collect(),
        },
    }
}

/// Of sorted values, linear between neighbours.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else {
        return f64::NAN;
    };
    let place = share * last as f64;
    let (below, above) = (place.floor() as usize, place.ceil() as usize);
    sorted[below] + (sorted[above] - sorted[below]) * (place - below as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_count_from_the_end() {
        let curve = gradient_curve(&[1.0, 2.0, 3.0, 5.0, 6.0, 9.0], 3);
        assert_eq!(curve.texts, 2);
        let means: Vec<f64> = curve.by_distance.iter().map(|q| q.mean).collect();
        assert_eq!(means, [6.0, 4.0, 3.0]);
        let first = curve.by_distance[0];
        assert!((first.low - 3.6).abs() < 1e-12 && (first.high - 8.4).abs() < 1e-12);
        assert!(gradient_curve(&[], 3).by_distance.is_empty());
    }

    #[test]
    fn texts_that_are_followed_are_of_every_class_and_one_is_wrong() {
        let examples: Vec<Example<'_>> = (0..40)
            .map(|place| Example {
                path: place.to_string(),
                text: "a film",
                label: place % 4,
            })
            .collect();
        let wrong = [5, 9];
        let chosen = followed(&examples, &wrong, 4, 0);
        let labels: Vec<usize> = chosen.iter().map(|example| example.label).collect();
        assert_eq!(labels, [0, 1, 2, 1]);
        assert!(["5", "9"].contains(&chosen[3].path.as_str()));
        // The same ones for every network of a run, whatever that gets wrong.
        let others = followed(&examples, &[], 4, 0);
        assert_eq!(others, chosen[..3]);
    }
}
