//! What `recurrent vectorize` can fail with, beside files and the vectorizer themselves.

use std::fmt;
use std::path::{Path, PathBuf};

use recurrent_files::quoted;
use recurrent_vectorizer::VectorizerError;

use crate::error::CliError;

/// Why texts cannot be read or results not written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum VectorizeError {
    /// What a file says makes no vectorizer.
    #[error("{} makes no vectorizer", .path.display())]
    NoVectorizer {
        /// The file.
        path: PathBuf,
        /// What the vectorizer says.
        source: VectorizerError,
    },
    /// What a file says are no counts that can be merged.
    #[error("{} cannot be merged; give files that `recurrent vectorize fit --counts` wrote", .path.display())]
    NoCounts {
        /// The file.
        path: PathBuf,
        /// What the vectorizer says.
        source: VectorizerError,
    },
    /// A configuration whose texts are standardized by a function of the user.
    #[error(
        "{}: `standardize` is the function {}, of which a file has only the name; \
         \"lower_and_strip_punctuation\" in its place together with --clean does what Keras' tutorials do in their \
         custom_standardization (lower case, `<br />` to a space, no punctuation), and any other function can be given \
         in Rust: see `Functions`", .path.display(), quoted(name)
    )]
    StandardizeFunction {
        /// The configuration.
        path: PathBuf,
        /// The function's name.
        name: String,
    },
    /// A configuration whose texts are split by a function of the user.
    #[error(
        "{}: `split` is the function {}, of which a file has only the name; set it to \"whitespace\" or \"character\", \
         or give the function in Rust: see `Functions`", .path.display(), quoted(name)
    )]
    SplitFunction {
        /// The configuration.
        path: PathBuf,
        /// The function's name.
        name: String,
    },
    /// Nothing to read.
    #[error("no texts to read: name files with --input, or pipe texts in")]
    NoInput,
    /// Standard input named more than once.
    #[error("standard input is named more than once, and can be read only once; name it once")]
    StdinTwice,
    /// A folder where a file should be.
    #[error("{} is a folder; name a file", .path.display())]
    IsFolder {
        /// The folder.
        path: PathBuf,
    },
    /// A file that is written is one that is read.
    #[error(
        "{} is read, and would be overwritten by {}, which is the same file; name another file for the result",
        .input.display(), .output.display()
    )]
    InputIsOutput {
        /// The file that is read.
        input: PathBuf,
        /// The name by which it would be written.
        output: PathBuf,
    },
    /// Two results have one name.
    #[error("two results would be written to {}; name another file for one of them", .path.display())]
    SameOutput {
        /// The file.
        path: PathBuf,
    },
    /// A file that does not hold what is read here.
    #[error("{input} {found}; {remedy}")]
    NotRead {
        /// The file.
        input: InputName,
        /// What it is.
        found: String,
        /// What to do.
        remedy: String,
    },
    /// A name for results that promises another format.
    #[error(
        "the name {} promises {promised}, and {written} would be written there; {remedy}", .path.display()
    )]
    OtherFormat {
        /// The file.
        path: PathBuf,
        /// What its name says.
        promised: &'static str,
        /// What it would hold.
        written: &'static str,
        /// What to do.
        remedy: &'static str,
    },
    /// It is not said where in each row the text is.
    #[error("{input} is read as {kind}; say where the text is with {flag} NAME")]
    NameMissing {
        /// The file.
        input: InputName,
        /// What it is taken for.
        kind: &'static str,
        /// What would say it.
        flag: &'static str,
    },
    /// A name of a field or column, and a file that has none.
    #[error(
        "{flag} is of no use for {input}, which is read as {kind}; leave it out, add --format {wanted} if the file is \
         that, or vectorize this file by itself"
    )]
    UnusedFlag {
        /// The name's flag.
        flag: &'static str,
        /// The file.
        input: InputName,
        /// What it is read as.
        kind: &'static str,
        /// The format that has such names.
        wanted: &'static str,
    },
    /// A line that goes on and on.
    #[error(
        "{input}, line {line}, has more than {limit} bytes, which is the most a line may have; check that the file has \
         one text a line"
    )]
    LineTooLong {
        /// The file.
        input: InputName,
        /// Line number, from 1.
        line: u64,
        /// The most bytes of a line.
        limit: usize,
    },
    /// A line of text that is none.
    #[error(
        "{input}, line {line}, has a NUL byte, which no text has; if the file is binary or of another encoding, convert \
         it, or pass over such lines with --skip-invalid"
    )]
    NulInText {
        /// The file.
        input: InputName,
        /// Line number, from 1.
        line: u64,
    },
    /// A JSON line without a text.
    #[error(
        "{input}, line {line}, {reason}; each line must be an object whose field {} is a string or null, and \
         --skip-invalid passes over lines that are not",
        quoted(field)
    )]
    JsonLine {
        /// The file.
        input: InputName,
        /// Line number, from 1.
        line: u64,
        /// What is wrong with it.
        reason: String,
        /// The field looked for.
        field: String,
    },
    /// Parquet can only be read from its end.
    #[error(
        "Parquet is read from its end, which {input} does not have before it is read; write it to a file and name that"
    )]
    ParquetFromPipe {
        /// The file.
        input: InputName,
    },
    /// Not in this build.
    #[cfg(not(feature = "parquet"))]
    #[error("{}: this build has no Parquet; build `recurrent` with its feature `parquet`", .path.display())]
    NoParquet {
        /// The file.
        path: PathBuf,
    },
    /// A Parquet file without that column.
    #[cfg(feature = "parquet")]
    #[error("{} has no column {}; it has: {columns}", .path.display(), quoted(column))]
    NoColumn {
        /// The file.
        path: PathBuf,
        /// The column looked for.
        column: String,
        /// Those that it has.
        columns: String,
    },
    /// A Parquet file that has that column twice.
    #[cfg(feature = "parquet")]
    #[error("{} has more than one column {}; give the one with the texts a name of its own", .path.display(), quoted(column))]
    ColumnTwice {
        /// The file.
        path: PathBuf,
        /// The column looked for.
        column: String,
    },
    /// A column that has no texts.
    #[cfg(feature = "parquet")]
    #[error("the column {} of {} cannot be vectorized", quoted(column), .path.display())]
    NotTexts {
        /// The file.
        path: PathBuf,
        /// The column.
        column: String,
        /// What the vectorizer says.
        source: VectorizerError,
    },
    /// A file that is not Parquet, or damaged.
    #[cfg(feature = "parquet")]
    #[error("{} cannot be read as Parquet: {reason}; check the file, or write it again", .path.display())]
    ParquetFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Results that cannot be written.
    #[cfg(feature = "parquet")]
    #[error("{} cannot be written as Parquet: {reason}; check the space on its disk", .path.display())]
    ParquetResults {
        /// The file.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// A folder that has no vectorizer.
    #[error(
        "{} has no vectorizer in it; --model names a folder that `recurrent vectorize fit` or `recurrent reproduce` wrote",
        .path.display()
    )]
    NoModel {
        /// The folder.
        path: PathBuf,
    },
    /// A trained network's folder where a vectorizer is to be written.
    #[error(
        "{} has a trained network in it, whose vectorizer must not be replaced; name another folder", .path.display()
    )]
    TrainedFolder {
        /// The folder.
        path: PathBuf,
    },
    /// Rows that are too wide for memory.
    #[error(
        "a row would have {width} numbers, and at most {limit} are possible; set `sparse`, or a smaller \
         `output_sequence_length` or `max_tokens`"
    )]
    RowTooWide {
        /// Numbers of a row.
        width: usize,
        /// The most there may be.
        limit: usize,
    },
    /// Threads that the system does not give.
    #[error("{threads} threads cannot be started on this machine; give fewer with --threads")]
    Threads {
        /// How many were asked for.
        threads: usize,
        /// The system's reason.
        source: std::io::Error,
    },
    /// A file that has no cases.
    #[error("{} is no file of recorded cases", .path.display())]
    Fixture {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: VectorizerError,
    },
    /// A folder without files of cases.
    #[error("{} has no .json files of recorded cases", .path.display())]
    NoFixtures {
        /// The folder.
        path: PathBuf,
    },
    /// The vectorizer makes what this command cannot write.
    #[error("this kind of output cannot be written; update `recurrent`")]
    UnknownOutput,
}

