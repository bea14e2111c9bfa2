//! Columns of Parquet files.

use std::borrow::Cow;
use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use ::parquet::arrow::ProjectionMask;
use ::parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};
use ::parquet::errors::ParquetError;
use arrow_array::cast::AsArray;
use arrow_array::types::{
    Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type, UInt16Type,
    UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::DataType;
use recurrent_files::{FileError, reason};

use crate::columns::{Sought, Table, joined};
use crate::error::CorpusError;
use crate::json::float_label;
use crate::lines::utf8;
use crate::part::Part;
use crate::place::Place;
use crate::read::{Reading, part_of};

/// How many rows are read at once.
const ROWS: usize = 1024;

/// Reads the rows of a Parquet file.
pub(crate) fn read(path: &Path, part: Part, reading: &mut Reading<'_>) -> Result<(), CorpusError> {
    let file = File::open(path).map_err(FileError::read(path))?;
    let bytes = file.metadata().map_err(FileError::read(path))?.len();
    // Plain strings, whatever kind of Arrow array was written.
    let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
    let metadata = unharmed(path, || ArrowReaderMetadata::load(&file, options))?;
    let fields = metadata.schema().fields().clone();
    let names: Vec<String> = fields.iter().map(|field| field.name().clone()).collect();
    let table = Table {
        path,
        columns: &names,
        header: false,
    };
    let columns = table.find(reading.options, Sought::Labelled)?;
    for (column, is_text) in columns
        .text
        .iter()
        .map(|column| (*column, true))
        .chain(columns.label.map(|column| (column, false)))
        .chain(columns.split.map(|column| (column, true)))
    {
        let kind = fields[column].data_type();
        if !(is_string(kind) || !is_text && is_label(kind)) {
            return Err(CorpusError::Kind {
                place: Place::file(path),
                column: names[column].clone(),
                found: reason(kind),
                expected: if is_text {
                    "strings"
                } else {
                    "strings, numbers or truth values"
                },
            });
        }
    }
    let mut roots = columns.text.clone();
    roots.extend(columns.label);
    roots.extend(columns.split);
    roots.sort_unstable();
    check_places(&metadata, &roots, bytes).map_err(|said| damaged(path, &said))?;
    let mut batches = unharmed(path, || {
        let only = ProjectionMask::roots(metadata.parquet_schema(), roots.iter().copied());
        let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata);
        reader.with_projection(only).with_batch_size(ROWS).build()
    })?;
    // Columns come in the order of the file.
    let place = |column: usize| roots.binary_search(&column).unwrap_or(0);
    let text: Vec<usize> = columns.text.iter().map(|column| place(*column)).collect();
    let (label, split) = (columns.label.map(place), columns.split.map(place));
    let mut number = 0;
    loop {
        let next = unharmed(path, || {
            batches.next().transpose().map_err(ParquetError::from)
        })?;
        let Some(batch) = next else { return Ok(()) };
        for row in 0..batch.num_rows() {
            number += 1;
            let at = Place::row(path, number);
            let lossy = reading.options.lossy;
            let cell = |column: usize| cell(&batch, column, row, lossy, &at);
            let part = match split {
                Some(column) => part_of(part, Some(&cell(column)?), &at)?,
                None => part,
            };
            let parts = text.iter().map(|column| cell(*column));
            let parts = parts.collect::<Result<Vec<_>, _>>()?;
            let label = label.map(cell).transpose()?.unwrap_or_default();
            let text = match &parts[..] {
                [text] => Cow::Borrowed(&**text),
                parts => Cow::Owned(joined(parts.iter().map(|part| &**part))),
            };
            reading.row(part, at.clone(), &text, &label)?;
        }
    }
}

fn is_string(kind: &DataType) -> bool {
    matches!(kind, DataType::Utf8 | DataType::Binary | DataType::Null)
}

fn is_label(kind: &DataType) -> bool {
    kind.is_integer()
        || matches!(
            kind,
            DataType::Boolean | DataType::Float32 | DataType::Float64
        )
}

/// A value as text; empty where it is null.
fn cell<'b>(
    batch: &'b RecordBatch,
    column: usize,
    row: usize,
    lossy: bool,
    place: &Place,
) -> Result<Cow<'b, str>, CorpusError> {
    macro_rules! number {
        ($array:expr, $kind:ty) => {
            $array.as_primitive::<$kind>().value(row).to_string()
        };
    }
    let array: &ArrayRef = batch.column(column);
    if array.is_null(row) {
        return Ok(Cow::Borrowed(""));
    }
    Ok(Cow::Owned(match array.data_type() {
        DataType::Utf8 => return Ok(Cow::Borrowed(array.as_string::<i32>().value(row))),
        DataType::Binary => {
            let bytes = array.as_binary::<i32>().value(row);
            utf8(bytes, lossy, || place.clone())?
        }
        DataType::Boolean => array.as_boolean().value(row).to_string(),
        DataType::Int8 => number!(array, Int8Type),
        DataType::Int16 => number!(array, Int16Type),
        DataType::Int32 => number!(array, Int32Type),
        DataType::Int64 => number!(array, Int64Type),
        DataType::UInt8 => number!(array, UInt8Type),
        DataType::UInt16 => number!(array, UInt16Type),
        DataType::UInt32 => number!(array, UInt32Type),
        DataType::UInt64 => number!(array, UInt64Type),
        DataType::Float32 => float_label(f64::from(array.as_primitive::<Float32Type>().value(row))),
        DataType::Float64 => float_label(array.as_primitive::<Float64Type>().value(row)),
        // Of a column of nulls, all are.
        _ => String::new(),
    }))
}

/// Whether all parts of these columns are within the file; what is wrong otherwise. The reader takes that for granted.
fn check_places(metadata: &ArrowReaderMetadata, roots: &[usize], bytes: u64) -> Result<(), String> {
    let schema = metadata.parquet_schema();
    for (number, group) in metadata.metadata().row_groups().iter().enumerate() {
        let leaves = group.columns().iter().enumerate();
        let ours = leaves.filter(|(leaf, _)| roots.contains(&schema.get_column_root_idx(*leaf)));
        for (_, chunk) in ours {
            let data = chunk.data_page_offset();
            let start = chunk.dictionary_page_offset().unwrap_or(data);
            let places = [start, data, chunk.compressed_size()];
            let [start, data, length] = places.map(|place| u64::try_from(place).ok());
            let end = start
                .zip(length)
                .and_then(|(start, length)| start.checked_add(length));
            let sizes = chunk.num_values() >= 0 && chunk.uncompressed_size() >= 0;
            let inside = |place: Option<u64>| place.is_some_and(|place| place <= bytes);
            if group.num_rows() < 0 || !sizes || !inside(end) || !inside(data) {
                return Err(format!(
                    "a column of row group {number} lies outside of the file"
                ));
            }
        }
    }
    Ok(())
}

/// Runs the Parquet reader, which panics over some damaged files, and reports that as the damage that it is.
fn unharmed<T>(
    path: &Path,
    read: impl FnOnce() -> Result<T, ParquetError>,
) -> Result<T, CorpusError> {
    match catch_unwind(AssertUnwindSafe(read)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(damaged(path, &error.to_string())),
        Err(_) => Err(damaged(path, "it cannot be decoded")),
    }
}

fn damaged(path: &Path, said: &str) -> CorpusError {
    CorpusError::Parquet {
        path: path.to_owned(),
        reason: reason(said),
    }
}
