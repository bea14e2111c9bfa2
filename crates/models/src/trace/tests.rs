//! Every network is watched, and what is seen held against what the network does by itself.

use burn::module::Param;
use burn::tensor::Device;

use super::*;
use crate::{EmbeddingConfig, LayerConfig, NetworkConfig, NetworkKind, Pooling, Preset, Reads};

const TIME: usize = 6;

/// Padding at the end, in the middle, at the start, and nothing else.
const IDS: [[i32; TIME]; 4] = [
    [3, 5, 2, 7, 0, 0],
    [4, 0, 0, 6, 1, 2],
    [0, 2, 3, 0, 5, 7],
    [0; TIME],
];

fn preset(kind: NetworkKind) -> Preset {
    Preset {
        embeddings: 8,
        embedding_width: 5,
        units: 4,
        hidden: 6,
        time: TIME,
        ..Preset::notebook(kind)
    }
}

fn network(kind: NetworkKind) -> Network {
    let mut network = preset(kind).config().init(11, &Device::flex());
    // As after training: words that say something, and a head whose relu is not at its kink, where there
    // is no derivative to compare with.
    let embedding = &mut network.embedding;
    embedding.embeddings = Param::from_tensor(embedding.embeddings.val() * 20.0);
    let hidden = network.dense_mut("hidden").unwrap();
    hidden.bias = Param::from_tensor(Tensor::from_floats(
        [0.9, -0.2, 0.5, 0.7, -0.9, 0.3],
        &Device::flex(),
    ));
    network
}

fn ids(rows: &[[i32; TIME]]) -> Tensor<2, Int> {
    let data = TensorData::new(rows.concat(), [rows.len(), TIME]);
    Tensor::from_data(data, &Device::flex())
}

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f64> {
    tensor.into_data().iter::<f32>().map(f64::from).collect()
}

#[track_caller]
fn assert_close(kind: impl std::fmt::Display, a: &[f64], b: &[f64], tolerance: f64) {
    assert_eq!(a.len(), b.len(), "{kind}");
    for (a, b) in a.iter().zip(b) {
        assert!(
            (a - b).abs() <= tolerance * (1.0 + b.abs()),
            "{kind}: {a} {b}"
        );
    }
}

#[test]
fn a_belief_is_what_the_network_says_of_a_text_that_ends_there() {
    for kind in NetworkKind::all() {
        let network = network(kind);
        let traced = values(beliefs(&network, ids(&IDS)));
        for end in 1..=TIME {
            let cut = network.forward(ids(&IDS).narrow(1, 0, end));
            let width = cut.dims()[1];
            let said: Vec<f64> = values(cut)
                .into_iter()
                .skip(width - 1)
                .step_by(width)
                .collect();
            let believed: Vec<f64> = traced.iter().copied().skip(end - 1).step_by(TIME).collect();
            assert_close(kind, &believed, &said, 1e-6);
        }
    }
}

#[test]
fn texts_together_and_apart_are_traced_alike() {
    for kind in NetworkKind::all() {
        let network = network(kind);
        let together = beliefs(&network, ids(&IDS));
        let gradients = logit_gradients(&network, ids(&IDS));
        let states = layers(&network, ids(&IDS));
        for (row, text) in IDS.iter().enumerate() {
            let alone = beliefs(&network, ids(&[*text]));
            let of_row = values(together.clone().narrow(0, row, 1));
            assert_close(kind, &values(alone), &of_row, 1e-6);
            for (all, one) in gradients
                .iter()
                .zip(logit_gradients(&network, ids(&[*text])))
            {
                let of_row = &all.norms[row * TIME..(row + 1) * TIME];
                assert_close(kind, &one.norms, of_row, 1e-6);
            }
            for (all, one) in states.iter().zip(layers(&network, ids(&[*text]))) {
                assert_eq!(all.name, one.name);
                let of_row = values(all.states.clone().narrow(0, row, 1));
                assert_close(kind, &values(one.states), &of_row, 1e-6);
            }
        }
    }
}

