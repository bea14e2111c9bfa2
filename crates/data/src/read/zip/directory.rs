//! The directory of a zip file: every record, held against the local header that it points to.
//!
//! Two things that people meet are why this is not left to a library. Archives made on a Mac hold more
//! entries than their 16-bit count can say, and readers that believe the count lose most of them. And
//! the directory has no checksum: a flipped bit in a name there makes a review vanish, unless somebody
//! compares the name with the one that stands beside the data. So the records are walked to the end
//! of the directory, whatever the count; the count must then be right modulo 65,536; and name, flags,
//! method, sizes and checksum must be the same in both places, no two entries sharing a byte.
//!
//! The format is PKWARE's APPNOTE 6.3.10; section numbers below are its.

use std::borrow::Cow;
use std::ops::Range;

use crate::layout::EntryKind;

/// Bytes of a local header before the name (4.3.7).
const LOCAL_HEADER: usize = 30;
/// Bytes of a record of the directory before the name (4.3.12).
const RECORD: usize = 46;
/// Bytes of the end record before the comment (4.3.16).
const END: usize = 22;
/// Bytes of the zip64 locator (4.3.15) and of the zip64 end record (4.3.14) without extensions.
const LOCATOR: usize = 20;
const END_64: usize = 56;

const SIGNATURE_LOCAL: &[u8] = b"PK\x03\x04";
const SIGNATURE_RECORD: &[u8] = b"PK\x01\x02";
pub(super) const SIGNATURE_END: &[u8] = b"PK\x05\x06";
const SIGNATURE_END_64: &[u8] = b"PK\x06\x06";
const SIGNATURE_LOCATOR: &[u8] = b"PK\x06\x07";

/// A field of 32 bits that is full refers to the zip64 extra field (4.5.3).
const FULL: u64 = u32::MAX as u64;

/// Flags that change what an entry means (4.4.4): encrypted, sizes behind the data, patched, strongly
/// encrypted, UTF-8, masked.
const MEANINGFUL_FLAGS: u16 = ENCRYPTED | SIZES_BEHIND | 1 << 5 | 1 << 11;
pub(super) const ENCRYPTED: u16 = 1 | 1 << 6 | 1 << 13;
const SIZES_BEHIND: u16 = 1 << 3;
const UTF_8: u16 = 1 << 11;

/// Letters 128 to 255 of code page 437: names that are not UTF-8 are in it (appendix D).
const CODE_PAGE_437: &str = "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐\
    └┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{a0}";

/// What is wrong with a zip file.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fault {
    Archive(String),
    Entry { name: String, reason: String },
    TooManyEntries,
}

impl Fault {
    fn archive(reason: &str) -> Self {
        Self::Archive(reason.to_owned())
    }
}

/// One entry, as directory and local header agree on it.
#[derive(Debug)]
pub(super) struct Record<'a> {
    pub(super) name: Cow<'a, str>,
    pub(super) kind: EntryKind,
    /// Whether backslashes in the name stand between folders.
    pub(super) backslash: bool,
    pub(super) flags: u16,
    pub(super) method: u16,
    pub(super) crc: u32,
    /// Bytes of the content.
    pub(super) size: u64,
    /// Where the packed content lies.
    pub(super) data: Range<usize>,
}

/// All entries, in the order of the directory.
pub(super) fn records(bytes: &[u8], max_entries: usize) -> Result<Vec<Record<'_>>, Fault> {
    let directory = Directory::find(bytes)?;
    let mut records = Vec::with_capacity(directory.hint().min(max_entries));
    let mut spans = Vec::with_capacity(records.capacity());
    let mut at = directory.range.start;
    while at < directory.range.end {
        if records.len() == max_entries {
            return Err(Fault::TooManyEntries);
        }
        let fields = Fields(&bytes[at..directory.range.end]);
        let (record, span, length) = record(fields, bytes, &directory)?;
        spans.push(span);
        records.push(record);
        at += length;
    }
    if !directory.counts(records.len()) {
        return Err(Fault::Archive(format!(
            "its directory holds {} entries, but its end states another number",
            records.len()
        )));
    }
    check_spans(&records, spans, directory.range.start)?;
    Ok(records)
}

