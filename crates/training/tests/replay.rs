//! The networks against the trajectories of the real Keras, and that mistakes are found.
//!
//! Every test here needs the reference files: `RECURRENT_REFERENCE`, or `reference` in a folder
//! `shared` beside the repository.

// What clippy.toml allows in tests does not reach the functions that tests share.
#![allow(clippy::panic, clippy::print_stderr, clippy::unwrap_used)]

use std::path::PathBuf;

use burn::module::Param;
use burn::tensor::{Device, Tensor};
use recurrent_models::Network;
use recurrent_models::layers::{AnyRecurrent, RecurrentCell, RecurrentLayer};
use recurrent_models::weights::TensorFile;
use recurrent_training::adam::{AdamConfig, Epsilon};
use recurrent_training::replay::{Report, replay_altered, replay_judged};

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
        let report = replay_judged(&file, &Device::flex(), || {}).unwrap();
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
fn gru_follows_keras() {
    check("gru");
}

#[test]
fn bilstm_follows_keras() {
    check("bilstm");
}

#[test]
fn lstm_masked_follows_keras() {
    check("lstm_masked");
}

#[test]
fn stacked_lstm_follows_keras() {
    check("stacked_lstm");
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

/// The LSTM with its cell changed.
fn altered(network: Network, alter: impl FnOnce(RecurrentCell) -> RecurrentCell) -> Network {
    let Network::Recurrent(mut network) = network else {
        panic!("the reference is an LSTM's")
    };
    let RecurrentLayer::Forward(AnyRecurrent::Lstm(mut lstm)) = network.recurrent else {
        panic!("the reference is an LSTM's")
    };
    lstm.lstm_cell = alter(lstm.lstm_cell);
    network.recurrent = RecurrentLayer::Forward(AnyRecurrent::Lstm(lstm));
    Network::Recurrent(network)
}

/// The LSTM with the columns of its kernels put in another order of gates.
fn with_gates(network: Network, order: [usize; 4]) -> Network {
    let reorder = |param: Param<Tensor<2>>| {
        param.map(|kernel| {
            let gates = kernel.chunk(4, 1);
            let gates = order.iter().map(|gate| gates[*gate].clone()).collect();
            Tensor::cat(gates, 1).detach().require_grad()
        })
    };
    altered(network, |cell| RecurrentCell {
        kernel: reorder(cell.kernel),
        recurrent_kernel: reorder(cell.recurrent_kernel),
        bias: cell.bias,
    })
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
            altered(network, |cell| RecurrentCell {
                bias: cell
                    .bias
                    .map(|bias| bias.zeros_like().detach().require_grad()),
                ..cell
            })
        };
        let report = replay_altered(&file, &Device::flex(), AdamConfig::default(), alter).unwrap();
        assert!(failures(&report).contains("probe logits before"));
    }
}
