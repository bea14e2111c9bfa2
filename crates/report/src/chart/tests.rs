//! Charts are well-formed, named, and show what they were given.

use resvg::usvg;

use super::*;
use recurrent_runs::{EpochRecord, GradientCurve, Quantiles, TracedReview};

fn traced(words: usize) -> TracedReview {
    TracedReview {
        path: "pos/1_9.txt".to_owned(),
        label: Some(1),
        words: (0..words).map(|word| format!("<w{word}>")).collect(),
        unknown: vec![false; words],
        padding: 5,
        beliefs_of: 1,
        beliefs: (0..words).map(|word| word as f64 / words as f64).collect(),
        scores: vec![0.1, 0.9],
    }
}

fn followed<'a>(label: &'a str, trace: &'a TracedReview) -> Followed<'a> {
    Followed {
        label,
        class: "pos",
        trace,
    }
}

#[test]
fn a_chart_is_well_formed_and_carries_its_name() {
    let svg = beliefs("A & B", &[followed("lstm", &traced(3))])
        .svg()
        .unwrap();
    usvg::Tree::from_str(&svg, &usvg::Options::default()).unwrap();
    assert!(svg.contains("<title>A &amp; B</title>"), "{svg}");
    assert!(svg.contains("role=\"img\""));
    assert!(svg.contains("prefers-color-scheme: dark"));
    // The words stand under it, escaped.
    assert!(svg.contains("&lt;w2&gt;"));
}

#[test]
fn a_chart_of_nothing_is_still_a_chart() {
    let empty = GradientCurve::default();
    let one = GradientCurve {
        texts: 1,
        by_distance: vec![Quantiles::default()],
    };
    for lines in [
        beliefs("Nothing", &[]),
        beliefs("No words", &[followed("lstm", &traced(0))]),
        beliefs("One word", &[followed("lstm", &traced(1))]),
        gradients(&[]),
        gradients(&[("lstm", &empty), ("gru", &one)]),
        loss(&[]),
        calibration("test", &[]),
    ] {
        let svg = lines.svg().unwrap();
        usvg::Tree::from_str(&svg, &usvg::Options::default()).unwrap();
    }
    confusion("test", &[], 600).unwrap();
}

#[test]
fn values_that_are_no_numbers_are_left_out() {
    let mut trace = traced(5);
    trace.beliefs[2] = f64::NAN;
    let svg = beliefs("Gap", &[followed("lstm", &trace)]).svg().unwrap();
    assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
}

#[test]
fn a_gap_is_no_zero_and_no_bridge() {
    let mut runs = [crate::testing::run(0)];
    let record = runs[0].history[1].clone();
    for epoch in 3..=4 {
        runs[0].history.push(EpochRecord {
            epoch,
            ..record.clone()
        });
    }
    let whole = loss(&runs).svg().unwrap();
    runs[0].history[2].test_loss = f64::NAN;
    let lines = loss(&runs);
    // The axis is that of what there is.
    assert!(lines.y.range.0 > 0.4, "{:?}", lines.y.range);
    let gap = lines.svg().unwrap();
    // A line of two points, and a point alone behind the gap.
    let points = |svg: &str| svg.matches("<circle").count() - svg.matches("r=\"7\"").count();
    assert_eq!((points(&whole), points(&gap)), (0, 1));
    assert!(!gap.contains("NaN"));
}

#[test]
fn curves_end_with_the_last_epoch_there_is() {
    // As `--networks lstm,lstm` left them: 2 N records of N epochs.
    let mut run = crate::testing::run(0);
    run.history.extend(run.history.clone());
    let lines = accuracy(&[run]);
    let values: Vec<f64> = lines
        .lines
        .iter()
        .flat_map(|line| &line.values)
        .map(|(_, y)| *y)
        .collect();
    assert!(values.iter().all(|y| *y > 0.4), "{values:?}");
}

#[test]
fn long_names_and_words_are_cut_before_they_are_drawn() {
    let mut trace = traced(10);
    trace.words = vec!["x".repeat(96_000); 10];
    let name = "n".repeat(100_000);
    let svg = beliefs(&name, &[followed(&name, &trace)]).svg().unwrap();
    assert!(svg.len() < 30_000, "{}", svg.len());
    let evaluation = crate::testing::evaluation("lstm");
    let report = crate::measures(&evaluation).unwrap();
    let confused = Confused {
        label: &name,
        classes: &evaluation.classes,
        report: &report,
    };
    let matrix = confusion("test", &[confused], 600).unwrap();
    assert!(matrix.len() < 20_000, "{}", matrix.len());
}

#[test]
fn a_picture_has_the_charts_pixels_and_its_words() {
    let with = |name: &str| {
        let svg = beliefs("Words", &[followed(name, &traced(3))])
            .svg()
            .unwrap();
        png(&svg, 1.0).unwrap()
    };
    let picture = with("lstm");
    // The sizes stand in the header, big-endian.
    let number = |at: usize| u32::from_be_bytes(picture[at..at + 4].try_into().unwrap());
    assert_eq!(&picture[1..4], b"PNG");
    assert_eq!((number(16), number(20)), (1136, 340 + 48));
    // Text is drawn, on a machine without fonts, too: another name makes another picture.
    assert_ne!(picture, with("lstn"));
    assert!(png("no picture", 1.0).is_err());
}

#[test]
fn matrices_of_any_number_of_classes_are_drawn_in_their_width() {
    for classes in [2usize, 3, 5, 6, 12, 13, 24, 25, 60, 61] {
        let labels: Vec<usize> = (0..classes).collect();
        let scores = vec![1.0 / classes as f32; classes * classes];
        let predictions = recurrent_metrics::Predictions::new(classes, &labels, &scores).unwrap();
        let (report, names) = (predictions.report(), vec!["a class".to_owned(); classes]);
        let model = |label| Confused {
            label,
            classes: &names,
            report: &report,
        };
        for width in [NARROW, 1136] {
            let svg = confusion("test", &[model("lstm"), model("gru")], width).unwrap();
            usvg::Tree::from_str(&svg, &usvg::Options::default()).unwrap();
            let cells = svg.matches("<rect").count();
            let drawn = if classes > 60 {
                0
            } else {
                2 * classes * classes
            };
            assert!((drawn..drawn + 3).contains(&cells), "{classes}: {cells}");
            assert!(classes > 12 || svg.contains("predicted"));
        }
    }
}

#[test]
fn padding_is_drawn_as_the_place_after_the_words() {
    let trace = traced(3);
    let lines = beliefs("Padded", &[followed("lstm", &trace)]);
    assert_eq!(lines.lines[1].values.last(), Some(&(4.0, 0.9)));
    let svg = lines.svg().unwrap();
    assert!(svg.contains("padding ×5"), "{svg}");
    assert!(
        svg.contains("<title>3 &lt;w2&gt;: lstm 0.67</title>"),
        "{svg}"
    );
    let masked = TracedReview {
        padding: 0,
        ..trace
    };
    let lines = beliefs("Masked", &[followed("lstm", &masked)]);
    assert_eq!(lines.lines[1].values.len(), 3);
}
