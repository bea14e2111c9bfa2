//! Losses against their definitions, and gradients against differences.

use burn::tensor::TensorData;

use super::*;

const LOGITS: [f32; 12] = [
    0.3, -1.2, 2.0, 0.1, 0.4, -0.5, 30.0, -40.0, 0.0, 1.0, 1.5, -2.0,
];

fn tensor<const D: usize>(values: &[f32], shape: [usize; D]) -> Tensor<D> {
    let device = Device::flex().autodiff();
    Tensor::from_data(TensorData::new(values.to_vec(), shape), &device)
}

/// The loss, and its gradient of the logits.
fn computed(
    objective: &Objective,
    logits: &[f32],
    shape: [usize; 3],
    labels: &[f32],
) -> (f32, Vec<f32>) {
    let logits = tensor(logits, shape).require_grad();
    let labels = tensor(labels, [labels.len(), 1]);
    let loss = objective.loss(logits.clone(), labels);
    let gradient = logits.grad(&loss.backward()).unwrap();
    let gradient = gradient.into_data().iter().collect();
    (loss.inner().into_scalar(), gradient)
}

/// Softmax cross-entropy of one position in double precision, by its definition.
fn softmax(logits: &[f32], target: &[f64]) -> f64 {
    let total: f64 = logits.iter().map(|x| f64::from(*x).exp()).sum();
    let terms = logits.iter().zip(target);
    terms
        .map(|(x, target)| target * (total.ln() - f64::from(*x)))
        .sum()
}

#[test]
fn softmax_is_its_definition_with_smoothing_and_weights() {
    let objective = Objective {
        loss: Loss::SoftmaxCrossEntropy,
        label_smoothing: 0.3,
        class_weights: Some(vec![0.5, 1.0, 2.0]),
    };
    // Two texts of two positions and three classes.
    let labels = [2.0, 0.0];
    let (loss, _) = computed(&objective, &LOGITS, [2, 2, 3], &labels);
    let target = |label: usize| {
        let mut target = [0.1; 3];
        target[label] += 0.7;
        target
    };
    let expected = (2.0 * softmax(&LOGITS[..3], &target(2))
        + 2.0 * softmax(&LOGITS[3..6], &target(2))
        + 0.5 * softmax(&LOGITS[6..9], &target(0))
        + 0.5 * softmax(&LOGITS[9..], &target(0)))
        / 4.0;
    assert!(
        (f64::from(loss) - expected).abs() < 1e-6,
        "{loss} {expected}"
    );
}

#[test]
fn gradients_are_differences() {
    for (objective, shape) in [
        (
            Objective {
                label_smoothing: 0.2,
                class_weights: Some(vec![0.5, 1.0, 2.0]),
                ..Objective::for_classes(3)
            },
            [2, 2, 3],
        ),
        (
            Objective {
                label_smoothing: 0.2,
                class_weights: Some(vec![0.5, 3.0]),
                ..Objective::for_classes(2)
            },
            [2, 6, 1],
        ),
    ] {
        let logits = LOGITS.map(|x| x / 10.0);
        let (_, gradient) = computed(&objective, &logits, shape, &[1.0, 0.0]);
        for (place, slope) in gradient.iter().enumerate() {
            let moved = |by: f32| {
                let mut moved = logits;
                moved[place] += by;
                computed(&objective, &moved, shape, &[1.0, 0.0]).0
            };
            // Losses of about one in single precision: 6e-8 over 0.02.
            let difference = (moved(0.01) - moved(-0.01)) / 0.02;
            assert!((slope - difference).abs() < 5e-5, "{slope} {difference}");
        }
    }
}

/// Without smoothing and weights the general operation says what the plain one does.
#[test]
fn weights_of_one_change_nothing() {
    let plain = Objective::default();
    let weighted = Objective {
        class_weights: Some(vec![1.0, 1.0]),
        ..Objective::default()
    };
    let (loss, gradient) = computed(&plain, &LOGITS, [3, 4, 1], &[1.0, 0.0, 1.0]);
    let (other, others) = computed(&weighted, &LOGITS, [3, 4, 1], &[1.0, 0.0, 1.0]);
    assert!((loss - other).abs() < 1e-6);
    for (one, other) in gradient.iter().zip(&others) {
        assert!((one - other).abs() < 1e-7);
    }
}

#[test]
fn verdicts_are_counted_by_position() {
    let objective = Objective::for_classes(3);
    let logits = tensor(&LOGITS, [2, 2, 3]).inner();
    let labels = tensor(&[2.0, 1.0], [2, 1]).inner();
    let correct: Vec<f32> = objective
        .correct(logits, labels)
        .into_data()
        .iter()
        .collect();
    assert_eq!(correct, [1.0, 1.0]);
}

#[test]
fn probabilities_are_means_over_positions() {
    let mut out = [0.0; 3];
    let softmax = Objective::for_classes(3);
    softmax.probabilities_into(&[0.0, 0.0, 0.0, 1000.0, 0.0, 0.0], 3, &mut out);
    for (found, expected) in out.iter().zip([2.0 / 3.0, 1.0 / 6.0, 1.0 / 6.0]) {
        assert!((found - expected).abs() < 1e-15, "{found} {expected}");
    }
    let mut out = [0.0; 2];
    Objective::for_classes(2).probabilities_into(&[0.0, 1000.0], 1, &mut out);
    assert_eq!(out, [0.25, 0.75]);
}

#[test]
fn labels_logits_and_weights_must_fit() {
    let binary = Objective::default();
    binary.fits(1, 1).unwrap();
    assert!(
        binary
            .fits(2, 1)
            .unwrap_err()
            .to_string()
            .contains("logits")
    );
    assert!(binary.fits(1, 2).unwrap_err().to_string().contains("label"));
    let softmax = Objective {
        class_weights: Some(vec![1.0, 2.0]),
        ..Objective::for_classes(3)
    };
    let error = softmax.fits(3, 2).unwrap_err().to_string();
    assert!(error.contains("class weights"), "{error}");
}
