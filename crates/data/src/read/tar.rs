//! Gzipped tar files, read from front to back in one pass.
//!
//! Everything that comes out of the gzip stream counts against the limit, also the files that are
//! passed over: inflating them costs the same.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;
use std::rc::Rc;

use flate2::bufread::MultiGzDecoder;
use tar::{Archive, EntryType};

use super::Ticker;
use crate::error::DataError;
use crate::hash::read_error;
use crate::layout::{Classes, Layout, Place};
use crate::options::ReadOptions;

/// Passes every review of the archive to `each`, in the order of the archive.
pub(crate) fn visit(
    path: &Path,
    options: &ReadOptions<'_>,
    each: &mut dyn FnMut(Place, Vec<u8>) -> Result<(), DataError>,
) -> Result<Classes, DataError> {
    let limits = &options.limits;
    let file = File::open(path).map_err(|error| read_error(path, error))?;
    let left = Rc::new(Cell::new(Some(limits.max_total_bytes)));
    let mut archive = Archive::new(Metered {
        inner: MultiGzDecoder::new(BufReader::with_capacity(1 << 18, file)),
        left: Rc::clone(&left),
    });
    let failed = |error: io::Error| match left.get() {
        None => DataError::TotalTooLarge {
            archive: path.to_path_buf(),
            limit: limits.max_total_bytes,
        },
        Some(_) => DataError::DamagedArchive {
            archive: path.to_path_buf(),
            reason: error.to_string(),
        },
    };
    let ticker = Ticker::new(0, options.progress);
    let mut layout = Layout::new(path);
    for (index, entry) in archive.entries().map_err(failed)?.enumerate() {
        let mut entry = entry.map_err(failed)?;
        if index >= limits.max_entries {
            return Err(DataError::TooManyEntries {
                archive: path.to_path_buf(),
                limit: limits.max_entries,
            });
        }
        let kind = entry.header().entry_type();
        if kind == EntryType::XGlobalHeader {
            continue;
        }
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        if matches!(kind, EntryType::Symlink | EntryType::Link) {
            return Err(DataError::Link {
                archive: path.to_path_buf(),
                entry: name,
            });
        }
        let Some(place) = layout.see(&name, kind.is_dir())? else {
            continue;
        };
        let damaged = |reason: &str| DataError::DamagedEntry {
            archive: path.to_path_buf(),
            entry: name.clone(),
            reason: reason.to_owned(),
        };
        if !matches!(kind, EntryType::Regular | EntryType::Continuous) {
            return Err(damaged("it is not a plain file"));
        }
        let size = entry.size();
        if size > limits.max_entry_bytes {
            return Err(DataError::EntryTooLarge {
                archive: path.to_path_buf(),
                entry: name,
                limit: limits.max_entry_bytes,
            });
        }
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).map_err(failed)?;
        if bytes.len() as u64 != size {
            return Err(damaged("it ends too early"));
        }
        each(place, bytes)?;
        ticker.tick();
    }
    // What follows the last entry is read as well: the checksum of the stream stands at its end.
    io::copy(&mut archive.into_inner(), &mut io::sink()).map_err(failed)?;
    layout.finish()
}

/// A reader with a limit. `left` becomes `None` when the limit is passed.
struct Metered<R> {
    inner: R,
    left: Rc<Cell<Option<u64>>>,
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        let left = self
            .left
            .get()
            .and_then(|left| left.checked_sub(count as u64));
        self.left.set(left);
        match left {
            Some(_) => Ok(count),
            None => Err(io::Error::other("the archive holds too much")),
        }
    }
}
