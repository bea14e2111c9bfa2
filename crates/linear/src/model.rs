//! What was learned.

use crate::Rows;
use rayon::prelude::*;

/// A trained linear model: a weight for each column and logit.
///
/// The logits of a text are the sums of the weights of the columns that it has, each counted once, and a bias.
#[derive(Clone, Debug, PartialEq)]
pub struct Linear {
    outputs: usize,
    kernel: Vec<f32>,
    bias: Vec<f32>,
}

impl Linear {
    /// The model with these weights, `[columns, outputs]` and `[outputs]`; `None` if they do not fit each other.
    #[must_use]
    pub fn new(kernel: Vec<f32>, bias: Vec<f32>) -> Option<Self> {
        let outputs = bias.len();
        let fits = outputs > 0 && kernel.len().is_multiple_of(outputs);
        fits.then(|| Self::of(outputs, kernel, bias))
    }

    /// The model with weights that are known to fit.
    pub(crate) fn of(outputs: usize, kernel: Vec<f32>, bias: Vec<f32>) -> Self {
        Self {
            outputs,
            kernel,
            bias,
        }
    }

    /// Logits of a text: one for the second of two classes, or one for each.
    #[must_use]
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// N-grams that have a weight.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.kernel.len() / self.outputs
    }

    /// The weights `[columns, outputs]`, row by row.
    #[must_use]
    pub fn kernel(&self) -> &[f32] {
        &self.kernel
    }

    /// What every text's logits begin with, `[outputs]`.
    #[must_use]
    pub fn bias(&self) -> &[f32] {
        &self.bias
    }

    /// The weights of a column, one for each logit; none for a column that the model does not have.
    #[must_use]
    pub fn weights(&self, column: usize) -> &[f32] {
        let start = column.saturating_mul(self.outputs);
        self.kernel
            .get(start..start.saturating_add(self.outputs))
            .unwrap_or_default()
    }

    /// The logits of a text that has these columns, ascending and each once, into `out`, in double precision. Columns that
    /// the model does not have count nothing.
    pub fn logits_into(&self, columns: &[u32], out: &mut [f64]) {
        for (out, bias) in out.iter_mut().zip(&self.bias) {
            *out = f64::from(*bias);
        }
        for column in columns {
            for (out, weight) in out.iter_mut().zip(self.weights(*column as usize)) {
                *out += f64::from(*weight);
            }
        }
    }

    /// The first logit of a text that has these columns: all there is of two classes.
    #[must_use]
    pub fn logit(&self, columns: &[u32]) -> f64 {
        let mut logits = vec![0.0; self.outputs];
        self.logits_into(columns, &mut logits);
        logits[0]
    }

    /// The logits of all texts, `[texts, outputs]`, row by row, on all threads.
    #[must_use]
    pub fn logits(&self, rows: &Rows) -> Vec<f64> {
        let mut logits = vec![0.0; rows.len() * self.outputs];
        logits
            .par_chunks_exact_mut(self.outputs)
            .enumerate()
            .for_each(|(row, out)| self.logits_into(rows.row(row), out));
        logits
    }
}
