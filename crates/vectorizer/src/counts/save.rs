//! Counts as bytes: for counting on several machines and merging later.

use super::{Loss, Table, Tally, TokenCounts};
use crate::quote::quoted;
use crate::save::{self, Unreadable};
use crate::table::{Token, TokenTable};
use crate::{Functions, ValidParams, VectorizerError};

const KIND: &str = "recurrent-vectorizer counts";

impl TokenCounts {
    /// The counts as bytes: a versioned format, read back by [`from_bytes`](Self::from_bytes). The same
    /// counts give the same bytes, in whatever order the texts came.
    ///
    /// # Errors
    /// [`VectorizerError::CannotSave`], which is not known to happen.
    pub fn to_bytes(&self) -> Result<Vec<u8>, VectorizerError> {
        save::seal(KIND, |out| {
            out.array(5)?;
            save::write_params(out, &self.params)?;
            out.u64(self.texts)?;
            match self.limit {
                Some(limit) => out.u64(limit as u64)?,
                None => out.null()?,
            };
            match self.loss {
                Some(loss) => out.array(2)?.u64(loss.undercount)?.u64(loss.dropped)?,
                None => out.null()?,
            };
            match &self.table {
                Table::Counts(table) => {
                    write(out, table, 2, |out, count| out.u64(count).map(|_| ()))
                }
                Table::Documents(table) => write(out, table, 3, |out, tally| {
                    out.u64(tally.count)?.u32(tally.documents).map(|_| ())
                }),
            }
        })
    }

    /// The counts that [`to_bytes`](Self::to_bytes) wrote.
    ///
    /// # Errors
    /// Those of [`from_bytes_with`](Self::from_bytes_with).
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, VectorizerError> {
        Self::from_bytes_with(bytes, &Functions::new())
    }

    /// As [`from_bytes`](Self::from_bytes), where texts were standardized or split by functions of the
    /// user.
    ///
    /// # Errors
    /// [`VectorizerError::NotSaved`], [`VectorizerError::NewerVersion`], [`VectorizerError::Damaged`],
    /// [`VectorizerError::UnknownName`], and [`VectorizerError::MissingFunction`].
    pub fn from_bytes_with(bytes: &[u8], functions: &Functions) -> Result<Self, VectorizerError> {
        save::open(KIND, bytes, |from| {
            save::array(from, 5)?;
            let params = save::read_params(from, functions)?;
            let mut counts = Self::new(&params);
            counts.texts = from.u64()?;
            if from.datatype()? == minicbor::data::Type::Null {
                from.null()?;
            } else {
                counts = counts.with_limit(save::index(from)?);
            }
            if from.datatype()? == minicbor::data::Type::Null {
                from.null()?;
            } else {
                save::array(from, 2)?;
                counts.loss = Some(Loss {
                    undercount: from.u64()?,
                    dropped: from.u64()?,
                });
            }
            match &mut counts.table {
                Table::Counts(table) => read(from, table, 2, |from| Ok(from.u64()?))?,
                Table::Documents(table) => read(from, table, 3, |from| {
                    Ok(Tally {
                        count: from.u64()?,
                        documents: from.u32()?,
                        last: 0,
                    })
                })?,
            }
            Ok(counts)
        })
    }

    /// The parameters with which the counting began.
    #[must_use]
    pub fn params(&self) -> &ValidParams {
        &self.params
    }
}

/// Writes a table, token by token in ascending order: an array of its bytes and numbers each.
fn write<V: Copy + Default>(
    out: &mut save::Out,
    table: &TokenTable<V>,
    items: u64,
    value: impl Fn(&mut save::Out, V) -> save::Written,
) -> save::Written {
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_unstable_by_key(|&(token, _)| token);
    out.array(entries.len() as u64)?;
    let mut bytes = Vec::new();
    for (token, entry) in entries {
        bytes.clear();
        token.write_to(&mut bytes);
        out.array(items)?.bytes(&bytes)?;
        value(out, entry)?;
    }
    Ok(())
}

fn read<V: Copy + Default>(
    from: &mut minicbor::Decoder<'_>,
    table: &mut TokenTable<V>,
    items: u64,
    value: impl Fn(&mut minicbor::Decoder<'_>) -> Result<V, Unreadable>,
) -> Result<(), Unreadable> {
    for _ in 0..save::length(from)? {
        save::array(from, items)?;
        let bytes = from.bytes()?;
        let entry = value(from)?;
        let (token, before) = (Token::new(bytes), table.len());
        table.update(token, |slot| *slot = entry);
        if table.len() == before {
            let token = String::from_utf8_lossy(bytes);
            return Err(Unreadable::Damaged(format!(
                "it counts {} twice",
                quoted(&token)
            )));
        }
    }
    Ok(())
}
