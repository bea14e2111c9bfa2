//! What a text should count in training where some classes are rare.

/// The weight of each class's texts with which all classes count alike: `n / (classes · count)`, with `n` texts in all
/// and as many `classes` as have any.
///
/// `counts` has the number of texts of each class, and so has the result one weight, 0 and upwards, for each class; 0
/// for one without texts. The mean weight of a text is 1. As scikit-learn's
/// [`compute_class_weight("balanced")`](https://scikit-learn.org/stable/modules/generated/sklearn.utils.class_weight.compute_class_weight.html)
/// of the classes that occur (it refuses others); after King and Zeng, *Logistic regression in rare events data*, 2001.
///
/// ```
/// use recurrent_metrics::class_weights_balanced;
///
/// assert_eq!(class_weights_balanced(&[6, 2]), [8.0 / 12.0, 2.0]);
/// assert_eq!(class_weights_balanced(&[6, 0, 2]), [8.0 / 12.0, 0.0, 2.0]);
/// ```
#[must_use]
pub fn class_weights_balanced(counts: &[usize]) -> Vec<f32> {
    let mut texts = 0.0;
    for count in counts {
        texts += *count as f64;
    }
    let occurring = counts.iter().filter(|count| **count > 0).count() as f64;
    let weights = counts.iter().map(|count| match count {
        0 => 0.0,
        count => (texts / (occurring * *count as f64)) as f32,
    });
    weights.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_alike_weigh_one() {
        assert_eq!(class_weights_balanced(&[7, 7, 7]), [1.0; 3]);
        assert_eq!(class_weights_balanced(&[7]), [1.0]);
    }

    #[test]
    fn what_has_no_texts_weighs_nothing() {
        assert_eq!(class_weights_balanced(&[0, 0]), [0.0; 2]);
        assert!(class_weights_balanced(&[]).is_empty());
    }

    #[test]
    fn no_count_is_too_large() {
        assert_eq!(class_weights_balanced(&[usize::MAX; 3]), [1.0; 3]);
    }
}
