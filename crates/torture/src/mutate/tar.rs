//! Damage to tar archives whose headers stay valid: fields changed, their checksum made anew.

use rand::RngExt as _;
use rand_chacha::ChaCha8Rng;

use super::bytes::{self, place};

const BLOCK: usize = 512;

/// Where fields of a header lie.
const NAME: std::ops::Range<usize> = 0..100;
const SIZE: std::ops::Range<usize> = 124..136;
const CHECKSUM: std::ops::Range<usize> = 148..156;
const TYPE: usize = 156;
const LINK: std::ops::Range<usize> = 157..257;
const MAGIC: std::ops::Range<usize> = 257..265;
const PREFIX: std::ops::Range<usize> = 345..500;

/// A name that begins at the root; no such file is there unless somebody was led to write it.
pub(crate) const ABSOLUTE: &str = "/torture-escaped.txt";

/// What a change of a valid archive comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Touched {
    /// Nothing that could be meant: a reader finds the same reviews, or refuses.
    Nothing,
    /// What the format protects by nothing: names, sizes and texts, so that another archive came of it.
    Sense,
}

/// Where headers begin.
pub(crate) fn headers(archive: &[u8]) -> Vec<usize> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(header) = archive.get(at..at + BLOCK) {
        if header.iter().all(|&byte| byte == 0) {
            break;
        }
        found.push(at);
        at += BLOCK + octal(&header[SIZE]).next_multiple_of(BLOCK);
    }
    found
}

fn octal(field: &[u8]) -> usize {
    field
        .iter()
        .filter(|byte| byte.is_ascii_digit())
        .fold(0, |sum, &byte| sum * 8 + usize::from(byte - b'0'))
}

/// Makes the checksum of the header at `at` right.
pub(crate) fn reseal(archive: &mut [u8], at: usize) {
    let Some(header) = archive.get_mut(at..at + BLOCK) else {
        return;
    };
    header[CHECKSUM].fill(b' ');
    let sum: u32 = header.iter().map(|&byte| u32::from(byte)).sum();
    header[CHECKSUM].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
}

/// Changes an archive so that every checksum in it stays right; says what was done, and what it comes to.
pub(crate) fn change(rng: &mut ChaCha8Rng, archive: &mut Vec<u8>) -> (Touched, String) {
    let headers = headers(archive);
    let at = headers.get(place(rng, headers.len())).copied().unwrap_or(0);
    let mut touched = Touched::Sense;
    let done = match rng.random_range(0..10) {
        0 => field(rng, archive, at, NAME, "name"),
        1 => {
            let name = hostile_name(rng);
            put(archive, at, NAME, name.as_bytes());
            format!("named {name:?}")
        }
        2 => {
            let kind = b"01234567LKxgSDV\0"[place(rng, 16)];
            if let Some(byte) = archive.get_mut(at + TYPE) {
                *byte = kind;
            }
            put(archive, at, LINK, b"/etc/passwd");
            touched = Touched::Nothing;
            format!("of type {:?}", char::from(kind))
        }
        3 => {
            let size = [0_u64, 1, 511, 512, 513, 1 << 20, 0o77_777_777_777][place(rng, 7)];
            put(archive, at, SIZE, format!("{size:011o}").as_bytes());
            format!("of {size} bytes")
        }
        4 => field(rng, archive, at, SIZE, "size"),
        5 => field(rng, archive, at, MAGIC, "magic"),
        6 => field(rng, archive, at, PREFIX, "prefix"),
        7 => {
            // The end mark in the middle. Behind the last entry but one it leaves an archive without the last.
            if let Some(blocks) = archive.get_mut(at..at + 2 * BLOCK) {
                blocks.fill(0);
            }
            let behind = &archive[at..];
            let touched = match behind.iter().all(|byte| *byte == 0) {
                true => Touched::Sense,
                false => Touched::Nothing,
            };
            return (touched, format!("end mark at {at}"));
        }
        8 => {
            archive.truncate(at);
            return (Touched::Nothing, format!("cut before the header at {at}"));
        }
        _ => {
            // An entry once more.
            let end = headers.iter().find(|&&next| next > at).copied();
            let entry = archive[at..end.unwrap_or(archive.len())].to_vec();
            archive.splice(0..0, entry);
            return (
                Touched::Nothing,
                format!("the entry at {at} once more at the start"),
            );
        }
    };
    reseal(archive, at);
    (touched, format!("header at {at}: {done}"))
}

