//! What a killed unpacking leaves, and what ends one in time.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;

use recurrent_data::{Cleanup, DataError, Extracted, ReadOptions, index};
use tempfile::TempDir;

use crate::archives::*;

const MARKER: &str = ".recurrent-extracted";

fn prepared() -> (TempDir, [PathBuf; 2], PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let archives = ["a.zip", "a.tar.gz"].map(|name| folder.path().join(name));
    fs::write(&archives[0], zip(&reviews())).unwrap();
    fs::write(&archives[1], tar_gz(&reviews(), |_, _| {})).unwrap();
    let target = folder.path().join("datasets/imdb");
    (folder, archives, target)
}

fn unpack(archive: &Path, target: &Path) -> Result<Extracted, DataError> {
    Extracted::unpack(archive, target, &ReadOptions::default())
}

/// Copies a folder, so that nobody holds the lock on its marker: as after a kill.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for item in fs::read_dir(from).unwrap() {
        let item = item.unwrap();
        let to = to.join(item.file_name());
        if item.file_type().unwrap().is_dir() {
            copy(&item.path(), &to);
        } else {
            fs::copy(item.path(), to).unwrap();
        }
    }
}

/// What a process leaves that is killed after it has unpacked.
fn leave(archive: &Path, target: &Path) {
    let elsewhere = tempfile::tempdir().unwrap();
    let extracted = unpack(archive, &elsewhere.path().join("imdb")).unwrap();
    copy(extracted.path(), target);
    extracted.remove().unwrap();
}

#[test]
fn a_target_that_was_left_is_taken_over() {
    for which in 0..2 {
        let (folder, archives, target) = prepared();
        let before = listing(folder.path());
        leave(&archives[which], &target);
        fs::remove_file(target.join("train/neg/0_3.txt")).unwrap();
        let extracted = unpack(&archives[which], &target).unwrap();
        let corpus = index(&target, &ReadOptions::default()).unwrap();
        assert_eq!(counts(&corpus), [4, 4]);
        extracted.remove().unwrap();
        fs::remove_dir(target.parent().unwrap()).unwrap();
        assert_eq!(listing(folder.path()), before);
    }
}

#[test]
fn files_of_others_are_never_taken_over() {
    let (_folder, [archive, _], target) = prepared();
    leave(&archive, &target);
    fs::write(target.join("train/neg/notes.md"), "mine").unwrap();
    let error = unpack(&archive, &target).unwrap_err();
    assert!(matches!(error, DataError::TargetInUse { .. }), "{error}");
    assert_eq!(
        fs::read(target.join("train/neg/notes.md")).unwrap(),
        b"mine"
    );
}

#[test]
fn a_marker_that_lists_what_is_not_ours() {
    let (folder, [archive, _], target) = prepared();
    leave(&archive, &target);
    fs::write(folder.path().join("precious.txt"), "mine").unwrap();
    fs::create_dir_all(folder.path().join("data/neg")).unwrap();
    fs::write(folder.path().join("data/neg/0_3.txt"), "mine").unwrap();
    let text = fs::read_to_string(target.join(MARKER)).unwrap();
    let evil = "../../precious.txt\ntrain/../../../precious.txt\n/etc/hosts\n";
    fs::write(target.join(MARKER), format!("{text}\n{evil}")).unwrap();
    #[cfg(unix)]
    {
        fs::remove_dir_all(target.join("test")).unwrap();
        std::os::unix::fs::symlink("../../data", target.join("test")).unwrap();
    }
    let outcome = unpack(&archive, &target);
    assert!(matches!(outcome, Err(DataError::TargetInUse { .. })) || cfg!(not(unix)));
    assert!(folder.path().join("precious.txt").exists());
    assert!(folder.path().join("data/neg/0_3.txt").exists());
}

