//! A rectangle of token ids, row by row. It holds numbers only; shapes are fixed when made.

/// Token ids of a batch, shape `[rows, width]`, row-major; short rows end with padding (0).
///
/// Keras returns the same numbers as `int64`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdMatrix {
    rows: usize,
    width: usize,
    ids: Vec<i32>,
}

impl IdMatrix {
    /// A matrix of padding.
    pub(crate) fn padding(rows: usize, width: usize) -> Self {
        Self {
            rows,
            width,
            ids: vec![0; rows.saturating_mul(width)],
        }
    }

    /// The ids, for filling in.
    pub(crate) fn ids_mut(&mut self) -> &mut [i32] {
        &mut self.ids
    }

    /// The number of texts.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The number of ids in each row; zero if all texts of a batch without fixed width are blank.
    #[must_use]
    pub fn width(&self) -> usize {
        self.width
    }

    /// All ids, row-major: `rows() * width()` of them.
    #[must_use]
    pub fn ids(&self) -> &[i32] {
        &self.ids
    }

    /// The ids of one text, `None` past the last row.
    #[must_use]
    pub fn row(&self, row: usize) -> Option<&[i32]> {
        let start = row.checked_mul(self.width)?;
        (row < self.rows).then(|| self.ids.get(start..start + self.width))?
    }

    /// All ids without copying, row-major.
    #[must_use]
    pub fn into_ids(self) -> Vec<i32> {
        self.ids
    }
}
