//! A whole vectorizer as bytes: parameters, vocabulary, weights.

use crate::save::{self, Unreadable};
use crate::{Functions, TextVectorizer, VectorizerError, Vocabulary};

const KIND: &str = "recurrent-vectorizer";

impl TextVectorizer {
    /// The vectorizer as bytes: a versioned format, read back by [`from_bytes`](Self::from_bytes). Every
    /// token survives, line breaks and invalid UTF-8 included. The same vectorizer gives the same bytes.
    ///
    /// # Errors
    /// [`VectorizerError::CannotSave`], which is not known to happen.
    pub fn to_bytes(&self) -> Result<Vec<u8>, VectorizerError> {
        save::seal(KIND, |out| {
            out.array(3)?;
            save::write_params(out, self.params())?;
            let vocabulary = self.vocabulary();
            out.array((vocabulary.size() - vocabulary.specials()) as u64)?;
            for term in vocabulary.terms() {
                out.bytes(term)?;
            }
            match self.idf_weights() {
                None => out.null()?,
                Some(weights) => {
                    // Padding follows from the parameters.
                    let weights = weights.iter().take(vocabulary.size());
                    out.array(weights.len() as u64)?;
                    for &weight in weights {
                        out.f32(weight)?;
                    }
                    out
                }
            };
            Ok(())
        })
    }

    /// The vectorizer that [`to_bytes`](Self::to_bytes) wrote.
    ///
    /// # Errors
    /// Those of [`from_bytes_with`](Self::from_bytes_with).
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, VectorizerError> {
        Self::from_bytes_with(bytes, &Functions::new())
    }

    /// As [`from_bytes`](Self::from_bytes), where texts are standardized or split by functions of the
    /// user.
    ///
    /// # Errors
    /// [`VectorizerError::NotSaved`], [`VectorizerError::NewerVersion`], [`VectorizerError::Damaged`],
    /// [`VectorizerError::UnknownName`], and [`VectorizerError::MissingFunction`].
    pub fn from_bytes_with(bytes: &[u8], functions: &Functions) -> Result<Self, VectorizerError> {
        save::open(KIND, bytes, |from| {
            save::array(from, 3)?;
            let params = save::read_params(from, functions)?;
            let mode = params.output_mode();
            let count = save::length(from)?;
            // What is announced need not be there: nothing is allocated for it in advance.
            let mut terms: Vec<&[u8]> = Vec::new();
            for _ in 0..count {
                terms.push(from.bytes()?);
            }
            let vocabulary = Vocabulary::from_terms(mode, terms)?;
            let idf = if from.datatype()? == minicbor::data::Type::Null {
                from.null()?;
                None
            } else {
                let mut weights = Vec::new();
                for _ in 0..save::length(from)? {
                    weights.push(from.f32()?);
                }
                Some(weights)
            };
            let expected = (mode == crate::OutputMode::TfIdf).then_some(vocabulary.size());
            if idf.as_ref().map(Vec::len) != expected {
                let reason = "its idf weights do not fit its vocabulary".to_owned();
                return Err(Unreadable::Damaged(reason));
            }
            Ok(Self::new(params, vocabulary, idf))
        })
    }
}
