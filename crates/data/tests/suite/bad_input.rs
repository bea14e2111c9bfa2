//! Every kind of bad input gives its own error, which names archive and entry, and leaves nothing
//! behind, whether it is read or unpacked.

use std::fs;
use std::path::Path;

use recurrent_data::{DataError, Extracted, Limits, ReadOptions, Split, read};

use crate::archives::*;

/// Reads and unpacks; both must fail alike, and neither may leave anything behind.
fn refused_with(name: &str, bytes: &[u8], limits: Limits) -> DataError {
    let (folder, archive) = holding(name, bytes);
    let before = listing(folder.path());
    let options = ReadOptions {
        limits,
        ..ReadOptions::default()
    };
    let error = read(&archive, &options).unwrap_err();
    let target = folder.path().join("new/target");
    let unpacking = Extracted::unpack(&archive, &target, &options).unwrap_err();
    assert_eq!(error.to_string(), unpacking.to_string());
    assert_eq!(listing(folder.path()), before);
    assert!(error.to_string().contains(name), "{error}");
    error
}

fn refused(name: &str, bytes: &[u8]) -> DataError {
    refused_with(name, bytes, Limits::default())
}

/// Asserts the variant, and that the message names the entry.
macro_rules! assert_error {
    ($error:expr, $entry:expr, $pattern:pat $(if $guard:expr)?) => {
        let error = $error;
        assert!(matches!(error, $pattern $(if $guard)?), "{error:?}");
        assert!(error.to_string().contains($entry), "{error}");
    };
}

const FIRST: &str = "train/neg/0_3.txt";

#[test]
fn neither_zip_nor_tar() {
    assert_error!(
        refused("notes.zip", b"just some words"),
        "neither a zip file",
        DataError::Unrecognized { .. }
    );
    assert_error!(
        refused("empty.zip", b""),
        "neither a zip file",
        DataError::Unrecognized { .. }
    );
}

#[test]
fn nothing_there() {
    let missing = Path::new("no/such.zip");
    let error = read(missing, &ReadOptions::default()).unwrap_err();
    assert_error!(error, "no/such.zip", DataError::NotFound { .. });
}

#[test]
fn cut_off_anywhere() {
    let whole = zip(&reviews());
    for length in [10, whole.len() / 2, whole.len() - 1] {
        assert_error!(
            refused("cut.zip", &whole[..length]),
            "cut off or damaged",
            DataError::DamagedArchive { .. }
        );
    }
    let whole = tar_gz(&reviews(), |_, _| {});
    for length in [10, whole.len() / 2, whole.len() - 1] {
        assert_error!(
            refused("cut.tar.gz", &whole[..length]),
            "cut off or damaged",
            DataError::DamagedArchive { .. }
        );
    }
}

#[test]
fn an_entry_cut_off() {
    let mut archive = zip(&reviews());
    patch(&mut archive, FIRST, PACKED_SIZE, &5u32.to_le_bytes());
    assert_error!(
        refused("short.zip", &archive),
        FIRST,
        DataError::DamagedEntry { .. }
    );
}

#[test]
fn a_wrong_checksum() {
    let mut archive = zip(&reviews());
    patch(&mut archive, FIRST, CRC, &[1, 2, 3, 4]);
    assert_error!(
        refused("crc.zip", &archive),
        FIRST,
        DataError::Checksum {
            expected: 0x0403_0201,
            ..
        }
    );
    // In a gzipped file the checksum stands eight bytes before the end, for all entries together.
    let mut archive = tar_gz(&reviews(), |_, _| {});
    let at = archive.len() - 8;
    archive[at] ^= 1;
    assert_error!(
        refused("crc.tar.gz", &archive),
        "damaged",
        DataError::DamagedArchive { .. }
    );
}

#[test]
fn names_that_lead_out() {
    for (harmless, harmful) in [
        ("xx/train/neg/5_1.txt", "../train/neg/5_1.txt"),
        ("train/neg/xx/xx/5_1.txt", "train/neg/../../5_1.txt"),
        ("xtrain/neg/5_1.txt", "/train/neg/5_1.txt"),
        ("xxtrain/neg/5_1.txt", "C:train/neg/5_1.txt"),
        ("train/neg/x5_1.txt", "train/neg\\x5_1.txt"),
    ] {
        let files = with(reviews(), harmless, "evil");
        let mut archive = zip(&files);
        patch(&mut archive, harmless, NAME, harmful.as_bytes());
        // Names are shown quoted, with backslashes doubled.
        let shown = format!("{harmful:?}");
        assert_error!(
            refused("evil.zip", &archive),
            &shown,
            DataError::UnsafePath { .. }
        );
        let archive = tar_gz(&files, |name, header| {
            if name == harmless {
                header.as_old_mut().name[..harmful.len()].copy_from_slice(harmful.as_bytes());
            }
        });
        assert_error!(
            refused("evil.tar.gz", &archive),
            &shown,
            DataError::UnsafePath { .. }
        );
    }
}

