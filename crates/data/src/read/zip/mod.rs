//! Zip files: the directory is read by the module `directory`, the entries are inflated here.
//!
//! One inflater and one buffer serve all entries of a thread; a fresh pair for each of fifty
//! thousand small entries costs more than the inflating itself.

mod directory;

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};

use flate2::{Decompress, FlushDecompress, Status};

use super::Budget;
use crate::error::DataError;
use crate::layout::{Classes, Layout, Location, sort_reviews};
use crate::options::Limits;
use directory::{ENCRYPTED, Fault, records};

/// The numbers of the methods that are read (APPNOTE 4.4.5).
const STORED: u16 = 0;
const DEFLATED: u16 = 8;

/// A zip file in memory, its reviews in their final order.
pub(crate) struct Archive {
    pub(crate) classes: Classes,
    pub(crate) reviews: Vec<Packed>,
    path: PathBuf,
    bytes: Vec<u8>,
}

/// One review as it lies in the archive.
pub(crate) struct Packed {
    pub(crate) location: Location,
    data: Range<usize>,
    deflated: bool,
    crc: u32,
    size: u64,
}

impl Archive {
    /// Reads the file and its directory; inflates nothing yet.
    pub(crate) fn open(path: &Path, limits: &Limits) -> Result<Self, DataError> {
        let bytes = load(path, limits)?;
        let archive = || path.to_path_buf();
        let records = records(&bytes, limits.max_entries).map_err(|fault| match fault {
            Fault::Archive(reason) => DataError::DamagedArchive {
                archive: archive(),
                reason,
            },
            Fault::Entry { name, reason } => DataError::DamagedEntry {
                archive: archive(),
                entry: name,
                reason,
            },
            Fault::TooManyEntries => DataError::TooManyEntries {
                archive: archive(),
                limit: limits.max_entries,
            },
        })?;
        let mut layout = Layout::new(path);
        let mut reviews = Vec::with_capacity(records.len());
        for record in records {
            let Some(location) = layout.add(&record.name, record.kind, record.backslash)? else {
                continue;
            };
            if record.flags & ENCRYPTED != 0 {
                return Err(DataError::Encrypted {
                    archive: archive(),
                    entry: record.name.into_owned(),
                });
            }
            if !matches!(record.method, STORED | DEFLATED) {
                return Err(DataError::Compression {
                    archive: archive(),
                    entry: record.name.into_owned(),
                    method: method_name(record.method),
                });
            }
            reviews.push(Packed {
                location,
                data: record.data,
                deflated: record.method == DEFLATED,
                crc: record.crc,
                size: record.size,
            });
        }
        let classes = layout.finish(false)?;
        sort_reviews(path, &classes, &mut reviews, |packed| &packed.location)?;
        let archive = Self {
            classes,
            reviews,
            path: path.to_path_buf(),
            bytes,
        };
        archive.check_stated_sizes(limits)?;
        Ok(archive)
    }

    /// Bytes of the archive itself.
    pub(crate) fn packed_bytes(&self) -> u64 {
        self.bytes.len() as u64
    }

    /// Refuses what is too much by its own account, before anything is inflated.
    fn check_stated_sizes(&self, limits: &Limits) -> Result<(), DataError> {
        for packed in &self.reviews {
            if packed.size > limits.max_entry_bytes {
                return Err(too_large(self, packed, limits.max_entry_bytes));
            }
        }
        let sizes = self.reviews.iter().map(|packed| packed.size);
        let budget = Budget::new(&self.path, limits, Some(self.packed_bytes()));
        budget.take(sizes.fold(0, u64::saturating_add))
    }
}

/// Whether a file ends like a zip file: there may be something else before the archive.
pub(crate) fn ends_like_zip(file: &mut File) -> std::io::Result<bool> {
    // The end record, the longest comment, and some padding.
    const TAIL: u64 = 22 + 65_535 + 65_536;
    let length = file.seek(SeekFrom::End(0))?;
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL)))?;
    let mut tail = Vec::new();
    file.take(TAIL).read_to_end(&mut tail)?;
    Ok(directory::end_record(&tail).is_some())
}

/// The number of a compression method, and its name where people meet it.
fn method_name(method: u16) -> String {
    let name = match method {
        9 => " (deflate64, as Windows packs large files)",
        12 => " (bzip2)",
        14 => " (LZMA)",
        93 => " (Zstandard)",
        95 => " (xz)",
        98 => " (PPMd)",
        99 => " (encrypted)",
        _ => "",
    };
    format!("{method}{name}")
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
        budget.take(content.len() as u64)?;
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
                entry: packed.location.entry(),
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
    let failed = |error| DataError::read(path, error);
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

fn damaged(archive: &Archive, packed: &Packed, reason: String) -> DataError {
    DataError::DamagedEntry {
        archive: archive.path.clone(),
        entry: packed.location.entry(),
        reason,
    }
}

fn too_large(archive: &Archive, packed: &Packed, limit: u64) -> DataError {
    DataError::EntryTooLarge {
        archive: archive.path.clone(),
        entry: packed.location.entry(),
        limit,
    }
}
