//! Memory that is used again: a step needs some megabytes, and asking the system for fresh pages
//! each time costs as much as filling them.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, PoisonError};

use crate::vector::Real;

/// Buffers that nobody holds at the moment.
#[doc(hidden)]
#[derive(Debug)]
pub struct Pool<E> {
    free: Mutex<Vec<Vec<E>>>,
}

/// Buffers kept at most; what is returned beyond that is freed.
const KEPT: usize = 16;

impl<E> Pool<E> {
    pub(crate) const fn new() -> Self {
        Self {
            free: Mutex::new(Vec::new()),
        }
    }

    fn free(&self) -> std::sync::MutexGuard<'_, Vec<Vec<E>>> {
        // A panic elsewhere leaves the list whole: it is changed by single pushes and removals.
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// `len` numbers from the pool; they go back when it is dropped.
///
/// Its memory may be longer: it keeps the length it once had, so that nothing need be filled when it is
/// used for fewer numbers and then for more.
pub(crate) struct Buffer<E: Real> {
    memory: Vec<E>,
    len: usize,
}

impl<E: Real> Buffer<E> {
    /// Numbers left over from somebody else: to be written before they are read.
    pub(crate) fn stale(len: usize) -> Self {
        if len == 0 {
            let memory = Vec::new();
            return Self { memory, len };
        }
        let mut free = E::pool().free();
        // The smallest that is large enough, else the largest.
        let fit = |memory: &Vec<E>| (memory.len() < len, memory.len().abs_diff(len));
        let best = (0..free.len()).min_by_key(|place| fit(&free[*place]));
        let mut memory = best.map_or_else(Vec::new, |place| free.swap_remove(place));
        drop(free);
        if memory.len() < len {
            // Growing would copy what nobody needs.
            memory = vec![E::default(); len];
        }
        Self { memory, len }
    }

    /// Zeros.
    pub(crate) fn zeroed(len: usize) -> Self {
        let mut buffer = Self::stale(len);
        buffer.fill(E::default());
        buffer
    }
}

/// The buffer itself where A and B are the same, else the buffer back.
pub(crate) fn same<A: Real, B: Real>(buffer: Buffer<A>) -> Result<Buffer<B>, Buffer<A>> {
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

impl<E: Real> Drop for Buffer<E> {
    fn drop(&mut self) {
        if self.memory.is_empty() {
            return;
        }
        let mut free = E::pool().free();
        if free.len() < KEPT {
            free.push(std::mem::take(&mut self.memory));
        }
    }
}

impl<E: Real> Deref for Buffer<E> {
    type Target = [E];

    fn deref(&self) -> &[E] {
        &self.memory[..self.len]
    }
}

impl<E: Real> DerefMut for Buffer<E> {
    fn deref_mut(&mut self) -> &mut [E] {
        &mut self.memory[..self.len]
    }
}

impl<E: Real> fmt::Debug for Buffer<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Buffer({})", self.len)
    }
}
