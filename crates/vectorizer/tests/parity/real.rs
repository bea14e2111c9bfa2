//! The notebook's own configuration on the notebook's own data, against the recorded digests.

use recurrent_vectorizer::VectorizerParams;
use sha2::{Digest, Sha256};

use crate::{imdb, json, reference, skipped};

#[test]
fn thousand_words_and_hundred_ids_of_the_training_reviews() {
    let Some(folder) = reference() else { return };
    let folder = folder.join("real/a_int_1000_osl100");
    let meta = json(&folder.join("meta.json"));
    let reviews = match imdb::train_reviews() {
        Ok(reviews) => reviews,
        Err(why) => return skipped(&format!("no IMDB archive ({why})")),
    };
    let mut corpus = Sha256::new();
    for review in &reviews {
        corpus.update(review);
        corpus.update(b"\n");
    }
    assert_eq!(
        hex(corpus),
        meta["corpus"]["corpus_sha256"],
        "reading the archive"
    );

    let params = VectorizerParams::new()
        .max_tokens(1000)
        .output_sequence_length(100);
    let vectorizer = params.check().unwrap().fit(&reviews).unwrap();
    let lines = vectorizer.vocabulary().to_lines().unwrap();
    let expected = std::fs::read(folder.join("vocabulary.txt")).unwrap();
    for (id, (line, expected)) in lines
        .split(|&byte| byte == b'\n')
        .zip(expected.split(|&byte| byte == b'\n'))
        .enumerate()
    {
        assert_eq!(line, expected, "token {id}");
    }
    assert_eq!(lines.len(), expected.len());

    for threads in [1, 2] {
        let matrix = vectorizer.vectorize_batch_threads(&reviews, threads);
        assert_eq!((matrix.rows(), matrix.width()), (25_000, 100));
        let mut digest = Sha256::new();
        for id in matrix.ids() {
            digest.update(id.to_le_bytes());
        }
        assert_eq!(
            hex(digest),
            meta["matrix_sha256_le_i32_row_major"],
            "{threads} threads"
        );
    }
}

fn hex(digest: Sha256) -> String {
    digest
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
