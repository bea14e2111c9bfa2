//! The page's reviews: what networks believe word by word, and what they got most wrong.

use std::borrow::Cow;

use recurrent_runs::{Evaluation, TracedReview};

use crate::chart;
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
    pub(super) verdict: String,
}

/// A text, word by word.
pub(super) struct Reading<'a> {
    pub(super) path: Cow<'a, str>,
    pub(super) label: Option<Cow<'a, str>>,
    pub(super) chart: String,
    pub(super) networks: Vec<Shaded<'a>>,
}

pub(super) struct Shaded<'a> {
    pub(super) label: &'a str,
    pub(super) verdict: String,
    pub(super) words: Vec<Word<'a>>,
    /// Words that are not shown.
    pub(super) more: usize,
}

pub(super) struct Word<'a> {
    pub(super) text: Cow<'a, str>,
    pub(super) unknown: bool,
    /// 0 (surely the first class) to 10 (surely the second).
    pub(super) shade: usize,
    pub(super) belief: String,
}

/// Names of an evaluation's two classes.
pub(super) fn classes(evaluation: &Evaluation) -> [Cow<'_, str>; 2] {
    match evaluation.classes.as_slice() {
        [first, second] => [cut(first, text::LABEL), cut(second, text::LABEL)],
        _ => ["0".into(), "1".into()],
    }
}

fn class(evaluation: &Evaluation, label: u8) -> Cow<'_, str> {
    let [first, second] = classes(evaluation);
    if label > 0 { second } else { first }
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
                verdict: verdict(review.probability, &classes(evaluation)),
            })
            .collect(),
    });
    networks
        .filter(|network| !network.reviews.is_empty())
        .collect()
}

fn verdict(probability: f64, classes: &[Cow<'_, str>; 2]) -> String {
    let (class, sure) = match probability > 0.5 {
        true => (&classes[1], probability),
        false => (&classes[0], 1.0 - probability),
    };
    format!("{class}, {:.1} % sure", 100.0 * sure)
}

/// A text as a network of some name read it.
type Read<'a> = (&'a str, &'a Evaluation, &'a TracedReview);

/// The texts, each with all that read it.
pub(super) fn readings<'a>(
    evaluations: &[(&'a str, &'a Evaluation)],
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
    texts.into_iter().map(reading).collect()
}

/// Whether two read the same text, as far as both read it: another data set may have another one of that name.
fn is_same((_, evaluation, trace): &Read<'_>, (_, other, other_trace): &Read<'_>) -> bool {
    let mut words = trace.words.iter().zip(&other_trace.words);
    evaluation.classes == other.classes
        && trace.path == other_trace.path
        && trace.label == other_trace.label
        && words.all(|(word, other)| word == other)
}

fn reading(reads: Vec<Read<'_>>) -> Result<Reading<'_>, ReportError> {
    let named: Vec<(&str, &TracedReview)> = reads
        .iter()
        .map(|(label, _, trace)| (*label, *trace))
        .collect();
    let (_, evaluation, trace) = reads[0];
    Ok(Reading {
        path: cut(&trace.path, PATH),
        label: trace.label.map(|label| class(evaluation, label)),
        chart: chart::beliefs("Belief after each word", &named).svg()?,
        networks: named
            .into_iter()
            .map(|(label, trace)| Shaded {
                label,
                verdict: verdict(trace.probability, &classes(evaluation)),
                words: shaded(trace),
                more: trace.words.len().saturating_sub(WORDS),
            })
            .collect(),
    })
}

fn shaded(trace: &TracedReview) -> Vec<Word<'_>> {
    let words = trace.words.iter().zip(&trace.unknown).zip(&trace.beliefs);
    words
        .take(WORDS)
        .map(|((text, unknown), belief)| Word {
            text: cut(text, WORD),
            unknown: *unknown,
            shade: (belief * 10.0).round().clamp(0.0, 10.0) as usize,
            belief: format!("{belief:.2}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::evaluation;

    #[test]
    fn a_verdict_names_the_class_and_how_sure() {
        let classes = ["neg".into(), "pos".into()];
        assert_eq!(verdict(0.25, &classes), "neg, 75.0 % sure");
        assert_eq!(verdict(0.999, &classes), "pos, 99.9 % sure");
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
        let readings = readings(&all).unwrap();
        let labels: Vec<Vec<&str>> = readings
            .iter()
            .map(|reading| reading.networks.iter().map(|n| n.label).collect())
            .collect();
        assert_eq!(labels, [vec!["lstm", "gru"], vec!["lstm, data set other"]]);
    }
}
