//! Zip files as people's systems make them, and hostile ones: all entries or an error.

use std::fs;
use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use recurrent_data::{DataError, Limits, ReadOptions, Split, read};

use crate::archives::*;
use crate::raw_zip::{Style, raw_zip, raw_zip_of};

/// A case that was found by damaging archives; see `cases/README.md`.
fn case(name: &str) -> Vec<u8> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases");
    fs::read(format!("{folder}/{name}")).unwrap()
}

#[test]
fn damaged_archives_that_were_once_read() {
    for (name, parts) in [
        (
            "bitflip-one-review-less.zip",
            ["train/neg/2_2.txt", "another name"],
        ),
        (
            "all-records-one-entry.zip",
            ["train/neg/0_2.txt", "another name"],
        ),
        ("count-14-of-16.zip", ["16 entries", "another number"]),
        ("empty-name.zip", ["\"\"", "is empty"]),
        ("esc-class.zip", [r"pos\u{1b}[31mRED", "control characters"]),
        (
            "esc-file.zip",
            [r"\u{1b}]0;owned\u{7}_9.txt", "control characters"],
        ),
        ("newline-class.zip", [r"pos\n\nLabel", "control characters"]),
        (
            "folder-with-content.tar.gz",
            ["0_2.txt", "is a folder, but has content"],
        ),
    ] {
        let message = read_bytes(name, &case(name)).unwrap_err().to_string();
        for part in parts {
            assert!(message.contains(part), "{name}: {part}: {message}");
        }
        assert!(
            message.contains("again") || message.contains("rename"),
            "{message}"
        );
        assert!(
            !message.contains("fetch"),
            "it is nobody else's archive: {message}"
        );
        assert!(
            !message.contains('\u{1b}') && !message.contains('\n'),
            "{message:?}"
        );
    }
}

#[test]
fn advice_fits_the_archive() {
    let whole = zip(&reviews());
    for (name, advice) in [
        ("imdb.zip", "fetch the archive again"),
        ("aclImdb_v1.tar.gz", "fetch the archive again"),
        ("mine.zip", "copy or pack the archive again"),
    ] {
        let message = read_bytes(name, &whole[..500]).unwrap_err().to_string();
        assert!(message.contains(advice), "{message}");
    }
}

/// `count` reviews, a quarter in each folder, entries in turn.
fn many(count: usize) -> Files {
    let folders = ["train/neg", "train/pos", "test/neg", "test/pos"];
    (0..count)
        .map(|number| {
            let folder = folders[number % 4];
            (format!("{folder}/{}_1.txt", number / 4), b"a film".to_vec())
        })
        .collect()
}

#[test]
fn more_entries_than_a_macs_count_can_say() {
    for count in [65_532, 65_536, 66_000, 131_072 + 4] {
        let archive = raw_zip_of(&many(count), Style::default());
        let stated = archive.len() - 22 + 10;
        assert_eq!(archive[stated..stated + 2], (count as u16).to_le_bytes());
        let corpus = read_bytes("mac.zip", &archive).unwrap();
        assert_eq!(counts(&corpus), [count / 2, count / 2]);
    }
    // With the records that are for it.
    let style = Style {
        zip64: true,
        ..Style::default()
    };
    let corpus = read_bytes("zip64.zip", &raw_zip_of(&many(66_000), style)).unwrap();
    assert_eq!(counts(&corpus), [33_000, 33_000]);
    // A count that is wrong by anything else.
    let mut archive = raw_zip_of(&many(66_000), Style::default());
    let stated = archive.len() - 22 + 8;
    for at in [stated, stated + 2] {
        archive[at] ^= 4;
    }
    let error = read_bytes("mac.zip", &archive).unwrap_err();
    assert!(matches!(error, DataError::DamagedArchive { .. }), "{error}");
    assert!(error.to_string().contains("66000 entries"), "{error}");
}

#[test]
fn a_directory_that_goes_on_or_ends_early() {
    let whole = raw_zip_of(&reviews(), Style::default());
    let end = whole.len() - 22;
    // Something between the last record and the end.
    let mut longer = whole.clone();
    longer.splice(end..end, *b"more");
    // A size that leaves the first record out, with a count to match.
    let mut shorter = whole.clone();
    let length = (46 + "train/neg/0_3.txt".len()) as u32;
    let size = u32::from_le_bytes(whole[end + 12..end + 16].try_into().unwrap());
    let offset = u32::from_le_bytes(whole[end + 16..end + 20].try_into().unwrap());
    shorter[end + 8] -= 1;
    shorter[end + 10] -= 1;
    shorter[end + 12..end + 16].copy_from_slice(&(size - length).to_le_bytes());
    // Something behind the archive, but zeros.
    let behind = [whole.as_slice(), b"more"].concat();
    for archive in [&longer, &shorter, &behind] {
        let error = read_bytes("a.zip", archive).unwrap_err().to_string();
        assert!(error.contains("damaged"), "{error}");
    }
    let padded = [whole.as_slice(), &[0; 5000]].concat();
    assert_eq!(counts(&read_bytes("a.zip", &padded).unwrap()), [4, 4]);
    // With an offset to match, nothing is wrong but that an entry lies there unlisted.
    shorter[end + 16..end + 20].copy_from_slice(&(offset + length).to_le_bytes());
    assert_eq!(counts(&read_bytes("a.zip", &shorter).unwrap()), [3, 4]);
}

