//! Inverse document frequencies, to the last bit as TensorFlow and NumPy compute them. Which tokens they
//! belong to is not known here.

/// The weight of a term that occurs in `df` of `texts` documents: `ln(1 + texts / (1 + df))` in double
/// precision, then rounded. The logarithm is that of the crate `libm`, the same bits on every machine.
pub(crate) fn weight(texts: u64, df: u64) -> f32 {
    libm::log(1.0 + texts as f64 / (1.0 + df as f64)) as f32
}

/// The mean of learned weights: what stands for words that are not in the vocabulary. TensorFlow sums
/// in single precision, in an order that its eight-lane build fixes.
pub(crate) fn mean(weights: &[f32]) -> f32 {
    sum(weights, 0) / weights.len() as f32
}

/// The length up to which TensorFlow sums in one go.
const RUN: usize = 8192;
/// The lanes of its build for AVX.
const LANES: usize = 8;

/// The sum of `weights`, the first of which has the index `first`: halves cut at multiples of eight
/// indices until they are short enough.
fn sum(weights: &[f32], first: usize) -> f32 {
    let length = weights.len();
    if length <= RUN {
        return sum_run(weights);
    }
    let split = (first + length.div_ceil(2)).next_multiple_of(LANES);
    let (left, right) = weights.split_at((split - first).min(length));
    let mut total = 0.0 + sum(left, first);
    if !right.is_empty() {
        total += sum(right, split);
    }
    total
}

/// The sum of a short run: four vectors of eight, then one, then the rest one by one.
fn sum_run(weights: &[f32]) -> f32 {
    let (eights, rest) = weights.as_chunks::<LANES>();
    let (groups, single) = eights.as_chunks::<4>();
    let mut parts = [[0.0_f32; LANES]; 4];
    for group in groups {
        for (part, eight) in parts.iter_mut().zip(group) {
            add(part, eight);
        }
    }
    let [mut lanes, others @ ..] = parts;
    if !groups.is_empty() {
        others.iter().for_each(|part| add(&mut lanes, part));
    }
    single.iter().for_each(|eight| add(&mut lanes, eight));
    let tail = rest.iter().fold(0.0, |tail, weight| tail + weight);
    let quarter = |i: usize| lanes[i] + lanes[i + 4];
    let half = |i: usize| quarter(i) + quarter(i + 2);
    tail + (half(0) + half(1))
}

fn add(sum: &mut [f32; LANES], lanes: &[f32; LANES]) {
    for (sum, lane) in sum.iter_mut().zip(lanes) {
        *sum += lane;
    }
}

/// The mean of given weights as NumPy computes it, in double precision and pairwise.
pub(crate) fn mean_of_given(weights: &[f64]) -> f32 {
    (pairwise(weights) / weights.len() as f64) as f32
}

/// The length up to which NumPy sums in one go.
const BLOCK: usize = 128;

fn pairwise(weights: &[f64]) -> f64 {
    let length = weights.len();
    if length < 8 {
        return weights.iter().fold(0.0, |sum, weight| sum + weight);
    }
    if length <= BLOCK {
        let (eights, rest) = weights.as_chunks::<8>();
        let mut r = [0.0; 8];
        for (index, eight) in eights.iter().enumerate() {
            for (sum, weight) in r.iter_mut().zip(eight) {
                *sum = if index == 0 { *weight } else { *sum + weight };
            }
        }
        let sum = ((r[0] + r[1]) + (r[2] + r[3])) + ((r[4] + r[5]) + (r[6] + r[7]));
        return rest.iter().fold(sum, |sum, weight| sum + weight);
    }
    let half = length / 2;
    let (left, right) = weights.split_at(half - half % 8);
    pairwise(left) + pairwise(right)
}
