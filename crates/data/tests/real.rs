//! The real reviews. Where they are missing, the test is ignored.

// What clippy.toml allows in tests does not reach this one, which another harness runs.
#![allow(clippy::unwrap_used, reason = "see above")]

use std::process::ExitCode;

use outside::Outside;
use recurrent_data::{Corpus, ReadOptions, Split, found_line, read};

fn main() -> ExitCode {
    let needs = [&Outside::archive()];
    outside::run(vec![outside::trial(
        "fifty_thousand_reviews",
        &needs,
        fifty_thousand_reviews,
    )])
}

fn fifty_thousand_reviews() {
    let archive = Outside::archive();
    let archive = archive.place().unwrap();
    let corpus = read(archive, &ReadOptions::default()).unwrap();
    for split in Split::ALL {
        let reviews = corpus.reviews(split);
        assert_eq!(
            found_line(reviews.len(), corpus.classes()),
            "Found 25000 files belonging to 2 classes."
        );
        let positive = reviews.iter().filter(|review| review.label == 1).count();
        assert_eq!(positive, 12_500);
        // Stars and label agree in this data set: at most four are bad, at least seven are good.
        assert!(reviews.iter().all(|review| {
            review
                .rating
                .is_some_and(|rating| (rating >= 7) == (review.label == 1))
        }));
        assert!(
            corpus
                .texts(split)
                .all(|text| !text.text.contains("<br />"))
        );
    }
    assert_eq!(corpus.passed_over().count(), 0, "{}", corpus.passed_over());
    let single = ReadOptions {
        threads: Some(1),
        ..ReadOptions::default()
    };
    let again = read(archive, &single).unwrap();
    assert_eq!(again.sha256(), corpus.sha256());
}
