//! A whole review: how sentences are mixed and how long it gets. The constants at the top set the difficulty.

use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};

use super::sentences::{self, Manner, Scene, Stance};

/// How often an opinion is put in which manner; parts of the sum. More `Plain` is easier for every network,
/// more `Negated` and `Attributed` misleads a bag of words, `Contrast` and `Expected` tell it nothing.
const MANNERS: [(Manner, u32); 5] = [
    (Manner::Plain, 66),
    (Manner::Negated, 11),
    (Manner::Contrast, 10),
    (Manner::Expected, 7),
    (Manner::Attributed, 6),
];
/// The share of opinions among the sentences between opening and verdict; the rest is neutral.
const OPINIONS: f64 = 0.72;
/// The share of opinions that go against the review they stand in.
const AGAINST: f64 = 0.08;
/// The share of reviews that end on a verdict; the others end on one more opinion for their side.
const VERDICTS: f64 = 0.5;
/// The share of reviews of full length, which end near the hundredth word, where the networks stop reading.
const FULL_LENGTH: f64 = 0.85;
/// Words in a review of full length.
const FULL: std::ops::RangeInclusive<usize> = 84..=97;
/// Words in the others.
const SHORT: std::ops::RangeInclusive<usize> = 32..=87;
/// The share of reviews with HTML line breaks, as in the real data.
const WITH_BREAKS: f64 = 0.25;
/// The share of reviews written without capitals.
const LOWER_CASE: f64 = 0.06;

/// Ratings of each side, weak first, as in the real file names; 5 and 6 do not occur.
const POSITIVE_RATINGS: [u8; 4] = [7, 8, 9, 10];
const NEGATIVE_RATINGS: [u8; 4] = [4, 3, 2, 1];
/// How strong the words of a rating are, from weak to strong.
const STRENGTHS: [f64; 4] = [0.1, 0.35, 0.65, 0.9];

/// One review of the sample.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Review {
    pub(super) rating: u8,
    pub(super) text: String,
}

/// Writes the review of the given side that belongs to `stream`: the same arguments, the same review.
pub(super) fn write(seed: u64, stream: u64, positive: bool) -> Review {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(stream);
    let rng = &mut rng;
    let grade = rng.random_range(0..STRENGTHS.len());
    let rating = if positive {
        POSITIVE_RATINGS[grade]
    } else {
        NEGATIVE_RATINGS[grade]
    };
    let stance = Stance {
        positive,
        strength: STRENGTHS[grade],
    };
    let length = if rng.random_bool(FULL_LENGTH) {
        rng.random_range(FULL)
    } else {
        rng.random_range(SHORT)
    };
    let sentences = compose(&Scene::draw(rng), stance, length, rng);
    let mut text = join(&sentences, rng);
    if rng.random_bool(LOWER_CASE) {
        text = text.to_lowercase();
    }
    Review { rating, text }
}

/// Opening, body and a last sentence that stands for the review's side; `length` words at the most.
fn compose(scene: &Scene, stance: Stance, length: usize, rng: &mut ChaCha8Rng) -> Vec<String> {
    /// Sentences that are drawn and found too long before the gap is left as it is.
    const TRIES: usize = 30;

    let words = |sentence: &str| sentence.split_whitespace().count();
    let mut sentences = vec![sentences::opening(scene, rng)];
    let last = if rng.random_bool(VERDICTS) {
        sentences::verdict(scene, stance, rng)
    } else {
        sentences::opinion(manner(rng), scene, stance, rng)
    };
    let mut room = length.saturating_sub(words(&sentences[0]) + words(&last));
    let mut misses = 0;
    while misses < TRIES {
        let next = body(scene, stance, rng);
        match room
            .checked_sub(words(&next))
            .filter(|_| !sentences.contains(&next))
        {
            Some(left) => {
                room = left;
                sentences.push(next);
            }
            None => misses += 1,
        }
    }
    sentences.push(last);
    sentences
}

fn body(scene: &Scene, stance: Stance, rng: &mut ChaCha8Rng) -> String {
    if !rng.random_bool(OPINIONS) {
        return sentences::filler(scene, rng);
    }
    let side = if rng.random_bool(AGAINST) {
        stance.against()
    } else {
        stance
    };
    sentences::opinion(manner(rng), scene, side, rng)
}

fn manner(rng: &mut ChaCha8Rng) -> Manner {
    let total: u32 = MANNERS.iter().map(|(_, share)| share).sum();
    let mut drawn = rng.random_range(0..total);
    for (manner, share) in MANNERS {
        match drawn.checked_sub(share) {
            Some(left) => drawn = left,
            None => return manner,
        }
    }
    Manner::Plain
}

/// Sentences to a text: mostly spaces between them, in some reviews a paragraph or two.
fn join(sentences: &[String], rng: &mut ChaCha8Rng) -> String {
    let breaks = if rng.random_bool(WITH_BREAKS) {
        rng.random_range(1..=2)
    } else {
        0
    };
    let at: Vec<usize> = (0..breaks)
        .map(|_| rng.random_range(1..sentences.len()))
        .collect();
    let mut text = String::new();
    for (index, sentence) in sentences.iter().enumerate() {
        if index > 0 {
            text += if at.contains(&index) {
                "<br /><br />"
            } else {
                " "
            };
        }
        text += sentence;
    }
    text
}
