//! Whether a network is right as often as its probabilities say.

use crate::{Bin, Calibration, Predictions};

/// The number of bins of a [`Calibration`].
pub const BINS: usize = 10;

/// What [`Predictions::calibration`] says.
pub(crate) fn calibration(predictions: &Predictions<'_>) -> Calibration {
    let mut texts = [0_usize; BINS];
    let mut right = [0_usize; BINS];
    let mut sums = [0.0; BINS];
    for (label, row) in predictions.rows() {
        let class = Predictions::choice(row);
        let confidence = f64::from(row[class]);
        let bin = (1..BINS).take_while(|bin| confidence > edge(*bin)).count();
        texts[bin] += 1;
        right[bin] += usize::from(class == label);
        sums[bin] += confidence;
    }
    let bins = (0..BINS).map(|bin| Bin {
        from: edge(bin),
        to: edge(bin + 1),
        texts: texts[bin],
        confidence: sums[bin] / texts[bin].max(1) as f64,
        accuracy: right[bin] as f64 / texts[bin].max(1) as f64,
    });
    let bins: Vec<Bin> = bins.collect();
    let mut error = 0.0;
    for bin in &bins {
        error += bin.texts as f64 * (bin.accuracy - bin.confidence).abs();
    }
    Calibration {
        expected_error: error / predictions.texts() as f64,
        bins,
    }
}

/// Where a bin begins.
fn edge(bin: usize) -> f64 {
    bin as f64 / BINS as f64
}
