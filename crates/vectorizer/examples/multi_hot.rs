//! One column for each term, 1 where a text has it. Run with
//! `cargo run -p recurrent-vectorizer --example multi_hot`.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "an example shows what it does"
)]

use recurrent_vectorizer::{Output, OutputMode, VectorizerError, VectorizerParams};

fn main() -> Result<(), VectorizerError> {
    let reviews = ["The film was good.", "The film wasn't!", "Good, good plot"];
    let params = VectorizerParams::new()
        .output_mode(OutputMode::MultiHot)
        .check()?;
    let vectorizer = params.fit(reviews)?;
    println!("{:?}", vectorizer.vocabulary());
    // The first column stands for all words that are not in the vocabulary.
    if let Output::Dense(matrix) = vectorizer.transform(&["A good, good film"]) {
        println!("{:?}", matrix.values());
    }
    Ok(())
}
