//! Training against what must hold at a minimum, and against scikit-learn's numbers.

use proptest::prelude::*;

use super::*;

fn rows(width: usize, texts: &[&[u32]]) -> Rows {
    let mut offsets = vec![0];
    let mut columns = Vec::new();
    for text in texts {
        columns.extend_from_slice(text);
        offsets.push(columns.len());
    }
    Rows::new(width, offsets, columns).unwrap()
}

/// The logits of [`texts`] by two classes, `C` 2, and their probabilities by three, `C` 1 and without naive Bayes: from
/// scikit-learn 1.9.1's `LogisticRegression(tol=1e-14, max_iter=100000)` on the same matrix, times the ratios that numpy
/// computed by the formula of the paper.
const REFERENCE_TWO: [f64; 6] = [
    1.169003582,
    -1.274947599,
    1.2749476,
    -1.169003581,
    1.169003574,
    -1.169003574,
];
const REFERENCE_THREE: [[f64; 3]; 6] = [
    [0.6097915613, 0.1372622515, 0.2529461872],
    [0.2321347623, 0.5900056059, 0.1778596318],
    [0.2321347634, 0.1778596357, 0.5900056009],
    [0.1580736822, 0.5457648421, 0.2961614757],
    [0.1580736827, 0.296161475, 0.5457648423],
    [0.6097915651, 0.252946173, 0.137262262],
];

/// Six texts over five columns.
fn texts() -> Rows {
    rows(
        5,
        &[&[0, 2], &[1, 2, 3], &[0, 3], &[1, 4], &[0, 1, 4], &[2]],
    )
}

fn exact() -> LinearConfig {
    LinearConfig {
        tolerance: 1e-12,
        ..LinearConfig::default()
    }
}

/// `[columns, outputs]` of the gradient at what was learned is zero: a difference quotient says so.
#[test]
fn a_trained_model_is_at_the_minimum() {
    for (labels, classes) in [(vec![1, 0, 1, 0, 1, 0], 2), (vec![0, 1, 2, 1, 2, 0], 3)] {
        let rows = texts();
        let config = exact();
        let weights = vec![1.0; classes];
        let problem = Problem::new(&rows, &labels, &weights, &config).unwrap();
        let mut descent = Descent::new(&problem);
        while descent.remaining() > 1e-10 && descent.step(&problem) {}
        let at = |weights: &[f64]| {
            problem.objective(&problem.forward(weights), problem.half_square(weights))
        };
        let least = at(descent.weights());
        for place in 0..problem.size() {
            for step in [1e-3, -1e-3] {
                let mut moved = descent.weights().to_vec();
                moved[place] += step;
                assert!(at(&moved) > least, "{classes} classes, weight {place}");
            }
        }
    }
}

#[test]
fn decisions_are_scikit_learns() {
    let labels = [1, 0, 1, 0, 1, 0];
    let config = LinearConfig {
        strength: 2.0,
        ..exact()
    };
    let model = train(&texts(), &labels, 2, &config, |_| true).unwrap();
    let expected = REFERENCE_TWO;
    for (row, expected) in expected.iter().enumerate() {
        let logit = model.logit(texts().row(row));
        assert!((logit - expected).abs() < 1e-6, "{row}: {logit} {expected}");
    }
}

#[test]
fn several_classes_are_scikit_learns() {
    // scikit-learn has one matrix of inputs for all classes, and the ratios are another for each class: they are the
    // same only without naive Bayes, which a large α makes of it.
    let labels = [0, 1, 2, 1, 2, 0];
    let rows = texts();
    let config = exact();
    let mut problem = Problem::new(&rows, &labels, &[1.0; 3], &config).unwrap();
    problem.without_ratios();
    let mut descent = Descent::new(&problem);
    while descent.remaining() > 1e-12 && descent.step(&problem) {}
    let model = problem.model(descent.weights());
    let logits = model.logits(&rows);
    for (row, expected) in REFERENCE_THREE.iter().enumerate() {
        let logits = &logits[row * 3..row * 3 + 3];
        let largest = logits.iter().copied().fold(f64::MIN, f64::max);
        let sum: f64 = logits.iter().map(|x| libm::exp(x - largest)).sum();
        for (logit, expected) in logits.iter().zip(expected) {
            let probability = libm::exp(logit - largest) / sum;
            assert!(
                (probability - expected).abs() < 1e-6,
                "{row}: {probability} {expected}"
            );
        }
    }
}