/// Each state is moved by hand, unit by unit, and the logit looked at: central differences.
fn finite_differences(name: &str, network: &Network) {
    // Logits are below 1, rounded to 3e-8: slopes are good to 3e-5.
    const STEP: f32 = 1e-3;
    const TOLERANCE: f64 = 1e-3;
    let parts = Parts::of(network);
    let traced = logit_gradients(network, ids(&IDS));
    let ways = parts.layers.iter().map(|part| part.layer.ways().len());
    assert_eq!(traced.len(), ways.sum::<usize>(), "{name}");
    let classes: Vec<usize> = {
        let logits = network.forward(ids(&IDS));
        let [_, positions, classes] = logits.dims();
        let last = values(logits.narrow(1, positions - 1, 1));
        let best = |row: &[f64]| (0..classes).fold(0, |a, b| if row[b] > row[a] { b } else { a });
        last.chunks_exact(classes).map(best).collect()
    };
    for (place, gradients) in traced.iter().enumerate() {
        let mut squares = vec![0.0; IDS.len() * TIME];
        for step in 0..TIME {
            for unit in 0..4 {
                let moved = |by: f32| values(logits_moved(network, place, step, unit, by));
                let (above, below) = (moved(STEP), moved(-STEP));
                let width = above.len() / IDS.len();
                for (row, class) in classes.iter().enumerate() {
                    let at = row * width + class;
                    let slope = (above[at] - below[at]) / f64::from(2.0 * STEP);
                    squares[row * TIME + step] += slope * slope;
                }
            }
        }
        let differences: Vec<f64> = squares.into_iter().map(f64::sqrt).collect();
        assert_close(name, &gradients.norms, &differences, TOLERANCE);
        assert!(gradients.norms.iter().any(|norm| *norm > 1e-3), "{name}");
    }
}

#[test]
fn gradients_are_finite_differences() {
    for kind in NetworkKind::all() {
        finite_differences(&kind.name(), &network(kind));
    }
}

/// Several classes, means and maxima, both ways and backwards.
#[test]
fn gradients_of_networks_of_any_layers_are_finite_differences() {
    for (reads, over, masked, ngrams) in [
        (Reads::Both, Some(Pooling::Mean), false, false),
        (Reads::Both, Some(Pooling::Max), true, false),
        (Reads::Forward, Some(Pooling::Max), false, false),
        // With more inputs, states at two steps come so close that a maximum changes places within a difference's step.
        (Reads::Forward, Some(Pooling::Mean), false, true),
        (Reads::Both, Some(Pooling::MaxAndMean), true, true),
        (Reads::Backward, None, true, true),
    ] {
        let recurrent = |cell, reads, returns| LayerConfig::Recurrent {
            cell,
            units: 4,
            reads,
            returns,
            recurrent_dropout: 0.0,
        };
        let last = match over {
            Some(_) => Returns::All,
            None => Returns::Last,
        };
        let mut layers = Vec::new();
        if ngrams {
            layers.push(LayerConfig::Ngrams {
                widths: vec![2, 3],
                buckets: 7,
                width: 3,
                dropout: 0.5,
            });
            if reads == Reads::Both {
                layers.push(LayerConfig::Dropout { rate: 0.1 });
            }
            layers.push(LayerConfig::Evidence {
                widths: vec![1, 2],
                buckets: 50,
                folds: 2,
            });
        }
        layers.extend([
            recurrent(Cell::Gru, Reads::Forward, Returns::All),
            LayerConfig::Dropout { rate: 0.5 },
            recurrent(Cell::Lstm, reads, last),
        ]);
        layers.extend(over.map(|over| LayerConfig::Pool { over }));
        let config = NetworkConfig {
            layers,
            outputs: 3,
            ..preset(NetworkKind::GRU).config()
        };
        let config = NetworkConfig {
            embedding: EmbeddingConfig {
                masked,
                ..config.embedding
            },
            ..config
        };
        config.check().unwrap();
        let mut network = config.init(11, &Device::flex());
        let embedding = &mut network.embedding;
        embedding.embeddings = Param::from_tensor(embedding.embeddings.val() * 20.0);
        if let Some(BodyLayer::Ngrams { table, .. }) = network.layer_mut("ngrams") {
            let values: Vec<f32> = (0..21).map(|n| (n % 5) as f32 - 2.0).collect();
            let values = Tensor::from_data(TensorData::new(values, [7, 3]), &Device::flex());
            table.embeddings = Param::from_tensor(values);
        }
        let logits = 3 * 50;
        let weights = (0..logits).map(|n| (n % 7) as f32 / 100.0 - 0.03).collect();
        network.set_evidence(&crate::layers::Folds::new(vec![weights]));
        // Evidence above a dropout is none of the layers next to the embedding, and neither are those above it.
        if ngrams && reads == Reads::Both {
            assert!(logit_gradients(&network, ids(&IDS)).is_empty());
            assert!(super::layers(&network, ids(&IDS)).is_empty());
        } else {
            finite_differences(&format!("{reads:?}"), &network);
        }
        // Behind a mask and a maximum, zeros of the padding are seen in the whole text, and not in the text that ends before it.
        if masked && over == Some(Pooling::Max) {
            continue;
        }
        let traced = beliefs(&network, ids(&IDS));
        let said = network.forward(ids(&IDS));
        assert_close(
            "last",
            &values(traced.narrow(1, TIME - 1, 1)),
            &values(said),
            1e-6,
        );
    }
}

