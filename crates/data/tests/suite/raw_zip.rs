//! Zip files put together byte by byte: what writers do that are not ours.

use crate::archives::Files;

/// How an archive is written.
#[derive(Clone, Copy, Default)]
pub(crate) struct Style {
    /// Sizes and checksums stand behind the data.
    pub(crate) streamed: bool,
    /// With the records of zip64, all fields that can be full being full.
    pub(crate) zip64: bool,
    /// The system that the archive says it was made on.
    pub(crate) made_by: u8,
    /// The upper half of the external attributes: a Unix mode.
    pub(crate) mode: u16,
    pub(crate) flags: u16,
}

fn numbers(fields: &[(u64, usize)]) -> Vec<u8> {
    let bytes = fields.iter();
    bytes
        .flat_map(|(number, length)| number.to_le_bytes().into_iter().take(*length))
        .collect()
}

/// An archive of stored entries.
pub(crate) fn raw_zip(files: &[(&[u8], &[u8])], style: Style) -> Vec<u8> {
    const FULL: u64 = u32::MAX as u64;
    let mut archive = Vec::new();
    let mut directory = Vec::new();
    let flags = u64::from(style.flags | if style.streamed { 8 } else { 0 });
    for (name, content) in files {
        let offset = archive.len() as u64;
        let (crc, size) = (u64::from(crc32fast::hash(content)), content.len() as u64);
        let stated = |number| if style.zip64 { FULL } else { number };
        let here = |number| if style.streamed { 0 } else { number };
        let extra = |numbers_in_it: &[(u64, usize)]| {
            if style.zip64 {
                let length = 8 * numbers_in_it.len() as u64;
                [numbers(&[(1, 2), (length, 2)]), numbers(numbers_in_it)].concat()
            } else {
                Vec::new()
            }
        };
        let local_extra = extra(&[(here(size), 8), (here(size), 8)]);
        archive.extend(b"PK\x03\x04");
        archive.extend(numbers(&[
            (45, 2),
            (flags, 2),
            (0, 2),
            (0, 4),
            (here(crc), 4),
        ]));
        archive.extend(numbers(&[(stated(here(size)), 4), (stated(here(size)), 4)]));
        archive.extend(numbers(&[
            (name.len() as u64, 2),
            (local_extra.len() as u64, 2),
        ]));
        archive.extend(name.iter().copied().chain(local_extra));
        archive.extend(*content);
        if style.streamed {
            archive.extend(b"PK\x07\x08");
            let width = if style.zip64 { 8 } else { 4 };
            archive.extend(numbers(&[(crc, 4), (size, width), (size, width)]));
        }
        let extra = extra(&[(size, 8), (size, 8), (offset, 8)]);
        directory.extend(b"PK\x01\x02");
        directory.extend(numbers(&[(45, 1), (u64::from(style.made_by), 1), (45, 2)]));
        directory.extend(numbers(&[(flags, 2), (0, 2), (0, 4), (crc, 4)]));
        directory.extend(numbers(&[(stated(size), 4), (stated(size), 4)]));
        directory.extend(numbers(&[
            (name.len() as u64, 2),
            (extra.len() as u64, 2),
            (0, 2),
        ]));
        directory.extend(numbers(&[
            (0, 2),
            (0, 2),
            (0, 2),
            (u64::from(style.mode), 2),
        ]));
        directory.extend(numbers(&[(stated(offset), 4)]));
        directory.extend(name.iter().copied().chain(extra));
    }
    let (offset, size) = (archive.len() as u64, directory.len() as u64);
    let count = files.len() as u64;
    archive.extend(directory);
    let mut end = [count, size, offset];
    if style.zip64 {
        let at = archive.len() as u64;
        archive.extend(b"PK\x06\x06");
        archive.extend(numbers(&[(44, 8), (45, 2), (45, 2), (0, 4), (0, 4)]));
        archive.extend(numbers(&[(count, 8), (count, 8), (size, 8), (offset, 8)]));
        archive.extend(b"PK\x06\x07");
        archive.extend(numbers(&[(0, 4), (at, 8), (1, 4)]));
        end = [0xffff, FULL, FULL];
    }
    let [count, size, offset] = end;
    archive.extend(b"PK\x05\x06");
    // Of a count that is too large, this writes the lower bits, as a Mac does.
    archive.extend(numbers(&[
        (0, 4),
        (count, 2),
        (count, 2),
        (size, 4),
        (offset, 4),
        (0, 2),
    ]));
    archive
}

/// As [`raw_zip`], of the usual kind of files.
pub(crate) fn raw_zip_of(files: &Files, style: Style) -> Vec<u8> {
    let files: Vec<_> = files
        .iter()
        .map(|(name, content)| (name.as_bytes(), content.as_slice()))
        .collect();
    raw_zip(&files, style)
}