/// No two entries may share a byte, and none may reach into the directory.
fn check_spans(
    records: &[Record<'_>],
    spans: Vec<Range<usize>>,
    directory: usize,
) -> Result<(), Fault> {
    let mut spans: Vec<_> = spans.into_iter().zip(records).collect();
    spans.sort_unstable_by_key(|(span, _)| span.start);
    let ends = spans.iter().skip(1).map(|(span, _)| span.start);
    for ((span, record), end) in spans.iter().zip(ends.chain([directory])) {
        if span.end > end {
            return Err(Fault::Entry {
                name: record.name.clone().into_owned(),
                reason: "it overlaps with what follows it".to_owned(),
            });
        }
    }
    Ok(())
}

/// Numbers in a piece of the file, little end first.
#[derive(Clone, Copy)]
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn slice(self, at: usize, length: usize) -> Option<&'a [u8]> {
        self.0.get(at..at.checked_add(length)?)
    }

    fn number(self, at: usize, length: usize) -> Option<u64> {
        let bytes = self.slice(at, length)?.iter().rev();
        Some(bytes.fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    fn u16(self, at: usize) -> Option<u16> {
        let bytes = self.slice(at, 2)?;
        Some(u16::from_le_bytes([bytes[0], bytes[1]]))
    }

    fn u32(self, at: usize) -> Option<u32> {
        let bytes = self.slice(at, 4)?;
        Some(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
    }

    /// A length of 16 bits.
    fn length(self, at: usize) -> Option<usize> {
        self.u16(at).map(usize::from)
    }
}

/// Where the directory lies and how many records it should have.
struct Directory {
    range: Range<usize>,
    /// Bytes before the archive itself, as in archives that unpack themselves: they are missing from
    /// all offsets.
    base: u64,
    /// The number of records; of an archive without zip64, its lower 16 bits.
    count: u64,
    zip64: bool,
}

impl Directory {
    fn find(bytes: &[u8]) -> Result<Self, Fault> {
        let end = end_record(bytes)
            .ok_or_else(|| Fault::archive("there is no end record at the end of the file"))?;
        Self::from_end(bytes, end)
            .ok_or_else(|| Fault::archive("its end record does not fit the file"))?
    }

    fn from_end(bytes: &[u8], end: usize) -> Option<Result<Self, Fault>> {
        let fields = Fields(&bytes[end..]);
        let (disk, disk_of_directory) = (fields.u16(4)?, fields.u16(6)?);
        let (count_here, count_16) = (fields.u16(8)?, fields.u16(10)?);
        let (size_32, offset_32) = (fields.number(12, 4)?, fields.number(16, 4)?);
        let (mut count, mut size, mut offset) = (u64::from(count_16), size_32, offset_32);
        let mut directory_end = end;
        let locator = end
            .checked_sub(LOCATOR)
            .filter(|&at| bytes[at..].starts_with(SIGNATURE_LOCATOR));
        if let Some(locator) = locator {
            let end_64 = end_record_64(bytes, locator)?;
            let fields = Fields(&bytes[end_64..]);
            if fields.number(4, 8)? != (locator - end_64 - 12) as u64
                || fields.number(16, 8)? != 0
                || fields.number(24, 8)? != fields.number(32, 8)?
            {
                return None;
            }
            (count, size, offset) = (
                fields.number(32, 8)?,
                fields.number(40, 8)?,
                fields.number(48, 8)?,
            );
            // What the short record says besides must be the same.
            if !(count_16 == u16::MAX || u64::from(count_16) == count)
                || !(size_32 == FULL || size_32 == size)
                || !(offset_32 == FULL || offset_32 == offset)
            {
                return None;
            }
            directory_end = end_64;
        }
        let whole = |number: u16| number == 0 || (locator.is_some() && number == u16::MAX);
        if !whole(disk) || !whole(disk_of_directory) || count_here != count_16 {
            return Some(Err(Fault::archive("it is one part of several")));
        }
        let start = directory_end.checked_sub(usize::try_from(size).ok()?)?;
        Some(Ok(Self {
            range: start..directory_end,
            base: (start as u64).checked_sub(offset)?,
            count,
            zip64: locator.is_some(),
        }))
    }

    /// A guess at the number of records, from the room there is.
    fn hint(&self) -> usize {
        self.range.len() / (RECORD + 16)
    }

    fn counts(&self, records: usize) -> bool {
        let records = records as u64;
        records == self.count || (!self.zip64 && records & 0xffff == self.count)
    }
}

/// The end record: the last one whose comment ends where the file does, but for zeros.
pub(super) fn end_record(bytes: &[u8]) -> Option<usize> {
    let last = bytes.len().checked_sub(END)?;
    let padding = bytes.iter().rev().take_while(|byte| **byte == 0).count();
    let first = last.saturating_sub(usize::from(u16::MAX) + padding);
    (first..=last).rev().find(|&at| {
        bytes[at..].starts_with(SIGNATURE_END)
            && Fields(&bytes[at..]).length(20).is_some_and(|comment| {
                let end = at + END + comment;
                end <= bytes.len() && bytes.len() - end <= padding
            })
    })
}

/// The zip64 end record that the locator is for: right before it, or where it says.
fn end_record_64(bytes: &[u8], locator: usize) -> Option<usize> {
    let stated = Fields(&bytes[locator..]).number(8, 8)?;
    [locator.checked_sub(END_64), usize::try_from(stated).ok()]
        .into_iter()
        .flatten()
        .find(|&at| at + END_64 <= locator && bytes[at..locator].starts_with(SIGNATURE_END_64))
}

/// The record that `fields` begins with, the bytes of its entry from local header to end of data, and
/// the length of the record.
fn record<'a>(
    fields: Fields<'a>,
    bytes: &'a [u8],
    directory: &Directory,
) -> Result<(Record<'a>, Range<usize>, usize), Fault> {
    let whole = || -> Option<[&'a [u8]; 3]> {
        if !fields.0.starts_with(SIGNATURE_RECORD) {
            return None;
        }
        let (name, extra) = (fields.length(28)?, fields.length(30)?);
        let length = RECORD + name + extra + fields.length(32)?;
        Some([
            fields.slice(0, length)?,
            fields.slice(RECORD, name)?,
            fields.slice(RECORD + name, extra)?,
        ])
    };
    let [whole, raw_name, extra] =
        whole().ok_or_else(|| Fault::archive("its directory does not end where it should"))?;
    let record = || -> Option<Result<(Range<usize>, Record<'a>), String>> {
        let mut sizes = Zip64::new(extra);
        let (made_by, flags, method) = (fields.u16(4)?, fields.u16(8)?, fields.u16(10)?);
        let crc = fields.u32(16)?;
        // In the extra field the size of the content comes first.
        let size = sizes.full(fields.number(24, 4)?)?;
        let packed = sizes.full(fields.number(20, 4)?)?;
        let offset = sizes.full(fields.number(42, 4)?)?;
        let mode = fields.number(40, 2)?;
        let name = match name(raw_name, flags) {
            Ok(name) => name,
            Err(reason) => return Some(Err(reason)),
        };
        let backslash = is_from_dos(made_by);
        let is_folder = name.ends_with('/') || (backslash && name.ends_with('\\'));
        let kind = match mode & 0o170_000 {
            0o120_000 => EntryKind::Link,
            _ if is_folder => EntryKind::Folder,
            0o040_000 => EntryKind::Folder,
            0 | 0o100_000 => EntryKind::File,
            _ => EntryKind::Other,
        };
        if kind == EntryKind::Folder && size > 0 {
            return Some(Err("it is a folder, but has content".to_owned()));
        }
        let local = Local {
            name: raw_name,
            flags,
            method,
            crc,
            packed,
            size,
        };
        let start = usize::try_from(directory.base.checked_add(offset)?).ok()?;
        Some(match local.data(bytes, start) {
            Some(Ok(data)) => Ok((
                start..data.end,
                Record {
                    name,
                    kind,
                    backslash,
                    flags,
                    method,
                    crc,
                    size,
                    data,
                },
            )),
            Some(Err(reason)) => Err(reason.to_owned()),
            None => Err("its data lies outside of the archive".to_owned()),
        })
    };
    let outcome = record().unwrap_or_else(|| Err("its fields make no sense".to_owned()));
    match outcome {
        Ok((span, record)) => Ok((record, span, whole.len())),
        Err(reason) => Err(Fault::Entry {
            name: String::from_utf8_lossy(raw_name).into_owned(),
            reason,
        }),
    }
}

/// Whether the system that an archive was made on has backslashes between folders (4.4.2.2): MS-DOS
/// and what counts as such (PowerShell's `Compress-Archive` says 0), OS/2, and both numbers that are in
/// use for Windows NT, and VFAT.
fn is_from_dos(made_by: u16) -> bool {
    matches!(made_by >> 8, 0 | 6 | 10 | 11 | 14)
}

fn name(raw: &[u8], flags: u16) -> Result<Cow<'_, str>, String> {
    match std::str::from_utf8(raw) {
        // Many write UTF-8 without saying so, the Mac among them.
        Ok(name) => Ok(Cow::Borrowed(name)),
        Err(_) if flags & UTF_8 != 0 => {
            Err("its name is not UTF-8, though it should be".to_owned())
        }
        Err(_) => {
            let letter = |&byte: &u8| match byte.checked_sub(128) {
                None => char::from(byte),
                Some(high) => CODE_PAGE_437
                    .chars()
                    .nth(usize::from(high))
                    .unwrap_or(char::REPLACEMENT_CHARACTER),
            };
            Ok(Cow::Owned(raw.iter().map(letter).collect()))
        }
    }
}

