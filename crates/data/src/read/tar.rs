//! Tar files, gzipped or not, read from front to back in one pass.
//!
//! Everything that comes out of the gzip stream counts against the limit, also the files that are
//! passed over: inflating them costs the same. Headers are taken apart by the `tar` crate; the walk
//! from one to the next is made here, since an entry whose type says "more about the next entry"
//! vanishes without a word where that is believed, and so does what follows the end.

use std::fs::File;
use std::io::{self, BufReader, ErrorKind, Read};
use std::path::Path;

use tar::{EntryType, Header};

use super::gzip::Members;
use super::{Budget, Ticker};
use crate::error::DataError;
use crate::layout::{Classes, EntryKind, Layout, Location};
use crate::options::ReadOptions;

/// Headers and contents come in blocks of so many bytes.
pub(super) const BLOCK: usize = 512;
/// Most bytes of an extended header: names are no longer.
const MOST_EXTENDED: u64 = 1 << 20;
/// What GNU tar calls an entry that holds the long name of the next one.
const LONG_NAME: &[u8] = b"././@LongLink";

/// Passes every review of the archive to `each`, in the order of the archive; some may turn out to be
/// [outside of the data set](Classes::holds).
pub(crate) fn visit(
    path: &Path,
    gzipped: bool,
    options: &ReadOptions<'_>,
    each: &mut dyn FnMut(Location, Vec<u8>) -> Result<(), DataError>,
) -> Result<Classes, DataError> {
    let failed = |error| DataError::read(path, error);
    let file = File::open(path).map_err(failed)?;
    let packed = file.metadata().map_err(failed)?.len();
    let file = BufReader::with_capacity(1 << 18, file);
    let reader: Box<dyn Read> = if gzipped {
        Box::new(BufReader::with_capacity(1 << 16, Members::new(file)))
    } else {
        Box::new(file)
    };
    let mut blocks = Blocks {
        reader,
        path,
        budget: Budget::new(path, &options.limits, gzipped.then_some(packed)),
    };
    let ticker = Ticker::new(0, options.progress);
    let mut layout = Layout::new(path);
    let mut entries = 0;
    let mut extended = Extended::default();
    while let Some(header) = blocks.header()? {
        entries += 1;
        if entries > options.limits.max_entries {
            return Err(DataError::TooManyEntries {
                archive: path.to_path_buf(),
                limit: options.limits.max_entries,
            });
        }
        let own_name = header.path_bytes();
        let damaged_named = |name: &[u8], reason: &str| DataError::DamagedEntry {
            archive: path.to_path_buf(),
            entry: String::from_utf8_lossy(name).into_owned(),
            reason: reason.to_owned(),
        };
        let size = header
            .entry_size()
            .map_err(|_| damaged_named(&own_name, "its size is no number"))?;
        if let Some(what) = Extension::of(header.entry_type()) {
            if size > MOST_EXTENDED {
                return Err(damaged_named(
                    &own_name,
                    "what it says about the next entry is too long",
                ));
            }
            let content = blocks.content(size)?;
            extended
                .add(what, &own_name, content)
                .map_err(|reason| damaged_named(&own_name, reason))?;
            continue;
        }
        let extended = std::mem::take(&mut extended);
        if extended.size.is_some_and(|stated| stated != size) {
            return Err(damaged_named(
                &own_name,
                "its size is stated twice, and not the same",
            ));
        }
        let raw_name = extended.name.as_deref().unwrap_or(&own_name);
        let name = String::from_utf8_lossy(raw_name);
        let damaged = |reason: &str| damaged_named(raw_name, reason);
        let kind = match header.entry_type() {
            // As in archives from before there were types.
            EntryType::Regular if raw_name.ends_with(b"/") => EntryKind::Folder,
            EntryType::Regular | EntryType::Continuous if !extended.sparse => EntryKind::File,
            EntryType::Directory => EntryKind::Folder,
            EntryType::Symlink | EntryType::Link => EntryKind::Link,
            _ => EntryKind::Other,
        };
        match kind {
            EntryKind::Folder if size > 0 => {
                return Err(damaged("it is a folder, but has content"));
            }
            EntryKind::Link if size > 0 => return Err(damaged("it is a link, but has content")),
            _ => {}
        }
        let Some(location) = layout.add(&name, kind, false)? else {
            blocks.pass(size)?;
            continue;
        };
        if std::str::from_utf8(raw_name).is_err() {
            return Err(DataError::NameNotUtf8 {
                archive: path.to_path_buf(),
                entry: name.into_owned(),
            });
        }
        if size > options.limits.max_entry_bytes {
            return Err(DataError::EntryTooLarge {
                archive: path.to_path_buf(),
                entry: name.into_owned(),
                limit: options.limits.max_entry_bytes,
            });
        }
        each(location, blocks.content(size)?)?;
        ticker.tick();
    }
    if extended != Extended::default() {
        return Err(blocks.damaged("it ends before an entry that was announced"));
    }
    blocks.end()?;
    layout.finish(false)
}

/// An entry that says something about the one after it, or about all.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Extension {
    LongName,
    LongLink,
    Pax,
    GlobalPax,
}

impl Extension {
    fn of(kind: EntryType) -> Option<Self> {
        match kind {
            EntryType::GNULongName => Some(Self::LongName),
            EntryType::GNULongLink => Some(Self::LongLink),
            EntryType::XHeader => Some(Self::Pax),
            EntryType::XGlobalHeader => Some(Self::GlobalPax),
            _ => None,
        }
    }
}

/// What was said about the next entry.
#[derive(Debug, Default, PartialEq, Eq)]
struct Extended {
    name: Option<Vec<u8>>,
    size: Option<u64>,
    sparse: bool,
    any: bool,
}

