//! Words and pairs of words, weighted by how rare they are; and the same vectorizer from its saved
//! bytes. Run with `cargo run -p recurrent-vectorizer --example tf_idf`.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "an example shows what it does"
)]

use recurrent_vectorizer::{Output, OutputMode, TextVectorizer, VectorizerError, VectorizerParams};

fn main() -> Result<(), VectorizerError> {
    let reviews = ["not a bad film", "a bad film", "not good", "a good film"];
    let params = VectorizerParams::new()
        .ngrams(2)
        .output_mode(OutputMode::TfIdf)
        .check()?;
    let fitted = params.fit(reviews)?;
    let vectorizer = TextVectorizer::from_bytes(&fitted.to_bytes()?)?;
    if let Output::Dense(matrix) = vectorizer.transform(&["not bad"]) {
        let weights = vectorizer.idf_weights().unwrap_or_default();
        for (column, (value, weight)) in matrix.values().iter().zip(weights).enumerate() {
            let term = vectorizer.vocabulary().token_lossy(column);
            println!(
                "{value:6.3} (weight {weight:.3}) {:?}",
                term.unwrap_or_default()
            );
        }
    }
    Ok(())
}
