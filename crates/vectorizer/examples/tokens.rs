//! The tokens themselves, with your own function to standardize texts. Run with
//! `cargo run -p recurrent-vectorizer --example tokens`.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "an example shows what it does"
)]

use recurrent_vectorizer::{Standardize, VectorizerError, VectorizerParams};

fn main() -> Result<(), VectorizerError> {
    // Keras deletes punctuation; this puts a space in its place.
    let spaced = Standardize::custom("spaced", |text, out| {
        out.extend(text.iter().map(|byte| match byte {
            byte if byte.is_ascii_punctuation() => b' ',
            byte => byte.to_ascii_lowercase(),
        }));
    });
    let params = VectorizerParams::new().standardize(spaced).check()?;
    for token in params.tokens("Well-made; don't miss it!") {
        println!("{}", String::from_utf8_lossy(&token));
    }
    Ok(())
}
