//! The corpus as a polars data frame: for looking at, for joining, and for Parquet files.
//!
//! A frame has one row per review, in the order of the corpus, and the columns of [`COLUMNS`].

use std::fs::File;
use std::path::{Path, PathBuf};

use polars::prelude::*;

pub use polars::prelude::DataFrame;

use recurrent_corpus::{CorpusError, Part, Split, TextCorpus};
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
    /// A frame has no such column.
    #[error("there is no column {column:?}; the frame has: {found}")]
    NoColumn {
        /// The column.
        column: String,
        /// Those that there are.
        found: String,
    },
    /// A row that says that it is of a part that there is not.
    #[error("{name:?} is no part of a corpus; rows are of train, validation or test")]
    Part {
        /// What the row says.
        name: String,
    },
    /// The labels make no corpus.
    #[error(transparent)]
    Corpus(#[from] CorpusError),
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

/// The corpus of any frame with a column of texts and one of labels, which may be of any type that polars can write as
/// strings. Rows without text or label are left out; the second value counts them.
///
/// With the name of a `split` column, a row goes where that says: `train`, `test`, or `validation` (also `valid`, `dev`).
/// Without one, all rows are training texts.
///
/// ```
/// use polars::prelude::df;
/// use recurrent_data::frames::corpus_of;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let frame = df!("body" => ["My card was charged twice.", "I forgot my password."], "queue" => [7, 3])?;
/// let (corpus, left_out) = corpus_of(&frame, "body", "queue", None)?;
/// assert_eq!((corpus.classes(), left_out), (["3".to_owned(), "7".to_owned()].as_slice(), 0));
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`FrameError::NoColumn`], [`FrameError::Part`], [`FrameError::Corpus`] for labels that make no corpus, and
/// [`FrameError::Polars`] for a column that polars cannot write as strings.
pub fn corpus_of(
    frame: &DataFrame,
    text: &str,
    label: &str,
    split: Option<&str>,
) -> Result<(TextCorpus, usize), FrameError> {
    let column = |name: &str| -> Result<Column, FrameError> {
        let found = || {
            let names = frame.get_column_names();
            let names: Vec<&str> = names.iter().map(|name| name.as_str()).collect();
            names.join(", ")
        };
        let column = frame.column(name).map_err(|_| FrameError::NoColumn {
            column: name.to_owned(),
            found: found(),
        })?;
        Ok(column.cast(&DataType::String)?)
    };
    let (texts, labels) = (column(text)?, column(label)?);
    let (texts, labels) = (texts.str()?, labels.str()?);
    let splits = split.map(column).transpose()?;
    let mut parts = match &splits {
        Some(column) => Some(column.str()?.iter()),
        None => None,
    };
    let mut rows = Vec::with_capacity(frame.height());
    for (text, label) in texts.iter().zip(labels.iter()) {
        let part = match &mut parts {
            None => Part::Train,
            Some(names) => {
                let name = names.next().flatten().unwrap_or_default();
                Part::from_name(name.trim()).ok_or_else(|| FrameError::Part {
                    name: name.to_owned(),
                })?
            }
        };
        let is_there = |value: &&str| !value.trim().is_empty();
        if let (Some(text), Some(label)) = (text.filter(is_there), label.filter(is_there)) {
            rows.push((part, text, label.trim()));
        }
    }
    let left_out = frame.height() - rows.len();
    Ok((TextCorpus::from_parts(rows)?, left_out))
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
