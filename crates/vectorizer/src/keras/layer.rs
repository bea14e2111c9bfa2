//! A layer that is adapted, given vocabularies and called in any order, as Keras' object is. Where a call
//! fails nothing has changed.

use serde_json::Value;

use super::Config;
use crate::text::Analyzer;
use crate::{
    Functions, Output, OutputMode, TextVectorizer, TokenCounts, UNKNOWN_TOKEN, ValidParams,
    VectorizerError, Vocabulary,
};

/// Keras' `TextVectorization` as an object with a state. For new code [`ValidParams::fit`] is the better
/// way: there a vectorizer without a vocabulary does not exist.
#[derive(Debug, Clone)]
pub struct Layer {
    params: ValidParams,
    encoding: String,
    vectorizer: Option<TextVectorizer>,
    /// Whether the vocabulary came with the constructor: such a layer cannot be adapted.
    given: bool,
}

impl Layer {
    /// The layer of a configuration in JSON, as Keras' `get_config()` gives it or as part of a serialized
    /// layer. Where its `vocabulary` is a path, the file's content is `file`; a file that comes with a
    /// configuration without vocabulary is taken as the list that Keras saves beside it, one term a line,
    /// special tokens included.
    ///
    /// # Errors
    /// Those of [`Config::from_json`], [`Config::params`] and [`set_vocabulary`](Self::set_vocabulary);
    /// [`VectorizerError::MissingVocabularyFile`] if there is a path and no content, and
    /// [`VectorizerError::VocabularyFileForTfIdf`].
    pub fn from_config(
        json: &str,
        file: Option<&[u8]>,
        functions: &Functions,
    ) -> Result<Self, VectorizerError> {
        let config = Config::from_json(json)?;
        let params = config.params(functions)?;
        let mode = params.output_mode();
        let mut layer = Self {
            params,
            encoding: config.encoding,
            vectorizer: None,
            given: config.vocabulary.is_some(),
        };
        let weights: Option<Vec<f64>> = config.idf_weights.map(|weights| {
            // JSON has no NaN: Python writes one that only Python reads, others write null.
            let number = |weight: Option<f64>| weight.unwrap_or(f64::NAN);
            weights.into_iter().map(number).collect()
        });
        match (config.vocabulary, file) {
            (Some(Value::Array(terms)), _) => {
                let terms = strings(&terms)?;
                layer.set_vocabulary(terms, weights.as_deref())?;
            }
            (Some(Value::String(path)), file) => {
                if mode == OutputMode::TfIdf {
                    return Err(VectorizerError::VocabularyFileForTfIdf { path });
                }
                let file = file.ok_or(VectorizerError::MissingVocabularyFile { path })?;
                let vocabulary = Vocabulary::from_keras_file(mode, file)?;
                let params = layer.params.clone();
                layer.vectorizer = Some(TextVectorizer::with_any_size(params, vocabulary)?);
            }
            (Some(other), _) => {
                return Err(VectorizerError::BadArgument {
                    name: "vocabulary",
                    allowed: "null, a list of strings or the path of a file",
                    received: other.to_string(),
                });
            }
            (None, Some(file)) => {
                let lines = file.strip_suffix(b"\n").unwrap_or(file);
                let terms = lines.split(|&byte| byte == b'\n');
                layer.set_vocabulary(terms, weights.as_deref())?;
            }
            // Weights without terms: Keras ignores them.
            (None, None) => {}
        }
        Ok(layer)
    }

    /// The layer that has this vectorizer.
    #[must_use]
    pub fn of(vectorizer: TextVectorizer) -> Self {
        Self {
            params: vectorizer.params().clone(),
            encoding: "utf-8".to_owned(),
            vectorizer: Some(vectorizer),
            given: false,
        }
    }

    /// Learns the vocabulary of texts, each a document of its own, in place of the present one.
    ///
    /// # Errors
    /// [`VectorizerError::VocabularyIsGiven`] if it came with the constructor,
    /// [`VectorizerError::FrozenSize`] if the output has columns whose number would change, and those of
    /// [`ValidParams::fit`].
    pub fn adapt(
        &mut self,
        texts: impl IntoIterator<Item = impl AsRef<[u8]>>,
    ) -> Result<(), VectorizerError> {
        let mut counts = TokenCounts::new(&self.params);
        counts.add(texts);
        self.adapt_counts(&counts)
    }

