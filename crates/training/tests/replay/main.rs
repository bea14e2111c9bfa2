//! The networks against small training runs of the real Keras, which lie beside these tests, and that mistakes are
//! found. `reference` does the same with the large runs, which do not.

// What clippy.toml allows in tests does not reach the functions that tests share.
#![allow(clippy::panic, clippy::unwrap_used, reason = "see above")]

mod following;

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use burn::tensor::Device;
use recurrent_models::layers::RecurrentLayer;
use recurrent_models::weights::TensorFile;
use recurrent_models::{BodyLayer, Network};
use recurrent_training::replay::replay;
use serde_json::{Map, Value};

use following::{NETWORKS, failures, with_mistake};

fn path(network: &str) -> PathBuf {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    fixtures.join(format!("{network}.safetensors"))
}

fn recorded(network: &str) -> TensorFile {
    TensorFile::read(&path(network)).unwrap()
}

#[test]
fn dense_follows_keras() {
    following::follows_keras(&recorded("dense"));
}

#[test]
fn simple_rnn_follows_keras() {
    following::follows_keras(&recorded("simple_rnn"));
}

#[test]
fn lstm_follows_keras() {
    following::follows_keras(&recorded("lstm"));
}

#[test]
fn gru_follows_keras() {
    following::follows_keras(&recorded("gru"));
}

#[test]
fn bilstm_follows_keras() {
    following::follows_keras(&recorded("bilstm"));
}

#[test]
fn lstm_masked_follows_keras() {
    following::follows_keras(&recorded("lstm_masked"));
}

#[test]
fn stacked_lstm_follows_keras() {
    following::follows_keras(&recorded("stacked_lstm"));
}

/// Losses, layers and options beyond the notebook's.
const OPTIONS: [&str; 12] = [
    "softmax",
    "softmax_weighted",
    "softmax_smoothed",
    "binary_smoothed",
    "max_pool",
    "mean_pool_masked",
    "adamw",
    "cosine",
    "averaged",
    "dense_pool",
    "backward_gru",
    "bigru_all_masked_max",
];

#[test]
fn other_losses_layers_and_options_follow_keras() {
    for run in OPTIONS {
        let report = replay(&recorded(run), &Device::flex()).unwrap();
        assert_eq!((report.steps, report.horizon), (20, None), "{run}");
        assert!(report.holds(), "{run}\n{}", failures(&report));
        let averages = report.checks.iter();
        let averages = averages.filter(|check| check.quantity.starts_with("averaged"));
        assert_eq!(averages.count() > 0, run == "averaged");
    }
}

/// Keras takes the norm of the gradients before it adds up those of equal tokens; here it is that of the gradients
/// themselves, as in the paper. So the two clip by another factor, and only what comes before it agrees.
#[test]
fn clipping_differs_from_keras_by_the_norm_of_the_embedding_alone() {
    let report = replay(&recorded("other-norm/clipped"), &Device::flex()).unwrap();
    let of = |beginning: &str| {
        let checks = report.checks.iter();
        let checks = checks.filter(|check| check.quantity.starts_with(beginning));
        checks.map(|check| check.holds).collect::<Vec<_>>()
    };
    assert!(of("gradient of step 1").iter().all(|holds| *holds));
    assert!(of("weights after 10").iter().any(|holds| !holds));
    let far = report.checks.iter();
    let far = far.filter(|check| check.quantity.starts_with("weights after"));
    // Measured: 2.1e-4 at the end of the run; without clipping it would be 1e-2 after ten steps.
    assert!(far.map(|check| check.distance).fold(0.0, f64::max) < 5e-4);
}

/// They are short enough for everything to be judged, by the tolerances alone: nothing is left to what rounding may do.
#[test]
fn the_small_runs_are_judged_to_their_end_and_strictly() {
    for network in NETWORKS {
        let report = replay(&recorded(network), &Device::flex()).unwrap();
        assert_eq!((report.steps, report.horizon), (20, None), "{network}");
        assert!(report.holds(), "{network}\n{}", failures(&report));
    }
}

#[test]
fn burns_epsilon_is_found_in_every_network() {
    for network in NETWORKS {
        following::burns_epsilon_is_found(&recorded(network));
    }
}

#[test]
fn swapped_gates_are_found() {
    following::swapped_gates_are_found(&recorded("lstm"));
}

#[test]
fn a_missing_forget_bias_is_found() {
    following::a_missing_forget_bias_is_found(&recorded("lstm"));
}

