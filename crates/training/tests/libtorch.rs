//! Training on libtorch: Keras' trajectories through both ways that the recurrent layers have there, and
//! the same run as on Flex.
//!
//! Needs the feature `libtorch`, and for the trajectories the reference files, as `replay.rs` does.

#![cfg(feature = "libtorch")]
// What clippy.toml allows in tests does not reach the functions that tests share.
#![allow(clippy::panic, clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{Device, Distribution, Tensor};
use recurrent_models::recurrence::libtorch::{Processor, device, use_aten_on_cpu};
use recurrent_models::weights::TensorFile;
use recurrent_models::{NetworkConfig, NetworkKind};
use recurrent_training::adam::{AdamConfig, Epsilon};
use recurrent_training::replay::{Check, Report, replay, replay_altered};
use recurrent_training::{Encoded, EpochRecord, FitConfig, Quiet, fit};

/// Which way the recurrent layers go is one setting of the process.
static WAY: Mutex<()> = Mutex::new(());

/// Has the layers run by ATen, or by the kernels, until the guard is dropped.
fn through(aten: bool) -> MutexGuard<'static, ()> {
    let guard = WAY.lock().unwrap_or_else(PoisonError::into_inner);
    use_aten_on_cpu(aten);
    guard
}

/// The reference file of a network, where there are any.
fn reference(network: &str) -> Option<TensorFile> {
    let folder = std::env::var_os("RECURRENT_REFERENCE").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/reference"),
        PathBuf::from,
    );
    let path = folder.join(format!("training/{network}.safetensors"));
    if path.exists() {
        return Some(TensorFile::read(&path).unwrap());
    }
    eprintln!("skipped: no {network}.safetensors in the reference folder (RECURRENT_REFERENCE)");
    None
}

/// What of a replay is not within its tolerance, nor within what `also` allows for that quantity.
fn departures(report: &Report, also: &BTreeMap<String, f64>) -> Vec<String> {
    let allowed = |check: &Check| {
        // Who ends where a moved run ended is off by the tolerance from that.
        let spread = also.get(quantity(check)).filter(|_| is_late(check));
        let most = spread.map(|spread| spread + check.tolerance.unwrap_or_default());
        check.holds || most.is_some_and(|most| check.distance <= most)
    };
    let checks = report.checks.iter().filter(|check| !allowed(check));
    checks
        .map(|check| {
            let (quantity, distance) = (&check.quantity, check.distance);
            format!("{quantity}: {distance:e} > {:?}", check.tolerance)
        })
        .collect()
}

/// What a check is of, without the step at which it was worst.
fn quantity(check: &Check) -> &str {
    check.quantity.split(" (step").next().unwrap()
}

/// Whether it is of the last logits, or was worst at one of the last ten steps.
fn is_late(check: &Check) -> bool {
    let step = check.quantity.split(" (step ").nth(1);
    let step = step.map(|step| step.trim_end_matches(')').parse::<usize>().unwrap());
    check.quantity == LAST || step.is_some_and(|step| step > 90)
}

const LAST: &str = "probe logits after training";

fn follows_keras(network: &str, aten: bool) {
    let Some(file) = reference(network) else {
        return;
    };
    let spread = if network == "dense" {
        spread_of_rounding(&file).clone()
    } else {
        BTreeMap::new()
    };
    let _way = through(aten);
    let report = replay(&file, &device(Processor::Cpu)).unwrap();
    assert!(report.checks.len() >= 3 * 7 + 4, "{}", report.checks.len());
    let departures = departures(&report, &spread);
    assert!(
        departures.is_empty(),
        "{network}\n{}",
        departures.join("\n")
    );
}

/// Moves every weight by a rounding unit or none.
struct Nudge;

impl ModuleMapper for Nudge {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        param.map(|tensor| {
            let device = tensor.device().without_autodiff();
            let unit = Distribution::Uniform(-1.2e-7, 1.2e-7);
            let nudges = Tensor::<D>::random(tensor.shape(), unit, &device);
            let nudged = tensor.inner() * (nudges + 1.0);
            nudged.autodiff().require_grad()
        })
    }
}

