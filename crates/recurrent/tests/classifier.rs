//! Classifiers of several classes, trained, stopped, resumed, saved and loaded.

#![allow(clippy::unwrap_used, clippy::panic)]

use recurrent::{
    Cell, Checkpoint, ClassWeight, ClassifierError, Cut, EpochRecord, Keep, LayerConfig, Loss,
    NetworkKind, NoopObserver, Observer, Pooling, Progress, Reads, Returns, TextClassifier,
    TextCorpus, TrainConfig,
};

const CLASSES: [&str; 4] = ["business", "politics", "science", "sport"];

/// Texts whose class is that of one of their words; every fifth is of business.
fn corpus(rows: usize) -> TextCorpus {
    let words = ["market", "vote", "planet", "goal"];
    let texts = (0..rows).map(|n| {
        let class = if n % 5 == 4 { 0 } else { n % 4 };
        let fill = ["a", "the", "some"][n % 3];
        (
            format!("{fill} {} and no {n}", words[class]),
            CLASSES[class],
        )
    });
    TextCorpus::from_pairs(texts).unwrap()
}

fn config() -> TrainConfig {
    TrainConfig {
        length: 6,
        epochs: 4,
        batch_size: 8,
        patience: None,
        average: Some(0.9),
        weight_decay: 0.01,
        label_smoothing: 0.05,
        class_weight: ClassWeight::Balanced,
        ..TrainConfig::default()
    }
}

/// Ends a training after so many epochs.
struct StopAfter(usize);

impl Observer for StopAfter {
    fn step(&mut self, _progress: Progress) {}
    fn epoch(&mut self, _epochs: usize, _steps: usize, _record: &EpochRecord) {
        self.0 = self.0.saturating_sub(1);
    }
    fn stops(&mut self) -> bool {
        self.0 == 0
    }
}

/// Dropout, averages, the best epoch and all: what goes on ends as what was never stopped.
#[test]
fn a_training_that_was_stopped_goes_on_to_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let corpus = corpus(120);
    let whole = TextClassifier::train(&corpus, &config(), &mut NoopObserver).unwrap();
    let checkpoint = |resume| Checkpoint {
        path: folder.path().join("checkpoint.safetensors"),
        resume,
    };
    let stopped = TextClassifier::train_from(
        &corpus,
        &config(),
        Some(&checkpoint(false)),
        &mut StopAfter(2),
    )
    .unwrap();
    let epochs = |model: &TextClassifier| model.config().trained.clone().unwrap().history.len();
    assert_eq!((epochs(&whole), epochs(&stopped)), (4, 2));
    let resumed = TextClassifier::train_from(
        &corpus,
        &config(),
        Some(&checkpoint(true)),
        &mut NoopObserver,
    )
    .unwrap();
    let texts = ["a goal", "some vote", "the planet and market"];
    assert_eq!(
        whole.scores(&texts).unwrap(),
        resumed.scores(&texts).unwrap()
    );
    assert_ne!(
        whole.scores(&texts).unwrap(),
        stopped.scores(&texts).unwrap()
    );
    // Another training does not go on from it.
    let other = TrainConfig {
        label_smoothing: 0.1,
        ..config()
    };
    let error =
        TextClassifier::train_from(&corpus, &other, Some(&checkpoint(true)), &mut NoopObserver)
            .unwrap_err();
    assert!(error.to_string().contains("another run"), "{error}");
}

#[test]
fn a_classifier_is_saved_and_loaded_with_all_that_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let corpus = corpus(200);
    let config = TrainConfig {
        epochs: 12,
        ..config()
    };
    let model = TextClassifier::train(&corpus, &config, &mut NoopObserver).unwrap();
    model.save(folder.path()).unwrap();
    let loaded = TextClassifier::load(folder.path()).unwrap();
    assert_eq!(loaded.classes(), CLASSES);
    assert_eq!(loaded.config().loss, Loss::SoftmaxCrossEntropy);
    let trained = loaded.config().trained.clone().unwrap();
    assert_eq!(trained.config, config);
    assert_eq!(trained.epoch, Keep::LeastLoss.best(&trained.history));
    let texts = ["a goal", "some vote", "nothing known", ""];
    let scores = model.scores(&texts).unwrap();
    assert_eq!(scores, loaded.scores(&texts).unwrap());
    for text in scores.iter() {
        assert!((text.probabilities.iter().sum::<f64>() - 1.0).abs() < 1e-12);
    }
    let words: Vec<bool> = scores.iter().map(|text| text.has_words).collect();
    assert_eq!(words, [true, true, true, false]);
    let report = loaded.evaluate(corpus.train().iter()).unwrap();
    assert!(report.accuracy > 0.95, "{}", report.accuracy);
    assert_eq!(report.confusion.len(), 4);
    // Whatever stands beside it, a text gets the same bits.
    for (place, text) in texts.iter().enumerate() {
        let alone = loaded.scores(&[text]).unwrap();
        let together = scores.iter().nth(place).unwrap();
        assert_eq!(alone.as_slice(), together.probabilities, "{text}");
    }
    // And it is traced for what it is taken for.
    let reading = loaded.trace("a goal").unwrap();
    assert_eq!(reading.beliefs_of.as_deref(), Some("sport"));
    let last = reading.beliefs.last().copied().unwrap();
    assert!((last - reading.probability).abs() < 1e-6);
}

