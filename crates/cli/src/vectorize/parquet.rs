//! Columns of Parquet files: texts in, results out. What the columns hold is made by the vectorizer.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ::parquet::arrow::ArrowWriter;
use ::parquet::arrow::ProjectionMask;
use ::parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader,
    ParquetRecordBatchReaderBuilder,
};
use ::parquet::basic::Compression;
use ::parquet::errors::ParquetError;
use ::parquet::file::properties::WriterProperties;
use arrow_array::cast::AsArray;
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Schema};
use recurrent_files::quoted;
use recurrent_vectorizer::{OutputMode, TextVectorizer, array_texts};

use super::error::{VectorizeError, plain};
use super::files::Target;
use super::guard::guarded;
use crate::error::CliError;

/// How many texts are read at once.
const ROWS: usize = 1024;
/// How many bytes of results wait in memory before a row group is written.
const GROUP: usize = 1 << 26;
/// How many columns a message names.
const NAMED: usize = 20;

/// A column of texts that is being read.
pub(super) struct Column {
    path: PathBuf,
    reader: ParquetRecordBatchReader,
    /// Bytes of the file and rows in it, for showing how much is read.
    bytes: u64,
    rows: u64,
    done: u64,
}

impl Column {
    /// Opens the column of this name, which must have strings or binary, or nothing but nulls.
    pub(super) fn open(path: &Path, column: &str, rows: usize) -> Result<Self, CliError> {
        let file = File::open(path).map_err(CliError::read(path))?;
        let bytes = file.metadata().map_err(CliError::read(path))?.len();
        // Plain strings and binary, whatever kind of Arrow array was written.
        let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
        let metadata = unharmed(path, || ArrowReaderMetadata::load(&file, options))?;
        let fields = metadata.schema().fields();
        let mut places = fields
            .iter()
            .enumerate()
            .filter(|(_, field)| field.name() == column);
        let Some((place, field)) = places.next() else {
            return Err(VectorizeError::NoColumn {
                path: path.to_owned(),
                column: column.to_owned(),
                columns: names(fields.iter().map(|field| field.name().as_str())),
            }
            .into());
        };
        if places.next().is_some() {
            return Err(VectorizeError::ColumnTwice {
                path: path.to_owned(),
                column: column.to_owned(),
            }
            .into());
        }
        let empty = arrow_array::new_empty_array(field.data_type());
        array_texts(&empty).map_err(|source| VectorizeError::NotTexts {
            path: path.to_owned(),
            column: column.to_owned(),
            source,
        })?;
        check_places(&metadata, place, bytes).map_err(|reason| damaged(path, &reason))?;
        let all = u64::try_from(metadata.metadata().file_metadata().num_rows()).unwrap_or(0);
        let reader = unharmed(path, || {
            let only = ProjectionMask::roots(metadata.parquet_schema(), [place]);
            let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata);
            let reader = reader.with_projection(only);
            reader.with_batch_size(rows.min(ROWS)).build()
        })?;
        Ok(Self {
            path: path.to_owned(),
            reader,
            bytes,
            rows: all,
            done: 0,
        })
    }

    /// The next texts and how many bytes of the file they stand for; `None` after the last.
    pub(super) fn next_batch(&mut self) -> Result<Option<(ArrayRef, u64)>, CliError> {
        let next = unharmed(&self.path, || {
            self.reader.next().transpose().map_err(ParquetError::from)
        })?;
        let Some(batch) = next else {
            if self.done != self.rows {
                let reason = format!(
                    "{} rows are announced, and {} are there",
                    self.rows, self.done
                );
                return Err(damaged(&self.path, &reason));
            }
            return Ok(None);
        };
        let bytes = |rows| {
            (u128::from(self.bytes) * u128::from(rows) / u128::from(self.rows.max(1))) as u64
        };
        let before = bytes(self.done);
        self.done += batch.num_rows() as u64;
        let read = bytes(self.done).saturating_sub(before);
        Ok(Some((Arc::clone(batch.column(0)), read)))
    }
}

/// Names for a message.
fn names<'n>(names: impl ExactSizeIterator<Item = &'n str>) -> String {
    let more = names.len().saturating_sub(NAMED);
    let mut shown: Vec<String> = names
        .take(NAMED)
        .map(|name| quoted(name).to_string())
        .collect();
    if more > 0 {
        shown.push(format!("and {more} more"));
    }
    shown.join(", ")
}

