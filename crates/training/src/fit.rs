//! The loop: shuffle, step, evaluate, remember.
//!
//! An epoch's texts are put into its order on the device at once, so that a step takes the next of them
//! without being told which. Nothing is read back within an epoch: each step's loss and logits stay on
//! the device, and are judged and read together at the end. A non-finite loss is therefore found after
//! its epoch, but named by its step.

use std::path::PathBuf;
use std::time::Instant;

use burn::tensor::Tensor;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use recurrent_models::SequenceClassifier;

use crate::adam::{Adam, AdamConfig};
use crate::checkpoint::{self, Checkpoint};
use crate::identity::{RunIdentity, RunSettings};
use crate::loss::correct;
use crate::{Encoded, EpochRecord, Score, TrainingError, binary_cross_entropy};

/// Texts that are judged together after an epoch: what is computed once a batch is computed less
/// often, and which texts share a batch makes no difference to any of them.
pub const EVALUATION_BATCH: usize = 1024;

/// How to train.
#[derive(Clone, Debug, PartialEq)]
pub struct FitConfig {
    /// The network's name, for records and messages.
    pub network: String,
    /// How often to see every text.
    pub epochs: usize,
    /// Texts a step; the last step of an epoch may have fewer.
    pub batch_size: usize,
    /// Determines the order of texts, epoch by epoch.
    pub seed: u64,
    /// The optimizer's numbers.
    pub adam: AdamConfig,
    /// Where to keep a checkpoint after every epoch.
    pub checkpoint: Option<PathBuf>,
    /// Go on from the checkpoint, if there is one.
    pub resume: bool,
    /// What checkpoints say of the run beside this, and must agree on to be continued.
    pub settings: RunSettings,
}

impl FitConfig {
    /// The notebook's settings: ten epochs, 32 texts a step, Adam as in Keras, no checkpoint.
    pub fn notebook(network: &str, seed: u64) -> Self {
        Self {
            network: network.to_owned(),
            epochs: 10,
            batch_size: 32,
            seed,
            adam: AdamConfig::default(),
            checkpoint: None,
            resume: false,
            settings: RunSettings::default(),
        }
    }

    fn check(&self) -> Result<(), TrainingError> {
        if self.batch_size == 0 {
            return Err(TrainingError::Setting {
                name: "the batch size",
                value: "0".to_owned(),
                must: "at least 1",
            });
        }
        Ok(())
    }
}

/// Where a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Epoch, from 1.
    pub epoch: usize,
    /// All epochs.
    pub epochs: usize,
    /// Steps of this epoch done.
    pub step: usize,
    /// Steps of an epoch.
    pub steps: usize,
}

/// Is told how a run goes.
pub trait Observer {
    /// After every step.
    fn step(&mut self, progress: Progress);
    /// After every epoch, its evaluation and its checkpoint.
    fn epoch(&mut self, epochs: usize, steps: usize, record: &EpochRecord);
}

/// Ignores all events.
#[derive(Clone, Copy, Debug)]
pub struct NoopObserver;

impl Observer for NoopObserver {
    fn step(&mut self, _progress: Progress) {}
    fn epoch(&mut self, _epochs: usize, _steps: usize, _record: &EpochRecord) {}
}

