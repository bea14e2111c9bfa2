//! The texts of a column and which rows have none. What becomes of them is decided elsewhere.

use polars::prelude::{DataType, Series};
use polars_core::utils::arrow::bitmap::Bitmap;

use crate::VectorizerError;

/// The type of the tokens of texts of this type.
pub(super) fn token_type(texts: &DataType) -> Result<DataType, VectorizerError> {
    match texts {
        DataType::String | DataType::Null => Ok(DataType::String),
        DataType::Binary => Ok(DataType::Binary),
        other => Err(VectorizerError::NotText {
            received: other.to_string(),
        }),
    }
}

/// The texts of a column.
pub(super) struct Texts<'c> {
    present: Vec<&'c [u8]>,
    /// Which rows have a text; `None` if all have.
    validity: Option<Bitmap>,
}

impl<'c> Texts<'c> {
    pub(super) fn new(column: &'c Series) -> Result<Self, VectorizerError> {
        token_type(column.dtype())?;
        let rows: Vec<Option<&[u8]>> = match column.dtype() {
            DataType::String => {
                let texts = column.str()?.iter();
                texts.map(|text| text.map(str::as_bytes)).collect()
            }
            DataType::Binary => column.binary()?.iter().collect(),
            _ => vec![None; column.len()],
        };
        let all = rows.iter().all(Option::is_some);
        let validity = (!all).then(|| rows.iter().map(Option::is_some).collect());
        let present = rows.into_iter().flatten().collect();
        Ok(Self { present, validity })
    }

    /// The texts of the rows that have one.
    pub(super) fn present(&self) -> &[&'c [u8]] {
        &self.present
    }

    /// The number of rows.
    pub(super) fn rows(&self) -> usize {
        self.validity
            .as_ref()
            .map_or(self.present.len(), Bitmap::len)
    }

    /// Which rows have a text; `None` if all have.
    pub(super) fn validity(&self) -> Option<&Bitmap> {
        self.validity.as_ref()
    }
}
