//! Zip files: the directory is read by the `zip` crate, the entries are inflated here.
//!
//! One inflater and one buffer serve all entries of a thread; a fresh pair for each of fifty
//! thousand small entries costs more than the inflating itself.

use std::collections::HashSet;
use std::fs::File;
use std::io::{Cursor, Read};
use std::ops::Range;
use std::path::{Path, PathBuf};

use flate2::{Decompress, FlushDecompress, Status};
use zip::{CompressionMethod, ZipArchive};

use super::Budget;
use crate::error::DataError;
use crate::hash::read_error;
use crate::layout::{Classes, Layout, Place, arrange};
use crate::options::Limits;

/// Bytes of a local header before the name.
const LOCAL_HEADER: usize = 30;
/// Bytes of a record of the directory before the name.
const DIRECTORY_RECORD: usize = 46;

/// A zip file in memory, its reviews in their final order.
pub(crate) struct Archive {
    pub(crate) classes: Classes,
    pub(crate) reviews: Vec<Packed>,
    path: PathBuf,
    bytes: Vec<u8>,
}

/// One review as it lies in the archive.
pub(crate) struct Packed {
    pub(crate) place: Place,
    data: Range<usize>,
    deflated: bool,
    crc: u32,
    size: u64,
}

impl Archive {
    /// Reads the file and its directory; inflates nothing yet.
    pub(crate) fn open(path: &Path, limits: &Limits) -> Result<Self, DataError> {
        let bytes = load(path, limits)?;
        let damaged = |error: zip::result::ZipError| DataError::DamagedArchive {
            archive: path.to_path_buf(),
            reason: error.to_string(),
        };
        let directory = ZipArchive::new(Cursor::new(bytes.as_slice())).map_err(damaged)?;
        if directory.len() > limits.max_entries {
            return Err(DataError::TooManyEntries {
                archive: path.to_path_buf(),
                limit: limits.max_entries,
            });
        }
        if directory.has_duplicate_names() {
            return Err(DataError::DuplicateEntry {
                archive: path.to_path_buf(),
                entry: duplicate_name(&bytes, directory.central_directory_start())
                    .unwrap_or_else(|| "an entry".to_owned()),
            });
        }
        let mut layout = Layout::new(path);
        let mut reviews = Vec::with_capacity(directory.len());
        for index in 0..directory.len() {
            let entry = directory.by_index_data(index).map_err(damaged)?;
            let name = entry.name().map_err(damaged)?;
            if entry.is_symlink() {
                return Err(DataError::Link {
                    archive: path.to_path_buf(),
                    entry: name.into_owned(),
                });
            }
            let Some(place) = layout.see(&name, entry.is_dir())? else {
                continue;
            };
            if entry.encrypted() {
                return Err(DataError::Encrypted {
                    archive: path.to_path_buf(),
                    entry: name.into_owned(),
                });
            }
            let deflated = match entry.compression() {
                CompressionMethod::Deflated => true,
                CompressionMethod::Stored => false,
                method => {
                    return Err(DataError::Compression {
                        archive: path.to_path_buf(),
                        entry: name.into_owned(),
                        method: method.to_string(),
                    });
                }
            };
            let data = data_range(&bytes, entry.header_start(), entry.compressed_size())
                .ok_or_else(|| DataError::DamagedEntry {
                    archive: path.to_path_buf(),
                    entry: name.into_owned(),
                    reason: "its data lies outside of the archive".to_owned(),
                })?;
            reviews.push(Packed {
                place,
                data,
                deflated,
                crc: entry.crc32(),
                size: entry.size(),
            });
        }
        let classes = layout.finish()?;
        arrange(path, &classes, &mut reviews, |packed| &packed.place)?;
        Ok(Self {
            classes,
            reviews,
            path: path.to_path_buf(),
            bytes,
        })
    }
}

/// Inflates entries, one after the other, into a buffer of its own.
pub(crate) struct Inflater {
    state: Decompress,
    buffer: Vec<u8>,
}

impl Inflater {
    pub(crate) fn new() -> Self {
        Self {
            state: Decompress::new(false),
            buffer: vec![0; 1 << 14],
        }
    }

