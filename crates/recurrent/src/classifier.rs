//! From labelled texts to a classifier that can be kept, loaded and asked.

use std::path::{Path, PathBuf};

use burn::module::Module as _;
use burn::tensor::{Device, Int, Tensor, TensorData};
use rayon::prelude::*;
use recurrent_corpus::{LabelledText, Part, TextCorpus};
use recurrent_files::FolderLock;
use recurrent_metrics::{Predictions, Report};
use recurrent_models::SequenceClassifier as _;
use recurrent_runs::{Evaluation, RunInfo};
use recurrent_training::{Encoded, FitConfig, Observer, RunSettings, fit};
use recurrent_vectorizer::Vectorize as _;

use crate::evaluation::Example;
use crate::reading::{self, Reading, Wanted};
use crate::scores::{Prediction, Scores};
use crate::texts::{fitted, ids_and_labels, without_padding};
use crate::{
    Architecture, Body, ClassifierError, LinearShape, Model, ModelConfig, ModelError, Provenance,
    TrainConfig, Trained, evidence, linear,
};

/// Tokens that are classified together, padding included: what a batch keeps in memory grows with them.
const BATCH_TOKENS: usize = 102_400;

/// The most texts that are classified together.
const BATCH_TEXTS: usize = 1024;

/// The most classes that a model keeps the confusion of: it is a number for each two of them.
const MOST_CONFUSED: usize = 100;

/// The most classes that a classifier tells apart.
const MOST_CLASSES: usize = 2000;

/// A trained text classifier: a network or a linear model, its vectorizer, and the names of its classes.
///
/// It can be asked from many threads at once, and keeps no state but its weights.
///
/// ```
/// use recurrent::{NoopObserver, TextClassifier, TextCorpus, TrainConfig};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let texts = (0..40).flat_map(|n| [(format!("good film {n}"), "pos"), (format!("bad film {n}"), "neg")]);
/// let corpus = TextCorpus::from_pairs(texts)?;
/// let config = TrainConfig { length: 4, epochs: 8, patience: None, ..TrainConfig::default() };
/// let model = TextClassifier::train(&corpus, &config, &mut NoopObserver)?;
///
/// let folder = tempfile::tempdir()?;
/// model.save(folder.path())?;
/// let loaded = TextClassifier::load(folder.path())?;
/// let predictions = loaded.predict(["a good one", "a bad one"])?;
/// assert_eq!(predictions[0].class, "pos");
/// assert_eq!(predictions[1].class, "neg");
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct TextClassifier {
    model: Model,
    device: Device,
}

impl From<Model> for TextClassifier {
    /// A model whose network is on the device that [`load`](TextClassifier::load) puts it on.
    fn from(model: Model) -> Self {
        Self {
            model,
            device: Device::flex(),
        }
    }
}

/// Where the training keeps a checkpoint.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checkpoint {
    /// The file, replaced after every epoch.
    pub path: PathBuf,
    /// Whether to go on from it, if it is there.
    pub resume: bool,
}

impl TextClassifier {
    /// Trains a classifier on the training texts of `corpus`. Its validation texts, or where it has none, a share of the
    /// training texts chosen by a hash, say which epoch is best; its test texts are not looked at.
    ///
    /// # Errors
    /// [`ClassifierError`] where the configuration makes no sense, a split is empty, or training diverges.
    pub fn train(
        corpus: &TextCorpus,
        config: &TrainConfig,
        observer: &mut impl Observer,
    ) -> Result<Self, ClassifierError> {
        Self::train_from(corpus, config, None, observer)
    }

