//! What can be wrong with what a kernel is given.

/// A shape or an index that does not fit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KernelError {
    /// An operand has another number of elements than the shapes say.
    #[error("{operand} has {found} elements, but {shape} makes {expected}")]
    Length {
        /// Which operand.
        operand: &'static str,
        /// What its shape is to be.
        shape: &'static str,
        /// How many elements that makes.
        expected: usize,
        /// How many there are.
        found: usize,
    },
    /// An index names a row that the features do not have.
    #[error("index {index} at position {position} is outside the {rows} rows of the features")]
    Index {
        /// The index.
        index: u32,
        /// Its place in the index, row by row.
        position: usize,
        /// How many rows there are.
        rows: usize,
    },
    /// A row is longer than the sequence.
    #[error("length {length} of row {row} is more than the {time} steps of the sequence")]
    RowLength {
        /// The length.
        length: u32,
        /// The row.
        row: usize,
        /// Steps of the sequence.
        time: usize,
    },
    /// A size is zero.
    #[error("{size} must be at least 1")]
    Zero {
        /// Which.
        size: &'static str,
    },
    /// More positions or rows than a 32-bit number counts.
    #[error("{count} rows are more than an index can name")]
    TooLarge {
        /// How many.
        count: usize,
    },
}
