//! Models of version 0.1: no checksums, and of the vectorizer its two numbers and the vocabulary. They load for ever.

use std::path::Path;

use burn::tensor::Device;
use recurrent_files::read_at_most;
use recurrent_models::Preset;
use recurrent_models::weights::TensorFile;
use recurrent_training::Loss;
use recurrent_vectorizer::{TextVectorizer, VectorizerError, VectorizerParams, Vocabulary};
use serde::Deserialize;

use super::{
    CONFIG_FILE, HEADER_LIMIT, Model, ModelConfig, Provenance, VECTORIZER_LIMIT, VOCABULARY_FILE,
    WEIGHTS_FILE,
};
use crate::{Cut, ModelError};

/// What `config.json` held.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Legacy {
    network: Preset,
    max_tokens: usize,
    classes: Vec<String>,
    dataset: String,
    sample: bool,
    #[serde(default)]
    note: Option<String>,
}

impl Legacy {
    /// The model in `folder`, held against itself as far as its files allow.
    pub(super) fn load(self, folder: &Path, device: &Device) -> Result<Model, ModelError> {
        let config_path = folder.join(CONFIG_FILE);
        let max_tokens = self.max_tokens;
        let config = ModelConfig {
            network: self.network.config().into(),
            loss: Loss::BinaryCrossEntropy,
            classes: self.classes.clone(),
            cleaned: true,
            cut: Cut::Beginning,
            provenance: Provenance {
                dataset: self.dataset.clone(),
                dataset_sha256: String::new(),
                sample: self.sample,
                note: self.note.clone(),
            },
            trained: None,
        };
        let invalid = |reason: String| ModelError::Config {
            path: config_path.clone(),
            reason,
        };
        config
            .check()
            .map_err(|reason| invalid(format!("it has {reason}")))?;
        let embeddings = self.network.embeddings;
        if max_tokens.checked_add(1) != Some(embeddings) {
            return Err(invalid(format!(
                "it has {embeddings} embeddings for {max_tokens} tokens, where one more than those belongs"
            )));
        }
        let numbers = config.network.parameters().unwrap_or(u64::MAX);
        let limit = numbers.saturating_mul(4).saturating_add(HEADER_LIMIT);
        let weights_path = folder.join(WEIGHTS_FILE);
        let weights = TensorFile::parse(&weights_path, read_at_most(&weights_path, limit)?)?;
        let (vectorizer, _) = self.vectorizer(folder)?;
        let vocabulary_path = folder.join(VOCABULARY_FILE);
        let paths = [vocabulary_path.as_path(), config_path.as_path()];
        Model::assemble(config, vectorizer, &weights, String::new(), paths, device)
    }

    /// The vectorizer in `folder`, and that texts are cleaned before it: all models of 0.1 were trained by
    /// `recurrent reproduce`, which always cleaned.
    pub(super) fn vectorizer(&self, folder: &Path) -> Result<(TextVectorizer, bool), ModelError> {
        let path = folder.join(VOCABULARY_FILE);
        let lines = read_at_most(&path, VECTORIZER_LIMIT)?;
        match vectorizer(self.max_tokens, self.network.time, &lines) {
            Ok(vectorizer) => Ok((vectorizer, true)),
            Err(source) => Err(ModelError::Vectorizer { path, source }),
        }
    }
}

fn vectorizer(
    max_tokens: usize,
    time: usize,
    lines: &[u8],
) -> Result<TextVectorizer, VectorizerError> {
    let params = VectorizerParams::new()
        .max_tokens(max_tokens)
        .output_sequence_length(time)
        .check()?;
    TextVectorizer::with_vocabulary(params, Vocabulary::from_lines(lines)?)
}
