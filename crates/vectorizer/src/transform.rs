//! What a vectorizer does with texts: from the terms of each to a row. How terms are found, and what
//! results look like, is written elsewhere.

use crate::output::{CsrMatrix, DenseMatrix, IdMatrix, RaggedIds};
use crate::text::Workspace;
use crate::threads::Sharing;
use crate::{Output, OutputMode, PADDING_ID, TextVectorizer};

impl TextVectorizer {
    /// What texts become, on the calling thread: one row for each.
    #[must_use]
    pub fn transform<T: AsRef<[u8]> + Sync>(&self, texts: &[T]) -> Output {
        self.transform_threads(texts, 1)
    }

    /// As [`transform`](Self::transform), on up to `threads` threads; 0 counts as 1. The result does
    /// not depend on their number.
    #[must_use]
    pub fn transform_threads<T: AsRef<[u8]> + Sync>(&self, texts: &[T], threads: usize) -> Output {
        self.transform_shared(texts, Sharing::Threads(threads))
    }

    pub(crate) fn transform_shared<T: AsRef<[u8]> + Sync>(
        &self,
        texts: &[T],
        sharing: Sharing,
    ) -> Output {
        let rows = self.open_rows(texts, sharing, |text| std::iter::once(text.as_ref()));
        self.close(rows)
    }

    /// What documents become that come in parts: see
    /// [`TokenCounts::add_parts`](crate::TokenCounts::add_parts).
    #[must_use]
    pub fn transform_parts<P: AsRef<[u8]>, D: AsRef<[P]> + Sync>(&self, documents: &[D]) -> Output {
        let rows = self.open_rows(documents, Sharing::Threads(1), |document| {
            document.as_ref().iter().map(AsRef::as_ref)
        });
        self.close(rows)
    }

    /// The ids of one text, in the order of its terms: `output_sequence_length` of them, cut or padded
    /// with 0, or as many as the text has terms where that is not set (a row of Keras' ragged output).
    ///
    /// Where the output has columns these are column numbers; empty tokens have none.
    #[must_use]
    pub fn vectorize(&self, text: impl AsRef<[u8]>) -> Vec<i32> {
        let mut ids = Vec::new();
        if let Some(width) = self.params().output_sequence_length() {
            ids.resize(width, PADDING_ID);
            self.vectorize_bytes_into(text.as_ref(), &mut ids);
        } else {
            self.append_ids([text.as_ref()], &mut Workspace::default(), &mut ids);
        }
        ids
    }

    /// Writes the ids of one text into `row`, cut or padded with 0 to its length, whatever
    /// `output_sequence_length` says.
    pub fn vectorize_bytes_into(&self, text: &[u8], row: &mut [i32]) {
        self.fill_row([text], &mut Workspace::default(), row);
    }

