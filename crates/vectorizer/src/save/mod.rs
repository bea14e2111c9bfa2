//! What a saved file looks like: a sealed CBOR envelope, and the parameters inside. Files themselves are
//! the caller's business: bytes come in, bytes go out.
//!
//! An envelope is a CBOR array (RFC 8949) of four items: the kind of its content as text, the version
//! of the format, the CRC-32 of the content, and the content as a byte string, itself CBOR. Tokens are
//! byte strings, so that any bytes survive.

use std::convert::Infallible;

use minicbor::data::Type;
use minicbor::{Decoder, Encoder};

use crate::{
    Functions, Ngrams, OutputMode, Split, Standardize, ValidParams, VectorizerError,
    VectorizerParams,
};

/// The version that is written. Older ones are read.
const VERSION: u32 = 1;

pub(crate) type Out = Encoder<Vec<u8>>;
pub(crate) type Written = Result<(), minicbor::encode::Error<Infallible>>;

/// Writes an envelope around what `write` writes.
pub(crate) fn seal(
    kind: &str,
    write: impl FnOnce(&mut Out) -> Written,
) -> Result<Vec<u8>, VectorizerError> {
    let sealed = || -> Result<Vec<u8>, minicbor::encode::Error<Infallible>> {
        let mut content = Encoder::new(Vec::new());
        write(&mut content)?;
        let content = content.into_writer();
        let mut envelope = Encoder::new(Vec::with_capacity(content.len() + 64));
        envelope.array(4)?.str(kind)?.u32(VERSION)?;
        envelope.u32(crc32fast::hash(&content))?.bytes(&content)?;
        Ok(envelope.into_writer())
    };
    sealed().map_err(|error| VectorizerError::CannotSave {
        reason: error.to_string(),
    })
}

/// Opens an envelope of this kind and reads its content with `read`.
pub(crate) fn open<T>(
    kind: &'static str,
    bytes: &[u8],
    read: impl FnOnce(&mut Decoder<'_>) -> Result<T, Unreadable>,
) -> Result<T, VectorizerError> {
    let damaged = |reason: String| VectorizerError::Damaged { kind, reason };
    let mut envelope = Decoder::new(bytes);
    let is_ours = envelope.array().is_ok_and(|items| items == Some(4))
        && envelope.str().is_ok_and(|found| found == kind);
    if !is_ours {
        return Err(VectorizerError::NotSaved { kind });
    }
    let version = envelope.u32().map_err(|error| damaged(error.to_string()))?;
    if version > VERSION {
        return Err(VectorizerError::NewerVersion {
            kind,
            received: version,
            known: VERSION,
        });
    }
    if version == 0 {
        return Err(damaged("there is no version 0".to_owned()));
    }
    let mut sealed = || Ok((envelope.u32()?, envelope.bytes()?));
    let (sum, content) = sealed().map_err(|error: minicbor::decode::Error| {
        damaged(if error.is_end_of_input() {
            "it ends too early".to_owned()
        } else {
            error.to_string()
        })
    })?;
    if envelope.position() != bytes.len() {
        return Err(damaged("something follows its end".to_owned()));
    }
    if crc32fast::hash(content) != sum {
        return Err(damaged("its checksum is wrong".to_owned()));
    }
    let mut content = Decoder::new(content);
    let value = read(&mut content).map_err(|why| match why {
        Unreadable::Damaged(reason) => damaged(reason),
        Unreadable::Refused(error) => error,
    })?;
    if content.datatype().is_ok() {
        return Err(damaged(
            "its content is longer than it should be".to_owned(),
        ));
    }
    Ok(value)
}

/// Why a content cannot be read.
pub(crate) enum Unreadable {
    /// It is not what is written.
    Damaged(String),
    /// It is, but not acceptable.
    Refused(VectorizerError),
}

impl From<minicbor::decode::Error> for Unreadable {
    fn from(error: minicbor::decode::Error) -> Self {
        Self::Damaged(error.to_string())
    }
}

impl From<VectorizerError> for Unreadable {
    fn from(error: VectorizerError) -> Self {
        Self::Refused(error)
    }
}

/// Demands an array of exactly `expected` items.
pub(crate) fn array(from: &mut Decoder<'_>, expected: u64) -> Result<(), Unreadable> {
    match from.array()? {
        Some(length) if length == expected => Ok(()),
        Some(length) => Err(Unreadable::Damaged(format!(
            "an array of {expected} items has {length}"
        ))),
        None => Err(unstated()),
    }
}

/// The length of an array or byte string that states it.
pub(crate) fn length(from: &mut Decoder<'_>) -> Result<u64, Unreadable> {
    from.array()?.ok_or_else(unstated)
}

fn unstated() -> Unreadable {
    Unreadable::Damaged("an array does not state its length".to_owned())
}

/// A non-negative number as an index.
pub(crate) fn index(from: &mut Decoder<'_>) -> Result<usize, Unreadable> {
    let too_large = |_| Unreadable::Damaged("a number is beyond this machine's memory".to_owned());
    from.u64()?.try_into().map_err(too_large)
}

fn option<T>(
    from: &mut Decoder<'_>,
    read: impl FnOnce(&mut Decoder<'_>) -> Result<T, Unreadable>,
) -> Result<Option<T>, Unreadable> {
    if from.datatype()? == Type::Null {
        from.null()?;
        return Ok(None);
    }
    read(from).map(Some)
}

fn write_option(out: &mut Out, value: Option<usize>) -> Written {
    match value {
        Some(value) => out.u64(value as u64)?,
        None => out.null()?,
    };
    Ok(())
}

/// Writes parameters: an array in the order of the fields of [`ValidParams`].
pub(crate) fn write_params(out: &mut Out, params: &ValidParams) -> Written {
    out.array(9)?;
    write_option(out, params.max_tokens())?;
    match params.standardize() {
        Standardize::None => out.str("none")?,
        Standardize::Lower => out.str("lower")?,
        Standardize::StripPunctuation => out.str("strip_punctuation")?,
        Standardize::LowerAndStripPunctuation => out.str("lower_and_strip_punctuation")?,
        Standardize::Custom(custom) => out.array(2)?.str("custom")?.str(custom.name())?,
        #[cfg(feature = "unicode")]
        Standardize::Unicode(rules) => {
            out.array(4)?.str("unicode")?;
            out.str(rules.normalization.name())?;
            out.bool(rules.lower)?.bool(rules.strip_punctuation)?
        }
    };
    match params.split() {
        Split::None => out.str("none")?,
        Split::Whitespace => out.str("whitespace")?,
        Split::Character => out.str("character")?,
        Split::Custom(custom) => out.array(2)?.str("custom")?.str(custom.name())?,
        #[cfg(feature = "unicode")]
        Split::UnicodeWhitespace => out.str("unicode_whitespace")?,
        #[cfg(feature = "unicode")]
        Split::UnicodeWords => out.str("unicode_words")?,
    };
    match params.ngrams() {
        Ngrams::Off => out.null()?,
        Ngrams::UpTo(widest) => out.u64(*widest as u64)?,
        Ngrams::Widths(widths) => {
            out.array(widths.len() as u64)?;
            for &width in widths {
                out.u64(width as u64)?;
            }
            &mut *out
        }
    };
    match params.output_mode().name() {
        Some(name) => out.str(name)?,
        None => out.null()?,
    };
    write_option(out, params.output_sequence_length())?;
    out.bool(params.pad_to_max_tokens())?;
    out.bool(params.sparse())?.bool(params.ragged())?;
    Ok(())
}

/// Reads parameters and checks them.
pub(crate) fn read_params(
    from: &mut Decoder<'_>,
    functions: &Functions,
) -> Result<ValidParams, Unreadable> {
    array(from, 9)?;
    let mut params = VectorizerParams::new().max_tokens(option(from, index)?);
    params = params.standardize(read_standardize(from, functions)?);
    params = params.split(read_split(from, functions)?);
    params = params.ngrams(match from.datatype()? {
        Type::Null => {
            from.null()?;
            Ngrams::Off
        }
        Type::Array => {
            let count = length(from)?;
            Ngrams::Widths((0..count).map(|_| index(from)).collect::<Result<_, _>>()?)
        }
        _ => Ngrams::UpTo(index(from)?),
    });
    let mode = option(from, |from| {
        let name = from.str()?;
        OutputMode::from_name(name).ok_or_else(|| unknown("output mode", name))
    })?;
    params = params.output_mode(mode.unwrap_or(OutputMode::Tokens));
    params = params.output_sequence_length(option(from, index)?);
    params = params.pad_to_max_tokens(from.bool()?);
    params = params.sparse(from.bool()?).ragged(from.bool()?);
    Ok(params.check()?)
}

/// A name that this build does not know: the Unicode rules where they are not compiled in, say.
fn unknown(what: &'static str, name: &str) -> Unreadable {
    Unreadable::Refused(VectorizerError::UnknownName {
        what,
        received: name.to_owned(),
    })
}

/// A name, or the name and what follows it in an array.
fn name<'b>(from: &mut Decoder<'b>) -> Result<&'b str, Unreadable> {
    if from.datatype()? == Type::Array {
        length(from)?;
    }
    Ok(from.str()?)
}

