//! The vectorizer that is applied: of a folder that `fit` wrote, or of a trained network.

use std::path::Path;

use recurrent::{Cut, Model, VECTORIZER_FILE, WEIGHTS_FILE};
use recurrent_files::{FileError, read_at_most};
use recurrent_vectorizer::keras::Layer;
use recurrent_vectorizer::{OutputMode, TextVectorizer, VectorizerParams};
use serde_json::Value;

use super::error::VectorizeError;
use super::fit::{CONFIG, VOCABULARY};
use crate::error::CliError;

/// The most bytes of a vectorizer, and of what says the same in other words.
const LIMIT: u64 = 1 << 30;

/// A vectorizer, and what is done before it.
pub(super) struct Loaded {
    pub(super) vectorizer: TextVectorizer,
    /// Whether `<br />` becomes a space first.
    pub(super) clean: bool,
}

/// The files of a folder that a vectorizer may come from: they are not to be overwritten.
pub(super) fn files(folder: &Path) -> impl Iterator<Item = std::path::PathBuf> {
    let names = [
        VECTORIZER_FILE,
        WEIGHTS_FILE,
        CONFIG,
        VOCABULARY,
        "vocabulary",
    ];
    names.map(|name| folder.join(name)).into_iter()
}

/// Whether a folder has a trained network, or the description of one.
pub(super) fn has_network(folder: &Path) -> bool {
    if folder.join(WEIGHTS_FILE).exists() {
        return true;
    }
    let config = read_at_most(&folder.join(CONFIG), LIMIT).ok();
    let config = config.and_then(|json| serde_json::from_slice::<Value>(&json).ok());
    config.is_some_and(|config| config.get("network").is_some())
}

/// The vectorizer of a folder. Ids without a fixed length come in rows of their own length, not padded
/// to whatever is longest in a batch.
pub(super) fn load(folder: &Path) -> Result<Loaded, CliError> {
    let path = folder.join(VECTORIZER_FILE);
    // Of a run's folder, that of the models in it says which there are.
    if has_network(folder) || folder.join("run.json").exists() {
        let (vectorizer, clean, cut) = Model::load_vectorizer(folder)?;
        if cut == Cut::Ends {
            crate::say(
                "note: the network reads both ends of longer texts; these are the ids of their beginning",
            );
        }
        return Ok(Loaded { vectorizer, clean });
    }
    let bytes = match read_at_most(&path, LIMIT) {
        Ok(bytes) => bytes,
        Err(error) if error.is_not_found() => {
            let path = folder.to_owned();
            return Err(VectorizeError::NoModel { path }.into());
        }
        Err(error) => return Err(error.into()),
    };
    let vectorizer =
        TextVectorizer::from_bytes(&bytes).map_err(VectorizeError::vectorizer(&path))?;
    for name in others(folder, &vectorizer)? {
        crate::say(&format!(
            "warning: {} is of another vectorizer than {}, which is the one applied: run `fit` again before you give \
             it to Keras",
            folder.join(name).display(),
            path.display()
        ));
    }
    let params = vectorizer.params();
    let vectorizer =
        if params.output_mode() == OutputMode::Int && params.output_sequence_length().is_none() {
            // `max_tokens` has no effect on ids, and need not hold for a vocabulary that was a file.
            let ragged = VectorizerParams::from(params.clone()).ragged(true);
            let ragged = ragged.max_tokens(None).check()?;
            TextVectorizer::with_vocabulary(ragged, vectorizer.vocabulary().clone())?
        } else {
            vectorizer
        };
    Ok(Loaded {
        vectorizer,
        clean: false,
    })
}

/// The files for Keras that do not say what the vectorizer is: those of an interrupted `fit`, or changed since.
fn others(folder: &Path, vectorizer: &TextVectorizer) -> Result<Vec<&'static str>, CliError> {
    let read = |name: &str| match read_at_most(&folder.join(name), LIMIT) {
        Err(error @ FileError::Io { .. }) if error.is_not_found() => Ok(None),
        result => result.map(Some),
    };
    let mut others = Vec::new();
    if let Some(found) = read(CONFIG)? {
        let ours = Layer::of(vectorizer.clone()).get_config().ok();
        let ours: Option<Value> = ours.and_then(|json| serde_json::from_str(&json).ok());
        let found: Option<Value> = serde_json::from_slice(&found).ok();
        // Another version may write more or less than this one.
        let same = match (ours, found) {
            (Some(Value::Object(ours)), Some(Value::Object(found))) => ours
                .iter()
                .all(|(key, value)| found.get(key).is_none_or(|found| found == value)),
            _ => false,
        };
        if !same {
            others.push(CONFIG);
        }
    }
    if let Some(found) = read(VOCABULARY)?
        && vectorizer.vocabulary().to_keras_file().ok() != Some(found)
    {
        others.push(VOCABULARY);
    }
    Ok(others)
}
