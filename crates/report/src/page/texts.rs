//! The page's texts: what networks predict word by word, and what they got most wrong.

use std::borrow::Cow;

use recurrent_runs::{Evaluation, TracedReview};

use crate::chart::{self, Followed};
use crate::text::cut;
use crate::{ReportError, text};

/// Texts that are shown word by word.
const READINGS: usize = 12;

/// Words of each that are shown; lines are drawn of all.
const WORDS: usize = 2000;

/// Characters of a word.
const WORD: usize = 60;

/// Texts that a network got wrong, and characters of each that are shown.
const WRONG: (usize, usize) = (10, 20_000);

/// Characters of a path.
const PATH: usize = 200;

/// What a network got most wrong.
pub(super) struct Wrong<'a> {
    pub(super) label: &'a str,
    pub(super) reviews: Vec<WrongReview<'a>>,
}

pub(super) struct WrongReview<'a> {
    pub(super) path: Cow<'a, str>,
    pub(super) text: Cow<'a, str>,
    pub(super) label: Cow<'a, str>,
    pub(super) predicted: String,
}

/// A text, word by word.
pub(super) struct Reading<'a> {
    pub(super) path: Cow<'a, str>,
    pub(super) label: Option<Cow<'a, str>>,
    /// The chart for a wide page, and for a narrow one.
    pub(super) charts: [String; 2],
    pub(super) networks: Vec<Shaded<'a>>,
}

pub(super) struct Shaded<'a> {
    pub(super) label: &'a str,
    pub(super) predicted: String,
    /// Whether that is what the text is.
    pub(super) right: bool,
    /// The class that shades are of.
    pub(super) class: Cow<'a, str>,
    pub(super) words: Vec<Word<'a>>,
    /// Words that are not shown.
    pub(super) more: usize,
    /// Steps of padding behind the words, and what is predicted after them.
    pub(super) padding: usize,
    pub(super) end: Word<'a>,
}

pub(super) struct Word<'a> {
    pub(super) text: Cow<'a, str>,
    pub(super) unknown: bool,
    /// Of two classes 0 (surely the first) to 10 (surely the second); of more 5 (surely not this) to 10 (surely this).
    pub(super) shade: usize,
    pub(super) probability: String,
}

/// The name of a class.
pub(super) fn class(evaluation: &Evaluation, label: u32) -> Cow<'_, str> {
    let name = evaluation.classes.get(label as usize);
    cut(name.map_or("", String::as_str), text::LABEL)
}

pub(super) fn wrong<'a>(evaluations: &[(&'a str, &'a Evaluation)]) -> Vec<Wrong<'a>> {
    let networks = evaluations.iter().map(|(label, evaluation)| Wrong {
        label,
        reviews: evaluation
            .worst
            .iter()
            .take(WRONG.0)
            .map(|review| WrongReview {
                path: cut(&review.path, PATH),
                text: cut(&review.text, WRONG.1),
                label: class(evaluation, review.label),
                predicted: predicted(evaluation, &review.scores),
            })
            .collect(),
    });
    networks
        .filter(|network| !network.reviews.is_empty())
        .collect()
}

/// The predicted class, with its probability.
fn predicted(evaluation: &Evaluation, scores: &[f64]) -> String {
    let label = largest(scores);
    let probability = scores.get(label).copied().unwrap_or_default();
    format!(
        "{} ({:.1} %)",
        class(evaluation, label as u32),
        100.0 * probability
    )
}

/// The place of the largest; of equal ones, the first.
fn largest(scores: &[f64]) -> usize {
    let better = |best: usize, place: usize| match scores[place] > scores[best] {
        true => place,
        false => best,
    };
    (0..scores.len()).fold(0, better)
}

/// A text as a network of some name read it.
type Read<'a> = (&'a str, &'a Evaluation, &'a TracedReview);

/// The texts, each with all that read it.
pub(super) fn readings<'a>(
    evaluations: &[(&'a str, &'a Evaluation)],
    two: bool,
) -> Result<Vec<Reading<'a>>, ReportError> {
    let mut texts: Vec<Vec<Read<'a>>> = Vec::new();
    for (label, evaluation) in evaluations {
        for trace in &evaluation.traces {
            let read = (*label, *evaluation, trace);
            match texts.iter_mut().find(|text| is_same(&text[0], &read)) {
                Some(text) => text.push(read),
                None => texts.push(vec![read]),
            }
        }
    }
    texts.truncate(READINGS);
    texts.into_iter().map(|reads| reading(reads, two)).collect()
}