fn read_standardize(
    from: &mut Decoder<'_>,
    functions: &Functions,
) -> Result<Standardize, Unreadable> {
    Ok(match name(from)? {
        "none" => Standardize::None,
        "lower" => Standardize::Lower,
        "strip_punctuation" => Standardize::StripPunctuation,
        "lower_and_strip_punctuation" => Standardize::LowerAndStripPunctuation,
        "custom" => {
            let name = from.str()?;
            let missing = || missing("standardizes", name);
            Standardize::Custom(functions.find_standardize(name).ok_or_else(missing)?)
        }
        #[cfg(feature = "unicode")]
        "unicode" => {
            let name = from.str()?;
            let unknown = || unknown("normalization", name);
            Standardize::Unicode(crate::UnicodeRules {
                normalization: crate::Normalization::from_name(name).ok_or_else(unknown)?,
                lower: from.bool()?,
                strip_punctuation: from.bool()?,
            })
        }
        other => return Err(unknown("standardization", other)),
    })
}

fn read_split(from: &mut Decoder<'_>, functions: &Functions) -> Result<Split, Unreadable> {
    Ok(match name(from)? {
        "none" => Split::None,
        "whitespace" => Split::Whitespace,
        "character" => Split::Character,
        "custom" => {
            let name = from.str()?;
            Split::Custom(
                functions
                    .find_split(name)
                    .ok_or_else(|| missing("splits", name))?,
            )
        }
        #[cfg(feature = "unicode")]
        "unicode_whitespace" => Split::UnicodeWhitespace,
        #[cfg(feature = "unicode")]
        "unicode_words" => Split::UnicodeWords,
        other => return Err(unknown("split", other)),
    })
}

fn missing(does: &'static str, name: &str) -> Unreadable {
    Unreadable::Refused(VectorizerError::MissingFunction {
        does,
        name: name.to_owned(),
    })
}
