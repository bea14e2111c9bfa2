//! Unpacking, and taking away again what was unpacked, and only that.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use recurrent_data::{DataError, Extracted, ReadOptions, index, read};
use tempfile::TempDir;

use crate::archives::*;

fn archives() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.zip"), zip(&reviews())).unwrap();
    let mut below: Files = reviews()
        .into_iter()
        .map(|(name, content)| (format!("aclImdb/{name}"), content))
        .collect();
    below.push(("aclImdb/README".to_owned(), b"about".to_vec()));
    below.push((
        "aclImdb/train/unsup/0_0.txt".to_owned(),
        b"no label".to_vec(),
    ));
    fs::write(folder.path().join("a.tar.gz"), tar_gz(&below, |_, _| {})).unwrap();
    folder
}

fn unpack(archive: &Path, target: &Path) -> Result<Extracted, DataError> {
    Extracted::unpack(archive, target, &ReadOptions::default())
}

#[test]
fn the_files_lie_byte_for_byte_and_go_again() {
    let folder = archives();
    let before = listing(folder.path());
    for name in ["a.zip", "a.tar.gz"] {
        let archive = folder.path().join(name);
        let target = folder.path().join("datasets/imdb");
        let extracted = unpack(&archive, &target).unwrap();
        for (file, content) in reviews() {
            assert_eq!(fs::read(target.join(file)).unwrap(), content);
        }
        // Files, classes, splits, and the hidden marker.
        assert_eq!(listing(&target).len(), 8 + 4 + 2 + 1);
        let options = ReadOptions::default();
        assert_eq!(
            index(extracted.path(), &options).unwrap().sha256(),
            read(&archive, &options).unwrap().sha256()
        );
        extracted.remove().unwrap();
        assert_eq!(listing(folder.path()), before);
    }
}

#[test]
fn dropping_removes_and_keeping_keeps() {
    let folder = archives();
    let before = listing(folder.path());
    let target = folder.path().join("imdb");
    drop(unpack(&folder.path().join("a.zip"), &target).unwrap());
    assert_eq!(listing(folder.path()), before);
    let kept = unpack(&folder.path().join("a.zip"), &target)
        .unwrap()
        .keep();
    assert_eq!(kept, target);
    assert!(target.join("test/pos/1_10.txt").is_file());
}

#[test]
fn what_others_put_there_stays() {
    let folder = archives();
    let target = folder.path().join("imdb");
    let extracted = unpack(&folder.path().join("a.zip"), &target).unwrap();
    fs::write(target.join("train/neg/notes.md"), "mine").unwrap();
    fs::remove_file(target.join("test/neg/0_3.txt")).unwrap();
    extracted.remove().unwrap();
    let left: Vec<_> = listing(&target).into_iter().collect();
    assert_eq!(left, ["train", "train/neg", "train/neg/notes.md"]);
}

#[test]
fn an_empty_target_is_used_and_stays() {
    let folder = archives();
    let target = folder.path().join("imdb");
    fs::create_dir(&target).unwrap();
    unpack(&folder.path().join("a.zip"), &target)
        .unwrap()
        .remove()
        .unwrap();
    assert!(listing(&target).is_empty() && target.is_dir());
}

#[test]
fn a_target_in_use_is_left_alone() {
    let folder = archives();
    let target = folder.path().join("imdb");
    fs::create_dir(&target).unwrap();
    fs::write(target.join("mine.txt"), "mine").unwrap();
    for target in [target.clone(), target.join("mine.txt")] {
        let before = listing(folder.path());
        let error = unpack(&folder.path().join("a.zip"), &target).unwrap_err();
        assert!(matches!(error, DataError::TargetInUse { .. }), "{error}");
        assert_eq!(listing(folder.path()), before);
    }
}

#[test]
fn a_folder_needs_no_unpacking() {
    let folder = tempfile::tempdir().unwrap();
    unpacked(&reviews(), folder.path());
    let error = unpack(folder.path(), &folder.path().join("imdb")).unwrap_err();
    assert!(matches!(error, DataError::NotAnArchive { .. }), "{error}");
}

#[test]
fn an_unwritable_target() {
    let folder = archives();
    let before = listing(folder.path());
    // Below a file nobody can write, not even the superuser.
    let target = folder.path().join("a.zip/imdb");
    let error = unpack(&folder.path().join("a.zip"), &target).unwrap_err();
    assert!(matches!(error, DataError::Write { .. }), "{error}");
    assert_eq!(listing(folder.path()), before);
}

#[test]
fn a_full_disk() {
    struct Full;
    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let folder = archives();
    let before = listing(folder.path());
    for name in ["a.zip", "a.tar.gz"] {
        let opened = AtomicUsize::new(0);
        let create = |path: &Path| -> io::Result<Box<dyn Write>> {
            let file = File::create_new(path)?;
            Ok(if opened.fetch_add(1, Ordering::Relaxed) < 3 {
                Box::new(file)
            } else {
                Box::new(Full)
            })
        };
        let target = folder.path().join("datasets/imdb");
        let options = ReadOptions::default();
        let error = Extracted::unpack_with(&folder.path().join(name), &target, &options, create)
            .unwrap_err();
        assert!(
            matches!(&error, DataError::Write { path, source }
                if path.starts_with(&target) && source.kind() == io::ErrorKind::StorageFull),
            "{error}"
        );
        assert!(opened.into_inner() > 3);
        assert_eq!(listing(folder.path()), before);
    }
}
