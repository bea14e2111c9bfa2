//! How files are to be read.

use std::fmt;
use std::path::Path;

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// Fields between commas (RFC 4180): `.csv`.
    Csv,
    /// Fields between tabs: `.tsv` and `.tab`.
    Tsv,
    /// One JSON object a line: `.jsonl`, `.ndjson`, `.jsonlines`, `.ldjson` and `.json`, which may hold an array, and is then
    /// refused.
    JsonLines,
    /// Columns, behind the feature `parquet`: `.parquet`, `.parq` and `.pq`.
    Parquet,
    /// One text a line, without labels, for [`Rows`](crate::Rows) only: `.txt` and `.text`.
    Text,
}

impl Format {
    /// The format that the extension of `path` names, in upper or lower case; `.gz` and `.zst` behind it are passed
    /// over.
    ///
    /// ```
    /// use std::path::Path;
    /// use recurrent_corpus::Format;
    ///
    /// assert_eq!(Format::of(Path::new("train.csv.gz")), Some(Format::Csv));
    /// assert_eq!(Format::of(Path::new("train.xlsx")), None);
    /// ```
    #[must_use]
    pub fn of(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_string_lossy().to_ascii_lowercase();
        let name = [".gz", ".zst"]
            .into_iter()
            .find_map(|end| name.strip_suffix(end))
            .unwrap_or(&name);
        let (_, extension) = name.rsplit_once('.')?;
        match extension {
            "csv" => Some(Self::Csv),
            "tsv" | "tab" => Some(Self::Tsv),
            "jsonl" | "ndjson" | "jsonlines" | "ldjson" | "json" => Some(Self::JsonLines),
            "parquet" | "parq" | "pq" => Some(Self::Parquet),
            "txt" | "text" => Some(Self::Text),
            _ => None,
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Csv => "CSV",
            Self::Tsv => "TSV",
            Self::JsonLines => "JSON lines",
            Self::Parquet => "Parquet",
            Self::Text => "plain text",
        })
    }
}

/// How files are to be read.
///
/// ```
/// use recurrent_corpus::TableOptions;
///
/// // AG News: label, title and description, and no header.
/// let options = TableOptions {
///     header: false,
///     label: Some("1".to_owned()),
///     text: vec!["2".to_owned(), "3".to_owned()],
///     ..TableOptions::default()
/// };
/// # assert!(options.quotes);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableOptions {
    /// The format of all files; `None` takes it from the extension of each.
    pub format: Option<Format>,
    /// The columns of the text, joined by one space where there are several. Where none is named, the one whose name
    /// says so (`text`, `review`, …) is taken.
    pub text: Vec<String>,
    /// The column of the label; `None` takes the one whose name says so (`label`, `sentiment`, …).
    pub label: Option<String>,
    /// A column that says for each row which part of the corpus it belongs to, with the names of
    /// [`Part::from_name`](crate::Part::from_name). It takes precedence over the part that a file was given for.
    pub split: Option<String>,
    /// The classes in the order of their labels, as a trained model has them; another label is then an error. `None`
    /// takes those that occur, sorted bytewise, or by number if all are integers.
    pub classes: Option<Vec<String>>,
    /// Whether the first row of a CSV or TSV file has the names of the columns. Otherwise they are called `1`, `2` and
    /// so on.
    pub header: bool,
    /// The byte between fields; `None` takes the comma for CSV and the tab for TSV.
    pub delimiter: Option<u8>,
    /// Whether `"` quotes fields of CSV and TSV files. Otherwise it is a character like any other.
    pub quotes: bool,
    /// Whether what is not UTF-8 is replaced by U+FFFD. Otherwise it is an error.
    pub lossy: bool,
}

impl Default for TableOptions {
    /// A header, quotes, UTF-8, and everything else as the files say.
    fn default() -> Self {
        Self {
            format: None,
            text: Vec::new(),
            label: None,
            split: None,
            classes: None,
            header: true,
            delimiter: None,
            quotes: true,
            lossy: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extensions_name_formats() {
        for (name, format) in [
            ("a.CSV", Some(Format::Csv)),
            ("b/IMDB Dataset.csv", Some(Format::Csv)),
            ("a.tab.zst", Some(Format::Tsv)),
            ("a.ndjson.GZ", Some(Format::JsonLines)),
            ("a.parquet", Some(Format::Parquet)),
            ("a.txt", Some(Format::Text)),
            ("a.json", Some(Format::JsonLines)),
            ("a.gz", None),
            ("csv", None),
            ("", None),
        ] {
            assert_eq!(Format::of(Path::new(name)), format, "{name}");
        }
    }
}
