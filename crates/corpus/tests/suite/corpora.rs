//! Corpora in memory: what they are made of, counted, hashed and split.

use proptest::prelude::*;
use recurrent_corpus::{Corpus, CorpusError, Part, Split, TextCorpus};

use crate::common::labelled;

fn numbered(count: usize) -> TextCorpus {
    let pairs = (0..count).map(|number| (format!("text {number}"), ["a", "b", "c"][number % 3]));
    TextCorpus::from_pairs(pairs).unwrap()
}

fn owned(texts: &[(&str, usize)]) -> Vec<(String, usize)> {
    let owned = texts
        .iter()
        .map(|(text, label)| ((*text).to_owned(), *label));
    owned.collect()
}

#[test]
fn a_corpus_is_what_it_was_made_of() {
    let classes = vec!["no".to_owned(), "yes".to_owned()];
    let train = owned(&[("a", 1), ("b", 0), ("c", 1)]);
    let corpus = TextCorpus::new(classes.clone(), train, owned(&[("d", 0)])).unwrap();
    let corpus = corpus.with_validation(owned(&[("e", 1)])).unwrap();
    assert_eq!(corpus.name(), "texts");
    assert_eq!(corpus.clone().named("mine").name(), "mine");
    assert_eq!(
        labelled(&corpus, Part::Train),
        [("a", "yes"), ("b", "no"), ("c", "yes")]
    );
    assert_eq!(labelled(&corpus, Part::Validation), [("e", "yes")]);
    assert_eq!(Corpus::classes(&corpus), classes);
    let test: Vec<_> = corpus.texts(Split::Test).collect();
    assert_eq!((test.len(), test[0].text, test[0].label), (1, "d", 0));
    assert_eq!(corpus.counts(Split::Train), [1, 2]);
    assert_eq!(corpus.majority(Split::Train), Some((1, 2.0 / 3.0)));
    let error = TextCorpus::new(classes.clone(), owned(&[("a", 0)]), owned(&[("b", 2)]));
    assert!(matches!(
        error,
        Err(CorpusError::LabelOutOfRange {
            part: Part::Test,
            index: 0,
            label: 2,
            classes: 2
        })
    ));
    let error = TextCorpus::new(vec!["no".to_owned(); 2], Vec::new(), Vec::new());
    assert!(matches!(error, Err(CorpusError::ClassTwice { .. })));
    let error = TextCorpus::new(classes[..1].to_vec(), Vec::new(), Vec::new());
    assert!(matches!(error, Err(CorpusError::TooFewClasses { .. })));
    let empty = TextCorpus::new(classes, Vec::new(), Vec::new()).unwrap();
    assert_eq!(empty.majority(Part::Train), None);
    assert_eq!(empty.counts(Part::Train), [0, 0]);
}

#[test]
fn ties_go_to_the_first_class() {
    let corpus = TextCorpus::from_pairs([("a", "y"), ("b", "x")]).unwrap();
    assert_eq!(corpus.majority(Part::Train), Some((0, 0.5)));
}

#[test]
fn classes_are_sorted_by_number_where_all_are_integers() {
    let of = |labels: &[&str]| {
        let corpus = TextCorpus::from_pairs(labels.iter().map(|label| ("text", *label))).unwrap();
        corpus.classes().join(" ")
    };
    assert_eq!(of(&["10", "9", "-1", "9"]), "-1 9 10");
    assert_eq!(of(&["10", "9", "x"]), "10 9 x");
    assert_eq!(of(&["b", "B", "é", "a"]), "B a b é");
}

#[test]
fn the_checksum_covers_classes_splits_labels_and_texts() {
    let of = |classes: [&str; 2], train: &[(&str, usize)], test: &[(&str, usize)]| {
        let classes = classes.map(str::to_owned).to_vec();
        let corpus = TextCorpus::new(classes, owned(train), owned(test)).unwrap();
        corpus.sha256().to_owned()
    };
    let all = [
        of(["a", "b"], &[("x", 0)], &[]),
        of(["a", "c"], &[("x", 0)], &[]),
        of(["a", "b"], &[("x", 1)], &[]),
        of(["a", "b"], &[("y", 0)], &[]),
        of(["a", "b"], &[], &[("x", 0)]),
        of(["a", "b"], &[("x", 0), ("x", 0)], &[]),
        of(["a", "b"], &[("xx", 0)], &[]),
        of(["ab", ""], &[("x", 0)], &[]),
    ];
    let different: std::collections::BTreeSet<_> = all.iter().collect();
    assert_eq!(different.len(), all.len());
    assert!(all.iter().all(|sum| sum.len() == 64));
    let corpus = numbered(9);
    assert_eq!(corpus.clone().named("other").sha256(), corpus.sha256());
    let mut split = corpus.clone();
    split.split_test(0.5, 1).unwrap();
    assert_ne!(split.sha256(), corpus.sha256());
}

#[test]
fn a_part_is_split_off_once_and_never_empty() {
    let mut corpus = numbered(300);
    let whole = corpus.clone();
    corpus.split_test(0.2, 7).unwrap();
    let test = corpus.test().clone();
    assert!((40..80).contains(&test.len()), "{}", test.len());
    // The same share and seed once more: what is left must not be what was not drawn.
    corpus.split_validation(0.2, 7).unwrap();
    let validation = corpus.validation().len();
    assert!((25..75).contains(&validation), "{validation}");
    assert_eq!(*corpus.test(), test);
    assert_eq!(
        corpus.train().len() + validation + test.len(),
        whole.train().len()
    );
    assert_eq!(corpus.classes(), whole.classes());
    let refused = |corpus: &mut TextCorpus, share: f64| {
        let before = corpus.sha256().to_owned();
        let said = corpus.split_validation(share, 7).unwrap_err().to_string();
        assert_eq!(corpus.sha256(), before);
        said
    };
    let said = refused(&mut corpus, 0.2);
    assert!(said.contains("has a validation split of"), "{said}");
    let mut few = numbered(3);
    let said = refused(&mut few, 1e-9);
    assert!(
        said.contains("of 3 texts leaves the validation split empty"),
        "{said}"
    );
    let said = refused(&mut few, 1.0 - 1e-12);
    assert!(said.contains("leaves the train split empty"), "{said}");
    let said = refused(&mut few, 1.0);
    assert!(said.contains("1 is no share"), "{said}");
}

proptest! {
    #[test]
    fn a_split_knows_neither_order_nor_labels(
        texts in prop::collection::vec(("[a-d]{1,3}", 0_usize..2), 20..60),
        seed: u64,
        turn in 0_usize..20,
    ) {
        let classes = ["x", "y"].map(str::to_owned).to_vec();
        let mut other: Vec<(String, usize)> =
            texts.iter().map(|(text, label)| (text.clone(), 1 - label)).collect();
        other.reverse();
        other.rotate_left(turn);
        let split = |texts: Vec<(String, usize)>| {
            let mut corpus = TextCorpus::new(classes.clone(), texts, Vec::new()).unwrap();
            corpus.split_validation(0.3, seed).ok()?;
            let of = |part: Part| {
                let mut texts: Vec<String> =
                    corpus.part(part).iter().map(|text| text.text.to_owned()).collect();
                texts.sort();
                texts
            };
            Some((of(Part::Train), of(Part::Validation)))
        };
        let (one, two) = (split(texts), split(other));
        prop_assert_eq!(&one, &two);
        if let Some((train, validation)) = one {
            prop_assert!(train.iter().all(|text| !validation.contains(text)));
        }
    }
}
