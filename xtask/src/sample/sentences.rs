//! The grammar of the sample reviews: sentence patterns with slots, and how a slot is filled.
//!
//! A pattern of opinion never says which side it is on: `{same}` is a word of the side the writer holds, `{other}`
//! one of the opposite side. Both labels so use the same patterns, and order and negation carry the meaning.

use rand::RngExt;
use rand::rngs::ChaCha8Rng;

use super::words::{self, Side};

/// The way in which an opinion is put.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Manner {
    /// "The music is superb."
    Plain,
    /// "The music is not dull."
    Negated,
    /// "The plot is dull, but the music is superb."
    Contrast,
    /// "I expected a dull western and found a superb one."
    Expected,
    /// "The critics call it dull; I call it superb."
    Attributed,
}

impl Manner {
    fn patterns(self) -> &'static [&'static str] {
        match self {
            Self::Plain => &[
                "The {part} is {very} {same}.",
                "I found the {part} {very} {same}.",
                "{lead} is {very} {same} in it.",
                "The {part} by {second} is {same}.",
                "I {same_verb} the {part}.",
                "I {same_verb} {lead} and the {part}.",
                "It is {very} {same}, I must say.",
                "The {part} is a {same_noun}.",
                "What a {same} {part}!",
            ],
            Self::Negated => &[
                "The {part} is not {other}.",
                "The {part} is not {other} at all.",
                "{lead} is never {other} in it.",
                "I would not call the {part} {other}.",
                "There is nothing {other} in the {part}.",
                "The {part} is no {other_noun}.",
                "It isn’t {other}, not for a minute.",
            ],
            Self::Contrast => &[
                "The {part} is {other}, but the {part_too} is {very} {same}.",
                "It looks {other} at first, but it is {very} {same}.",
                "{second} may be {other}, but {lead} is {same}.",
                "Yes, I {other_verb} the {part}, but I {same_verb} the {part_too}.",
            ],
            Self::Expected => &[
                "I expected a {other} {genre} and found a {same} one.",
                "I was told it is {other} and found it {same}.",
                "I expected a {other_noun} and got a {same_noun}.",
                "What seemed {other} in the trailer is {same} in the film.",
            ],
            Self::Attributed => &[
                "The {crowd} call it {other}; I call it {same}.",
                "My {friend} says it is {other}, and my {friend} is wrong.",
                "The {crowd} {other_verb} it, and the {crowd} did not watch it.",
                "Some find {lead} {other}, and I don’t agree.",
            ],
        }
    }
}

const OPENINGS: &[&str] = &[
    "I saw {film} {time}.",
    "{film} is a {genre} with {lead}.",
    "{film} is a {genre} from {year}.",
    "{time} I watched {film} {venue}.",
    "{film} is set {place}.",
    "So this is {film}, the {genre} with {lead} and {second}.",
];

const FILLERS: &[&str] = &[
    "It is set {place}.",
    "{lead} plays a {job} who {deed}.",
    "{second} plays the {job}.",
    "The {job} {deed} and {deed}.",
    "The {job} {deed}.",
    "I saw it {time} {venue}.",
    "It runs for {number} minutes.",
    "The film was made in {year}.",
    "There is a scene with {thing}.",
    "There is a scene with {thing} and {thing}.",
    "Then the {job} {deed}.",
    "{place}, the {job} {deed}.",
    "{second} and {lead} meet {place}.",
    "My {friend} was there too.",
    "It is based on a novel from {year}.",
    "We see {thing} {number} times.",
    "Half of it takes place {place}.",
    "{second} made {number} films before this one.",
    "About {number} people were in the room.",
    "Later the {job} and {lead} talk about {thing}.",
];

const VERDICTS: &[&str] = &[
    "All in all, {film} is {very} {same}.",
    "In the end I {same_verb} it.",
    "In short: {very} {same}.",
    "So, a {same} {genre} and a {same_noun}.",
    "Expect a {other} {genre}? No, it is {very} {same}.",
    "The {crowd} say {other}, I say {very} {same}!",
    "For me it was never {other}; it was {same}.",
    "Not {other}, but {same}.",
];

/// How many entries of a list of words one review draws from, where it draws more than one: a reviewer comes back
/// to the same things and uses the same words. (The packed sample is a tenth smaller for it.)
const WORDS: usize = 2;
/// The same for the patterns of one manner.
const PATTERNS: usize = 3;

/// What stays the same throughout one review.
pub(super) struct Scene {
    film: &'static str,
    genre: &'static str,
    lead: &'static str,
    second: &'static str,
    /// Where in each list the part begins that this review draws from.
    turn: usize,
}

