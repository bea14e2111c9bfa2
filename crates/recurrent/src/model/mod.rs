//! The folder of a model: `config.json`, `vectorizer.cbor`, `vocabulary`, `weights.safetensors`, and, if it
//! was trained as a classifier, `training.json`.
//!
//! `config.json` is what makes the others one model: it has the checksum of each, and is written last. Parts are first
//! written as `NAME.new` and take their names after it, and a part is looked for under both, so that a write that is
//! interrupted anywhere leaves a whole model: the one before, or the new one.

mod architecture;
mod body;
mod legacy;
mod manifest;

use std::borrow::Cow;
use std::path::Path;
use std::sync::LazyLock;

use burn::tensor::Device;
use recurrent_files::{FileError, FolderLock, read_at_most};
use recurrent_models::Network;
use recurrent_models::weights::{self, Notes, TensorFile};
use recurrent_training::{Loss, Objective};
use recurrent_vectorizer::TextVectorizer;
use regex::bytes::Regex;
use sha2::{Digest, Sha256};

use crate::texts::ids_into;
use crate::{Cut, ModelError, Trained};
pub use architecture::{Architecture, LinearShape};
pub use body::{Body, Weights};
use manifest::{Description, Manifest};

/// The part that turns texts into ids: what `recurrent vectorize apply` reads, too.
pub const VECTORIZER_FILE: &str = "vectorizer.cbor";

/// The part with the numbers that were trained.
pub const WEIGHTS_FILE: &str = "weights.safetensors";

/// The tokens, one a line, to be looked at; nothing is computed from it.
const VOCABULARY_FILE: &str = "vocabulary";

/// How it was trained: a part by itself, because the numbers in it are read for people, and need not keep their last
/// digit.
const TRAINING_FILE: &str = "training.json";

/// The most bytes of that.
const TRAINING_LIMIT: u64 = 1 << 24;

/// What describes the model and lists its parts.
const CONFIG_FILE: &str = "config.json";

/// The most bytes of a description.
const CONFIG_LIMIT: u64 = 1 << 20;

/// The most bytes of a vectorizer or a vocabulary.
const VECTORIZER_LIMIT: u64 = 1 << 30;

/// The most bytes that a file of weights has beside its numbers.
const HEADER_LIMIT: u64 = 1 << 20;

/// The longest text that a model may read, in tokens: as `--length` allows.
const LONGEST: usize = 10_000;

/// Where a model comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Provenance {
    /// The data set's name.
    pub dataset: String,
    /// SHA-256 of the data set, in hexadecimal digits; empty in models of 0.1.
    pub dataset_sha256: String,
    /// Whether that was the bundled sample, not real texts.
    pub sample: bool,
    /// What to keep in mind about it.
    pub note: Option<String>,
}

/// What a model is, beside its weights and its vectorizer.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelConfig {
    /// The network's layers, or a linear model's sizes.
    pub network: Architecture,
    /// What its logits mean: one for the second of two classes, or one for each class.
    pub loss: Loss,
    /// Names of the classes.
    pub classes: Vec<String>,
    /// Whether `<br />` became a space in the texts before they were vectorized, and has to here, too.
    pub cleaned: bool,
    /// Which tokens are read of texts that are too long.
    pub cut: Cut,
    /// Where it comes from.
    pub provenance: Provenance,
    /// How it was trained, where [`TextClassifier`](crate::TextClassifier) did it.
    pub trained: Option<Trained>,
}

/// A trained network, or a linear model, with its vectorizer.
#[derive(Debug)]
pub struct Model {
    /// What it is.
    pub config: ModelConfig,
    /// What was trained.
    pub body: Body,
    /// SHA-256 over everything in it, in hexadecimal digits; empty in models of 0.1, which have none.
    pub checksum: String,
}

