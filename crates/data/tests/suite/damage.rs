//! Every single bit of an archive, flipped: the same reviews or an error, never fewer or others.

use std::fs;
use std::panic;

use recurrent_data::{ReadOptions, read};

use crate::archives::*;

/// Two classes, one review each, in both splits, and a file beside them.
fn few() -> Files {
    let files = reviews();
    let mut few: Files = files
        .into_iter()
        .filter(|(name, _)| name.contains("/0_"))
        .collect();
    few.push(("README".to_owned(), b"about".to_vec()));
    few
}

/// Flips every bit of `bytes` for which `concerns` holds and reads what comes of it. Returns how many
/// gave the same reviews and how many an error.
fn flip_all(name: &str, bytes: &[u8], concerns: impl Fn(usize) -> bool) -> [usize; 2] {
    let (_folder, path) = holding(name, bytes);
    let options = ReadOptions {
        threads: Some(1),
        ..ReadOptions::default()
    };
    let whole = read(&path, &options).unwrap();
    let mut outcomes = [0, 0];
    let mut damaged = bytes.to_vec();
    for at in (0..bytes.len()).filter(|&at| concerns(at)) {
        for bit in 0..8 {
            damaged[at] ^= 1 << bit;
            fs::write(&path, &damaged).unwrap();
            match read(&path, &options) {
                Err(error) => {
                    outcomes[1] += 1;
                    let message = error.to_string();
                    assert!(!message.chars().any(char::is_control), "{message:?}");
                }
                Ok(corpus) => {
                    outcomes[0] += 1;
                    assert_eq!(
                        corpus.sha256(),
                        whole.sha256(),
                        "bit {bit} of byte {at} of {name}: {:?}",
                        counts(&corpus)
                    );
                    assert_eq!(corpus.classes(), whole.classes());
                }
            }
            damaged[at] ^= 1 << bit;
        }
    }
    outcomes
}

#[test]
fn every_bit_of_a_zip() {
    for (name, archive) in [
        ("deflated.zip", zip(&with(few(), "train/neg/", ""))),
        (
            "streamed.zip",
            [b"#!/bin/sh\n".to_vec(), streamed_zip(&few())].concat(),
        ),
        ("zip64.zip", zip64(&few())),
    ] {
        let [same, refused] = flip_all(name, &archive, |_| true);
        // Times, permissions and the like change nothing, and there are many of them.
        assert!(
            same > 500 && refused > 2 * same,
            "{name}: {same}, {refused}"
        );
    }
}

#[test]
fn every_bit_of_a_gzipped_tar() {
    // Some bits of the gzip header mean nothing, and zeros are the same zeros wherever they are copied
    // from. All else is under the checksum.
    let [same, refused] = flip_all("a.tar.gz", &tar_gz(&few(), |_, _| {}), |_| true);
    assert!(refused > 5 * same, "{same}, {refused}");
}

#[test]
fn every_bit_of_a_plain_tars_headers() {
    // Contents have no checksum in a tar file: only headers and the end are looked at.
    let archive = tar(&few(), |_, _| {});
    let mut contents = Vec::new();
    let mut at = 0;
    for (_, content) in few() {
        contents.push(at + 512..at + 512 + content.len().next_multiple_of(512));
        at += 512 + content.len().next_multiple_of(512);
    }
    let is_content = |at| contents.iter().any(|range| range.contains(&at));
    let [same, refused] = flip_all("a.tar", &archive, |at| !is_content(at));
    assert!(same < 100 && refused > 10_000, "{same}, {refused}");
}

#[test]
fn cut_off_at_every_byte() {
    for (name, archive) in [
        ("a.zip", zip(&few())),
        ("a.tar.gz", tar_gz(&few(), |_, _| {})),
    ] {
        for length in 0..archive.len() {
            assert!(
                read_bytes(name, &archive[..length]).is_err(),
                "{name}: {length}"
            );
        }
    }
    // A tar file ends with blocks of zeros, of which the first is enough.
    let archive = tar(&few(), |_, _| {});
    let end = archive.len() - 512;
    for length in (0..end).filter(|length| length % 512 < 2 || length % 97 == 0) {
        assert!(read_bytes("a.tar", &archive[..length]).is_err(), "{length}");
    }
    assert!(read_bytes("a.tar", &archive[..end]).is_ok());
}

#[test]
fn bytes_that_make_no_sense_do_not_panic() {
    let mut state = 1u32;
    let mut random = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 16) as usize
    };
    for (name, archive) in [
        ("a.zip", zip(&few())),
        ("b.zip", zip64(&few())),
        ("a.tar", tar(&few(), |_, _| {})),
    ] {
        for _ in 0..1000 {
            let mut spliced = archive.clone();
            for _ in 0..1 + random() % 3 {
                let (from, to) = (random() % spliced.len(), random() % spliced.len());
                let length = (random() % 64).min(spliced.len() - from.max(to));
                spliced.copy_within(from..from + length, to);
            }
            let outcome = panic::catch_unwind(|| read_bytes(name, &spliced).map(drop));
            assert!(outcome.is_ok());
        }
    }
}