/// Trains `network` on `train` and scores it on `test` after every epoch; the trained network and
/// one record per epoch (those before a resumption included).
///
/// The order of texts depends on seed and epoch alone, and a checkpoint holds everything else, so a
/// resumed run ends with bitwise the same weights as one that was not interrupted.
///
/// # Errors
/// [`TrainingError::NotFinite`] and [`TrainingError::TestNotFinite`] when training diverges (the checkpoint of the epoch
/// before stays); those of [`check_resume`], and of writing a checkpoint.
pub fn fit<M: SequenceClassifier>(
    network: M,
    train: &Encoded,
    test: &Encoded,
    config: &FitConfig,
    observer: &mut impl Observer,
) -> Result<(M, Vec<EpochRecord>), TrainingError> {
    config.check()?;
    let run = config
        .checkpoint
        .as_ref()
        .map(|path| (path, RunIdentity::new(config, train, test)));
    let mut network = network;
    let mut adam = Adam::new(config.adam);
    let mut history = Vec::new();
    if let Some(checkpoint) = resumable(config, run.as_ref(), train)? {
        let device = train.device();
        (network, adam, history) = checkpoint.restore(network, config.adam, &device)?;
        for record in &history {
            observer.epoch(config.epochs, steps(train, config.batch_size), record);
        }
    }
    for epoch in history.len() + 1..=config.epochs {
        let start = Instant::now();
        let train_score;
        (network, train_score) = train_epoch(network, train, &mut adam, epoch, config, observer)?;
        let test_score = evaluate(&network, test, EVALUATION_BATCH);
        if !test_score.loss.is_finite() {
            return Err(TrainingError::TestNotFinite {
                network: config.network.clone(),
                epoch,
                loss: test_score.loss,
            });
        }
        let record = EpochRecord {
            network: config.network.clone(),
            epoch,
            train_loss: train_score.loss,
            train_accuracy: train_score.accuracy,
            test_loss: test_score.loss,
            test_accuracy: test_score.accuracy,
            seconds: start.elapsed().as_secs_f64(),
            note: None,
        };
        history.push(record.clone());
        // First of all: whatever happens to an observer, the epoch is kept.
        if let Some((path, run)) = &run {
            checkpoint::save(path, run, &network, &adam, &history)?;
        }
        observer.epoch(config.epochs, steps(train, config.batch_size), &record);
    }
    Ok((network, history))
}

/// Whether [`fit`] can go on as `config` says, before anything is trained: the epochs that are done, 0 where there is
/// no checkpoint or none is to be resumed.
///
/// # Errors
/// [`TrainingError::OtherRun`], [`TrainingError::FewerEpochs`], [`TrainingError::Content`] and those of reading the file.
pub fn check_resume(
    train: &Encoded,
    test: &Encoded,
    config: &FitConfig,
) -> Result<usize, TrainingError> {
    config.check()?;
    let run = config
        .checkpoint
        .as_ref()
        .filter(|path| config.resume && path.exists())
        .map(|path| (path, RunIdentity::new(config, train, test)));
    let checkpoint = resumable(config, run.as_ref(), train)?;
    Ok(checkpoint.map_or(0, |checkpoint| checkpoint.history.len()))
}

/// The checkpoint to go on from, if there is one, held against the run.
fn resumable(
    config: &FitConfig,
    run: Option<&(&PathBuf, RunIdentity)>,
    train: &Encoded,
) -> Result<Option<Checkpoint>, TrainingError> {
    let Some((path, run)) = run.filter(|(path, _)| config.resume && path.exists()) else {
        return Ok(None);
    };
    let steps = steps(train, config.batch_size);
    let checkpoint = Checkpoint::read(path, run, &config.network, steps)?;
    let done = checkpoint.history.len();
    if done > config.epochs {
        return Err(TrainingError::FewerEpochs {
            path: (*path).clone(),
            done,
            asked: config.epochs,
        });
    }
    Ok(Some(checkpoint))
}

fn steps(split: &Encoded, batch_size: usize) -> usize {
    split.rows().div_ceil(batch_size)
}

fn train_epoch<M: SequenceClassifier>(
    mut network: M,
    train: &Encoded,
    adam: &mut Adam,
    epoch: usize,
    config: &FitConfig,
    observer: &mut impl Observer,
) -> Result<(M, Score), TrainingError> {
    let steps = steps(train, config.batch_size);
    let train = train.gathered(&order(train.rows(), config.seed, epoch));
    let mut tally = Tally::default();
    for (step, (ids, labels)) in train.batches(config.batch_size).enumerate() {
        let logits = network.forward(ids.autodiff());
        let loss = binary_cross_entropy(logits.clone(), labels.autodiff());
        let mut gradients = loss.backward();
        tally.add(loss.inner(), logits.inner());
        network = adam.step(network, &mut gradients);
        observer.step(Progress {
            epoch,
            epochs: config.epochs,
            step: step + 1,
            steps,
        });
    }
    let score = tally
        .read(train.labels())
        .map_err(|(step, loss)| TrainingError::NotFinite {
            network: config.network.clone(),
            epoch,
            step,
            loss,
        })?;
    Ok((network, score))
}

