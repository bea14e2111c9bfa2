//! Where a row is.

use std::fmt;
use std::path::{Path, PathBuf};

/// A row of a file, or a file as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub path: PathBuf,
    /// Number of the row, from 1: of a table without its header, of JSON lines and plain text the number of the line.
    /// `None` for a file that is one text.
    pub row: Option<u64>,
    /// Number of the line on which the row begins, from 1, where rows are not lines.
    pub line: Option<u64>,
}

impl Place {
    /// A whole file.
    pub(crate) fn file(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            row: None,
            line: None,
        }
    }

    /// A row of which the line is not known, or which is one.
    pub(crate) fn row(path: &Path, row: u64) -> Self {
        Self {
            row: Some(row),
            ..Self::file(path)
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.path.display())?;
        match (self.row, self.line) {
            (Some(row), Some(line)) => write!(formatter, ", row {row} (line {line})"),
            (Some(row), None) => write!(formatter, ", row {row}"),
            (None, Some(line)) => write!(formatter, ", line {line}"),
            (None, None) => Ok(()),
        }
    }
}
