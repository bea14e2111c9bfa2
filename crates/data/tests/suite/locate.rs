//! Which data set is taken: at hand, named, downloaded, sample. And strictness.

use std::cell::Cell;
use std::ffi::OsStr;
use std::fs;
use std::path::Path;

use recurrent_data::{
    DataError, Dataset, DatasetChoice, Download, DownloadError, NoDownload, Origin, ReadOptions,
    locate,
};
use tempfile::TempDir;

use crate::archives::*;

/// Puts an archive there and counts how often it was asked to.
#[derive(Default)]
struct Fake(Cell<usize>);

impl Download for Fake {
    fn fetch(&self, target: &Path) -> Result<(), DownloadError> {
        self.0.set(self.0.get() + 1);
        fs::write(target, tar_gz(&reviews(), |_, _| {})).unwrap();
        Ok(())
    }
}

fn folder_with(names: &[&str]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in names {
        fs::write(folder.path().join(name), zip(&reviews())).unwrap();
    }
    folder
}

fn find(choice: &DatasetChoice, folder: &TempDir, environment: &str) -> Result<Dataset, DataError> {
    locate(
        choice,
        folder.path(),
        Some(OsStr::new(environment)),
        &NoDownload,
    )
}

#[test]
fn the_chain_in_its_order() {
    let elsewhere = folder_with(&["other.zip"]);
    let other = elsewhere.path().join("other.zip");
    let named = other.to_str().unwrap();
    let folder = folder_with(&["imdb.zip", "aclImdb_v1.tar.gz", "sample.zip"]);
    for choice in [DatasetChoice::Auto, DatasetChoice::Imdb] {
        let found = find(&choice, &folder, named).unwrap();
        assert_eq!(
            (found.origin, found.path),
            (Origin::Folder, folder.path().join("imdb.zip"))
        );
    }
    fs::remove_file(folder.path().join("imdb.zip")).unwrap();
    let found = find(&DatasetChoice::Auto, &folder, named).unwrap();
    assert_eq!((found.origin, found.path), (Origin::Environment, other));
    let found = find(&DatasetChoice::Auto, &folder, "").unwrap();
    assert_eq!(found.path, folder.path().join("aclImdb_v1.tar.gz"));
    fs::remove_file(folder.path().join("aclImdb_v1.tar.gz")).unwrap();

    let fake = Fake::default();
    let found = locate(&DatasetChoice::Auto, folder.path(), None, &fake).unwrap();
    assert_eq!((found.origin, fake.0.get()), (Origin::Downloaded, 1));
    assert_eq!(found.name, "imdb");
    assert!(!found.sample && found.fallback.is_none());
    let corpus = found.read(&ReadOptions::default()).unwrap();
    assert_eq!((corpus.name(), corpus.is_sample()), ("imdb", false));
    let found = locate(&DatasetChoice::Auto, folder.path(), None, &fake).unwrap();
    assert_eq!((found.origin, fake.0.get()), (Origin::Folder, 1));
}

#[test]
fn the_sample_stands_in_and_says_so() {
    let folder = folder_with(&["sample.zip"]);
    let found = find(&DatasetChoice::Auto, &folder, "").unwrap();
    assert!(found.sample);
    assert_eq!(
        found.fallback.as_deref(),
        Some("downloading is switched off")
    );
    let corpus = found.read(&ReadOptions::default()).unwrap();
    assert_eq!((corpus.name(), corpus.is_sample()), ("sample", true));
    // Asked for by name, it stands in for nothing.
    let found = find(&DatasetChoice::Sample, &folder, "").unwrap();
    assert!(found.sample && found.fallback.is_none());
}

/// Fails in a certain way.
struct Failing(fn() -> DownloadError);

impl Download for Failing {
    fn fetch(&self, _: &Path) -> Result<(), DownloadError> {
        Err((self.0)())
    }
}