    /// As [`adapt`](Self::adapt), with texts that were counted before.
    ///
    /// # Errors
    /// Those of [`adapt`](Self::adapt) and [`TokenCounts::finish`].
    pub fn adapt_counts(&mut self, counts: &TokenCounts) -> Result<(), VectorizerError> {
        if self.given {
            return Err(VectorizerError::VocabularyIsGiven);
        }
        let vectorizer = counts.finish(&self.params)?;
        self.replace(vectorizer)
    }

    /// Sets the vocabulary, and for tf-idf the weight of each term: see
    /// [`TextVectorizer::from_vocabulary`] and
    /// [`from_vocabulary_and_idf`](TextVectorizer::from_vocabulary_and_idf).
    ///
    /// # Errors
    /// Theirs, and [`VectorizerError::FrozenSize`] if the output has columns whose number would change.
    pub fn set_vocabulary(
        &mut self,
        terms: impl IntoIterator<Item = impl AsRef<[u8]>>,
        idf_weights: Option<&[f64]>,
    ) -> Result<(), VectorizerError> {
        let params = self.params.clone();
        let vectorizer = match idf_weights {
            Some(weights) => TextVectorizer::from_vocabulary_and_idf(params, terms, weights)?,
            None => TextVectorizer::from_vocabulary(params, terms)?,
        };
        self.replace(vectorizer)
    }

    fn replace(&mut self, vectorizer: TextVectorizer) -> Result<(), VectorizerError> {
        let free = !self.params.output_mode().has_columns() || self.params.pad_to_max_tokens();
        if let Some(present) = self.vectorizer.as_ref().filter(|_| !free) {
            let (frozen, received) = (present.vocabulary().size(), vectorizer.vocabulary().size());
            if frozen != received {
                return Err(VectorizerError::FrozenSize { frozen, received });
            }
        }
        self.vectorizer = Some(vectorizer);
        Ok(())
    }

    /// What texts become.
    ///
    /// # Errors
    /// [`VectorizerError::NoVocabulary`] if there is none yet and the output needs one.
    pub fn call<T: AsRef<[u8]> + Sync>(&self, texts: &[T]) -> Result<Output, VectorizerError> {
        match self.vectorizer() {
            Ok(vectorizer) => Ok(vectorizer.transform(texts)),
            Err(error) => {
                let documents: Vec<_> = texts.iter().map(|text| vec![text.as_ref()]).collect();
                self.call_without_vocabulary(&documents).ok_or(error)
            }
        }
    }

    /// What documents in parts become where no vocabulary is needed: their tokens.
    pub(super) fn call_without_vocabulary(&self, documents: &[Vec<&[u8]>]) -> Option<Output> {
        if self.params.output_mode() != OutputMode::Tokens {
            return None;
        }
        let analyzer = Analyzer::new(&self.params);
        let documents = documents.iter().map(|parts| parts.iter().copied());
        Some(Output::Tokens(analyzer.rows(documents)))
    }

    /// The parameters.
    #[must_use]
    pub fn params(&self) -> &ValidParams {
        &self.params
    }

    /// What has the vocabulary.
    ///
    /// # Errors
    /// [`VectorizerError::NoVocabulary`] if there is none yet.
    pub fn vectorizer(&self) -> Result<&TextVectorizer, VectorizerError> {
        self.vectorizer
            .as_ref()
            .ok_or(VectorizerError::NoVocabulary)
    }

    /// What has the vocabulary, without the layer.
    ///
    /// # Errors
    /// [`VectorizerError::NoVocabulary`] if there is none yet.
    pub fn into_vectorizer(self) -> Result<TextVectorizer, VectorizerError> {
        self.vectorizer.ok_or(VectorizerError::NoVocabulary)
    }