impl Extended {
    /// Takes in an extension; an error if it is none: a review whose type was changed must not vanish.
    fn add(
        &mut self,
        what: Extension,
        own_name: &[u8],
        content: Vec<u8>,
    ) -> Result<(), &'static str> {
        match what {
            Extension::LongName | Extension::LongLink => {
                let name = content.strip_suffix(&[0]).unwrap_or(&content);
                if own_name != LONG_NAME || name.is_empty() || name.contains(&0) {
                    return Err("its type says that it is the name of another one, but it is not");
                }
                if what == Extension::LongName {
                    self.name = Some(name.to_vec());
                }
            }
            Extension::Pax | Extension::GlobalPax => {
                let records = pax_records(&content)
                    .filter(|records| !records.is_empty())
                    .ok_or("its type says that it describes another one, but it does not")?;
                for (key, value) in records {
                    let names = matches!(key, b"path" | b"size");
                    if names && what == Extension::GlobalPax {
                        return Err("it gives all entries one name or size");
                    }
                    match key {
                        b"path" => self.name = Some(value.to_vec()),
                        b"size" => {
                            let number = std::str::from_utf8(value).ok();
                            let number = number.and_then(|number| number.parse().ok());
                            self.size = Some(number.ok_or("the size in it is no number")?);
                        }
                        key if what == Extension::Pax => {
                            self.sparse |= key.starts_with(b"GNU.sparse.");
                        }
                        _ => {}
                    }
                }
            }
        }
        self.any |= what != Extension::GlobalPax;
        Ok(())
    }
}

/// Keys and values of a pax header, each `LENGTH KEY=VALUE\n`; nothing if anything else is in it.
fn pax_records(mut content: &[u8]) -> Option<Vec<(&[u8], &[u8])>> {
    let mut records = Vec::new();
    while !content.is_empty() {
        let space = content.iter().position(|byte| *byte == b' ')?;
        let length: usize = std::str::from_utf8(&content[..space]).ok()?.parse().ok()?;
        let record = content.get(space + 1..length)?.strip_suffix(b"\n")?;
        let equals = record.iter().position(|byte| *byte == b'=')?;
        records.push((&record[..equals], &record[equals + 1..]));
        content = &content[length..];
    }
    Some(records)
}

/// Whether a block is a header, by its checksum.
pub(super) fn is_header(block: &[u8; BLOCK]) -> bool {
    let field = 148..156;
    let sum: u32 = block
        .iter()
        .enumerate()
        .map(|(at, byte)| u32::from(if field.contains(&at) { b' ' } else { *byte }))
        .sum();
    let header = Header::from_byte_slice(block);
    header.cksum().is_ok_and(|stated| stated == sum)
}

/// The archive, block by block.
struct Blocks<'a> {
    reader: Box<dyn Read>,
    path: &'a Path,
    budget: Budget,
}

impl Blocks<'_> {
    fn damaged(&self, reason: &str) -> DataError {
        DataError::DamagedArchive {
            archive: self.path.to_path_buf(),
            reason: reason.to_owned(),
        }
    }

    fn failed(&self, error: &io::Error) -> DataError {
        match error.kind() {
            ErrorKind::UnexpectedEof => self.damaged("it ends too early"),
            _ => self.damaged(&error.to_string()),
        }
    }

    /// The next header, or nothing at the block of zeros that ends an archive.
    fn header(&mut self) -> Result<Option<Box<Header>>, DataError> {
        let mut block = [0; BLOCK];
        self.budget.take(BLOCK as u64)?;
        self.reader
            .read_exact(&mut block)
            .map_err(|error| self.failed(&error))?;
        if block == [0; BLOCK] {
            return Ok(None);
        }
        if !is_header(&block) {
            return Err(self.damaged("a header of the tar file in it has a wrong checksum"));
        }
        Ok(Some(Box::new(Header::from_byte_slice(&block).clone())))
    }

    /// The content of an entry.
    fn content(&mut self, size: u64) -> Result<Vec<u8>, DataError> {
        self.budget.take(size)?;
        let mut content = Vec::new();
        let read = self.reader.by_ref().take(size).read_to_end(&mut content);
        read.map_err(|error| self.failed(&error))?;
        if content.len() as u64 != size {
            return Err(self.damaged("it ends too early"));
        }
        self.padding(size)?;
        Ok(content)
    }

    /// Goes behind the content of an entry.
    fn pass(&mut self, size: u64) -> Result<(), DataError> {
        self.budget.take(size)?;
        let passed = io::copy(&mut self.reader.by_ref().take(size), &mut io::sink());
        if passed.map_err(|error| self.failed(&error))? != size {
            return Err(self.damaged("it ends too early"));
        }
        self.padding(size)
    }

    /// The last block of a content is filled up.
    fn padding(&mut self, size: u64) -> Result<(), DataError> {
        let padding = (size.wrapping_neg() % BLOCK as u64) as usize;
        self.budget.take(padding as u64)?;
        let read = self.reader.read_exact(&mut [0; BLOCK][..padding]);
        read.map_err(|error| self.failed(&error))
    }

    /// What follows the end is read as well: the checksum of a gzip stream stands there, and more
    /// entries would, if two archives had been joined.
    fn end(&mut self) -> Result<(), DataError> {
        let mut buffer = vec![0; 1 << 16];
        loop {
            let count = match self.reader.read(&mut buffer) {
                Ok(0) => return Ok(()),
                Ok(count) => count,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(self.failed(&error)),
            };
            self.budget.take(count as u64)?;
            if buffer[..count].iter().any(|byte| *byte != 0) {
                return Err(self.damaged("something follows its end"));
            }
        }
    }
}