impl Scene {
    /// Draws a film and two different people.
    pub(super) fn draw(rng: &mut ChaCha8Rng) -> Self {
        let lead = rng.random_range(0..words::PEOPLE.len());
        let step = rng.random_range(1..words::PEOPLE.len());
        Self {
            film: words::FILMS[rng.random_range(0..words::FILMS.len())],
            genre: words::GENRES[rng.random_range(0..words::GENRES.len())],
            lead: words::PEOPLE[lead],
            second: words::PEOPLE[(lead + step) % words::PEOPLE.len()],
            turn: rng.random_range(0..1 << 20),
        }
    }

    /// One entry of this review's part of `list`, which is `width` long.
    fn pick(&self, list: &[&'static str], width: usize, rng: &mut ChaCha8Rng) -> &'static str {
        list[(self.turn + rng.random_range(0..width.min(list.len()))) % list.len()]
    }

    /// A word of a list of opinions: from the strong half as often as the stance is strong.
    fn graded(&self, list: &[&'static str], strength: f64, rng: &mut ChaCha8Rng) -> &'static str {
        let (mild, strong) = list.split_at(list.len() / 2);
        self.pick(
            if rng.random_bool(strength) {
                strong
            } else {
                mild
            },
            WORDS,
            rng,
        )
    }
}

/// The side a sentence takes, and how strongly, from 0 to 1.
#[derive(Clone, Copy)]
pub(super) struct Stance {
    pub(super) positive: bool,
    pub(super) strength: f64,
}

impl Stance {
    /// The opposite side, for a sentence that goes against the review it stands in.
    pub(super) fn against(self) -> Self {
        Self {
            positive: !self.positive,
            ..self
        }
    }
}

pub(super) fn opening(scene: &Scene, rng: &mut ChaCha8Rng) -> String {
    // An opening holds no slot of opinion, so the stance is of no account.
    fill(
        scene.pick(OPENINGS, PATTERNS, rng),
        scene,
        Stance {
            positive: true,
            strength: 0.0,
        },
        rng,
    )
}

pub(super) fn filler(scene: &Scene, rng: &mut ChaCha8Rng) -> String {
    fill(
        scene.pick(FILLERS, PATTERNS, rng),
        scene,
        Stance {
            positive: true,
            strength: 0.0,
        },
        rng,
    )
}

pub(super) fn opinion(
    manner: Manner,
    scene: &Scene,
    stance: Stance,
    rng: &mut ChaCha8Rng,
) -> String {
    fill(
        scene.pick(manner.patterns(), PATTERNS, rng),
        scene,
        stance,
        rng,
    )
}

pub(super) fn verdict(scene: &Scene, stance: Stance, rng: &mut ChaCha8Rng) -> String {
    fill(scene.pick(VERDICTS, PATTERNS, rng), scene, stance, rng)
}

/// Fills the slots from left to right, then puts the articles and the first letter right.
fn fill(pattern: &str, scene: &Scene, stance: Stance, rng: &mut ChaCha8Rng) -> String {
    let mut out = String::new();
    let mut rest = pattern;
    while let Some((before, after)) = rest.split_once('{') {
        let (slot, after) = after.split_once('}').unwrap_or((after, ""));
        out += before;
        match slot_word(slot, scene, stance, rng) {
            "" => rest = after.trim_start(),
            word => {
                out += word;
                rest = after;
            }
        }
    }
    out += rest;
    capital(&articles(&out))
}

fn slot_word(slot: &str, scene: &Scene, stance: Stance, rng: &mut ChaCha8Rng) -> &'static str {
    let (same, other): (&Side, &Side) = if stance.positive {
        (&words::GOOD, &words::BAD)
    } else {
        (&words::BAD, &words::GOOD)
    };
    let strength = stance.strength;
    match slot {
        "same" => scene.graded(same.adjectives, strength, rng),
        "other" => scene.graded(other.adjectives, strength, rng),
        "same_noun" => scene.graded(same.nouns, strength, rng),
        "other_noun" => scene.graded(other.nouns, strength, rng),
        "same_verb" => scene.graded(same.verbs, strength, rng),
        "other_verb" => scene.graded(other.verbs, strength, rng),
        "very" if rng.random_bool(0.5) => "",
        "very" if rng.random_bool(strength) => scene.pick(words::STRONG, WORDS, rng),
        "very" => scene.pick(words::MILD, WORDS, rng),
        "film" => scene.film,
        "genre" => scene.genre,
        "lead" => scene.lead,
        "second" => scene.second,
        "part" => scene.pick(words::PARTS, WORDS, rng),
        // From the next entries, so that no part is held against itself.
        "part_too" => words::PARTS[(scene.turn + WORDS) % words::PARTS.len()],
        "place" => scene.pick(words::PLACES, 1, rng),
        "job" => scene.pick(words::JOBS, 1, rng),
        "deed" => scene.pick(words::DEEDS, WORDS, rng),
        "time" => scene.pick(words::TIMES, 1, rng),
        "venue" => scene.pick(words::VENUES, 1, rng),
        "friend" => scene.pick(words::FRIENDS, 1, rng),
        "crowd" => scene.pick(words::CROWDS, 1, rng),
        "year" => scene.pick(words::YEARS, 1, rng),
        "number" => scene.pick(words::NUMBERS, 1, rng),
        "thing" => scene.pick(words::THINGS, WORDS, rng),
        // A slot without a list: left visible, for the test that reads every pattern.
        _ => "{?}",
    }
}

/// Writes "an" for "a" before a vowel.
fn articles(sentence: &str) -> String {
    let words: Vec<&str> = sentence.split(' ').collect();
    let before_vowel = |index: usize| {
        words
            .get(index + 1)
            .is_some_and(|next| next.starts_with(['a', 'e', 'i', 'o', 'u']))
    };
    let mended = words.iter().enumerate().map(|(index, word)| match *word {
        "a" if before_vowel(index) => "an",
        "A" if before_vowel(index) => "An",
        word => word,
    });
    mended.collect::<Vec<_>>().join(" ")
}

fn capital(sentence: &str) -> String {
    let mut chars = sentence.chars();
    chars.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(chars).collect()
    })
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use rand::SeedableRng;

    use super::*;

    const MANNERS: [Manner; 5] = [
        Manner::Plain,
        Manner::Negated,
        Manner::Contrast,
        Manner::Expected,
        Manner::Attributed,
    ];

    #[test]
    fn every_slot_of_every_pattern_has_words() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let scene = Scene::draw(&mut rng);
        let stance = Stance {
            positive: true,
            strength: 0.5,
        };
        let patterns = MANNERS.into_iter().flat_map(Manner::patterns);
        for pattern in patterns.chain(OPENINGS).chain(FILLERS).chain(VERDICTS) {
            let sentence = fill(pattern, &scene, stance, &mut rng);
            assert!(
                !sentence.contains(['{', '}']) && !sentence.contains("  "),
                "{pattern}: {sentence}"
            );
        }
    }

