//! The loop: shuffle, step, evaluate, remember.
//!
//! An epoch's texts are put into its order on the device at once, so that a step takes the next of them
//! without being told which. Nothing is read back within an epoch: each step's loss and logits stay on
//! the device, and are judged and read together at the end. A non-finite loss is therefore found after
//! its epoch, but named by its step.

use std::path::PathBuf;
use std::time::Instant;

use burn::module::Module;
use burn::tensor::Tensor;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use recurrent_models::{Noise, SequenceClassifier};

use crate::adam::{Adam, AdamConfig, StepOptions};
use crate::adversary;
use crate::average::Aside;
use crate::by_length;
use crate::checkpoint::{self, Checkpoint};
use crate::identity::{RunIdentity, RunSettings};
use crate::loss::sigmoid;
use crate::options::{FitOptions, Keep};
use crate::{Encoded, EpochRecord, Objective, Score, TrainingError};

/// Texts that are judged together after an epoch: what is computed once a batch is computed less
/// often, and which texts share a batch makes no difference to any of them.
pub const EVALUATION_BATCH: usize = 1024;

/// Sets the random numbers of batches by length apart from those of the order of texts.
const BY_LENGTH: u64 = 0x6c65_6e67_7468_7321;

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
    /// What is made small, and how.
    pub options: FitOptions,
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
            options: FitOptions::default(),
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
        self.options.check()
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
    /// While something is prepared that the training begins with: so many of so many parts are done.
    fn preparing(&mut self, _done: usize, _of: usize) {}
    /// After every step.
    fn step(&mut self, progress: Progress);
    /// Asked after every step: whether to be told the [score](Self::score) of the epoch so far. It has to be read from the
    /// device, which waits for it; ask a few times a second.
    fn wants_score(&mut self) -> bool {
        false
    }
    /// The loss and accuracy of the epoch's texts so far, each as it was when it was learned from.
    fn score(&mut self, _so_far: Score) {}
    /// After every epoch, its evaluation and its checkpoint.
    fn epoch(&mut self, epochs: usize, steps: usize, record: &EpochRecord);
    /// Asked after every epoch: whether to end the training there, as if no more had been asked for.
    fn stops(&mut self) -> bool {
        false
    }
}

/// Ignores all events.
#[derive(Clone, Copy, Debug)]
pub struct NoopObserver;

impl Observer for NoopObserver {
    fn step(&mut self, _progress: Progress) {}
    fn epoch(&mut self, _epochs: usize, _steps: usize, _record: &EpochRecord) {}
}

/// Trains `network` on `train` and scores it on `test`, which is held out, after every epoch; the trained network and
/// one record per epoch (those before a resumption included).
///
/// The order of texts, and what dropout drops, depend on seed, epoch and step alone, and a checkpoint holds everything
/// else, so a resumed run ends with bitwise the same weights as one that was not interrupted.
///
/// # Errors
/// [`TrainingError::NotFinite`] and [`TrainingError::TestNotFinite`] when training diverges (the checkpoint of the epoch
/// before stays); [`TrainingError::Setting`] where objective, labels and network do not fit each other; those of
/// [`check_resume`], and of writing a checkpoint.
pub fn fit<M: SequenceClassifier>(
    network: M,
    train: &Encoded,
    test: &Encoded,
    config: &FitConfig,
    observer: &mut impl Observer,
) -> Result<(M, Vec<EpochRecord>), TrainingError> {
    config.check()?;
    let options = &config.options;
    for split in [train, test] {
        let outputs = one_text(&network, split).dims()[2];
        options.objective.fits(outputs, split.largest_label())?;
    }
    let run = config
        .checkpoint
        .as_ref()
        .map(|path| (path, RunIdentity::new(config, train, test)));
    let mut state = State {
        average: options.average.map(|_| Aside::of(&network)),
        best: None,
        network,
        adam: Adam::new(config.adam),
        history: Vec::new(),
    };
    let steps = steps(train, config.batch_size);
    if let Some(checkpoint) = resumable(config, run.as_ref(), train)? {
        state = checkpoint.restore(state.network, config, &train.device())?;
        for record in &state.history {
            observer.epoch(config.epochs, steps, record);
        }
    }
    while state.history.len() < config.epochs && !options.is_over(&state.history) {
        let epoch = state.history.len() + 1;
        let start = Instant::now();
        let train_score;
        (state, train_score) = train_epoch(state, train, epoch, config, observer)?;
        let test_score = evaluate_by(
            &options.objective,
            &state.evaluated(),
            test,
            EVALUATION_BATCH,
        );
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
        state.history.push(record.clone());
        if options.keep != Keep::Last && options.keep.best(&state.history) == epoch {
            state.best = Some(Aside::of(&state.evaluated()));
        }
        // First of all: whatever happens to an observer, the epoch is kept.
        if let Some((path, run)) = &run {
            checkpoint::save(path, run, &state)?;
        }
        observer.epoch(config.epochs, steps, &record);
        if observer.stops() {
            break;
        }
    }
    let network = match &state.best {
        Some(best) => best.put_into(state.network),
        None => state.evaluated(),
    };
    Ok((network, state.history))
}

