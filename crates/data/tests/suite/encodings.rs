//! Reviews that are not UTF-8: all of them named at once, and a way past them.

use recurrent_data::{DataError, InvalidUtf8, ReadOptions, Split, read};

use crate::archives::*;

fn sources(files: &Files) -> Vec<(tempfile::TempDir, std::path::PathBuf)> {
    let mut sources = vec![
        holding("a.zip", &zip(files)),
        holding("a.tgz", &tar_gz(files, |_, _| {})),
    ];
    let folder = tempfile::tempdir().unwrap();
    unpacked(files, folder.path());
    let path = folder.path().to_path_buf();
    sources.push((folder, path));
    sources
}

fn utf16(text: &str) -> Vec<u8> {
    let units = [0xfeff].into_iter().chain(text.encode_utf16());
    units.flat_map(u16::to_le_bytes).collect()
}

#[test]
fn all_are_named() {
    let mut files = reviews();
    for number in 0..15 {
        files.push((format!("test/pos/1{number:02}_9.txt"), b"caf\xe9".to_vec()));
    }
    files.push(("train/neg/9_1.txt".to_owned(), utf16("dull")));
    for (_folder, path) in sources(&files) {
        let error = read(&path, &ReadOptions::default()).unwrap_err();
        let message = error.to_string();
        for part in [
            "\"train/neg/9_1.txt\" (UTF-16), \"test/pos/100_9.txt\" at byte 3, ",
            "\"test/pos/110_9.txt\" at byte 3 and 4 more",
            "--invalid-utf8 replace",
        ] {
            assert!(message.contains(part), "{message}");
        }
        assert!(matches!(error, DataError::NotUtf8 { files, .. } if files.len() == 16));
    }
}

#[test]
fn invalid_bytes_can_be_replaced() {
    let files = with(
        reviews(),
        "train/pos/8_9.txt",
        b"A caf\xe9 \x93scene\x94".to_vec(),
    );
    let options = ReadOptions {
        invalid_utf8: InvalidUtf8::Replace,
        ..ReadOptions::default()
    };
    for (_folder, path) in sources(&files) {
        let corpus = read(&path, &options).unwrap();
        let review = corpus.reviews(Split::Train).last().unwrap();
        assert_eq!(review.text, "A caf\u{fffd} \u{fffd}scene\u{fffd}");
    }
}

#[test]
fn utf16_is_not_helped_by_replacing() {
    for text in [utf16("a dull film"), utf16("a dull film")[2..].to_vec()] {
        let files = with(reviews(), "train/pos/8_9.txt", text);
        for invalid_utf8 in [InvalidUtf8::Error, InvalidUtf8::Replace] {
            let options = ReadOptions {
                invalid_utf8,
                ..ReadOptions::default()
            };
            for (_folder, path) in sources(&files) {
                let error = read(&path, &options).unwrap_err();
                assert!(error.to_string().contains("(UTF-16)"), "{error}");
            }
        }
    }
}

#[test]
fn a_byte_order_mark_and_an_empty_review_stay_what_they_are() {
    let files = with(reviews(), "train/pos/8_9.txt", "\u{feff}A film");
    let files = with(files, "train/pos/9_9.txt", "");
    for (_folder, path) in sources(&files) {
        let corpus = read(&path, &ReadOptions::default()).unwrap();
        let texts: Vec<_> = corpus.reviews(Split::Train).iter().rev().take(2).collect();
        assert_eq!([&*texts[1].text, &*texts[0].text], ["\u{feff}A film", ""]);
    }
}
