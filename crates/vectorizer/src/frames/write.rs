//! What texts became, as a column: the numbers keep their memory, nulls get their rows back. Nothing is
//! computed here.

use polars::prelude::{ArrayRef, DataType, PlSmallStr, Series};
use polars_core::prelude::CompatLevel;
use polars_core::utils::arrow::array::{
    BinaryViewArray, FixedSizeListArray, ListArray, MutableBinaryViewArray, PrimitiveArray,
    StructArray,
};
use polars_core::utils::arrow::bitmap::Bitmap;
use polars_core::utils::arrow::offset::OffsetsBuffer;
use polars_core::utils::arrow::types::NativeType;

use super::texts::Texts;
use crate::{Output, RaggedTokens, VectorizerError};

/// The field of a sparse row's columns.
pub(super) const INDICES: &str = "indices";
/// The field of a sparse row's values.
pub(super) const VALUES: &str = "values";

/// The column of type `dtype` with what became of the `texts`.
pub(super) fn column(
    name: PlSmallStr,
    dtype: &DataType,
    output: Output,
    texts: &Texts<'_>,
) -> Result<Series, VectorizerError> {
    let chunk = match output {
        Output::Ids(matrix) => {
            let width = matrix.width();
            rectangle(matrix.into_ids(), width, texts)?
        }
        Output::Dense(matrix) => {
            let width = matrix.columns();
            rectangle(matrix.into_values(), width, texts)?
        }
        Output::RaggedIds(rows) => {
            let offsets = offsets(rows.ends(), texts.validity())?;
            list(numbers(rows.ids().to_vec()), offsets, texts)?
        }
        Output::Sparse(matrix) => {
            let offsets = offsets(&matrix.offsets()[1..], texts.validity())?;
            let indices = numbers(matrix.indices().to_vec());
            let indices = list(indices, offsets.clone(), texts)?;
            let values = list(numbers(matrix.values().to_vec()), offsets, texts)?;
            let dtype = dtype.to_physical().to_arrow(CompatLevel::newest());
            let validity = texts.validity().cloned();
            let rows = StructArray::try_new(dtype, texts.rows(), vec![indices, values], validity)?;
            Box::new(rows)
        }
        Output::Tokens(rows) => {
            let (tokens, ends) = tokens(&rows);
            let tokens: ArrayRef = match dtype.inner_dtype() {
                Some(DataType::String) => Box::new(tokens.to_utf8view()?),
                _ => Box::new(tokens),
            };
            list(tokens, offsets(&ends, texts.validity())?, texts)?
        }
    };
    Ok(Series::from_chunk_and_dtype(name, chunk, dtype)?)
}

fn numbers<T: NativeType>(values: Vec<T>) -> ArrayRef {
    Box::new(PrimitiveArray::from_vec(values))
}

/// Rows of one width; those without a text are zeros.
fn rectangle<T: NativeType>(
    values: Vec<T>,
    width: usize,
    texts: &Texts<'_>,
) -> Result<ArrayRef, VectorizerError> {
    let values = match texts.validity() {
        // With width 0 there is nothing to spread, and chunks of 0 are not legal.
        Some(validity) if width > 0 => {
            let mut present = values.chunks_exact(width);
            let mut spread = vec![T::default(); validity.len().saturating_mul(width)];
            let slots = spread.chunks_exact_mut(width).zip(validity.iter());
            for (slot, _) in slots.filter(|&(_, is_present)| is_present) {
                if let Some(row) = present.next() {
                    slot.copy_from_slice(row);
                }
            }
            spread
        }
        _ => values,
    };
    let values = numbers(values);
    let dtype = FixedSizeListArray::default_datatype(values.dtype().clone(), width);
    let validity = texts.validity().cloned();
    let rows = FixedSizeListArray::try_new(dtype, texts.rows(), values, validity)?;
    Ok(Box::new(rows))
}

/// Where each row begins, and the last one ends, from where those of present texts end: rows without a
/// text are empty.
fn offsets(
    ends: &[usize],
    validity: Option<&Bitmap>,
) -> Result<OffsetsBuffer<i64>, VectorizerError> {
    let mut offsets = vec![0];
    // No slice is longer than `i64::MAX`.
    let mut ends = ends.iter().map(|&end| end as i64);
    match validity {
        None => offsets.extend(ends),
        Some(validity) => {
            let mut last = 0;
            offsets.extend(validity.iter().map(|is_present| {
                if is_present {
                    last = ends.next().unwrap_or(last);
                }
                last
            }));
        }
    }
    Ok(OffsetsBuffer::try_from(offsets)?)
}

fn list(
    values: ArrayRef,
    offsets: OffsetsBuffer<i64>,
    texts: &Texts<'_>,
) -> Result<ArrayRef, VectorizerError> {
    let dtype = ListArray::<i64>::default_datatype(values.dtype().clone());
    let validity = texts.validity().cloned();
    let rows = ListArray::try_new(dtype, offsets, values, validity)?;
    Ok(Box::new(rows))
}

/// All tokens, and where each row ends among them.
fn tokens(rows: &RaggedTokens) -> (BinaryViewArray, Vec<usize>) {
    let mut tokens = MutableBinaryViewArray::<[u8]>::new();
    let ends = rows.iter().map(|row| {
        row.for_each(|token| tokens.push_value(token));
        tokens.len()
    });
    let ends = ends.collect();
    (tokens.freeze(), ends)
}
