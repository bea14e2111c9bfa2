//! Where each position of a batch lies: rows sorted by length, steps one after another.
//!
//! Rows are cut into chunks of at most [`CHUNK`]. Within a chunk the rows stand by falling length,
//! so that those still running at a step are the first few; position `(t, rank)` lies at
//! `offset[t] + rank`, and padding has no position at all. Nothing here depends on the number of
//! threads.

use crate::types::Direction;

/// Rows of a chunk at most: as many as let a chunk's gate gradients stay in the cache.
pub(crate) const CHUNK: usize = 32;

/// A batch's positions.
#[derive(Debug)]
pub(crate) struct Layout {
    pub(crate) chunks: Vec<Chunk>,
    /// All positions.
    pub(crate) positions: usize,
}

/// Some rows' positions.
///
/// The kernels rely on what its methods answer: for every time `t` below [`Self::steps`] and every rank below
/// `active(t)`, at most [`Self::rows`]' number, `position(t, rank)` is below [`Self::positions`]. Only this module can
/// make or change one.
#[derive(Debug)]
pub(crate) struct Chunk {
    /// The batch's row at each rank.
    rows: Vec<usize>,
    /// The length at each rank, falling.
    lengths: Vec<usize>,
    /// The chunk's first position within the batch.
    first: usize,
    /// Ranks running at each step; one entry a step, none is zero.
    active: Vec<usize>,
    /// Position of rank 0 at each step, from the chunk's first, and the count of all at the end.
    offsets: Vec<usize>,
    direction: Direction,
}

impl Layout {
    /// Lays out `rows` rows of `time` steps, or of the given lengths.
    pub(crate) fn new(
        rows: usize,
        time: usize,
        lengths: Option<&[u32]>,
        direction: Direction,
    ) -> Self {
        let length = |row: usize| lengths.map_or(time, |lengths| lengths[row] as usize);
        let mut order: Vec<usize> = (0..rows).collect();
        // Stable: rows of one length keep their order.
        order.sort_by_key(|row| std::cmp::Reverse(length(*row)));
        let mut positions = 0;
        let chunks = order
            .chunks(CHUNK)
            .map(|rows| {
                let lengths = rows.iter().map(|row| length(*row)).collect();
                let chunk = Chunk::new(rows.to_vec(), lengths, positions, direction);
                positions += chunk.positions();
                chunk
            })
            .collect();
        Self { chunks, positions }
    }
}

impl Chunk {
    fn new(rows: Vec<usize>, lengths: Vec<usize>, first: usize, direction: Direction) -> Self {
        let longest = lengths.first().copied().unwrap_or(0);
        let active: Vec<usize> = (0..longest)
            .map(|t| lengths.partition_point(|length| *length > t))
            .collect();
        let mut offsets = vec![0];
        let mut sum = 0;
        for count in &active {
            sum += count;
            offsets.push(sum);
        }
        Self {
            rows,
            lengths,
            first,
            active,
            offsets,
            direction,
        }
    }

    /// The batch's row at each rank.
    pub(crate) fn rows(&self) -> &[usize] {
        &self.rows
    }

    /// The chunk's first position within the batch.
    pub(crate) fn first(&self) -> usize {
        self.first
    }

    /// Positions in the chunk.
    pub(crate) fn positions(&self) -> usize {
        self.offsets[self.active.len()]
    }

    /// Steps until the longest row ends.
    pub(crate) fn steps(&self) -> usize {
        self.active.len()
    }

    /// The time that is processed as number `step`.
    pub(crate) fn time(&self, step: usize) -> usize {
        match self.direction {
            Direction::Forward => step,
            Direction::Reverse => self.active.len() - 1 - step,
        }
    }

    /// How many ranks run at time `t`.
    pub(crate) fn active(&self, t: usize) -> usize {
        self.active[t]
    }

    /// Of the ranks that run at time `t`, how many run at the time processed next.
    pub(crate) fn active_next(&self, t: usize) -> usize {
        match self.direction {
            Direction::Forward => self.active.get(t + 1).copied().unwrap_or(0),
            Direction::Reverse if t > 0 => self.active[t],
            Direction::Reverse => 0,
        }
    }

    /// The position of `rank` at time `t`, from the chunk's first.
    pub(crate) fn position(&self, t: usize, rank: usize) -> usize {
        self.offsets[t] + rank
    }

    /// The position of rank 0 at the time processed after `t`; only for [`Self::active_next`] ranks.
    pub(crate) fn next(&self, t: usize) -> usize {
        match self.direction {
            Direction::Forward => self.offsets[t + 1],
            Direction::Reverse => self.offsets[t - 1],
        }
    }

    /// The position of rank 0 at the time processed before `t`, if any is.
    pub(crate) fn before(&self, t: usize) -> Option<usize> {
        let before = match self.direction {
            Direction::Forward => t.checked_sub(1)?,
            Direction::Reverse => t + 1,
        };
        (before < self.active.len()).then(|| self.offsets[before])
    }

    /// The time that `rank` is processed first, if it is at all.
    pub(crate) fn start(&self, rank: usize) -> Option<usize> {
        let last = self.lengths[rank].checked_sub(1)?;
        Some(match self.direction {
            Direction::Forward => 0,
            Direction::Reverse => last,
        })
    }

    /// Number of the step at which `rank` is processed first.
    pub(crate) fn start_step(&self, rank: usize) -> usize {
        match self.direction {
            Direction::Forward => 0,
            Direction::Reverse => self.active.len() - self.lengths[rank],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_of_rows_of_different_length() {
        let layout = Layout::new(4, 5, Some(&[1, 3, 0, 3]), Direction::Forward);
        let chunk = &layout.chunks[0];
        assert_eq!(chunk.rows, [1, 3, 0, 2]);
        assert_eq!(chunk.lengths, [3, 3, 1, 0]);
        assert_eq!(chunk.active, [3, 2, 2]);
        assert_eq!((layout.positions, chunk.steps()), (7, 3));
        assert_eq!(chunk.position(1, 1), 4);
        assert_eq!([0, 1, 2].map(|t| chunk.active_next(t)), [2, 2, 0]);
        assert_eq!([0, 3].map(|rank| chunk.start(rank)), [Some(0), None]);

        let layout = Layout::new(4, 5, Some(&[1, 3, 0, 3]), Direction::Reverse);
        let chunk = &layout.chunks[0];
        assert_eq!([0, 1, 2].map(|step| chunk.time(step)), [2, 1, 0]);
        assert_eq!([0, 1, 2].map(|t| chunk.active_next(t)), [0, 2, 2]);
        assert_eq!([0, 2].map(|rank| chunk.start(rank)), [Some(2), Some(0)]);
        assert_eq!([0, 2].map(|rank| chunk.start_step(rank)), [0, 2]);
    }

    #[test]
    fn chunks_cover_every_row_once() {
        let layout = Layout::new(70, 3, None, Direction::Forward);
        let rows: Vec<usize> = layout.chunks.iter().flat_map(|c| c.rows.clone()).collect();
        assert_eq!(rows, (0..70).collect::<Vec<_>>());
        assert_eq!(layout.positions, 210);
        assert_eq!(layout.chunks[2].first, 192);
    }
}
