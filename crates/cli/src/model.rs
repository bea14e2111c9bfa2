//! A trained network as a directory that loads again on its own: `config.json`, `vocabulary`,
//! `weights.safetensors`.

use std::collections::HashMap;
use std::io::Write;
use std::path::Path;

use burn::tensor::Device;
use recurrent_models::{Network, NetworkConfig, weights};
use recurrent_training::write_json;
use recurrent_vectorizer::{FixedWidth, TextVectorizer, Vectorize, VectorizerParams, Vocabulary};
use serde::{Deserialize, Serialize};

use crate::error::CliError;

/// What `config.json` holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ModelConfig {
    /// The network's shapes.
    pub(crate) network: NetworkConfig,
    /// The vectorizer's `max_tokens`.
    pub(crate) max_tokens: usize,
    /// Names of the classes; the logit speaks for the second.
    pub(crate) classes: Vec<String>,
    /// The data set's name.
    pub(crate) dataset: String,
    /// Whether that was the bundled sample, not the real reviews.
    pub(crate) sample: bool,
    /// What to keep in mind about the data set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) note: Option<String>,
}

/// A network with its vectorizer.
pub(crate) struct Model {
    pub(crate) config: ModelConfig,
    pub(crate) network: Network,
    pub(crate) vectorizer: FixedWidth,
}

/// Writes a model into `folder`, each file through a temporary one.
pub(crate) fn save(
    folder: &Path,
    config: &ModelConfig,
    network: &Network,
    vectorizer: &TextVectorizer,
) -> Result<(), CliError> {
    std::fs::create_dir_all(folder).map_err(CliError::io(folder))?;
    let network_name = config.network.network.name();
    let mut notes = HashMap::from([("network".to_owned(), network_name)]);
    if let Some(note) = &config.note {
        notes.insert("note".to_owned(), note.clone());
    }
    weights::write(
        &folder.join("weights.safetensors"),
        &weights::collect(network),
        notes,
    )?;
    let path = folder.join("vocabulary");
    let mut file = recurrent_files::replace(&path).map_err(CliError::io(&path))?;
    file.write_all(&vectorizer.vocabulary().to_lines()?)
        .map_err(CliError::io(&path))?;
    file.commit().map_err(CliError::io(&path))?;
    Ok(write_json(&folder.join("config.json"), config)?)
}

/// Loads the model that [`save`] wrote.
pub(crate) fn load(folder: &Path, device: &Device) -> Result<Model, CliError> {
    let path = folder.join("config.json");
    let text = std::fs::read_to_string(&path).map_err(CliError::io(&path))?;
    let config: ModelConfig = serde_json::from_str(&text).map_err(|error| CliError::Config {
        path: path.clone(),
        reason: error.to_string(),
    })?;
    if config.classes.len() != 2 {
        return Err(CliError::Config {
            path,
            reason: format!("it names {} classes instead of two", config.classes.len()),
        });
    }
    let path = folder.join("vocabulary");
    let lines = std::fs::read(&path).map_err(CliError::io(&path))?;
    let params = VectorizerParams::new()
        .max_tokens(config.max_tokens)
        .output_sequence_length(config.network.time)
        .check()?;
    let vectorizer = TextVectorizer::with_vocabulary(params, Vocabulary::from_lines(&lines)?)?
        .into_fixed_width()?;
    let (tokens, rows) = (vectorizer.vocabulary_size(), config.network.embeddings);
    if tokens > rows {
        return Err(CliError::Config {
            path: folder.join("config.json"),
            reason: format!("its vocabulary has {tokens} tokens, its network {rows} embeddings"),
        });
    }
    let file = weights::TensorFile::read(&folder.join("weights.safetensors"))?;
    let network = weights::load(config.network.init(0, device), &file, "")?;
    Ok(Model {
        config,
        network,
        vectorizer,
    })
}
