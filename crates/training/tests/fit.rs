//! The loop on a small made-up problem: it learns, resumes to the bit, and stops when it diverges.

// What clippy.toml allows in tests does not reach the functions that tests share.
#![allow(clippy::panic, clippy::unwrap_used)]

use burn::tensor::Device;
use recurrent_models::{Network, NetworkConfig, NetworkKind, weights};
use recurrent_training::{Encoded, FitConfig, Progress, Quiet, TrainingError, evaluate, fit};

const TIME: usize = 6;

/// Texts of six tokens; the label says whether token 2 comes before token 3, which only order tells.
fn problem(rows: usize, device: &Device) -> Encoded {
    let mut ids = Vec::new();
    let mut labels = Vec::new();
    for row in 0..rows {
        let (first, second) = (row % 5, row / 5 % 5);
        let early = first.min(second);
        let late = first.max(second) + 1;
        let label = (row / 25) % 2;
        let mut text = [4 + (row % 4) as i32; TIME];
        text[early] = if label == 1 { 2 } else { 3 };
        text[late] = if label == 1 { 3 } else { 2 };
        ids.extend(text);
        labels.push(label as f32);
    }
    Encoded::new(ids, TIME, labels, device).unwrap()
}

fn network(kind: NetworkKind) -> Network {
    let config = NetworkConfig {
        network: kind,
        embeddings: 9,
        embedding_width: 8,
        units: 8,
        hidden: 8,
        time: TIME,
    };
    config.init(0, &Device::flex().autodiff())
}

fn config(epochs: usize) -> FitConfig {
    let mut config = FitConfig {
        epochs,
        ..FitConfig::notebook("lstm", 7)
    };
    config.adam.learning_rate = 1e-2;
    config
}

#[test]
fn order_is_learnt_by_the_lstm_and_not_by_the_dense_network() {
    let data = problem(200, &Device::flex());
    let (lstm, history) = fit(
        network(NetworkKind::LSTM),
        &data,
        &data,
        &config(30),
        &mut Quiet,
    )
    .unwrap();
    assert_eq!(history.len(), 30);
    assert!(history[29].test_accuracy > 0.95, "{:?}", history[29]);
    assert_eq!(
        evaluate(&lstm, &data, 32).accuracy,
        history[29].test_accuracy
    );
    let (_, history) = fit(
        network(NetworkKind::Dense),
        &data,
        &data,
        &config(30),
        &mut Quiet,
    )
    .unwrap();
    assert!(history[29].test_accuracy < 0.6, "{:?}", history[29]);
}

#[test]
fn a_resumed_run_ends_with_the_same_bits() {
    let folder = tempfile::tempdir().unwrap();
    let data = problem(70, &Device::flex());
    let (whole, history) = fit(
        network(NetworkKind::LSTM),
        &data,
        &data,
        &config(4),
        &mut Quiet,
    )
    .unwrap();

    let mut half = config(2);
    half.checkpoint = Some(folder.path().join("checkpoint.safetensors"));
    fit(network(NetworkKind::LSTM), &data, &data, &half, &mut Quiet).unwrap();
    half.epochs = 4;
    half.resume = true;
    let (resumed, again) =
        fit(network(NetworkKind::LSTM), &data, &data, &half, &mut Quiet).unwrap();

    assert_eq!(weights::collect(&whole), weights::collect(&resumed));
    let figures = |history: &[recurrent_training::EpochRecord]| -> Vec<[f64; 4]> {
        history
            .iter()
            .map(|r| [r.train_loss, r.train_accuracy, r.test_loss, r.test_accuracy])
            .collect()
    };
    assert_eq!(figures(&history), figures(&again));

    half.seed = 8;
    let error = fit(network(NetworkKind::LSTM), &data, &data, &half, &mut Quiet).unwrap_err();
    assert!(matches!(error, TrainingError::OtherRun { .. }), "{error}");
}

#[test]
fn divergence_names_epoch_and_step() {
    let data = problem(70, &Device::flex());
    let mut config = config(3);
    config.adam.learning_rate = f32::INFINITY;
    let error = fit(
        network(NetworkKind::SIMPLE_RNN),
        &data,
        &data,
        &config,
        &mut Quiet,
    )
    .unwrap_err();
    // The first loss is taken before any update.
    assert!(
        matches!(
            error,
            TrainingError::NotFinite {
                epoch: 1,
                step: 2,
                ..
            }
        ),
        "{error}"
    );
}

#[test]
fn every_step_is_reported() {
    struct Count(Vec<Progress>);
    impl recurrent_training::Observer for Count {
        fn step(&mut self, progress: Progress) {
            self.0.push(progress);
        }
        fn epoch(&mut self, _: usize, _: usize, _: &recurrent_training::EpochRecord) {}
    }
    let data = problem(70, &Device::flex());
    let mut count = Count(Vec::new());
    fit(
        network(NetworkKind::Dense),
        &data,
        &data,
        &config(2),
        &mut count,
    )
    .unwrap();
    assert_eq!(count.0.len(), 6);
    assert_eq!(
        count.0[5],
        Progress {
            epoch: 2,
            epochs: 2,
            step: 3,
            steps: 3
        }
    );
}