/// How far from Keras' late losses and last logits the dense network ends up on Flex when its first weights
/// are moved by a rounding unit.
///
/// In its last steps some relus lie within rounding of their kinks: of 24 such runs the probe logits were off by 3e-7
/// in six, by 3e-4 in one, by 4.5e-3 in fifteen, by 3.7e-2 in two, and by nothing between. Nobody can say on which
/// sides another library's rounding ends, so what rounding does to Flex, which follows Keras, bounds what it may do
/// there. The steps before, and the gradients, stay strict.
fn spread_of_rounding(file: &TensorFile) -> &'static BTreeMap<String, f64> {
    // Once: the generator that the moves come from is one for the whole process.
    static SPREAD: OnceLock<BTreeMap<String, f64>> = OnceLock::new();
    SPREAD.get_or_init(|| moved_runs(file))
}

fn moved_runs(file: &TensorFile) -> BTreeMap<String, f64> {
    let device = Device::flex();
    let mut spread = BTreeMap::<String, f64>::new();
    for seed in 0..16 {
        device.seed(seed);
        let adam = AdamConfig::default();
        let report = replay_altered(file, &device, adam, |network| network.map(&mut Nudge));
        for check in report.unwrap().checks {
            if check.quantity == LAST || check.quantity.starts_with("loss, worst of") {
                let worst = spread.entry(quantity(&check).to_owned()).or_default();
                *worst = worst.max(check.distance);
            }
        }
    }
    spread
}

#[test]
fn rounding_decides_where_the_dense_network_ends_and_no_more_than_that_on_libtorch() {
    let Some(file) = reference("dense") else {
        return;
    };
    let spread = spread_of_rounding(&file);
    // Within the tolerance, there would be nothing to allow.
    assert!(spread[LAST] > 1e-5, "{spread:?}");
    // What is allowed hides no mistake: the other ε of Adam shows in the last logits all the same.
    let wrong = AdamConfig {
        placement: Epsilon::InsideCorrection,
        ..AdamConfig::default()
    };
    let report = replay_altered(&file, &device(Processor::Cpu), wrong, |network| network).unwrap();
    let departures = departures(&report, spread);
    assert!(
        departures.iter().any(|line| line.starts_with(LAST)),
        "{departures:?}"
    );
}

macro_rules! follow_keras {
    ($way:ident, $aten:literal: $($network:ident)*) => {
        mod $way {
            $(#[test]
            fn $network() {
                super::follows_keras(stringify!($network), $aten);
            })*
        }
    };
}

follow_keras!(on_libtorch_by_kernels, false: dense simple_rnn lstm gru bilstm lstm_masked stacked_lstm);
follow_keras!(on_libtorch_by_aten, true: dense simple_rnn lstm gru bilstm lstm_masked stacked_lstm);

const TIME: usize = 12;

/// Texts whose label is whether token 2 comes before token 3.
fn problem(rows: usize, device: &Device) -> Encoded {
    let mut ids = Vec::new();
    let mut labels = Vec::new();
    for row in 0..rows {
        let label = row % 2;
        let mut text = [4 + (row % 4) as i32; TIME];
        text[row % 5] = 2 + label as i32;
        text[6 + row % 6] = 3 - label as i32;
        ids.extend(text);
        labels.push((1 - label) as f32);
    }
    Encoded::new(ids, TIME, labels, device).unwrap()
}

/// Three epochs of a network; every network starts with the same weights wherever it runs.
fn history(kind: NetworkKind, device: &Device) -> Vec<EpochRecord> {
    let config = NetworkConfig {
        network: kind,
        embeddings: 9,
        embedding_width: 8,
        units: 8,
        hidden: 8,
        time: TIME,
    };
    let data = problem(100, device);
    let network = config.init(0, &device.clone().autodiff());
    let settings = FitConfig {
        epochs: 3,
        ..FitConfig::notebook(&kind.name(), 7)
    };
    fit(network, &data, &data, &settings, &mut Quiet).unwrap().1
}

#[test]
fn libtorch_and_flex_train_alike() {
    let kinds = ["dense", "simple_rnn", "lstm", "stacked_bigru_masked"];
    for kind in kinds.map(|name| name.parse::<NetworkKind>().unwrap()) {
        let flex = history(kind, &Device::flex());
        for aten in [false, true] {
            let _way = through(aten);
            let libtorch = history(kind, &device(Processor::Cpu));
            for (flex, libtorch) in flex.iter().zip(&libtorch) {
                // Twelve steps, rounded otherwise; Adam makes most of it where gradients are tiny.
                let distance = (flex.test_loss - libtorch.test_loss).abs();
                assert!(distance < 1e-4, "{kind} {aten} {flex:?} {libtorch:?}");
            }
        }
    }
}
