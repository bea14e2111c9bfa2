//! Memory that is used again: a step needs some megabytes, and asking the system for fresh pages
//! each time costs as much as filling them.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, PoisonError};

use crate::isa::Dispatch;

/// Numbers that kernels compute with: they have registers, and buffers to be used again.
pub trait Number: Dispatch {
    #[doc(hidden)]
    fn pool() -> &'static Pool<Self>;
}

macro_rules! number {
    ($real:ident) => {
        impl Number for $real {
            fn pool() -> &'static Pool<Self> {
                static POOL: Pool<$real> = Pool::new();
                &POOL
            }
        }
    };
}

number!(f32);
number!(f64);

/// Buffers that nobody holds at the moment.
#[doc(hidden)]
#[derive(Debug)]
pub struct Pool<E> {
    free: Mutex<Vec<Vec<E>>>,
}

/// Buffers kept at most, and their bytes: what is returned beyond that is freed.
const KEPT: usize = 32;
const KEPT_BYTES: usize = 1 << 30;
/// Whether buffers are used again. In debug builds each is allocated to its length and freed for good, so that
/// AddressSanitizer and Miri see where it ends.
const REUSED: bool = !cfg!(debug_assertions);

impl<E> Pool<E> {
    pub(crate) const fn new() -> Self {
        Self {
            free: Mutex::new(Vec::new()),
        }
    }

    /// The smallest buffer that is large enough, else the largest, or an empty one.
    fn take(&self, len: usize) -> Vec<E> {
        let mut free = self.free();
        let fit = |memory: &Vec<E>| (memory.len() < len, memory.len().abs_diff(len));
        let best = (0..free.len()).min_by_key(|place| fit(&free[*place]));
        best.map_or_else(Vec::new, |place| free.swap_remove(place))
    }

    /// Keeps a buffer for the next, if there is room.
    fn put(&self, memory: Vec<E>) {
        let mut free = self.free();
        let elements = free.iter().map(Vec::len).sum::<usize>() + memory.len();
        if free.len() < KEPT && elements <= KEPT_BYTES / size_of::<E>() {
            free.push(memory);
        } else {
            // Not while others wait.
            drop(free);
            drop(memory);
        }
    }

    fn free(&self) -> std::sync::MutexGuard<'_, Vec<Vec<E>>> {
        // A panic elsewhere leaves the list whole: it is changed by single pushes and removals.
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Numbers in memory that is used again: a slice, whose memory goes back to a pool when it is dropped.
pub struct Buffer<E: Number> {
    /// It may be longer than the numbers: it keeps the length it once had, so that nothing need be filled when it is
    /// used for fewer numbers and then for more.
    memory: Vec<E>,
    len: usize,
}

impl<E: Number> Buffer<E> {
    /// Numbers left over from somebody else: to be written before they are read. In tests and debug builds they are
    /// NaN, which no result survives that a number was read for too early.
    pub(crate) fn stale(len: usize) -> Self {
        let mut buffer = Self::left_over(len);
        if cfg!(any(test, debug_assertions)) {
            buffer.fill(E::from_f64(f64::NAN));
        }
        buffer
    }

    fn left_over(len: usize) -> Self {
        if len == 0 {
            let memory = Vec::new();
            return Self { memory, len };
        }
        let mut memory = if REUSED {
            E::pool().take(len)
        } else {
            Vec::new()
        };
        if memory.len() < len {
            // Growing would copy what nobody needs.
            memory = vec![E::default(); len];
        }
        Self { memory, len }
    }

    /// Zeros.
    pub fn zeroed(len: usize) -> Self {
        let mut buffer = Self::left_over(len);
        buffer.fill(E::default());
        buffer
    }
}

/// The buffer itself where A and B are the same, else the buffer back.
pub(crate) fn same<A: Number, B: Number>(buffer: Buffer<A>) -> Result<Buffer<B>, Buffer<A>> {
    let mut held = Some(buffer);
    let any: &mut dyn std::any::Any = &mut held;
    if let Some(Some(same)) = any.downcast_mut::<Option<Buffer<B>>>().map(Option::take) {
        return Ok(same);
    }
    match held {
        Some(buffer) => Err(buffer),
        None => unreachable!("it has not been taken"),
    }
}

impl<E: Number> Drop for Buffer<E> {
    fn drop(&mut self) {
        if REUSED && !self.memory.is_empty() {
            E::pool().put(std::mem::take(&mut self.memory));
        }
    }
}

impl<E: Number> Deref for Buffer<E> {
    type Target = [E];

    fn deref(&self) -> &[E] {
        &self.memory[..self.len]
    }
}

impl<E: Number> DerefMut for Buffer<E> {
    fn deref_mut(&mut self) -> &mut [E] {
        &mut self.memory[..self.len]
    }
}

impl<E: Number> fmt::Debug for Buffer<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Buffer({})", self.len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_over_is_no_number_and_shows_what_is_not_written() {
        let mut buffer = Buffer::<f32>::zeroed(40);
        buffer.fill(3.0);
        drop(buffer);
        // Of the same memory, most likely, where memory is used again.
        let mut stale = Buffer::<f32>::stale(30);
        assert!(stale.iter().all(|x| x.is_nan()));
        stale[..29].fill(1.0);
        assert!(stale.iter().sum::<f32>().is_nan());
        assert!(Buffer::<f64>::zeroed(30).iter().all(|x| *x == 0.0));
    }

    #[test]
    fn the_best_fit_is_taken() {
        let pool = Pool::<f32>::new();
        for len in [3, 10, 7] {
            pool.put(vec![0.0; len]);
        }
        let taken = [5, 20, 1, 1].map(|len| pool.take(len).len());
        assert_eq!(taken, [7, 10, 3, 0]);
    }

    #[test]
    #[cfg_attr(miri, ignore = "Miri fills a gigabyte by hand")]
    fn a_pool_keeps_so_many_buffers_and_bytes_and_frees_the_rest() {
        let pool = Pool::<f64>::new();
        for _ in 0..2 * KEPT {
            pool.put(vec![0.0; 8]);
        }
        assert_eq!(pool.free().len(), KEPT);
        let pool = Pool::<f64>::new();
        let half = KEPT_BYTES / size_of::<f64>() / 2;
        for (len, kept) in [(half, 1), (half + 1, 1), (half, 2), (1, 2)] {
            // Pages that nobody touches cost nothing.
            pool.put(vec![0.0; len]);
            assert_eq!(pool.free().len(), kept);
        }
    }
}
