//! What a trained network says of the test split, for the report.

use burn::tensor::{Device, Int, Tensor, TensorData};
use rand::SeedableRng;
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;
use recurrent_data::{Review, ReviewCorpus, Split};
use recurrent_models::{SequenceClassifier, trace};
use recurrent_report::gradient_curve;
use recurrent_runs::{self as runs, Evaluation, GradientCurve, JudgedReview, RunInfo};
use recurrent_training::{EVALUATION_BATCH, Encoded, probabilities, sigmoid};
use recurrent_vectorizer::Vectorize;

use recurrent::Model;
use recurrent::reading::{self, Wanted};

/// Reviews that a report shows of those a network got most wrong.
const WORST: usize = 3;

/// Reviews that a report follows word by word.
const TRACED: usize = 3;

/// Reviews that the gradients of a report are taken over, spread evenly over the test split: a run is
/// not to wait for all of them, which `recurrent trace --test-split` takes.
const FELT: usize = 128;

/// Texts whose gradients are taken together, and tokens, padding included: of longer texts it is fewer.
const GRADIENT_BATCH: usize = 128;
const GRADIENT_TOKENS: usize = 100 * GRADIENT_BATCH;

/// Lets a model of `run` judge the test split. The run's seed chooses the reviews that are followed word by word, the
/// same ones for every network.
pub(crate) fn evaluate(
    model: &Model,
    corpus: &ReviewCorpus,
    test: &Encoded,
    run: &RunInfo,
    device: &Device,
) -> Evaluation {
    let reviews = corpus.reviews(Split::Test);
    let probabilities = probabilities(&model.network, test, EVALUATION_BATCH);
    let wrongness = |place: &usize| (probabilities[*place] - reviews[*place].label as f64).abs();
    let mut worst: Vec<usize> = (0..reviews.len())
        .filter(|place| wrongness(place) > 0.5)
        .collect();
    worst.sort_by(|a, b| wrongness(b).total_cmp(&wrongness(a)));
    worst.truncate(WORST);
    let mut generator = ChaCha8Rng::seed_from_u64(run.seed);
    let traced: Vec<&Review> = reviews.sample(&mut generator, TRACED).collect();
    let texts: Vec<&str> = traced.iter().map(|review| review.text.as_str()).collect();
    let readings = reading::read(model, &texts, Wanted::default(), device);
    let step = reviews.len().div_ceil(FELT).max(1);
    let felt: Vec<&Review> = reviews.iter().step_by(step).collect();
    Evaluation {
        version: runs::VERSION,
        run: run.identity(),
        model: model.checksum.clone(),
        network: model.config.network.name.clone(),
        parameters: burn::module::Module::num_params(&model.network),
        classes: model.config.classes.clone(),
        labels: reviews.iter().map(|review| review.label as u8).collect(),
        probabilities: probabilities.iter().map(|p| *p as f32).collect(),
        worst: worst
            .into_iter()
            .map(|place| JudgedReview {
                path: reviews[place].path.clone(),
                text: reviews[place].text.clone(),
                label: reviews[place].label as u8,
                probability: probabilities[place],
            })
            .collect(),
        traces: readings
            .iter()
            .zip(&traced)
            .map(|(reading, review)| reading.traced(&review.path, Some(review.label as u8)))
            .collect(),
        gradient: gradients(model, &felt, device, &mut |_| {}),
    }
}

/// How strongly the loss at the end of reviews feels the states on the way there: those of the
/// uppermost layer that reads forwards. None for a network without recurrent layers. `done` is told how
/// many reviews are through.
pub(crate) fn gradients(
    model: &Model,
    reviews: &[&Review],
    device: &Device,
    done: &mut dyn FnMut(usize),
) -> Option<GradientCurve> {
    let time = model.vectorizer.width();
    let mut all = Vec::with_capacity(reviews.len() * time);
    let most = (GRADIENT_TOKENS / time.max(1)).clamp(1, GRADIENT_BATCH);
    for (place, reviews) in reviews.chunks(most).enumerate() {
        let mut ids = vec![0; reviews.len() * time];
        for (review, row) in reviews.iter().zip(ids.chunks_exact_mut(time)) {
            model.vectorizer.vectorize_into(&review.text, row);
        }
        let ids = Tensor::<2, Int>::from_data(TensorData::new(ids, [reviews.len(), time]), device);
        let layers = trace::logit_gradients(&model.network, ids.clone());
        let layer = layers
            .iter()
            .rev()
            .find(|layer| !layer.name.ends_with("/backward"))?;
        let logits: Vec<f32> = model.network.forward(ids).into_data().iter().collect();
        for ((norms, review), logit) in layer.norms.chunks_exact(time).zip(reviews).zip(logits) {
            let slope = (sigmoid(logit) - review.label as f64).abs();
            all.extend(norms.iter().map(|norm| norm * slope));
        }
        done(place * most + reviews.len());
    }
    Some(gradient_curve(&all, time))
}