#[test]
fn entries_that_share_their_data() {
    // Two records and two local headers, the second inside of the first entry's content.
    let inner = raw_zip(&[(b"train/pos/9_9.txt", b"inner")], Style::default());
    let local = &inner[..30 + 17 + 5];
    let mut files: Vec<(&[u8], &[u8])> = vec![(b"train/neg/9_1.txt", local)];
    let reviews = reviews();
    files.extend(
        reviews
            .iter()
            .map(|(name, content)| (name.as_bytes(), content.as_slice())),
    );
    let mut archive = raw_zip(&files, Style::default());
    // The record of the inner entry is put before the end.
    let end = archive.len() - 22;
    let record_start = inner
        .windows(4)
        .position(|bytes| bytes == b"PK\x01\x02")
        .unwrap();
    let mut record = inner[record_start..inner.len() - 22].to_vec();
    record[42] = 30 + 17;
    let size = u32::from_le_bytes(archive[end + 12..end + 16].try_into().unwrap());
    let size = size + record.len() as u32;
    archive[end + 12..end + 16].copy_from_slice(&size.to_le_bytes());
    archive[end + 8] += 1;
    archive[end + 10] += 1;
    archive.splice(end..end, record);
    let error = read_bytes("a.zip", &archive).unwrap_err().to_string();
    assert!(
        error.contains("\"train/neg/9_1.txt\"") && error.contains("overlaps"),
        "{error}"
    );
}

#[test]
fn fields_that_differ_in_the_two_places() {
    let name = "train/neg/0_3.txt";
    for (field, value) in [
        (FLAGS, [0, 8].as_slice()),
        (METHOD, &[0, 0]),
        (CRC, &[1, 2, 3, 4]),
        (PACKED_SIZE, &[1, 0, 0, 0]),
        (SIZE, &[1, 0, 0, 0]),
        (NAME, b"train/pos"),
    ] {
        for place in 0..2 {
            let whole = zip(&reviews());
            let mut both = whole.clone();
            patch(&mut both, name, field, value);
            let mut one = whole.clone();
            let changed = (0..whole.len()).filter(|&at| both[at] != whole[at]);
            let directory = whole
                .windows(4)
                .position(|bytes| bytes == b"PK\x01\x02")
                .unwrap();
            for at in changed.filter(|&at| (at >= directory) == (place == 1)) {
                one[at] = both[at];
            }
            assert_ne!(one, whole);
            let error = read_bytes("a.zip", &one).unwrap_err();
            assert!(
                matches!(
                    error,
                    DataError::DamagedEntry { .. } | DataError::DamagedArchive { .. }
                ),
                "{field:?} {place}: {error}"
            );
        }
    }
}

#[test]
fn backslashes_are_separators_where_the_archive_was_made_on_windows() {
    let names = reviews().into_iter();
    let files: Files = names
        .map(|(name, content)| (format!("data/{name}").replace('/', "\\"), content))
        .chain([("data\\train\\neg\\".to_owned(), Vec::new())])
        .collect();
    let expected = read_bytes("a.zip", &zip(&reviews())).unwrap();
    for made_by in [0, 6, 10, 11, 14] {
        let style = Style {
            made_by,
            ..Style::default()
        };
        let corpus = read_bytes("a.zip", &raw_zip_of(&files, style)).unwrap();
        assert_eq!(corpus.sha256(), expected.sha256());
        for evil in [
            "train\\neg\\..\\..\\..\\5_1.txt",
            "C:\\train\\neg\\5_1.txt",
            "\\train\\neg\\5_1.txt",
        ] {
            let files = with(files.clone(), evil, "evil");
            let error = read_bytes("a.zip", &raw_zip_of(&files, style)).unwrap_err();
            assert!(matches!(error, DataError::UnsafePath { .. }), "{error}");
        }
    }
    let style = Style {
        made_by: 3,
        ..Style::default()
    };
    let error = read_bytes("a.zip", &raw_zip_of(&files, style))
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("backslash") && error.contains("writes / between folders"),
        "{error}"
    );
    // One review by two names.
    let twice = with(reviews(), "train\\neg\\0_3.txt", "again");
    let error = read_bytes("a.zip", &raw_zip_of(&twice, Style::default())).unwrap_err();
    assert!(matches!(error, DataError::DuplicateEntry { .. }), "{error}");
}