    /// As [`train`](Self::train), with a checkpoint after every epoch, from which an interrupted training goes on: it ends
    /// with the same bytes as one that was not interrupted.
    ///
    /// # Errors
    /// As [`train`](Self::train), and where the checkpoint is of another training or cannot be read or written.
    pub fn train_from(
        corpus: &TextCorpus,
        config: &TrainConfig,
        checkpoint: Option<&Checkpoint>,
        observer: &mut impl Observer,
    ) -> Result<Self, ClassifierError> {
        config.check()?;
        let classes = corpus.classes().len();
        if classes > MOST_CLASSES {
            return Err(ClassifierError::TooManyClasses {
                classes,
                most: MOST_CLASSES,
            });
        }
        let split;
        let corpus = if corpus.validation().is_empty() {
            let mut own = corpus.clone();
            own.split_validation(config.validation, config.split_seed.unwrap_or(config.seed))?;
            split = own;
            &split
        } else {
            corpus
        };
        let counts = corpus.counts(Part::Train);
        let objective = config.objective(&counts);
        let device = Device::flex();
        let trained = |history, epoch, validation| Trained {
            config: config.clone(),
            counts: counts.clone(),
            history,
            epoch,
            validation,
        };
        let described = |network: Architecture| {
            let described = ModelConfig {
                network,
                loss: objective.loss,
                classes: corpus.classes().to_vec(),
                cleaned: config.clean,
                cut: config.cut,
                provenance: Provenance {
                    dataset: corpus.name().to_owned(),
                    dataset_sha256: corpus.sha256().to_owned(),
                    sample: false,
                    note: None,
                },
                trained: None,
            };
            described.checked().map(|()| described)
        };
        let outputs = objective.outputs(corpus.classes().len());
        let (body, model_config, history, epoch) = match &config.linear {
            Some(linear) => {
                config.check_linear(corpus.classes().len())?;
                let fitted = linear::fit(corpus, config, linear, &objective, observer)?;
                let shape = LinearShape {
                    name: config.name.clone(),
                    columns: fitted.linear.columns(),
                    outputs,
                    linear: *linear,
                };
                let body = Body::Linear {
                    linear: fitted.linear,
                    vectorizer: fitted.vectorizer,
                };
                let described = described(Architecture::Linear(shape))?;
                (body, described, fitted.history, fitted.epoch)
            }
            None => {
                let vectorizer = fitted(corpus, config)?;
                let network = config.network(vectorizer.vocabulary().size(), outputs);
                network.check()?;
                let model_config = described(network.clone().into())?;
                let vectorizer = vectorizer.into_fixed_width()?;
                let encoded = |part| ids_and_labels(corpus, part, &model_config, &vectorizer);
                let [train, held_out] = [encoded(Part::Train)?, encoded(Part::Validation)?];
                let mut init = network.init(config.seed, &device.clone().autodiff());
                let weights = match &objective.class_weights {
                    Some(weights) if weights.len() == corpus.classes().len() => weights.clone(),
                    _ => vec![1.0; corpus.classes().len()],
                };
                let (ids, labels) = &train;
                if let Some(folds) = evidence::fitted(&network, ids, labels, &weights, observer)? {
                    init.set_evidence(&folds);
                }
                let width = vectorizer.width();
                let [train, held_out] = [train, held_out].map(|(ids, labels)| {
                    let labels = labels.iter().map(|label| *label as f32).collect();
                    Encoded::new(ids, width, labels, &device)
                });
                let (train, held_out) = (train?, held_out?);
                let fit_config = FitConfig {
                    epochs: config.epochs,
                    batch_size: config.batch_size,
                    adam: config.adam,
                    options: config.options(objective.clone()),
                    checkpoint: checkpoint.map(|checkpoint| checkpoint.path.clone()),
                    resume: checkpoint.is_some_and(|checkpoint| checkpoint.resume),
                    settings: RunSettings {
                        dataset: corpus.name().to_owned(),
                        dataset_sha256: corpus.sha256().to_owned(),
                        max_tokens: Some(config.max_tokens),
                        vectorizer_sha256: crate::sha256(&vectorizer.vectorizer().to_bytes()?),
                        shapes: Some(network.clone()),
                        backend: "flex".to_owned(),
                    },
                    ..FitConfig::notebook(&config.name, config.seed)
                };
                let (network, history) = fit(init, &train, &held_out, &fit_config, observer)?;
                let epoch = match history.is_empty() {
                    true => 0,
                    false => config.keep.best(&history),
                };
                let body = Body::Network {
                    network: network.valid(),
                    vectorizer,
                };
                (body, model_config, history, epoch)
            }
        };
        let mut classifier = Self {
            model: Model {
                config: model_config,
                body,
                checksum: String::new(),
            },
            device,
        };
        let mut validation = classifier.evaluate(corpus.validation().iter())?;
        if corpus.classes().len() > MOST_CONFUSED {
            validation.confusion.clear();
        }
        classifier.model.config.trained = Some(trained(history, epoch, validation));
        Ok(classifier)
    }

