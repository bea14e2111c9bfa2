//! How often each term occurs, with zeros left out. Run with
//! `cargo run -p recurrent-vectorizer --example count`.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "an example shows what it does"
)]

use recurrent_vectorizer::{Output, OutputMode, VectorizerError, VectorizerParams};

fn main() -> Result<(), VectorizerError> {
    let reviews = ["The film was good.", "The film wasn't!", "Good, good plot"];
    let params = VectorizerParams::new()
        .output_mode(OutputMode::Count)
        .sparse(true)
        .check()?;
    let vectorizer = params.fit(reviews)?;
    // Compressed rows, as SciPy's csr_matrix has them: offsets, indices, values.
    if let Output::Sparse(matrix) = vectorizer.transform(&reviews) {
        for (row, review) in reviews.iter().enumerate() {
            let (columns, counts) = matrix.row(row).unwrap_or_default();
            let terms = columns.iter().zip(counts).map(|(&column, count)| {
                let term = vectorizer.vocabulary().token_lossy(column as usize);
                format!("{count} × {}", term.unwrap_or_default())
            });
            println!("{review:?}: {}", terms.collect::<Vec<_>>().join(", "));
        }
    }
    Ok(())
}
