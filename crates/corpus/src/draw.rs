//! Which texts a random share of a corpus takes: decided by the text itself, so that neither the order of rows nor
//! their labels matter, and a text that is there twice never lands on both sides.

use sha2::{Digest, Sha256};

use crate::part::Part;

/// A random share of all texts, the same on every machine.
///
/// A text is drawn where the first eight bytes of the SHA-256 of part, seed and text, as a big-endian integer, are less
/// than the share of 2⁶⁴. The part is hashed too, so that a second draw with the same seed knows nothing of the first.
pub(crate) struct Draw {
    start: Sha256,
    below: u64,
}

impl Draw {
    /// `share` is to be between 0 and 1; `None` otherwise.
    pub(crate) fn new(part: Part, share: f64, seed: u64) -> Option<Self> {
        if !(share > 0.0 && share < 1.0) {
            return None;
        }
        let mut start = Sha256::new();
        start.update(part.name());
        start.update([0]);
        start.update(seed.to_le_bytes());
        // A multiplication by a power of two is exact.
        let below = (share * 2_f64.powi(64)) as u64;
        Some(Self { start, below })
    }

    pub(crate) fn takes(&self, text: &str) -> bool {
        let digest = self.start.clone().chain_update(text).finalize();
        let first = digest.iter().take(8);
        first.fold(0, |number, byte| number << 8 | u64::from(*byte)) < self.below
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(part: Part, share: f64, seed: u64) -> Vec<usize> {
        let draw = Draw::new(part, share, seed).unwrap();
        (0..1000)
            .filter(|number| draw.takes(&format!("text {number}")))
            .collect()
    }

    #[test]
    fn a_share_is_about_as_large_as_asked_for_and_depends_on_seed_and_part() {
        let drawn = taken(Part::Validation, 0.2, 5);
        assert!((150..250).contains(&drawn.len()), "{}", drawn.len());
        // Fixed for ever: a split must not move when the program is built anew.
        assert_eq!(drawn[..4], FIRST);
        assert_eq!(drawn, taken(Part::Validation, 0.2, 5));
        assert_ne!(drawn, taken(Part::Validation, 0.2, 6));
        let test = taken(Part::Test, 0.2, 5);
        let both = drawn.iter().filter(|number| test.contains(number)).count();
        assert!((15..80).contains(&both), "{both}");
        let more = taken(Part::Validation, 0.4, 5);
        assert!(drawn.iter().all(|number| more.contains(number)));
    }

    // As another implementation of SHA-256 has it.
    const FIRST: [usize; 4] = [0, 1, 7, 15];

    #[test]
    fn shares_that_are_none_are_refused() {
        for share in [0.0, 1.0, -0.1, 1.5, f64::NAN, f64::INFINITY] {
            assert!(Draw::new(Part::Test, share, 0).is_none(), "{share}");
        }
    }
}