#[test]
fn what_makes_no_classifier_is_named() {
    let fails = |config: TrainConfig, corpus: &TextCorpus| -> ClassifierError {
        TextClassifier::train(corpus, &config, &mut NoopObserver).unwrap_err()
    };
    let four = corpus(60);
    let error = fails(
        TrainConfig {
            loss: Some(Loss::BinaryCrossEntropy),
            ..config()
        },
        &four,
    );
    assert!(
        error.to_string().contains("4 classes for 1 logits"),
        "{error}"
    );
    type Change = fn(&mut TrainConfig);
    let changes: [(&str, Change); 6] = [
        ("tokens of a text is 0", |config| config.length = 0),
        ("0 for epochs", |config| config.epochs = 0),
        ("names a network", |config| {
            config.name = "\u{1b}[31m".to_owned();
        }),
        ("learning rate is NaN", |config| {
            config.adam.learning_rate = f32::NAN;
        }),
        ("wide", |config| config.embedding.width = 1_000_000_000),
        ("patience is 0", |config| config.patience = Some(0)),
    ];
    for (named, change) in changes {
        let mut config = config();
        change(&mut config);
        let error = fails(config, &four).to_string();
        assert!(error.contains(named), "{error}");
    }
    let error = fails(
        TrainConfig {
            class_weight: ClassWeight::Given(vec![1.0]),
            ..config()
        },
        &four,
    );
    assert!(error.to_string().contains("class weights"), "{error}");
    let error = fails(
        TrainConfig {
            validation: 0.0,
            ..config()
        },
        &four,
    );
    assert!(
        error.to_string().contains("no share of the texts"),
        "{error}"
    );
}

/// Whatever the layers, what stands beside a text makes no difference to it.
#[test]
fn a_text_alone_and_in_a_batch_gets_the_same_bits() {
    let corpus = corpus(60);
    let long = "goal vote planet market a the some and no 1 2 3 4 5";
    let texts = ["a goal", "", "some vote and no 3", long];
    for reads in [Reads::Forward, Reads::Backward, Reads::Both] {
        for over in [
            None,
            Some(Pooling::Last),
            Some(Pooling::Max),
            Some(Pooling::Mean),
            Some(Pooling::MaxAndMean),
        ] {
            let mut layers = vec![LayerConfig::Recurrent {
                cell: Cell::Lstm,
                units: 5,
                reads,
                returns: if over.is_some() {
                    Returns::All
                } else {
                    Returns::Last
                },
                recurrent_dropout: 0.0,
            }];
            layers.extend(over.map(|over| LayerConfig::Pool { over }));
            let config = TrainConfig {
                length: 12,
                cut: if over.is_some() {
                    Cut::Ends
                } else {
                    Cut::Beginning
                },
                by_length: true,
                epochs: 1,
                layers,
                ..TrainConfig::default()
            };
            let model = TextClassifier::train(&corpus, &config, &mut NoopObserver).unwrap();
            let together = model.scores(&texts).unwrap();
            for (text, together) in texts.iter().zip(together.iter()) {
                let alone = model.scores(&[text]).unwrap();
                let what = format!("{reads:?} {over:?} {text}");
                assert_eq!(alone.as_slice(), together.probabilities, "{what}");
            }
        }
    }
}

/// Two classes by a softmax say what a sigmoid says, and every named network can be trained.
#[test]
fn named_networks_tell_any_number_of_classes_apart() {
    let texts = (0..40).map(|n| {
        (
            format!("{} {n}", ["good", "bad"][n % 2]),
            ["pos", "neg"][n % 2],
        )
    });
    let two = TextCorpus::from_pairs(texts).unwrap();
    for name in ["dense", "lstm", "stacked_bigru_masked"] {
        let network: NetworkKind = name.parse().unwrap();
        for (corpus, loss, outputs) in [
            (&two, None, 1),
            (&two, Some(Loss::SoftmaxCrossEntropy), 2),
            (&corpus(40), None, 4),
        ] {
            let config = TrainConfig {
                length: 5,
                epochs: 1,
                loss,
                ..TrainConfig::of_network(network)
            };
            let model = TextClassifier::train(corpus, &config, &mut NoopObserver).unwrap();
            assert_eq!(model.config().network.outputs(), outputs, "{name}");
            assert_eq!(model.config().network.name(), name);
            let reading = model.trace("good 4 planet").unwrap();
            assert_eq!(reading.beliefs.len(), 5);
            // Of two classes the second is followed, whatever the loss; of more the predicted one.
            if name != "dense" {
                let scores = model.scores(&["good 4 planet"]).unwrap();
                let followed = match corpus.classes().len() {
                    2 => 1,
                    _ => scores.iter().next().unwrap().prediction().label,
                };
                let (last, score) = (reading.beliefs[4], scores.as_slice()[followed]);
                assert!((last - score).abs() < 1e-6, "{name}: {last}, not {score}");
            }
        }
    }
}

