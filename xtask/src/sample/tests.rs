//! Is the sample what its makers say? Size and shape, what a bag of words gets, what single words get.

use std::collections::{BTreeMap, BTreeSet};

use super::*;

/// As the notebook cuts: the networks read so many words.
const READ: usize = 100;

struct Example {
    words: Vec<String>,
    positive: bool,
}

fn words(text: &str) -> Vec<String> {
    let text = text.replace("<br />", " ").to_ascii_lowercase();
    let kept: String = text.chars().filter(|c| !c.is_ascii_punctuation()).collect();
    kept.split_ascii_whitespace().map(str::to_owned).collect()
}

fn examples(classes: &[Class], split: &str) -> Vec<Example> {
    let of_split = classes.iter().filter(|class| class.split == split);
    let all = of_split.flat_map(|class| {
        class
            .reviews
            .iter()
            .map(move |review| (class.folder == "pos", review))
    });
    all.map(|(positive, review)| {
        let mut words = words(&review.text);
        words.truncate(READ);
        Example { words, positive }
    })
    .collect()
}

fn share(hits: usize, of: usize) -> f64 {
    hits as f64 / of as f64
}

/// Multinomial naive Bayes, which is about the best a bag of words can do here.
fn bag_of_words(train: &[Example], test: &[Example]) -> f64 {
    let mut counts: BTreeMap<&str, [f64; 2]> = BTreeMap::new();
    for example in train {
        for word in &example.words {
            counts.entry(word).or_insert([1.0; 2])[usize::from(example.positive)] += 1.0;
        }
    }
    let hits = test.iter().filter(|example| {
        let known = example
            .words
            .iter()
            .filter_map(|word| counts.get(word.as_str()));
        let score: f64 = known.map(|[neg, pos]| (pos / neg).ln()).sum();
        (score > 0.0) == example.positive
    });
    share(hits.count(), test.len())
}

/// The best that any function of one word can do, each of the positions counted, padding too: the bound on the
/// per-token network, here even with knowledge of the very reviews it is measured on.
fn single_words(examples: &[Example]) -> f64 {
    let mut counts: BTreeMap<&str, [usize; 2]> = BTreeMap::new();
    for example in examples {
        for position in 0..READ {
            let word = example.words.get(position).map_or("", String::as_str);
            counts.entry(word).or_default()[usize::from(example.positive)] += 1;
        }
    }
    let hits = counts.values().map(|[neg, pos]| neg.max(pos)).sum();
    share(hits, examples.len() * READ)
}

#[test]
fn shape_of_the_corpus() {
    let classes = generate();
    let all: Vec<&Review> = classes.iter().flat_map(|class| &class.reviews).collect();
    let texts: BTreeSet<&str> = all.iter().map(|review| review.text.as_str()).collect();
    let count = CLASSES.iter().map(|(_, _, _, reviews)| reviews).sum();
    assert_eq!((all.len(), texts.len()), (count, count));
    for class in &classes {
        let range = if class.folder == "pos" { 7..=10 } else { 1..=4 };
        assert!(
            class
                .reviews
                .iter()
                .all(|review| range.contains(&review.rating))
        );
    }
    let lengths: Vec<usize> = all.iter().map(|review| words(&review.text).len()).collect();
    assert!(
        lengths.iter().all(|length| (25..=110).contains(length)),
        "{:?}",
        lengths.iter().min()
    );
    let full = lengths
        .iter()
        .filter(|length| (80..=110).contains(*length))
        .count();
    assert!(share(full, lengths.len()) > 0.8);
    let vocabulary: BTreeSet<String> = all.iter().flat_map(|review| words(&review.text)).collect();
    assert!(
        (500..=900).contains(&vocabulary.len()),
        "{}",
        vocabulary.len()
    );
    assert!(all.iter().any(|review| review.text.contains("<br />")));
    assert!(all.iter().any(|review| review.text.contains('é')));
    assert!(all.iter().any(|review| review.text.contains('’')));
}

/// Between the two, as on the real reviews: a bag of words learns a good deal and is far from done.
#[test]
fn a_bag_of_words_learns_some_of_it() {
    let classes = generate();
    let accuracy = bag_of_words(&examples(&classes, "train"), &examples(&classes, "test"));
    assert!((0.70..0.85).contains(&accuracy), "{accuracy}");
}

/// And no word knows its neighbours: why the per-token network stays near one half.
#[test]
fn single_words_learn_next_to_nothing() {
    let accuracy = single_words(&examples(&generate(), "train"));
    assert!((0.51..0.60).contains(&accuracy), "{accuracy}");
}

/// An independent reader finds each file with its content.
#[test]
fn the_archive_is_a_zip_file_and_the_same_each_time() {
    let few = || {
        let mut classes = generate();
        classes
            .iter_mut()
            .for_each(|class| class.reviews.truncate(20));
        classes
    };
    let bytes = archive::pack(&few());
    assert!(bytes == archive::pack(&few()));
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
    assert_eq!(zip.len(), 81);
    for class in few() {
        for (id, review) in class.reviews.iter().enumerate() {
            let name = format!(
                "{}/{}/{id}_{}.txt",
                class.split, class.folder, review.rating
            );
            let text = std::io::read_to_string(zip.by_name(&name).unwrap()).unwrap();
            assert_eq!(text, review.text);
        }
    }
}

/// The committed file is the generator's, so that nobody edits the one without the other.
#[test]
fn the_committed_file_is_fresh() {
    let there = std::fs::read(Path::new("..").join(PATH)).unwrap();
    assert!(there.len() < 1 << 20, "{} bytes", there.len());
    assert!(
        archive::pack(&generate()) == there,
        "run `cargo xtask sample`"
    );
}

#[test]
fn check_notices_a_changed_text() {
    let root = tempfile::tempdir().unwrap();
    ensure(root.path()).unwrap();
    assert_eq!(run(root.path(), true).unwrap(), ExitCode::SUCCESS);
    let mut classes = generate();
    classes[3].reviews[7].text.push('!');
    std::fs::write(root.path().join(PATH), archive::pack(&classes)).unwrap();
    assert_eq!(run(root.path(), true).unwrap(), ExitCode::FAILURE);
}
