//! Rows of which only some columns are stored.

/// Numbers of a batch in compressed rows (CSR), shape `[rows, columns]`.
///
/// Within a row the columns ascend, and each is stored once. A stored value may be zero: that of a term
/// that is there and has the weight 0, as in Keras.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct CsrMatrix {
    columns: usize,
    /// Where each row begins in the other two, and where the last one ends.
    offsets: Vec<usize>,
    indices: Vec<u32>,
    values: Vec<f32>,
}

impl CsrMatrix {
    /// No rows.
    pub(crate) fn new(columns: usize) -> Self {
        Self {
            columns,
            offsets: vec![0],
            indices: Vec::new(),
            values: Vec::new(),
        }
    }

    /// The matrix of these parts, if they fit together.
    #[cfg(feature = "serde")]
    pub(crate) fn from_parts(
        columns: usize,
        offsets: Vec<usize>,
        indices: Vec<u32>,
        values: Vec<f32>,
    ) -> Result<Self, String> {
        let Some((0, ends)) = offsets.split_first() else {
            return Err("the first row must begin at 0".to_owned());
        };
        crate::ends::check(ends, indices.len())?;
        if values.len() != indices.len() {
            return Err(format!(
                "{} columns cannot have {} values",
                indices.len(),
                values.len()
            ));
        }
        for range in crate::ends::ranges(ends) {
            let row = &indices[range];
            let last = row.last().map_or(0, |&last| last as usize + 1);
            if !row.is_sorted_by(|left, right| left < right) || last > columns {
                let received = format!("{row:?}");
                return Err(format!(
                    "a row's columns must ascend and be below {columns}; received {}",
                    crate::quote::plain(&received)
                ));
            }
        }
        Ok(Self {
            columns,
            offsets,
            indices,
            values,
        })
    }

    /// Adds a row of ascending columns.
    pub(crate) fn push_row(&mut self, entries: impl Iterator<Item = (u32, f32)>) {
        for (column, value) in entries {
            self.indices.push(column);
            self.values.push(value);
        }
        self.offsets.push(self.indices.len());
    }

    /// Adds the rows of another matrix with the same columns.
    pub(crate) fn append(&mut self, other: &Self) {
        let base = self.indices.len();
        let ends = other.offsets.iter().skip(1);
        self.offsets.extend(ends.map(|end| base + end));
        self.indices.extend_from_slice(&other.indices);
        self.values.extend_from_slice(&other.values);
    }

    /// The number of texts.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.offsets.len() - 1
    }

    /// The number of columns.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Where each row begins in [`indices`](Self::indices) and [`values`](Self::values), and where the
    /// last one ends: `rows() + 1` numbers, SciPy's `indptr`.
    #[must_use]
    pub fn offsets(&self) -> &[usize] {
        &self.offsets
    }

    /// The columns of all stored values, row after row.
    #[must_use]
    pub fn indices(&self) -> &[u32] {
        &self.indices
    }

    /// All stored values, row after row.
    #[must_use]
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// The columns and values of one text, `None` past the last row.
    #[must_use]
    pub fn row(&self, row: usize) -> Option<(&[u32], &[f32])> {
        let range = *self.offsets.get(row)?..*self.offsets.get(row + 1)?;
        Some((self.indices.get(range.clone())?, self.values.get(range)?))
    }
}
