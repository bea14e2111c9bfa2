//! The corpus as a polars data frame: for looking at, for joining, and for Parquet files.
//!
//! A frame has one row per review, in the order of the corpus, and the columns of [`COLUMNS`].

use std::fs::File;
use std::path::{Path, PathBuf};

use polars::prelude::*;

pub use polars::prelude::DataFrame;

use recurrent_corpus::Split;
use recurrent_files::FileError;

use crate::corpus::{Review, ReviewCorpus};

/// The columns of a frame and their types: `train` or `test`, the name of the class, the stars out
/// of ten, the number of the file, the text. Stars and number are null where a file is not named
/// `id_rating.txt`.
pub const COLUMNS: [(&str, DataType); 5] = [
    ("split", DataType::String),
    ("label", DataType::String),
    ("rating", DataType::UInt8),
    ("id", DataType::UInt32),
    ("text", DataType::String),
];

/// What can go wrong with frames and Parquet files.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FrameError {
    /// The file could not be read or written. Whatever was at the path before is still there.
    #[error(transparent)]
    File(#[from] FileError),
    /// The file is not a Parquet file, or a damaged one.
    #[error("{path}: not a readable Parquet file; write it again", path = .path.display())]
    NotParquet {
        /// The file.
        path: PathBuf,
        /// What polars said.
        source: PolarsError,
    },
    /// A column is missing or has another type.
    #[error(
        "{path}: the column \"{column}\" should hold {expected}, but {found}; \
         give a file that was written from a corpus", path = .path.display()
    )]
    Column {
        /// The file.
        path: PathBuf,
        /// The column.
        column: &'static str,
        /// The type it should have.
        expected: DataType,
        /// What is there instead.
        found: String,
    },
    /// polars could not compute what was asked for.
    #[error("the frame could not be computed; check that it has the columns of a corpus")]
    Polars(#[from] PolarsError),
}

/// The frame of a corpus: all reviews of the train split, then all of the test split.
///
/// # Errors
/// [`FrameError::Polars`] if polars refuses the columns.
pub fn frame(corpus: &ReviewCorpus) -> Result<DataFrame, FrameError> {
    let reviews = || {
        Split::ALL
            .into_iter()
            .flat_map(|split| corpus.reviews(split))
    };
    let strings = |name: &str, of: fn(&Review, &ReviewCorpus) -> String| {
        let values = reviews().map(|review| of(review, corpus));
        StringChunked::from_iter_values(name.into(), values).into_column()
    };
    let texts = reviews().map(|review| review.text.as_str());
    let [split, label, rating, id, text] = COLUMNS.map(|(name, _)| name);
    Ok(DataFrame::new_infer_height(vec![
        strings(split, |review, _| review.split.name().to_owned()),
        strings(label, |review, corpus| {
            corpus.classes()[review.label].clone()
        }),
        UInt8Chunked::from_iter_options(rating.into(), reviews().map(|review| review.rating))
            .into_column(),
        UInt32Chunked::from_iter_options(id.into(), reviews().map(|review| review.id))
            .into_column(),
        StringChunked::from_iter_values(text.into(), texts).into_column(),
    ])?)
}

/// Writes a frame as a Parquet file, compressed with Zstandard, through a temporary file beside it.
///
/// # Errors
/// [`FrameError::File`] and [`FrameError::Polars`]; what was at `path` before stays untouched.
pub fn write_parquet(frame: &DataFrame, path: &Path) -> Result<(), FrameError> {
    let mut file = recurrent_files::replace(path)?;
    // A data frame shares its columns: the copy costs nothing.
    ParquetWriter::new(&mut file).finish(&mut frame.clone())?;
    Ok(file.commit()?)
}

/// Reads a frame that [`write_parquet`] wrote.
///
/// # Errors
/// [`FrameError::File`], [`FrameError::NotParquet`], and [`FrameError::Column`] for a Parquet file
/// with other columns.
pub fn read_parquet(path: &Path) -> Result<DataFrame, FrameError> {
    let file = File::open(path).map_err(FileError::read(path))?;
    let frame = ParquetReader::new(file)
        .finish()
        .map_err(|source| FrameError::NotParquet {
            path: path.to_path_buf(),
            source,
        })?;
    for (column, expected) in COLUMNS {
        let found = match frame.column(column) {
            Ok(values) if *values.dtype() == expected => continue,
            Ok(values) => format!("holds {}", values.dtype()),
            Err(_) => "is missing".to_owned(),
        };
        return Err(FrameError::Column {
            path: path.to_path_buf(),
            column,
            expected,
            found,
        });
    }
    Ok(frame.select(COLUMNS.map(|(name, _)| name))?)
}

/// How many reviews each class of each split has: columns `split`, `label`, `reviews` and `share`
/// (of the split, 0 to 1), sorted by split and label, `train` first.
///
/// # Errors
/// [`FrameError::Polars`] if the frame lacks a column.
pub fn class_balance(frame: &DataFrame) -> Result<DataFrame, FrameError> {
    let counts = frame
        .clone()
        .lazy()
        .group_by([col("split"), col("label")])
        .agg([len().alias("reviews")])
        .with_column(
            (col("reviews").cast(DataType::Float64)
                / col("reviews")
                    .sum()
                    .over([col("split")])?
                    .cast(DataType::Float64))
            .alias("share"),
        );
    sorted(counts)
}

/// How long the texts of each class of each split are: columns `split`, `label` and, for `words`
/// (separated by white space) and `characters` (Unicode scalar values), the mean, the standard
/// deviation and the quantiles 0, ½, 0.95 and 1, named `words_mean`, `words_std`, `words_min`,
/// `words_median`, `words_p95`, `words_max` and so on. Sorted by split and label, `train` first.
///
/// # Errors
/// [`FrameError::Polars`] if the frame lacks a column.
pub fn length_statistics(frame: &DataFrame) -> Result<DataFrame, FrameError> {
    let texts = frame.column("text")?.str()?;
    let measured = |name: &str, of: fn(&str) -> usize| {
        let lengths = texts.iter().map(|text| text.map(|text| of(text) as u32));
        UInt32Chunked::from_iter_options(name.into(), lengths).into_column()
    };
    let mut frame = frame.select(["split", "label"])?;
    frame.with_column(measured("words", |text| text.split_whitespace().count()))?;
    frame.with_column(measured("characters", |text| text.chars().count()))?;
    let statistics = ["words", "characters"].into_iter().flat_map(|name| {
        let quantile = |at: f64| col(name).quantile(lit(at), QuantileMethod::Linear);
        [
            ("mean", col(name).mean()),
            ("std", col(name).std(1)),
            ("min", col(name).min()),
            ("median", quantile(0.5)),
            ("p95", quantile(0.95)),
            ("max", col(name).max()),
        ]
        .map(|(what, value)| value.alias(format!("{name}_{what}")))
    });
    sorted(
        frame
            .lazy()
            .group_by([col("split"), col("label")])
            .agg(statistics.collect::<Vec<_>>()),
    )
}

/// By split, `train` first, then by label.
fn sorted(frame: LazyFrame) -> Result<DataFrame, FrameError> {
    let options = SortMultipleOptions::default().with_order_descending_multi([true, false]);
    Ok(frame.sort(["split", "label"], options).collect()?)
}
