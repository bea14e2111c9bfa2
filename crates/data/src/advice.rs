//! What a message advises, where that depends on what was read and on why it failed.

use std::io::ErrorKind;
use std::path::Path;

/// The repacked archive, as the notebook has it.
pub(crate) const REPACKED: &str = "imdb.zip";
/// The official archive.
pub(crate) const OFFICIAL: &str = "aclImdb_v1.tar.gz";

/// Whether the archive is, by its name, one that somebody else made and everybody fetches.
fn is_fetched(archive: &Path) -> bool {
    archive
        .file_name()
        .is_some_and(|name| name == REPACKED || name == OFFICIAL)
}

/// For an archive that is damaged.
pub(crate) fn again(archive: &Path) -> &'static str {
    if is_fetched(archive) {
        "fetch the archive again"
    } else {
        "copy or pack the archive again"
    }
}

/// For a name that leads out of the archive.
pub(crate) fn unsafe_path(archive: &Path, entry: &str) -> &'static str {
    if archive.is_dir() {
        "rename the file or folder"
    } else if is_fetched(archive) {
        "do not trust this archive, fetch the official one"
    } else if entry.contains('\\') {
        "pack it again with a tool that writes / between folders"
    } else {
        "pack it again, with names that begin inside of the folder that is packed"
    }
}

/// For a link that was not followed.
pub(crate) fn link(in_folder: bool) -> &'static str {
    if in_folder {
        "follow links with follow_links (--follow-links), or replace it by what it points to"
    } else {
        "pack the archive again with what the link points to"
    }
}

/// For something that could not be read.
pub(crate) fn reading(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::PermissionDenied => "check its permissions",
        _ => "check the disk it lies on, and that it is a file or a folder",
    }
}

/// For something that could not be written.
pub(crate) fn writing(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            "free some space there, or choose another folder"
        }
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
            "check the folder's permissions, or choose another folder"
        }
        ErrorKind::NotADirectory | ErrorKind::AlreadyExists => {
            "what lies there is in the way; move it, or choose another folder"
        }
        _ => "choose another folder",
    }
}
