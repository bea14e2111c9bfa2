//! The texts of a corpus, as a vectorizer and a training take them.

use burn::tensor::Device;
use rayon::prelude::*;
use recurrent_corpus::{LabelledText, Part, TextCorpus};
use recurrent_training::Encoded;
use recurrent_vectorizer::{FixedWidth, TextVectorizer, Vectorize as _, VectorizerParams};

use crate::{ClassifierError, TrainConfig};

/// The vectorizer of the training texts.
pub(crate) fn fitted(
    corpus: &TextCorpus,
    config: &TrainConfig,
) -> Result<TextVectorizer, ClassifierError> {
    let params = VectorizerParams::new()
        .max_tokens(config.max_tokens)
        .output_sequence_length(config.length)
        .check()?;
    let texts: Vec<_> = corpus
        .train()
        .iter()
        .map(|text| crate::model::cleaned(config.clean, text.text.as_bytes()))
        .collect();
    let threads = rayon::current_num_threads();
    Ok(params.fit_threads(&texts, threads)?)
}

/// A part of a corpus on `device`, vectorized on all threads.
pub(crate) fn encode(
    corpus: &TextCorpus,
    part: Part,
    clean: bool,
    vectorizer: &FixedWidth,
    device: &Device,
) -> Result<Encoded, ClassifierError> {
    let texts = corpus.part(part);
    if texts.is_empty() {
        return Err(ClassifierError::EmptyPart { part });
    }
    let width = vectorizer.width();
    let labelled: Vec<LabelledText<'_>> = texts.iter().collect();
    let mut ids = vec![0; labelled.len() * width];
    labelled
        .par_iter()
        .zip(ids.par_chunks_exact_mut(width))
        .for_each(|(text, row)| {
            let text = crate::model::cleaned(clean, text.text.as_bytes());
            vectorizer.vectorizer().vectorize_bytes_into(&text, row);
        });
    let labels = labelled.iter().map(|text| text.label as f32).collect();
    Ok(Encoded::new(ids, width, labels, device)?)
}