#[test]
fn ratios_are_those_of_the_paper() {
    // One column, in two of three positive and in one of two negative texts; another in one positive text.
    let rows = rows(2, &[&[0], &[0, 1], &[], &[0], &[]]);
    let config = exact();
    let problem = Problem::new(&rows, &[1, 1, 1, 0, 0], &[1.0; 2], &config).unwrap();
    let (p, q): ([f64; 2], [f64; 2]) = ([2.0 + 1.0, 1.0 + 1.0], [1.0 + 1.0, 0.0 + 1.0]);
    for (column, ratio) in problem.ratios().iter().enumerate() {
        let expected = ((p[column] / 5.0) / (q[column] / 3.0)).ln();
        assert!((ratio - expected).abs() < 1e-15, "{column}");
    }
}

#[test]
fn what_cannot_be_learned_from_is_refused() {
    fn error(rows: &Rows, labels: &[usize], classes: usize, config: &LinearConfig) -> String {
        let result = train(rows, labels, classes, config, |_| true);
        result.unwrap_err().to_string()
    }
    let config = LinearConfig::default();
    let texts = texts();
    let labels = [0, 1, 0, 1, 0, 1];
    assert!(error(&texts, &labels[..3], 2, &config).contains("6 texts and 3 labels"));
    assert!(error(&texts, &labels, 1, &config).contains("at least two"));
    assert!(error(&texts, &[0, 1, 2, 0, 0, 0], 2, &config).contains("label 2"));
    for (changed, named) in [
        (
            LinearConfig {
                strength: 0.0,
                ..config
            },
            "strength",
        ),
        (
            LinearConfig {
                smoothing: f64::NAN,
                ..config
            },
            "smoothing",
        ),
        (
            LinearConfig {
                ngrams: 9,
                ..config
            },
            "ngrams",
        ),
        (
            LinearConfig {
                tolerance: -1.0,
                ..config
            },
            "tolerance",
        ),
    ] {
        assert!(
            error(&texts, &labels, 2, &changed).contains(named),
            "{named}"
        );
    }
    assert!(Rows::new(2, vec![0, 1], vec![2]).is_err());
    assert!(Rows::new(2, vec![0, 2, 1], vec![0]).is_err());
    assert!(Rows::new(2, Vec::new(), Vec::new()).is_err());
    let wide = Rows::new(MOST_WEIGHTS + 1, vec![0, 0, 0], Vec::new()).unwrap();
    assert!(error(&wide, &[0, 1], 2, &config).contains("max_tokens"));
}

#[test]
fn a_class_that_counts_more_is_decided_for_more_often() {
    let texts = rows(1, &[&[0], &[0], &[0], &[0]]);
    let labels = [1, 0, 0, 0];
    let of = |weights: [f32; 2]| {
        let model = train_weighted(&texts, &labels, &weights, &exact(), |_| true).unwrap();
        model.logit(&[0])
    };
    assert!(of([1.0, 1.0]) < 0.0);
    assert!((of([0.5, 1.5]) - 0.0).abs() < 1e-6);
}

#[test]
fn a_training_can_be_ended() {
    let mut told = 0;
    train(&texts(), &[0, 1, 0, 1, 0, 1], 2, &exact(), |progress| {
        told += 1;
        assert_eq!(progress.iteration, told);
        assert_eq!(progress.model().columns(), 5);
        told < 3
    })
    .unwrap();
    assert_eq!(told, 3);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// The number of threads makes no difference to any bit.
    #[test]
    fn threads_make_no_difference(
        texts in prop::collection::vec(prop::collection::btree_set(0u32..60, 0..20), 2..80),
        classes in 2usize..5,
    ) {
        let texts: Vec<Vec<u32>> = texts.into_iter().map(|text| text.into_iter().collect()).collect();
        let texts: Vec<&[u32]> = texts.iter().map(Vec::as_slice).collect();
        let rows = rows(60, &texts);
        let labels: Vec<usize> = (0..rows.len()).map(|row| row % classes).collect();
        let with = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| train(&rows, &labels, classes, &LinearConfig::default(), |_| true)).unwrap()
        };
        prop_assert_eq!(with(1), with(3));
    }
}
