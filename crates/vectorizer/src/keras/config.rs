//! Keras' configuration as JSON, with Keras' own names and defaults; unknown names are refused.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::serialize::{split_named, standardize_named};
use crate::{
    Functions, Ngrams, OutputMode, Split, Standardize, ValidParams, VectorizerError,
    VectorizerParams,
};

/// Before the name of a function of the user, where Keras has a callable.
const CALLABLE: &str = "callable:";

/// The arguments of Keras' `TextVectorization`, as `get_config()` writes them.
///
/// An absent argument has Keras' default; `null` is Python's `None`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Of no effect here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Of no effect here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trainable: Option<bool>,
    /// `"string"`, or the policy that Keras 3 writes, which has no effect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dtype: Option<Value>,
    /// Of no effect here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch_input_shape: Option<Value>,
    /// The largest vocabulary, special tokens included.
    #[serde(default)]
    pub max_tokens: Option<Value>,
    /// A name, `"callable:NAME"` or Keras 3's object for a function of the user, or `null`.
    #[serde(default = "default_standardize")]
    pub standardize: Option<Value>,
    /// A name, `"callable:NAME"` or Keras 3's object for a function of the user, or `null`.
    #[serde(default = "default_split")]
    pub split: Option<Value>,
    /// `null`, a widest width, or a list of widths.
    #[serde(default)]
    pub ngrams: Option<Value>,
    /// A name, or `null`.
    #[serde(default = "default_output_mode")]
    pub output_mode: Option<Value>,
    /// The number of ids in each row.
    #[serde(default)]
    pub output_sequence_length: Option<Value>,
    /// Whether columns are wide enough for `max_tokens`.
    #[serde(default)]
    pub pad_to_max_tokens: bool,
    /// Whether zeros are left out.
    #[serde(default)]
    pub sparse: bool,
    /// Whether rows keep their own length.
    #[serde(default)]
    pub ragged: bool,
    /// A list of terms, or the path of a file.
    #[serde(default)]
    pub vocabulary: Option<Value>,
    /// A weight for each of them.
    #[serde(default)]
    pub idf_weights: Option<Vec<Option<f64>>>,
    /// In which encoding `get_vocabulary` shows terms; it affects nothing else.
    #[serde(default = "default_encoding")]
    pub encoding: String,
    /// The size that a vocabulary must have, written by Keras from a layer that had one. Keras then
    /// refuses any other; here it has no effect, because a loaded layer can be adapted anew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vocabulary_size: Option<usize>,
}

fn default_standardize() -> Option<Value> {
    Some("lower_and_strip_punctuation".into())
}

fn default_split() -> Option<Value> {
    Some("whitespace".into())
}

fn default_output_mode() -> Option<Value> {
    Some("int".into())
}

fn default_encoding() -> String {
    "utf-8".to_owned()
}

fn refuse(name: &'static str, allowed: &'static str, received: &Value) -> VectorizerError {
    VectorizerError::BadArgument {
        name,
        allowed,
        received: received.to_string(),
    }
}

/// A count, or nothing.
fn count(
    name: &'static str,
    allowed: &'static str,
    value: &Option<Value>,
) -> Result<Option<usize>, VectorizerError> {
    let Some(value) = value else { return Ok(None) };
    let count = value.as_u64().and_then(|count| count.try_into().ok());
    count.map(Some).ok_or_else(|| refuse(name, allowed, value))
}

impl Config {
    /// Reads a configuration: the arguments alone, or a serialized layer that has them as its `config`.
    ///
    /// # Errors
    /// [`VectorizerError::BadConfig`] if this is not JSON of that shape or has an unknown name.
    pub fn from_json(json: &str) -> Result<Self, VectorizerError> {
        let bad = |error: serde_json::Error| VectorizerError::BadConfig {
            reason: error.to_string(),
        };
        let mut value: Value = serde_json::from_str(json).map_err(bad)?;
        if let (Some("TextVectorization"), Some(config)) = (
            value.get("class_name").and_then(Value::as_str),
            value.get("config"),
        ) {
            value = config.clone();
        }
        if !value.is_object() {
            let reason = "it is not an object".to_owned();
            return Err(VectorizerError::BadConfig { reason });
        }
        serde_json::from_value(value).map_err(bad)
    }

    /// As one line of JSON.
    ///
    /// # Errors
    /// [`VectorizerError::CannotSave`], which is not known to happen.
    pub fn to_json(&self) -> Result<String, VectorizerError> {
        serde_json::to_string(self).map_err(|error| VectorizerError::CannotSave {
            reason: error.to_string(),
        })
    }

    /// The parameters that it asks for, in Keras' order of checks. Functions of the user are found by
    /// the name behind `callable:`, or the one in the object by which Keras 3 serializes a function.
    ///
    /// # Errors
    /// [`VectorizerError::BadArgument`], [`VectorizerError::MissingFunction`], and those of
    /// [`VectorizerParams::check`].
    pub fn params(&self, functions: &Functions) -> Result<ValidParams, VectorizerError> {
        if let Some(dtype @ Value::String(name)) = &self.dtype
            && name != "string"
        {
            return Err(refuse("dtype", "\"string\"", dtype));
        }
        let params = VectorizerParams::new()
            .standardize(self.standardize(functions)?)
            .split(self.split(functions)?)
            .output_mode(self.output_mode()?)
            .ngrams(self.ngrams()?)
            .output_sequence_length(count(
                "output_sequence_length",
                "null or a number that is not negative",
                &self.output_sequence_length,
            )?)
            .max_tokens(count(
                "max_tokens",
                "null or a number greater than 1",
                &self.max_tokens,
            )?)
            .pad_to_max_tokens(self.pad_to_max_tokens)
            .sparse(self.sparse)
            .ragged(self.ragged)
            .check()?;
        let mode = params.output_mode();
        if self.idf_weights.is_some() && mode != OutputMode::TfIdf {
            return Err(VectorizerError::UnexpectedIdf { mode });
        }
        Ok(params)
    }

