//! The area under the ROC curve, from ranks.

use crate::Predictions;

/// What [`Predictions::auc`] says.
pub(crate) fn auc(predictions: &Predictions<'_>) -> Option<f64> {
    if predictions.classes() == 2 {
        return one_against_rest(predictions, 1);
    }
    let (mut sum, mut defined) = (0.0, 0_u32);
    for area in (0..predictions.classes()).filter_map(|class| one_against_rest(predictions, class))
    {
        sum += area;
        defined += 1;
    }
    (defined > 0).then(|| sum / f64::from(defined))
}

/// How often a text of the class has a higher probability of it than a text of the others, ties counted half; nothing
/// where either has no text.
fn one_against_rest(predictions: &Predictions<'_>, class: usize) -> Option<f64> {
    let scores = predictions
        .rows()
        .map(|(label, row)| (row[class], label == class));
    let mut scores: Vec<(f32, bool)> = scores.collect();
    scores.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    // Whole numbers, so that nothing is rounded before the division: pairs in the right order count two, ties one.
    let (mut others_below, mut own, mut doubled) = (0_u128, 0_u128, 0_u128);
    // -0 and 0 stand beside each other, and are equal.
    for alike in scores.chunk_by(|a, b| a.0 == b.0) {
        let own_here = alike.iter().filter(|(_, is_own)| *is_own).count() as u128;
        let others_here = alike.len() as u128 - own_here;
        doubled += own_here * (2 * others_below + others_here);
        others_below += others_here;
        own += own_here;
    }
    let pairs = own * others_below;
    (pairs > 0).then(|| doubled as f64 / (2 * pairs) as f64)
}
