//! Options of a training against what they are defined as.

// What clippy.toml allows in tests does not reach the functions that tests share.
#![allow(clippy::panic, clippy::unwrap_used)]

use burn::tensor::Device;
use recurrent_models::recurrence::Cell;
use recurrent_models::weights::{self, HostTensor};
use recurrent_models::{
    EmbeddingConfig, LayerConfig, Network, NetworkConfig, Noise, Pooling, Reads, Returns,
    SequenceClassifier as _,
};
use recurrent_training::adam::{Adam, AdamConfig};
use recurrent_training::{Encoded, FitConfig, FitOptions, NoopObserver, Objective, fit};
use std::collections::BTreeMap;

const ROWS: usize = 48;

fn network(masked: bool, dropout: f32) -> Network {
    let config = NetworkConfig {
        name: "any".to_owned(),
        embeddings: 12,
        time: 9,
        embedding: EmbeddingConfig {
            width: 5,
            masked,
            dropout,
        },
        layers: vec![
            LayerConfig::Ngrams {
                widths: vec![2],
                buckets: 16,
                width: 3,
                dropout,
            },
            LayerConfig::Recurrent {
                cell: Cell::Gru,
                units: 6,
                reads: Reads::Both,
                returns: Returns::All,
                recurrent_dropout: 0.0,
            },
            LayerConfig::Pool {
                over: Pooling::MaxAndMean,
            },
        ],
        outputs: 1,
    };
    config.check().unwrap();
    config.init(1, &Device::flex().autodiff())
}

/// Texts of 1 to `longest` tokens in rows of `width`.
fn texts(longest: usize, width: usize) -> Encoded {
    let mut ids = Vec::new();
    for row in 0..ROWS {
        let length = 1 + row * 7 % longest;
        ids.extend((0..width).map(|step| match step < length {
            true => 1 + ((row * row + step * 5 + row) % 11) as i32,
            false => 0,
        }));
    }
    let labels = (0..ROWS).map(|row| (row * row / 3 % 2) as f32).collect();
    Encoded::new(ids, width, labels, &Device::flex()).unwrap()
}

fn config(options: FitOptions) -> FitConfig {
    FitConfig {
        epochs: 3,
        batch_size: 5,
        options,
        ..FitConfig::notebook("any", 4)
    }
}

fn trained(network: Network, data: &Encoded, config: &FitConfig) -> BTreeMap<String, HostTensor> {
    let (network, _) = fit(network, data, data, config, &mut NoopObserver).unwrap();
    weights::collect(&network)
}

fn by_length() -> FitOptions {
    FitOptions {
        by_length: true,
        ..FitOptions::default()
    }
}

/// Batches by length are cut to their longest text, whatever stands behind it.
#[test]
fn padding_behind_a_batch_is_cut_off() {
    let config = config(by_length());
    let narrow = trained(network(true, 0.0), &texts(9, 9), &config);
    let wide = trained(network(true, 0.0), &texts(9, 40), &config);
    assert_eq!(narrow, wide);
}

/// A network that reads padding gets it, and the batches that it would have had.
#[test]
fn a_network_that_reads_padding_keeps_it() {
    let data = texts(9, 9);
    let plain = trained(network(false, 0.0), &data, &config(FitOptions::default()));
    let asked = trained(network(false, 0.0), &data, &config(by_length()));
    assert_eq!(plain, asked);
    let masked = trained(network(true, 0.0), &data, &config(by_length()));
    assert_ne!(plain, masked);
}

/// An epoch of one batch by hand: the mean of the losses before and behind the move of the token vectors.
#[test]
fn an_adversary_moves_the_token_vectors() {
    let data = texts(9, 9);
    let options = FitOptions {
        adversarial: Some(0.75),
        ..FitOptions::default()
    };
    let config = FitConfig {
        epochs: 1,
        batch_size: ROWS,
        ..config(options)
    };
    let found = trained(network(true, 0.25), &data, &config);
    let objective = Objective::default();
    // The order of the texts changes sums in their last digits alone.
    let (ids, labels) = data.range(0..ROWS);
    let mut by_hand = network(true, 0.25);
    let loss = |network: &Network, noise: &mut Noise| {
        let logits = network.forward_training(ids.clone().autodiff(), noise);
        objective.loss(logits, labels.clone().autodiff())
    };
    let first = loss(&by_hand, &mut Noise::new(4, 0));
    let gradients = first.clone().backward();
    let slope = by_hand.token_vectors().unwrap().grad(&gradients).unwrap();
    let values: Vec<f32> = slope.clone().into_data().iter().collect();
    let norm = values
        .iter()
        .map(|x| f64::from(*x).powi(2))
        .sum::<f64>()
        .sqrt();
    let nudge = slope.mul_scalar((0.75 / norm) as f32);
    let mut noise = Noise::new(4, 0).with_nudge(nudge.autodiff());
    let moved = loss(&by_hand, &mut noise);
    let larger =
        |loss: &burn::tensor::Tensor<1>| loss.clone().into_data().iter::<f32>().sum::<f32>();
    assert!(larger(&moved) > larger(&first) + 1e-3);
    let first = loss(&by_hand, &mut Noise::new(4, 0));
    let mut gradients = (first + moved).mul_scalar(0.5).backward();
    by_hand = Adam::new(AdamConfig::default()).step(by_hand, &mut gradients);
    for (name, tensor) in weights::collect(&by_hand) {
        for (one, other) in tensor.values.iter().zip(&found[&name].values) {
            assert!((one - other).abs() < 2e-6, "{name}: {one} {other}");
        }
    }
}

#[test]
fn a_resumed_run_of_all_options_ends_with_the_same_bits() {
    let folder = tempfile::tempdir().unwrap();
    let data = texts(9, 9);
    let options = FitOptions {
        adversarial: Some(0.5),
        average: Some(0.9),
        average_warmup: true,
        ..by_length()
    };
    let whole = config(options);
    let mut half = FitConfig {
        epochs: 1,
        checkpoint: Some(folder.path().join("checkpoint.safetensors")),
        ..whole.clone()
    };
    trained(network(true, 0.2), &data, &half);
    (half.epochs, half.resume) = (3, true);
    assert_eq!(
        trained(network(true, 0.2), &data, &half),
        trained(network(true, 0.2), &data, &whole)
    );
}
