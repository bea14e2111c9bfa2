//! `config.json`: what a model is, the checksum of each of its parts, and one over itself.

use std::path::Path;

use burn::tensor::Device;
use recurrent_files::{FileError, read_at_most, reason};
use recurrent_models::weights::TensorFile;
use recurrent_models::{NetworkConfig, Preset};
use recurrent_runs::ModelFile;
use recurrent_training::Loss;
use recurrent_vectorizer::TextVectorizer;
use serde::Serialize;
use serde_json::Value;

use super::legacy::Legacy;
use super::{Architecture, LinearShape};
use super::{
    HEADER_LIMIT, Model, ModelConfig, Provenance, TRAINING_FILE, TRAINING_LIMIT, VECTORIZER_FILE,
    VECTORIZER_LIMIT, VOCABULARY_FILE, WEIGHTS_FILE, pending, sha256,
};
use crate::{Cut, ModelError, Trained};

/// What `format` says.
const FORMAT: &str = "recurrent-model";

/// The version that is written. Version 2 had networks by their names; files without a version are of 0.1.
const VERSION: u64 = 3;

/// The version before it, which is read.
const BEFORE: u64 = 2;

/// What `config.json` holds: with the layers of its network, or, in version 2, with its name and sizes.
pub(super) type File<N> = ModelFile<N, Loss>;

/// A `config.json` of today, checked.
pub(super) struct Manifest(File<Architecture>);

/// A `config.json`, by its version.
pub(super) enum Description {
    Legacy(Legacy),
    Current(Box<Manifest>),
}

impl Description {
    /// Reads the `bytes` of the file at `path`.
    pub(super) fn read(path: &Path, bytes: &[u8]) -> Result<Self, ModelError> {
        let config = |reason: String| ModelError::Config {
            path: path.to_owned(),
            reason,
        };
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let value: Value = serde_json::from_slice(bytes).map_err(|error| config(reason(error)))?;
        if value.get("network").is_none() && value.get("standardize").is_some() {
            return Err(ModelError::VectorizerFolder {
                path: path.parent().unwrap_or(path).to_owned(),
            });
        }
        let version = value.get("version");
        if let Some(version) = version.and_then(Value::as_u64).filter(|v| *v > VERSION) {
            return Err(ModelError::NewerVersion {
                path: path.to_owned(),
                version,
                known: VERSION,
            });
        }
        let failed = |error: serde_json::Error| config(reason(error));
        if value.get("format").is_none() && version.is_none() && value.get("parts").is_none() {
            return Ok(Self::Legacy(serde_json::from_value(value).map_err(failed)?));
        }
        // From the bytes, because a field that stands twice is an error there.
        if version.and_then(Value::as_u64) == Some(BEFORE) {
            let file: File<Preset> = serde_json::from_slice(bytes).map_err(failed)?;
            check(&file, BEFORE).map_err(config)?;
            let file = with(file, |preset| preset.config().into());
            return Ok(Self::Current(Box::new(Manifest(file))));
        }
        // By its field, and not by what can be read as which: an error then names what is wrong.
        let is_linear = value.pointer("/network/linear").is_some();
        let file: File<Architecture> = match is_linear {
            true => {
                let file: File<LinearShape> = serde_json::from_slice(bytes).map_err(failed)?;
                with(file, Architecture::Linear)
            }
            false => {
                let file: File<NetworkConfig> = serde_json::from_slice(bytes).map_err(failed)?;
                with(file, Architecture::Network)
            }
        };
        check(&file, VERSION).map_err(config)?;
        Ok(Self::Current(Box::new(Manifest(file))))
    }
}

/// The same with the network in another form.
fn with<N>(file: File<N>, form: impl FnOnce(N) -> Architecture) -> File<Architecture> {
    File {
        format: file.format,
        version: file.version,
        network: form(file.network),
        loss: file.loss,
        max_tokens: file.max_tokens,
        classes: file.classes,
        cleaned: file.cleaned,
        cut: file.cut,
        dataset: file.dataset,
        dataset_sha256: file.dataset_sha256,
        sample: file.sample,
        note: file.note,
        parts: file.parts,
        checksum: file.checksum,
    }
}

/// What is wrong with it as a file of `version`, in words that complete "…: …".
fn check<N: Clone + Serialize>(file: &File<N>, version: u64) -> Result<(), String> {
    if file.format != FORMAT || file.version != version {
        return Err("it is of another format".to_owned());
    }
    match sum(file) {
        Ok(sum) if sum == file.checksum => Ok(()),
        _ => Err("it was changed after it was written: its checksum does not fit".to_owned()),
    }
}

fn sum<N: Clone + Serialize>(file: &File<N>) -> Result<String, ModelError> {
    let without = File {
        checksum: String::new(),
        ..file.clone()
    };
    Ok(sha256(&serde_json::to_vec(&without).map_err(cannot_save)?))
}

