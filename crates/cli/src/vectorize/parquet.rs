//! Columns of Parquet files: texts in, results out. What the columns hold is made by the vectorizer.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ::parquet::arrow::ArrowWriter;
use ::parquet::arrow::ProjectionMask;
use ::parquet::arrow::arrow_reader::{
    ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder,
};
use ::parquet::basic::Compression;
use ::parquet::errors::ParquetError;
use ::parquet::file::properties::WriterProperties;
use arrow_array::cast::AsArray;
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Schema};
use recurrent_vectorizer::{OutputMode, TextVectorizer, array_texts};

use super::files::Target;
use crate::error::CliError;

/// How many texts are read at once.
const ROWS: usize = 1024;
/// How many bytes of results wait in memory before a row group is written.
const GROUP: usize = 1 << 26;

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
    /// Opens the column of this name, which must have strings or binary.
    pub(super) fn open(path: &Path, column: &str, rows: usize) -> Result<Self, CliError> {
        let bad = |error: ParquetError| bad(path, error);
        let file = File::open(path).map_err(CliError::read(path))?;
        let bytes = file.metadata().map_or(0, |there| there.len());
        // Plain strings and binary, whatever kind of Arrow array was written.
        let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
        let reader = ParquetRecordBatchReaderBuilder::try_new_with_options(file, options);
        let reader = reader.map_err(bad)?;
        let fields = reader.schema().fields();
        let Some(place) = fields.iter().position(|field| field.name() == column) else {
            let columns: Vec<_> = fields.iter().map(|field| field.name().as_str()).collect();
            return Err(CliError::NoColumn {
                path: path.to_owned(),
                column: column.to_owned(),
                columns: columns.join(", "),
            });
        };
        let empty = arrow_array::new_empty_array(fields[place].data_type());
        array_texts(&empty).map_err(|error| CliError::ParquetFile {
            path: path.to_owned(),
            reason: format!("column {column:?}: {error}"),
        })?;
        let all = u64::try_from(reader.metadata().file_metadata().num_rows()).unwrap_or(0);
        let only = ProjectionMask::roots(reader.parquet_schema(), [place]);
        let reader = reader.with_projection(only);
        let reader = reader.with_batch_size(rows.min(ROWS)).build();
        Ok(Self {
            path: path.to_owned(),
            reader: reader.map_err(bad)?,
            bytes,
            rows: all,
            done: 0,
        })
    }

    /// The next texts and how many bytes of the file they stand for; `None` after the last.
    pub(super) fn next_batch(&mut self) -> Result<Option<(ArrayRef, u64)>, CliError> {
        let Some(batch) = self.reader.next() else {
            return Ok(None);
        };
        let batch = batch.map_err(|error| CliError::ParquetFile {
            path: self.path.clone(),
            reason: error.to_string(),
        })?;
        let bytes = |rows| {
            (u128::from(self.bytes) * u128::from(rows) / u128::from(self.rows.max(1))) as u64
        };
        let before = bytes(self.done);
        self.done += batch.num_rows() as u64;
        let read = bytes(self.done).saturating_sub(before);
        Ok(Some((Arc::clone(batch.column(0)), read)))
    }
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
    CliError::ParquetFile {
        path: path.to_owned(),
        reason: error.to_string(),
    }
}