/// Whether two read the same text, as far as both read it: another data set may have another one of that name.
fn is_same((_, evaluation, trace): &Read<'_>, (_, other, other_trace): &Read<'_>) -> bool {
    let mut words = trace.words.iter().zip(&other_trace.words);
    evaluation.classes == other.classes
        && trace.path == other_trace.path
        && trace.label == other_trace.label
        && words.all(|(word, other)| word == other)
}

fn reading(reads: Vec<Read<'_>>, two: bool) -> Result<Reading<'_>, ReportError> {
    let followed: Vec<Followed<'_>> = reads
        .iter()
        .map(|(label, evaluation, trace)| Followed {
            label,
            class: evaluation
                .classes
                .get(trace.beliefs_of as usize)
                .map_or("", String::as_str),
            trace,
        })
        .collect();
    let (_, evaluation, trace) = reads[0];
    let chart = chart::beliefs("Probability after each word", &followed);
    Ok(Reading {
        path: cut(&trace.path, PATH),
        label: trace.label.map(|label| class(evaluation, label)),
        charts: [chart.svg()?, chart.narrow().svg()?],
        networks: reads.into_iter().map(|read| shaded(read, two)).collect(),
    })
}

/// With shades of two ends where `two` is true, else of one.
fn shaded<'a>((label, evaluation, trace): Read<'a>, two: bool) -> Shaded<'a> {
    let word = |text: &'a str, unknown: bool, belief: f64| Word {
        text: cut(text, WORD),
        unknown,
        shade: match two {
            true => (belief * 10.0).round().clamp(0.0, 10.0) as usize,
            false => 5 + (belief * 5.0).round().clamp(0.0, 5.0) as usize,
        },
        probability: format!("{belief:.2}"),
    };
    let words = trace.words.iter().zip(&trace.unknown).zip(&trace.beliefs);
    let words = words.take(WORDS);
    let end = trace.scores.get(trace.beliefs_of as usize).copied();
    Shaded {
        label,
        predicted: predicted(evaluation, &trace.scores),
        right: trace.label == Some(largest(&trace.scores) as u32),
        class: class(evaluation, trace.beliefs_of),
        words: words
            .map(|((text, unknown), belief)| word(text, *unknown, *belief))
            .collect(),
        more: trace.words.len().saturating_sub(WORDS),
        padding: trace.padding,
        end: word("", false, end.unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::evaluation;

    #[test]
    fn a_prediction_names_the_class_and_its_probability() {
        let of = evaluation("lstm");
        assert_eq!(predicted(&of, &[0.75, 0.25]), "neg (75.0 %)");
        assert_eq!(predicted(&of, &[0.001, 0.999]), "pos (99.9 %)");
    }

    #[test]
    fn shades_have_two_ends_for_two_classes_and_one_for_more() {
        let of = evaluation("lstm");
        let shades = |two: bool| -> Vec<usize> {
            let words = shaded(("lstm", &of, &of.traces[0]), two).words;
            words.iter().map(|word| word.shade).collect()
        };
        assert_eq!(shades(true), [5, 6, 4, 9]);
        assert_eq!(shades(false), [8, 8, 7, 10]);
    }

    #[test]
    fn networks_share_a_reading_only_of_the_same_text() {
        let one = evaluation("lstm");
        let mut shorter = evaluation("gru");
        let trace = &mut shorter.traces[0];
        trace.words.truncate(2);
        trace.unknown.truncate(2);
        trace.beliefs.truncate(2);
        // As another data set has it: the same name, another text.
        let mut other = evaluation("lstm");
        other.traces[0].words[0] = "un".to_owned();
        let all = [
            ("lstm", &one),
            ("gru", &shorter),
            ("lstm, data set other", &other),
        ];
        let readings = readings(&all, true).unwrap();
        let labels: Vec<Vec<&str>> = readings
            .iter()
            .map(|reading| reading.networks.iter().map(|n| n.label).collect())
            .collect();
        assert_eq!(labels, [vec!["lstm", "gru"], vec!["lstm, data set other"]]);
    }
}
