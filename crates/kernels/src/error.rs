//! What can be wrong with what a kernel is given.

/// A shape or an index that does not fit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KernelError {
    /// An operand has another number of elements than the shapes say.
    #[error(
        "{operand} {} {}, but the shape {shape} has {expected} here; pass as many as the shape has",
        have(operand), elements(*found)
    )]
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
    /// A gradient of all states was given, but the run did not give all states.
    #[error(
        "there is a gradient of all states, but the run kept only the last; set `Options::all_states` for the run, or \
        leave the gradient out"
    )]
    NotAllStates,
    /// An index names a row that the features do not have.
    #[error(
        "index {index} at position {position} is outside the {rows} rows of the features; an index is less than their \
        number"
    )]
    Index {
        /// The index.
        index: u32,
        /// Its place in the index, row by row.
        position: usize,
        /// How many rows there are.
        rows: usize,
    },
    /// A row is longer than the sequence.
    #[error(
        "length {length} of row {row} is more than the {time} steps of the sequence; a length is that many at most"
    )]
    RowLength {
        /// The length.
        length: u32,
        /// The row.
        row: usize,
        /// Steps of the sequence.
        time: usize,
    },
    /// A size is zero.
    #[error("{size} is 0, but must be at least 1")]
    Zero {
        /// Which.
        size: &'static str,
    },
    /// More positions or rows than a 32-bit number counts.
    #[error(
        "{what}: {count} are more than the {} that an index can name; pass smaller batches",
        u32::MAX
    )]
    TooLarge {
        /// Of what.
        what: &'static str,
        /// How many.
        count: usize,
    },
    /// An operand or a buffer that has more bytes than one allocation can have, or more elements than a
    /// number counts.
    #[error(
        "{what}, {shape}, would take more than the {limit} bytes that one buffer can have; make the sizes smaller"
    )]
    Memory {
        /// Of what.
        what: &'static str,
        /// Its shape.
        shape: &'static str,
        /// Bytes of a buffer at most.
        limit: usize,
    },
}

/// The verb for an operand's name.
fn have(operand: &str) -> &'static str {
    match operand {
        "the features" | "the lengths" => "have",
        _ => "has",
    }
}

fn elements(count: usize) -> String {
    match count {
        1 => "1 element".to_owned(),
        _ => format!("{count} elements"),
    }
}

/// Refuses an operand of another length.
pub(crate) fn length(
    operand: &'static str,
    shape: &'static str,
    expected: usize,
    found: usize,
) -> Result<(), KernelError> {
    if expected == found {
        Ok(())
    } else {
        Err(KernelError::Length {
            operand,
            shape,
            expected,
            found,
        })
    }
}
