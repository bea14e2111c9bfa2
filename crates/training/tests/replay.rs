//! The networks against the trajectories of the real Keras, and that mistakes are found.
//!
//! Every test here needs the reference files: `RECURRENT_REFERENCE`, or `reference` in a folder
//! `shared` beside the repository.

// What clippy.toml allows in tests does not reach the functions that tests share.
#![allow(clippy::panic, clippy::unwrap_used)]

use std::path::PathBuf;

use burn::module::Param;
use burn::tensor::{Device, Tensor};
use recurrent_models::Network;
use recurrent_models::weights::TensorFile;
use recurrent_training::adam::{AdamConfig, Epsilon};
use recurrent_training::replay::{Report, replay, replay_altered};

fn reference(network: &str) -> Option<TensorFile> {
    let folder = std::env::var_os("RECURRENT_REFERENCE").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/reference"),
        PathBuf::from,
    );
    let path = folder.join(format!("training/{network}.safetensors"));
    if !path.exists() {
        eprintln!(
            "skipped: no {network}.safetensors in the reference folder (RECURRENT_REFERENCE)"
        );
        return None;
    }
    Some(TensorFile::read(&path).unwrap())
}

fn failures(report: &Report) -> String {
    let lines: Vec<String> = report
        .checks
        .iter()
        .filter(|check| !check.holds)
        .map(|check| {
            format!(
                "{}: {:e} > {:?}",
                check.quantity, check.distance, check.tolerance
            )
        })
        .collect();
    lines.join("\n")
}

fn check(network: &str) {
    if let Some(file) = reference(network) {
        let report = replay(&file, &Device::flex()).unwrap();
        // 8 or 7 weights: a gradient and two comparisons each, losses, accuracy, two probes.
        assert!(report.checks.len() >= 3 * 7 + 4, "{}", report.checks.len());
        assert!(report.holds(), "{network}\n{}", failures(&report));
    }
}

#[test]
fn dense_follows_keras() {
    check("dense");
}

#[test]
fn simple_rnn_follows_keras() {
    check("simple_rnn");
}

#[test]
fn lstm_follows_keras() {
    check("lstm");
}

#[test]
fn burns_epsilon_is_found() {
    if let Some(file) = reference("lstm") {
        let adam = AdamConfig {
            epsilon: 1e-5,
            placement: Epsilon::InsideCorrection,
            ..AdamConfig::default()
        };
        let report = replay_altered(&file, &Device::flex(), adam, |network| network).unwrap();
        assert!(failures(&report).contains("weights after 1, embedding/embeddings"));
        // The placement alone, with Keras' own number, shows as well.
        let adam = AdamConfig {
            placement: Epsilon::InsideCorrection,
            ..AdamConfig::default()
        };
        let report = replay_altered(&file, &Device::flex(), adam, |network| network).unwrap();
        assert!(failures(&report).contains("weights after 1, embedding/embeddings"));
    }
}

/// The LSTM with the columns of its kernel put in another order of gates.
fn with_gates(network: Network, order: [usize; 4]) -> Network {
    let Network::Lstm(mut lstm) = network else {
        panic!("the reference is an LSTM's")
    };
    let reorder = |param: Param<Tensor<2>>| {
        param.map(|kernel| {
            let gates = kernel.chunk(4, 1);
            let gates = order.iter().map(|gate| gates[*gate].clone()).collect();
            Tensor::cat(gates, 1).detach().require_grad()
        })
    };
    lstm.recurrent.lstm_cell.kernel = reorder(lstm.recurrent.lstm_cell.kernel);
    lstm.recurrent.lstm_cell.recurrent_kernel = reorder(lstm.recurrent.lstm_cell.recurrent_kernel);
    Network::Lstm(lstm)
}

#[test]
fn swapped_gates_are_found() {
    if let Some(file) = reference("lstm") {
        let alter = |network| with_gates(network, [0, 1, 3, 2]);
        let report = replay_altered(&file, &Device::flex(), AdamConfig::default(), alter).unwrap();
        let failures = failures(&report);
        assert!(failures.contains("probe logits before"), "{failures}");
        assert!(failures.contains("gradient of step 1"), "{failures}");
    }
}

#[test]
fn a_missing_forget_bias_is_found() {
    if let Some(file) = reference("lstm") {
        let alter = |network| {
            let Network::Lstm(mut lstm) = network else {
                panic!("the reference is an LSTM's")
            };
            let bias = lstm.recurrent.lstm_cell.bias;
            lstm.recurrent.lstm_cell.bias =
                bias.map(|bias| bias.zeros_like().detach().require_grad());
            Network::Lstm(lstm)
        };
        let report = replay_altered(&file, &Device::flex(), AdamConfig::default(), alter).unwrap();
        assert!(failures(&report).contains("probe logits before"));
    }
}
