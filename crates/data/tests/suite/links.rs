//! Links: in archives passed over where they stand for nothing, in folders followed on request.

use recurrent_data::{DataError, read};

use crate::archives::*;

/// A tar file of the reviews and a link.
fn tar_with_link(name: &str, target: &str) -> Vec<u8> {
    tar(&with(reviews(), name, ""), |entry, header| {
        if entry == name {
            header.set_entry_type(tar::EntryType::Symlink);
            header.set_link_name(target).unwrap();
        }
    })
}

#[test]
fn in_archives() {
    for name in [
        "latest",
        "docs/guide.txt",
        "scripts/run",
        "train/README",
        "train/unsup/1_0.txt",
    ] {
        for archive in [
            zip_with_link(&reviews(), name, "elsewhere"),
            tar_with_link(name, "elsewhere"),
        ] {
            match read_bytes("a", &archive) {
                Ok(corpus) => assert_eq!(counts(&corpus), [4, 4]),
                // This one could be a class.
                Err(error) => assert!(name == "train/README", "{name}: {error}"),
            }
        }
    }
    for name in [
        "train/neg/5_1.txt",
        "train/neg/notes.md",
        "train/other",
        "train",
        "test",
    ] {
        for archive in [
            zip_with_link(&reviews(), name, "elsewhere"),
            tar_with_link(name, "elsewhere"),
        ] {
            let error = read_bytes("a", &archive).unwrap_err();
            assert!(matches!(error, DataError::Link { .. }), "{name}: {error}");
            assert!(
                error.to_string().contains("pack the archive again"),
                "{error}"
            );
        }
    }
}

#[cfg(unix)]
mod in_folders {
    use std::fs;
    use std::os::unix::fs::symlink;
    use std::path::Path;

    use recurrent_data::{ReadOptions, hash_source, hash_source_with};
    use tempfile::TempDir;

    use super::*;

    fn follow() -> ReadOptions<'static> {
        ReadOptions {
            follow_links: true,
            ..ReadOptions::default()
        }
    }

    /// A data set `own` whose `place` is a link to that of the data set `ok`.
    fn linked(place: &str) -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        unpacked(&reviews(), &folder.path().join("ok"));
        unpacked(&without(reviews(), place), &folder.path().join("own"));
        symlink(
            folder.path().join("ok").join(place),
            folder.path().join("own").join(place),
        )
        .unwrap();
        folder
    }

    #[test]
    fn splits_classes_and_reviews() {
        for place in ["test", "test/pos", "train/neg/0_3.txt"] {
            let folder = linked(place);
            let own = folder.path().join("own");
            let error = read(&own, &ReadOptions::default()).unwrap_err();
            assert!(
                matches!(
                    error,
                    DataError::Link {
                        in_folder: true,
                        ..
                    }
                ),
                "{error}"
            );
            assert!(error.to_string().contains("--follow-links"), "{error}");
            let corpus = read(&own, &follow()).unwrap();
            let expected = read(&folder.path().join("ok"), &follow()).unwrap();
            assert_eq!(corpus.sha256(), expected.sha256());
            // The identity of the source sees through links only where they are followed.
            let hash = |name: &str| hash_source_with(&folder.path().join(name), &follow()).unwrap();
            assert_eq!(hash("own"), hash("ok"));
            assert_ne!(
                hash_source(&own).unwrap(),
                hash_source(&folder.path().join("ok")).unwrap()
            );
        }
    }

    #[test]
    fn nested_below_a_link() {
        let folder = tempfile::tempdir().unwrap();
        unpacked(&reviews(), &folder.path().join("ok"));
        fs::create_dir(folder.path().join("own")).unwrap();
        symlink("../ok", folder.path().join("own/data")).unwrap();
        let own = folder.path().join("own");
        assert_eq!(counts(&read(&own, &follow()).unwrap()), [4, 4]);
        assert!(read(&own, &ReadOptions::default()).is_err());
    }

    #[test]
    fn loops_and_links_that_lead_nowhere() {
        let read_with = |name: &str, target: &Path| {
            let folder = tempfile::tempdir().unwrap();
            unpacked(&reviews(), folder.path());
            symlink(target, folder.path().join(name)).unwrap();
            read(folder.path(), &follow())
        };
        for (name, target) in [("train/again", "."), ("train/neg/again", "..")] {
            let error = read_with(name, Path::new(target)).unwrap_err();
            assert!(matches!(error, DataError::LinkLoop { .. }), "{error}");
        }
        let error = read_with("train/neg/5_1.txt", Path::new("nowhere")).unwrap_err();
        assert!(matches!(error, DataError::NotFound { .. }), "{error}");
        // Outside of the splits nobody looks.
        assert!(read_with("loop", Path::new(".")).is_ok());
    }
}