    /// The number of indices; that of the special tokens if there is no vocabulary.
    #[must_use]
    pub fn vocabulary_size(&self) -> usize {
        let specials = crate::vocabulary::specials(self.params.output_mode()).len();
        let size = |vectorizer: &TextVectorizer| vectorizer.vocabulary().size();
        self.vectorizer.as_ref().map_or(specials, size)
    }

    /// The terms by index, decoded with the layer's `encoding` (`utf-8`, `ascii` or `latin-1`).
    ///
    /// Keras drops NULs at a term's end in this list, and only in it; here they are kept.
    ///
    /// # Errors
    /// [`VectorizerError::NotInEncoding`] if a term cannot be decoded, or the encoding is not known.
    pub fn get_vocabulary(&self, specials: bool) -> Result<Vec<String>, VectorizerError> {
        let first = crate::vocabulary::specials(self.params.output_mode());
        let mut tokens: Vec<&[u8]> = first.to_vec();
        if let Some(vectorizer) = &self.vectorizer {
            tokens.extend(vectorizer.vocabulary().terms());
        }
        let skipped = if specials { 0 } else { first.len() };
        let decoded = tokens.into_iter().enumerate().skip(skipped);
        let decode = |(index, token)| decode(&self.encoding, index, token);
        decoded.map(decode).collect()
    }

    /// The configuration, vocabulary and weights included, as JSON that Keras' `from_config` takes.
    ///
    /// Of its traps, one cannot be avoided: tf_keras does not take back a list of n-gram widths, for
    /// which JSON has no tuple (Keras 3 does). And a function of the user is only named.
    ///
    /// # Errors
    /// [`VectorizerError::NotInKeras`] for rules of Unicode, and [`VectorizerError::NotInEncoding`] for
    /// a term that is not UTF-8, which JSON cannot hold.
    pub fn get_config(&self) -> Result<String, VectorizerError> {
        let mut config = Config::of(&self.params)?;
        config.encoding.clone_from(&self.encoding);
        if let Some(vectorizer) = &self.vectorizer {
            let vocabulary = vectorizer.vocabulary();
            let mut terms = Vec::with_capacity(vocabulary.size());
            if let Some(weights) = vectorizer.idf_weights() {
                terms.push(Value::from(String::from_utf8_lossy(UNKNOWN_TOKEN)));
                let weights = weights.iter().take(vocabulary.size());
                let number = |&weight: &f32| Some(f64::from(weight));
                config.idf_weights = Some(weights.map(number).collect());
            }
            for (index, term) in vocabulary.tokens().enumerate().skip(vocabulary.specials()) {
                terms.push(decode("utf-8", index, term)?.into());
            }
            config.vocabulary = Some(terms.into());
        }
        config.to_json()
    }
}

/// The elements of a JSON list of strings.
pub(super) fn strings(values: &[Value]) -> Result<Vec<&str>, VectorizerError> {
    let string = |value: &Value| VectorizerError::BadArgument {
        name: "vocabulary",
        allowed: "strings in the list",
        received: value.to_string(),
    };
    let each = values.iter();
    each.map(|value| value.as_str().ok_or_else(|| string(value)))
        .collect()
}

/// A token as text.
fn decode(encoding: &str, index: usize, token: &[u8]) -> Result<String, VectorizerError> {
    let text = match encoding
        .to_ascii_lowercase()
        .replace(['_', ' '], "-")
        .as_str()
    {
        "utf-8" | "utf8" => std::str::from_utf8(token).ok().map(str::to_owned),
        "ascii" | "us-ascii" => token.is_ascii().then(|| each_byte(token)),
        "latin-1" | "latin1" | "iso-8859-1" | "l1" => Some(each_byte(token)),
        _ => None,
    };
    text.ok_or_else(|| VectorizerError::NotInEncoding {
        index,
        token: String::from_utf8_lossy(token).into_owned(),
        encoding: encoding.to_owned(),
    })
}

/// Each byte as the character with its number: Latin-1.
fn each_byte(token: &[u8]) -> String {
    token.iter().map(|&byte| char::from(byte)).collect()
}
