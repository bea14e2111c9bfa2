//! Token ids: what an embedding layer reads. Run with `cargo run -p recurrent-vectorizer --example int`.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "an example shows what it does"
)]

use recurrent_vectorizer::{Output, VectorizerError, VectorizerParams};

fn main() -> Result<(), VectorizerError> {
    let reviews = ["The film was good.", "The film wasn't!", "Good, good plot"];
    let params = VectorizerParams::new()
        .max_tokens(6)
        .output_sequence_length(4)
        .check()?;
    let vectorizer = params.fit(reviews)?;
    for (id, _) in vectorizer.vocabulary().tokens().enumerate() {
        let token = vectorizer.vocabulary().token_lossy(id).unwrap_or_default();
        println!("id {id} is {token:?}");
    }
    // One row of four ids for each text: cut, or padded with 0.
    if let Output::Ids(matrix) = vectorizer.transform(&reviews) {
        for (row, review) in reviews.iter().enumerate() {
            println!("{:?} {review:?}", matrix.row(row).unwrap_or_default());
        }
    }
    Ok(())
}
