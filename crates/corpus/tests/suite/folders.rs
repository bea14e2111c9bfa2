//! Folders with a folder of texts for each class.

use recurrent_corpus::{Part, TableOptions, read};

use crate::common::{Folder, labelled, with};

#[test]
fn folders_of_classes_are_read_in_the_order_of_their_names() {
    let folder = Folder::new();
    for (name, text) in [
        ("set/pos/b.txt", "\u{feff}good"),
        ("set/pos/a.TXT", "fine"),
        ("set/neg/1.txt", "bad\n"),
        ("set/neg/2.txt", " \n"),
        ("set/neg/notes.md", "x"),
        ("set/neg/.hidden.txt", "x"),
        ("set/readme.txt", "x"),
        ("set/unsup/0.txt", "x"),
        ("set/.git/0.txt", "x"),
    ] {
        folder.write(name, text);
    }
    let (corpus, report) = read(&[folder.path("set")], &TableOptions::default()).unwrap();
    assert_eq!(corpus.name(), "set");
    assert_eq!(corpus.classes(), ["neg", "pos"]);
    let expected = [("bad\n", "neg"), ("fine", "pos"), ("good", "pos")];
    assert_eq!(labelled(&corpus, Part::Train), expected);
    let counts = (
        report.rows,
        report.kept,
        report.empty_texts,
        report.passed_over,
    );
    assert_eq!(counts, (4, 3, 1, 2));
    assert_eq!(report.first[0].0.path, folder.path("set/neg/2.txt"));
    assert!(
        report.to_string().contains("2.txt), 2 files or folders"),
        "{report}"
    );
}

#[test]
fn folders_above_the_classes_say_which_part_they_are() {
    for validation in ["valid", "validation", "val", "dev"] {
        let folder = Folder::new();
        for part in ["Train", "test", validation] {
            for class in ["pos", "neg"] {
                folder.write(
                    &format!("{part}/{class}/0.txt"),
                    format!("{class} of {part}"),
                );
            }
        }
        folder.write("more/x/0.txt", "x");
        let (corpus, report) = read(&[folder.path("")], &TableOptions::default()).unwrap();
        assert_eq!(labelled(&corpus, Part::Train)[1], ("pos of Train", "pos"));
        assert_eq!(labelled(&corpus, Part::Test)[0], ("neg of test", "neg"));
        let found = labelled(&corpus, Part::Validation)[0].0;
        assert_eq!(found, format!("neg of {validation}"));
        assert_eq!((report.kept, report.passed_over), (6, 1));
    }
}

#[test]
fn other_folders_and_texts_are_refused() {
    let folder = Folder::new();
    folder.write("a/0.csv", "x");
    let error = read(&[folder.path("")], &TableOptions::default()).unwrap_err();
    assert!(
        error.to_string().contains("arrange it as CLASS/FILE.txt"),
        "{error}"
    );
    folder.write("a/0.txt", b"caf\xe9");
    let error = read(&[folder.path("")], &TableOptions::default()).unwrap_err();
    assert!(error.to_string().contains("0.txt: not UTF-8"), "{error}");
    folder.write("b/0.txt", b"b");
    let lossy = with(|options| options.lossy = true);
    let (corpus, _) = read(&[folder.path("")], &lossy).unwrap();
    assert_eq!(labelled(&corpus, Part::Train)[0], ("caf\u{fffd}", "a"));
    let classes = with(|options| {
        options.lossy = true;
        options.classes = Some(vec!["a".to_owned(), "c".to_owned()]);
    });
    let error = read(&[folder.path("")], &classes).unwrap_err();
    assert!(
        error.to_string().contains("the label \"b\" is none of"),
        "{error}"
    );
}
