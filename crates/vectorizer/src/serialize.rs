//! The traits of serde for parameters, vectorizers, counts and results. Field by field for what people
//! write and read; vectorizers and counts as the bytes of their own format, which alone is versioned.
//! Files and formats are the caller's business.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, SeqAccess, Visitor};
use serde::ser::{self, Serialize, Serializer};

use crate::{
    CsrMatrix, DenseMatrix, IdMatrix, Ngrams, OutputMode, RaggedIds, RaggedTokens, Split,
    Standardize, TextVectorizer, TokenCounts, ValidParams, VectorizerError, VectorizerParams,
};

impl Serialize for OutputMode {
    /// Keras' name; nothing (`null`) for [`Tokens`](Self::Tokens).
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.name().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for OutputMode {
    /// What was serialized, or one of Keras' aliases: see [`from_name`](Self::from_name).
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Some(name) = Option::<String>::deserialize(deserializer)? else {
            return Ok(Self::Tokens);
        };
        Self::from_name(&name).ok_or_else(|| de::Error::custom(unknown("output mode", &name)))
    }
}

/// N-grams for formats that do not say what follows.
#[derive(serde::Serialize, serde::Deserialize)]
#[serde(rename = "Ngrams")]
enum TaggedNgrams {
    Off,
    UpTo(usize),
    Widths(Vec<usize>),
}

impl Serialize for Ngrams {
    /// As Keras writes it: `null`, a number or a list of numbers. In binary formats, an enum.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if !serializer.is_human_readable() {
            let tagged = match self {
                Self::Off => TaggedNgrams::Off,
                Self::UpTo(widest) => TaggedNgrams::UpTo(*widest),
                Self::Widths(widths) => TaggedNgrams::Widths(widths.clone()),
            };
            return tagged.serialize(serializer);
        }
        match self {
            Self::Off => serializer.serialize_none(),
            Self::UpTo(widest) => widest.serialize(serializer),
            Self::Widths(widths) => widths.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Ngrams {
    /// What was serialized. A negative number means no token at all, as in Keras.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            return deserializer.deserialize_any(NgramsVisitor);
        }
        Ok(match TaggedNgrams::deserialize(deserializer)? {
            TaggedNgrams::Off => Self::Off,
            TaggedNgrams::UpTo(widest) => Self::UpTo(widest),
            TaggedNgrams::Widths(widths) => Self::Widths(widths),
        })
    }
}

struct NgramsVisitor;

impl<'de> Visitor<'de> for NgramsVisitor {
    type Value = Ngrams;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("null, a number or a list of numbers greater than 0")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Ngrams, E> {
        Ok(Ngrams::Off)
    }