impl VectorizeError {
    /// For `map_err` beside the path of what makes a vectorizer.
    pub(super) fn vectorizer(path: &Path) -> impl FnOnce(VectorizerError) -> CliError {
        let path = path.to_owned();
        move |source| {
            match source {
                VectorizerError::MissingFunction {
                    does: "splits",
                    name,
                } => Self::SplitFunction { path, name },
                VectorizerError::MissingFunction { name, .. } => {
                    Self::StandardizeFunction { path, name }
                }
                source => Self::NoVectorizer { path, source },
            }
            .into()
        }
    }

    /// For `map_err` beside the path of counts.
    pub(super) fn counts(path: &Path) -> impl FnOnce(VectorizerError) -> CliError {
        let path = path.to_owned();
        move |source| Self::NoCounts { path, source }.into()
    }
}

/// A file, or standard input, as messages call it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct InputName(std::sync::Arc<Path>);

impl InputName {
    pub(super) fn new(path: &Path) -> Self {
        Self(path.into())
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    /// Whether this is standard input.
    pub(super) fn is_stdin(&self) -> bool {
        *self.0 == *Path::new("-")
    }
}

impl fmt::Display for InputName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_stdin() {
            return f.write_str("standard input");
        }
        self.0.display().fmt(f)
    }
}

/// Characters of what other libraries say that a message shows.
const REASON: usize = 240;

/// What another library says, control characters escaped, and cut when long.
pub(super) fn plain(said: &str) -> String {
    let mut shown = String::new();
    for (index, character) in said.chars().enumerate() {
        if index == REASON {
            shown.push('…');
            break;
        }
        if character.is_control() {
            shown.extend(character.escape_debug());
        } else {
            shown.push(character);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_say_is_cut_and_has_no_control_characters() {
        assert_eq!(plain("field `\u{1b}[31m`"), "field `\\u{1b}[31m`");
        assert_eq!(plain(&"é".repeat(100_000)).chars().count(), REASON + 1);
    }
}
