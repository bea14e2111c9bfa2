//! Numbers that JSON cannot write: serde writes those that are not finite as `null`, and here they are read again.

use serde::{Deserialize, Deserializer};

/// A number, or NaN for `null`.
pub(crate) fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    Ok(Option::<f64>::deserialize(deserializer)?.unwrap_or(f64::NAN))
}

/// Numbers, each of them NaN for `null`.
pub(crate) fn numbers<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<f64>, D::Error> {
    let numbers = Vec::<Option<f64>>::deserialize(deserializer)?;
    Ok(numbers
        .into_iter()
        .map(|number| number.unwrap_or(f64::NAN))
        .collect())
}

/// As [`numbers`], of a field that may not be there.
pub(crate) fn optional_numbers<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Vec<f64>>, D::Error> {
    numbers(deserializer).map(Some)
}

/// As [`optional_numbers`], in single precision.
pub(crate) fn optional_singles<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Vec<f32>>, D::Error> {
    let numbers = Vec::<Option<f32>>::deserialize(deserializer)?;
    Ok(Some(singles(numbers)))
}

/// As [`optional_singles`], of several.
pub(crate) fn tables<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Vec<Vec<f32>>>, D::Error> {
    let tables = Vec::<Vec<Option<f32>>>::deserialize(deserializer)?;
    Ok(Some(tables.into_iter().map(singles).collect()))
}

fn singles(numbers: Vec<Option<f32>>) -> Vec<f32> {
    let number = |number: Option<f32>| number.unwrap_or(f32::NAN);
    numbers.into_iter().map(number).collect()
}