#[test]
fn links() {
    let name = "train/neg/5_1.txt";
    let archive = zip_with_link(&reviews(), name, "/etc/hosts");
    assert_error!(refused("link.zip", &archive), name, DataError::Link { .. });
    for kind in [tar::EntryType::Symlink, tar::EntryType::Link] {
        let archive = tar_gz(&with(reviews(), name, ""), |entry, header| {
            if entry == name {
                header.set_entry_type(kind);
                header.set_link_name("../../../etc/hosts").unwrap();
            }
        });
        assert_error!(refused("link.tgz", &archive), name, DataError::Link { .. });
    }
}

#[cfg(unix)]
#[test]
fn links_in_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    unpacked(&reviews(), folder.path());
    let link = folder.path().join("train/neg/5_1.txt");
    std::os::unix::fs::symlink("/etc/hosts", link).unwrap();
    let error = read(folder.path(), &ReadOptions::default()).unwrap_err();
    assert_error!(error, "train/neg/5_1.txt", DataError::Link { .. });
}

/// A megabyte of zeros packs into a kilobyte.
fn bomb() -> Files {
    with(reviews(), "train/neg/6_1.txt", vec![0; 1 << 20])
}

#[test]
fn a_review_beyond_the_limit() {
    let limits = Limits {
        max_entry_bytes: 10_000,
        ..Limits::default()
    };
    let mut archive = zip(&bomb());
    let name = "train/neg/6_1.txt";
    assert_error!(
        refused_with("bomb.zip", &archive, limits),
        name,
        DataError::EntryTooLarge { limit: 10_000, .. }
    );
    // One that lies about its size is found out by what comes out of it.
    patch(&mut archive, name, SIZE, &10u32.to_le_bytes());
    assert_error!(
        refused_with("liar.zip", &archive, limits),
        name,
        DataError::EntryTooLarge { limit: 10_000, .. }
    );
    assert_error!(
        refused_with("bomb.tar.gz", &tar_gz(&bomb(), |_, _| {}), limits),
        name,
        DataError::EntryTooLarge { limit: 10_000, .. }
    );
    // With room for it, the lie itself is the error.
    assert_error!(
        refused("liar.zip", &archive),
        name,
        DataError::DamagedEntry { .. }
    );
}

#[test]
fn an_archive_beyond_the_limit() {
    let limits = Limits {
        max_total_bytes: 500_000,
        ..Limits::default()
    };
    for (name, archive) in [
        ("bomb.zip", zip(&bomb())),
        ("bomb.tar.gz", tar_gz(&bomb(), |_, _| {})),
    ] {
        assert_error!(
            refused_with(name, &archive, limits),
            "max_total_bytes",
            DataError::TotalTooLarge { limit: 500_000, .. }
        );
    }
    let limits = Limits {
        max_entries: 5,
        ..Limits::default()
    };
    for (name, archive) in [
        ("many.zip", zip(&reviews())),
        ("many.tar.gz", tar_gz(&reviews(), |_, _| {})),
    ] {
        assert_error!(
            refused_with(name, &archive, limits),
            "max_entries",
            DataError::TooManyEntries { limit: 5, .. }
        );
    }
}

#[test]
fn limits_hold_for_folders() {
    let folder = tempfile::tempdir().unwrap();
    unpacked(&bomb(), folder.path());
    let error = |limits| {
        let options = ReadOptions {
            limits,
            ..ReadOptions::default()
        };
        read(folder.path(), &options).unwrap_err()
    };
    let limits = Limits::default();
    assert_error!(
        error(Limits {
            max_entry_bytes: 10_000,
            ..limits
        }),
        "train/neg/6_1.txt",
        DataError::EntryTooLarge { .. }
    );
    assert_error!(
        error(Limits {
            max_total_bytes: 10_000,
            ..limits
        }),
        "max_total_bytes",
        DataError::TotalTooLarge { .. }
    );
    assert_error!(
        error(Limits {
            max_entries: 5,
            ..limits
        }),
        "max_entries",
        DataError::TooManyEntries { .. }
    );
}

