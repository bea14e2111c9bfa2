//! A linear model over n-grams as a classifier: trained from a corpus, asked for logits, followed word by word.

use std::collections::HashSet;
use std::time::Instant;

use rayon::prelude::*;
use recurrent_corpus::{Part, TextCorpus};
use recurrent_linear::{Linear, LinearConfig, Rows, train_weighted};
use recurrent_runs::EpochRecord;
use recurrent_training::{Keep, Objective, Observer, Progress};
use recurrent_vectorizer::{OutputMode, TextVectorizer, VectorizerParams};

use crate::reading::{ByClass, Reading, judged};
use crate::{Body, ClassifierError, Model, TrainConfig};

/// A model that was trained, and how that went.
pub(crate) struct Fitted {
    pub(crate) linear: Linear,
    pub(crate) vectorizer: TextVectorizer,
    pub(crate) history: Vec<EpochRecord>,
    pub(crate) epoch: usize,
}

/// Trains a linear model on the training texts of `corpus`; those held out for validation say how it does after each step.
pub(crate) fn fit(
    corpus: &TextCorpus,
    config: &TrainConfig,
    linear: &LinearConfig,
    objective: &Objective,
    observer: &mut impl Observer,
) -> Result<Fitted, ClassifierError> {
    let params = VectorizerParams::new()
        .max_tokens(config.max_tokens)
        .output_mode(OutputMode::MultiHot)
        .ngrams(linear.ngrams)
        .sparse(true)
        .check()?;
    let vectorizer = crate::texts::fitted_as(&params, corpus, config)?;
    let (rows, labels) = encoded(corpus, Part::Train, config.clean, &vectorizer)?;
    let (held_out, truths) = encoded(corpus, Part::Validation, config.clean, &vectorizer)?;
    let weights = match &objective.class_weights {
        Some(weights) => weights.clone(),
        None => vec![1.0; corpus.classes().len()],
    };
    let options = config.options(objective.clone());
    let mut history: Vec<EpochRecord> = Vec::new();
    let mut best = None;
    let mut start = Instant::now();
    let last = train_weighted(&rows, &labels, &weights, linear, |progress| {
        let model = progress.model();
        let (loss, accuracy) = score(objective, &model, &held_out, &truths);
        let record = EpochRecord {
            network: config.name.clone(),
            epoch: progress.iteration,
            train_loss: progress.loss,
            train_accuracy: progress.accuracy,
            test_loss: loss,
            test_accuracy: accuracy,
            seconds: start.elapsed().as_secs_f64(),
            note: None,
        };
        start = Instant::now();
        history.push(record);
        if options.keep != Keep::Last && options.keep.best(&history) == history.len() {
            best = Some(model);
        }
        observer.step(Progress {
            epoch: progress.iteration,
            epochs: config.epochs,
            step: 1,
            steps: 1,
        });
        if let Some(record) = history.last() {
            observer.epoch(config.epochs, 1, record);
        }
        let is_over = progress.iteration >= config.epochs || options.is_over(&history);
        !is_over && !observer.stops()
    })?;
    Ok(Fitted {
        linear: best.unwrap_or(last),
        vectorizer,
        epoch: options.keep.best(&history),
        history,
    })
}

/// The columns and the labels of a part of the corpus.
fn encoded(
    corpus: &TextCorpus,
    part: Part,
    clean: bool,
    vectorizer: &TextVectorizer,
) -> Result<(Rows, Vec<usize>), ClassifierError> {
    let texts: Vec<_> = corpus.part(part).iter().collect();
    if texts.is_empty() {
        return Err(ClassifierError::EmptyPart { part });
    }
    let each: Vec<Vec<u32>> = texts
        .par_iter()
        .map(|text| {
            let text = crate::model::cleaned(clean, text.text.as_bytes());
            columns(vectorizer, &text).0
        })
        .collect();
    let mut offsets = Vec::with_capacity(each.len() + 1);
    let mut all = Vec::with_capacity(each.iter().map(Vec::len).sum());
    offsets.push(0);
    for columns in each {
        all.extend(columns);
        offsets.push(all.len());
    }
    let rows = Rows::new(vectorizer.vocabulary().size(), offsets, all)?;
    Ok((rows, texts.iter().map(|text| text.label).collect()))
}

/// The columns that a cleaned text has, ascending, each once, without that of `[UNK]`; and whether there is a word in it.
fn columns(vectorizer: &TextVectorizer, text: &[u8]) -> (Vec<u32>, bool) {
    let ids = vectorizer.vectorize(text);
    let has_words = !ids.is_empty();
    // 0 is `[UNK]`, of which every text has some.
    let known = ids.into_iter().filter(|id| *id > 0);
    let mut columns: Vec<u32> = known.map(|id| id as u32).collect();
    columns.sort_unstable();
    columns.dedup();
    (columns, has_words)
}

/// Mean loss and accuracy.
fn score(objective: &Objective, model: &Linear, rows: &Rows, labels: &[usize]) -> (f64, f64) {
    let outputs = model.outputs();
    let logits = model.logits(rows);
    let mut scores = vec![0.0; outputs.max(2)];
    let (mut loss, mut right) = (0.0, 0usize);
    for (logits, label) in logits.chunks_exact(outputs).zip(labels) {
        probabilities(objective, logits, &mut scores);
        loss -= libm::log(scores[*label].max(f64::MIN_POSITIVE));
        right += usize::from(crate::scores::largest(&scores) == *label);
    }
    let texts = labels.len() as f64;
    (loss / texts, right as f64 / texts)
}