impl Model {
    /// Writes a model into `folder`, which is made where there is none. Other files there stay.
    ///
    /// Returns the model's checksum.
    ///
    /// # Errors
    /// [`ModelError::File`] where something cannot be written, or another process writes there: the model that was in
    /// the folder is then whole still, or the new one is. [`ModelError::CannotSave`] for a `config` that makes no sense.
    pub fn save<'w>(
        folder: &Path,
        config: &ModelConfig,
        weights: impl Into<Weights<'w>>,
        vectorizer: &TextVectorizer,
    ) -> Result<String, ModelError> {
        config
            .check()
            .map_err(|reason| ModelError::CannotSave { reason })?;
        std::fs::create_dir_all(folder).map_err(FileError::write(folder))?;
        let lock = FolderLock::acquire(folder)?;
        Self::save_locked(&lock, folder, config, weights, vectorizer)
    }

    /// As [`save`](Self::save), by a process that has the lock of `folder` already.
    ///
    /// # Errors
    /// As [`save`](Self::save).
    pub fn save_locked<'w>(
        _lock: &FolderLock,
        folder: &Path,
        config: &ModelConfig,
        weights: impl Into<Weights<'w>>,
        vectorizer: &TextVectorizer,
    ) -> Result<String, ModelError> {
        config
            .check()
            .map_err(|reason| ModelError::CannotSave { reason })?;
        let mut notes = Notes::from([("network".to_owned(), config.network.name().to_owned())]);
        if let Some(note) = &config.provenance.note {
            notes.insert("note".to_owned(), note.clone());
        }
        let weights_path = folder.join(WEIGHTS_FILE);
        let weights = weights::to_bytes(&weights_path, &weights.into().tensors(), &notes)?;
        let cannot = |error: recurrent_vectorizer::VectorizerError| ModelError::CannotSave {
            reason: format!("this vectorizer ({error})"),
        };
        let mut parts = vec![
            (VECTORIZER_FILE, vectorizer.to_bytes().map_err(cannot)?),
            (
                VOCABULARY_FILE,
                vectorizer.vocabulary().to_lines().map_err(cannot)?,
            ),
            (WEIGHTS_FILE, weights),
        ];
        if let Some(trained) = &config.trained {
            parts.push((TRAINING_FILE, training(trained)?));
        }
        let manifest = Manifest::new(config, vectorizer, &parts)?;
        // What could not be loaded again must not take the place of what can.
        let description = manifest.to_json()?.len() as u64;
        for (name, length, limit) in parts
            .iter()
            .filter(|(name, _)| *name != WEIGHTS_FILE)
            .map(|(name, bytes)| match *name {
                TRAINING_FILE => (*name, bytes.len() as u64, TRAINING_LIMIT),
                _ => (*name, bytes.len() as u64, VECTORIZER_LIMIT),
            })
            .chain([(CONFIG_FILE, description, CONFIG_LIMIT)])
        {
            if length > limit {
                let reason = format!("{length} bytes of {name}, where at most {limit} can be");
                return Err(ModelError::CannotSave { reason });
            }
        }
        if let Err(error) = describe(folder, &parts, &manifest) {
            // The model that was there is still described, and needs none of these.
            for (name, _) in &parts {
                let _ = std::fs::remove_file(folder.join(pending(name)));
            }
            return Err(error);
        }
        for (name, _) in &parts {
            let path = folder.join(name);
            std::fs::rename(folder.join(pending(name)), &path).map_err(FileError::write(&path))?;
        }
        Ok(manifest.into_checksum())
    }

    /// Loads the model that [`save`](Self::save), or version 0.1, wrote. Its network is put on `device`.
    ///
    /// Nothing larger than the files themselves is allocated before they are known to fit each other.
    ///
    /// # Errors
    /// [`ModelError`] names the file that is missing, damaged or of another model, and the folder that holds none.
    pub fn load(folder: &Path, device: &Device) -> Result<Self, ModelError> {
        let mut last = None;
        // A model that is being replaced while it is read is read once more.
        for _ in 0..3 {
            let config = read_config(folder)?;
            match Self::load_described(folder, &config, device) {
                Err(error @ (ModelError::Part { .. } | ModelError::File(_)))
                    if read_config(folder)? != config =>
                {
                    last = Some(error);
                }
                result => return result,
            }
        }
        Err(last.unwrap_or_else(|| ModelError::NoModel {
            path: folder.to_owned(),
        }))
    }

    /// What turns texts into ids or columns.
    #[must_use]
    pub fn vectorizer(&self) -> &TextVectorizer {
        match &self.body {
            Body::Network { vectorizer, .. } => vectorizer.vectorizer(),
            Body::Linear { vectorizer, .. } => vectorizer,
        }
    }

    /// The network, where it is one.
    #[must_use]
    pub fn network(&self) -> Option<&Network> {
        match &self.body {
            Body::Network { network, .. } => Some(network),
            Body::Linear { .. } => None,
        }
    }

    /// The model as [`save`](Self::save) takes it.
    #[must_use]
    pub fn weights(&self) -> Weights<'_> {
        self.body.weights()
    }

    /// The ids of a text, as a network takes them, into a `row` of as many as it reads: cleaned, vectorized, and of those
    /// of a text that is too long the ones that [`ModelConfig::cut`] says.
    pub fn ids_into(&self, text: &[u8], row: &mut [i32]) {
        let text = self.cleaned(text);
        ids_into(self.vectorizer(), self.config.cut, &text, row);
    }

    /// The ids of a text, 0 for padding and 1 for `[UNK]`: as many as a network reads, or of a linear model those of all
    /// n-grams, which are then one above their columns.
    #[must_use]
    pub fn ids(&self, text: &[u8]) -> Vec<i32> {
        match self.config.network.time() {
            Some(time) => {
                let mut ids = vec![0; time];
                self.ids_into(text, &mut ids);
                ids
            }
            None => {
                let mut ids = self.vectorizer().vectorize(self.cleaned(text));
                ids.iter_mut().for_each(|id| *id += 1);
                ids
            }
        }
    }

    /// A text as the vectorizer takes it: see [`ModelConfig::cleaned`].
    pub fn cleaned<'t>(&self, text: &'t [u8]) -> Cow<'t, [u8]> {
        cleaned(self.config.cleaned, text)
    }

    /// Loads the vectorizer of a model alone, and whether texts are to be cleaned before it, as by
    /// [`ModelConfig::cleaned`], and which tokens the network then reads, as by [`ModelConfig::cut`].
    ///
    /// # Errors
    /// As [`load`](Self::load).
    pub fn load_vectorizer(folder: &Path) -> Result<(TextVectorizer, bool, Cut), ModelError> {
        let config = read_config(folder)?;
        match Description::read(&folder.join(CONFIG_FILE), &config)? {
            Description::Legacy(legacy) => {
                let (vectorizer, clean) = legacy.vectorizer(folder)?;
                Ok((vectorizer, clean, Cut::Beginning))
            }
            Description::Current(manifest) => {
                let (vectorizer, clean) = manifest.vectorizer(folder)?;
                Ok((vectorizer, clean, manifest.cut()))
            }
        }
    }

    fn load_described(folder: &Path, config: &[u8], device: &Device) -> Result<Self, ModelError> {
        let path = folder.join(CONFIG_FILE);
        match Description::read(&path, config)? {
            Description::Legacy(legacy) => legacy.load(folder, device),
            Description::Current(manifest) => manifest.load(folder, device),
        }
    }

    /// Puts the parts together once they are read; `weights` and `vectorizer` are their paths.
    fn assemble(
        config: ModelConfig,
        vectorizer: TextVectorizer,
        weights: &TensorFile,
        checksum: String,
        [vectorizer_path, config_path]: [&Path; 2],
        device: &Device,
    ) -> Result<Self, ModelError> {
        let disagree = |path: &Path, reason: String| ModelError::Disagree {
            path: path.to_owned(),
            reason,
        };
        let expected = config.network.parameters();
        if expected != Some(weights.elements()) {
            let needed = expected.map_or("more than can be counted".to_owned(), |n| n.to_string());
            let reason = format!(
                "it holds {} numbers, and the network in {} has {needed}",
                weights.elements(),
                config_path.display()
            );
            return Err(disagree(weights.path(), reason));
        }
        let name = config.network.name();
        if let Some(noted) = weights.note("network").filter(|noted| *noted != name) {
            let noted = ModelError::class(noted);
            let reason = format!("it holds the weights of {noted}, not of {name}");
            return Err(disagree(weights.path(), reason));
        }
        let body = Body::assemble(
            &config.network,
            vectorizer,
            weights,
            vectorizer_path,
            device,
        )?;
        Ok(Self {
            config,
            body,
            checksum,
        })
    }
}

