//! What a replay must show: that a network follows Keras, or that a mistake is found. Knows of no file.

// What clippy.toml allows in tests does not reach the functions that tests share.
#![allow(clippy::panic, clippy::unwrap_used, reason = "see above")]

use burn::module::Param;
use burn::tensor::{Device, Tensor};
use recurrent_models::Network;
use recurrent_models::layers::{AnyRecurrent, RecurrentCell, RecurrentLayer};
use recurrent_models::weights::TensorFile;
use recurrent_training::adam::{AdamConfig, Epsilon};
use recurrent_training::replay::{Report, replay_altered, replay_judged};

/// The networks that there are recordings of.
pub(crate) const NETWORKS: [&str; 7] = [
    "dense",
    "simple_rnn",
    "lstm",
    "gru",
    "bilstm",
    "lstm_masked",
    "stacked_lstm",
];

/// What does not hold, a line each.
pub(crate) fn failures(report: &Report) -> String {
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

/// The network of `file` follows Keras.
pub(crate) fn follows_keras(file: &TensorFile) {
    let report = replay_judged(file, &Device::flex(), || {}).unwrap();
    // 8 or 7 weights: a gradient and two comparisons each, losses, accuracy, two probes.
    assert!(report.checks.len() >= 3 * 7 + 4, "{}", report.checks.len());
    assert!(report.holds(), "{}\n{}", report.network, failures(&report));
}

/// What does not hold of a network that is changed before its first step.
pub(crate) fn with_mistake(file: &TensorFile, alter: impl FnOnce(Network) -> Network) -> String {
    failures(&replay_altered(file, &Device::flex(), None, alter).unwrap())
}

/// Adam's ε as burn adds it, or with Keras' number in burn's place, shows in the embeddings after one step.
pub(crate) fn burns_epsilon_is_found(file: &TensorFile) {
    for epsilon in [1e-5, 1e-7] {
        let adam = AdamConfig {
            epsilon,
            placement: Epsilon::InsideCorrection,
            ..AdamConfig::default()
        };
        let report = replay_altered(file, &Device::flex(), Some(adam), |network| network).unwrap();
        let failures = failures(&report);
        assert!(
            failures.contains("weights after 1, embedding/embeddings"),
            "{} with ε {epsilon}: {failures}",
            report.network
        );
    }
}

/// An LSTM's gates in another order, in an LSTM's `file`.
pub(crate) fn swapped_gates_are_found(file: &TensorFile) {
    let failures = with_mistake(file, |network| with_gates(network, [0, 1, 3, 2]));
    assert!(failures.contains("probe logits before"), "{failures}");
    assert!(failures.contains("gradient of step 1"), "{failures}");
}

/// An LSTM's forget gate that begins without its bias of one, in an LSTM's `file`.
pub(crate) fn a_missing_forget_bias_is_found(file: &TensorFile) {
    let failures = with_mistake(file, |network| {
        altered(network, |cell| RecurrentCell {
            bias: cell
                .bias
                .map(|bias| bias.zeros_like().detach().require_grad()),
            ..cell
        })
    });
    assert!(failures.contains("probe logits before"), "{failures}");
}

/// The LSTM with its cell changed.
fn altered(network: Network, alter: impl FnOnce(RecurrentCell) -> RecurrentCell) -> Network {
    let mut network = network;
    let Some(RecurrentLayer::Forward(AnyRecurrent::Lstm(lstm))) =
        network.recurrent_mut("recurrent")
    else {
        panic!("the recording is an LSTM's")
    };
    lstm.lstm_cell = alter(lstm.lstm_cell.clone());
    network
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