/// All rows, in the order of an epoch.
fn order(rows: usize, seed: u64, epoch: usize) -> Vec<u32> {
    let mut generator = ChaCha8Rng::seed_from_u64(seed);
    generator.set_stream(epoch as u64);
    let mut order: Vec<u32> = (0..rows as u32).collect();
    order.shuffle(&mut generator);
    order
}

/// Mean loss and accuracy of `network` over a split, without recording gradients. A loss that is not
/// finite is reported as it is.
pub fn evaluate<M: SequenceClassifier>(network: &M, split: &Encoded, batch_size: usize) -> Score {
    let network = network.valid();
    let mut tally = Tally::default();
    for (ids, labels) in split.batches(batch_size) {
        let logits = network.forward(ids);
        let loss = binary_cross_entropy(logits.clone(), labels);
        tally.add(loss, logits);
    }
    tally
        .read(split.labels())
        .unwrap_or_else(|(_, loss)| Score {
            loss: f64::from(loss),
            accuracy: f64::NAN,
        })
}

/// The logits `[rows, positions]` of a split, `batch_size` texts at a time, without recording
/// gradients.
pub fn logits<M: SequenceClassifier>(network: &M, split: &Encoded, batch_size: usize) -> Tensor<2> {
    let network = network.valid();
    let parts = split
        .batches(batch_size)
        .map(|(ids, _)| network.forward(ids))
        .collect();
    Tensor::cat(parts, 0)
}

/// The probability of the positive class for each text of a split, 0 to 1, `batch_size` texts at a time,
/// without recording gradients. Of a network that judges every token, the mean over the tokens.
pub fn probabilities<M: SequenceClassifier>(
    network: &M,
    split: &Encoded,
    batch_size: usize,
) -> Vec<f64> {
    let logits = logits(network, split, batch_size);
    let [_, positions] = logits.dims();
    let logits: Vec<f32> = logits.into_data().iter().collect();
    logits
        .chunks_exact(positions.max(1))
        .map(|row| row.iter().copied().map(sigmoid).sum::<f64>() / row.len() as f64)
        .collect()
}

/// The probability that a logit speaks of, in double precision, with the exponential of the crate `libm`.
pub fn sigmoid(logit: f32) -> f64 {
    1.0 / (1.0 + libm::exp(-f64::from(logit)))
}

/// Losses and logits of a pass, left on the device until asked for.
#[derive(Default)]
struct Tally {
    losses: Vec<Tensor<1>>,
    logits: Vec<Tensor<2>>,
}

impl Tally {
    fn add(&mut self, loss: Tensor<1>, logits: Tensor<2>) {
        self.losses.push(loss);
        self.logits.push(logits);
    }

    /// The means over all texts, whose labels are `[N, 1]` in the order in which they were added; or step
    /// (from 1) and loss where a loss is not finite.
    fn read(self, labels: Tensor<2>) -> Result<Score, (usize, f32)> {
        let texts: Vec<usize> = self.logits.iter().map(|logits| logits.dims()[0]).collect();
        let losses: Vec<f32> = Tensor::cat(self.losses, 0).into_data().iter().collect();
        if let Some(step) = losses.iter().position(|loss| !loss.is_finite()) {
            return Err((step + 1, losses[step]));
        }
        let logits = Tensor::cat(self.logits, 0);
        let [rows, positions] = logits.dims();
        let correct: Vec<f32> = correct(logits, labels).into_data().iter().collect();
        let correct: f64 = correct.iter().map(|count| f64::from(*count)).sum();
        let loss: f64 = losses
            .iter()
            .zip(&texts)
            .map(|(loss, texts)| f64::from(*loss) * *texts as f64)
            .sum();
        Ok(Score {
            loss: loss / rows as f64,
            accuracy: correct / (rows * positions) as f64,
        })
    }
}