/// Everything that a training is between two epochs.
pub(crate) struct State<M> {
    pub(crate) network: M,
    pub(crate) adam: Adam,
    pub(crate) history: Vec<EpochRecord>,
    /// The moving average of the weights.
    pub(crate) average: Option<Aside>,
    /// The weights of the best epoch so far, where these are to be kept.
    pub(crate) best: Option<Aside>,
}

impl<M: Module> State<M> {
    /// The network that is evaluated: with its weights, or with their average.
    fn evaluated(&self) -> M {
        let network = self.network.clone();
        match &self.average {
            Some(average) => average.put_into(network),
            None => network,
        }
    }
}

/// The logits of the first text of a split.
fn one_text<M: SequenceClassifier>(network: &M, split: &Encoded) -> Tensor<3> {
    network.valid().forward(split.range(0..1).0)
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
    state: State<M>,
    train: &Encoded,
    epoch: usize,
    config: &FitConfig,
    observer: &mut impl Observer,
) -> Result<(State<M>, Score), TrainingError> {
    let State {
        mut network,
        mut adam,
        history,
        mut average,
        best,
    } = state;
    let options = &config.options;
    let objective = &options.objective;
    let steps = steps(train, config.batch_size);
    let mut rows = order(train.rows(), config.seed, epoch);
    let by_length = options.by_length && network.passes_over_padding();
    let lengths = by_length.then(|| {
        let lengths = train.lengths();
        let mut generator = generator(config.seed ^ BY_LENGTH, epoch);
        by_length::arrange(&mut rows, &lengths, config.batch_size, &mut generator);
        by_length::longest(&rows, &lengths, config.batch_size)
    });
    let train = train.gathered(&rows);
    let mut tally = Tally::default();
    for (step, (ids, labels)) in train.batches(config.batch_size).enumerate() {
        let done = (epoch - 1) * steps + step;
        let ids = match &lengths {
            Some(longest) => ids.narrow(1, 0, longest[step]),
            None => ids,
        };
        let noise = &mut Noise::new(config.seed, done as u64);
        let logits = network.forward_training(ids.clone().autodiff(), noise);
        let labels = labels.autodiff();
        let loss = objective.loss(logits.clone(), labels.clone());
        let mut gradients = loss.backward();
        if let Some(length) = options.adversarial
            && let Some(nudge) = adversary::nudge(&network, &gradients, length)
        {
            let noise = &mut Noise::new(config.seed, done as u64).with_nudge(nudge);
            let logits = network.forward_training(ids.autodiff(), noise);
            let mut moved = objective.loss(logits, labels).backward();
            adversary::average(&network, &mut gradients, &mut moved);
        }
        tally.add(loss.inner(), logits.inner());
        let how = StepOptions {
            rate: options.schedule.factor(done, steps, &history),
            weight_decay: options.weight_decay,
            clip_norm: options.clip_norm,
        };
        network = adam.step_with(network, &mut gradients, how);
        if let (Some(average), Some(momentum)) = (&mut average, options.momentum(done + 1)) {
            average.move_towards(&network, momentum);
        }
        observer.step(Progress {
            epoch,
            epochs: config.epochs,
            step: step + 1,
            steps,
        });
        // One that is not finite is found at the epoch's end.
        if observer.wants_score()
            && let Ok(score) = tally.clone().read(objective, train.labels())
        {
            observer.score(score);
        }
    }
    let read = tally.read(objective, train.labels());
    let score = read.map_err(|(step, loss)| TrainingError::NotFinite {
        network: config.network.clone(),
        epoch,
        step,
        loss,
    })?;
    let state = State {
        network,
        adam,
        history,
        average,
        best,
    };
    Ok((state, score))
}

