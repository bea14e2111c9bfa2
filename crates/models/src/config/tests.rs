//! Networks as data: counted, checked, written and read.

use burn::module::Module;
use burn::tensor::Device;

use super::*;
use crate::{NetworkKind, Preset};

/// A network of every kind of layer.
fn everything() -> NetworkConfig {
    let recurrent = |cell, reads, returns| LayerConfig::Recurrent {
        cell,
        units: 3,
        reads,
        returns,
        recurrent_dropout: 0.25,
    };
    NetworkConfig {
        name: "everything".to_owned(),
        embeddings: 9,
        time: 4,
        embedding: EmbeddingConfig {
            width: 5,
            masked: true,
            dropout: 0.1,
        },
        layers: vec![
            LayerConfig::Ngrams {
                widths: vec![2, 3],
                buckets: 11,
                width: 2,
                dropout: 0.2,
            },
            LayerConfig::Dropout { rate: 0.5 },
            LayerConfig::Evidence {
                widths: vec![1, 2],
                buckets: 10,
                folds: 3,
            },
            LayerConfig::Dense {
                units: 4,
                activation: Activation::Linear,
            },
            recurrent(Cell::Lstm, Reads::Both, Returns::All),
            recurrent(Cell::Gru, Reads::Backward, Returns::All),
            LayerConfig::Pool {
                over: Pooling::MaxAndMean,
            },
            LayerConfig::Dense {
                units: 6,
                activation: Activation::Relu,
            },
        ],
        outputs: 3,
    }
}

#[test]
fn parameter_counts_are_the_notebooks() {
    let counts = [140_609, 144_705, 181_761];
    for (kind, count) in NetworkKind::NOTEBOOK.into_iter().zip(counts) {
        let config = Preset::notebook(kind).config();
        assert_eq!(config.parameters(), Some(count), "{kind}");
        let network = config.init(0, &Device::flex());
        assert_eq!(network.num_params() as u64, count, "{kind}");
    }
}

#[test]
fn parameters_are_counted_without_building() {
    for kind in NetworkKind::all() {
        let preset = Preset {
            embeddings: 9,
            embedding_width: 5,
            units: 3,
            hidden: 4,
            ..Preset::notebook(kind)
        };
        let config = preset.config();
        config.check().unwrap();
        let built = config.init(0, &Device::flex()).num_params();
        assert_eq!(config.parameters(), Some(built as u64), "{kind}");
        let huge = Preset {
            units: usize::MAX / 2,
            ..preset
        };
        assert_eq!(huge.config().parameters(), None, "{kind}");
        assert!(huge.config().check().is_err());
    }
    let config = everything();
    let built = config.init(0, &Device::flex()).num_params();
    assert_eq!(config.parameters(), Some(built as u64));
}

#[test]
fn a_network_is_written_and_read() {
    let config = everything();
    let text = serde_json::to_string(&config).unwrap();
    assert_eq!(
        serde_json::from_str::<NetworkConfig>(&text).unwrap(),
        config
    );
    for (name, other) in [
        ("\"gru\"", "\"grus\""),
        ("\"max_and_mean\"", "\"max_and_median\""),
        ("\"units\":6", "\"units\":6,\"unit\":7"),
        ("\"width\":5", "\"width\":5,\"wide\":true"),
    ] {
        assert!(text.contains(name), "{text}");
        let changed = text.replace(name, other);
        let error = serde_json::from_str::<NetworkConfig>(&changed).unwrap_err();
        let named = other.rsplit('"').nth(1).unwrap();
        assert!(error.to_string().contains(named), "{error}");
    }
    let short = r#"{"layer": "recurrent", "cell": "lstm", "units": 8}"#;
    let LayerConfig::Recurrent { reads, returns, .. } = serde_json::from_str(short).unwrap() else {
        panic!("it is recurrent")
    };
    assert_eq!((reads, returns), (Reads::Forward, Returns::Last));
}

#[test]
fn what_cannot_be_built_is_named() {
    type Change = fn(&mut NetworkConfig);
    let changes: [(&str, Change); 10] = [
        ("tokens of a text is 0", |config| config.time = 0),
        ("dropout of the embedding is 1", |config| {
            config.embedding.dropout = 1.0;
        }),
        ("rate of dropout is NaN", |config| {
            config.layers[1] = LayerConfig::Dropout { rate: f32::NAN };
        }),
        ("dense_in has 0 units", |config| {
            config.layers[3] = LayerConfig::Dense {
                units: 0,
                activation: Activation::Relu,
            };
        }),
        ("recurrent_1 needs a vector at every step", |config| {
            let LayerConfig::Recurrent { returns, .. } = &mut config.layers[4] else {
                panic!("it is recurrent")
            };
            *returns = Returns::Last;
        }),
        ("ngrams stands above", |config| config.layers.swap(0, 1)),
        ("widths of ngrams are [1]", |config| {
            let LayerConfig::Ngrams { widths, .. } = &mut config.layers[0] else {
                panic!("it is of n-grams")
            };
            *widths = vec![1];
        }),
        ("ngrams has 0 buckets", |config| {
            let LayerConfig::Ngrams { buckets, .. } = &mut config.layers[0] else {
                panic!("it is of n-grams")
            };
            *buckets = 0;
        }),
        ("evidence has 1 folds", |config| {
            let LayerConfig::Evidence { folds, .. } = &mut config.layers[2] else {
                panic!("it is evidence")
            };
            *folds = 1;
        }),
        ("pool_1 needs a vector", |config| {
            config.layers.push(LayerConfig::Pool { over: Pooling::Max });
        }),
    ];
    everything().check().unwrap();
    for (named, change) in changes {
        let mut config = everything();
        change(&mut config);
        let error = config.check().unwrap_err().to_string();
        assert!(error.contains(named), "{error}");
    }
}
