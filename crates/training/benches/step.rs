//! One training step of each of the notebook's networks on Flex: forward, loss, backward, Adam, for 32 texts of 100 tokens
//! with as many different words as reviews have.
//!
//! `cargo bench -p recurrent-training --bench step`

use burn::tensor::{Device, Int, Tensor, TensorData};
use criterion::{Criterion, criterion_group, criterion_main};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use recurrent_models::{NetworkKind, Preset, SequenceClassifier};
use recurrent_training::Objective;
use recurrent_training::adam::{Adam, AdamConfig};

const TEXTS: usize = 32;
const TIME: usize = 100;

fn step(criterion: &mut Criterion) {
    let device = Device::flex().autodiff();
    let mut generator = ChaCha8Rng::seed_from_u64(0);
    // Zipf's law: the word of rank r as often as 1 / r.
    let ids: Vec<i32> = (0..TEXTS * TIME)
        .map(|_| 1000f64.powf(generator.random_range(0.0..1.0)) as i32)
        .collect();
    let labels: Vec<f32> = (0..TEXTS).map(|text| (text % 2) as f32).collect();
    let ids = Tensor::<2, Int>::from_data(TensorData::new(ids, [TEXTS, TIME]), &device);
    let labels = Tensor::<2>::from_data(TensorData::new(labels, [TEXTS, 1]), &device);
    let mut group = criterion.benchmark_group("step");
    for kind in NetworkKind::NOTEBOOK {
        let mut network = Some(Preset::notebook(kind).config().init(0, &device));
        let mut adam = Adam::new(AdamConfig::default());
        group.bench_function(kind.to_string(), |bencher| {
            bencher.iter(|| {
                if let Some(current) = network.take() {
                    let logits = current.forward(ids.clone());
                    let loss = Objective::default().loss(logits, labels.clone());
                    let mut gradients = loss.backward();
                    network = Some(adam.step(current, &mut gradients));
                }
            });
        });
    }
    group.finish();
}

criterion_group!(benches, step);
criterion_main!(benches);
