//! Work for several threads: tasks by number, each writing places of its own.

use std::marker::PhantomData;
use std::ops::Range;

use rayon::iter::{IndexedParallelIterator, IntoParallelIterator, ParallelIterator};

/// How many threads there are to share work. Under Miri two plain threads, which it watches for races: it takes
/// offence at how rayon's own queues treat pointers, and at threads that outlive the program.
pub(crate) fn threads() -> usize {
    if cfg!(miri) {
        2
    } else {
        rayon::current_num_threads()
    }
}

/// Runs `f` where the threads wait already, on one of rayon's, so that what shares work inside (several products, a layer's
/// phases) starts without a wake-up each.
pub fn together<R: Send>(f: impl FnOnce() -> R + Send) -> R {
    if threads() == 1 || cfg!(miri) {
        return f();
    }
    rayon::scope(|_| f())
}

/// Runs both, each on a thread if there are two.
pub(crate) fn both<A: Send, B: Send>(
    a: impl FnOnce() -> A + Send,
    b: impl FnOnce() -> B + Send,
) -> (A, B) {
    if threads() == 1 || cfg!(miri) {
        (a(), b())
    } else {
        rayon::join(a, b)
    }
}

/// Runs all tasks and waits for them.
pub(crate) fn run<T: Send>(tasks: Vec<T>, f: impl Fn(T) + Send + Sync) {
    if threads() == 1 || tasks.len() <= 1 {
        tasks.into_iter().for_each(f);
    } else if cfg!(miri) {
        let f = &f;
        std::thread::scope(|scope| {
            for task in tasks {
                scope.spawn(move || f(task));
            }
        });
    } else {
        tasks.into_par_iter().with_max_len(1).for_each(f);
    }
}

/// Elements that tasks share for `'a`, each writing others of them.
///
/// Nobody else reaches them meanwhile: they are borrowed for as long as a copy of this is there. That two tasks do not
/// write one element at the same time is for the code that writes to say.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shared<'a, E> {
    at: *mut E,
    len: usize,
    borrowed: PhantomData<&'a mut [E]>,
}

// SAFETY: it is as good as the slice it was made of, which may go to another thread; who writes through copies of it
// states which elements are whose.
unsafe impl<E: Send> Send for Shared<'_, E> {}
// SAFETY: as above.
unsafe impl<E: Send> Sync for Shared<'_, E> {}

impl<'a, E> Shared<'a, E> {
    pub(crate) fn new(slice: &'a mut [E]) -> Self {
        Self {
            at: slice.as_mut_ptr(),
            len: slice.len(),
            borrowed: PhantomData,
        }
    }

    /// No elements, and a pointer that says so.
    pub(crate) fn null() -> Self {
        Self {
            at: std::ptr::null_mut(),
            len: 0,
            borrowed: PhantomData,
        }
    }

    /// The first element, valid for [`Self::len`] of them.
    pub(crate) fn get(self) -> *mut E {
        self.at
    }

    pub(crate) fn is_null(&self) -> bool {
        self.at.is_null()
    }

    pub(crate) fn len(self) -> usize {
        self.len
    }
}

/// `0..count` in `parts` ranges that differ by one at most; empty ones are left out.
pub(crate) fn even(count: usize, parts: usize) -> impl Iterator<Item = Range<usize>> {
    let parts = parts.clamp(1, count.max(1));
    let (size, rest) = (count / parts, count % parts);
    // `part · count / parts`, without a product as large as that.
    let start = move |part: usize| part * size + part * rest / parts;
    (0..parts)
        .map(move |part| start(part)..start(part + 1))
        .filter(|range| !range.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn even_ranges_cover_everything_once() {
        for count in [0, 1, 5, 16] {
            for parts in [1, 2, 3, 7] {
                let all: Vec<usize> = even(count, parts).flatten().collect();
                assert_eq!(all, (0..count).collect::<Vec<_>>());
            }
        }
        // Where the product of both would not fit.
        let ranges: Vec<_> = even(usize::MAX, 7).collect();
        assert_eq!((ranges[0].start, ranges[6].end), (0, usize::MAX));
        assert!(ranges.windows(2).all(|pair| pair[0].end == pair[1].start));
    }
}