/// A linear model is trained, saved, loaded and asked as a network is.
#[test]
fn a_linear_model_is_a_classifier() {
    let two = (0..60).map(|n| {
        let text = ["a good film", "not a good film"][n % 2];
        (format!("{text} {n}"), ["pos", "neg"][n % 2])
    });
    let two = TextCorpus::from_pairs(two).unwrap();
    for (corpus, text, class) in [
        (&two, "this is not a good thing", "neg"),
        (&two, "this is a good thing", "pos"),
        (&corpus(80), "the goal", "sport"),
    ] {
        let config = TrainConfig::nb_linear();
        let trained = TextClassifier::train(corpus, &config, &mut NoopObserver).unwrap();
        let folder = tempfile::tempdir().unwrap();
        trained.save(folder.path()).unwrap();
        let model = TextClassifier::load(folder.path()).unwrap();
        assert_eq!(model.config().network, trained.config().network);
        let prediction = model.predict([text]).unwrap()[0];
        assert_eq!(prediction, trained.predict([text]).unwrap()[0]);
        assert_eq!(prediction.class, class);
        assert!(!model.predict([""]).unwrap()[0].has_words);
        let reading = model.trace(text).unwrap();
        assert_eq!(reading.label, class);
        let words: Vec<&str> = text.split(' ').collect();
        assert_eq!(
            (reading.tokens, reading.words),
            (words.iter().map(ToString::to_string).collect(), words.len())
        );
        let last = reading.beliefs[words.len() - 1];
        let expected = match corpus.classes().len() {
            2 => model.scores(&[text]).unwrap().as_slice()[1],
            _ => prediction.probability,
        };
        assert!((last - expected).abs() < 1e-6, "{last} {expected}");
        let again = TextClassifier::train(corpus, &config, &mut NoopObserver).unwrap();
        assert_eq!(
            again.config().trained.as_ref().unwrap().epoch,
            trained.config().trained.as_ref().unwrap().epoch
        );
        let strongest = model.model().strongest(3);
        assert_eq!(strongest.len(), corpus.classes().len());
        let network = NetworkKind::LSTM;
        let lstm = TrainConfig {
            epochs: 1,
            length: 5,
            ..TrainConfig::of_network(network)
        };
        let lstm = TextClassifier::train(corpus, &lstm, &mut NoopObserver).unwrap();
        assert!(lstm.model().strongest(3).is_empty());
    }
}

/// What each word says is what the same words say when the text ends there.
#[test]
fn a_linear_reading_is_that_of_every_beginning() {
    let corpus = corpus(80);
    let model =
        TextClassifier::train(&corpus, &TrainConfig::nb_linear(), &mut NoopObserver).unwrap();
    let text = "the goal and the goal of a vote on some planet";
    let words: Vec<&str> = text.split(' ').collect();
    let reading = model.trace(text).unwrap();
    let followed = reading
        .classes
        .iter()
        .position(|class| *class == reading.label)
        .unwrap();
    for end in 1..=words.len() {
        let scores = model.scores(&[words[..end].join(" ")]).unwrap();
        let (belief, score) = (reading.beliefs[end - 1], scores.as_slice()[followed]);
        assert!((belief - score).abs() < 1e-6, "{end}: {belief} {score}");
    }
}

/// Linear models, and networks that read what they say, have the same bytes on every machine: these.
#[test]
fn linear_models_have_their_golden_hashes() {
    let evidence = LayerConfig::Evidence {
        widths: vec![1, 2],
        buckets: 64,
        folds: 3,
    };
    let mut network = TrainConfig {
        length: 6,
        epochs: 2,
        ..TrainConfig::default()
    };
    network.layers.insert(0, evidence);
    for (name, config, golden) in [
        ("linear", TrainConfig::nb_linear(), "73cc0270217f16f4"),
        ("evidence", network, "e9056a7ddb358a6d"),
    ] {
        let model = TextClassifier::train(&corpus(80), &config, &mut NoopObserver).unwrap();
        let folder = tempfile::tempdir().unwrap();
        model.save(folder.path()).unwrap();
        let weights = std::fs::read(folder.path().join(recurrent::WEIGHTS_FILE)).unwrap();
        assert_eq!(recurrent::sha256(&weights)[..16], *golden, "{name}");
    }
}
