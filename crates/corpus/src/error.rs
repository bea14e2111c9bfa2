//! What can go wrong with labelled texts, in words that say what to do.

use std::io;
use std::path::PathBuf;

use recurrent_files::{FileError, quoted};

use crate::options::Format;
use crate::part::Part;
use crate::place::Place;

/// How many names a message has.
const NAMED: usize = 20;

/// What can go wrong with labelled texts.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CorpusError {
    /// A file or folder cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// No file was named.
    #[error("no file was named; name at least one file or folder of labelled texts")]
    NoFiles,
    /// The extension names no format.
    #[error(
        "{}: its name does not say what it holds; name the format, or call it .csv, .tsv, .jsonl or .parquet",
        .path.display()
    )]
    UnknownFormat {
        /// The file.
        path: PathBuf,
    },
    /// This format cannot be read for this purpose.
    #[error("{}: {format} is not read here; {remedy}", .path.display())]
    NotRead {
        /// The file.
        path: PathBuf,
        /// Its format.
        format: Format,
        /// What to do.
        remedy: &'static str,
    },
    /// The file begins with what no text begins with.
    #[error("{}: {found}; {remedy}", .path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What it is.
        found: &'static str,
        /// What to do.
        remedy: &'static str,
    },
    /// A compressed file is damaged or cut off.
    #[error("{} cannot be decompressed: it is damaged or cut off; get it again", .path.display())]
    Compressed {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: io::Error,
    },
    /// There is no row, and no header.
    #[error("{} is empty; give a file with rows", .path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// Text in another encoding.
    #[error("{place}: not UTF-8; save the file as UTF-8, or have what is not replaced")]
    NotUtf8 {
        /// The row, or the file.
        place: Place,
    },
    /// A row has more or fewer fields than the others.
    #[error(
        "{place}: {found} fields, and there should be {expected}; quote fields that hold the delimiter, or correct the row"
    )]
    Ragged {
        /// The row.
        place: Place,
        /// Fields that it has.
        found: usize,
        /// Fields that the header, or the first row, has.
        expected: usize,
    },
    /// A quoted field is never closed.
    #[error(
        "{place}: the row opens a quotation mark that nothing closes before the end of the file; close or double it, or say that quotation marks are characters"
    )]
    OpenQuote {
        /// The row.
        place: Place,
    },
    /// A line is no JSON object.
    #[error("{place}: no JSON object: {reason}; write one object a line")]
    Json {
        /// The row.
        place: Place,
        /// What is wrong.
        reason: String,
    },
    /// A Parquet file is damaged, or not one.
    #[error("{} cannot be read as Parquet: {reason}; write it again", .path.display())]
    Parquet {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A value is of a kind that is neither text nor label.
    #[error("{place}: {} holds {found}, and {expected} is expected; name another column", quoted(.column))]
    Kind {
        /// The row, or the file.
        place: Place,
        /// The column.
        column: String,
        /// What is there.
        found: String,
        /// What should be there.
        expected: &'static str,
    },
    /// A column that was named is not there.
    #[error("{}: no column {}; name one of {}{}", .path.display(), quoted(.column), names(.columns), header_hint(*.header))]
    NoColumn {
        /// The file.
        path: PathBuf,
        /// The column that was named.
        column: String,
        /// The columns that there are.
        columns: Vec<String>,
        /// Whether the first row was taken for the names of the columns.
        header: bool,
    },
    /// Two columns have the name that was given.
    #[error("{}: two columns are called {}; rename one of them", .path.display(), quoted(.column))]
    ColumnTwice {
        /// The file.
        path: PathBuf,
        /// Their name.
        column: String,
    },
    /// The names of the columns do not say which one is meant.
    #[error(
        "{}: which column is the {what} is not clear; name one of {}{}",
        .path.display(), names(.columns), header_hint(*.header)
    )]
    WhichColumn {
        /// The file.
        path: PathBuf,
        /// `text` or `label`.
        what: &'static str,
        /// The columns that there are.
        columns: Vec<String>,
        /// Whether the first row was taken for the names of the columns.
        header: bool,
    },
    /// One column was named for two purposes.
    #[error("the column {} is named both as {first} and as {second}; name another for one of them", quoted(.column))]
    SameColumn {
        /// The column.
        column: String,
        /// `text`, `label` or `split`.
        first: &'static str,
        /// `text`, `label` or `split`.
        second: &'static str,
    },
    /// A label that is none of the classes that were given.
    #[error("{place}: the label {} is none of the classes {}; correct it, or train with it", quoted(.label), names(.classes))]
    UnknownLabel {
        /// The row.
        place: Place,
        /// The label.
        label: String,
        /// The classes.
        classes: Vec<String>,
    },
    /// A value of the split column that names no part.
    #[error("{place}: {} names no part of a corpus; write train, validation or test", quoted(.value))]
    UnknownPart {
        /// The row.
        place: Place,
        /// The value.
        value: String,
    },
    /// The folder has no folders of classes.
    #[error(
        "{}: no folders of classes with .txt files; arrange it as CLASS/FILE.txt, or as train/CLASS/FILE.txt and test/CLASS/FILE.txt",
        .path.display()
    )]
    NoClassFolders {
        /// The folder.
        path: PathBuf,
    },
    /// A corpus needs two classes to tell apart.
    #[error("{}; give texts of at least two classes", few(.classes))]
    TooFewClasses {
        /// The classes that there are.
        classes: Vec<String>,
    },
    /// A class is there twice.
    #[error("the class {} is there twice; name each class once", quoted(.class))]
    ClassTwice {
        /// Its name.
        class: String,
    },
    /// A label points behind the classes.
    #[error(
        "text {index} of the {part} split has the label {label}, and there are {classes} classes; give a label below"
    )]
    LabelOutOfRange {
        /// The part.
        part: Part,
        /// Position of the text in it, from 0.
        index: usize,
        /// Its label.
        label: usize,
        /// How many classes there are.
        classes: usize,
    },
    /// There are more classes than labels are stored for.
    #[error(
        "there are more than {} classes; name the column that has the label",
        u32::MAX
    )]
    TooManyClasses,
    /// A share that is no part of a whole.
    #[error("{share} is no share of the texts; give a number between 0 and 1, such as 0.1")]
    Share {
        /// What was given.
        share: f64,
    },
    /// The split is there already.
    #[error(
        "the corpus has a {part} split of {texts} texts already; use it, or read the corpus without it"
    )]
    HasPart {
        /// The part.
        part: Part,
        /// How many texts it has.
        texts: usize,
    },
    /// A share of the texts is none or all of them.
    #[error(
        "a share of {share} of {texts} texts leaves the {empty} split empty; give another share, another seed or more texts"
    )]
    EmptyPart {
        /// The part that would be empty.
        empty: Part,
        /// The share.
        share: f64,
        /// Texts of which it was taken.
        texts: usize,
    },
    /// A column that is to be added is there already.
    #[error("{place}: there is a column {} already; rename it, or add the new one under another name", quoted(.column))]
    Collision {
        /// The file, or its row.
        place: Place,
        /// The column.
        column: String,
    },
    /// A row that does not fit the file that is written.
    #[error("{}: {reason}; write rows of the file that it was opened for, with a value for each new column", .path.display())]
    Mismatch {
        /// The file that is written.
        path: PathBuf,
        /// What does not fit.
        reason: String,
    },
}

/// Names for a message.
fn names(names: &[String]) -> String {
    let mut shown: Vec<String> = names
        .iter()
        .take(NAMED)
        .map(|name| quoted(name).to_string())
        .collect();
    if names.len() > NAMED {
        shown.push(format!("and {} more", names.len() - NAMED));
    }
    shown.join(", ")
}

fn header_hint(header: bool) -> &'static str {
    if header {
        " (if these are no names, say that there is no header)"
    } else {
        ""
    }
}

fn few(classes: &[String]) -> String {
    match classes {
        [] => "no labelled text was found".to_owned(),
        [class] => format!("all texts are of one class, {}", quoted(class)),
        _ => format!("the classes are {}", names(classes)),
    }
}
