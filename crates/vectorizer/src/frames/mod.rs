//! Columns of polars data frames: fitting on them, vectorizing them, eagerly or inside a query. Work runs
//! on polars' own threads. Reading and writing files is polars' business.

mod count;
mod texts;
mod write;

use std::sync::Arc;

use polars::prelude::{Column, DataType, Expr, Field as PolarsField, PolarsError, PolarsResult};
use polars_core::runtime::RAYON;

use self::texts::Texts;
use crate::parallel::TRANSFORM;
use crate::{OutputMode, TextVectorizer, ValidParams, VectorizerError};

impl From<PolarsError> for VectorizerError {
    fn from(error: PolarsError) -> Self {
        Self::Polars {
            reason: error.to_string(),
        }
    }
}

/// An error on its way through polars, which hands it to whoever runs the query.
fn to_polars(error: VectorizerError) -> PolarsError {
    match error {
        VectorizerError::Polars { reason } => PolarsError::ComputeError(reason.into()),
        VectorizerError::NotText { .. } => PolarsError::InvalidOperation(error.to_string().into()),
        other => PolarsError::ComputeError(other.to_string().into()),
    }
}

impl ValidParams {
    /// The type of what [`transform_column`](TextVectorizer::transform_column) makes of a column of type
    /// `texts`, where the output has so many `columns`.
    fn column_type(&self, texts: &DataType, columns: usize) -> Result<DataType, VectorizerError> {
        let list = |inner: DataType| DataType::List(Box::new(inner));
        let tokens = texts::token_type(texts)?;
        Ok(match (self.output_mode(), self.output_sequence_length()) {
            (OutputMode::Tokens, _) => list(tokens),
            (OutputMode::Int, None) => list(DataType::Int32),
            (OutputMode::Int, Some(width)) => DataType::Array(Box::new(DataType::Int32), width),
            _ if self.sparse() => DataType::Struct(vec![
                PolarsField::new(write::INDICES.into(), list(DataType::UInt32)),
                PolarsField::new(write::VALUES.into(), list(DataType::Float32)),
            ]),
            _ => DataType::Array(Box::new(DataType::Float32), columns),
        })
    }
}

impl TextVectorizer {
    /// The type of the column that [`transform_column`](Self::transform_column) makes of one of type
    /// `texts`; the table is there.
    ///
    /// # Errors
    /// [`VectorizerError::NotText`] if `texts` is neither `String`, `Binary` nor `Null`.
    pub fn column_type(&self, texts: &DataType) -> Result<DataType, VectorizerError> {
        self.params().column_type(texts, self.columns())
    }

    /// What a column of texts, `String` or `Binary`, becomes: a column of the same name and length, in
    /// which nulls are null. It is computed on polars' threads.
    ///
    /// | parameters | type of the column |
    /// |---|---|
    /// | [`OutputMode::Int`], ragged or not | `List(Int32)`, as long as the text has tokens |
    /// | the same with `output_sequence_length` | `Array(Int32, output_sequence_length)` |
    /// | [`OutputMode::MultiHot`], [`Count`](OutputMode::Count), [`TfIdf`](OutputMode::TfIdf) | `Array(Float32, columns)` |
    /// | the same with `sparse` | `Struct` of `indices: List(UInt32)` and `values: List(Float32)` |
    /// | [`OutputMode::Tokens`] | `List(String)`, or `List(Binary)` of a `Binary` column |
    ///
    /// # Errors
    /// [`VectorizerError::NotText`] if the column has another type, and [`VectorizerError::Polars`] if
    /// polars refuses what was made: tokens of a `String` column that a function of the user made
    /// invalid UTF-8.
    ///
    /// ```
    /// use polars::prelude::Column;
    /// use recurrent_vectorizer::VectorizerParams;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let texts = Column::new("text".into(), [Some("the film"), None, Some("the end")]);
    /// let vectorizer = VectorizerParams::new().check()?.fit_column(&texts)?;
    /// let ids = vectorizer.transform_column(&texts)?;
    /// let rows = [0, 1, 2].map(|row| ids.list().ok()?.get_as_series(row));
    /// assert_eq!(rows[0].as_ref().ok_or("null")?.i32()?.to_vec(), [Some(2), Some(3)]);
    /// assert!(rows[1].is_none());
    /// assert_eq!(rows[2].as_ref().ok_or("null")?.i32()?.to_vec(), [Some(2), Some(4)]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn transform_column(&self, column: &Column) -> Result<Column, VectorizerError> {
        let dtype = self.column_type(column.dtype())?;
        let series = column.as_materialized_series();
        let texts = Texts::new(series)?;
        let output = RAYON
            .install(|| self.open_rows(texts.present(), TRANSFORM, |text| std::iter::once(*text)));
        let made = write::column(series.name().clone(), &dtype, output, &texts)?;
        Ok(made.into())
    }

    /// The expression that makes of a column of texts what
    /// [`transform_column`](Self::transform_column) makes of it, for lazy queries on either engine. It
    /// works row by row, so a streaming query stays one. It holds a copy of the vectorizer.
    ///
    /// Errors are those of [`transform_column`](Self::transform_column), as errors of the query: a
    /// column of the wrong type is noticed before it runs.
    pub fn expr(&self, texts: impl Into<Expr>) -> Expr {
        let ours = Arc::new(self.clone());
        let typed = Arc::clone(&ours);
        texts.into().map_with_fmt_str(
            move |column: Column| ours.transform_column(&column).map_err(to_polars),
            move |_, field| -> PolarsResult<PolarsField> {
                let dtype = typed.column_type(field.dtype()).map_err(to_polars)?;
                Ok(PolarsField::new(field.name().clone(), dtype))
            },
            "vectorize",
        )
    }
}