#[test]
fn something_before_the_archive() {
    let expected = read_bytes("a.zip", &zip(&reviews())).unwrap();
    let prefix = b"#!/bin/sh\nexec unzip \"$0\"\n";
    let archive = [prefix.to_vec(), zip(&reviews())].concat();
    assert_eq!(
        read_bytes("a.sh", &archive).unwrap().sha256(),
        expected.sha256()
    );
    // With offsets that count it.
    let mut counted = archive.clone();
    let records: Vec<usize> = (0..counted.len())
        .filter(|&at| counted[at..].starts_with(b"PK\x01\x02"))
        .map(|at| at + 42)
        .collect();
    for at in records.into_iter().chain([archive.len() - 22 + 16]) {
        let offset = u32::from_le_bytes(counted[at..at + 4].try_into().unwrap());
        let offset = offset + prefix.len() as u32;
        counted[at..at + 4].copy_from_slice(&offset.to_le_bytes());
    }
    assert_eq!(
        read_bytes("a.sh", &counted).unwrap().sha256(),
        expected.sha256()
    );
}

#[test]
fn a_readme_may_be_listed_twice_but_no_review() {
    let files: Vec<(String, Vec<u8>)> = with(with(reviews(), "README", "a"), "README", "b");
    let corpus = read_bytes("a.zip", &raw_zip_of(&files, Style::default())).unwrap();
    assert_eq!(counts(&corpus), [4, 4]);
    let twice = with(reviews(), "train/neg/0_3.txt", "again");
    let error = read_bytes("a.zip", &raw_zip_of(&twice, Style::default())).unwrap_err();
    assert!(matches!(error, DataError::DuplicateEntry { .. }), "{error}");
}

#[test]
fn names_in_other_encodings() {
    let reviews = reviews();
    let files = |class: &'static [u8]| -> Vec<(Vec<u8>, &[u8])> {
        let files = reviews.iter();
        files
            .map(|(name, content)| {
                let (split, rest) = name.split_once('/').unwrap();
                let rest = rest
                    .strip_prefix("neg")
                    .map_or(rest.as_bytes().to_vec(), |rest| {
                        [class, rest.as_bytes()].concat()
                    });
                ([split.as_bytes(), b"/", &rest].concat(), content.as_slice())
            })
            .collect()
    };
    let packed = |class, flags| {
        let files = files(class);
        let files: Vec<_> = files
            .iter()
            .map(|(name, content)| (name.as_slice(), *content))
            .collect();
        raw_zip(
            &files,
            Style {
                flags,
                ..Style::default()
            },
        )
    };
    for (class, flags) in [
        ("négatif".as_bytes(), 1 << 11),
        // A Mac does not say that it is UTF-8.
        ("négatif".as_bytes(), 0),
        // Old Windows, code page 437.
        (b"n\x82gatif", 0),
    ] {
        let corpus = read_bytes("a.zip", &packed(class, flags)).unwrap();
        assert_eq!(corpus.classes(), ["négatif", "pos"]);
    }
    let error = read_bytes("a.zip", &packed(b"n\x82gatif", 1 << 11)).unwrap_err();
    assert!(error.to_string().contains("not UTF-8"), "{error}");
}

#[test]
fn a_small_archive_that_fills_a_memory() {
    let error = read_bytes("bomb.zip", &case("bomb.zip"))
        .map(drop)
        .unwrap_err();
    assert!(
        matches!(error, DataError::RatioTooLarge { ratio: 200, .. }),
        "{error}"
    );
    assert!(error.to_string().contains("--max-ratio"), "{error}");
    // A tar file of the same kind is stopped on the way.
    let zeros = vec![0; 1 << 20];
    let mut files = reviews();
    for number in 0..80 {
        files.push((format!("train/neg/1{number}_1.txt"), zeros.clone()));
    }
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&tar(&files, |_, _| {})).unwrap();
    let archive = encoder.finish().unwrap();
    let error = read_bytes("bomb.tgz", &archive).map(drop).unwrap_err();
    assert!(matches!(error, DataError::RatioTooLarge { .. }), "{error}");
    let (_folder, path) = holding("bomb.tgz", &archive);
    let options = ReadOptions {
        limits: Limits {
            max_ratio: 2000,
            ..Limits::default()
        },
        ..ReadOptions::default()
    };
    assert_eq!(
        read(&path, &options).unwrap().reviews(Split::Train).len(),
        84
    );
}
