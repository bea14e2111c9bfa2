//! The same weights, losses, logits and traces, to the bit, on every instruction set and for any number of threads, and
//! those that are committed here.
//!
//! Every kind of network is trained for 20 steps at a small size. The golden hashes were recorded once; whatever
//! processor runs this test, on each instruction set that it has, must come to them. To record them anew after a
//! change of the arithmetic: `GOLDEN=print cargo test -p recurrent-training --release --test same_bytes -- --nocapture`.

// What clippy.toml allows in tests does not reach the functions that tests share.
#![allow(clippy::print_stdout, clippy::unwrap_used)]

use std::process::Command;

use burn::tensor::{Device, Int, Tensor, TensorData};
use recurrent_kernels::Isa;
use recurrent_models::recurrence::Cell;
use recurrent_models::{
    Activation, EmbeddingConfig, LayerConfig, Network, NetworkConfig, NetworkKind, Pooling, Preset,
    Reads, Returns, SequenceClassifier, trace, weights,
};
use recurrent_training::{
    Encoded, FitConfig, FitOptions, Keep, NoopObserver, Objective, Schedule, evaluate, evaluate_by,
    fit, logits, probabilities,
};
use sha2::{Digest, Sha256};

const TIME: usize = 11;
const ROWS: usize = 100;
const VOCABULARY: usize = 40;

/// Texts by integer arithmetic, some of them padded.
fn texts() -> Vec<i32> {
    let token = |position: usize| {
        let (row, t) = (position / TIME, position % TIME);
        if t > 2 + row % TIME {
            0
        } else {
            1 + ((position * 7919 + row * row * 31) % (VOCABULARY - 1)) as i32
        }
    };
    (0..ROWS * TIME).map(token).collect()
}

fn add(hash: &mut Sha256, values: impl IntoIterator<Item = f64>) {
    for value in values {
        hash.update(value.to_bits().to_le_bytes());
    }
}

fn singles<const D: usize>(tensor: Tensor<D>) -> Vec<f64> {
    let data = tensor.into_data();
    data.iter::<f32>().map(f64::from).collect()
}

/// What training and looking at a network leaves, as one hash.
fn trained(kind: NetworkKind) -> String {
    let config = Preset {
        network: kind,
        embeddings: VOCABULARY,
        embedding_width: 9,
        units: 17,
        hidden: 10,
        time: TIME,
    }
    .config();
    let (network, data, mut hash) = fitted(&config, 2, FitOptions::default());
    let score = evaluate(&network, &data, 7);
    add(&mut hash, [score.loss, score.accuracy]);
    add(&mut hash, probabilities(&network, &data, 64));
    watched(&network, &mut hash);
    shown(hash)
}

/// A network after an epoch on labels of so many classes, its data, and the hash of its weights and history.
fn fitted(
    config: &NetworkConfig,
    classes: usize,
    options: FitOptions,
) -> (Network, Encoded, Sha256) {
    let labels = (0..ROWS).map(|row| (row * row % classes) as f32).collect();
    let data = Encoded::new(texts(), TIME, labels, &Device::flex()).unwrap();
    let fit_config = FitConfig {
        epochs: 1,
        batch_size: 5,
        options,
        ..FitConfig::notebook("any", 3)
    };
    let network = config.init(3, &Device::flex().autodiff());
    let (network, history) = fit(network, &data, &data, &fit_config, &mut NoopObserver).unwrap();
    let mut hash = Sha256::new();
    for (name, tensor) in weights::collect(&network) {
        hash.update(name.as_bytes());
        add(&mut hash, tensor.values.into_iter().map(f64::from));
    }
    for epoch in history {
        add(&mut hash, [epoch.train_loss, epoch.train_accuracy]);
        add(&mut hash, [epoch.test_loss, epoch.test_accuracy]);
    }
    (network, data, hash)
}

