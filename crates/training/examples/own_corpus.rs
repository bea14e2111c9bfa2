//! Your own corpus: texts from a list, a file, a data base. Run with
//! `cargo run --release -p recurrent-training --example own_corpus`.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "an example shows what it does"
)]

use std::error::Error;

use burn::tensor::Device;
use recurrent_data::{Corpus, LabelledText, Split};
use recurrent_models::{NetworkKind, Preset};
use recurrent_training::{EpochRecord, FitConfig, NoopObserver, encode, fit};
use recurrent_vectorizer::{Vectorize, VectorizerParams};

/// Opinions on dishes. The word before the adjective decides, so neighbours must be seen together.
struct Dishes {
    classes: [String; 2],
    train: Vec<(usize, String)>,
    test: Vec<(usize, String)>,
}

impl Dishes {
    /// Three dishes in four to learn from, the fourth to be tested on.
    fn new() -> Self {
        let classes = ["neg", "pos"].map(str::to_owned);
        let (mut train, mut test) = (Vec::new(), Vec::new());
        let dishes = [
            "soup", "bread", "stew", "salad", "rice", "fish", "cake", "tea",
        ];
        for (row, dish) in dishes.into_iter().enumerate() {
            for (word, label) in [("good", 1), ("fresh", 1), ("stale", 0), ("bad", 0)] {
                let split = if row % 4 == 3 { &mut test } else { &mut train };
                split.push((label, format!("the {dish} was very {word}")));
                split.push((1 - label, format!("the {dish} was not {word}")));
            }
        }
        Self {
            classes,
            train,
            test,
        }
    }
}

impl Corpus for Dishes {
    fn classes(&self) -> &[String] {
        &self.classes
    }

    fn texts(&self, split: Split) -> impl ExactSizeIterator<Item = LabelledText<'_>> {
        let texts = match split {
            Split::Train => &self.train,
            Split::Test => &self.test,
        };
        texts.iter().map(|(label, text)| LabelledText {
            text,
            label: *label,
        })
    }
}

/// Trains an LSTM on the dishes; how its last epoch went.
pub(crate) fn train() -> Result<EpochRecord, Box<dyn Error>> {
    let (corpus, device) = (Dishes::new(), Device::flex());
    let params = VectorizerParams::new().output_sequence_length(5).check()?;
    let texts = corpus.texts(Split::Train).map(|text| text.text);
    let vectorizer = params.fit(texts)?.into_fixed_width()?;
    let [train, test] = Split::ALL.map(|split| encode(&corpus, split, &vectorizer, &device));
    let config = Preset {
        embeddings: vectorizer.vocabulary_size(),
        time: vectorizer.width(),
        ..Preset::notebook(NetworkKind::LSTM)
    }
    .config();
    let network = config.init(0, &device.autodiff());
    let settings = FitConfig {
        epochs: 40,
        ..FitConfig::notebook("lstm", 0)
    };
    let (_, history) = fit(network, &train?, &test?, &settings, &mut NoopObserver)?;
    history
        .last()
        .cloned()
        .ok_or_else(|| "no epoch was asked for".into())
}

/// Prints what came of it.
pub(crate) fn main() -> Result<(), Box<dyn Error>> {
    let last = train()?;
    println!(
        "dishes never seen before: {:.1} % right",
        100.0 * last.test_accuracy
    );
    Ok(())
}
