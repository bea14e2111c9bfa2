//! Linear models over the n-grams of the training texts, for networks that read what these say.

use rayon::prelude::*;
use recurrent_linear::{LinearConfig, Progress, Rows, train_weighted};
use recurrent_models::layers::{Evidence, Folds};
use recurrent_models::{LayerConfig, NetworkConfig};
use recurrent_training::Observer;

use crate::ClassifierError;

/// Where the gradient of a linear model is this share of what it was, it is as good as trained: the network corrects it.
const TOLERANCE: f64 = 1e-3;

/// A linear model for each fold of the training texts, which did not learn from the texts of the fold; nothing for a network
/// that reads none. `ids` are rows of `config.time`, and the loss of a text counts what `weights` says of its class.
pub(crate) fn fitted(
    config: &NetworkConfig,
    ids: &[i32],
    labels: &[usize],
    weights: &[f32],
    observer: &mut impl Observer,
) -> Result<Option<Folds>, ClassifierError> {
    let evidence = config.layers.iter().find_map(|layer| match layer {
        LayerConfig::Evidence {
            widths,
            buckets,
            folds,
        } => Some((widths, *buckets, *folds)),
        _ => None,
    });
    let Some((widths, buckets, folds)) = evidence else {
        return Ok(None);
    };
    let each: Vec<(usize, Vec<u32>)> = ids
        .par_chunks_exact(config.time)
        .map(|row| {
            let text: Vec<i64> = row.iter().map(|id| i64::from(*id)).collect();
            let columns = Evidence::buckets(&text, widths, buckets);
            (Folds::of(&text, folds), columns)
        })
        .collect();
    let linear = LinearConfig {
        tolerance: TOLERANCE,
        ..LinearConfig::default()
    };
    let mut tables = Vec::with_capacity(folds);
    observer.preparing(0, folds);
    for fold in 0..folds {
        let others = || each.iter().zip(labels).filter(|((of, _), _)| *of != fold);
        let mut offsets = vec![0];
        let mut columns = Vec::new();
        for ((_, own), _) in others() {
            columns.extend_from_slice(own);
            offsets.push(columns.len());
        }
        let labels: Vec<usize> = others().map(|(_, label)| *label).collect();
        let length = buckets.saturating_mul(config.outputs);
        // Where all texts are in one fold, there is nothing to say something of it.
        let table = match labels.is_empty() {
            true => vec![0.0; length],
            false => {
                let rows = Rows::new(buckets, offsets, columns)?;
                let goes_on = |_: &Progress<'_>| !observer.stops();
                let model = train_weighted(&rows, &labels, weights, &linear, goes_on)?;
                widened(model.kernel(), model.outputs(), config.outputs)
            }
        };
        tables.push(table);
        observer.preparing(fold + 1, folds);
    }
    Ok(Some(Folds::new(tables)))
}

/// The weights of a model with one logit as those of two, of which the first is zero, where a network has two; others as they
/// are.
fn widened(kernel: &[f32], own: usize, outputs: usize) -> Vec<f32> {
    match (own, outputs) {
        (1, 2) => kernel.iter().flat_map(|weight| [0.0, *weight]).collect(),
        _ => kernel.to_vec(),
    }
}