fn probabilities(objective: &Objective, logits: &[f64], out: &mut [f64]) {
    let singles: Vec<f32> = logits.iter().map(|logit| *logit as f32).collect();
    objective.probabilities_into(&singles, logits.len(), out);
}

/// The probabilities of all classes for a text, and whether there is a word in it.
pub(crate) fn scores_into(
    model: &Model,
    linear: &Linear,
    vectorizer: &TextVectorizer,
    text: &[u8],
    out: &mut [f64],
) -> bool {
    let (columns, has_words) = columns(vectorizer, &model.cleaned(text));
    let mut logits = vec![0.0; linear.outputs()];
    linear.logits_into(&columns, &mut logits);
    probabilities(&model.config.objective(), &logits, out);
    has_words
}

/// A text as a linear model reads it: what it would say if the text ended after each word. All words are read, and there
/// is no padding.
///
/// Nothing for a model that is a network.
pub(crate) fn reading(model: &Model, text: &[u8]) -> Option<Reading> {
    let Body::Linear { linear, vectorizer } = &model.body else {
        return None;
    };
    let terms = vectorizer.tokens(model.cleaned(text));
    // All words stand before all pairs, these before all triples; a space stands in pairs and triples alone.
    let words = terms
        .iter()
        .take_while(|term| !term.contains(&b' '))
        .count();
    let ids: Vec<i32> = terms
        .iter()
        .map(|term| vectorizer.vocabulary().id(term).unwrap_or(0))
        .collect();
    let mut ending: Vec<Vec<u32>> = vec![Vec::new(); words];
    let (mut start, mut width) = (0, 1);
    while start < ids.len() && width <= words {
        let count = words + 1 - width;
        for (place, id) in ids[start..].iter().take(count).enumerate() {
            if *id > 0 {
                ending[place + width - 1].push(*id as u32);
            }
        }
        (start, width) = (start + count, width + 1);
    }
    let mut logits: Vec<f64> = linear.bias().iter().map(|bias| f64::from(*bias)).collect();
    let mut seen = HashSet::new();
    let mut after = Vec::with_capacity(words.max(1) * logits.len());
    for columns in &ending {
        for column in columns {
            if seen.insert(*column) {
                let weights = linear.weights(*column as usize);
                for (logit, weight) in logits.iter_mut().zip(weights) {
                    *logit += f64::from(*weight);
                }
            }
        }
        after.extend(logits.iter().map(|logit| *logit as f32));
    }
    if ending.is_empty() {
        after.extend(logits.iter().map(|logit| *logit as f32));
    }
    let (_, _, mut beliefs) = judged(model, &after);
    beliefs.truncate(words);
    // In the order in which the columns ascend, as for every other answer.
    let classes = &model.config.classes;
    let mut scores = vec![0.0; classes.len()];
    scores_into(model, linear, vectorizer, text, &mut scores);
    let label = crate::scores::largest(&scores);
    let name = model.config.network.name().to_owned();
    Some(Reading {
        model: name.clone(),
        network: name,
        text: String::from_utf8_lossy(text).into_owned(),
        label: classes[label].clone(),
        probability: scores[label],
        classes: classes.clone(),
        scores: ByClass(classes.iter().cloned().zip(scores).collect()),
        masked: true,
        words,
        unread: 0,
        gap: None,
        tokens: terms[..words]
            .iter()
            .map(|term| String::from_utf8_lossy(term).into_owned())
            .collect(),
        // As a network has them: 0 would be padding, and 1 is `[UNK]`.
        ids: ids[..words].iter().map(|id| id + 1).collect(),
        unknown: ids[..words].iter().map(|id| *id == 0).collect(),
        beliefs_of: (classes.len() > 2).then(|| classes[label].clone()),
        beliefs,
        loss_label: None,
        layers: Vec::new(),
    })
}

impl Model {
    /// The n-grams that speak most for each class, the strongest first, at most `count` of them: those with the largest
    /// weights of a linear model. Nothing of a network, whose words have no weight of their own.
    #[must_use]
    pub fn strongest(&self, count: usize) -> Vec<(&str, Vec<String>)> {
        let Body::Linear { linear, vectorizer } = &self.body else {
            return Vec::new();
        };
        let classes = self.config.classes.iter().enumerate();
        let strongest = |class: usize| {
            // The one logit of two classes is the second's, and speaks against the first.
            let (output, sign) = match linear.outputs() {
                1 => (0, if class == 0 { -1.0 } else { 1.0 }),
                _ => (class, 1.0),
            };
            let weight = |column: &usize| sign * linear.weights(*column)[output];
            let mut columns: Vec<usize> = (0..linear.columns()).collect();
            columns.sort_by(|a, b| weight(b).total_cmp(&weight(a)).then(a.cmp(b)));
            columns.retain(|column| weight(column) > 0.0);
            columns.truncate(count);
            let vocabulary = vectorizer.vocabulary();
            let term = |column: &usize| vocabulary.token_lossy(*column);
            let terms = columns.iter().filter_map(term);
            terms.map(|term| term.into_owned()).collect()
        };
        classes
            .map(|(class, name)| (name.as_str(), strongest(class)))
            .collect()
    }
}