#[test]
fn encrypted() {
    let mut archive = zip(&reviews());
    patch(&mut archive, FIRST, FLAGS, &[1, 0]);
    assert_error!(
        refused("secret.zip", &archive),
        FIRST,
        DataError::Encrypted { .. }
    );
}

#[test]
fn packed_by_another_method() {
    let mut archive = zip(&reviews());
    patch(&mut archive, FIRST, METHOD, &[12, 0]);
    assert_error!(
        refused("bzip2.zip", &archive),
        FIRST,
        DataError::Compression { .. }
    );
}

#[test]
fn not_utf8() {
    let files = with(reviews(), "train/pos/8_9.txt", b"caf\xe9".to_vec());
    let folder = tempfile::tempdir().unwrap();
    unpacked(&files, &folder.path().join("latin1"));
    fs::write(folder.path().join("latin1.zip"), zip(&files)).unwrap();
    fs::write(folder.path().join("latin1.tgz"), tar_gz(&files, |_, _| {})).unwrap();
    for source in ["latin1", "latin1.zip", "latin1.tgz"] {
        let error = read(&folder.path().join(source), &ReadOptions::default()).unwrap_err();
        assert!(error.to_string().contains(source), "{error}");
        assert_error!(
            error,
            "\"train/pos/8_9.txt\" at byte 3",
            DataError::NotUtf8 { .. }
        );
    }
}

#[test]
fn classes_that_cannot_be_learnt() {
    let empty = with(without(reviews(), "train/pos/"), "train/pos/", "");
    let one = without(without(reviews(), "train/pos/"), "test/pos/");
    let differ = without(reviews(), "test/pos/");
    let missing = without(reviews(), "test/");
    let check = |files: &Files, entry: &str, fits: fn(&DataError) -> bool| {
        for (name, archive) in [
            ("few.zip", zip(files)),
            ("few.tar.gz", tar_gz(files, |_, _| {})),
        ] {
            let error = refused(name, &archive);
            assert!(fits(&error), "{error:?}");
            assert!(error.to_string().contains(entry), "{error}");
        }
        let folder = tempfile::tempdir().unwrap();
        unpacked(files, folder.path());
        let error = read(folder.path(), &ReadOptions::default()).unwrap_err();
        assert!(fits(&error), "{error:?}");
    };
    check(
        &empty,
        "train/pos",
        |error| matches!(error, DataError::EmptyClass { split: Split::Train, class, .. } if class == "pos"),
    );
    check(
        &one,
        "train",
        |error| matches!(error, DataError::OneClass { class, .. } if class == "neg"),
    );
    check(&differ, "pos", |error| {
        matches!(error, DataError::ClassesDiffer { .. })
    });
    check(&missing, "test", |error| {
        matches!(
            error,
            DataError::MissingSplit {
                split: Split::Test,
                ..
            }
        )
    });
}

#[test]
fn listed_twice() {
    let mut archive = zip(&with(reviews(), "train/neg/x_3.txt", "again"));
    patch(&mut archive, "train/neg/x_3.txt", NAME, FIRST.as_bytes());
    assert_error!(
        refused("twice.zip", &archive),
        FIRST,
        DataError::DuplicateEntry { .. }
    );
    let archive = tar_gz(&with(reviews(), FIRST, "again"), |_, _| {});
    assert_error!(
        refused("twice.tar.gz", &archive),
        FIRST,
        DataError::DuplicateEntry { .. }
    );
}

#[test]
fn two_data_sets_in_one_archive() {
    let mut both = reviews();
    let copies: Files = both
        .iter()
        .map(|(name, content)| (format!("backup/aclImdb/{name}"), content.clone()))
        .collect();
    both.extend(copies);
    for (name, archive) in [
        ("two.zip", zip(&both)),
        ("two.tar.gz", tar_gz(&both, |_, _| {})),
    ] {
        assert_error!(
            refused(name, &archive),
            r#"both "" and "backup/aclImdb" hold train/ and test/"#,
            DataError::SeveralRoots { .. }
        );
    }
}

#[test]
fn the_first_error_does_not_depend_on_the_threads() {
    let mut archive = zip(&reviews());
    for name in ["test/pos/1_10.txt", "train/pos/0_7.txt", "test/neg/0_3.txt"] {
        patch(&mut archive, name, CRC, &[0; 4]);
    }
    let (_folder, path) = holding("several.zip", &archive);
    for threads in [1, 2, 5] {
        let options = ReadOptions {
            threads: Some(threads),
            ..ReadOptions::default()
        };
        let error = read(&path, &options).unwrap_err();
        assert_error!(error, "train/pos/0_7.txt", DataError::Checksum { .. });
    }
}
