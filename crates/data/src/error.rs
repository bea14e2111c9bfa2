//! Everything that can go wrong with a data set, and what to do about it.

use std::io;
use std::path::{Path, PathBuf};

use recurrent_corpus::Split;

use crate::advice;
use crate::download::DownloadError;
use crate::lists::{FoundTexts, InvalidText, ListedTexts};
use crate::names::{Listed, Quoted};

/// An archive, a folder or a data set that could not be used.
///
/// `archive` is the file or folder that was read, `entry` the path inside of it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// There is nothing at the path, or a link there leads nowhere.
    #[error("{path}: there is no such file or folder; check the path", path = .path.display())]
    NotFound {
        /// The path that was asked for.
        path: PathBuf,
    },
    /// The file is of none of the kinds that are read.
    #[error(
        "{path}: neither a zip file, nor a tar file, gzipped or not, nor a folder{found}; {advice}",
        path = .path.display()
    )]
    Unrecognized {
        /// The file that was looked at.
        path: PathBuf,
        /// What it looks like, where that can be told: ` (it looks like …)`, else nothing.
        found: &'static str,
        /// What to do about it.
        advice: &'static str,
    },
    /// A folder was given where an archive was to be unpacked.
    #[error("{path}: is a folder already; read it as it is", path = .path.display())]
    NotAnArchive {
        /// The folder.
        path: PathBuf,
    },
    /// The operating system refused to read.
    #[error(
        "{path}: cannot be read; {advice}", path = .path.display(),
        advice = advice::reading(.source.kind())
    )]
    Read {
        /// What was being read.
        path: PathBuf,
        /// The reason given by the operating system.
        source: io::Error,
    },
    /// The operating system refused to write.
    #[error(
        "{path}: cannot be written; {advice}", path = .path.display(),
        advice = advice::writing(.source.kind())
    )]
    Write {
        /// What was being written.
        path: PathBuf,
        /// The reason given by the operating system.
        source: io::Error,
    },
    /// The operating system refused to delete.
    #[error("{path}: cannot be removed; remove it by hand", path = .path.display())]
    Remove {
        /// What was being removed.
        path: PathBuf,
        /// The reason given by the operating system.
        source: io::Error,
    },
    /// The archive as a whole is cut off or broken.
    #[error(
        "{archive}: the archive is cut off or damaged: {reason}; {again}",
        archive = .archive.display(), again = advice::again(.archive)
    )]
    DamagedArchive {
        /// The archive.
        archive: PathBuf,
        /// What was wrong.
        reason: String,
    },
    /// One entry is cut off or broken.
    #[error(
        "{archive}: {entry}: the entry is damaged: {reason}; {again}",
        archive = .archive.display(), entry = Quoted(.entry), again = advice::again(.archive)
    )]
    DamagedEntry {
        /// The archive.
        archive: PathBuf,
        /// The entry.
        entry: String,
        /// What was wrong.
        reason: String,
    },
    /// The content of an entry does not have the checksum the archive states.
    #[error(
        "{archive}: {entry}: the checksum is {found:08x}, but the archive states {expected:08x}; \
         {again}", archive = .archive.display(), entry = Quoted(.entry),
         again = advice::again(.archive)
    )]
    Checksum {
        /// The archive.
        archive: PathBuf,
        /// The entry.
        entry: String,
        /// CRC-32 stated by the archive.
        expected: u32,
        /// CRC-32 of what came out.
        found: u32,
    },
    /// An entry has no name, or one that points out of the folder it would be unpacked to.
    #[error(
        "{archive}: {entry}: the name {reason}; {advice}",
        archive = .archive.display(), entry = Quoted(.entry),
        advice = advice::unsafe_path(.archive, .entry)
    )]
    UnsafePath {
        /// The archive.
        archive: PathBuf,
        /// The entry.
        entry: String,
        /// What is wrong with the name.
        reason: &'static str,
    },
    /// A class or a review has control characters in its name: on a terminal they could do anything.
    #[error(
        "{archive}: {entry}: there are control characters in this name; rename the file or folder",
        archive = .archive.display(), entry = Quoted(.entry)
    )]
    ControlCharacters {
        /// The archive or folder.
        archive: PathBuf,
        /// The entry.
        entry: String,
    },
    /// A class or a review has a name that is not UTF-8.
    #[error(
        "{archive}: {entry}: this name is not UTF-8; rename the file or folder",
        archive = .archive.display(), entry = Quoted(.entry)
    )]
    NameNotUtf8 {
        /// The archive or folder.
        archive: PathBuf,
        /// The entry, what is not UTF-8 replaced.
        entry: String,
    },
    /// Something is named like a review, but is not a file.
    #[error(
        "{archive}: {entry}: is named like a review, but is {found}; rename it or take it out",
        archive = .archive.display(), entry = Quoted(.entry)
    )]
    NotAFile {
        /// The archive or folder.
        archive: PathBuf,
        /// The entry.
        entry: String,
        /// What it is.
        found: &'static str,
    },
    /// A link where a split, a class or a review was expected: it could lead anywhere.
    #[error(
        "{archive}: {entry}: is a link, which is not followed; {advice}",
        archive = .archive.display(), entry = Quoted(.entry), advice = advice::link(*.in_folder)
    )]
    Link {
        /// The archive or folder.
        archive: PathBuf,
        /// The entry.
        entry: String,
        /// Whether it lies in a folder: links in archives are never followed.
        in_folder: bool,
    },
    /// A link leads back to a folder that it lies in.
    #[error("{path}: this link leads back to {ancestor}; remove it", path = .path.display(),
        ancestor = .ancestor.display())]
    LinkLoop {
        /// The link.
        path: PathBuf,
        /// Where it leads.
        ancestor: PathBuf,
    },
    /// A review needs a password.
    #[error(
        "{archive}: {entry}: the entry is encrypted; pack the archive again without a password",
        archive = .archive.display(), entry = Quoted(.entry)
    )]
    Encrypted {
        /// The archive.
        archive: PathBuf,
        /// The entry.
        entry: String,
    },
    /// A review is packed by a method other than stored or deflated.
    #[error(
        "{archive}: {entry}: compressed by method {method}, which is not supported; \
         pack the archive again with deflate", archive = .archive.display(), entry = Quoted(.entry)
    )]
    Compression {
        /// The archive.
        archive: PathBuf,
        /// The entry.
        entry: String,
        /// The number of the method, and its name where it has one.
        method: String,
    },
    /// A review is larger than [`Limits::max_entry_bytes`](crate::Limits).
    #[error(
        "{archive}: {entry}: holds more than {limit} bytes; \
         if you trust it, raise max_entry_bytes (--max-entry-bytes)",
        archive = .archive.display(), entry = Quoted(.entry)
    )]
    EntryTooLarge {
        /// The archive.
        archive: PathBuf,
        /// The entry.
        entry: String,
        /// The limit in bytes.
        limit: u64,
    },
    /// More comes out of the archive than [`Limits::max_total_bytes`](crate::Limits).
    #[error(
        "{archive}: holds more than {limit} bytes; \
         if you trust it, raise max_total_bytes (--max-total-bytes)", archive = .archive.display()
    )]
    TotalTooLarge {
        /// The archive.
        archive: PathBuf,
        /// The limit in bytes.
        limit: u64,
    },
    /// Far more comes out of the archive than goes in: [`Limits::max_ratio`](crate::Limits).
    #[error(
        "{archive}: holds more than {limit} bytes and more than {ratio} times its own size, as archives \
         do that are made to fill a memory; if you trust it, raise max_ratio (--max-ratio)",
        archive = .archive.display()
    )]
    RatioTooLarge {
        /// The archive.
        archive: PathBuf,
        /// The limit in bytes.
        limit: u64,
        /// The limit as a multiple of the archive's size.
        ratio: u64,
    },
    /// The archive lists more entries than [`Limits::max_entries`](crate::Limits).
    #[error(
        "{archive}: lists more than {limit} files and folders; \
         if you trust it, raise max_entries (--max-entries)", archive = .archive.display()
    )]
    TooManyEntries {
        /// The archive.
        archive: PathBuf,
        /// The limit.
        limit: usize,
    },
    /// Reviews are not valid UTF-8.
    #[error(
        "{archive}: not UTF-8: {files}; convert to UTF-8, or replace what is not by U+FFFD with \
         invalid_utf8 (--invalid-utf8 replace), which UTF-16 cannot be helped by",
        archive = .archive.display(), files = ListedTexts(.files)
    )]
    NotUtf8 {
        /// The archive.
        archive: PathBuf,
        /// All of them, in the order of the corpus.
        files: Vec<InvalidText>,
    },
    /// The same review occurs twice.
    #[error(
        "{archive}: {entry}: listed more than once; pack the archive again",
        archive = .archive.display(), entry = Quoted(.entry)
    )]
    DuplicateEntry {
        /// The archive.
        archive: PathBuf,
        /// The path.
        entry: String,
    },
    /// A split is missing.
    #[error(
        "{archive}: there is no folder {split}/ with class folders in it; {found}; needed are \
         train/CLASS/*.txt and test/CLASS/*.txt in one folder, with the same classes: \
         rename or divide what is there", archive = .archive.display(), found = FoundTexts(.found)
    )]
    MissingSplit {
        /// The archive or folder.
        archive: PathBuf,
        /// The split that is missing.
        split: Split,
        /// Folders that do hold `.txt` files, sorted.
        found: Vec<String>,
    },
    /// A split lies there in two spellings.
    #[error(
        "{archive}: reviews lie under both {first} and {second}; keep only one of them",
        archive = .archive.display(), first = Quoted(.first), second = Quoted(.second)
    )]
    SplitTwice {
        /// The archive or folder.
        archive: PathBuf,
        /// One spelling.
        first: String,
        /// The other.
        second: String,
    },
    /// More than one folder holds both splits.
    #[error(
        "{archive}: both {first} and {second} hold train/ and test/; keep only one of them, or name \
         the folder itself (an empty name is the top)", archive = .archive.display(),
        first = Quoted(.first), second = Quoted(.second)
    )]
    SeveralRoots {
        /// The archive or folder.
        archive: PathBuf,
        /// One of them; empty for the archive's own top.
        first: String,
        /// Another.
        second: String,
    },
    /// Fewer than two classes: there is nothing to tell apart.
    #[error(
        "{archive}: {split}/ has the one class {class}; a classifier needs at least two folders",
        archive = .archive.display(), class = Quoted(.class)
    )]
    OneClass {
        /// The archive or folder.
        archive: PathBuf,
        /// The split.
        split: Split,
        /// The only class.
        class: String,
    },
    /// A class folder without reviews, while the other split has some of that class.
    #[error(
        "{archive}: there are no reviews (*.txt) in {folder}; add some, or take the class out of both \
         splits", archive = .archive.display(), folder = Quoted(&format!("{split}/{class}"))
    )]
    EmptyClass {
        /// The archive or folder.
        archive: PathBuf,
        /// The split.
        split: Split,
        /// The class.
        class: String,
    },
    /// The two splits have different classes.
    #[error(
        "{archive}: train/ has the classes {train}, but test/ has {test}; \
         both need the same folders", archive = .archive.display(), train = Listed(.train),
         test = Listed(.test)
    )]
    ClassesDiffer {
        /// The archive or folder.
        archive: PathBuf,
        /// The classes of the train split.
        train: Vec<String>,
        /// The classes of the test split.
        test: Vec<String>,
    },
    /// The folder to unpack to already holds something that was not left by an unpacking.
    #[error(
        "{target}: exists and is not an empty folder; move it away or remove it, or read it as it is",
        target = .target.display()
    )]
    TargetInUse {
        /// The folder that was asked for.
        target: PathBuf,
    },
    /// Another process has unpacked to the folder and is still using it.
    #[error(
        "{target}: another process has unpacked to this folder and is using it; wait until it is done",
        target = .target.display()
    )]
    TargetBusy {
        /// The folder that was asked for.
        target: PathBuf,
    },
    /// [`Cleanup::remove_now`](crate::Cleanup::remove_now) was called.
    #[error("unpacking was stopped, and what it had written is removed")]
    Stopped,
    /// The worker threads could not be started.
    #[error("cannot start {threads} worker threads: {reason}; ask for fewer")]
    Threads {
        /// How many were asked for.
        threads: usize,
        /// The reason.
        reason: String,
    },
    /// The environment names an archive that does not exist.
    #[error(
        "{variable} names {path}, which does not exist; correct the variable or unset it",
        path = .path.display()
    )]
    EnvironmentMissing {
        /// The name of the variable.
        variable: &'static str,
        /// Its value.
        path: PathBuf,
    },
    /// The bundled sample is not where it should be.
    #[error(
        "{path}: the bundled sample is missing{why}; run from the repository, or name a data set",
        path = .path.display(),
        why = .download.as_ref().map_or_else(String::new, |download| {
            format!(", and the IMDB data set could not be fetched ({download})")
        })
    )]
    NoSample {
        /// Where the sample was looked for.
        path: PathBuf,
        /// Why the real data set was not used, where that was tried first.
        download: Option<String>,
    },
    /// The data set is not at hand and could not be fetched.
    #[error(
        "the IMDB data set is not at hand and could not be fetched; put imdb.zip or \
         aclImdb_v1.tar.gz into {folder}, or use the bundled sample instead (`sample`)",
        folder = .folder.display()
    )]
    Download {
        /// Where the archive may be put by hand.
        folder: PathBuf,
        /// Why the download failed.
        source: DownloadError,
    },
}

impl DataError {
    /// [`NotFound`](Self::NotFound) or [`Read`](Self::Read), whichever fits.
    pub(crate) fn read(path: &Path, source: io::Error) -> Self {
        let path = path.to_path_buf();
        if source.kind() == io::ErrorKind::NotFound {
            Self::NotFound { path }
        } else {
            Self::Read { path, source }
        }
    }

    /// What went wrong on a walk through the folder `top`.
    pub(crate) fn walk(top: &Path, error: walkdir::Error) -> Self {
        let path = error.path().unwrap_or(top).to_path_buf();
        if let Some(ancestor) = error.loop_ancestor() {
            let ancestor = ancestor.to_path_buf();
            return Self::LinkLoop { path, ancestor };
        }
        match error.into_io_error() {
            Some(source) => Self::read(&path, source),
            None => Self::NotFound { path },
        }
    }

    /// [`Write`](Self::Write).
    pub(crate) fn write(path: &Path, source: io::Error) -> Self {
        Self::Write {
            path: path.to_path_buf(),
            source,
        }
    }
}