    /// Loads a classifier from the folder of a model: one that [`save`](Self::save) wrote, or `recurrent reproduce`.
    ///
    /// # Errors
    /// [`ModelError`] names the file that is missing, damaged or of another model.
    pub fn load(folder: impl AsRef<Path>) -> Result<Self, ModelError> {
        let device = Device::flex();
        let model = Model::load(folder.as_ref(), &device)?;
        Ok(Self { model, device })
    }

    /// The same classifier, said to come from there.
    #[must_use]
    pub fn with_provenance(mut self, provenance: Provenance) -> Self {
        self.model.config.provenance = provenance;
        self
    }

    /// Writes the classifier into `folder`, which is made where there is none, atomically: the model that was there stays
    /// whole until this one is.
    ///
    /// # Errors
    /// [`ModelError::File`] where something cannot be written.
    pub fn save(&self, folder: impl AsRef<Path>) -> Result<(), ModelError> {
        let model = &self.model;
        Model::save(
            folder.as_ref(),
            &model.config,
            model.weights(),
            model.vectorizer(),
        )?;
        Ok(())
    }

    /// As [`save`](Self::save), by a process that has the lock of `folder` already: one that writes other files beside the
    /// model.
    ///
    /// # Errors
    /// As [`save`](Self::save).
    pub fn save_locked(
        &self,
        lock: &FolderLock,
        folder: impl AsRef<Path>,
    ) -> Result<(), ModelError> {
        let model = &self.model;
        Model::save_locked(
            lock,
            folder.as_ref(),
            &model.config,
            model.weights(),
            model.vectorizer(),
        )?;
        Ok(())
    }

    /// The names of the classes, in the order of scores.
    #[must_use]
    pub fn classes(&self) -> &[String] {
        &self.model.config.classes
    }

    /// What the classifier is: its layers, and how it was trained.
    #[must_use]
    pub fn config(&self) -> &ModelConfig {
        &self.model.config
    }

