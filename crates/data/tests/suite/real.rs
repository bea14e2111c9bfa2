//! The real reviews, where `IMDB_ARCHIVE` names them.

use recurrent_data::{Corpus, ENVIRONMENT, ReadOptions, Split, found_line, read};

#[test]
fn fifty_thousand_reviews() {
    let Some(archive) = std::env::var_os(ENVIRONMENT) else {
        println!("passed over: {ENVIRONMENT} is not set");
        return;
    };
    let corpus = read(archive.as_ref(), &ReadOptions::default()).unwrap();
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
    let again = read(archive.as_ref(), &single).unwrap();
    assert_eq!(again.sha256(), corpus.sha256());
}
