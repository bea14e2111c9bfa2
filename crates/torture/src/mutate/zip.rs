//! Damage to zip archives where it hurts most: in the records that say what is where, or with checksums made anew.

use rand::RngExt as _;
use rand_chacha::ChaCha8Rng;

use super::bytes::{self, place};

const LOCAL: &[u8] = b"PK\x03\x04";
const CENTRAL: &[u8] = b"PK\x01\x02";
const END: &[u8] = b"PK\x05\x06";

/// Fields of a record of the directory: where, how wide, and what for.
const FIELDS: [(usize, usize, &str); 13] = [
    (6, 2, "version"),
    (8, 2, "flags"),
    (10, 2, "method"),
    (16, 4, "checksum"),
    (20, 4, "packed size"),
    (24, 4, "size"),
    (28, 2, "length of the name"),
    (30, 2, "length of the extra field"),
    (32, 2, "length of the comment"),
    (34, 2, "disk"),
    (38, 4, "attributes"),
    (42, 4, "offset"),
    (46, 4, "name"),
];

/// Fields of the end record.
const ENDS: [(usize, usize, &str); 6] = [
    (4, 2, "disk"),
    (8, 2, "entries here"),
    (10, 2, "entries"),
    (12, 4, "size"),
    (16, 4, "offset"),
    (20, 2, "length of the comment"),
];

/// Damages the records of an archive; says what was done.
pub(crate) fn records(rng: &mut ChaCha8Rng, archive: &mut Vec<u8>) -> String {
    let of = |magic: &[u8]| find(archive, magic);
    let (locals, centrals, ends) = (of(LOCAL), of(CENTRAL), of(END));
    let at = |rng: &mut ChaCha8Rng, places: &[usize]| places.get(place(rng, places.len())).copied();
    match rng.random_range(0..8) {
        0..3 => {
            let Some(record) = at(rng, &centrals) else {
                return bytes::damage(rng, archive);
            };
            let (offset, width, what) = FIELDS[place(rng, FIELDS.len())];
            let done = set(rng, archive, record + offset, width);
            format!("record at {record}: {what} {done}")
        }
        3 => {
            let Some(record) = ends.last().copied() else {
                return bytes::damage(rng, archive);
            };
            let (offset, width, what) = ENDS[place(rng, ENDS.len())];
            let done = set(rng, archive, record + offset, width);
            format!("end record: {what} {done}")
        }
        4 => {
            // A record's offset becomes another's.
            let (Some(one), Some(other)) = (at(rng, &centrals), at(rng, &centrals)) else {
                return bytes::damage(rng, archive);
            };
            let offset = archive.get(other + 42..other + 46).map(<[u8]>::to_vec);
            if let (Some(offset), Some(place)) = (offset, archive.get_mut(one + 42..one + 46)) {
                place.copy_from_slice(&offset);
            }
            format!("record at {one} points where the one at {other} does")
        }
        5 => {
            // A bit of a name, in the directory alone.
            let Some(record) = at(rng, &centrals) else {
                return bytes::damage(rng, archive);
            };
            let length = archive
                .get(record + 28)
                .map_or(0, |&length| usize::from(length));
            let end = (record + 46 + length).min(archive.len());
            let name = &mut archive[(record + 46).min(end)..end];
            format!("name in the record at {record}: {}", bytes::flip(rng, name))
        }
        6 => {
            // The same bit of a name in both places: a valid archive of something else.
            let pair = place(rng, centrals.len().min(locals.len()));
            let (Some(&record), Some(&local)) = (centrals.get(pair), locals.get(pair)) else {
                return bytes::damage(rng, archive);
            };
            let (within, bit) = (rng.random_range(0..14), rng.random_range(0..8));
            for at in [record + 46 + within, local + 30 + within] {
                if let Some(byte) = archive.get_mut(at) {
                    *byte ^= 1 << bit;
                }
            }
            format!("bit {bit} of letter {within} of the name of entry {pair}, in both places")
        }
        _ => {
            let Some(record) = at(rng, &locals) else {
                return bytes::damage(rng, archive);
            };
            let within = rng.random_range(4..30);
            let done = match archive.get_mut(record + within) {
                Some(byte) => bytes::flip(rng, std::slice::from_mut(byte)),
                None => String::new(),
            };
            format!("local header at {record}, byte {within}: {done}")
        }
    }
}

fn set(rng: &mut ChaCha8Rng, archive: &mut [u8], at: usize, width: usize) -> String {
    let end = (at + width).min(archive.len());
    let field = &mut archive[at.min(end)..end];
    if rng.random_bool(0.5) {
        return bytes::flip(rng, field);
    }
    let value = bytes::edge(rng);
    for (byte, new) in field.iter_mut().zip(value.to_le_bytes()) {
        *byte = new;
    }
    format!("is {value:#x}")
}

/// Where a signature stands.
fn find(archive: &[u8], magic: &[u8]) -> Vec<usize> {
    let windows = archive.windows(magic.len()).enumerate();
    windows
        .filter(|(_, window)| *window == magic)
        .map(|(at, _)| at)
        .collect()
}

/// The texts of an archive as somebody else reads it: the crate `zip`, every file, none passed over.
pub(crate) fn texts(archive: &[u8]) -> Option<Vec<(String, Vec<u8>)>> {
    use std::io::Read as _;
    let mut reader = ::zip::ZipArchive::new(std::io::Cursor::new(archive)).ok()?;
    let mut texts = Vec::new();
    for index in 0..reader.len() {
        let mut entry = reader.by_index(index).ok()?;
        if entry.is_dir() {
            continue;
        }
        let name = entry.name().ok()?.into_owned();
        let mut content = Vec::new();
        // What claims to be large is not worth reading here.
        entry
            .by_ref()
            .take(1 << 24)
            .read_to_end(&mut content)
            .ok()?;
        texts.push((name, content));
    }
    Some(texts)
}
