//! Rectangles, row by row.

/// Token ids of a batch, shape `[rows, width]`, row-major; short rows end with padding (0).
///
/// Keras returns the same numbers as `int64`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct IdMatrix {
    rows: usize,
    width: usize,
    ids: Vec<i32>,
}

/// Numbers of a batch, shape `[rows, columns]`, row-major.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct DenseMatrix {
    rows: usize,
    columns: usize,
    values: Vec<f32>,
}

/// The elements of a row of `width`, `None` past the last row.
fn row<T>(elements: &[T], rows: usize, width: usize, row: usize) -> Option<&[T]> {
    let start = row.checked_mul(width)?;
    (row < rows).then(|| elements.get(start..start + width))?
}

/// Refuses elements that do not fill a rectangle.
#[cfg(feature = "serde")]
fn check<T>(elements: &[T], rows: usize, width: usize) -> Result<(), String> {
    match rows.checked_mul(width) {
        Some(expected) if expected == elements.len() => Ok(()),
        _ => Err(format!(
            "{rows} rows of {width} cannot have {} elements",
            elements.len()
        )),
    }
}

impl IdMatrix {
    /// The matrix of these parts, if they fit together.
    #[cfg(feature = "serde")]
    pub(crate) fn from_parts(rows: usize, width: usize, ids: Vec<i32>) -> Result<Self, String> {
        check(&ids, rows, width)?;
        Ok(Self { rows, width, ids })
    }

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
        self::row(&self.ids, self.rows, self.width, row)
    }

    /// All ids without copying, row-major.
    #[must_use]
    pub fn into_ids(self) -> Vec<i32> {
        self.ids
    }
}

impl DenseMatrix {
    /// The matrix of these parts, if they fit together.
    #[cfg(feature = "serde")]
    pub(crate) fn from_parts(
        rows: usize,
        columns: usize,
        values: Vec<f32>,
    ) -> Result<Self, String> {
        check(&values, rows, columns)?;
        Ok(Self {
            rows,
            columns,
            values,
        })
    }

    /// A matrix of zeros.
    pub(crate) fn zeros(rows: usize, columns: usize) -> Self {
        Self {
            rows,
            columns,
            values: vec![0.0; rows.saturating_mul(columns)],
        }
    }

    /// The values, for filling in.
    pub(crate) fn values_mut(&mut self) -> &mut [f32] {
        &mut self.values
    }

    /// The number of texts.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The number of values in each row.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// All values, row-major: `rows() * columns()` of them.
    #[must_use]
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// The values of one text, `None` past the last row.
    #[must_use]
    pub fn row(&self, row: usize) -> Option<&[f32]> {
        self::row(&self.values, self.rows, self.columns, row)
    }

    /// All values without copying, row-major.
    #[must_use]
    pub fn into_values(self) -> Vec<f32> {
        self.values
    }
}
