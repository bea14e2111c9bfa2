//! Folders and files as people name and nest them.

use std::fs;
use std::path::Path;

use recurrent_data::{DataError, ReadOptions, ReviewCorpus, Split, class_names, read};

use crate::archives::*;

/// The same files as a zip file, a tar file, a gzipped one and a folder; all must give the same.
fn read_all(files: &Files) -> Vec<Result<ReviewCorpus, DataError>> {
    let folder = tempfile::tempdir().unwrap();
    unpacked(files, folder.path());
    let options = ReadOptions::default();
    vec![
        read_bytes("a.zip", &zip(files)),
        read_bytes("a.tar", &tar(files, |_, _| {})),
        read_bytes("a.tar.gz", &tar_gz(files, |_, _| {})),
        read(folder.path(), &options),
    ]
}

fn accepted(files: &Files) -> Vec<ReviewCorpus> {
    let corpora: Vec<_> = read_all(files).into_iter().map(Result::unwrap).collect();
    for corpus in &corpora {
        assert_eq!(corpus.sha256(), corpora[0].sha256());
    }
    corpora
}

fn refused(files: &Files, parts: &[&str]) {
    for outcome in read_all(files) {
        let message = outcome.unwrap_err().to_string();
        for part in parts {
            assert!(message.contains(part), "{part}: {message}");
        }
    }
}

fn renamed(rename: impl Fn(&str) -> String) -> Files {
    let files = reviews().into_iter();
    files
        .map(|(name, content)| (rename(&name), content))
        .collect()
}

#[test]
fn any_text_is_a_review_and_a_rating_is_one_where_it_is_there() {
    let mut files = reviews();
    for name in [
        "0.txt",
        "cv000_29416.txt",
        "0_2 (1).txt",
        "Großes Kino.TXT",
        "5_8.txt",
    ] {
        files.push((format!("train/pos/{name}"), name.into()));
    }
    for corpus in accepted(&files) {
        assert_eq!(counts(&corpus), [9, 4]);
        assert_eq!(corpus.passed_over().count(), 0);
        let pos: Vec<_> = corpus.reviews(Split::Train)[2..]
            .iter()
            .map(|review| (review.path.as_str(), review.id, review.rating))
            .collect();
        assert_eq!(
            pos,
            [
                ("pos/0.txt", None, None),
                ("pos/0_2 (1).txt", None, None),
                ("pos/0_7.txt", Some(0), Some(7)),
                ("pos/1_10.txt", Some(1), Some(10)),
                ("pos/5_8.txt", Some(5), Some(8)),
                ("pos/Großes Kino.TXT", None, None),
                ("pos/cv000_29416.txt", None, None),
            ]
        );
    }
}

#[test]
fn what_systems_and_editors_leave_is_passed_over_and_named() {
    let mut files = reviews();
    let strangers = [
        "train/neg/Thumbs.db",
        "train/neg/desktop.ini",
        "train/neg/0_3.txt~",
        "train/neg/.0_3.txt.swp",
        "train/neg/notes.md",
        "train/pos/._0_7.txt",
        "train/urls_neg.txt",
    ];
    for name in strangers {
        files.push((name.to_owned(), b"x".to_vec()));
    }
    for name in [
        "train/@eaDir/0_3.txt",
        "train/lost+found/.keep",
        "test/unsup/0_0.txt",
        "train/cache/",
    ] {
        files.push((name.to_owned(), Vec::new()));
    }
    files.push(("README".to_owned(), b"about".to_vec()));
    for corpus in accepted(&files) {
        assert_eq!(counts(&corpus), [4, 4]);
        let passed_over = corpus.passed_over();
        let mut names = passed_over.names().to_vec();
        names.sort_unstable();
        for name in [
            "train/neg/Thumbs.db",
            "train/neg/0_3.txt~",
            "train/neg/notes.md",
            "train/cache/",
        ] {
            assert!(names.iter().any(|other| other == name), "{name}: {names:?}");
        }
        assert_eq!(passed_over.count(), 11, "{passed_over}");
        assert!(!passed_over.to_string().contains("README"), "{passed_over}");
    }
}

#[test]
fn nested_as_deep_as_you_like() {
    for top in [
        "aclImdb",
        "aclImdb_v1/aclImdb",
        "a/b/c/d",
        "test",
        "train/test",
    ] {
        let mut files = renamed(|name| format!("{top}/{name}"));
        if top != "train/test" {
            files.push((format!("{top}/README"), b"about".to_vec()));
        }
        for corpus in accepted(&files) {
            assert_eq!(counts(&corpus), [4, 4], "{top}");
            assert_eq!(
                corpus.passed_over().count(),
                0,
                "{top}: {}",
                corpus.passed_over()
            );
        }
    }
    // Beside another folder that has only one of the two.
    let files = with(
        renamed(|name| format!("data/{name}")),
        "app/test/unit/a.txt",
        "x",
    );
    for corpus in accepted(&files) {
        assert_eq!(counts(&corpus), [4, 4]);
        assert_eq!(corpus.passed_over().names(), ["app/"]);
    }
}

#[test]
fn capitals_as_on_windows() {
    for corpus in accepted(&renamed(|name| {
        name.replace("train/", "Train/").replace("test/", "TEST/")
    })) {
        assert_eq!(counts(&corpus), [4, 4]);
        assert_eq!(corpus.reviews(Split::Test)[0].path, "neg/0_3.txt");
    }
    refused(
        &with(reviews(), "Train/neg/9_1.txt", "x"),
        &["\"train\"", "\"Train\""],
    );
}