#[test]
fn a_target_in_use_by_another_process_says_so() {
    let (_folder, [archive, _], target) = prepared();
    let extracted = unpack(&archive, &target).unwrap();
    let error = unpack(&archive, &target).unwrap_err();
    assert!(matches!(error, DataError::TargetBusy { .. }), "{error}");
    assert_eq!(
        counts(&index(&target, &ReadOptions::default()).unwrap()),
        [4, 4]
    );
    extracted.remove().unwrap();
}

#[test]
fn what_is_kept_is_nobody_elses() {
    let (_folder, [archive, _], target) = prepared();
    let kept = unpack(&archive, &target).unwrap().keep();
    assert!(!kept.join(MARKER).exists());
    let error = unpack(&archive, &target).unwrap_err();
    assert!(matches!(error, DataError::TargetInUse { .. }), "{error}");
}

#[test]
fn temporary_folders_of_the_dead_are_swept() {
    let (folder, [archive, _], target) = prepared();
    let parent = target.parent().unwrap();
    leave(&archive, &parent.join(".unpacking-dead/reviews"));
    // Of a process that is still there, and of somebody else.
    leave(&archive, &parent.join(".unpacking-alive/reviews"));
    let alive = File::open(parent.join(".unpacking-alive/reviews").join(MARKER)).unwrap();
    alive.try_lock().unwrap();
    fs::create_dir_all(parent.join(".unpacking-mine")).unwrap();
    fs::write(parent.join(".unpacking-mine/notes.md"), "mine").unwrap();
    Extracted::sweep(&target);
    assert!(!parent.join(".unpacking-dead").exists());
    leave(&archive, &parent.join(".unpacking-dead/reviews"));
    unpack(&archive, &target).unwrap().remove().unwrap();
    let left: Vec<_> = fs::read_dir(parent)
        .unwrap()
        .map(|item| item.unwrap().file_name())
        .collect();
    assert_eq!(left.len(), 2, "{left:?}");
    assert!(parent.join(".unpacking-alive").exists() && parent.join(".unpacking-mine").exists());
    drop(folder);
}

#[test]
fn cleaning_up_from_another_thread_while_files_are_written() {
    for which in 0..2 {
        let (folder, archives, target) = prepared();
        let before = listing(folder.path());
        let cleanup = Cleanup::new();
        let handle = cleanup.clone();
        let (written, wait) = mpsc::channel();
        let watcher = thread::spawn(move || {
            wait.recv().unwrap();
            handle.remove_now().unwrap();
        });
        // The progress function is called once all files are written, before they are moved.
        let progress = |_, _| {
            let _ = written.send(());
        };
        let options = ReadOptions {
            progress: Some(&progress),
            ..ReadOptions::default()
        };
        match Extracted::unpack_tracked(&archives[which], &target, &options, &cleanup) {
            Err(error) => assert!(matches!(error, DataError::Stopped), "{error}"),
            // The tar reader tells of a thousand files only; then nobody was stopped.
            Ok(extracted) => {
                let _ = options.progress.map(|progress| progress(0, 0));
                drop(extracted);
            }
        }
        watcher.join().unwrap();
        assert_eq!(listing(folder.path()), before);
        // Once more does nothing.
        cleanup.remove_now().unwrap();
        let stopped = Extracted::unpack_tracked(&archives[which], &target, &options, &cleanup);
        assert!(matches!(stopped, Err(DataError::Stopped)));
        assert_eq!(listing(folder.path()), before);
    }
}

#[test]
fn cleaning_up_after_all_is_in_place() {
    let (folder, [archive, _], target) = prepared();
    let before = listing(folder.path());
    let cleanup = Cleanup::new();
    let options = ReadOptions::default();
    let extracted = Extracted::unpack_tracked(&archive, &target, &options, &cleanup).unwrap();
    assert!(target.join("train/neg/0_3.txt").exists());
    cleanup.remove_now().unwrap();
    assert_eq!(listing(folder.path()), before);
    extracted.remove().unwrap();
}