    #[test]
    fn neutral_patterns_hold_no_opinion() {
        for pattern in OPENINGS.iter().chain(FILLERS) {
            assert!(
                ["same", "other", "very"]
                    .iter()
                    .all(|slot| !pattern.contains(slot)),
                "{pattern}"
            );
        }
    }

    #[test]
    fn both_sides_have_equally_many_words() {
        let sizes = |side: &Side| [side.adjectives.len(), side.nouns.len(), side.verbs.len()];
        assert_eq!(sizes(&words::GOOD), sizes(&words::BAD));
        let good: BTreeSet<_> = [words::GOOD.adjectives, words::GOOD.nouns, words::GOOD.verbs]
            .concat()
            .into_iter()
            .collect();
        let bad = [words::BAD.adjectives, words::BAD.nouns, words::BAD.verbs].concat();
        assert!(bad.iter().all(|word| !good.contains(word)));
    }

    #[test]
    fn articles_and_capitals() {
        assert_eq!(
            articles("I expected a awful western and a fine one"),
            "I expected an awful western and a fine one"
        );
        assert_eq!(capital("étoile"), "Étoile");
    }

    /// The same words in another order, under the opposite label: no bag of words can tell these apart.
    #[test]
    fn word_order_alone_can_turn_the_label() {
        for manner in [Manner::Expected, Manner::Contrast, Manner::Attributed] {
            let mut rng = ChaCha8Rng::seed_from_u64(2);
            let scene = Scene::draw(&mut rng);
            let mut bags: BTreeMap<Vec<String>, String> = BTreeMap::new();
            let sentence = |positive, rng: &mut ChaCha8Rng| {
                let text = opinion(
                    manner,
                    &scene,
                    Stance {
                        positive,
                        strength: 0.0,
                    },
                    rng,
                );
                let mut bag: Vec<String> = text
                    .to_lowercase()
                    .split(|c: char| !c.is_alphanumeric())
                    .map(str::to_owned)
                    .collect();
                bag.sort();
                (bag, text)
            };
            for _ in 0..3000 {
                let (bag, text) = sentence(true, &mut rng);
                bags.insert(bag, text);
            }
            let pair = (0..3000).find_map(|_| {
                let (bag, text) = sentence(false, &mut rng);
                bags.get(&bag).map(|positive| (positive.clone(), text))
            });
            let (positive, negative) = pair.unwrap_or_else(|| panic!("no pair for {manner:?}"));
            assert_ne!(positive, negative);
        }
    }
}