/// A text, with a space in the place of every `<br />` if it is to be cleaned.
pub(crate) fn cleaned(clean: bool, text: &[u8]) -> Cow<'_, [u8]> {
    // The pattern is a literal, so that it always compiles.
    static BREAKS: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new("<br />").ok());
    match &*BREAKS {
        Some(breaks) if clean => breaks.replace_all(text, b" "),
        _ => Cow::Borrowed(text),
    }
}

impl ModelConfig {
    /// What its logits mean, for those who ask for probabilities.
    pub(crate) fn objective(&self) -> Objective {
        Objective {
            loss: self.loss,
            ..Objective::default()
        }
    }

    /// Whether a model can have it.
    pub(crate) fn checked(&self) -> Result<(), ModelError> {
        self.check()
            .map_err(|reason| ModelError::CannotSave { reason })
    }

    /// What cannot be, in words that complete "a model with …".
    fn check(&self) -> Result<(), String> {
        let objective = self.objective();
        let (classes, outputs) = (self.classes.len(), self.network.outputs());
        let right = match self.loss {
            Loss::BinaryCrossEntropy => classes == 2,
            Loss::SoftmaxCrossEntropy => classes >= 2,
        };
        if !right || objective.outputs(classes) != outputs {
            return Err(format!("{classes} classes for {outputs} logits"));
        }
        self.network.check()?;
        let name = self.network.name();
        recurrent_runs::check_name(name)
            .map_err(|_| format!("a network called {}", ModelError::class(name)))?;
        let mut names: Vec<&String> = self.classes.iter().collect();
        names.sort();
        if let Some(pair) = names.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(format!("two classes called {}", ModelError::class(pair[0])));
        }
        for name in &self.classes {
            let wrong = name.is_empty() || name.chars().any(char::is_control);
            if wrong || recurrent_runs::check_class(name).is_err() {
                return Err(format!("a class called {}", ModelError::class(name)));
            }
        }
        if let Some(time) = self
            .network
            .time()
            .filter(|time| !(1..=LONGEST).contains(time))
        {
            return Err(format!(
                "{time} tokens a text, where 1 to {LONGEST} are possible"
            ));
        }
        Ok(())
    }
}

