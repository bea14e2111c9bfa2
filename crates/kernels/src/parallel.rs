//! Work for several threads: tasks by number, each writing places of its own.

use rayon::iter::{IndexedParallelIterator, IntoParallelIterator, ParallelIterator};

/// How many threads there are to share work.
pub(crate) fn threads() -> usize {
    rayon::current_num_threads()
}

/// Runs `f` where the threads wait already, so that the phases inside start without a wake-up each.
pub(crate) fn together<R: Send>(f: impl FnOnce() -> R + Send) -> R {
    if threads() == 1 {
        return f();
    }
    rayon::scope(|_| f())
}

/// Runs both, each on a thread if there are two.
pub(crate) fn both<A: Send, B: Send>(
    a: impl FnOnce() -> A + Send,
    b: impl FnOnce() -> B + Send,
) -> (A, B) {
    if threads() == 1 {
        (a(), b())
    } else {
        rayon::join(a, b)
    }
}

/// Runs all tasks and waits for them.
pub(crate) fn run<T: Send>(tasks: Vec<T>, f: impl Fn(T) + Send + Sync) {
    if threads() == 1 || tasks.len() <= 1 {
        tasks.into_iter().for_each(f);
    } else {
        tasks.into_par_iter().with_max_len(1).for_each(f);
    }
}

/// A pointer that tasks share, each writing other elements.
#[derive(Clone, Copy)]
pub(crate) struct Shared<E>(*mut E);

// SAFETY: a pointer may go anywhere; who writes through it states which elements are theirs.
unsafe impl<E: Send> Send for Shared<E> {}
// SAFETY: as above.
unsafe impl<E: Send> Sync for Shared<E> {}

impl<E> Shared<E> {
    pub(crate) fn new(slice: &mut [E]) -> Self {
        Self(slice.as_mut_ptr())
    }

    pub(crate) fn null() -> Self {
        Self(std::ptr::null_mut())
    }

    pub(crate) fn get(self) -> *mut E {
        self.0
    }
}