    /// The content of an entry, its size and checksum verified.
    pub(crate) fn inflate<'a>(
        &'a mut self,
        archive: &'a Archive,
        packed: &Packed,
        budget: &Budget,
    ) -> Result<&'a [u8], DataError> {
        budget.check()?;
        let data = &archive.bytes[packed.data.clone()];
        let content = if packed.deflated {
            let count = self.run(archive, packed, data, budget.entry_limit())?;
            &self.buffer[..count]
        } else if data.len() as u64 > budget.entry_limit() {
            return Err(too_large(archive, packed, budget.entry_limit()));
        } else {
            data
        };
        budget.take(content.len())?;
        if content.len() as u64 != packed.size {
            return Err(damaged(
                archive,
                packed,
                format!(
                    "it holds {} bytes, but the archive states {}",
                    content.len(),
                    packed.size
                ),
            ));
        }
        let found = crc32fast::hash(content);
        if found != packed.crc {
            return Err(DataError::Checksum {
                archive: archive.path.clone(),
                entry: packed.place.entry(),
                expected: packed.crc,
                found,
            });
        }
        Ok(content)
    }

    fn run(
        &mut self,
        archive: &Archive,
        packed: &Packed,
        data: &[u8],
        limit: u64,
    ) -> Result<usize, DataError> {
        self.state.reset(false);
        // One byte more than allowed, so that too much is seen as such. The declared size is only
        // a hint: the buffer grows with what really comes out.
        let most = usize::try_from(limit.saturating_add(1)).unwrap_or(usize::MAX);
        let hint = usize::try_from(packed.size).unwrap_or(usize::MAX);
        self.grow(hint.saturating_add(1).min(most).min(1 << 20));
        let (mut consumed, mut produced) = (0, 0);
        loop {
            let (before_in, before_out) = (self.state.total_in(), self.state.total_out());
            let room = self.buffer.len().min(most);
            let status = self
                .state
                .decompress(
                    &data[consumed..],
                    &mut self.buffer[produced..room],
                    FlushDecompress::Finish,
                )
                .map_err(|error| damaged(archive, packed, error.to_string()))?;
            let taken = self.state.total_in() - before_in;
            let given = self.state.total_out() - before_out;
            consumed += taken as usize;
            produced += given as usize;
            if produced as u64 > limit {
                return Err(too_large(archive, packed, limit));
            }
            if status == Status::StreamEnd {
                return Ok(produced);
            }
            if produced == room {
                self.grow(room.saturating_mul(2));
            } else if taken == 0 && given == 0 {
                return Err(damaged(archive, packed, "it ends too early".to_owned()));
            }
        }
    }

    fn grow(&mut self, size: usize) {
        if self.buffer.len() < size {
            self.buffer.resize(size, 0);
        }
    }
}

fn load(path: &Path, limits: &Limits) -> Result<Vec<u8>, DataError> {
    let failed = |error| read_error(path, error);
    let file = File::open(path).map_err(failed)?;
    let size = file.metadata().map_err(failed)?.len();
    let mut bytes = Vec::new();
    if size <= limits.max_total_bytes {
        bytes.reserve_exact(usize::try_from(size).unwrap_or(0).saturating_add(1));
    }
    file.take(limits.max_total_bytes.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    if bytes.len() as u64 > limits.max_total_bytes {
        return Err(DataError::TotalTooLarge {
            archive: path.to_path_buf(),
            limit: limits.max_total_bytes,
        });
    }
    Ok(bytes)
}

/// Where the packed data of an entry lies, from its local header.
fn data_range(bytes: &[u8], header_start: u64, packed_size: u64) -> Option<Range<usize>> {
    let start = usize::try_from(header_start).ok()?;
    let header = bytes.get(start..start.checked_add(LOCAL_HEADER)?)?;
    if !header.starts_with(b"PK\x03\x04") {
        return None;
    }
    let length_at = |at: usize| usize::from(u16::from_le_bytes([header[at], header[at + 1]]));
    let begin = start + LOCAL_HEADER + length_at(26) + length_at(28);
    let end = begin.checked_add(usize::try_from(packed_size).ok()?)?;
    (end <= bytes.len()).then_some(begin..end)
}

/// The name that the directory lists twice. The reader keeps one entry per name, so the records are
/// walked once more, as bytes.
fn duplicate_name(bytes: &[u8], directory_start: u64) -> Option<String> {
    let mut seen = HashSet::new();
    let mut at = usize::try_from(directory_start).ok()?;
    loop {
        let record = bytes.get(at..)?;
        if !record.starts_with(b"PK\x01\x02") {
            return None;
        }
        let length_at = |at: usize| -> Option<usize> {
            let pair = record.get(at..at + 2)?;
            Some(usize::from(u16::from_le_bytes([pair[0], pair[1]])))
        };
        let end = DIRECTORY_RECORD + length_at(28)?;
        let name = record.get(DIRECTORY_RECORD..end)?;
        if !seen.insert(name) {
            return Some(String::from_utf8_lossy(name).into_owned());
        }
        at += end + length_at(30)? + length_at(32)?;
    }
}

fn damaged(archive: &Archive, packed: &Packed, reason: String) -> DataError {
    DataError::DamagedEntry {
        archive: archive.path.clone(),
        entry: packed.place.entry(),
        reason,
    }
}

fn too_large(archive: &Archive, packed: &Packed, limit: u64) -> DataError {
    DataError::EntryTooLarge {
        archive: archive.path.clone(),
        entry: packed.place.entry(),
        limit,
    }
}
