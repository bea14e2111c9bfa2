//! Everything that can go wrong with a data set, and what to do about it.

use std::io;
use std::path::PathBuf;

use crate::corpus::Split;
use crate::download::DownloadError;

/// An archive, a folder or a data set that could not be used.
///
/// `archive` is the file or folder that was read, `entry` the path inside of it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// There is nothing at the path.
    #[error("{path}: there is no such file or folder; check the path", path = .path.display())]
    NotFound {
        /// The path that was asked for.
        path: PathBuf,
    },
    /// The file is neither a zip file nor a gzipped tar file.
    #[error(
        "{path}: neither a zip file, nor a gzipped tar file, nor a folder; \
         give one of these, or fetch the archive again", path = .path.display()
    )]
    Unrecognized {
        /// The file that was looked at.
        path: PathBuf,
    },
    /// A folder was given where an archive was to be unpacked.
    #[error("{path}: is a folder already; read it as it is", path = .path.display())]
    NotAnArchive {
        /// The folder.
        path: PathBuf,
    },
    /// The operating system refused to read.
    #[error("{path}: cannot be read: {source}; check its permissions", path = .path.display())]
    Read {
        /// What was being read.
        path: PathBuf,
        /// The reason given by the operating system.
        source: io::Error,
    },
    /// The operating system refused to write.
    #[error(
        "{path}: cannot be written: {source}; check the permissions and the free space, \
         or choose another target folder", path = .path.display()
    )]
    Write {
        /// What was being written.
        path: PathBuf,
        /// The reason given by the operating system.
        source: io::Error,
    },
    /// The operating system refused to delete.
    #[error("{path}: cannot be removed: {source}; remove it by hand", path = .path.display())]
    Remove {
        /// What was being removed.
        path: PathBuf,
        /// The reason given by the operating system.
        source: io::Error,
    },
    /// The archive as a whole is cut off or broken.
    #[error(
        "{archive}: the archive is cut off or damaged: {reason}; fetch it again",
        archive = .archive.display()
    )]
    DamagedArchive {
        /// The archive.
        archive: PathBuf,
        /// What was wrong.
        reason: String,
    },
    /// One entry is cut off or broken.
    #[error(
        "{archive}: {entry}: the entry is damaged: {reason}; fetch the archive again",
        archive = .archive.display()
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
         fetch the archive again", archive = .archive.display()
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
    /// An entry's name points out of the folder it would be unpacked to.
    #[error(
        "{archive}: {entry:?}: the name {reason}; do not trust this archive, fetch the official one",
        archive = .archive.display()
    )]
    UnsafePath {
        /// The archive.
        archive: PathBuf,
        /// The entry.
        entry: String,
        /// What is wrong with the name.
        reason: &'static str,
    },
    /// A link where a file or folder was expected: it could lead anywhere, so it is not followed.
    #[error(
        "{archive}: {entry}: is a link, and links are not followed; \
         replace it by the file or folder it points to", archive = .archive.display()
    )]
    Link {
        /// The archive or folder.
        archive: PathBuf,
        /// The entry.
        entry: String,
    },
    /// A review needs a password.
    #[error(
        "{archive}: {entry}: the entry is encrypted; pack the archive again without a password",
        archive = .archive.display()
    )]
    Encrypted {
        /// The archive.
        archive: PathBuf,
        /// The entry.
        entry: String,
    },
    /// A review is packed by a method other than stored or deflated.
    #[error(
        "{archive}: {entry}: compressed by {method}, which is not supported; \
         pack the archive again with deflate", archive = .archive.display()
    )]
    Compression {
        /// The archive.
        archive: PathBuf,
        /// The entry.
        entry: String,
        /// The name of the method.
        method: String,
    },
    /// A review is larger than [`Limits::max_entry_bytes`](crate::Limits).
    #[error(
        "{archive}: {entry}: holds more than {limit} bytes; \
         if you trust the archive, raise max_entry_bytes", archive = .archive.display()
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
         if you trust the archive, raise max_total_bytes", archive = .archive.display()
    )]
    TotalTooLarge {
        /// The archive.
        archive: PathBuf,
        /// The limit in bytes.
        limit: u64,
    },
    /// The archive lists more entries than [`Limits::max_entries`](crate::Limits).
    #[error(
        "{archive}: lists more than {limit} entries; \
         if you trust the archive, raise max_entries", archive = .archive.display()
    )]
    TooManyEntries {
        /// The archive.
        archive: PathBuf,
        /// The limit.
        limit: usize,
    },
    /// A review is not valid UTF-8.
    #[error(
        "{archive}: {entry}: not UTF-8 at byte {offset}; convert the file to UTF-8",
        archive = .archive.display()
    )]
    NotUtf8 {
        /// The archive.
        archive: PathBuf,
        /// The entry.
        entry: String,
        /// Position of the first byte that is not UTF-8, counted from 0.
        offset: usize,
    },
    /// A file in a class folder is not named `id_rating.txt`.
    #[error(
        "{archive}: {entry}: reviews are named id_rating.txt, for example 12_7.txt; \
         rename the file or take it out", archive = .archive.display()
    )]
    MisnamedFile {
        /// The archive.
        archive: PathBuf,
        /// The entry.
        entry: String,
    },
    /// The same path occurs twice.
    #[error(
        "{archive}: {entry}: listed more than once; pack the archive again",
        archive = .archive.display()
    )]
    DuplicateEntry {
        /// The archive.
        archive: PathBuf,
        /// The path.
        entry: String,
    },
    /// A split is missing.
    #[error(
        "{archive}: there is no folder {split}/ with class folders in it; expected \
         train/neg/, train/pos/, test/neg/ and test/pos/", archive = .archive.display()
    )]
    MissingSplit {
        /// The archive or folder.
        archive: PathBuf,
        /// The split that is missing.
        split: Split,
    },
    /// Reviews lie under more than one top folder.
    #[error(
        "{archive}: reviews lie under both {first:?} and {second:?}; keep only one of them",
        archive = .archive.display()
    )]
    SeveralRoots {
        /// The archive or folder.
        archive: PathBuf,
        /// One top folder; empty for the archive's own top.
        first: String,
        /// The other.
        second: String,
    },
    /// Fewer than two classes: there is nothing to tell apart.
    #[error(
        "{archive}: {split}/ has the one class {class:?}; a classifier needs at least two folders",
        archive = .archive.display()
    )]
    OneClass {
        /// The archive or folder.
        archive: PathBuf,
        /// The split.
        split: Split,
        /// The only class.
        class: String,
    },
    /// A class folder without reviews.
    #[error(
        "{archive}: {split}/{class}/ has no reviews in it; add some, or take the folder out",
        archive = .archive.display()
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
        "{archive}: train/ has the classes {train:?}, but test/ has {test:?}; \
         both need the same folders", archive = .archive.display()
    )]
    ClassesDiffer {
        /// The archive or folder.
        archive: PathBuf,
        /// The classes of the train split.
        train: Vec<String>,
        /// The classes of the test split.
        test: Vec<String>,
    },
    /// The folder to unpack to already holds something.
    #[error(
        "{target}: exists and is not an empty folder; remove it, choose another target, \
         or read it as it is", target = .target.display()
    )]
    TargetInUse {
        /// The folder that was asked for.
        target: PathBuf,
    },
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
        "{path}: the bundled sample is missing; run from the repository, or name a data set",
        path = .path.display()
    )]
    NoSample {
        /// Where the sample was looked for.
        path: PathBuf,
        /// Why the real data set was not used, where that was tried first.
        download: Option<String>,
    },
    /// The data set is not at hand and could not be fetched.
    #[error(
        "the IMDB data set is not at hand and could not be fetched: {source}; \
         put imdb.zip or aclImdb_v1.tar.gz into {folder}", folder = .folder.display()
    )]
    Download {
        /// Where the archive may be put by hand.
        folder: PathBuf,
        /// Why the download failed.
        source: DownloadError,
    },
}