/// Whether all parts of a column are within the file; what is wrong otherwise. The reader takes that for granted.
fn check_places(metadata: &ArrowReaderMetadata, column: usize, bytes: u64) -> Result<(), String> {
    let schema = metadata.parquet_schema();
    let mut rows = 0_i64;
    for (number, group) in metadata.metadata().row_groups().iter().enumerate() {
        let wrong = |what: &str| Err(format!("{what} in row group {number}"));
        if group.num_rows() < 0 {
            return wrong("there are fewer than no rows");
        }
        rows = rows.saturating_add(group.num_rows());
        let leaves = group.columns().iter().enumerate();
        for (_, chunk) in leaves.filter(|(leaf, _)| schema.get_column_root_idx(*leaf) == column) {
            let start = chunk
                .dictionary_page_offset()
                .unwrap_or(chunk.data_page_offset());
            let places = [start, chunk.data_page_offset(), chunk.compressed_size()];
            let places = places.map(|place| u64::try_from(place).ok());
            let [Some(start), Some(data), Some(length)] = places else {
                return wrong("the column begins before the file, or has fewer than no bytes");
            };
            if start.checked_add(length).is_none_or(|end| end > bytes) || data > bytes {
                return wrong("the column ends behind the file");
            }
            if chunk.num_values() < 0 || chunk.uncompressed_size() < 0 {
                return wrong("the column has fewer than no values");
            }
        }
    }
    if rows != metadata.metadata().file_metadata().num_rows() {
        return Err("its row groups have other rows than the file".to_owned());
    }
    Ok(())
}

/// Runs the Parquet reader, and reports a panic of its own as the damage that it is.
fn unharmed<T>(path: &Path, read: impl FnOnce() -> Result<T, ParquetError>) -> Result<T, CliError> {
    match guarded(read) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(damaged(path, &error.to_string())),
        Err(said) => Err(damaged(path, &said)),
    }
}

fn damaged(path: &Path, reason: &str) -> CliError {
    VectorizeError::ParquetFile {
        path: path.to_owned(),
        reason: plain(reason),
    }
    .into()
}

/// A file of results that is being written.
pub(super) struct Results {
    path: PathBuf,
    schema: Arc<Schema>,
    writer: ArrowWriter<Target>,
}

impl Results {
    /// A file of what this vectorizer makes.
    pub(super) fn new(
        path: &Path,
        target: Target,
        vectorizer: &TextVectorizer,
    ) -> Result<Self, CliError> {
        let kind = vectorizer.array_type();
        let fields = match &kind {
            // Two columns are easier to read than one of pairs.
            DataType::Struct(fields) => fields.iter().map(|field| (**field).clone()).collect(),
            kind => {
                let name = match vectorizer.params().output_mode() {
                    OutputMode::Int => "ids",
                    OutputMode::Tokens => "tokens",
                    _ => "values",
                };
                vec![Field::new(name, kind.clone(), true)]
            }
        };
        let schema = Arc::new(Schema::new(fields));
        let properties = WriterProperties::builder().set_compression(Compression::SNAPPY);
        let writer = ArrowWriter::try_new(target, Arc::clone(&schema), Some(properties.build()));
        Ok(Self {
            path: path.to_owned(),
            schema,
            writer: writer.map_err(|error| bad(path, error))?,
        })
    }

    /// Writes the results of one batch.
    pub(super) fn write(&mut self, results: ArrayRef) -> Result<(), CliError> {
        let columns = match results.as_struct_opt() {
            Some(pair) => pair.columns().to_vec(),
            None => vec![results],
        };
        let batch = RecordBatch::try_new(Arc::clone(&self.schema), columns);
        let written = batch
            .map_err(ParquetError::from)
            .and_then(|batch| self.writer.write(&batch))
            .and_then(|()| {
                if self.writer.in_progress_size() > GROUP {
                    self.writer.flush()?;
                }
                Ok(())
            });
        written.map_err(|error| bad(&self.path, error))
    }

    /// Writes the end of the file.
    pub(super) fn finish(self) -> Result<Target, CliError> {
        let target = self.writer.into_inner();
        target.map_err(|error| bad(&self.path, error))
    }
}

fn bad(path: &Path, error: ParquetError) -> CliError {
    VectorizeError::ParquetResults {
        path: path.to_owned(),
        reason: plain(&error.to_string()),
    }
    .into()
}
