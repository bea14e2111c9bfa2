//! The same reviews are the same corpus, however they are packed and however many threads read.

use std::fs;
use std::sync::Mutex;

use recurrent_data::{Corpus, ReadOptions, ReviewCorpus, Split, hash_source, read};

use crate::archives::*;

fn sources() -> (tempfile::TempDir, [std::path::PathBuf; 4]) {
    let folder = tempfile::tempdir().unwrap();
    // Not in the order in which a corpus has them.
    let mut files = reviews();
    files.reverse();
    let below: Files = files
        .iter()
        .map(|(name, content)| (format!("aclImdb/{name}"), content.clone()))
        .collect();
    let paths = ["a.zip", "b.zip", "c.tar.gz", "d"].map(|name| folder.path().join(name));
    fs::write(&paths[0], zip(&files)).unwrap();
    fs::write(&paths[1], zip(&below)).unwrap();
    fs::write(&paths[2], tar_gz(&below, |_, _| {})).unwrap();
    unpacked(&files, &paths[3]);
    (folder, paths)
}

#[test]
fn every_source_gives_the_same_corpus() {
    let (_folder, paths) = sources();
    let corpora: Vec<ReviewCorpus> = paths
        .iter()
        .map(|path| read(path, &ReadOptions::default()).unwrap())
        .collect();
    let train: Vec<_> = corpora[0]
        .reviews(Split::Train)
        .iter()
        .map(|review| (review.path.as_str(), review.label, review.id, review.rating))
        .collect();
    assert_eq!(
        train,
        [
            ("neg/0_3.txt", 0, Some(0), Some(3)),
            ("neg/1_1.txt", 0, Some(1), Some(1)),
            ("pos/0_7.txt", 1, Some(0), Some(7)),
            ("pos/1_10.txt", 1, Some(1), Some(10)),
        ]
    );
    assert_eq!(corpora[0].classes(), ["neg", "pos"]);
    let first = corpora[0].texts(Split::Train).next().unwrap();
    assert_eq!(first.text, "A neg review  no. 0 of train, naïve.");
    for corpus in &corpora {
        assert_eq!(corpus.sha256(), corpora[0].sha256());
        assert_eq!(corpus.texts(Split::Test).len(), 4);
    }
}

#[test]
fn raw_texts_keep_their_breaks() {
    let (_folder, [path, ..]) = sources();
    let options = ReadOptions {
        clean: false,
        ..ReadOptions::default()
    };
    let corpus = read(&path, &options).unwrap();
    let first = corpus.texts(Split::Train).next().unwrap();
    assert_eq!(first.text, "A neg review<br /><br />no. 0 of train, naïve.");
}

#[test]
fn threads_change_nothing_but_progress_is_told() {
    let (_folder, paths) = sources();
    for path in paths {
        let expected = read(&path, &ReadOptions::default()).unwrap();
        for threads in [1, 2, 7] {
            let told = Mutex::new(Vec::new());
            let progress = |done, total| told.lock().unwrap().push((done, total));
            let options = ReadOptions {
                threads: Some(threads),
                progress: Some(&progress),
                ..ReadOptions::default()
            };
            assert_eq!(read(&path, &options).unwrap().sha256(), expected.sha256());
            if !path.ends_with("c.tar.gz") {
                assert_eq!(*told.lock().unwrap(), [(8, 8)]);
            }
        }
    }
}

#[test]
fn a_source_has_a_hash() {
    let (_folder, [zip, _, _, folder]) = sources();
    let hash = |path| hash_source(path).unwrap();
    assert_eq!(hash(&zip), hash(&zip));
    let before = hash(&folder);
    fs::write(folder.join("train/neg/0_3.txt"), "changed").unwrap();
    assert_ne!(hash(&folder), before);
}

#[test]
fn the_bundled_sample_reads() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../datasets/sample.zip");
    let corpus = read(path.as_ref(), &ReadOptions::default()).unwrap();
    assert_eq!(corpus.reviews(Split::Train).len(), 2000);
    assert_eq!(corpus.reviews(Split::Test).len(), 900);
    assert!(fs::metadata(path).unwrap().len() < 1_000_000);
}
