//! What texts have, row by row.

use crate::LinearError;

/// The columns that each text has: a sparse matrix of zeros and ones in compressed rows, as the vectorizer's
/// `multi_hot` output is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rows {
    width: usize,
    offsets: Vec<usize>,
    columns: Vec<u32>,
}

impl Rows {
    /// Row `i` has `columns[offsets[i]..offsets[i + 1]]`, each below `width`.
    ///
    /// # Errors
    /// [`LinearError::Texts`] where these are not the parts of such a matrix.
    pub fn new(width: usize, offsets: Vec<usize>, columns: Vec<u32>) -> Result<Self, LinearError> {
        let wrong = |reason: &str| Err(LinearError::Texts(reason.to_owned()));
        let ends = (offsets.first(), offsets.last());
        if ends != (Some(&0), Some(&columns.len())) || !offsets.is_sorted() {
            return wrong("the rows do not begin at 0, ascend, and end where the columns do");
        }
        if columns.iter().any(|column| *column as usize >= width) {
            return wrong("a row has a column that the vocabulary does not have");
        }
        if u32::try_from(offsets.len()).is_err() {
            return wrong("there are more than four thousand million of them");
        }
        Ok(Self {
            width,
            offsets,
            columns,
        })
    }

    /// How many texts.
    #[must_use]
    pub fn len(&self) -> usize {
        self.offsets.len() - 1
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many columns there could be.
    #[must_use]
    pub fn width(&self) -> usize {
        self.width
    }

    /// The columns of a text.
    ///
    /// # Panics
    /// If there is no such row.
    #[must_use]
    pub fn row(&self, row: usize) -> &[u32] {
        &self.columns[self.offsets[row]..self.offsets[row + 1]]
    }

    /// The texts that have each column, in the form of the rows: with columns and rows exchanged.
    pub(crate) fn transposed(&self) -> Self {
        let mut offsets = vec![0usize; self.width + 1];
        for column in &self.columns {
            offsets[*column as usize + 1] += 1;
        }
        for place in 1..offsets.len() {
            offsets[place] += offsets[place - 1];
        }
        let mut next = offsets.clone();
        let mut columns = vec![0u32; self.columns.len()];
        for row in 0..self.len() {
            for column in self.row(row) {
                let place = &mut next[*column as usize];
                columns[*place] = row as u32;
                *place += 1;
            }
        }
        Self {
            width: self.len(),
            offsets,
            columns,
        }
    }
}