    fn fill_row<'t>(
        &self,
        parts: impl IntoIterator<Item = &'t [u8]>,
        work: &mut Workspace,
        row: &mut [i32],
    ) {
        let (mut filled, limit) = (0, row.len());
        self.analyzer.terms(parts, limit, work, |terms| {
            let terms = terms.take(limit - filled);
            self.vocabulary().lookup_all(terms, |id| {
                row[filled] = id;
                filled += 1;
            });
        });
        row[filled..].fill(PADDING_ID);
    }

    /// Appends the ids of all terms.
    fn append_ids<'t>(
        &self,
        parts: impl IntoIterator<Item = &'t [u8]>,
        work: &mut Workspace,
        ids: &mut Vec<i32>,
    ) {
        let columns = self.params().output_mode().has_columns();
        self.analyzer.terms(parts, usize::MAX, work, |terms| {
            ids.reserve(terms.len());
            self.vocabulary().lookup_all(terms, |id| {
                if id >= 0 || !columns {
                    ids.push(id);
                }
            });
        });
    }

    /// Documents on several threads. Rows of ids keep their own length where no other is set.
    pub(crate) fn open_rows<'d, D: Sync, I: Iterator<Item = &'d [u8]>>(
        &self,
        documents: &'d [D],
        sharing: Sharing,
        parts: impl Fn(&'d D) -> I + Sync,
    ) -> Output {
        let share = sharing.share(documents.len());
        if let (OutputMode::Int, Some(width)) = (
            self.params().output_mode(),
            self.params().output_sequence_length(),
        ) {
            let mut matrix = IdMatrix::padding(documents.len(), width);
            if width > 0 {
                let slots = matrix.ids_mut().chunks_mut(share.saturating_mul(width));
                sharing.out(documents.chunks(share).zip(slots), |(documents, ids)| {
                    let mut work = Workspace::default();
                    for (document, row) in documents.iter().zip(ids.chunks_mut(width)) {
                        self.fill_row(parts(document), &mut work, row);
                    }
                });
            }
            return Output::Ids(matrix);
        }
        if self.params().output_mode().has_columns() && !self.params().sparse() {
            let columns = self.columns();
            let mut matrix = DenseMatrix::zeros(documents.len(), columns);
            let slots = matrix
                .values_mut()
                .chunks_mut(share.saturating_mul(columns));
            sharing.out(documents.chunks(share).zip(slots), |(documents, values)| {
                let mut work = Workspace::default();
                for (document, row) in documents.iter().zip(values.chunks_mut(columns)) {
                    self.fill_columns(parts(document), &mut work, row);
                }
            });
            return Output::Dense(matrix);
        }
        let chunks = documents.chunks(share);
        let mut outputs: Vec<Option<Output>> = chunks.clone().map(|_| None).collect();
        sharing.out(chunks.zip(&mut outputs), |(documents, output)| {
            *output = Some(self.rows(documents, &parts));
        });
        let mut outputs = outputs.into_iter().flatten();
        let mut sum = outputs.next().unwrap_or_else(|| self.rows(&[], &parts));
        outputs.for_each(|next| append(&mut sum, &next));
        sum
    }

    /// Documents whose rows can be put behind others: whatever has no rectangle yet.
    fn rows<'d, D, I: Iterator<Item = &'d [u8]>>(
        &self,
        documents: &'d [D],
        parts: impl Fn(&'d D) -> I,
    ) -> Output {
        let mut work = Workspace::default();
        match self.params().output_mode() {
            OutputMode::Tokens => {
                let rows = self.analyzer.rows(documents.iter().map(parts));
                Output::Tokens(rows)
            }
            OutputMode::Int => {
                let mut rows = RaggedIds::default();
                for document in documents {
                    self.append_ids(parts(document), &mut work, rows.open_row());
                    rows.close_row();
                }
                Output::RaggedIds(rows)
            }
            OutputMode::MultiHot | OutputMode::Count | OutputMode::TfIdf => {
                let mut matrix = CsrMatrix::new(self.columns());
                let mut counts = vec![0_u32; self.columns()];
                let mut touched = Vec::new();
                for document in documents {
                    self.count_columns(parts(document), &mut work, &mut counts, &mut touched);
                    touched.sort_unstable();
                    matrix.push_row(touched.drain(..).map(|column: u32| {
                        let count = std::mem::take(&mut counts[column as usize]);
                        (column, self.value(column as usize, count as f32))
                    }));
                }
                Output::Sparse(matrix)
            }
        }
    }

    /// Makes of rows what the parameters ask for.
    fn close(&self, output: Output) -> Output {
        let params = self.params();
        match output {
            Output::RaggedIds(rows) if !params.ragged() => {
                let longest = || rows.iter().map(<[i32]>::len).max().unwrap_or(0);
                let width = params.output_sequence_length().unwrap_or_else(longest);
                let mut matrix = IdMatrix::padding(rows.rows(), width);
                // With width 0 there is nothing to copy, and `max(1)` keeps the chunks legal.
                let slots = matrix.ids_mut().chunks_mut(width.max(1));
                for (row, slot) in rows.iter().zip(slots) {
                    let kept = row.len().min(slot.len());
                    slot[..kept].copy_from_slice(&row[..kept]);
                }
                Output::Ids(matrix)
            }
            other => other,
        }
    }

    /// What stands in a column whose term occurs so often.
    #[inline(always)]
    fn value(&self, column: usize, count: f32) -> f32 {
        match (self.params().output_mode(), self.idf_weights()) {
            (OutputMode::MultiHot, _) => count.min(1.0),
            (_, Some(weights)) => count * weights[column],
            _ => count,
        }
    }

    /// Counts a document's terms in `counts`, zero before, and notes the columns that are not zero now.
    fn count_columns<'t>(
        &self,
        parts: impl IntoIterator<Item = &'t [u8]>,
        work: &mut Workspace,
        counts: &mut [u32],
        touched: &mut Vec<u32>,
    ) {
        self.analyzer.terms(parts, usize::MAX, work, |terms| {
            self.vocabulary().lookup_all(terms, |id| {
                // An empty token has the column -1: beyond the end, like those that do not fit.
                let column = id as u32;
                if let Some(count) = counts.get_mut(column as usize) {
                    if *count == 0 {
                        touched.push(column);
                    }
                    *count = count.saturating_add(1);
                }
            });
        });
    }

    /// Fills the columns of one document, which are zero before. In tf-idf every column is multiplied,
    /// as in Keras: an absent term with a negative weight gives -0, with NaN gives NaN.
    fn fill_columns<'t>(
        &self,
        parts: impl IntoIterator<Item = &'t [u8]>,
        work: &mut Workspace,
        row: &mut [f32],
    ) {
        let present = self.params().output_mode() == OutputMode::MultiHot;
        self.analyzer.terms(parts, usize::MAX, work, |terms| {
            self.vocabulary().lookup_all(terms, |id| {
                if let Some(value) = row.get_mut(id as u32 as usize) {
                    *value = if present { 1.0 } else { *value + 1.0 };
                }
            });
        });
        if let Some(weights) = self.idf_weights() {
            for (value, weight) in row.iter_mut().zip(weights) {
                *value *= weight;
            }
        }
    }
}

/// Puts the rows of `next` behind those of `sum`: both are of the kind that one vectorizer gives.
fn append(sum: &mut Output, next: &Output) {
    match (sum, next) {
        (Output::Tokens(sum), Output::Tokens(next)) => sum.append(next),
        (Output::RaggedIds(sum), Output::RaggedIds(next)) => sum.append(next),
        (Output::Sparse(sum), Output::Sparse(next)) => sum.append(next),
        _ => {}
    }
}