/// The logits `[B, C]` when one unit of one state of the layer at `place` (one way each) is moved.
fn logits_moved(network: &Network, place: usize, step: usize, unit: usize, by: f32) -> Tensor<3> {
    let parts = Parts::of(network);
    let mut sequence = network.embedded(ids(&IDS), None);
    let mut way = 0;
    for part in &parts.layers {
        let mut side_by_side = Vec::new();
        for (direction, weights) in part.layer.ways() {
            let nudges = (0..TIME).map(|at| {
                let mut row = [0.0; 4];
                if (way, at) == (place, step) {
                    row[unit] = by;
                }
                Tensor::<1>::from_floats(row, &Device::flex())
                    .unsqueeze::<2>()
                    .repeat_dim(0, IDS.len())
            });
            side_by_side.push(weights.run_moved(&sequence, direction, nudges.collect()));
            way += 1;
        }
        sequence = sequence.replaced(Tensor::cat(side_by_side, 1));
    }
    let top = parts.layers.last().unwrap();
    let flow = match top.returns {
        Returns::Last => Flow::Texts(top.last(sequence)),
        Returns::All if network.shows_masked_states(top.place) => {
            Flow::Steps(sequence.without_masked())
        }
        Returns::All => Flow::Steps(sequence),
    };
    network.run_from(parts.above, flow, None)
}

/// States follow from gates: `h = o · tanh(c)`, `c = f · c + i · g` for the LSTM, whose candidate g is
/// taken from the equation itself.
#[test]
fn the_gates_of_an_lstm_make_its_states() {
    let network = network(NetworkKind::LSTM);
    let traced = layers(&network, ids(&IDS));
    assert_eq!(traced.len(), 1);
    let trace = &traced[0];
    assert_eq!(trace.name, "recurrent");
    let names: Vec<_> = trace.gates.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, ["input", "forget", "output"]);
    let parts = Parts::of(&network);
    let (_, weights) = parts.layers[0].layer.ways().remove(0);
    let states = values(trace.states.clone());
    let [input, forget, output] = [0, 1, 2].map(|gate| values(trace.gates[gate].1.clone()));
    let table = values(network.embedding.embeddings.val());
    let [kernel, feedback] = [weights.kernel, weights.recurrent_kernel].map(values);
    let bias = values(weights.bias);
    for (row, text) in IDS.iter().enumerate() {
        let mut cell_state = [0.0; 4];
        for (step, token) in text.iter().enumerate() {
            let at = (row * TIME + step) * 4;
            for unit in 0..4 {
                let column = 2 * 4 + unit;
                let fed: f64 = (0..5)
                    .map(|d| table[*token as usize * 5 + d] * kernel[d * 16 + column])
                    .sum();
                let back: f64 = match step {
                    0 => 0.0,
                    _ => (0..4)
                        .map(|u| states[at - 4 + u] * feedback[u * 16 + column])
                        .sum(),
                };
                let candidate = (fed + back + bias[column]).tanh();
                cell_state[unit] =
                    forget[at + unit] * cell_state[unit] + input[at + unit] * candidate;
                let state = output[at + unit] * cell_state[unit].tanh();
                assert!((state - states[at + unit]).abs() < 1e-5);
            }
        }
    }
}

