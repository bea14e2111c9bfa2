//! Your own network: a cell with a single gate, written in tensor operations. Run with
//! `cargo run --release -p recurrent-training --example own_network`.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "an example shows what it does"
)]

use std::error::Error;

use burn::module::Module;
use burn::tensor::activation::{sigmoid, tanh};
use burn::tensor::{Device, Int, Tensor};
use recurrent_models::SequenceClassifier;
use recurrent_models::initializers::Init;
use recurrent_models::layers::{Dense, Embedding};
use recurrent_training::{Encoded, EpochRecord, FitConfig, NoopObserver, TrainingError, fit};

/// `h(t) = f · h(t−1) + (1 − f) · tanh(…)`: the gate `f` says how much of the state stays.
#[derive(Module, Debug)]
struct OneGate {
    embedding: Embedding,
    gate: Dense,
    candidate: Dense,
    output: Dense,
}

impl OneGate {
    fn new(vocabulary: usize, units: usize, device: &Device) -> Self {
        let init = &mut Init::new(0, device);
        Self {
            embedding: Embedding::new(init, vocabulary, units),
            gate: Dense::new(init, 2 * units, units),
            candidate: Dense::new(init, 2 * units, units),
            output: Dense::new(init, units, 1),
        }
    }
}

impl SequenceClassifier for OneGate {
    fn forward(&self, ids: Tensor<2, Int>) -> Tensor<3> {
        let [batch, time] = ids.dims();
        let table = self.embedding.embeddings.val();
        let mut state = Tensor::zeros([batch, table.dims()[1]], &table.device());
        for t in 0..time {
            let token = ids.clone().narrow(1, t, 1).reshape([batch]);
            let seen = Tensor::cat(vec![table.clone().select(0, token), state.clone()], 1);
            let gate = sigmoid(self.gate.forward(seen.clone()));
            let news = tanh(self.candidate.forward(seen));
            state = gate.clone() * state + (1.0 - gate) * news;
        }
        self.output.forward(state).reshape([batch, 1, 1])
    }
}

/// Texts of six tokens: the label says whether token 2 comes before token 3, which order alone tells.
fn problem(device: &Device) -> Result<Encoded, TrainingError> {
    let (mut ids, mut labels) = (Vec::new(), Vec::new());
    for (early, late) in (0..6).flat_map(|late| (0..late).map(move |early| (early, late))) {
        for (filler, label) in (4..8).flat_map(|filler| [(filler, 0), (filler, 1)]) {
            let mut text = [filler; 6];
            (text[early], text[late]) = if label == 1 { (2, 3) } else { (3, 2) };
            ids.extend(text);
            labels.push(label as f32);
        }
    }
    Encoded::new(ids, 6, labels, device)
}

/// Trains the network; how its last epoch went.
pub(crate) fn train() -> Result<EpochRecord, Box<dyn Error>> {
    let device = Device::flex();
    let texts = problem(&device)?;
    let network = OneGate::new(8, 16, &device.autodiff());
    let mut settings = FitConfig {
        epochs: 20,
        ..FitConfig::notebook("one_gate", 0)
    };
    settings.adam.learning_rate = 1e-2;
    let (_, history) = fit(network, &texts, &texts, &settings, &mut NoopObserver)?;
    history
        .last()
        .cloned()
        .ok_or_else(|| "no epoch was asked for".into())
}

/// Prints what came of it.
pub(crate) fn main() -> Result<(), Box<dyn Error>> {
    let last = train()?;
    println!(
        "which of two tokens came first: {:.1} % right",
        100.0 * last.test_accuracy
    );
    Ok(())
}