    fn visit_none<E: de::Error>(self) -> Result<Ngrams, E> {
        Ok(Ngrams::Off)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Ngrams, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_i64<E: de::Error>(self, widest: i64) -> Result<Ngrams, E> {
        self.visit_u64(widest.try_into().unwrap_or(0))
    }

    fn visit_u64<E: de::Error>(self, widest: u64) -> Result<Ngrams, E> {
        let widest = usize::try_from(widest).map_err(E::custom)?;
        Ok(Ngrams::UpTo(widest))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Ngrams, A::Error> {
        let mut widths = Vec::new();
        while let Some(width) = list.next_element()? {
            widths.push(width);
        }
        Ok(Ngrams::Widths(widths))
    }
}

/// Parameters under the names of Keras' arguments; what is absent has Keras' default.
#[derive(serde::Serialize, serde::Deserialize)]
#[serde(rename = "VectorizerParams", default, deny_unknown_fields)]
struct Arguments {
    max_tokens: Option<usize>,
    standardize: Option<String>,
    split: Option<String>,
    ngrams: Ngrams,
    output_mode: OutputMode,
    output_sequence_length: Option<usize>,
    pad_to_max_tokens: bool,
    sparse: bool,
    ragged: bool,
}

impl Default for Arguments {
    fn default() -> Self {
        Self {
            max_tokens: None,
            standardize: Some("lower_and_strip_punctuation".to_owned()),
            split: Some("whitespace".to_owned()),
            ngrams: Ngrams::default(),
            output_mode: OutputMode::default(),
            output_sequence_length: None,
            pad_to_max_tokens: false,
            sparse: false,
            ragged: false,
        }
    }
}

impl Arguments {
    fn of(params: &ValidParams) -> Result<Self, VectorizerError> {
        Ok(Self {
            max_tokens: params.max_tokens(),
            standardize: standardize_name(params.standardize())?,
            split: split_name(params.split())?,
            ngrams: params.ngrams().clone(),
            output_mode: params.output_mode(),
            output_sequence_length: params.output_sequence_length(),
            pad_to_max_tokens: params.pad_to_max_tokens(),
            sparse: params.sparse(),
            ragged: params.ragged(),
        })
    }

    fn params(self) -> Result<VectorizerParams, VectorizerError> {
        Ok(VectorizerParams::new()
            .max_tokens(self.max_tokens)
            .standardize(standardize_named(self.standardize.as_deref())?)
            .split(split_named(self.split.as_deref())?)
            .ngrams(self.ngrams)
            .output_mode(self.output_mode)
            .output_sequence_length(self.output_sequence_length)
            .pad_to_max_tokens(self.pad_to_max_tokens)
            .sparse(self.sparse)
            .ragged(self.ragged))
    }
}

fn unknown(what: &'static str, name: &str) -> VectorizerError {
    VectorizerError::UnknownName {
        what,
        received: name.to_owned(),
    }
}

/// The refusal of a user's function.
fn function(does: &str, name: &str) -> VectorizerError {
    VectorizerError::CannotSave {
        reason: format!(
            "the function {name:?}, which {does} the texts, cannot be serialized; `to_bytes` saves its \
             name and `from_bytes_with` takes it back"
        ),
    }
}

fn standardize_name(standardize: &Standardize) -> Result<Option<String>, VectorizerError> {
    let name = match standardize {
        Standardize::None => return Ok(None),
        Standardize::Lower => "lower",
        Standardize::StripPunctuation => "strip_punctuation",
        Standardize::LowerAndStripPunctuation => "lower_and_strip_punctuation",
        Standardize::Custom(custom) => return Err(function("standardizes", custom.name())),
        #[cfg(feature = "unicode")]
        Standardize::Unicode(rules) => return Ok(Some(unicode_name(*rules))),
    };
    Ok(Some(name.to_owned()))
}

/// The standardization with this name; none for none.
pub(crate) fn standardize_named(name: Option<&str>) -> Result<Standardize, VectorizerError> {
    Ok(match name {
        None => Standardize::None,
        Some("lower") => Standardize::Lower,
        Some("strip_punctuation") => Standardize::StripPunctuation,
        Some("lower_and_strip_punctuation") => Standardize::LowerAndStripPunctuation,
        #[cfg(feature = "unicode")]
        Some(name) if unicode_named(name).is_some() => {
            Standardize::Unicode(unicode_named(name).unwrap_or_default())
        }
        Some(other) => return Err(unknown("standardization", other)),
    })
}

/// `unicode` for the default rules, else `unicode:` with the normal form and what is done besides.
#[cfg(feature = "unicode")]
fn unicode_name(rules: crate::UnicodeRules) -> String {
    if rules == crate::UnicodeRules::default() {
        return "unicode".to_owned();
    }
    let mut name = format!("unicode:{}", rules.normalization.name());
    if rules.lower {
        name += "+lower";
    }
    if rules.strip_punctuation {
        name += "+strip_punctuation";
    }
    name
}

#[cfg(feature = "unicode")]
fn unicode_named(name: &str) -> Option<crate::UnicodeRules> {
    let Some(rules) = name.strip_prefix("unicode:") else {
        return (name == "unicode").then(crate::UnicodeRules::default);
    };
    let mut words = rules.split('+');
    let mut rules = crate::UnicodeRules {
        normalization: crate::Normalization::from_name(words.next()?)?,
        lower: false,
        strip_punctuation: false,
    };
    for word in words {
        match word {
            "lower" => rules.lower = true,
            "strip_punctuation" => rules.strip_punctuation = true,
            _ => return None,
        }
    }
    Some(rules)
}

fn split_name(split: &Split) -> Result<Option<String>, VectorizerError> {
    let name = match split {
        Split::None => return Ok(None),
        Split::Whitespace => "whitespace",
        Split::Character => "character",
        Split::Custom(custom) => return Err(function("splits", custom.name())),
        #[cfg(feature = "unicode")]
        Split::UnicodeWhitespace => "unicode_whitespace",
        #[cfg(feature = "unicode")]
        Split::UnicodeWords => "unicode_words",
    };
    Ok(Some(name.to_owned()))
}

/// The split with this name; none for none.
pub(crate) fn split_named(name: Option<&str>) -> Result<Split, VectorizerError> {
    Ok(match name {
        None => Split::None,
        Some("whitespace") => Split::Whitespace,
        Some("character") => Split::Character,
        #[cfg(feature = "unicode")]
        Some("unicode_whitespace") => Split::UnicodeWhitespace,
        #[cfg(feature = "unicode")]
        Some("unicode_words") => Split::UnicodeWords,
        Some(other) => return Err(unknown("split", other)),
    })
}

impl Serialize for ValidParams {
    /// All parameters under the names of Keras' arguments, so that the JSON is what
    /// `TextVectorization(**arguments)` takes. Rules of Unicode, which Keras does not have, are
    /// `"unicode"`, or as in `"unicode:nfc+lower+strip_punctuation"`.
    ///
    /// In a format that leaves `null` out (TOML), "no standardization" and the like come back as Keras'
    /// defaults. Functions of the user are refused.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let arguments = Arguments::of(self).map_err(ser::Error::custom)?;
        arguments.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for ValidParams {
    /// As [`VectorizerParams`], and [checked](VectorizerParams::check).
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let params = VectorizerParams::deserialize(deserializer)?;
        params.check().map_err(de::Error::custom)
    }
}

impl Serialize for VectorizerParams {
    /// As [`ValidParams`], checked or not.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.unchecked().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for VectorizerParams {
    /// Keras' arguments by name: absent ones have Keras' default, unknown ones are refused. What they
    /// say together is left to [`check`](VectorizerParams::check).
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let arguments = Arguments::deserialize(deserializer)?;
        arguments.params().map_err(de::Error::custom)
    }
}

/// Reads bytes, or a list of numbers where a format has no bytes.
struct Bytes;

impl<'de> Visitor<'de> for Bytes {
    type Value = Vec<u8>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the bytes that `to_bytes` wrote")
    }

    fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
        Ok(bytes.to_vec())
    }

    fn visit_byte_buf<E: de::Error>(self, bytes: Vec<u8>) -> Result<Vec<u8>, E> {
        Ok(bytes)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<u8>, A::Error> {
        let mut bytes = Vec::new();
        while let Some(byte) = list.next_element()? {
            bytes.push(byte);
        }
        Ok(bytes)
    }
}

macro_rules! as_saved_bytes {
    ($kind:ty) => {
        impl Serialize for $kind {
            /// The bytes of [`to_bytes`](Self::to_bytes), or a list of numbers where a format has no
            /// bytes (JSON).
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let bytes = self.to_bytes().map_err(ser::Error::custom)?;
                serializer.serialize_bytes(&bytes)
            }
        }

        impl<'de> Deserialize<'de> for $kind {
            /// Through [`from_bytes`](Self::from_bytes), with all its checks. What was saved with
            /// functions of the user needs them: take the bytes and `from_bytes_with` instead.
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let bytes = deserializer.deserialize_byte_buf(Bytes)?;
                Self::from_bytes(&bytes).map_err(de::Error::custom)
            }
        }
    };
}

as_saved_bytes!(TextVectorizer);
as_saved_bytes!(TokenCounts);

macro_rules! checked_parts {
    ($kind:ident { $($field:ident: $type:ty),* }) => {
        impl<'de> Deserialize<'de> for $kind {
            /// What was serialized; parts that do not fit together are refused.
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                // Formats that name what they hold find the same name as when it was written.
                #[derive(serde::Deserialize)]
                #[serde(deny_unknown_fields)]
                struct $kind {
                    $($field: $type),*
                }
                let $kind { $($field),* } = $kind::deserialize(deserializer)?;
                Self::from_parts($($field),*).map_err(de::Error::custom)
            }
        }
    };
}

checked_parts!(IdMatrix { rows: usize, width: usize, ids: Vec<i32> });
checked_parts!(DenseMatrix { rows: usize, columns: usize, values: Vec<f32> });
checked_parts!(CsrMatrix {
    columns: usize,
    offsets: Vec<usize>,
    indices: Vec<u32>,
    values: Vec<f32>
});
checked_parts!(RaggedIds { ids: Vec<i32>, ends: Vec<usize> });
checked_parts!(RaggedTokens { bytes: Vec<u8>, token_ends: Vec<usize>, ends: Vec<usize> });