/// Changes bytes of contents and nothing else.
pub(crate) fn content(rng: &mut ChaCha8Rng, archive: &mut [u8]) -> String {
    let headers = headers(archive);
    let at = headers.get(place(rng, headers.len())).copied().unwrap_or(0);
    let size = archive
        .get(at..at + BLOCK)
        .map_or(0, |header| octal(&header[SIZE]));
    let within = at + BLOCK + place(rng, size);
    let new = b"aZ \n<\x08\x1b\xff\xc3"[place(rng, 9)];
    if let Some(byte) = archive.get_mut(within) {
        *byte = new;
    }
    format!("byte {within} of a text is {:?}", char::from(new))
}

fn field(
    rng: &mut ChaCha8Rng,
    archive: &mut [u8],
    at: usize,
    range: std::ops::Range<usize>,
    what: &str,
) -> String {
    match archive.get_mut(at + range.start..at + range.end) {
        Some(field) => format!("{what}: {}", bytes::flip(rng, field)),
        None => what.to_owned(),
    }
}

fn put(archive: &mut [u8], at: usize, range: std::ops::Range<usize>, value: &[u8]) {
    if let Some(field) = archive.get_mut(at + range.start..at + range.end) {
        field.fill(0);
        for (place, byte) in field.iter_mut().zip(value) {
            *place = *byte;
        }
    }
}

/// A name that no archive of reviews should have.
pub(crate) fn hostile_name(rng: &mut ChaCha8Rng) -> String {
    let names = [
        "../escaped.txt",
        "train/pos/../../../escaped.txt",
        ABSOLUTE,
        "train\\pos\\9_9.txt",
        "train/pos/\u{1b}]0;owned\u{7}_9.txt",
        "train/pos\u{1b}[31m/9_9.txt",
        "train/po\ns/9_9.txt",
        "",
        ".",
        "..",
        "train/pos",
        "train/pos/",
        "train/pos/9_9.txt/",
        "train/pos/0_9.txt",
        "train/third/9_9.txt",
        "train/pos/99999999999999999999_9.txt",
        "train/pos/9_x.txt",
        "train//pos//9_9.txt",
        "C:\\escaped.txt",
        "train/pos/nul\0_9.txt",
        "trAin/pos/9_9.txt",
        "train/Pos/9_9.txt",
        "other/train/pos/9_9.txt",
    ];
    names[place(rng, names.len())].to_owned()
}

/// Files in an archive as somebody else reads it, ends in its midst passed over: without its last entries it is an
/// archive of fewer files, and nobody can tell.
pub(crate) fn files(archive: &[u8]) -> usize {
    let mut reader = ::tar::Archive::new(archive);
    reader.set_ignore_zeros(true);
    let entries = reader.entries().into_iter().flatten().flatten();
    entries
        .filter(|entry| entry.header().entry_type().is_file())
        .count()
}

/// The texts of an archive as somebody else reads it: the crate `tar`, every file, none passed over.
pub(crate) fn texts(archive: &[u8]) -> Option<Vec<(String, Vec<u8>)>> {
    use std::io::Read as _;
    let mut reader = ::tar::Archive::new(archive);
    let mut texts = Vec::new();
    for entry in reader.entries().ok()? {
        let mut entry = entry.ok()?;
        if !entry.header().entry_type().is_file() {
            continue;
        }
        let path = String::from_utf8(entry.path_bytes().to_vec()).ok()?;
        let mut content = Vec::new();
        entry.read_to_end(&mut content).ok()?;
        texts.push((path, content));
    }
    Some(texts)
}