fn training(trained: &Trained) -> Result<Vec<u8>, ModelError> {
    let json = serde_json::to_vec_pretty(trained);
    let mut json = json.map_err(|error| ModelError::CannotSave {
        reason: format!("this training ({error})"),
    })?;
    json.push(b'\n');
    Ok(json)
}

/// The description, or an error that says what the folder is instead.
fn read_config(folder: &Path) -> Result<Vec<u8>, ModelError> {
    let path = folder.to_owned();
    if !folder.is_dir() {
        return Err(ModelError::NoFolder { path });
    }
    match read_at_most(&folder.join(CONFIG_FILE), CONFIG_LIMIT) {
        Err(error) if error.is_not_found() => {}
        result => return Ok(result?),
    }
    if folder.join(VECTORIZER_FILE).exists() {
        return Err(ModelError::VectorizerFolder { path });
    }
    if !folder.join("run.json").exists() {
        return Err(ModelError::NoModel { path });
    }
    let entries = std::fs::read_dir(folder).map_err(FileError::read(folder))?;
    let mut models: Vec<String> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.join(CONFIG_FILE).exists() && path.join(WEIGHTS_FILE).exists())
        .map(|path| path.display().to_string())
        .collect();
    models.sort();
    if models.is_empty() {
        return Err(ModelError::NoModel { path });
    }
    Err(ModelError::RunFolder { path, models })
}

/// Writes the parts, under the names that they have until they are described, and then the description.
fn describe(
    folder: &Path,
    parts: &[(&str, Vec<u8>)],
    manifest: &Manifest,
) -> Result<(), ModelError> {
    for (name, _) in parts {
        let path = folder.join(name);
        if path.is_dir() {
            let reason = std::io::Error::from(std::io::ErrorKind::IsADirectory);
            return Err(FileError::write(&path)(reason).into());
        }
    }
    for (name, bytes) in parts {
        recurrent_files::write(&folder.join(pending(name)), bytes)?;
    }
    Ok(recurrent_files::write(
        &folder.join(CONFIG_FILE),
        &manifest.to_json()?,
    )?)
}

/// What a part is called until the description that has its checksum is there.
fn pending(name: &str) -> String {
    format!("{name}.new")
}

/// SHA-256 of bytes, in hexadecimal digits.
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
