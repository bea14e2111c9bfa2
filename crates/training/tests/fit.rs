//! The loop on a small made-up problem: it learns, resumes to the bit, and stops when it diverges.

// What clippy.toml allows in tests does not reach the functions that tests share.
#![allow(clippy::panic, clippy::unwrap_used)]

use burn::tensor::Device;
use recurrent_models::{Network, NetworkKind, Preset, weights};
use recurrent_training::{
    Encoded, FitConfig, NoopObserver, Progress, Setting, TrainingError, check_resume, evaluate, fit,
};

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
    let config = Preset {
        network: kind,
        embeddings: 9,
        embedding_width: 8,
        units: 8,
        hidden: 8,
        time: TIME,
    }
    .config();
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
        &mut NoopObserver,
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
        &mut NoopObserver,
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
        &mut NoopObserver,
    )
    .unwrap();

    let mut half = config(2);
    half.checkpoint = Some(folder.path().join("checkpoint.safetensors"));
    fit(
        network(NetworkKind::LSTM),
        &data,
        &data,
        &half,
        &mut NoopObserver,
    )
    .unwrap();
    half.epochs = 4;
    half.resume = true;
    let (resumed, again) = fit(
        network(NetworkKind::LSTM),
        &data,
        &data,
        &half,
        &mut NoopObserver,
    )
    .unwrap();

    assert_eq!(weights::collect(&whole), weights::collect(&resumed));
    let figures = |history: &[recurrent_training::EpochRecord]| -> Vec<[f64; 4]> {
        history
            .iter()
            .map(|r| [r.train_loss, r.train_accuracy, r.test_loss, r.test_accuracy])
            .collect()
    };
    assert_eq!(figures(&history), figures(&again));

    half.epochs = 3;
    let error = check_resume(&data, &data, &half).unwrap_err();
    assert!(
        matches!(
            error,
            TrainingError::FewerEpochs {
                done: 4,
                asked: 3,
                ..
            }
        ),
        "{error}"
    );
    half.epochs = 4;
    assert_eq!(check_resume(&data, &data, &half).unwrap(), 4);
}

/// A run goes on only from a checkpoint of the same run, and the first setting that differs is named.
#[test]
fn a_checkpoint_of_another_run_is_refused_by_the_setting_that_differs() {
    type Change = fn(&mut FitConfig);
    let folder = tempfile::tempdir().unwrap();
    let device = Device::flex();
    let data = problem(70, &device);
    let mut config = config(1);
    config.checkpoint = Some(folder.path().join("checkpoint.safetensors"));
    config.settings.dataset = "mine".to_owned();
    config.settings.dataset_sha256 = "1234".to_owned();
    fit(
        network(NetworkKind::LSTM),
        &data,
        &data,
        &config,
        &mut NoopObserver,
    )
    .unwrap();
    config.resume = true;
    assert_eq!(check_resume(&data, &data, &config).unwrap(), 1);
    let refused = |train: &Encoded, test: &Encoded, config: &FitConfig| match check_resume(
        train, test, config,
    )
    .unwrap_err()
    {
        TrainingError::OtherRun { setting, .. } => setting,
        other => panic!("{other}"),
    };
    let changes: [(Setting, Change); 8] = [
        (Setting::Network, |config| config.network = "gru".to_owned()),
        (Setting::Dataset, |config| {
            config.settings.dataset_sha256 = "9999".to_owned();
        }),
        (Setting::MaxTokens, |config| {
            config.settings.max_tokens = Some(9)
        }),
        (Setting::Seed, |config| config.seed = 8),
        (Setting::Backend, |config| {
            config.settings.backend = "other".to_owned()
        }),
        (Setting::BatchSize, |config| config.batch_size = 16),
        (Setting::Optimizer, |config| config.adam.beta_1 = 0.8),
        (Setting::Vectorizer, |config| {
            config.settings.vectorizer_sha256 = "5678".to_owned();
        }),
    ];
    for (setting, change) in changes {
        let mut changed = config.clone();
        change(&mut changed);
        assert_eq!(refused(&data, &data, &changed), setting);
    }
    // Texts that nobody has given a name are told apart by what they are.
    let others = problem(71, &device);
    assert_eq!(refused(&others, &data, &config), Setting::TrainingTexts);
    assert_eq!(refused(&data, &others, &config), Setting::TestTexts);
    let error = check_resume(&others, &data, &config)
        .unwrap_err()
        .to_string();
    assert!(error.contains("the texts of the training split"), "{error}");
}

