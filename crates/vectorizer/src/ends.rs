//! Pieces that lie one behind the other, given by where each ends.

use std::ops::Range;

/// The piece with this index, `None` past the last.
pub(crate) fn range(ends: &[usize], index: usize) -> Option<Range<usize>> {
    let &end = ends.get(index)?;
    Some(index.checked_sub(1).map_or(0, |before| ends[before])..end)
}

/// All pieces in order.
pub(crate) fn ranges(ends: &[usize]) -> impl ExactSizeIterator<Item = Range<usize>> {
    let mut start = 0;
    ends.iter()
        .map(move |&end| std::mem::replace(&mut start, end)..end)
}

/// Refuses ends that do not ascend to `length`, the end of everything.
#[cfg(feature = "serde")]
pub(crate) fn check(ends: &[usize], length: usize) -> Result<(), String> {
    let last = ends.last().copied().unwrap_or(0);
    if !ends.is_sorted() || last != length {
        return Err(format!(
            "ends must ascend to {length}; received {} of them up to {last}",
            ends.len()
        ));
    }
    Ok(())
}