    /// The parts of the classifier.
    #[must_use]
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// The class of each text, with its probability. Texts are bytes, and need not be UTF-8.
    ///
    /// # Errors
    /// [`ClassifierError::NotFinite`] where the weights give what is no number.
    pub fn predict<T: AsRef<[u8]> + Sync>(
        &self,
        texts: impl IntoIterator<Item = T>,
    ) -> Result<Vec<Prediction<'_>>, ClassifierError> {
        let texts: Vec<T> = texts.into_iter().collect();
        let scores = self.scores(&texts)?;
        Ok(scores.iter().map(|scores| scores.prediction()).collect())
    }

    /// The probabilities of all classes for each text, batch by batch on all threads.
    ///
    /// ```no_run
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let model = recurrent::TextClassifier::load("model")?;
    /// let scores = model.scores(&["Not bad at all."])?;
    /// for text in scores.iter() {
    ///     for (class, probability) in text.by_class() {
    ///         println!("{class}: {probability:.3}");
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`predict`](Self::predict).
    pub fn scores<T: AsRef<[u8]> + Sync>(
        &self,
        texts: &[T],
    ) -> Result<Scores<'_>, ClassifierError> {
        let classes = self.classes().len();
        let mut scores = Scores {
            classes: self.classes(),
            probabilities: vec![0.0; texts.len() * classes],
            has_words: vec![false; texts.len()],
        };
        let width = self.model.config.network.time().unwrap_or(1);
        let most = (BATCH_TOKENS / width.max(1)).clamp(1, BATCH_TEXTS);
        let batches = texts.chunks(most).zip(
            scores
                .probabilities
                .chunks_mut(most * classes)
                .zip(scores.has_words.chunks_mut(most)),
        );
        for (texts, (probabilities, has_words)) in batches {
            self.batch(texts, probabilities, has_words);
        }
        match scores.probabilities.iter().position(|p| !p.is_finite()) {
            Some(place) => Err(ClassifierError::NotFinite {
                text: place / classes,
            }),
            None => Ok(scores),
        }
    }

    /// Judges texts together.
    fn batch<T: AsRef<[u8]> + Sync>(
        &self,
        texts: &[T],
        probabilities: &mut [f64],
        has_words: &mut [bool],
    ) {
        let (network, config) = match (&self.model.body, &self.model.config.network) {
            (Body::Linear { linear, vectorizer }, _) => {
                let classes = self.classes().len();
                texts
                    .par_iter()
                    .zip(probabilities.par_chunks_exact_mut(classes))
                    .zip(has_words.par_iter_mut())
                    .for_each(|((text, out), has_words)| {
                        let text = text.as_ref();
                        *has_words =
                            linear::scores_into(&self.model, linear, vectorizer, text, out);
                    });
                return;
            }
            (Body::Network { network, .. }, Architecture::Network(config)) => (network, config),
            // `Model::load` and `train` put the same on both sides.
            (Body::Network { .. }, Architecture::Linear(_)) => return,
        };
        let width = config.time;
        let mut ids = vec![0i32; texts.len() * width];
        texts
            .par_iter()
            .zip(ids.par_chunks_exact_mut(width))
            .zip(has_words.par_iter_mut())
            .for_each(|((text, row), has_words)| {
                self.model.ids_into(text.as_ref(), row);
                *has_words = row.iter().any(|id| *id != 0);
            });
        let width = match network.passes_over_padding() {
            true => without_padding(&mut ids, width),
            false => width,
        };
        let ids = TensorData::new(ids, [texts.len(), width]);
        let ids = Tensor::<2, Int>::from_data(ids, &self.device);
        let logits = network.forward(ids);
        let [_, positions, outputs] = logits.dims();
        let logits: Vec<f32> = logits.into_data().iter().collect();
        let objective = self.model.config.objective();
        let classes = self.classes().len();
        let rows = logits.chunks_exact(positions * outputs);
        for (logits, out) in rows.zip(probabilities.chunks_exact_mut(classes)) {
            objective.probabilities_into(logits, outputs, out);
        }
    }

    /// How the classifier does on labelled texts: accuracy, balanced accuracy, F1, AUC, log loss, calibration and
    /// confusion.
    ///
    /// ```no_run
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let corpus = recurrent::TextCorpus::from_pairs([("a", "x"), ("b", "y")])?;
    /// let model = recurrent::TextClassifier::load("model")?;
    /// let report = model.evaluate(corpus.test().iter())?;
    /// println!("accuracy {:.3}, majority {:.3}", report.accuracy, report.majority.share);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`ClassifierError::Metrics`] without texts, or for a label that the classifier does not have; those of
    /// [`predict`](Self::predict).
    pub fn evaluate<'t>(
        &self,
        texts: impl IntoIterator<Item = LabelledText<'t>>,
    ) -> Result<Report, ClassifierError> {
        let (texts, labels): (Vec<&str>, Vec<usize>) = texts
            .into_iter()
            .map(|text| (text.text, text.label))
            .unzip();
        let scores = self.scores(&texts)?;
        let probabilities: Vec<f32> = scores.probabilities.iter().map(|p| *p as f32).collect();
        let predictions = Predictions::new(self.classes().len(), &labels, &probabilities)?;
        Ok(predictions.report())
    }

    /// What the classifier predicts for labelled texts of `split`, whose [`scores`](Self::scores) these are, with everything
    /// that a report shows of it: see [`evaluate`](crate::evaluation::evaluate).
    ///
    /// # Panics
    /// If the scores are not those of as many texts.
    #[must_use]
    pub fn evaluation(
        &self,
        examples: &[Example<'_>],
        scores: &Scores<'_>,
        split: &str,
        run: &RunInfo,
    ) -> Evaluation {
        let scores = &scores.probabilities;
        crate::evaluation::evaluate(&self.model, examples, scores, split, run, &self.device)
    }

    /// How the classifier reads a text, word by word: what it believes after each, its states and gates.
    ///
    /// ```no_run
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let model = recurrent::TextClassifier::load("model")?;
    /// let reading = model.trace("Not bad at all.")?;
    /// for (word, belief) in reading.tokens.iter().zip(&reading.beliefs).take(reading.words) {
    ///     println!("{belief:.3}  {word}");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`ClassifierError::NotFinite`] where the weights give what is no number.
    pub fn trace(&self, text: impl AsRef<[u8]>) -> Result<Reading, ClassifierError> {
        let wanted = Wanted {
            states: true,
            gradient: None,
        };
        let mut readings = reading::read(&self.model, &[text], wanted, &self.device);
        match readings.pop() {
            Some(reading) if reading.is_finite() => Ok(reading),
            _ => Err(ClassifierError::NotFinite { text: 0 }),
        }
    }
}