#[test]
fn the_sample_does_not_hide_what_is_wrong() {
    let folder = folder_with(&["sample.zip"]);
    let find = |fail| locate(&DatasetChoice::Auto, folder.path(), None, &Failing(fail));
    let unreachable = || DownloadError::Unreachable {
        url: "https://example.org/a".to_owned(),
        reason: "no such host".to_owned(),
    };
    assert!(find(unreachable).unwrap().sample);
    let wrong: [fn() -> DownloadError; 5] = [
        || DownloadError::Busy {
            part: "datasets/a.part".into(),
        },
        || DownloadError::Disk {
            path: "datasets/a.part".into(),
            source: std::io::ErrorKind::StorageFull.into(),
        },
        || DownloadError::WrongHash {
            url: String::new(),
            expected: String::new(),
            found: String::new(),
        },
        || DownloadError::Status {
            url: String::new(),
            status: 503,
        },
        || DownloadError::Interrupted {
            url: String::new(),
            done: 1,
            total: 2,
            part: "a.part".into(),
            reason: String::new(),
        },
    ];
    for fail in wrong {
        let error = find(fail).unwrap_err();
        assert!(matches!(error, DataError::Download { .. }), "{error}");
        // The cause is printed after the message, not in it.
        let cause = std::error::Error::source(&error).unwrap().to_string();
        assert!(!error.to_string().contains(&cause), "{error}");
    }
}

#[test]
fn a_plain_tar_that_is_named_as_if_it_were_gzipped() {
    /// As from a server or a browser that unpacks gzip on the way.
    struct Unpacked;
    impl Download for Unpacked {
        fn fetch(&self, target: &Path) -> Result<(), DownloadError> {
            fs::write(target, tar(&reviews(), |_, _| {})).unwrap();
            Ok(())
        }
    }
    let folder = folder_with(&[]);
    for origin in [Origin::Downloaded, Origin::Folder] {
        let found = locate(&DatasetChoice::Imdb, folder.path(), None, &Unpacked).unwrap();
        assert_eq!(found.origin, origin);
        let corpus = found.read(&ReadOptions::default()).unwrap();
        assert_eq!(corpus.reviews(recurrent_data::Split::Train).len(), 4);
    }
}

#[test]
fn a_named_data_set_is_that_one_or_an_error() {
    let folder = folder_with(&["sample.zip"]);
    let error = find(&DatasetChoice::Imdb, &folder, "").unwrap_err();
    assert!(matches!(error, DataError::Download { .. }), "{error}");
    let missing = DatasetChoice::Path(folder.path().join("no.zip"));
    let error = find(&missing, &folder, "").unwrap_err();
    assert!(matches!(error, DataError::NotFound { .. }), "{error}");
    let given = DatasetChoice::Path(folder.path().join("sample.zip"));
    let found = find(&given, &folder, "").unwrap();
    assert_eq!((found.origin, found.sample), (Origin::Given, false));
    assert_eq!(found.name, "sample.zip");
    let empty = folder_with(&[]);
    for choice in [DatasetChoice::Sample, DatasetChoice::Auto] {
        let error = find(&choice, &empty, "").unwrap_err();
        assert!(matches!(error, DataError::NoSample { .. }), "{error}");
    }
}

#[test]
fn a_mistyped_variable_is_no_reason_to_fall_back() {
    let folder = folder_with(&["sample.zip"]);
    let error = find(&DatasetChoice::Auto, &folder, "/no/such.zip").unwrap_err();
    assert!(
        matches!(error, DataError::EnvironmentMissing { .. }),
        "{error}"
    );
    assert!(error.to_string().contains("IMDB_ARCHIVE"), "{error}");
}

#[test]
fn choices_are_words_or_paths() {
    for (text, choice) in [
        ("auto", DatasetChoice::Auto),
        ("imdb", DatasetChoice::Imdb),
        ("sample", DatasetChoice::Sample),
        ("./imdb", DatasetChoice::Path("./imdb".into())),
    ] {
        assert_eq!(text.parse(), Ok(choice.clone()));
        assert_eq!(choice.to_string(), text);
    }
}
