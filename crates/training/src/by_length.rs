//! Batches of texts of about the same length.

use rand::Rng;
use rand::seq::SliceRandom;

/// Batches among whose texts those of about the same length are looked for: few enough that an epoch's batches are still drawn
/// at random, and enough that little padding is left.
const WINDOW: usize = 64;

/// Puts `rows`, which are in random order, into batches of `size` texts of about the same length, in random order; a last
/// batch that is not full stays the last.
pub(crate) fn arrange(rows: &mut [u32], lengths: &[usize], size: usize, generator: &mut impl Rng) {
    for window in rows.chunks_mut(size.saturating_mul(WINDOW)) {
        // Of one length, as they stood: the sort is stable.
        window.sort_by_key(|row| lengths[*row as usize]);
        let full = window.len() / size;
        let mut batches: Vec<usize> = (0..full).collect();
        batches.shuffle(generator);
        let sorted = window.to_vec();
        for (place, batch) in batches.into_iter().enumerate() {
            window[place * size..(place + 1) * size]
                .copy_from_slice(&sorted[batch * size..(batch + 1) * size]);
        }
    }
}

/// The most tokens of a text of each batch.
pub(crate) fn longest(rows: &[u32], lengths: &[usize], size: usize) -> Vec<usize> {
    let length = |row: &u32| lengths[*row as usize];
    let longest = |batch: &[u32]| batch.iter().map(length).max().unwrap_or(1);
    rows.chunks(size).map(longest).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    #[test]
    fn batches_have_all_texts_and_little_padding() {
        let lengths: Vec<usize> = (0..1003).map(|row| 1 + (row * 7919) % 400).collect();
        let mut rows: Vec<u32> = (0..1003).collect();
        let mut generator = ChaCha8Rng::seed_from_u64(3);
        rows.shuffle(&mut generator);
        let random = longest(&rows, &lengths, 8);
        let before = rows.clone();
        arrange(&mut rows, &lengths, 8, &mut generator);
        let mut sorted = rows.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, (0..1003).collect::<Vec<u32>>());
        let arranged = longest(&rows, &lengths, 8);
        assert_eq!(arranged.len(), random.len());
        // 200 tokens a text are needed; of eight at random, the longest has some 355.
        let mean = |longest: &[usize]| longest.iter().sum::<usize>() as f64 / longest.len() as f64;
        assert!(mean(&random) > 330.0 && mean(&arranged) < 215.0);
        // Not from the short ones to the long ones.
        assert!(!arranged.is_sorted());
        // Others in another epoch.
        let mut others = before;
        others.reverse();
        arrange(&mut others, &lengths, 8, &mut generator);
        assert_ne!(others, rows);
    }

    #[test]
    fn few_texts_are_one_batch() {
        let mut rows = [2, 0, 1];
        let mut generator = ChaCha8Rng::seed_from_u64(3);
        arrange(&mut rows, &[5, 1, 9], 32, &mut generator);
        assert_eq!(longest(&rows, &[5, 1, 9], 32), [9]);
    }
}