/// What an epoch's observer does, even panic, comes after the epoch is kept.
#[test]
fn an_epoch_is_kept_before_it_is_told() {
    struct Look(std::path::PathBuf, Vec<bool>);
    impl recurrent_training::Observer for Look {
        fn step(&mut self, _: Progress) {}
        fn epoch(&mut self, _: usize, _: usize, _: &recurrent_training::EpochRecord) {
            self.1.push(self.0.exists());
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("checkpoint.safetensors");
    let data = problem(70, &Device::flex());
    let mut config = config(1);
    config.checkpoint = Some(path.clone());
    let mut look = Look(path, Vec::new());
    fit(
        network(NetworkKind::Dense),
        &data,
        &data,
        &config,
        &mut look,
    )
    .unwrap();
    assert_eq!(look.1, [true]);
}

/// One step is taken on finite numbers, and leaves weights that judge nothing.
#[test]
fn a_test_loss_that_is_not_finite_ends_the_run_and_is_written_nowhere() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("checkpoint.safetensors");
    let data = problem(30, &Device::flex());
    let mut config = config(1);
    config.adam.learning_rate = f32::MAX;
    config.checkpoint = Some(path.clone());
    let error = fit(
        network(NetworkKind::Dense),
        &data,
        &data,
        &config,
        &mut NoopObserver,
    )
    .unwrap_err();
    assert!(
        matches!(error, TrainingError::TestNotFinite { epoch: 1, .. }),
        "{error}"
    );
    assert!(!path.exists());
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
        &mut NoopObserver,
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

/// The score of the epoch so far is that of the texts so far, and asking for it changes nothing.
#[test]
fn the_running_score_ends_as_the_epochs() {
    #[derive(Default)]
    struct Ask {
        running: Vec<recurrent_training::Score>,
        epochs: Vec<recurrent_training::EpochRecord>,
    }
    impl recurrent_training::Observer for Ask {
        fn step(&mut self, _: Progress) {}
        fn wants_score(&mut self) -> bool {
            true
        }
        fn score(&mut self, so_far: recurrent_training::Score) {
            self.running.push(so_far);
        }
        fn epoch(&mut self, _: usize, _: usize, record: &recurrent_training::EpochRecord) {
            self.epochs.push(record.clone());
        }
    }
    let data = problem(70, &Device::flex());
    let mut ask = Ask::default();
    for kind in [NetworkKind::Dense, NetworkKind::LSTM] {
        ask = Ask::default();
        let (_, told) = fit(network(kind), &data, &data, &config(2), &mut ask).unwrap();
        let (_, untold) = fit(network(kind), &data, &data, &config(2), &mut NoopObserver).unwrap();
        let losses = |records: &[recurrent_training::EpochRecord]| -> Vec<f64> {
            records.iter().map(|record| record.train_loss).collect()
        };
        assert_eq!(losses(&told), losses(&untold));
    }
    // Three steps an epoch; after the last one it is the epoch's.
    assert_eq!(ask.running.len(), 6);
    for (epoch, record) in ask.epochs.iter().enumerate() {
        let last = ask.running[3 * epoch + 2];
        assert_eq!(last.loss, record.train_loss);
        assert_eq!(last.accuracy, record.train_accuracy);
        assert_ne!(ask.running[3 * epoch].loss, record.train_loss);
    }
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