#[test]
fn padding_that_is_read_is_found() {
    let failures = with_mistake(&recorded("lstm_masked"), |network| Network {
        mask_zero: false,
        ..network
    });
    assert!(failures.contains("probe logits before"), "{failures}");
    assert!(failures.contains("gradient of step 1"), "{failures}");
}

#[test]
fn exchanged_directions_are_found() {
    let failures = with_mistake(&recorded("bilstm"), |mut network| {
        let Some(RecurrentLayer::Bidirectional(layers)) = network.recurrent_mut("recurrent") else {
            panic!("it reads both ways")
        };
        std::mem::swap(&mut layers.forward, &mut layers.backward);
        network
    });
    assert!(failures.contains("probe logits before"), "{failures}");
}

#[test]
fn exchanged_layers_are_found() {
    let failures = with_mistake(&recorded("stacked_lstm"), |mut network| {
        let [first, second, ..] = network.layers.as_mut_slice() else {
            panic!("two recurrent layers")
        };
        let (BodyLayer::Recurrent { layer: first, .. }, BodyLayer::Recurrent { layer: second, .. }) =
            (&mut first.layer, &mut second.layer)
        else {
            panic!("two recurrent layers")
        };
        std::mem::swap(first, second);
        network
    });
    assert!(failures.contains("probe logits before"), "{failures}");
}

/// Whatever stands in a recording counts: change a number of any tensor, and something differs.
#[test]
fn a_changed_number_is_found_in_every_tensor() {
    for network in ["dense", "bilstm"] {
        let recording = Recording::read(&path(network));
        let mut changed = 0;
        for (name, kind) in recording.tensors() {
            // Accuracies are reported and not judged; what is in double precision changes with its twin.
            if name == "accuracy" || kind == "F64" {
                continue;
            }
            let file = recording.changed(&name);
            let report = replay(&file, &Device::flex()).unwrap();
            assert!(!report.holds(), "{network}: {name} is not noticed");
            changed += 1;
        }
        assert!(changed >= 4 * 7 + 6, "{network}: {changed}");
    }
}

/// The bytes of a recording.
struct Recording {
    path: PathBuf,
    bytes: Vec<u8>,
    /// Where the tensors begin, and what is said of them.
    tensors: usize,
    header: Map<String, Value>,
}

impl Recording {
    fn read(path: &Path) -> Self {
        let bytes = fs::read(path).unwrap();
        let length = u64::from_le_bytes(bytes[..8].try_into().unwrap());
        let tensors = 8 + usize::try_from(length).unwrap();
        let header = serde_json::from_slice(&bytes[8..tensors]).unwrap();
        let path = path.to_owned();
        Self {
            path,
            bytes,
            tensors,
            header,
        }
    }

    /// The names of the tensors and what their elements are.
    fn tensors(&self) -> impl Iterator<Item = (String, &str)> {
        let tensors = self
            .header
            .iter()
            .filter(|(name, _)| *name != "__metadata__");
        tensors.map(|(name, tensor)| (name.clone(), tensor["dtype"].as_str().unwrap()))
    }

    /// Where the first element of a tensor lies.
    fn first<const N: usize>(&self, name: &str) -> Range<usize> {
        let offset = self.header[name]["data_offsets"][0].as_u64().unwrap();
        let first = self.tensors + usize::try_from(offset).unwrap();
        first..first + N
    }

    /// With the first element of a tensor changed. Where it has a twin in double precision, so has that: else the two would be
    /// apart, and all that comes of it is a wider tolerance.
    fn changed(&self, name: &str) -> TensorFile {
        let mut bytes = self.bytes.clone();
        let value: &mut [u8; 4] = (&mut bytes[self.first::<4>(name)]).try_into().unwrap();
        *value = if self.header[name]["dtype"] == "I32" {
            // A label becomes the other one, and a word another word.
            (i32::from_le_bytes(*value) ^ 1).to_le_bytes()
        } else {
            (f32::from_le_bytes(*value) + 1e-3).to_le_bytes()
        };
        let twin = format!("float64/{name}");
        if self.header.contains_key(&twin) {
            let value: &mut [u8; 8] = (&mut bytes[self.first::<8>(&twin)]).try_into().unwrap();
            *value = (f64::from_le_bytes(*value) + 1e-3).to_le_bytes();
        }
        TensorFile::parse(&self.path, bytes).unwrap()
    }
}