/// The random numbers of an epoch.
fn generator(seed: u64, epoch: usize) -> ChaCha8Rng {
    let mut generator = ChaCha8Rng::seed_from_u64(seed);
    generator.set_stream(epoch as u64);
    generator
}

/// All rows, in the order of an epoch.
fn order(rows: usize, seed: u64, epoch: usize) -> Vec<u32> {
    let mut generator = generator(seed, epoch);
    let mut order: Vec<u32> = (0..rows as u32).collect();
    order.shuffle(&mut generator);
    order
}

/// Mean binary cross-entropy and accuracy of `network` over a split, without recording gradients. A loss that is not
/// finite is reported as it is.
pub fn evaluate<M: SequenceClassifier>(network: &M, split: &Encoded, batch_size: usize) -> Score {
    evaluate_by(&Objective::default(), network, split, batch_size)
}

/// As [`evaluate`], by an objective.
pub fn evaluate_by<M: SequenceClassifier>(
    objective: &Objective,
    network: &M,
    split: &Encoded,
    batch_size: usize,
) -> Score {
    let network = network.valid();
    let mut tally = Tally::default();
    for (ids, labels) in split.batches(batch_size) {
        let logits = network.forward(ids);
        let loss = objective.loss(logits.clone(), labels);
        tally.add(loss, logits);
    }
    tally
        .read(objective, split.labels())
        .unwrap_or_else(|(_, loss)| Score {
            loss: f64::from(loss),
            accuracy: f64::NAN,
        })
}

/// The logits `[rows, positions, classes]` of a split, `batch_size` texts at a time, without recording
/// gradients.
pub fn logits<M: SequenceClassifier>(network: &M, split: &Encoded, batch_size: usize) -> Tensor<3> {
    let network = network.valid();
    let parts = split
        .batches(batch_size)
        .map(|(ids, _)| network.forward(ids))
        .collect();
    Tensor::cat(parts, 0)
}

/// The probability of the second of two classes for each text of a split, 0 to 1, `batch_size` texts at a time,
/// without recording gradients. Of a network that judges every token, the mean over the tokens.
pub fn probabilities<M: SequenceClassifier>(
    network: &M,
    split: &Encoded,
    batch_size: usize,
) -> Vec<f64> {
    let logits = logits(network, split, batch_size);
    let [_, positions, _] = logits.dims();
    let logits: Vec<f32> = logits.into_data().iter().collect();
    logits
        .chunks_exact(positions.max(1))
        .map(|row| row.iter().copied().map(sigmoid).sum::<f64>() / row.len() as f64)
        .collect()
}

/// Losses and logits of a pass, left on the device until asked for.
#[derive(Clone, Default)]
struct Tally {
    losses: Vec<Tensor<1>>,
    logits: Vec<Tensor<3>>,
}

impl Tally {
    fn add(&mut self, loss: Tensor<1>, logits: Tensor<3>) {
        self.losses.push(loss);
        self.logits.push(logits);
    }

    /// The means over all texts added, of whose labels the first are of `[N, 1]`, in that order; or step (from 1) and loss
    /// where a loss is not finite.
    fn read(self, objective: &Objective, labels: Tensor<2>) -> Result<Score, (usize, f32)> {
        let texts: Vec<usize> = self.logits.iter().map(|logits| logits.dims()[0]).collect();
        let losses: Vec<f32> = Tensor::cat(self.losses, 0).into_data().iter().collect();
        if let Some(step) = losses.iter().position(|loss| !loss.is_finite()) {
            return Err((step + 1, losses[step]));
        }
        let logits = Tensor::cat(self.logits, 0);
        let [rows, positions, _] = logits.dims();
        let correct = objective.correct(logits, labels.narrow(0, 0, rows));
        let correct: Vec<f32> = correct.into_data().iter().collect();
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