impl Manifest {
    /// The description of a model with these parts.
    pub(super) fn new(
        config: &ModelConfig,
        vectorizer: &TextVectorizer,
        parts: &[(&str, Vec<u8>)],
    ) -> Result<Self, ModelError> {
        let Provenance {
            dataset,
            dataset_sha256,
            sample,
            note,
        } = config.provenance.clone();
        let mut file = File {
            format: FORMAT.to_owned(),
            version: VERSION,
            network: config.network.clone(),
            loss: Some(config.loss),
            max_tokens: vectorizer.params().max_tokens(),
            classes: config.classes.clone(),
            cleaned: config.cleaned,
            cut: config.cut,
            dataset,
            dataset_sha256,
            sample,
            note,
            parts: parts
                .iter()
                .map(|(name, bytes)| ((*name).to_owned(), sha256(bytes)))
                .collect(),
            checksum: String::new(),
        };
        file.checksum = sum(&file)?;
        Ok(Self(file))
    }

    /// SHA-256 over the whole model.
    pub(super) fn into_checksum(self) -> String {
        self.0.checksum
    }

    /// The file's bytes.
    pub(super) fn to_json(&self) -> Result<Vec<u8>, ModelError> {
        let mut json = serde_json::to_vec_pretty(&self.0).map_err(cannot_save)?;
        json.push(b'\n');
        Ok(json)
    }

    /// The model in `folder`.
    pub(super) fn load(self, folder: &Path, device: &Device) -> Result<Model, ModelError> {
        let config_path = folder.join(super::CONFIG_FILE);
        let config = ModelConfig {
            network: self.0.network.clone(),
            loss: self.0.loss.unwrap_or_default(),
            classes: self.0.classes.clone(),
            cleaned: self.0.cleaned,
            cut: self.0.cut,
            provenance: Provenance {
                dataset: self.0.dataset.clone(),
                dataset_sha256: self.0.dataset_sha256.clone(),
                sample: self.0.sample,
                note: self.0.note.clone(),
            },
            trained: self.trained(folder)?,
        };
        config.check().map_err(|reason| ModelError::Config {
            path: config_path.clone(),
            reason: format!("it has {reason}"),
        })?;
        let numbers = config.network.parameters().unwrap_or(u64::MAX);
        let weights_limit = numbers.saturating_mul(4).saturating_add(HEADER_LIMIT);
        let vectorizer_path = folder.join(VECTORIZER_FILE);
        let (vectorizer, _) = self.vectorizer(folder)?;
        self.part(folder, VOCABULARY_FILE, VECTORIZER_LIMIT)?;
        let weights = self.part(folder, WEIGHTS_FILE, weights_limit)?;
        let weights = TensorFile::parse(&folder.join(WEIGHTS_FILE), weights)?;
        Model::assemble(
            config,
            vectorizer,
            &weights,
            self.0.checksum,
            [&vectorizer_path, &config_path],
            device,
        )
    }

    /// How the model in `folder` was trained, if it has such a part.
    fn trained(&self, folder: &Path) -> Result<Option<Trained>, ModelError> {
        if !self.0.parts.contains_key(TRAINING_FILE) {
            return Ok(None);
        }
        let bytes = self.part(folder, TRAINING_FILE, TRAINING_LIMIT)?;
        let trained = serde_json::from_slice(&bytes).map_err(|error| ModelError::Config {
            path: folder.join(TRAINING_FILE),
            reason: reason(error),
        });
        trained.map(Some)
    }

    /// Which tokens of a long text the network reads.
    pub(super) fn cut(&self) -> Cut {
        self.0.cut
    }

    /// The vectorizer in `folder`, and whether texts are cleaned before it.
    pub(super) fn vectorizer(&self, folder: &Path) -> Result<(TextVectorizer, bool), ModelError> {
        let path = folder.join(VECTORIZER_FILE);
        let bytes = self.part(folder, VECTORIZER_FILE, VECTORIZER_LIMIT)?;
        match TextVectorizer::from_bytes(&bytes) {
            Err(source) => Err(ModelError::Vectorizer { path, source }),
            Ok(vectorizer) if vectorizer.params().max_tokens() != self.0.max_tokens => {
                Err(ModelError::Disagree {
                    path,
                    reason: "its max_tokens is not that of config.json".to_owned(),
                })
            }
            Ok(vectorizer) => Ok((vectorizer, self.0.cleaned)),
        }
    }

    /// The bytes of a part, under either of its names, with the checksum that it must have.
    fn part(&self, folder: &Path, name: &str, limit: u64) -> Result<Vec<u8>, ModelError> {
        let path = folder.join(name);
        let expected = self.0.parts.get(name).ok_or_else(|| ModelError::Config {
            path: folder.join(super::CONFIG_FILE),
            reason: format!("it does not list the part {name}"),
        })?;
        let fits = |bytes: &Vec<u8>| sha256(bytes) == *expected;
        let found = read_at_most(&path, limit);
        if let Ok(bytes) = &found
            && fits(bytes)
        {
            return Ok(found?);
        }
        let waiting = read_at_most(&folder.join(pending(name)), limit).ok();
        if let Some(bytes) = waiting.filter(fits) {
            return Ok(bytes);
        }
        match found {
            Ok(_) | Err(FileError::TooLarge { .. }) => Err(ModelError::Part { path }),
            Err(error) => Err(error.into()),
        }
    }
}

fn cannot_save(error: serde_json::Error) -> ModelError {
    ModelError::CannotSave {
        reason: format!("this description ({error})"),
    }
}