/// The 64-bit values of an extra field; each is there only where the 32-bit one is full.
struct Zip64<'a> {
    values: Fields<'a>,
    at: usize,
}

impl<'a> Zip64<'a> {
    fn new(extra: &'a [u8]) -> Self {
        let mut rest = Fields(extra);
        while let (Some(id), Some(length)) = (rest.u16(0), rest.length(2)) {
            let Some(values) = rest.slice(4, length) else {
                break;
            };
            if id == 1 {
                return Self {
                    values: Fields(values),
                    at: 0,
                };
            }
            rest = Fields(&rest.0[4 + length..]);
        }
        Self {
            values: Fields(&[]),
            at: 0,
        }
    }

    /// The value itself, or the one that stands here for it.
    fn full(&mut self, value: u64) -> Option<u64> {
        if value != FULL || self.values.0.is_empty() {
            return Some(value);
        }
        self.at += 8;
        self.values.number(self.at - 8, 8)
    }
}

/// What must stand in the local header.
struct Local<'a> {
    name: &'a [u8],
    flags: u16,
    method: u16,
    crc: u32,
    packed: u64,
    size: u64,
}

impl Local<'_> {
    /// Where the data lies of the entry whose local header is at `start`.
    fn data(&self, bytes: &[u8], start: usize) -> Option<Result<Range<usize>, &'static str>> {
        let fields = Fields(bytes.get(start..)?);
        if fields.slice(0, 4)? != SIGNATURE_LOCAL {
            return Some(Err("the directory points to something that is no entry"));
        }
        let (name_length, extra_length) = (fields.length(26)?, fields.length(28)?);
        if fields.slice(LOCAL_HEADER, name_length)? != self.name {
            return Some(Err("another name stands beside its data"));
        }
        if (fields.u16(6)? ^ self.flags) & MEANINGFUL_FLAGS != 0 {
            return Some(Err("other flags stand beside its data"));
        }
        if fields.u16(8)? != self.method {
            return Some(Err("another method stands beside its data"));
        }
        let extra = fields.slice(LOCAL_HEADER + name_length, extra_length)?;
        let mut sizes = Zip64::new(extra);
        // Where the sizes come behind the data, there may be zeros here.
        let behind = self.flags & SIZES_BEHIND != 0;
        let same = |stated: u64, value: u64| {
            stated == value || (behind && (stated == 0 || stated == FULL))
        };
        if !same(fields.number(14, 4)?, u64::from(self.crc)) {
            return Some(Err("another checksum stands beside its data"));
        }
        if !same(sizes.full(fields.number(22, 4)?)?, self.size)
            || !same(sizes.full(fields.number(18, 4)?)?, self.packed)
        {
            return Some(Err("another size stands beside its data"));
        }
        let begin = start + LOCAL_HEADER + name_length + extra_length;
        let end = begin.checked_add(usize::try_from(self.packed).ok()?)?;
        (end <= bytes.len()).then_some(Ok(begin..end))
    }
}