/// `h = z · h + (1 − z) · h̃`: where the update gate of a GRU is z, the state lies between the one before
/// and a candidate that is at most 1.
#[test]
fn the_gates_of_a_gru_bound_its_states() {
    let traced = layers(&network(NetworkKind::GRU), ids(&IDS));
    let names: Vec<_> = traced[0].gates.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, ["update", "reset"]);
    let states = values(traced[0].states.clone());
    let update = values(traced[0].gates[0].1.clone());
    for (place, state) in states.iter().enumerate() {
        let before = if place / 4 % TIME == 0 {
            0.0
        } else {
            states[place - 4]
        };
        let moved = (state - update[place] * before).abs();
        assert!(moved <= 1.0 - update[place] + 1e-6 && moved > 0.0);
    }
}

#[test]
fn a_text_of_one_step_is_traced_too() {
    for kind in NetworkKind::all() {
        let network = network(kind);
        let ids = ids(&IDS).narrow(1, 0, 1);
        let said = values(network.forward(ids.clone()));
        assert_close(kind, &values(beliefs(&network, ids.clone())), &said, 1e-6);
        for layer in layers(&network, ids.clone()) {
            for (name, gate) in layer.gates {
                assert_eq!(gate.dims(), [IDS.len(), 1, 4], "{kind} {name}");
            }
        }
        for layer in logit_gradients(&network, ids) {
            assert_eq!(layer.norms.len(), IDS.len());
        }
    }
}

#[test]
fn every_layer_is_named_once() {
    for kind in NetworkKind::all() {
        let traced = layers(&network(kind), ids(&IDS));
        let gradients = logit_gradients(&network(kind), ids(&IDS));
        let names: Vec<_> = traced.iter().map(|layer| layer.name.clone()).collect();
        let felt: Vec<_> = gradients.iter().map(|layer| layer.name.clone()).collect();
        assert_eq!(names, felt);
        match kind {
            NetworkKind::Dense => assert!(names.is_empty()),
            NetworkKind::Recurrent(recurrent) => {
                let ways = if recurrent.bidirectional { 2 } else { 1 };
                let layers = if recurrent.stacked { 2 } else { 1 };
                assert_eq!(names.len(), ways * layers, "{kind}");
            }
        }
    }
}

#[test]
fn weights_choose_whose_gradients_are_taken() {
    let network = network(NetworkKind::LSTM);
    let whole = logit_gradients(&network, ids(&IDS));
    // Of one logit a text: the second's twice, the first's not at all.
    let mut weights = vec![0.0; IDS.len()];
    weights[1] = -2.0;
    let weighted = weighted_gradients(&network, ids(&IDS), weights);
    for (all, one) in whole.iter().zip(&weighted) {
        assert!(one.norms[..TIME].iter().all(|norm| *norm == 0.0));
        let twice: Vec<f64> = all.norms[TIME..2 * TIME].iter().map(|n| 2.0 * n).collect();
        assert_close(NetworkKind::LSTM, &one.norms[TIME..2 * TIME], &twice, 1e-6);
    }
}
