//! Damage to the vectorizer's CBOR files, with their checksum or with one made anew.
//!
//! Such a file is an array of four: a kind, a version, the CRC-32 of the content, and the content as a byte string.

use rand::RngExt as _;
use rand_chacha::ChaCha8Rng;

use super::bytes;

/// Major types of CBOR, in their place in a head.
const UNSIGNED: u8 = 0;
const BYTES: u8 = 2 << 5;

/// The checksum begins within so many bytes.
const PREFIX: usize = 64;

/// Damages the file; returns what was done, and whether the checksum is right again, so that nothing but sense is
/// left to notice it by.
pub(crate) fn damage(rng: &mut ChaCha8Rng, file: &mut Vec<u8>) -> (String, bool) {
    let sealed = rng.random_bool(0.4).then(|| open(file)).flatten();
    let Some((prefix, mut content)) = sealed else {
        return (bytes::damage(rng, file), false);
    };
    let done = bytes::damage(rng, &mut content);
    *file = seal(prefix, &content);
    (format!("content: {done}, with a checksum made anew"), true)
}

/// What stands before the checksum, and the content.
fn open(file: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    (0..PREFIX.min(file.len())).find_map(|at| {
        let (major, checksum, rest) = head(&file[at..])?;
        let (kind, length, content) = head(rest)?;
        let matches = major == UNSIGNED
            && kind == BYTES
            && length == content.len() as u64
            && checksum == u64::from(crc32fast::hash(content));
        matches.then(|| (file[..at].to_vec(), content.to_vec()))
    })
}

fn seal(mut file: Vec<u8>, content: &[u8]) -> Vec<u8> {
    write_head(&mut file, UNSIGNED, u64::from(crc32fast::hash(content)));
    write_head(&mut file, BYTES, content.len() as u64);
    file.extend_from_slice(content);
    file
}

/// Major type, number, and what follows.
fn head(bytes: &[u8]) -> Option<(u8, u64, &[u8])> {
    let (&first, rest) = bytes.split_first()?;
    let (major, short) = (first & 0xe0, first & 0x1f);
    let width = match short {
        0..24 => return Some((major, u64::from(short), rest)),
        24 => 1,
        25 => 2,
        26 => 4,
        27 => 8,
        _ => return None,
    };
    let (number, rest) = rest.split_at_checked(width)?;
    let number = number
        .iter()
        .fold(0, |sum, &byte| sum << 8 | u64::from(byte));
    Some((major, number, rest))
}

fn write_head(out: &mut Vec<u8>, major: u8, number: u64) {
    let bytes = number.to_be_bytes();
    match number {
        0..24 => out.push(major | bytes[7]),
        24..0x100 => out.extend([major | 24, bytes[7]]),
        0x100..0x1_0000 => {
            out.push(major | 25);
            out.extend(&bytes[6..]);
        }
        0x1_0000..0x1_0000_0000 => {
            out.push(major | 26);
            out.extend(&bytes[4..]);
        }
        _ => {
            out.push(major | 27);
            out.extend(bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng as _;
    use recurrent_vectorizer::{TextVectorizer, VectorizerError, VectorizerParams};

    use super::*;

    #[test]
    fn a_checksum_made_anew_is_taken_by_the_reader() {
        let params = VectorizerParams::new().check().unwrap();
        let file = params.fit(["a good film", "a bad film"]).unwrap();
        let file = file.to_bytes().unwrap();
        let (prefix, content) = open(&file).unwrap();
        assert_eq!(seal(prefix, &content), file);
        let mut made_anew = 0;
        for seed in 0..300 {
            let mut damaged = file.clone();
            let (_, anew) = damage(&mut ChaCha8Rng::seed_from_u64(seed), &mut damaged);
            let read = TextVectorizer::from_bytes(&damaged);
            if anew {
                made_anew += 1;
                let wrong = "its checksum is wrong";
                let is_checksum = |reason: &str| reason == wrong;
                assert!(
                    !matches!(&read, Err(VectorizerError::Damaged { reason, .. }) if is_checksum(reason))
                );
            }
        }
        assert!(made_anew > 80);
    }
}