fn shown(hash: Sha256) -> String {
    hash.finalize()
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// Layers and options beyond the named networks', over `pooling`: five classes, dropout everywhere, smoothing, weights of
/// classes, clipping, decay, a falling rate and averaged weights; over maximum and mean also n-grams, an adversary, and
/// batches by length.
fn optioned(pooling: Pooling) -> String {
    let ngrams = LayerConfig::Ngrams {
        widths: vec![2, 3],
        buckets: 31,
        width: 3,
        dropout: 0.3,
    };
    let own = pooling == Pooling::MaxAndMean;
    let config = NetworkConfig {
        name: "any".to_owned(),
        embeddings: VOCABULARY,
        time: TIME,
        embedding: EmbeddingConfig {
            width: 9,
            masked: true,
            dropout: 0.1,
        },
        layers: own
            .then_some(ngrams)
            .into_iter()
            .chain([
                LayerConfig::Dropout { rate: 0.2 },
                LayerConfig::Dense {
                    units: 8,
                    activation: Activation::Linear,
                },
                LayerConfig::Recurrent {
                    cell: Cell::Gru,
                    units: 17,
                    reads: Reads::Both,
                    returns: Returns::All,
                    recurrent_dropout: 0.3,
                },
                LayerConfig::Pool { over: pooling },
                LayerConfig::Dense {
                    units: 10,
                    activation: Activation::Relu,
                },
            ])
            .collect(),
        outputs: 5,
    };
    let options = FitOptions {
        objective: Objective {
            label_smoothing: 0.1,
            class_weights: Some(vec![0.5, 1.0, 2.0, 1.5, 0.25]),
            ..Objective::for_classes(5)
        },
        schedule: Schedule::Cosine {
            epochs: 1,
            floor: 0.1,
        },
        weight_decay: 0.05,
        clip_norm: Some(0.5),
        average: Some(0.9),
        average_warmup: own,
        adversarial: own.then_some(0.5),
        by_length: own,
        keep: Keep::LeastLoss,
        patience: None,
    };
    let objective = options.objective.clone();
    let (network, data, mut hash) = fitted(&config, 5, options);
    let score = evaluate_by(&objective, &network, &data, 7);
    add(&mut hash, [score.loss, score.accuracy]);
    let logits = singles(logits(&network, &data, 64));
    let mut probabilities = [0.0; 5];
    for text in logits.chunks_exact(5) {
        let text: Vec<f32> = text.iter().map(|x| *x as f32).collect();
        objective.probabilities_into(&text, 5, &mut probabilities);
        add(&mut hash, probabilities);
    }
    watched(&network, &mut hash);
    shown(hash)
}

/// Adds what a trace of three texts shows.
fn watched(network: &Network, hash: &mut Sha256) {
    let network = burn::module::Module::valid(network);
    let ids = TensorData::new(texts()[..3 * TIME].to_vec(), [3, TIME]);
    let ids = Tensor::<2, Int>::from_data(ids, &Device::flex());
    add(hash, singles(network.forward(ids.clone())));
    add(hash, singles(trace::beliefs(&network, ids.clone())));
    for layer in trace::layers(&network, ids.clone()) {
        add(hash, singles(layer.states));
        for (_, gate) in layer.gates {
            add(hash, singles(gate));
        }
    }
    for layer in trace::logit_gradients(&network, ids) {
        add(hash, layer.norms);
    }
}

#[test]
fn every_kind_of_network_has_its_golden_hash() {
    let mut found: Vec<String> = NetworkKind::all()
        .map(|kind| format!("{kind}: {}", trained(kind)))
        .collect();
    for (name, pooling) in [
        ("last", Pooling::Last),
        ("max", Pooling::Max),
        ("mean", Pooling::Mean),
        (
            "max and mean, with n-grams and an adversary",
            Pooling::MaxAndMean,
        ),
    ] {
        found.push(format!("all options over {name}: {}", optioned(pooling)));
    }
    if std::env::var_os("GOLDEN").is_some() {
        println!("{}", found.join("\n"));
        return;
    }
    let golden: Vec<&str> = include_str!("golden.txt").lines().collect();
    assert_eq!(found, golden, "on {}", Isa::best().name());
}

/// The test above in programs of their own, since a program chooses its instruction set and its threads once.
#[test]
fn on_every_instruction_set_and_any_number_of_threads() {
    let this = std::env::current_exe().unwrap();
    for isa in Isa::available() {
        for threads in [1, 2, 3, 7] {
            let output = Command::new(&this)
                .args(["--exact", "every_kind_of_network_has_its_golden_hash"])
                .env(Isa::VARIABLE, isa.name())
                .env("RAYON_NUM_THREADS", threads.to_string())
                .env_remove("GOLDEN")
                .output()
                .unwrap();
            let said = String::from_utf8_lossy(&output.stdout);
            let what = format!("{} on {threads} threads", isa.name());
            assert!(output.status.success(), "{what}: {said}");
            assert!(said.contains("1 passed"), "{what}: {said}");
        }
    }
}