#[test]
fn a_split_that_is_not_there() {
    let wanted = "train/CLASS/*.txt and test/CLASS/*.txt";
    refused(
        &renamed(|name| name.replace("test/", "val/")),
        &[
            "no folder test/",
            r#""train/neg", "train/pos", "val/neg", "val/pos""#,
            wanted,
        ],
    );
    let mut one = without(reviews(), "test/");
    for (name, _) in &mut one {
        *name = name.replace("train/", "");
    }
    refused(&one, &["no folder train/", r#"in "neg", "pos""#, wanted]);
    refused(&vec![("a.txt".to_owned(), Vec::new())], &["in \".\""]);
    refused(
        &vec![("notes/a.md".to_owned(), Vec::new())],
        &["no folder in it holds .txt files"],
    );
    refused(
        &without(reviews(), "train/"),
        &["no folder train/", "test/neg"],
    );
}

#[test]
fn a_third_folder_is_named() {
    let mut files = reviews();
    files.extend(renamed(|name| {
        name.replace("train/", "val/").replace("test/", "valid/")
    }));
    for corpus in accepted(&files) {
        assert_eq!(counts(&corpus), [4, 4]);
        let told = corpus.passed_over().to_string();
        assert!(told.contains("val/") && told.contains("valid/"), "{told}");
    }
}

#[test]
fn two_data_sets_are_both_named() {
    let mut files = renamed(|name| format!("aclImdb/{name}"));
    files.extend(renamed(|name| format!("imdb_backup/{name}")));
    refused(
        &files,
        &["both \"aclImdb\" and \"imdb_backup\" hold train/ and test/"],
    );
}

#[test]
fn names_that_steer_a_terminal() {
    for (name, shown) in [
        (
            "train/pos/\u{1b}]0;owned\u{7}_9.txt",
            r"\u{1b}]0;owned\u{7}_9.txt",
        ),
        ("train/pos\u{1b}[31mRED/0_9.txt", r"pos\u{1b}[31mRED"),
        ("train/pos\n\nLabel: 0 (neg)/0_9.txt", r"pos\n\nLabel"),
        ("train/pos/0_\u{202e}9.txt", r"0_\u{202e}9.txt"),
    ] {
        refused(&with(reviews(), name, "x"), &[shown, "control characters"]);
    }
    // A Mac's own, beside reviews.
    for corpus in accepted(&with(reviews(), "train/pos/Icon\r", "")) {
        assert_eq!(corpus.passed_over().names(), ["train/pos/Icon\r"]);
        assert!(
            corpus
                .passed_over()
                .to_string()
                .contains(r#""train/pos/Icon\r""#)
        );
    }
}

#[test]
fn a_long_name_is_cut() {
    let class = "x".repeat(200);
    let files = with(reviews(), &format!("train/{class}/0_1.txt"), "x");
    let message = read_bytes("a.zip", &zip(&files)).unwrap_err().to_string();
    assert!(
        message.contains("xxx…xxx") && message.len() < 300,
        "{message}"
    );
}

#[test]
fn a_folder_named_like_a_review() {
    refused(
        &with(reviews(), "train/pos/7_7.txt/", ""),
        &["is named like a review, but is a folder"],
    );
}

#[test]
fn classes_are_known_before_texts() {
    let files = with(reviews(), "train/pos/8_9.txt", b"caf\xe9".to_vec());
    let folder = tempfile::tempdir().unwrap();
    unpacked(&files, &folder.path().join("d"));
    fs::write(folder.path().join("a.zip"), zip(&files)).unwrap();
    fs::write(folder.path().join("a.tar"), tar(&files, |_, _| {})).unwrap();
    for name in ["d", "a.zip", "a.tar"] {
        let names = class_names(&folder.path().join(name), &ReadOptions::default()).unwrap();
        assert_eq!(names, ["neg", "pos"]);
    }
}

#[cfg(unix)]
#[test]
fn names_that_are_not_utf8() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    let folder = tempfile::tempdir().unwrap();
    unpacked(&reviews(), folder.path());
    let place = |name: &[u8]| {
        folder
            .path()
            .join("train/neg")
            .join(OsStr::from_bytes(name))
    };
    fs::write(place(b"caf\xe9.md"), "x").unwrap();
    let corpus = read(folder.path(), &ReadOptions::default()).unwrap();
    assert_eq!(corpus.passed_over().count(), 1);
    fs::write(place(b"caf\xe9.txt"), "x").unwrap();
    let error = read(folder.path(), &ReadOptions::default()).unwrap_err();
    assert!(matches!(error, DataError::NameNotUtf8 { .. }), "{error}");
}

#[cfg(unix)]
#[test]
fn pipes_are_not_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    unpacked(&reviews(), folder.path());
    let pipe = folder.path().join("train/neg/7_1.txt");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    let options = ReadOptions::default();
    let error = read(folder.path(), &options).unwrap_err();
    assert!(matches!(error, DataError::NotAFile { .. }), "{error}");
    let error = read(&pipe, &options).unwrap_err();
    assert!(matches!(error, DataError::Unrecognized { .. }), "{error}");
    recurrent_data::hash_source(folder.path()).unwrap();
}

#[test]
fn what_is_given_instead() {
    for (start, told) in [
        (b"BZh91AY".as_slice(), "bzip2"),
        (b"\xfd7zXZ\0", "xz"),
        (b"<!DOCTYPE html>", "web page"),
        (b"", "empty"),
        (b"version https://git-lfs.github.com/spec/v1\n", "Git LFS"),
    ] {
        let error = read_bytes("aclImdb_v1.tar.gz", start)
            .unwrap_err()
            .to_string();
        assert!(error.contains(told), "{error}");
    }
    assert!(read(Path::new("/dev/null"), &ReadOptions::default()).is_err());
}
