//! Your own tokenizer: every character of a number is a token. Run with
//! `cargo run --release -p recurrent-training --example own_tokenizer`.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "an example shows what it does"
)]

use std::error::Error;

use burn::tensor::Device;
use recurrent_models::Preset;
use recurrent_training::{Encoded, EpochRecord, FitConfig, NoopObserver, TrainingError, fit};
use recurrent_vectorizer::{PADDING_ID, UNKNOWN_ID, Vectorize};

/// Digits are 2 to 11; 0 pads, 1 stands for every other character.
struct Digits {
    width: usize,
}

impl Vectorize for Digits {
    fn vectorize_into(&self, text: &str, row: &mut [i32]) {
        row.fill(PADDING_ID);
        for (id, character) in row.iter_mut().zip(text.chars()) {
            *id = character
                .to_digit(10)
                .map_or(UNKNOWN_ID, |digit| digit as i32 + 2);
        }
    }

    fn width(&self) -> usize {
        self.width
    }

    fn vocabulary_size(&self) -> usize {
        12
    }
}

/// Numbers as texts; the label says whether they are odd.
fn encoded(
    numbers: impl Iterator<Item = u32>,
    digits: &Digits,
    device: &Device,
) -> Result<Encoded, TrainingError> {
    let (mut ids, mut labels) = (Vec::new(), Vec::new());
    for number in numbers {
        let mut row = vec![0; digits.width()];
        digits.vectorize_into(&number.to_string(), &mut row);
        ids.extend(row);
        labels.push((number % 2) as f32);
    }
    Encoded::new(ids, digits.width(), labels, device)
}

/// Trains a GRU that passes over padding; how its last epoch went.
pub(crate) fn train() -> Result<EpochRecord, Box<dyn Error>> {
    let (digits, device) = (Digits { width: 4 }, Device::flex());
    // Learn on some numbers up to 999, be tested on others, most of them longer.
    let train = encoded((0..1000).filter(|number| number % 7 != 0), &digits, &device)?;
    let test = encoded((0..10_000).step_by(7), &digits, &device)?;
    let config = Preset {
        embeddings: digits.vocabulary_size(),
        time: digits.width(),
        ..Preset::notebook("gru_masked".parse()?)
    }
    .config();
    let network = config.init(0, &device.autodiff());
    let settings = FitConfig {
        epochs: 10,
        ..FitConfig::notebook("gru_masked", 0)
    };
    let (_, history) = fit(network, &train, &test, &settings, &mut NoopObserver)?;
    history
        .last()
        .cloned()
        .ok_or_else(|| "no epoch was asked for".into())
}

/// Prints what came of it.
pub(crate) fn main() -> Result<(), Box<dyn Error>> {
    let last = train()?;
    println!(
        "odd or even, numbers never seen before: {:.1} % right",
        100.0 * last.test_accuracy
    );
    Ok(())
}