    fn standardize(&self, functions: &Functions) -> Result<Standardize, VectorizerError> {
        let Some(value) = &self.standardize else {
            return Ok(Standardize::None);
        };
        let name = value.as_str();
        if let Some(name) = function(value) {
            let found = functions.find_standardize(name);
            return found
                .map(Standardize::Custom)
                .ok_or_else(|| missing("standardizes", name));
        }
        let allowed = "null, \"lower\", \"strip_punctuation\", \"lower_and_strip_punctuation\", \
                       \"callable:NAME\" or, with the feature `unicode`, \"unicode\"";
        name.and_then(|name| standardize_named(Some(name)).ok())
            .ok_or_else(|| refuse("standardize", allowed, value))
    }

    fn split(&self, functions: &Functions) -> Result<Split, VectorizerError> {
        let Some(value) = &self.split else {
            return Ok(Split::None);
        };
        let name = value.as_str();
        if let Some(name) = function(value) {
            let found = functions.find_split(name);
            return found
                .map(Split::Custom)
                .ok_or_else(|| missing("splits", name));
        }
        let allowed = "null, \"whitespace\", \"character\", \"callable:NAME\" or, with the feature \
                       `unicode`, \"unicode_whitespace\" and \"unicode_words\"";
        name.and_then(|name| split_named(Some(name)).ok())
            .ok_or_else(|| refuse("split", allowed, value))
    }

    fn output_mode(&self) -> Result<OutputMode, VectorizerError> {
        let Some(value) = &self.output_mode else {
            return Ok(OutputMode::Tokens);
        };
        let allowed = "null, \"int\", \"multi_hot\", \"count\" or \"tf_idf\"";
        let mode = value.as_str().and_then(OutputMode::from_name);
        mode.ok_or_else(|| refuse("output_mode", allowed, value))
    }

    fn ngrams(&self) -> Result<Ngrams, VectorizerError> {
        let Some(value) = &self.ngrams else {
            return Ok(Ngrams::Off);
        };
        let allowed = "null, a number or a list of numbers greater than 0";
        let width = |value: &Value| value.as_u64()?.try_into().ok();
        let ngrams = match value {
            // Keras takes a negative width for none at all, like 0.
            Value::Number(number) if number.as_i64().is_some_and(|n| n < 0) => {
                Some(Ngrams::UpTo(0))
            }
            Value::Array(widths) => {
                let widths: Option<_> = widths.iter().map(width).collect();
                widths.map(Ngrams::Widths)
            }
            other => width(other).map(Ngrams::UpTo),
        };
        ngrams.ok_or_else(|| refuse("ngrams", allowed, value))
    }

    /// The configuration of these parameters.
    ///
    /// # Errors
    /// [`VectorizerError::NotInKeras`] for rules of Unicode, which Keras does not have.
    pub(crate) fn of(params: &ValidParams) -> Result<Self, VectorizerError> {
        let standardize = match params.standardize() {
            Standardize::None => None,
            Standardize::Lower => Some("lower".to_owned()),
            Standardize::StripPunctuation => Some("strip_punctuation".to_owned()),
            Standardize::LowerAndStripPunctuation => Some("lower_and_strip_punctuation".to_owned()),
            Standardize::Custom(custom) => Some(format!("{CALLABLE}{}", custom.name())),
            #[cfg(feature = "unicode")]
            Standardize::Unicode(_) => {
                let what = "standardize by the rules of Unicode";
                return Err(VectorizerError::NotInKeras { what });
            }
        };
        let split = match params.split() {
            Split::None => None,
            Split::Whitespace => Some("whitespace".to_owned()),
            Split::Character => Some("character".to_owned()),
            Split::Custom(custom) => Some(format!("{CALLABLE}{}", custom.name())),
            #[cfg(feature = "unicode")]
            Split::UnicodeWhitespace | Split::UnicodeWords => {
                let what = "split by the rules of Unicode";
                return Err(VectorizerError::NotInKeras { what });
            }
        };
        Ok(Self {
            name: None,
            trainable: None,
            dtype: Some("string".into()),
            batch_input_shape: None,
            max_tokens: params.max_tokens().map(Value::from),
            standardize: standardize.map(Value::from),
            split: split.map(Value::from),
            ngrams: match params.ngrams() {
                Ngrams::Off => None,
                Ngrams::UpTo(widest) => Some((*widest).into()),
                Ngrams::Widths(widths) => Some(widths.clone().into()),
            },
            output_mode: params.output_mode().name().map(Value::from),
            output_sequence_length: params.output_sequence_length().map(Value::from),
            pad_to_max_tokens: params.pad_to_max_tokens(),
            sparse: params.sparse(),
            ragged: params.ragged(),
            vocabulary: None,
            idf_weights: None,
            encoding: default_encoding(),
            vocabulary_size: None,
        })
    }
}

/// The name of a function of the user: behind `callable:`, or in the object by which Keras 3 serializes one.
fn function(value: &Value) -> Option<&str> {
    match value {
        Value::String(name) => name.strip_prefix(CALLABLE),
        Value::Object(object) => match object.get("config")? {
            Value::String(name) => Some(name),
            // A registered function, or an object that is called.
            _ => {
                let name = object.get("registered_name").and_then(Value::as_str);
                name.or_else(|| object.get("class_name")?.as_str())
            }
        },
        _ => None,
    }
}

fn missing(does: &'static str, name: &str) -> VectorizerError {
    VectorizerError::MissingFunction {
        does,
        name: name.to_owned(),
    }
}
